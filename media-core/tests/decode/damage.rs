//! Streams that are not whole: what cannot be decoded is said and counted, and decoding goes on where it can.

use media_core::codec::Format;
use media_core::decode::{Config, Decoder, Error, Stats};
use media_core::packet::Packet;

use crate::streams::{is_key, ivf, media, own, packet};
use crate::{decode, raw};

const SIZE: (u32, u32) = (96, 80);
const BOTH: [Format; 2] = [Format::Vp8, Format::Vp9];

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }
}

#[test]
fn a_stream_is_joined_at_its_next_key_frame() {
    for format in BOTH {
        let packets = own(format, SIZE, 20, 8);
        let whole = decode(format, &packets);
        let joined = decode(format, &packets[3..]);
        assert_eq!(joined.stats, Stats { decoded: 12, dropped: 5, ..Stats::default() }, "{format:?}");
        assert!(joined.pictures.iter().map(raw).eq(whole.pictures[8..].iter().map(raw)));
        assert_eq!(joined.errors, []);
    }
}

#[test]
fn after_a_refused_packet_nothing_is_shown_until_a_key_frame() {
    for format in BOTH {
        let mut packets = own(format, SIZE, 20, 8);
        let whole = decode(format, &packets);
        packets[10].data = packets[10].data.slice(..1);
        let damaged = decode(format, &packets);
        assert_eq!(
            damaged.stats,
            Stats { decoded: 14, refused: 1, dropped: 5, ..Stats::default() },
            "{format:?}"
        );
        let [(10, Error::Damaged { codec, pts, detail })] = &damaged.errors[..] else {
            panic!("{:?}", damaged.errors)
        };
        assert!(codec.starts_with("VP") && *pts == packets[10].pts && !detail.is_empty());
        let expected = whole.pictures[..10].iter().chain(&whole.pictures[16..]);
        assert!(damaged.pictures.iter().map(raw).eq(expected.map(raw)), "{format:?}");
    }
}

/// libvpx has words of its own for what is wrong within a frame.
#[test]
fn errors_carry_the_words_of_the_library() {
    let mut packets = own(Format::Vp9, SIZE, 2, 8);
    let half = packets[1].data.len() / 2;
    packets[1].data = packets[1].data.slice(..half);
    let outcome = decode(Format::Vp9, &packets);
    let [(1, error)] = &outcome.errors[..] else { panic!("{:?}", outcome.errors) };
    assert_eq!(error.to_string(), "VP9 packet at 3600: Corrupt frame detected, Failed to decode tile data");
}

/// VP8 decodes what it has of a frame and says that it is not whole; so are the frames that refer to it, until a key frame.
#[test]
fn pictures_that_miss_bytes_are_flagged() {
    let mut packets = own(Format::Vp8, SIZE, 12, 8);
    let len = packets[3].data.len();
    packets[3].data = packets[3].data.slice(..len * 3 / 4);
    let outcome = decode(Format::Vp8, &packets);
    let flagged: Vec<usize> = (0..12).filter(|at| outcome.pictures[*at].corrupted).collect();
    assert_eq!(flagged, [3, 4, 5, 6, 7]);
    assert_eq!(outcome.stats, Stats { decoded: 12, corrupted: 5, ..Stats::default() });
}

#[test]
fn empty_packets_show_nothing_and_change_nothing() {
    for format in BOTH {
        let packets = own(format, SIZE, 6, 250);
        let whole = decode(format, &packets);
        let mut with_gaps = packets.clone();
        with_gaps.insert(3, packet(3, vec![]));
        with_gaps.insert(0, packet(0, vec![]));
        let outcome = decode(format, &with_gaps);
        assert_eq!(outcome.stats, Stats { decoded: 6, empty: 2, ..Stats::default() });
        assert!(outcome.pictures.iter().map(raw).eq(whole.pictures.iter().map(raw)), "{format:?}");
    }
}

#[test]
fn packets_of_another_codec_are_refused() {
    let h264: &[u8] = &[0, 0, 0, 5, 0x65, 0x88, 0x84, 0, 0x33];
    for (format, other) in [(Format::Vp8, Format::Vp9), (Format::Vp9, Format::Vp8)] {
        let mut packets = own(other, SIZE, 1, 250);
        packets.push(packet(1, h264));
        let outcome = decode(format, &packets);
        assert!(outcome.pictures.is_empty(), "{format:?}");
        let refused = outcome.errors.iter().all(|(_, error)| matches!(error, Error::Damaged { .. }));
        assert!(refused, "{:?}", outcome.errors);
        // VP8 takes the least bit of its first byte for an inter frame's, whatever follows.
        assert_eq!(outcome.stats.refused + outcome.stats.dropped, 2);
        assert!(outcome.stats.refused > 0);
    }
}

/// A frame that is shown again takes one byte; libvpx would go on behind it, and allocate gigabytes for this header: 65536x65536.
#[test]
fn frames_hidden_behind_another_are_not_decoded() {
    let mut packets = own(Format::Vp9, SIZE, 2, 250);
    let huge = b"\x82\x49\x83\x42\x0f\xff\xff\xff\xf0\0\0\0\0";
    let direct = packet(2, huge.to_vec());
    let behind = packet(3, [&[0x88], &huge[..]].concat());
    packets.extend([behind, direct]);
    let outcome = decode(Format::Vp9, &packets);
    assert_eq!(outcome.pictures.len(), 3, "{:?}", outcome.errors);
    let [(3, Error::Size { found, .. })] = &outcome.errors[..] else { panic!("{:?}", outcome.errors) };
    assert_eq!(*found, (65_536, 65_536));
}

/// Damages some of the packets between two key frames, and sees that the next one heals everything.
fn survives(format: Format, packets: &[Packet], seed: u64, damage: impl Fn(&mut Vec<u8>, &mut Random)) {
    let mut random = Random(seed);
    let mut damaged = packets.to_vec();
    let last_key = (0..packets.len()).rfind(|at| is_key(format, &packets[*at].data)).unwrap();
    for packet in &mut damaged[..last_key] {
        if random.below(3) == 0 {
            let mut data = packet.data.to_vec();
            damage(&mut data, &mut random);
            packet.data = data.into();
        }
    }
    // A damaged header may ask for a large picture; a small limit keeps the test quick.
    let config = Config { max_size: (640, 640), pictures: packets.len(), ..Config::default() };
    let outcome = crate::drive(Decoder::open(format, &config).unwrap(), &damaged);
    for decoded in &outcome.pictures {
        assert!(!raw(decoded).is_empty());
    }
    let expected = decode(format, packets);
    let tail = |outcome: &crate::Outcome| {
        let since = outcome.pictures.iter().filter(|decoded| decoded.pts >= packets[last_key].pts);
        since.map(|decoded| (raw(decoded), decoded.corrupted)).collect::<Vec<_>>()
    };
    assert!(tail(&outcome) == tail(&expected), "{format:?}, seed {seed}");
}

#[test]
fn truncated_packets_are_survived() {
    for format in BOTH {
        let packets = own(format, SIZE, 16, 6);
        for seed in 0..60 {
            survives(format, &packets, seed, |data, random| data.truncate(random.below(data.len())));
        }
    }
}

#[test]
fn flipped_bits_are_survived() {
    for format in BOTH {
        let packets = own(format, SIZE, 16, 6);
        for seed in 0..60 {
            survives(format, &packets, seed, |data, random| {
                for _ in 0..=random.below(8) {
                    // Mostly the headers, where a bit changes most.
                    let within = if random.below(2) == 0 { data.len().min(24) } else { data.len() };
                    data[random.below(within)] ^= 1 << random.below(8);
                }
            });
        }
    }
}

#[test]
fn flipped_bits_are_survived_in_a_stream_whose_size_changes() {
    let Some(file) = media("es/resolution_change_500frames-vp9.ivf") else { return };
    // A key frame, frames of several sizes, and the next key frames.
    let packets = &ivf(&file)[40..60];
    for seed in 0..8 {
        survives(Format::Vp9, packets, seed, |data, random| {
            let within = data.len().min(40);
            data[random.below(within)] ^= 1 << random.below(8);
        });
    }
}

/// Files of other projects that once broke a decoder; ffprobe reports errors for both.
#[test]
fn broken_files_of_others_are_survived() {
    for name in ["broken/invalid-bitstream.webm", "broken/invalid_vp9_bitstream-bug_1416.webm"] {
        let scratch = crate::tools::Scratch::new();
        let Some(file) = media(name) else { continue };
        let Some(file) = crate::streams::extracted(&file, &scratch) else { return };
        let outcome = decode(Format::Vp9, &ivf(&file));
        assert!(outcome.stats.refused > 0, "{name}: {:?}", outcome.stats);
    }
}
