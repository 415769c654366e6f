//! Whatever is said to be a VP8 or VP9 stream: decoded or refused, every packet counted, every picture readable, and a key frame heals
//! everything before it.

use bytes::Bytes;
use media_core::decode::{Config, Decoded, vpx};
use media_core::packet::{Key, Packet};
use media_core::time::Timestamp;
use media_core::track::TrackId;

use crate::Script;

/// Byte 0 picks codec, layer and threads; packets are pieces with their length before them.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let Some(choice) = script.byte() else { return };
    let (options, key) = match choice % 4 {
        0 => (vpx::Options::vp8(), VP8_KEY),
        1 => (vpx::Options { spatial_layer: Some(choice >> 6), ..vpx::Options::vp9() }, VP9_KEY),
        2 => (vpx::Options { row_mt: true, ..vpx::Options::vp9() }, VP9_KEY),
        _ => (vpx::Options::vp9(), VP9_KEY),
    };
    let config = Config { threads: 1 + (choice >> 2) % 3, max_size: MAX, pictures: 4 };
    let mut decoder = vpx::Decoder::open(options, &config).expect("a configuration in range");
    let (mut packets, mut held) = (0, Vec::new());
    while let Some(piece) = script.piece() {
        // An odd length keeps the picture, until there are too many.
        if held.len() == 3 || piece.len() % 2 == 0 {
            held.clear();
        }
        packets += 1;
        drop(decoder.push(&packet(packets, piece)));
        held.extend(decoder.poll());
        held.iter().for_each(readable);
    }
    held.clear();
    decoder.push(&packet(packets + 1, key)).expect("a sound key frame");
    let last = decoder.poll().expect("the picture of a key frame");
    assert!(!last.corrupted);
    assert_eq!(last.picture.as_ref().row(0, 15), [128; 16], "whatever came before it");
    let stats = decoder.stats();
    let counted = stats.decoded + stats.refused + stats.dropped + stats.hidden + stats.empty;
    assert_eq!(counted, packets + 1, "{stats:?}");
    drop(decoder);
    readable(&last);
}

fn packet(number: u64, data: &[u8]) -> Packet {
    let pts = Timestamp::new(number as i64);
    let (track, data) = (TrackId::new(1).expect("not zero"), Bytes::copy_from_slice(data));
    Packet { track, pts, dts: pts, duration: None, key: Key::No, data, wall: None }
}

fn readable(decoded: &Decoded) {
    let frame = decoded.picture.as_ref();
    assert!(frame.size().0 <= MAX.0 && frame.size().1 <= MAX.1, "{frame:?}");
    frame.check_samples().expect("as many bits as the format has");
    let rows = |plane| frame.format().plane_size(plane, frame.size()).expect("a plane of it").1;
    let planes = 0..frame.planes().len();
    let sum: u64 = planes
        .map(|plane| frame.row(plane, rows(plane) - 1).iter().map(|byte| u64::from(*byte)).sum::<u64>())
        .sum();
    std::hint::black_box(sum);
}

const MAX: (u32, u32) = (256, 256);
/// 16 by 16 gray pixels, by our own encoder.
const VP8_KEY: &[u8] = b"\x10\x02\x00\x9d\x01\x2a\x10\x00\x10\x00\x00\x47\x08\x85\x85\x88\x99\x84\x88\x02\x02\x00\x06\x19\x68\x00\x00";
/// The same.
const VP9_KEY: &[u8] =
    b"\x82\x49\x83\x42\x00\x00\xf0\x00\xf6\x06\x38\x24\x1c\x18\x4a\x00\x00\x20\x40\x00\x37\x80";
