//! What packagers get wrong about VP9 and AV1 in MP4, by the number the project gives the trap.

use bytes::Bytes;
use media_core::codec::{Colour, Config, Format, Parser};
use media_core::mux::fmp4::{self, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

use crate::source;

/// The payload of the first box of a type, found by scanning.
fn payload(file: &[u8], kind: &[u8; 4]) -> Option<Vec<u8>> {
    let at = file.windows(4).position(|window| window == kind)?;
    let size = u32::from_be_bytes(file[at - 4..at].try_into().expect("four bytes")) as usize;
    Some(file[at + 4..at - 4 + size].to_vec())
}

/// The frames of an IVF file.
fn ivf(name: &str) -> Option<Vec<Bytes>> {
    let file = Bytes::from(std::fs::read(source::media(name)?).expect("a readable file"));
    let mut rest = file.slice(32..);
    let mut frames = Vec::new();
    while let Some((length, _)) = rest.split_first_chunk() {
        let end = 12 + u32::from_le_bytes(*length) as usize;
        frames.push(rest.slice(12..end));
        rest = rest.slice(end..);
    }
    Some(frames)
}

/// Header of a track of 25 pictures a second, and all its packets as one fragment.
fn muxed(format: Format, frames: &[Bytes]) -> (Config, Bytes, Vec<Bytes>) {
    let mut parser = Parser::waiting(format);
    let units: Vec<_> = frames.iter().map(|frame| parser.parse(frame.clone())).collect();
    let config = parser.config().expect("a configuration");
    let id = TrackId::new(1).expect("1 is not zero");
    let mut muxer = Muxer::new(&Track::new(id, TimeBase::hz(25), config.clone())).expect("an entry");
    let packet = |(n, unit): (usize, &media_core::codec::AccessUnit)| {
        let at = Timestamp::new(n as i64);
        let data = unit.data.clone();
        Packet { track: id, pts: at, dts: at, duration: Some(1), key: unit.key, data, wall: None }
    };
    let packets: Vec<Packet> = units.iter().enumerate().map(packet).collect();
    let rope = muxer.fragment(&packets, Timestamp::new(units.len() as i64)).expect("a fragment");
    (config, muxer.init(), rope.pieces()[1..].to_vec())
}

/// "VP Codec ISO Media File Format Binding" 1.0, VP Codec Configuration Box: it says what the bit stream says, and so do `colr` and the codecs
/// string; there is no initialisation data; a superframe, its hidden frame included, is one sample.
#[test]
fn trap_14_vpcc_is_what_the_bit_stream_says() {
    let Some(frames) = ivf("es/test-25fps.vp9") else { return };
    assert!(frames.iter().any(|frame| frame.last().is_some_and(|last| last >> 5 == 6)), "superframes");
    let (_, init, samples) = muxed(Format::Vp9, &frames);
    assert!(samples == frames, "each as it is");
    check_vpcc(&init, &frames[0], 0, "vp09.00");
    for (name, profile, start) in
        [("webm/roadtrip-vp92-10bit.webm", 2, "vp09.02"), ("mkv/simple.mkv", 3, "vp09.03")]
    {
        let Some(file) = source::media(name) else { continue };
        let read = source::read(&file, Format::Vp9);
        let frames: Vec<Bytes> = read.packets.iter().map(|packet| packet.data.clone()).collect();
        check_vpcc(&muxed(Format::Vp9, &frames).1, &frames[0], profile, start);
    }
}

fn check_vpcc(init: &[u8], key: &[u8], profile: u8, start: &str) {
    let Config::Vp9(config) =
        Parser::waiting(Format::Vp9).parse(Bytes::copy_from_slice(key)).config.expect("a key frame")
    else {
        panic!("VP9")
    };
    let parts = config.parts();
    let colour = parts.colour.unwrap_or(Colour::UNSPECIFIED);
    let vpcc = payload(init, b"vpcC").expect("vpcC");
    let range = u8::from(colour.full_range);
    let expected = [
        &[1, 0, 0, 0, parts.profile, vpcc[5], parts.bit_depth << 4 | (parts.subsampling as u8) << 1 | range]
            [..],
        &[colour.primaries, colour.transfer, colour.matrix, 0, 0],
    ]
    .concat();
    assert_eq!((vpcc, parts.profile), (expected.clone(), profile));
    let colr = payload(init, b"colr");
    let nclx =
        [b"nclx", &[0, colour.primaries, 0, colour.transfer, 0, colour.matrix, range << 7][..]].concat();
    assert_eq!(colr, parts.colour.map(|_| nclx));
    let codecs = config.codecs();
    let mut fields = codecs.split('.').skip(1).map(|field| field.parse::<u8>().expect("a number"));
    assert!(codecs.starts_with(start));
    assert!(fields.by_ref().take(3).eq([parts.profile, expected[5], parts.bit_depth]));
    let more: Vec<u8> = fields.collect();
    let all = [parts.subsampling as u8, colour.primaries, colour.transfer, colour.matrix, range];
    assert!(more == all || more.is_empty() && parts.colour.is_none(), "{codecs}");
}

/// The same of `av1C`, "AV1 Codec ISO Media File Format Binding" 2.3: its first bytes repeat the sequence header behind them.
#[test]
fn trap_14_av1c_is_what_the_sequence_header_says() {
    let Some(frames) = ivf("es/test-25fps.av1.ivf") else { return };
    let (config, init, _) = muxed(Format::Av1, &frames);
    let Config::Av1(config) = config else { panic!("AV1") };
    // ffprobe: Main profile, level 0 (2.0), 8 bits 4:2:0; the header is the first OBU of the stream behind its delimiter.
    let expected = [&[0x81, 0x00, 0x0c, 0x00], &frames[0][2..15]].concat();
    assert_eq!(payload(&init, b"av1C"), Some(expected));
    assert_eq!((config.codecs(), payload(&init, b"colr")), ("av01.0.00M.08".to_owned(), None));
}

/// Section 2.1 of the same: AV1 is among the brands of every file that has it.
#[test]
fn files_with_av1_say_so() {
    let Some(file) = source::media("es/test-25fps.av1.ivf") else { return };
    let read = source::read(&file, Format::Av1);
    for layout in [fmp4::Layout::Fragmented, fmp4::Layout::Progressive, fmp4::Layout::Hybrid] {
        let mut writer =
            fmp4::Writer::new(&[(&read.track).into()], fmp4::Config::new(layout)).expect("an entry");
        let mut first = Vec::new();
        for packet in read.packets.iter().take(60) {
            writer.push(packet.clone()).expect("in order");
            while let Some(output) = writer.poll() {
                first.extend_from_slice(&output.rope.to_bytes());
            }
        }
        first.extend_from_slice(&writer.finish().rope.to_bytes());
        let brands = payload(&first, b"ftyp").expect("ftyp");
        assert!(brands.chunks(4).any(|brand| brand == b"av01"), "{layout:?}: {}", brands.escape_ascii());
    }
}
