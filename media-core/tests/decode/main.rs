//! The decoders as their users see them: packets in, pictures out.
#![cfg(feature = "vpx")]
// Modules of one test program have no outside.
#![allow(unreachable_pub)]

mod behaviour;
mod damage;
mod md5;
mod same_pictures;
mod streams;
#[path = "../encode/tools.rs"]
#[allow(dead_code)]
mod tools;
mod traps;

use media_core::codec::Format;
use media_core::decode::{Config, Decoded, Decoder, Error};
use media_core::packet::Packet;

/// What came out of a whole stream: the pictures, and the errors by packet number.
struct Outcome {
    pictures: Vec<Decoded>,
    errors: Vec<(usize, Error)>,
    stats: media_core::decode::Stats,
}

/// Decodes to the end, whatever happens, holding every picture.
fn decode(format: Format, packets: &[Packet]) -> Outcome {
    let config = Config { pictures: packets.len().max(1), ..Config::default() };
    drive(Decoder::open(format, &config).unwrap(), packets)
}

fn drive(mut decoder: Decoder, packets: &[Packet]) -> Outcome {
    let (mut pictures, mut errors) = (Vec::new(), Vec::new());
    for (number, packet) in packets.iter().enumerate() {
        if let Err(error) = decoder.push(packet) {
            errors.push((number, error));
        }
        pictures.extend(std::iter::from_fn(|| decoder.poll()));
    }
    let stats = decoder.stats();
    pictures.extend(decoder.finish().unwrap());
    let taken = stats.decoded + stats.refused + stats.dropped + stats.hidden + stats.empty;
    assert_eq!(taken, packets.len() as u64, "{stats:?}");
    assert_eq!(stats.decoded, pictures.len() as u64);
    Outcome { pictures, errors, stats }
}

/// The samples of a picture without padding, as raw video files have them.
fn raw(decoded: &Decoded) -> Vec<u8> {
    let frame = decoded.picture.as_ref();
    let format = frame.format();
    let mut bytes = Vec::new();
    for plane in 0..format.planes() {
        let (_, rows) = format.plane_size(plane, frame.size()).unwrap();
        (0..rows).for_each(|row| bytes.extend_from_slice(frame.row(plane, row)));
    }
    bytes
}
