//! What callers rely on: timestamps, shared pictures, limits that are felt as errors, memory that is used again.

use std::collections::HashSet;

use media_core::codec::Format;
use media_core::decode::{Config, Decode, Decoded, Decoder, Error, Picture, Stats, vpx};
use media_core::frame::{Frame, PixelFormat};
use media_core::packet::Packet;
use media_core::time::Timestamp;

use crate::streams::{coded, ivf, media, own};
use crate::tools::Scratch;
use crate::{decode, raw};

const SIZE: (u32, u32) = (176, 144);

fn address(decoded: &Decoded) -> usize {
    decoded.picture.as_ref().planes()[0].data.as_ptr().addr()
}

#[test]
fn pictures_have_the_times_of_their_packets() {
    for format in [Format::Vp8, Format::Vp9] {
        let mut packets = own(format, SIZE, 5, 250);
        packets[3].duration = None;
        let outcome = decode(format, &packets);
        for (packet, decoded) in packets.iter().zip(&outcome.pictures) {
            assert_eq!((decoded.pts, decoded.duration), (packet.pts, packet.duration));
            assert!(!decoded.corrupted);
        }
        assert_eq!(outcome.stats, Stats { decoded: 5, ..Stats::default() });
    }
}

#[test]
fn clones_share_their_samples() {
    let outcome = decode(Format::Vp9, &own(Format::Vp9, SIZE, 1, 250));
    let clone = outcome.pictures[0].clone();
    assert_eq!(address(&outcome.pictures[0]), address(&clone));
    let elsewhere = std::thread::spawn(move || raw(&clone)).join().unwrap();
    assert_eq!(elsewhere, raw(&outcome.pictures[0]));
}

/// The picture that is shown again is the one that was decoded, not a copy.
#[test]
fn a_frame_shown_again_is_the_same_memory() {
    let Some(file) = media("es/vp90-2-10-show-existing-frame2.vp9.ivf") else { return };
    let packets = ivf(&file);
    let again: Vec<usize> = (0..packets.len()).filter(|at| packets[*at].data[0] & 0xf8 == 0x88).collect();
    assert!(!again.is_empty());
    let mut decoder = Decoder::open(Format::Vp9, &Config::default()).unwrap();
    let mut seen = HashSet::new();
    for (number, packet) in packets.iter().enumerate() {
        decoder.push(packet).unwrap();
        let address = address(&decoder.poll().unwrap());
        if again.contains(&number) {
            assert!(seen.contains(&address), "packet {number}");
        }
        seen.insert(address);
    }
}

#[test]
fn memory_is_used_again() {
    for format in [Format::Vp8, Format::Vp9] {
        let mut decoder = Decoder::open(format, &Config::default()).unwrap();
        let mut addresses = HashSet::new();
        for packet in own(format, SIZE, 60, 250) {
            decoder.push(&packet).unwrap();
            addresses.insert(address(&decoder.poll().unwrap()));
        }
        // libvpx refers to up to eight frames and works on another.
        assert!(addresses.len() < 12, "{format:?}: {}", addresses.len());
    }
}

#[test]
fn pictures_not_let_go_are_an_error_and_lose_nothing() {
    for format in [Format::Vp8, Format::Vp9] {
        let packets = own(format, SIZE, 12, 250);
        let expected: Vec<_> = decode(format, &packets).pictures.iter().map(raw).collect();
        let config = Config { pictures: 3, ..Config::default() };
        let mut decoder = Decoder::open(format, &config).unwrap();
        let (mut held, mut found) = (Vec::new(), Vec::new());
        for packet in &packets {
            if held.len() == 3 {
                assert_eq!(decoder.push(packet), Err(Error::Pictures { held: 3 }));
                found.extend(held.drain(..).map(|decoded| raw(&decoded)));
            }
            decoder.push(packet).unwrap();
            held.extend(decoder.poll());
        }
        found.extend(held.iter().map(raw));
        assert!(found == expected, "{format:?}");
        assert_eq!(decoder.stats().decoded, 12);
    }
}

#[test]
fn pictures_not_polled_count_as_out_and_come_at_the_end() {
    let packets = own(Format::Vp9, SIZE, 5, 250);
    let config = Config { pictures: 4, ..Config::default() };
    let mut decoder = Decoder::open(Format::Vp9, &config).unwrap();
    packets[..4].iter().for_each(|packet| decoder.push(packet).unwrap());
    assert_eq!(decoder.push(&packets[4]), Err(Error::Pictures { held: 4 }));
    let rest = decoder.finish().unwrap();
    assert!(rest.iter().map(|decoded| decoded.pts).eq(packets[..4].iter().map(|packet| packet.pts)));
}

#[test]
fn larger_pictures_than_allowed_are_refused_by_their_header() {
    for format in [Format::Vp8, Format::Vp9] {
        let packets = own(format, SIZE, 3, 250);
        for max_size in [(175, 144), (176, 143)] {
            let mut decoder = Decoder::open(format, &Config { max_size, ..Config::default() }).unwrap();
            assert_eq!(decoder.push(&packets[0]), Err(Error::Size { found: SIZE, max: max_size }));
            packets[1..].iter().for_each(|packet| decoder.push(packet).unwrap());
            assert_eq!(decoder.stats(), Stats { refused: 1, dropped: 2, ..Stats::default() });
        }
        let mut decoder = Decoder::open(format, &Config { max_size: SIZE, ..Config::default() }).unwrap();
        decoder.push(&packets[0]).unwrap();
    }
}

/// Formats that the module does not have, by their names in ffmpeg.
#[test]
fn twelve_bits_and_other_chroma_are_refused_by_name() {
    let formats = [
        ("yuv420p12le", "VP9 stream of profile 2, 12 bits, 4:2:0"),
        ("yuv444p12le", "VP9 stream of profile 3, 12 bits, 4:4:4"),
        ("yuv440p", "VP9 stream of profile 1, 8 bits, 4:4:0"),
        ("yuv440p10le", "VP9 stream of profile 3, 10 bits, 4:4:0"),
    ];
    for (name, expected) in formats {
        let scratch = Scratch::new();
        let Some(file) = coded("libvpx-vp9", name, "176x144", &scratch) else { return };
        let outcome = decode(Format::Vp9, &ivf(&file));
        assert!(outcome.pictures.is_empty() && outcome.errors.len() == 1, "{name}");
        assert_eq!(outcome.errors[0].1.to_string(), expected);
    }
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    let field = |options, config: Config| match vpx::Decoder::open(options, &config) {
        Err(Error::Config { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    let (vp8, vp9, config) = (vpx::Options::vp8(), vpx::Options::vp9(), Config::default());
    for threads in [0, 65] {
        assert_eq!(field(vp9, Config { threads, ..config }), "threads");
    }
    assert_eq!(field(vp9, Config { max_size: (0, 16), ..config }), "max_size");
    for pictures in [0, 4097, usize::MAX] {
        assert_eq!(field(vp9, Config { pictures, ..config }), "pictures");
    }
    assert_eq!(field(vpx::Options { row_mt: true, ..vp8 }, config), "row_mt");
    assert_eq!(field(vpx::Options { spatial_layer: Some(0), ..vp8 }, config), "spatial_layer");
    assert_eq!(field(vpx::Options { spatial_layer: Some(5), ..vp9 }, config), "spatial_layer");
    let h264 = Decoder::open(Format::H264, &config).map(drop);
    assert_eq!(h264, Err(Error::Format { found: Format::H264 }));
}

/// A decoder from elsewhere: every packet is a gray picture as bright as its first byte.
#[derive(Debug, Default)]
struct Brightness {
    ready: Vec<Decoded>,
    stats: Stats,
}

impl Decode for Brightness {
    fn push(&mut self, packet: &Packet) -> Result<(), Error> {
        let mut frame = Frame::new(PixelFormat::Gray, (8, 8))?;
        frame.plane_mut(0).fill(packet.data[0]);
        let picture = Picture::new(frame, None);
        let (pts, duration) = (packet.pts, packet.duration);
        self.ready.push(Decoded { picture, pts, duration, corrupted: false });
        self.stats.decoded += 1;
        Ok(())
    }

    fn poll(&mut self) -> Option<Decoded> {
        (!self.ready.is_empty()).then(|| self.ready.remove(0))
    }

    fn finish(self: Box<Self>) -> Result<Vec<Decoded>, Error> {
        Ok(self.ready)
    }

    fn stats(&self) -> Stats {
        self.stats
    }
}

#[test]
fn other_decoders_come_in_by_the_trait() {
    let mut decoder = Decoder::from(Brightness::default());
    decoder.push(&crate::streams::packet(1, vec![7])).unwrap();
    let decoded = decoder.poll().unwrap();
    assert_eq!((decoded.pts, decoded.picture.as_ref().row(0, 3)), (Timestamp::new(3600), &[7; 8][..]));
    assert_eq!((decoder.stats().decoded, decoder.finish().unwrap().len()), (1, 0));
}
