use super::*;
use crate::codec::{self, Key, aac, h264, h265, opus, vp8};
use crate::time::{TimeBase, Timestamp};
use crate::track::TrackId;

const PACKET: usize = packet::PACKET;

fn id(id: u32) -> TrackId {
    TrackId::new(id).expect("not zero")
}

const SPS: &[u8] =
    b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
const PPS: &[u8] = b"\x68\xcb\x83\xcb\x20";

fn h264() -> Track {
    let config = h264::Config::from_parameter_sets(&[SPS.into()], &[PPS.into()]).expect("sets of x264");
    Track::new(id(1), TimeBase::VIDEO, codec::Config::H264(config))
}

fn aac() -> Track {
    let config = aac::Config::new(48_000, 2).expect("AAC-LC");
    Track::new(id(2), TimeBase::hz(48_000), codec::Config::Aac(config))
}

fn packet(track: &Track, pts: i64, dts: i64, key: Key, data: &[u8]) -> Packet {
    let (pts, dts) = (Timestamp::new(pts), Timestamp::new(dts));
    Packet { track: track.id, pts, dts, duration: None, key, data: Bytes::copy_from_slice(data), wall: None }
}

fn frame(n: i64) -> Packet {
    packet(&aac(), n * 1024, n * 1024, Key::Closed, &[0x21; 200])
}

fn picture(dts: i64, key: Key, len: usize) -> Packet {
    let nal = [&[if key.is_sync() { 0x65 } else { 0x41 }][..], &vec![0xaa; len - 1]].concat();
    let data = [&(len as u32).to_be_bytes()[..], &nal].concat();
    packet(&h264(), dts, dts, key, &data)
}

fn muxer(tracks: &[Track]) -> Muxer {
    Muxer::new(tracks, Config::default()).expect("a muxer")
}

fn refused(tracks: &[Track], config: Config) -> Error {
    Muxer::new(tracks, config).expect_err("not possible")
}

/// The first packet of the stream on `pid`, and its number.
fn first_of(bytes: &Bytes, pid: u16) -> (usize, &[u8]) {
    let packets = bytes.chunks(PACKET).enumerate();
    let of = |packet: &[u8]| u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
    packets.into_iter().find(|(_, packet)| of(packet) == pid).expect("a packet")
}

/// By hand: 3 bytes of flags, 5 of PTS and 48 of pictures make 56; 90 kHz 900000 is PTS 21 00 37 77 41; the clock is 0.5 s before it, 855000, so 00 06 85 ec 7e 00.
#[test]
fn a_key_picture_as_literal_bytes() {
    let written = muxer(&[h264()]).segment(&[picture(900_000, Key::Closed, 3)]).expect("a segment");
    assert_eq!(written.len(), 3 * PACKET);
    assert_eq!(written[..5], [0x47, 0x40, 0x00, 0x10, 0x00]);
    assert_eq!(written[PACKET..PACKET + 5], [0x47, 0x50, 0x00, 0x10, 0x00]);
    let expected = [
        // delimiter, sets, slice
        &[0x00, 0x00, 0x01, 0xe0, 0x00, 0x38, 0x84, 0x80, 0x05, 0x21, 0x00, 0x37, 0x77, 0x41][..],
        &[0x00, 0x00, 0x00, 0x01, 0x09, 0xf0],
        &[0x00, 0x00, 0x00, 0x01],
        SPS,
        &[0x00, 0x00, 0x00, 0x01],
        PPS,
        &[0x00, 0x00, 0x00, 0x01, 0x65, 0xaa, 0xaa],
    ]
    .concat();
    let head =
        [0x47, 0x41, 0x00, 0x30, (183 - expected.len()) as u8, 0x50, 0x00, 0x06, 0x85, 0xec, 0x7e, 0x00];
    let packet = &written[2 * PACKET..];
    assert_eq!(packet[..12], head);
    assert!(packet[12..PACKET - expected.len()].iter().all(|byte| *byte == 0xff));
    assert_eq!(packet[PACKET - expected.len()..], expected);
}

#[test]
fn payload_is_copied_once() {
    let pictures: Vec<Packet> = (0..10).map(|n| picture(n * 3000, Key::No, 5000)).collect();
    let mut muxer = muxer(&[h264()]);
    let mut states = muxer.states.clone();
    let units = Units::new(&muxer.program, &muxer.config, &mut states, &pictures).expect("units");
    // Before the one copy, what is put together is only what stands around payload: header, delimiter, start code.
    assert_eq!(units.made_len(), 10 * (14 + 6 + 4));
    for (unit, picture) in units.units.iter().zip(&pictures) {
        let nal = unit.pieces.clone().map(|piece| units.piece(piece)).find(|piece| piece.len() == 5000);
        assert_eq!(nal.expect("the NAL unit").as_ptr(), picture.data[4..].as_ptr());
    }
    // The output is asked for once, to the byte.
    let written = muxer.segment(&pictures).expect("a segment");
    let memory = written.try_into_mut().expect("nobody else holds it");
    assert_eq!((memory.len(), memory.capacity()), (memory.len(), memory.len()));
}

#[test]
fn frames_share_a_packet_until_the_span_is_full() {
    let frames: Vec<Packet> = (0..20).map(frame).collect();
    // Eight frames begin within 160 ms: 8 x 207 + 14 bytes are ten packets.
    let written = muxer(&[aac()]).segment(&frames).expect("a segment");
    let starts = written.chunks(PACKET).skip(2).filter(|packet| packet[1] & 0x40 != 0).count();
    assert_eq!(starts, 3);
    let alone = Config { audio_span: 0, ..Config::default() };
    let written = Muxer::new(&[aac()], alone).expect("a muxer").segment(&frames).expect("a segment");
    let starts = written.chunks(PACKET).skip(2).filter(|packet| packet[1] & 0x40 != 0).count();
    assert_eq!(starts, 20);
}

#[test]
fn frames_behind_a_hole_have_a_time_of_their_own() {
    let late = Packet { pts: Timestamp::new(1024 + 200), dts: Timestamp::new(1024 + 200), ..frame(1) };
    let written = muxer(&[aac()]).segment(&[frame(0), late]).expect("a segment");
    assert_eq!(written.chunks(PACKET).skip(2).filter(|packet| packet[1] & 0x40 != 0).count(), 2);
}

#[test]
fn after_an_error_nothing_has_changed() {
    let (mut one, mut other) = (muxer(&[h264(), aac()]), muxer(&[h264(), aac()]));
    assert_eq!(one.segment(&[]), Err(Error::Empty));
    assert_eq!(
        one.segment(&[picture(0, Key::Closed, 9), picture(0, Key::No, 9)]).expect_err("twice the same DTS"),
        Error::DtsOrder { track: id(1), last: Timestamp::ZERO, dts: Timestamp::ZERO }
    );
    let later = picture(3000, Key::No, 9);
    assert_eq!(one.fragment(&[picture(0, Key::Closed, 9)]), other.fragment(&[picture(0, Key::Closed, 9)]));
    let foreign = Packet { track: id(7), ..later.clone() };
    assert_eq!(one.segment(&[later.clone(), foreign]), Err(Error::ForeignPacket { found: id(7) }));
    assert_eq!(one.fragment(std::slice::from_ref(&later)), other.fragment(&[later]));
}

#[test]
fn what_does_not_fit_is_refused_with_its_facts() {
    let mut muxer = muxer(&[h264(), aac()]);
    let mut error = |packet: Packet| muxer.fragment(&[packet]).expect_err("not possible");
    let dts = Timestamp::ZERO;
    let broken =
        Packet { data: Bytes::from_static(&[0, 0, 0, 1, 0x41, 0, 0, 0, 9, 1]), ..picture(0, Key::No, 9) };
    assert_eq!(error(broken), Error::NalLength { track: id(1), dts, offset: 5 });
    let back = Packet { pts: Timestamp::new(-1), ..picture(0, Key::No, 9) };
    assert_eq!(error(back), Error::Composition { track: id(1), pts: Timestamp::new(-1), dts });
    let far = Packet { pts: Timestamp::new(1 << 32), ..picture(0, Key::No, 9) };
    assert_eq!(error(far), Error::Composition { track: id(1), pts: Timestamp::new(1 << 32), dts });
    let beyond = picture(i64::MAX, Key::No, 9);
    assert_eq!(error(beyond), Error::Time { track: id(1), time: Timestamp::new(i64::MAX) });
    let long = packet(&aac(), 0, 0, Key::Closed, &[0; 8185]);
    assert_eq!(error(long), Error::Adts(aac::Error::AdtsFrame { frame_length: 8192, blocks: 1 }));
}

#[test]
fn long_packets_are_for_pictures_only() {
    let opus =
        Track::new(id(3), TimeBase::hz(48_000), codec::Config::Opus(opus::Config::new(2).expect("stereo")));
    let config = Config { id3: Some(id(4)), ..Config::default() };
    let mut muxer = Muxer::new(&[h264(), opus.clone()], config).expect("a muxer");
    for track in [id(3), id(4)] {
        let long = Packet { track, ..packet(&opus, 0, 0, Key::Closed, &[0xfc; 65_536]) };
        let expected = Error::PesLength { track, dts: Timestamp::ZERO, bytes: 65_536 };
        assert_eq!(muxer.fragment(&[long]), Err(expected));
    }
    let written = muxer.fragment(&[picture(0, Key::No, 65_600)]).expect("a picture of any length");
    assert_eq!(first_of(&written, 0x100).1[12..18], [0, 0, 1, 0xe0, 0, 0]);
}

#[test]
fn a_packet_the_clock_has_passed_is_refused() {
    let mut muxer = muxer(&[h264(), aac()]);
    muxer.fragment(&[picture(900_000, Key::Closed, 9)]).expect("a start");
    // 0.5 s late is just in time, a tick of 48 kHz (1.875 of 90 kHz) more is not.
    let at = |dts: i64| packet(&aac(), dts, dts, Key::Closed, &[0x21; 9]);
    let dts = Timestamp::new(456_000 - 1);
    assert_eq!(muxer.fragment(&[at(dts.ticks())]), Err(Error::Late { track: id(2), dts, ticks: 2 }));
    assert!(muxer.fragment(&[at(456_000)]).is_ok());
}

#[test]
fn a_rate_too_low_is_refused() {
    let config = Config { mux_rate: Some(1_000_000), ..Config::default() };
    let mut muxer = Muxer::new(&[h264()], config).expect("a muxer");
    // 62500 bytes are half a second.
    let expected = Error::Overflow { track: id(1), dts: Timestamp::ZERO, rate: 1_000_000 };
    assert_eq!(muxer.fragment(&[picture(0, Key::Closed, 62_500)]), Err(expected));
    assert!(muxer.fragment(&[picture(0, Key::Closed, 55_000)]).is_ok());
}

#[test]
fn what_no_stream_carries_is_refused() {
    assert_eq!(refused(&[], Config::default()), Error::TrackCount { count: 0 });
    let many: Vec<Track> = (1..=17).map(|n| Track { id: id(n), ..aac() }).collect();
    assert_eq!(refused(&many, Config::default()), Error::TrackCount { count: 17 });
    assert_eq!(refused(&[aac(), aac()], Config::default()), Error::TrackTwice { track: id(2) });
    let id3 = Config { id3: Some(id(2)), ..Config::default() };
    assert_eq!(refused(&[aac()], id3), Error::TrackTwice { track: id(2) });
    let vp8 = codec::Config::Vp8(vp8::Config::new(16, 16).expect("a size"));
    let vp8 = Track::new(id(1), TimeBase::VIDEO, vp8);
    let expected = Error::Format { track: id(1), format: codec::Format::Vp8 };
    assert_eq!(refused(&[vp8], Config::default()), expected);
    // 12345 Hz needs an AudioSpecificConfig.
    let odd = aac::Config::new(12_345, 2).expect("24 bits");
    let odd = Track::new(id(1), TimeBase::VIDEO, codec::Config::Aac(odd));
    assert_eq!(refused(&[odd], Config::default()), Error::Adts(aac::Error::SampleRate(12_345)));
    // Mapping family 255: two streams nobody says the meaning of.
    let head = b"OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\xff\x02\x00\x00\x01";
    let mapped = codec::Config::Opus(opus::Config::from_head(head).expect("two streams"));
    let mapped = Track::new(id(1), TimeBase::hz(48_000), mapped);
    assert_eq!(refused(&[mapped], Config::default()), Error::OpusChannels { channels: 2 });
}

#[test]
fn options_have_their_ranges() {
    let with = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        refused(&[h264(), aac()], config)
    };
    let nanos = |option, nanos, min, max| Error::Nanos { option, nanos, min, max };
    assert_eq!(with(|config| config.pcr_lead = 0), nanos("pcr_lead", 0, 160_000_000, 10_000_000_000));
    assert_eq!(with(|config| config.table_interval = 99), nanos("table_interval", 99, 100_000_000, i64::MAX));
    assert_eq!(with(|config| config.audio_span = -1), nanos("audio_span", -1, 0, 500_000_000));
    assert_eq!(with(|config| config.mux_rate = Some(9)), Error::MuxRate { rate: 9 });
    assert_eq!(with(|config| config.pmt_pid = config.first_pid), Error::PidTaken { pid: 0x100 });
    assert_eq!(
        with(|config| config.first_pid = Pid::new(0x1ffe).expect("a PID")),
        Error::PidTaken { pid: 0x1fff }
    );
    assert_eq!(
        with(|config| config.languages = vec![(id(2), *b"EN ")]),
        Error::Language { track: id(2), language: *b"EN " }
    );
}

#[test]
fn sets_that_come_in_band_stand_before_later_key_pictures() {
    let mut muxer = muxer(&[h264()]);
    muxer.fragment(&[picture(0, Key::Closed, 9)]).expect("a key picture");
    // Another picture parameter set with the id of the first.
    let changed: &[u8] = b"\x68\xcb\x83\xcb\x2c\x80";
    let inside = [&[0, 0, 0, changed.len() as u8][..], changed, &[0, 0, 0, 2, 0x41, 0xaa]].concat();
    let written = muxer.fragment(&[packet(&h264(), 3000, 3000, Key::No, &inside)]).expect("a picture");
    let behind_start_codes = [&[0, 0, 0, 1][..], changed, &[0, 0, 0, 1, 0x41, 0xaa]].concat();
    assert!(written.ends_with(&behind_start_codes), "it stays where it came");
    let written = muxer.fragment(&[picture(6000, Key::Closed, 2)]).expect("a key picture");
    let expected = [&[0, 0, 0, 1][..], SPS, &[0, 0, 0, 1], changed, &[0, 0, 0, 1, 0x65, 0xaa]].concat();
    assert!(written.ends_with(&expected));
    // Those of a key picture itself are not written twice, nor is its delimiter.
    let inside =
        [&[0, 0, 0, 2, 0x09, 0x10, 0, 0, 0, 22][..], SPS, &[0, 0, 0, 5], PPS, &[0, 0, 0, 2, 0x65, 0xaa]]
            .concat();
    let written =
        muxer.fragment(&[packet(&h264(), 9000, 9000, Key::Closed, &inside)]).expect("a key picture");
    let expected =
        [&[0, 0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1][..], SPS, &[0, 0, 0, 1], PPS, &[0, 0, 0, 1, 0x65, 0xaa]]
            .concat();
    assert!(written.ends_with(&expected));
}

#[test]
fn the_delimiter_is_of_the_pictures_temporal_layer() {
    let sets = [
        &b"\x40\x01\x0c\x01\xff\xff\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x5a\x95\x98\x09"[..],
        b"\x42\x01\x01\x01\x60\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x5a\xa0\x06\xb2\x01\xe1\xd7\x96\x56\x69\x24\xca\xe6\x80\x80\x00\x00\x03\x00\x80\x00\x00\x0f\x04",
        b"\x44\x01\xc1\x72\xb4\x62\x40",
    ]
    .map(Bytes::from_static);
    let config =
        h265::Config::from_parameter_sets(&sets[..1], &sets[1..2], &sets[2..]).expect("sets of x265");
    let track = Track::new(id(1), TimeBase::VIDEO, codec::Config::H265(config));
    // A TSA_N slice with nuh_temporal_id_plus1 of 3.
    let slice = packet(&track, 0, 0, Key::No, &[0, 0, 0, 3, 0x04, 0x03, 0xaa]);
    let written = muxer(&[track]).fragment(&[slice]).expect("a picture");
    assert!(written.ends_with(&[0, 0, 0, 1, 0x46, 0x03, 0x50, 0, 0, 0, 1, 0x04, 0x03, 0xaa]));
}

#[test]
fn a_discontinuity_begins_the_clock_anew() {
    let mut muxer = muxer(&[h264(), aac()]);
    muxer.discontinuity();
    let flags = |written: &Bytes| first_of(written, 0x100).1[5];
    assert_eq!(flags(&muxer.fragment(&[picture(900_000, Key::Closed, 9)]).expect("a start")), 0x50);
    muxer.discontinuity();
    // Sound is first: the clock goes before it, in a packet of its own.
    let written = muxer.fragment(&[frame(1), picture(9000, Key::Closed, 9)]).expect("an earlier time");
    let (at, packet) = first_of(&written, 0x100);
    assert_eq!((at, packet[1] & 0x40, packet[5]), (2, 0, 0x90));
    let written = muxer.fragment(&[picture(12_000, Key::No, 9)]).expect("the next");
    assert_eq!(flags(&written), 0x10);
}

#[test]
fn a_discontinuity_over_a_gap_is_one() {
    let mut muxer = muxer(&[h264()]);
    muxer.fragment(&[picture(0, Key::Closed, 9)]).expect("a start");
    muxer.discontinuity();
    let written = muxer.fragment(&[picture(900_000, Key::Closed, 9), picture(903_000, Key::No, 9)]);
    let flags: Vec<u8> =
        written.expect("10 s later").chunks(PACKET).skip(2).map(|packet| packet[5]).collect();
    assert_eq!(flags, [0xd0, 0x10]);
}

#[test]
fn a_silence_is_jumped_over() {
    let mut muxer = muxer(&[h264()]);
    muxer.fragment(&[picture(0, Key::Closed, 9)]).expect("a start");
    // Two seconds are filled: 49 clock references, tables four times.
    let written = muxer.fragment(&[picture(180_000, Key::No, 9)]).expect("2 s later");
    let alone = written.chunks(PACKET).filter(|packet| packet[3] & 0x10 == 0).count();
    assert_eq!((alone, written.len() / PACKET), (49, 49 + 2 * 4 + 1));
    let written = muxer.fragment(&[picture(360_001, Key::No, 9)]).expect("more than 2 s later");
    assert_eq!((written.len(), first_of(&written, 0x100).1[5]), (PACKET, 0x90));
}

#[test]
fn other_tracks_have_another_version() {
    let mut muxer = muxer(&[h264(), aac()]);
    let map = |written: &Bytes| first_of(written, 0x1000).1[5..17].to_vec();
    let first = map(&muxer.fragment(&[picture(0, Key::Closed, 9), frame(0)]).expect("a start"));
    assert_eq!((first[2], first[5], first[9]), (0x17, 0xc1, 0x00));
    muxer.set_tracks(&[h264(), aac()]).expect("the same");
    let same = muxer.fragment(&[frame(1)]).expect("one more");
    assert_eq!(same.len() / PACKET, 2, "no tables");
    muxer.set_tracks(&[aac()]).expect("sound alone");
    let written = muxer.fragment(&[frame(2)]).expect("sound");
    let second = map(&written);
    assert_eq!((second[2], second[5]), (0x12, 0xc3));
    // The clock is on the sound now, whose PID was that of the pictures.
    assert_eq!(first_of(&written, 0x100).1[5] & 0x10, 0x10);
    assert_eq!(muxer.set_tracks(&[]), Err(Error::TrackCount { count: 0 }));
    assert_eq!(
        muxer.fragment(&[frame(2)]),
        Err(Error::DtsOrder { track: id(2), last: Timestamp::new(2048), dts: Timestamp::new(2048) })
    );
}

#[test]
fn opus_is_told_to_drop_its_priming_once() {
    let opus = codec::Config::Opus(opus::Config::new(2).expect("stereo"));
    let track = Track { priming: 1272, ..Track::new(id(1), TimeBase::hz(48_000), opus) };
    let frames: Vec<Packet> =
        (0..3).map(|n| packet(&track, n * 960 - 1272, n * 960 - 1272, Key::Closed, &[0xfc, 1, 2])).collect();
    let written = muxer(&[track]).segment(&frames).expect("a segment");
    let expected = [
        &[0x7f, 0xf0, 3, 0x03, 0xc0, 0xfc, 1, 2][..], // 960
        &[0x7f, 0xf0, 3, 0x01, 0x38, 0xfc, 1, 2],     // 312
        &[0x7f, 0xe0, 3, 0xfc, 1, 2],
    ]
    .concat();
    assert!(written.ends_with(&expected));
}
