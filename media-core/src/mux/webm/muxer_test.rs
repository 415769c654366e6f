use super::*;
use crate::codec::{Config as CodecConfig, Key, aac, opus, vp9};
use crate::mux::webm::hex::bytes;
use crate::track::TrackId;

const ID: TrackId = TrackId::new(1).expect("1 is not zero");

fn video(base: TimeBase) -> Track {
    let config = vp9::Config::from_parts(vp9::Parts::new(64, 64)).expect("profile 0");
    Track::new(ID, base, CodecConfig::Vp9(config))
}

fn sound(base: TimeBase, priming: u32) -> Track {
    let config = opus::Config::new(2).expect("stereo");
    Track { priming, ..Track::new(ID, base, CodecConfig::Opus(config)) }
}

fn muxer(track: &Track) -> Muxer {
    Muxer::new(track).expect("a muxer")
}

fn packet(dts: i64, pts: i64) -> Packet {
    Packet {
        track: ID,
        pts: Timestamp::new(pts),
        dts: Timestamp::new(dts),
        duration: None,
        key: Key::Closed,
        data: Bytes::from_static(b"\x08x"), // Opus: one frame of 20 ms
        wall: None,
    }
}

fn at(ticks: i64) -> Timestamp {
    Timestamp::new(ticks)
}

#[test]
fn payloads_are_passed_on_in_their_own_memory() {
    let packets: Vec<Packet> =
        (0..60).map(|n| Packet { data: Bytes::from(vec![n as u8; 1000]), ..packet(n, n) }).collect();
    let rope = muxer(&video(TimeBase::VIDEO)).fragment(&packets, at(60)).expect("a fragment");
    assert_eq!(rope.pieces().len(), 120);
    for (packet, piece) in packets.iter().zip(rope.pieces().iter().skip(1).step_by(2)) {
        assert_eq!((packet.data.as_ptr(), packet.data.len()), (piece.as_ptr(), piece.len()));
    }
}

#[test]
fn the_last_block_says_how_long_it_lasts() {
    let packets = [packet(90_000, 90_000), packet(93_003, 93_003)];
    let rope = muxer(&video(TimeBase::VIDEO)).fragment(&packets, at(96_006)).expect("a fragment");
    // 1033.37 ms and 1066.73 ms.
    let expected = bytes("1f43b675 99 e7 82 03e8 a3 86 81 0000 80 0878 a0 8b a1 86 81 0021 00 0878 9b 81 22");
    assert_eq!(rope.to_bytes(), expected);
}

#[test]
fn a_picture_that_is_no_key_refers_to_the_one_before() {
    let mut muxer = muxer(&video(TimeBase::hz(1000)));
    let follows = |at| Packet { key: Key::No, ..packet(at, at) };
    let first = muxer.fragment(&[follows(10)], at(50)).expect("a fragment").to_bytes();
    assert!(first.ends_with(&bytes("a0 8e a1 86 81 0000 00 0878 9b 81 28 fb 81 00")), "none is known");
    let second = muxer.fragment(&[follows(50)], at(90)).expect("a fragment").to_bytes();
    assert!(second.ends_with(&bytes("fb 81 d8")), "40 ms earlier");
}

#[test]
fn primed_sound_is_late_by_its_priming() {
    let mut muxer = muxer(&sound(TimeBase::hz(48_000), 312));
    let rope = muxer.fragment(&[packet(-312, -312), packet(648, 648)], at(1608)).expect("a fragment");
    assert!(
        rope.to_bytes()
            .starts_with(&bytes("1f43b675 98 e7 81 00 a3 86 81 0000 80 0878 a0 8b a1 86 81 0014 00"))
    );
}

#[test]
fn sound_that_ends_early_is_cut_at_the_very_end_only() {
    let packets = [packet(0, 0), packet(960, 960)];
    let mut cut = muxer(&sound(TimeBase::hz(48_000), 0));
    let end = at(960 + 648);
    let inner = cut.fragment(&packets, end).expect("a fragment").to_bytes();
    assert!(inner.ends_with(&bytes("9b 81 0e")), "{inner:x?}");
    let last = muxer(&sound(TimeBase::hz(48_000), 0)).finish(&packets, end).expect("a fragment").to_bytes();
    assert!(last.ends_with(&bytes("9b 81 0e 75a2 83 632ea0")), "312 samples are 6.5 ms: {last:x?}");
    let whole = muxer(&sound(TimeBase::hz(48_000), 0)).finish(&packets, at(1920)).expect("a fragment");
    assert!(whole.to_bytes().ends_with(&bytes("9b 81 14")), "nothing to cut");
}

/// Whoever ends a stream in segments does not know which is the last, but its last packet says how long it is.
#[test]
fn a_packet_that_says_itself_to_be_shorter_is_cut() {
    let shorter = Packet { duration: Some(648), ..packet(960, 960) };
    let mut muxer = muxer(&sound(TimeBase::hz(48_000), 0));
    let rope = muxer.fragment(&[packet(0, 0), shorter.clone()], at(960 + 648)).expect("a fragment");
    assert!(rope.to_bytes().ends_with(&bytes("9b 81 0e 75a2 83 632ea0")), "312 samples are 6.5 ms");
    let next = Packet { dts: at(1920), pts: at(1920), ..shorter };
    let rope = muxer.fragment(&[next], at(1920 + 960)).expect("a fragment");
    assert!(rope.to_bytes().ends_with(&bytes("9b 81 14")), "what follows it begins later");
}

#[test]
fn rounding_is_not_trimming() {
    // 20 ms are 1764/2 ticks of 44.1 kHz exactly, but 19.99 of a clock of 1001/1000 ms.
    let base = TimeBase::new(1001, 1_000_000).expect("not zero");
    let last = muxer(&sound(base, 0)).finish(&[packet(0, 0)], at(20)).expect("a fragment").to_bytes();
    assert!(last.ends_with(&bytes("9b 81 14")), "{last:x?}");
    let last = muxer(&sound(base, 0)).finish(&[packet(0, 0)], at(18)).expect("a fragment").to_bytes();
    assert!(last.ends_with(&bytes("9b 81 12 75a2 83 1e3e30")), "20 - 18.018 ms: {last:x?}");
}

#[test]
fn a_fragment_longer_than_16_bits_is_several_clusters() {
    let packets: Vec<Packet> = [0, 32_767, 32_768, 65_535].map(|at| packet(at, at)).into();
    let rope = muxer(&video(TimeBase::hz(1000))).fragment(&packets, at(65_536)).expect("a fragment");
    let expected = bytes(
        "1f43b675 93 e7 81 00   a3 86 81 0000 80 0878 a3 86 81 7fff 80 0878
         1f43b675 99 e7 82 8000 a3 86 81 0000 80 0878 a0 8b a1 86 81 7fff 00 0878 9b 81 01",
    );
    assert_eq!(rope.to_bytes(), expected);
}

#[test]
fn nothing_drifts_over_48_hours() {
    let soak = |base: TimeBase, step: i64, per_fragment: i64, track: Track| {
        let mut muxer = muxer(&track);
        let (mut dts, mut packets) = (0, vec![packet(0, 0); per_fragment as usize]);
        let scale = TimeBase::new(1, 1000).expect("not zero");
        while base.to_nanos(dts) < 48 * 3600 * 1_000_000_000 {
            let first = dts;
            for packet in &mut packets {
                (packet.pts, packet.dts) = (at(dts), at(dts));
                dts += step;
            }
            let rope = muxer.fragment(&packets, at(dts)).expect("a fragment");
            let head = &rope.pieces()[0];
            let stamp =
                head.windows(2).position(|id| id[0] == 0xe7 && id[1] & 0xf0 == 0x80).expect("a timestamp");
            let len = usize::from(head[stamp + 1] & 0x0f);
            let read = head[stamp + 2..][..len].iter().fold(0, |value, byte| value << 8 | i64::from(*byte));
            let milliseconds = (2000 * i128::from(first) * i128::from(base.num()) + i128::from(base.den()))
                / (2 * i128::from(base.den()));
            assert_eq!(i128::from(read), milliseconds);
            assert_eq!(at(first).rescale(base, scale).ticks(), read);
        }
    };
    let ntsc = TimeBase::new(1001, 30_000).expect("not zero");
    soak(ntsc, 20, 3, video(ntsc));
    soak(TimeBase::hz(48_000), 19_200, 5, sound(TimeBase::hz(48_000), 0));
}

#[test]
fn a_refused_fragment_leaves_no_trace() {
    let mut muxer = muxer(&video(TimeBase::hz(1000)));
    muxer.fragment(&[packet(5, 5), packet(4, 4)], at(9)).expect_err("dts that fall");
    muxer.fragment(&[packet(5, 5)], at(5)).expect_err("no duration");
    muxer.fragment(&[], at(9)).expect_err("no packets");
    let rope = muxer.fragment(&[Packet { key: Key::No, ..packet(1, 1) }], at(2)).expect("a fragment");
    let expected = bytes("1f43b675 93 e7 81 01 a0 8e a1 86 81 0000 00 0878 9b 81 01 fb 81 00");
    assert_eq!(rope.to_bytes(), expected, "nor is anything referred to");
}

#[test]
fn what_does_not_fit_is_refused_with_the_facts() {
    let refuse = |packets: &[Packet], end: i64| {
        let error = muxer(&video(TimeBase::VIDEO)).fragment(packets, at(end)).expect_err("an error");
        error.to_string()
    };
    let stranger = Packet { track: TrackId::new(2).expect("2 is not zero"), ..packet(1, 1) };
    assert_eq!(refuse(&[], 0), "fragment without packets");
    assert_eq!(refuse(&[packet(0, 0), stranger], 2), "packet of track 2, which is not written here");
    assert_eq!(refuse(&[packet(5, 5)], 5), "packet at dts 5 would last 0 ticks");
    assert_eq!(refuse(&[packet(5, 5), packet(5, 6)], 6), "dts 5 after dts 5");
    assert_eq!(
        refuse(&[packet(5, 7), packet(6, 6)], 8),
        "pts 6 after pts 7 of a codec that does not reorder"
    );
    assert_eq!(refuse(&[packet(-9, -1)], 0), "packet at pts -1 lies before the start of the segment");
    let far = muxer(&video(TimeBase::hz(1))).fragment(&[packet(0, i64::MAX)], at(1)).expect_err("too late");
    assert_eq!(
        far.to_string(),
        "packet at pts 9223372036854775807 lies beyond what the segment's clock can say"
    );
}

#[test]
fn webm_has_its_own_codecs() {
    let aac = aac::Config::new(48_000, 2).expect("AAC-LC");
    let aac = Track::new(ID, TimeBase::hz(48_000), CodecConfig::Aac(aac));
    let webm = Format { doc_type: Some(DocType::Webm), ..Format::default() };
    let error = Muxer::with_format(&(&aac).into(), webm).expect_err("AAC");
    assert_eq!(error, Error::NotWebm { codec: Codec::Aac });
    assert_eq!(error.to_string(), "Aac is not in WebM, only in Matroska");
    let names = |track: &Track| muxer(track).init()[..40].windows(4).any(|name| name == b"webm");
    assert!(!names(&aac) && names(&video(TimeBase::VIDEO)) && names(&sound(TimeBase::hz(48_000), 0)));
    let matroska = Format { doc_type: Some(DocType::Matroska), ..Format::default() };
    let muxer = Muxer::with_format(&(&video(TimeBase::VIDEO)).into(), matroska).expect("any codec");
    assert!(muxer.init()[..40].windows(8).any(|name| name == b"matroska"));
}
