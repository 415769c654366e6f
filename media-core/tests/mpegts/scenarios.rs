//! Streams as they happen: days of them, cameras with few pictures, sound alone, metadata, interruptions, constant rates.

use bytes::Bytes;
use media_core::codec::Key;
use media_core::mux::mpegts::{Config, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::Track;

use crate::made_up::{self, frame, picture};
use crate::round_trip::{check_rate, compare};
use crate::transport::{self, Transport};

/// Two days at 30000/1001 pictures a second and 44100 samples, looked at for a moment each minute and without a break around the wrap
/// of 33 bits after 26.5 hours: each time is exactly its position at 90 kHz, the clock the same at 27 MHz.
#[test]
fn two_days_without_drift() {
    let rate = TimeBase::new(1001, 30_000).expect("not zero");
    let tracks = [Track { time_base: rate, ..made_up::h264(1) }, made_up::aac(2, 44_100)];
    let mut muxer = Muxer::new(&tracks, Config::default()).expect("a muxer");
    let (mut transport, mut sent) = (Transport::default(), Vec::new());
    let wrap = (1_i64 << 33) / 90_000;
    for second in (60..48 * 3600).filter(|second| second % 60 == 0 || (second - wrap).abs() < 4) {
        let count = if (second - wrap).abs() < 4 { 31 } else { 5 };
        let first = Timestamp::new(second).rescale(TimeBase::hz(1), rate).ticks();
        let pictures = (first..first + count).map(|n| picture(&tracks[0], n + 1, n, Key::No, 200));
        let first = second * 44_100 / 1024;
        let sound = (first..first + count).map(|n| frame(&tracks[1], n * 1024, 90));
        let mut own: Vec<Packet> = pictures.chain(sound).collect();
        own.retain(|packet| {
            let last = sent.iter().rev().find(|last: &&Packet| last.track == packet.track);
            last.is_none_or(|last| last.dts < packet.dts)
        });
        transport.feed(&muxer.fragment(&own).expect("a fragment"));
        sent.extend(own);
    }
    transport.end();
    compare(&transport, &tracks, &sent);
    let exact =
        |n: i64| u64::try_from((n * 90_000 * 1001 * 2 + 30_000) / 60_000 % (1 << 33)).expect("33 bits");
    let pictures = sent.iter().filter(|packet| packet.track == tracks[0].id);
    for (pes, packet) in transport.streams[&0x100].pes.iter().zip(pictures) {
        assert_eq!((pes.dts, pes.pts), (exact(packet.dts.ticks()), exact(packet.pts.ticks())));
    }
    let wraps = transport.clocks.windows(2).filter(|pair| pair[1].value < pair[0].value);
    assert_eq!(wraps.map(|pair| pair[1].discontinuity).collect::<Vec<_>>(), [false]);
}

/// ffmpeg tells the clock of such streams every 200 ms; the reader wants it every 40.
#[test]
fn a_camera_of_five_pictures_a_second() {
    let track = made_up::h264(1);
    let mut muxer = Muxer::new(std::slice::from_ref(&track), Config::default()).expect("a muxer");
    let mut transport = Transport::default();
    for n in 50..100 {
        let key = if n % 10 == 0 { Key::Closed } else { Key::No };
        let picture = picture(&track, n * 18_000, n * 18_000, key, 9000);
        transport.feed(&muxer.fragment(&[picture]).expect("a fragment"));
    }
    transport.end();
    assert_eq!(transport.clocks.len(), 49 * 5 + 1);
    assert!(transport.clocks.windows(2).all(|pair| pair[1].value - pair[0].value == 40 * 27_000));
}

/// Clock references are in packets that carry sound as well, and frames share PES packets: 128 kbit/s of AAC take less than a sixth more, of
/// which the tables are a third.
#[test]
fn sound_alone_wastes_little() {
    let track = made_up::aac(1, 48_000);
    let frames: Vec<Packet> = (470..940).map(|n| frame(&track, n * 1024, 341)).collect();
    let mut muxer = Muxer::new(std::slice::from_ref(&track), Config::default()).expect("a muxer");
    let segment = muxer.segment(&frames).expect("a segment");
    let transport = transport::read(&segment);
    compare(&transport, &[track], &frames);
    assert!(transport.clocks.iter().all(|clock| !clock.alone));
    assert!(segment.len() * 6 < 470 * 341 * 7, "{} bytes for {}", segment.len(), 470 * 341);
}

#[test]
fn a_key_picture_brings_the_tables_and_so_does_time() {
    let track = made_up::h264(1);
    let mut muxer = Muxer::new(std::slice::from_ref(&track), Config::default()).expect("a muxer");
    let mut transport = Transport::default();
    for n in 0..120 {
        let key = if n % 50 == 0 { Key::Open } else { Key::No };
        transport.feed(&muxer.fragment(&[picture(&track, n * 3000, n * 3000, key, 50)]).expect("a fragment"));
    }
    transport.end();
    let pes = &transport.streams[&0x100].pes;
    let before: Vec<usize> =
        transport.tables.iter().map(|at| pes.iter().take_while(|pes| pes.packet < *at).count()).collect();
    // Pictures 0, 50 and 100 are keys; in between 13 pictures are 500 ms less the 80 ms that may pass until the next chance and the clock after it.
    assert_eq!(before, [0, 13, 26, 39, 50, 63, 76, 89, 100, 113]);
}

#[test]
fn metadata_come_with_their_time() {
    let tracks = [made_up::h264(1), made_up::aac(2, 48_000)];
    let id3 = made_up::id(9);
    let mut muxer = Muxer::new(&tracks, Config { id3: Some(id3), ..Config::default() }).expect("a muxer");
    let tag = Bytes::from_static(b"ID3\x04\x00\x00\x00\x00\x00\x0dTXXX\x00\x00\x00\x03\x00\x00\x03\x00\x00");
    let mut packets =
        vec![Packet { track: id3, ..made_up::packet(&tracks[0], 900_500, 900_500, Key::No, tag.clone()) }];
    packets
        .extend((0..10).map(|n| picture(&tracks[0], 900_000 + n * 3000, 900_000 + n * 3000, Key::No, 500)));
    packets.extend((0..10).map(|n| frame(&tracks[1], 480_000 + n * 1024, 100)));
    let transport = transport::read(&muxer.segment(&packets).expect("a segment"));
    compare(&transport, &tracks, &packets);
    let metadata = &transport.streams[&0x102];
    assert_eq!((metadata.stream_type, metadata.pes.len()), (0x15, 1));
    assert_eq!((metadata.pes[0].pts, &metadata.pes[0].data[..]), (900_500, &tag[..]));
    // In the order of time: behind the first picture and the first sound, before the second picture.
    assert!(metadata.pes[0].packet < transport.streams[&0x100].pes[1].packet);
    assert!(transport.program_info.starts_with(b"\x25\x0f\xff\xffID3 "));
}

#[test]
fn an_interruption_and_other_tracks() {
    let tracks = [made_up::h264(1), made_up::opus(2)];
    let mut muxer = Muxer::new(&tracks, Config::default()).expect("a muxer");
    let mut transport = Transport::default();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for n in 0..30 {
        let own = [
            picture(&tracks[0], 900_000 + n * 3000, 900_000 + n * 3000, Key::No, 900),
            frame(&tracks[1], 480_000 + n * 960, 80),
        ];
        transport.feed(&muxer.fragment(&own).expect("a fragment"));
        first.extend(own);
    }
    muxer.discontinuity();
    let other = [made_up::h265(1), made_up::opus(2)];
    muxer.set_tracks(&other).expect("other tracks");
    for n in 0..30 {
        let own = [picture(&other[0], n * 3000, n * 3000, Key::No, 900), frame(&other[1], n * 960, 80)];
        transport.feed(&muxer.fragment(&own).expect("a fragment"));
        second.extend(own);
    }
    transport.end();
    assert_eq!(transport.versions, [0, 1]);
    let jumps: Vec<_> = transport.clocks.iter().filter(|clock| clock.discontinuity).collect();
    assert_eq!(jumps.len(), 1);
    let sound: Vec<Packet> =
        first.iter().chain(&second).filter(|packet| packet.track == tracks[1].id).cloned().collect();
    assert_eq!(transport.streams[&0x101].pes.len(), sound.len());
    let pictures = &transport.streams[&0x100];
    assert_eq!((pictures.stream_type, pictures.pes.len()), (0x24, 60));
    assert_eq!((pictures.pes[29].dts, pictures.pes[30].dts), (987_000, 0));
}

/// A minute at 1 Mbit/s is a minute of 1 Mbit/s, whatever the pictures take, and no packet is late.
#[test]
fn a_constant_rate_is_kept() {
    let tracks = [made_up::h264(1), made_up::aac(2, 48_000)];
    let config = Config { mux_rate: Some(1_000_000), ..Config::default() };
    let mut muxer = Muxer::new(&tracks, config).expect("a muxer");
    let (mut transport, mut packets, mut bytes) = (Transport::default(), Vec::new(), 0);
    for n in 0..60 * 25 {
        let (key, len) =
            if n % 50 == 0 { (Key::Closed, 20_000) } else { (Key::No, 300 + (n as usize * 7919) % 3000) };
        let mut own = vec![picture(&tracks[0], n * 3600, n * 3600, key, len)];
        let sound = |time: i64| time * 1920 / 1024;
        own.extend((sound(n)..sound(n + 1)).map(|n| frame(&tracks[1], n * 1024, 170)));
        let written = match n % 50 {
            0 => muxer.segment(&own),
            _ => muxer.fragment(&own),
        };
        let written = written.expect("a segment");
        bytes += written.len();
        transport.feed(&written);
        packets.extend(own);
    }
    transport.end();
    compare(&transport, &tracks, &packets);
    check_rate(&transport, 1_000_000);
    assert!(transport.null_packets > 1000);
    // From 500 ms before the first DTS to at most as much before the last one, which is 40 ms before the minute is over.
    assert!((59.96..60.46).contains(&(bytes as f64 * 8.0 / 1e6)), "{bytes} bytes");
}

/// Each of these packets is written without a look at the clock inside it.
#[test]
fn many_short_packets_at_a_low_rate() {
    let tracks = [made_up::h264(1), made_up::aac(2, 48_000), made_up::aac(3, 48_000)];
    let config = Config { mux_rate: Some(250_000), audio_span: 0, ..Config::default() };
    let mut muxer = Muxer::new(&tracks, config).expect("a muxer");
    let (mut transport, mut packets) = (Transport::default(), Vec::new());
    for n in 0..400 {
        let mut own = vec![frame(&tracks[1], n * 1024, 60), frame(&tracks[2], n * 1024, 60)];
        if n % 50 == 0 {
            own.push(picture(&tracks[0], n * 1920, n * 1920, Key::Closed, 60));
        }
        transport.feed(&muxer.fragment(&own).expect("a fragment"));
        packets.extend(own);
    }
    transport.end();
    compare(&transport, &tracks, &packets);
    check_rate(&transport, 250_000);
}
