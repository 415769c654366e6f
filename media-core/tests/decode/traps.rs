//! Where wrappers of libvpx were found unsound. Each trap has a number, and a test that bears it; most only prove something under
//! valgrind (`script/valgrind`). What C calls back is tested beside the code.

use std::panic::{AssertUnwindSafe, catch_unwind};

use media_core::codec::Format;
use media_core::decode::{Config, Decoder, vpx};

use crate::streams::own;
use crate::{decode, raw};

const SIZE: (u32, u32) = (176, 144);
const BOTH: [Format; 2] = [Format::Vp8, Format::Vp9];

/// libvpx reuses its frames, and frees them with the decoder.
#[test]
fn t3_pictures_outlive_the_next_packets_and_the_decoder() {
    for format in BOTH {
        let packets = own(format, SIZE, 20, 250);
        let mut decoder = Decoder::open(format, &Config::default()).unwrap();
        decoder.push(&packets[0]).unwrap();
        let first = decoder.poll().unwrap();
        let copy = raw(&first);
        for packet in &packets[1..] {
            decoder.push(packet).unwrap();
            drop(decoder.poll());
        }
        assert!(raw(&first) == copy, "{format:?}");
        drop(decoder);
        assert!(raw(&first) == copy, "{format:?}");
    }
}

/// A picture of the old size is read while frames of the new size are decoded, and the memory of both goes its way.
#[test]
fn t3_pictures_outlive_a_change_of_size() {
    for format in BOTH {
        let (small, large) = (own(format, (96, 80), 4, 250), own(format, SIZE, 4, 250));
        let mut packets = [small, large].concat();
        packets.extend(own(format, (64, 64), 4, 250));
        let outcome = decode(format, &packets);
        assert_eq!(outcome.errors, []);
        let sizes: Vec<_> = outcome.pictures.iter().map(|decoded| decoded.picture.as_ref().size()).collect();
        assert_eq!(sizes, [[(96, 80); 4], [SIZE; 4], [(64, 64); 4]].concat());
        for (decoded, alone) in outcome.pictures.iter().zip(&decode(format, &packets[..8]).pictures) {
            assert!(raw(decoded) == raw(alone), "{format:?}");
        }
    }
}

/// Pictures go home from other threads while libvpx takes and gives buffers in its callbacks.
#[test]
fn t16_buffers_come_back_from_other_threads() {
    let packets = own(Format::Vp9, SIZE, 60, 20);
    let expected: Vec<_> = decode(Format::Vp9, &packets).pictures.iter().map(raw).collect();
    let (send, receive) = std::sync::mpsc::sync_channel(4);
    let reader = std::thread::spawn(move || receive.iter().map(|decoded| raw(&decoded)).collect::<Vec<_>>());
    let mut decoder = Decoder::open(Format::Vp9, &Config { threads: 2, ..Config::default() }).unwrap();
    for packet in &packets {
        decoder.push(packet).unwrap();
        decoder.poll().into_iter().for_each(|decoded| send.send(decoded).unwrap());
    }
    drop((decoder, send));
    assert!(reader.join().unwrap() == expected);
}

/// libvpx destroys a context that it could not open, and one of ours is destroyed once.
#[test]
fn t20_decoders_leave_nothing_behind() {
    for format in BOTH {
        for _ in 0..3 {
            drop(Decoder::open(format, &Config::default()).unwrap());
            assert!(Decoder::open(format, &Config { threads: 0, ..Config::default() }).is_err());
        }
        // Each damaged packet closes a context, each key frame opens one.
        let mut packets = own(format, SIZE, 12, 3);
        for packet in packets.iter_mut().skip(1).step_by(3) {
            packet.data = packet.data.slice(..1);
        }
        let outcome = decode(format, &packets);
        assert_eq!((outcome.stats.decoded, outcome.stats.refused), (4, 4));
    }
    let layers = vpx::Options { spatial_layer: Some(200), ..vpx::Options::vp9() };
    assert!(vpx::Decoder::open(layers, &Config::default()).is_err());
}

/// A `Drop` that panics while a panic unwinds would abort.
#[test]
fn t20_a_decoder_may_be_dropped_while_unwinding() {
    for format in BOTH {
        let packets = own(format, SIZE, 2, 250);
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let mut decoder = Decoder::open(format, &Config::default()).unwrap();
            decoder.push(&packets[0]).unwrap();
            std::panic::resume_unwind(Box::new("on purpose"));
        }));
        assert!(unwound.is_err());
    }
}
