// The encoder with layers is called as it is.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::{ptr, slice};

use vpx_sys as c;

use super::context::with_index;
use super::*;
use crate::codec::{Key, vp9};
use crate::frame::PixelFormat;
use crate::time::Timestamp;
use crate::track::TrackId;

const SIZE: (u32, u32) = (128, 96);

/// Two layers, the lower one half as wide and high.
#[test]
fn the_highest_layer_is_shown_or_the_one_asked_for() {
    let packets = layered();
    assert!(packets.iter().all(|packet| vp9::frames(&packet.data).count() == 2));
    for (spatial_layer, size) in [(None, SIZE), (Some(1), SIZE), (Some(4), SIZE), (Some(0), (64, 48))] {
        let options = Options { spatial_layer, ..Options::vp9() };
        // Only what is decoded has to fit.
        let mut decoder = Decoder::open(options, &Config { max_size: size, ..Config::default() }).unwrap();
        for packet in &packets {
            decoder.push(packet).unwrap();
            let decoded = decoder.poll().expect("one picture for each packet");
            assert_eq!((decoded.picture.as_ref().size(), decoded.pts), (size, packet.pts));
            assert!(decoder.poll().is_none());
        }
    }
}

/// What a caller reads is where libvpx has reconstructed it.
#[test]
fn vp9_pictures_are_the_memory_of_the_reconstruction() {
    let mut decoder = Decoder::open(Options::vp9(), &Config::default()).unwrap();
    for packet in layered() {
        decoder.push(&packet).unwrap();
        let State::Running { context, .. } = &mut decoder.state else { panic!("it runs") };
        // The control lends the frame shown last, as it lies in libvpx.
        let mut reference = c::vp9_ref_frame_t::default();
        // SAFETY: the context is open, and the control fills the structure.
        let status = unsafe { c::control::vp9_get_reference(&mut *context.raw, &mut reference) };
        assert_eq!(status, c::VPX_CODEC_OK);
        let decoded = decoder.poll().unwrap();
        let frame = decoded.picture.as_ref();
        assert_eq!((reference.img.d_w, reference.img.d_h), SIZE);
        for (plane, theirs) in frame.planes().iter().zip(reference.img.planes) {
            assert_eq!(plane.data.as_ptr(), theirs.cast_const());
        }
    }
}

/// Errors in the midst of frames leave libvpx's own counts of buffers as they may be; the next context begins with none.
#[test]
fn buffers_come_back_from_contexts_that_failed() {
    let packets = layered();
    let mut decoder = Decoder::open(Options::vp9(), &Config::default()).unwrap();
    for cut in 1..packets[0].data.len() {
        let mut damaged = packets[1].clone();
        // A frame of its own, without the index behind it.
        damaged.data = damaged.data.slice(..damaged.data.len().min(cut));
        for packet in [&packets[0], &damaged] {
            drop(decoder.push(packet));
            drop(decoder.poll());
        }
    }
    assert!(decoder.stats.refused > 10, "{:?}", decoder.stats);
    let Memory::Buffers(buffers) = &decoder.memory else { panic!("VP9") };
    let (there, held) = buffers.census();
    assert!(there < 12 && held < 10, "{there} buffers, {held} of them held");
    decoder.state = State::Waiting;
    let Memory::Buffers(buffers) = &decoder.memory else { panic!("VP9") };
    assert_eq!(buffers.census().1, 0);
}

#[test]
fn a_frame_without_index_gets_one_of_its_own() {
    let frame = [0x86, 1, 2];
    assert_eq!(with_index(&frame, &mut Vec::new()), [0x86, 1, 2, 0xd8, 3, 0, 0, 0, 0xd8]);
    let mut room = Vec::new();
    let indexed = with_index(&frame, &mut room);
    assert!(vp9::frames(indexed).eq([&frame[..]]));
    assert_eq!(with_index(indexed, &mut Vec::new()), indexed);
}

/// Four superframes with two spatial layers each. Our encoder makes none, so libvpx is called as it is.
fn layered() -> Vec<Packet> {
    let picture = Frame::new(PixelFormat::I420, SIZE).unwrap();
    let mut settings = c::vpx_codec_enc_cfg_t::default();
    let mut raw = c::vpx_codec_ctx_t::default();
    let mut packets = Vec::new();
    // SAFETY: settings are filled before they are used, planes are as large as the context is opened for and outlive the calls, packets
    // are read before the next call, and the context is destroyed once.
    unsafe {
        let interface = c::vpx_codec_vp9_cx();
        assert_eq!(c::vpx_codec_enc_config_default(interface, &mut settings, 0), c::VPX_CODEC_OK);
        (settings.g_w, settings.g_h, settings.g_threads, settings.g_lag_in_frames) = (SIZE.0, SIZE.1, 1, 0);
        (settings.rc_end_usage, settings.rc_target_bitrate) = (c::VPX_CBR, 300);
        (settings.ss_number_layers, settings.ts_number_layers) = (2, 1);
        settings.ss_target_bitrate[..2].copy_from_slice(&[100, 200]);
        settings.layer_target_bitrate[..2].copy_from_slice(&[100, 200]);
        assert_eq!(c::vpx_codec_enc_init(&mut raw, interface, &settings, 0), c::VPX_CODEC_OK);
        assert_eq!(c::control::vp8e_set_cpuused(&mut raw, 8), c::VPX_CODEC_OK);
        assert_eq!(c::control::vp9e_set_svc(&mut raw, 1), c::VPX_CODEC_OK);
        let mut layers = c::vpx_svc_extra_cfg_t::default();
        layers.max_quantizers[..2].copy_from_slice(&[56; 2]);
        layers.min_quantizers[..2].copy_from_slice(&[2; 2]);
        layers.scaling_factor_num[..2].copy_from_slice(&[1, 1]);
        layers.scaling_factor_den[..2].copy_from_slice(&[2, 1]);
        layers.speed_per_layer[..2].copy_from_slice(&[8; 2]);
        assert_eq!(c::control::vp9e_set_svc_parameters(&mut raw, &mut layers), c::VPX_CODEC_OK);
        let mut image = c::vpx_image_t::default();
        let first = picture.as_ref().planes()[0].data.as_ptr().cast_mut();
        assert!(!c::vpx_img_wrap(&mut image, c::VPX_IMG_FMT_I420, SIZE.0, SIZE.1, 1, first).is_null());
        for (index, plane) in picture.as_ref().planes().iter().enumerate() {
            (image.planes[index], image.stride[index]) =
                (plane.data.as_ptr().cast_mut(), plane.stride as c_int);
        }
        for number in 0..4 {
            let status = c::vpx_codec_encode(&mut raw, &image, number, 1, 0, c::VPX_DL_REALTIME);
            assert_eq!(status, c::VPX_CODEC_OK);
            let mut iterator = ptr::null();
            while let Some(packet) = c::vpx_codec_get_cx_data(&mut raw, &mut iterator).as_ref() {
                let frame = packet.data.frame;
                packets.push(coded(number, slice::from_raw_parts(frame.buf.cast::<u8>(), frame.sz)));
            }
        }
        assert_eq!(c::vpx_codec_destroy(&mut raw), c::VPX_CODEC_OK);
    }
    packets
}

fn coded(number: i64, data: &[u8]) -> Packet {
    let (track, pts) = (TrackId::new(1).unwrap(), Timestamp::new(number));
    let data = bytes::Bytes::copy_from_slice(data);
    Packet { track, pts, dts: pts, duration: None, key: Key::No, data, wall: None }
}
