//! Transport streams of whole lives, read over all segments by a strict reader: continuity, clocks, tables; nothing is lost but what comes too late.

use std::collections::BTreeMap;

use bytes::Bytes;
use media_core::mux::mpegts;
use media_core::packet::{Key, Packet};
use media_core::segment::{Config, Error, Format, Output, Refusal, Segmenter};
use media_core::timeline;
use media_core::track::Kind;
use proptest::prelude::*;

use crate::lives::{event, life};
use crate::made_up;
use crate::parts::MILLISECOND;
use crate::stream::{SECOND, camera, id, microphone, mixed, sound, tracks};
use crate::transport_reader::{self, Transport};

/// The same life with pictures that a transport stream holds, every packet with a content of its own.
fn transported(stream: Vec<timeline::Output>) -> Vec<timeline::Output> {
    let mut number = 0_u32;
    let content = |packet: Packet| {
        number += 1;
        let own = number.to_be_bytes().map(|byte| [byte >> 4 | 0x10, byte & 0xf | 0x10]).concat();
        let data = match (packet.track == id(1), packet.key) {
            (false, _) => own,
            (true, Key::No) => [&9_u32.to_be_bytes()[..], &[0x41], &own].concat(),
            (true, _) => [&9_u32.to_be_bytes()[..], &[0x65], &own].concat(),
        };
        Packet { data: Bytes::from(data), ..packet }
    };
    let mut content = content;
    let convert = |output| match output {
        timeline::Output::Packet(packet) => timeline::Output::Packet(content(packet)),
        timeline::Output::Tracks(tracks) => {
            let own = |track: &media_core::track::Track| match track.kind() {
                Kind::Video => made_up::h264(1),
                Kind::Audio => track.clone(),
            };
            timeline::Output::Tracks(tracks.iter().map(own).collect())
        }
        output => output,
    };
    stream.into_iter().map(convert).collect()
}

/// All contents, by number, in the order they come.
fn contents(transport: &Transport) -> BTreeMap<u16, Vec<u32>> {
    let number = |own: &[u8]| {
        own.chunks(2)
            .fold(0, |value, pair| value << 8 | u32::from(pair[0] & 0xf) << 4 | u32::from(pair[1] & 0xf))
    };
    let of = |pes: &transport_reader::Pes| -> Vec<u32> {
        match pes.stream_id {
            0xe0.. => vec![number(&transport_reader::nals(&pes.data).last().unwrap()[1..])],
            _ => transport_reader::adts(&pes.data).iter().map(|(_, frame)| number(frame)).collect(),
        }
    };
    transport.streams.iter().map(|(pid, stream)| (*pid, stream.pes.iter().flat_map(of).collect())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_life_is_one_continuous_transport_stream(
        events in prop::collection::vec(event(), 1..8),
        target in 500..4000_i64,
        part in prop_oneof![1 => Just(None), 2 => (100..700_i64).prop_map(|part| Some(part * MILLISECOND))],
    ) {
        let config = Config { part, format: Format::MpegTs, ..Config::new(target * MILLISECOND) };
        let mut segmenter = Segmenter::new(config);
        let mut transport = Transport::default();
        let (mut sent, mut late) = (0, false);
        let mut see = |outputs: Vec<Output>| {
            for output in outputs {
                if let Output::Cut(cut) = output {
                    assert_eq!(cut.segments.len(), 1);
                    let bytes = cut.segments[0].rope.to_bytes();
                    transport_reader::check_segment(&bytes);
                    transport.feed(&bytes);
                }
            }
        };
        for output in transported(life(&events)) {
            sent += usize::from(matches!(output, timeline::Output::Packet(_)));
            match segmenter.push(output) {
                Ok(()) => {}
                Err(Error::Mux { source: Refusal::MpegTs(mpegts::Error::Late { track, .. }), .. }) => {
                    assert_eq!(track, id(2));
                    late = true;
                }
                Err(error) => panic!("{error:?}"),
            }
            see(std::iter::from_fn(|| segmenter.poll()).collect());
        }
        // An error here is at most one more about late sound, and takes what is left with it.
        match segmenter.finish() {
            Ok(outputs) => see(outputs),
            Err(_) => late = true,
        }
        transport.end();
        let mut all = Vec::new();
        for numbers in contents(&transport).into_values() {
            prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice");
            all.extend(numbers);
        }
        prop_assert!(late || all.len() == sent, "{} of {sent}", all.len());
    }
}

#[test]
fn sound_that_comes_too_late_for_the_clock_is_left_out_alone() {
    let late = microphone(0..8000).map(|(at, output)| (at + 2000, output));
    let stream = transported(
        [tracks([crate::stream::pictures(), sound()])]
            .into_iter()
            .chain(mixed(camera(0..8000, 2000).chain(late)))
            .collect(),
    );
    let mut segmenter = Segmenter::new(Config { format: Format::MpegTs, ..Config::new(2 * SECOND) });
    let mut pictures = 0;
    let mut transport = Transport::default();
    let mut errors = 0;
    for output in stream {
        pictures += usize::from(matches!(&output, timeline::Output::Packet(packet) if packet.track == id(1)));
        errors += usize::from(segmenter.push(output).is_err());
        while let Some(output) = segmenter.poll() {
            if let Output::Cut(cut) = output {
                transport.feed(&cut.segments[0].rope.to_bytes());
            }
        }
    }
    assert!((1..=4).contains(&errors), "{errors} errors");
    transport.end();
    let contents = contents(&transport);
    assert!(contents[&0x100].len() >= pictures - 50, "pictures of all cuts but the last");
}
