//! The transport stream muxer given any packets at all: it refuses them and stays as it was, or what it writes passes a strict reader, the one of its
//! own tests, and holds what went in. The demuxer goes to any time in it, and ends.

use bytes::{BufMut, Bytes, BytesMut};
use media_core::codec::{self, aac, h264, opus};
use media_core::demux::mpegts::Demuxer;
use media_core::demux::{Demux, Output, Source};
use media_core::mux::mpegts::{AacFraming, Config, Muxer};
use media_core::packet::{Key, Packet};
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};

use self::reader::Transport;
use crate::Script;

#[path = "../../media-core/tests/mpegts/reader.rs"]
#[allow(dead_code)]
mod reader;

/// Byte 0 picks tracks and options; then calls: a count and what kind of call, per packet flags, a step of DTS, how far PTS is ahead, and a length.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let Some(variant) = script.byte() else { return };
    let tracks = tracks(variant);
    let muxer = || Muxer::new(&tracks, config(variant)).expect("tracks of ours can be muxed");
    // The twin is told nothing of what was refused.
    let (mut muxer, mut twin) = (muxer(), muxer());
    let (mut transport, mut file) = (Transport::default(), Vec::new());
    let mut sent: Vec<Vec<u8>> = vec![Vec::new(); tracks.len()];
    let mut times = vec![0; tracks.len()];
    while let Some((packets, call)) = packets(&mut script, &tracks, &mut times) {
        if call & 0x40 != 0 {
            muxer.discontinuity();
            twin.discontinuity();
        }
        let write = |muxer: &mut Muxer| match call & 0x80 {
            0 => muxer.fragment(&packets),
            _ => muxer.segment(&packets),
        };
        let Ok(written) = write(&mut muxer) else { continue };
        assert_eq!(write(&mut twin).as_ref(), Ok(&written), "a refused call changes nothing");
        if call & 0x80 != 0 {
            reader::check_segment(&written);
        }
        transport.feed(&written);
        file.extend_from_slice(&written);
        for packet in &packets {
            sent[packet.track.get() as usize - 1].extend(payload(&tracks, packet));
        }
    }
    transport.end();
    for (number, (track, sent)) in tracks.iter().zip(sent).enumerate() {
        let read = transport.streams.get(&(0x100 + number as u16)).map_or(&[][..], |stream| &stream.pes);
        let read: Vec<u8> = read.iter().flat_map(|pes| content(track, &pes.data)).collect();
        assert!(read == sent, "track {number}");
    }
    if !file.is_empty() {
        go_elsewhere(&file.into(), &times);
    }
}

/// Reads a file, and goes to each of the times once there are tracks. It lasts as long as it does, and what comes begins with a key picture.
fn go_elsewhere(file: &Bytes, times: &[i64]) {
    let mut demuxer = Demuxer::new(Source::Seekable { len: file.len() as u64 });
    let mut times = times.iter();
    let (mut known, mut announced, mut measured) = (Vec::new(), false, false);
    for pushes in 0.. {
        assert!(pushes < 1000, "no end");
        let Some(at) = demuxer.wants() else { break };
        let at = at as usize;
        if demuxer.push(file.slice(at..file.len().min(at + (64 << 10)))).is_err() {
            return;
        }
        while let Some(output) = demuxer.poll() {
            match output {
                Output::Tracks(tracks) => known = tracks.iter().map(|track| track.id).collect(),
                Output::Packet(packet) => assert!(known.contains(&packet.track)),
            }
            announced = true;
        }
        if announced && !measured {
            measured = demuxer.measure();
        } else if announced && let Some(time) = times.next() {
            // Usually ticks of 90 kHz.
            assert!(demuxer.seek(time.saturating_mul(11_111)));
            announced = false;
        }
    }
    drop(demuxer.finish());
}

fn tracks(variant: u8) -> Vec<Track> {
    let sps = b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
    let sets = [Bytes::from_static(sps), Bytes::from_static(b"\x68\xcb\x83\xcb\x20")];
    let h264 = h264::Config::from_parameter_sets(&sets[..1], &sets[1..]).expect("sets of x264");
    let video = (TimeBase::VIDEO, codec::Config::H264(h264));
    let aac = (TimeBase::hz(44_100), codec::Config::Aac(aac::Config::new(44_100, 2).expect("a usual rate")));
    let opus = (TimeBase::hz(1000), codec::Config::Opus(opus::Config::new(2).expect("two channels")));
    let chosen = match variant & 3 {
        0 => vec![video, aac],
        1 => vec![aac],
        2 => vec![opus, video],
        _ => vec![video],
    };
    let number = |(number, (base, codec))| Track::new(TrackId::new(number).expect("from 1"), base, codec);
    (1..).zip(chosen).map(number).collect()
}

fn config(variant: u8) -> Config {
    let mux_rate = (variant & 0x10 != 0).then_some(500_000);
    let audio_span = if variant & 0x20 != 0 { 0 } else { 160_000_000 };
    let aac = if variant & 4 != 0 { AacFraming::Latm } else { AacFraming::Adts };
    Config { mux_rate, audio_span, aac, ..Config::default() }
}

fn packets(script: &mut Script<'_>, tracks: &[Track], times: &mut [i64]) -> Option<(Vec<Packet>, u8)> {
    let call = script.byte()?;
    let mut packets = Vec::new();
    for _ in 0..call & 0xf {
        let flags = script.byte()?;
        let at = usize::from(flags >> 2 & 3) % tracks.len();
        // Usually forward, now and then anywhere.
        let dts =
            if flags & 0x80 == 0 { times[at].saturating_add(script.number()?) } else { script.number()? };
        times[at] = dts;
        let pts = dts.saturating_add(script.number()?);
        let len = script.number()?.rem_euclid(2000) as usize;
        let key = if flags & 1 == 0 { Key::No } else { Key::Closed };
        packets.push(Packet {
            track: tracks[at].id,
            pts: Timestamp::new(pts),
            dts: Timestamp::new(dts),
            duration: None,
            key,
            data: data(tracks[at].kind(), key, len),
            wall: None,
        });
    }
    Some((packets, call))
}

fn data(kind: Kind, key: Key, len: usize) -> Bytes {
    let mut data = BytesMut::new();
    if kind == Kind::Video && len > 0 {
        data.put_u32(len as u32);
        data.put_u8(if key.is_sync() { 0x65 } else { 0x41 });
        data.put_bytes(len as u8 | 1, len - 1);
    } else {
        data.put_bytes(len as u8, len);
    }
    data.freeze()
}

/// What of a packet is found again: the NAL unit behind its length, or the frame.
fn payload<'a>(tracks: &[Track], packet: &'a Packet) -> &'a [u8] {
    match tracks[packet.track.get() as usize - 1].kind() {
        Kind::Video => packet.data.get(4..).unwrap_or_default(),
        Kind::Audio => &packet.data,
    }
}

/// The same from a PES packet: the last NAL unit, or all frames.
fn content(track: &Track, data: &[u8]) -> Vec<u8> {
    match &track.codec {
        codec::Config::H264(_) => reader::nals(data).last().expect("a NAL unit").to_vec(),
        codec::Config::Aac(_) if data.starts_with(&[0x56]) => {
            let mut latm = aac::LatmReader::default();
            let elements = aac::loas_elements(data).map(|element| element.expect("a whole element"));
            elements.flat_map(|element| latm.read(element).expect("frames").concat()).collect()
        }
        codec::Config::Aac(_) => {
            reader::adts(data).into_iter().flat_map(|(_, frame)| frame.to_vec()).collect()
        }
        _ => reader::opus(data).into_iter().flat_map(|(_, packet)| packet.to_vec()).collect(),
    }
}
