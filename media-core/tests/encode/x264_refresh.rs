//! Intra refresh instead of key frames, and references that a receiver lost.

use media_core::encode::{Config, Encoder, Error, FrameOptions, KeyFrames, Latency, PictureKind, Threads};
use media_core::frame::{Frame, PixelFormat};
use media_core::packet::{Key, Packet};
use media_core::time::Timestamp;

use crate::tools::{self, Scratch};
use crate::{SIZE, STEP, encode, pictures};

fn config(key_frames: KeyFrames) -> Config {
    Config { key_frames, latency: Latency::Realtime, threads: Threads::Count(1), ..crate::x264("veryfast") }
}

fn decoded(config: &Config, packets: &[Packet]) -> Vec<String> {
    let scratch = Scratch::new();
    let path = scratch.file("stream.h264");
    let sets = Encoder::open(config.clone()).unwrap().codec_config().clone();
    std::fs::write(&path, tools::annexb(&sets, packets)).unwrap();
    tools::decoded(&path)
}

fn push(encoder: &mut Encoder, frames: &[Frame], number: usize) -> (Packet, PictureKind) {
    let pts = Timestamp::new(number as i64 * STEP);
    encoder.push(&frames[number].as_ref(), pts, &FrameOptions::default()).unwrap();
    let coded = encoder.poll().unwrap();
    (coded.packet, coded.picture.kind)
}

#[test]
fn intra_refresh_has_no_key_frames_and_is_whole_after_a_round() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 70);
    let config = config(KeyFrames::IntraRefresh { every: 20 });
    let packets = encode(config.clone(), &frames, &[]);
    assert_eq!(packets[0].key, Key::Closed);
    let rolls: Vec<_> =
        packets.iter().enumerate().skip(1).filter(|(_, packet)| packet.key != Key::No).collect();
    assert_eq!(rolls.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [20, 40, 60]);
    // As wide as the picture: 11 macroblocks, of which x264 counts 10 columns after the first, less one.
    assert!(rolls.iter().all(|(_, packet)| packet.key == Key::Roll { pictures: 9 }), "{:?}", rolls[0].1.key);
    // No frame sticks out, as a key frame would.
    let sizes: Vec<_> = packets.iter().map(|packet| packet.data.len()).collect();
    let (largest, mean) = (sizes[1..].iter().max().unwrap(), sizes[1..].iter().sum::<usize>() / 69);
    assert!(*largest < sizes[0] && *largest < 3 * mean, "{largest} {mean} {}", sizes[0]);
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let whole = decoded(&config, &packets);
    // Whoever comes in at the beginning of a round sees the same pictures from its end on.
    let late = decoded(&config, &packets[20..]);
    assert_eq!(whole.len(), 70);
    // ffmpeg may leave out pictures before the first recovery is complete.
    let end = 20 + 9 + 2;
    assert_eq!(late[late.len() - (70 - end)..], whole[end..]);
}

#[test]
fn a_refresh_begins_when_it_is_asked_for() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 60);
    let mut encoder = Encoder::open(config(KeyFrames::IntraRefresh { every: 10_000 })).unwrap();
    let mut starts = Vec::new();
    for number in 0..60 {
        if number == 25 || number == 45 {
            encoder.refresh().unwrap();
        }
        let (packet, kind) = push(&mut encoder, &frames, number);
        if packet.key != Key::No {
            starts.push(number);
        }
        assert_eq!(kind == PictureKind::Key, number == 0);
    }
    assert_eq!(starts, [0, 25, 45]);
    let mut without = Encoder::open(config(KeyFrames::OnlyForced)).unwrap();
    assert!(matches!(without.refresh(), Err(Error::NotReconfigurable { field: "refresh", .. })));
}

#[test]
fn a_round_of_one_frame_and_of_grey_is_refused() {
    // The `x264` program of build 164 crashes over it: --output-csp i400 --intra-refresh.
    let gray = Config { format: PixelFormat::Gray, ..config(KeyFrames::IntraRefresh { every: 20 }) };
    assert!(matches!(Encoder::open(gray), Err(Error::Unsupported { field: "key_frames", .. })));
    let refused = Encoder::open(config(KeyFrames::IntraRefresh { every: 1 }));
    assert!(matches!(refused, Err(Error::Config { field: "key_frames", .. })));
}

#[test]
fn what_was_lost_is_not_referred_to_any_more() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    let mut config = config(KeyFrames::OnlyForced);
    if let media_core::encode::Codec::X264(options) = &mut config.codec {
        options.params = vec![("ref".into(), "3".into()), ("dpb-size".into(), "8".into())];
    }
    let mut encoder = Encoder::open(config.clone()).unwrap();
    let mut packets = Vec::new();
    let mut kinds = Vec::new();
    for number in 0..40 {
        if number == 20 {
            // The receiver lost pictures 17 to 19.
            encoder.invalidate_reference(Timestamp::new(17 * STEP)).unwrap();
        }
        let (packet, kind) = push(&mut encoder, &frames, number);
        packets.push(packet);
        kinds.push(kind);
    }
    assert_eq!(kinds.iter().filter(|kind| **kind == PictureKind::Key).count(), 1, "no key frame was needed");
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let whole = decoded(&config, &packets);
    let received = packets.iter().enumerate().filter(|(number, _)| !(17..20).contains(number));
    let received: Vec<_> = received.map(|(_, packet)| packet.clone()).collect();
    let seen = decoded(&config, &received);
    assert_eq!(seen[seen.len() - 20..], whole[20..], "as if nothing had been lost");
    // All that is left of the window was lost: libx264 begins anew.
    let mut encoder = Encoder::open(config).unwrap();
    (0..10).for_each(|number| drop(push(&mut encoder, &frames, number)));
    encoder.invalidate_reference(Timestamp::ZERO).unwrap();
    assert_eq!(push(&mut encoder, &frames, 10).1, PictureKind::Key);
}

#[test]
fn references_are_kept_where_libx264_cannot_forget_them() {
    let field = |config: Config| {
        let frames = pictures::moving(PixelFormat::I420, SIZE, 1);
        let mut encoder = Encoder::open(config).unwrap();
        encoder.push(&frames[0].as_ref(), Timestamp::ZERO, &FrameOptions::default()).unwrap();
        match encoder.invalidate_reference(Timestamp::ZERO) {
            Err(Error::NotReconfigurable { field, reason }) => (field, reason.is_empty()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(field(config(KeyFrames::IntraRefresh { every: 20 })), ("references", false));
    assert_eq!(
        field(Config { latency: Latency::Unlimited, ..config(KeyFrames::OnlyForced) }),
        ("references", false)
    );
}
