//! Layers of libvpx: what is above one can be taken away, and what is left decodes to the same pictures.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use media_core::codec::vp9;
use media_core::encode::vpx::{Aq, Deadline, InterLayer, Layers, Options, Spatial, Temporal};
use media_core::encode::{
    Change, Coded, Config, Encoder, Error, FrameOptions, KeyFrames, Latency, Layer, Metrics, Quantizer,
    RateControl, Threads,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::packet::Packet;
use media_core::time::Timestamp;

use crate::tools::{self, Scratch};
use crate::{STEP, pictures};

const SIZE: (u32, u32) = (320, 240);
const TWO: Temporal = Temporal::Two { base: 60 };
const THREE: Temporal = Temporal::Three { base: 40, middle: 60 };

fn layered(options: Options, layers: Layers) -> Config {
    Config {
        size: SIZE,
        rate: RateControl::Constant { bitrate: 400_000, buffer_ms: 1000 },
        key_frames: KeyFrames::OnlyForced,
        latency: Latency::Realtime,
        threads: Threads::Count(1),
        ..crate::vpx(Options { layers, ..options })
    }
}

fn by_rate(temporal: Temporal) -> Layers {
    Layers { temporal, ..Layers::NONE }
}

fn three_sizes(temporal: Temporal, inter_layer: InterLayer) -> Layers {
    let spatial = vec![Spatial::new((1, 4), 15), Spatial::new((1, 2), 30), Spatial::new((1, 1), 55)];
    Layers { temporal, spatial, inter_layer }
}

fn encode(config: Config, frames: &[Frame], keys: &[usize]) -> Vec<Coded> {
    let mut encoder = Encoder::open(config).unwrap();
    for (number, frame) in frames.iter().enumerate() {
        let options = if keys.contains(&number) { FrameOptions::KEY } else { FrameOptions::default() };
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &options).unwrap();
    }
    encoder.finish().unwrap().coded
}

/// libvpx takes the quantizers of its layers, not those of the frame, so that a fixed one would be ignored.
#[test]
fn layers_have_quantizers_of_their_own() {
    let frame = pictures::moving(PixelFormat::I420, SIZE, 1).remove(0);
    for (options, layers) in [
        (Options::vp8(), by_rate(TWO)),
        (Options::vp9(), by_rate(THREE)),
        (Options::vp9(), three_sizes(Temporal::One, InterLayer::Always)),
    ] {
        let mut encoder = Encoder::open(layered(options, layers)).unwrap();
        let fixed = FrameOptions { quantizer: Quantizer::Fixed(30), ..FrameOptions::default() };
        let pushed = encoder.push(&frame.as_ref(), Timestamp::ZERO, &fixed);
        assert!(matches!(pushed, Err(Error::FrameOption { option: "quantizer", .. })), "{pushed:?}");
    }
}

/// The hash of each picture that ffmpeg decodes, by its number in the whole stream.
fn decoded(scratch: &Scratch, fourcc: [u8; 4], coded: &[&Coded]) -> BTreeMap<i64, String> {
    let packets: Vec<Packet> = coded.iter().map(|coded| coded.packet.clone()).collect();
    let path = scratch.file("layers.ivf");
    std::fs::write(&path, tools::ivf(fourcc, SIZE, &packets)).unwrap();
    let hashes = tools::decoded(&path);
    assert_eq!(hashes.len(), packets.len(), "{fourcc:?}");
    packets.iter().map(|packet| packet.pts.ticks() / STEP).zip(hashes).collect()
}

#[test]
fn upper_frame_rates_can_be_left_out() {
    if !tools::present(&["ffmpeg"]) {
        return;
    }
    let scratch = Scratch::new();
    let frames = pictures::moving(PixelFormat::I420, SIZE, 40);
    for (name, fourcc, options) in [("vp8", *b"VP80", Options::vp8()), ("vp9", *b"VP90", Options::vp9())] {
        for temporal in [TWO, THREE] {
            for keys in [&[][..], &[8], &[9, 18, 27]] {
                let coded = encode(layered(options.clone(), by_rate(temporal)), &frames, keys);
                let whole = decoded(&scratch, fourcc, &coded.iter().collect::<Vec<_>>());
                let top = if temporal == TWO { 1 } else { 2 };
                assert_eq!(coded.iter().map(|coded| coded.picture.layer.temporal).max(), Some(top));
                for limit in 0..top {
                    let kept: Vec<&Coded> =
                        coded.iter().filter(|coded| coded.picture.layer.temporal <= limit).collect();
                    assert!(kept.len() * 2 <= coded.len() + 6, "{name} {temporal:?}");
                    for (number, hash) in decoded(&scratch, fourcc, &kept) {
                        assert_eq!(whole[&number], hash, "{name} {temporal:?} {keys:?} {limit}: {number}");
                    }
                }
                // The uppermost layer of VP8 is what nothing refers to; VP9 keeps it in a slot that nobody reads.
                for coded in coded.iter().filter(|coded| coded.picture.layer.temporal == top) {
                    assert!(coded.picture.disposable || name == "vp9", "{temporal:?} {:?}", coded.packet.pts);
                }
            }
        }
    }
}

#[test]
fn frames_are_in_the_layers_of_their_pattern_and_keys_in_the_lowest() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 12);
    for options in [Options::vp8(), Options::vp9()] {
        let layers = |temporal, keys: &[usize]| -> Vec<u8> {
            let coded = encode(layered(options.clone(), by_rate(temporal)), &frames, keys);
            coded.iter().map(|coded| coded.picture.layer.temporal).collect()
        };
        assert_eq!(layers(TWO, &[]), [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(layers(THREE, &[]), [0, 2, 1, 2, 0, 2, 1, 2, 0, 2, 1, 2]);
        assert_eq!(layers(THREE, &[5])[..6], [0, 2, 1, 2, 0, 0]);
    }
}

/// The pictures that vpxdec decodes up to a spatial layer, as one hash, and the size of the first.
fn layer_of(path: &Path, layer: u8) -> (String, Vec<u8>) {
    let mut command = Command::new("vpxdec");
    command.args(["--md5", "--rawvideo", &format!("--svc-decode-layer={layer}")]).arg(path);
    let hash = String::from_utf8(tools::run(&mut command)).unwrap();
    let mut command = Command::new("vpxdec");
    command.args(["--rawvideo", "-o", "-", &format!("--svc-decode-layer={layer}")]).arg(path);
    (hash.split(' ').next().unwrap().to_owned(), tools::run(&mut command))
}

/// Without a layer chosen.
fn all_of(path: &Path) -> Vec<u8> {
    let mut command = Command::new("vpxdec");
    tools::run(command.args(["--rawvideo", "-o", "-"]).arg(path))
}

#[test]
fn each_size_decodes_and_upper_ones_can_be_cut_off() {
    if !tools::present(&["vpxdec"]) {
        return;
    }
    let scratch = Scratch::new();
    let frames = pictures::moving(PixelFormat::I420, SIZE, 24);
    let sizes = [(80, 60), (160, 120), (320, 240)];
    for inter_layer in [InterLayer::Always, InterLayer::KeyFrames] {
        for temporal in [Temporal::One, TWO, THREE] {
            let config = layered(Options::vp9(), three_sizes(temporal, inter_layer));
            let coded = encode(config, &frames, &[10]);
            assert_eq!(coded.len(), 24);
            assert!(coded.iter().all(|coded| coded.picture.layer.spatial == 2));
            let path = scratch.file("whole.ivf");
            let packets: Vec<Packet> = coded.into_iter().map(|coded| coded.packet).collect();
            std::fs::write(&path, tools::ivf(*b"VP90", SIZE, &packets)).unwrap();
            for (layer, (width, height)) in sizes.into_iter().enumerate() {
                let cut: Vec<Packet> = packets
                    .iter()
                    .map(|packet| Packet {
                        data: vp9::first_frames(&packet.data, layer + 1),
                        ..packet.clone()
                    })
                    .collect();
                let cut_path = scratch.file("cut.ivf");
                std::fs::write(&cut_path, tools::ivf(*b"VP90", SIZE, &cut)).unwrap();
                let (_, expected) = layer_of(&path, layer as u8);
                let found = all_of(&cut_path);
                assert_eq!(found.len(), 24 * width * height * 3 / 2, "{inter_layer:?} {temporal:?} {layer}");
                assert!(found == expected, "{inter_layer:?} {temporal:?} {layer}");
            }
        }
    }
}

#[test]
fn the_bit_rate_is_shared_out_as_asked_and_a_change_of_it_too() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 150);
    let config = layered(Options::vp9(), three_sizes(Temporal::One, InterLayer::KeyFrames));
    let mut encoder = Encoder::open(config).unwrap();
    let mut bytes = [[0_usize; 3]; 2];
    for (number, frame) in frames.iter().enumerate() {
        if number == 75 {
            let rate = RateControl::Constant { bitrate: 1_200_000, buffer_ms: 1000 };
            encoder.reconfigure(&Change::rate(rate)).unwrap();
        }
        encoder
            .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
            .unwrap();
        let data = encoder.poll().unwrap().packet.data;
        for (layer, frame) in vp9::frames(&data).enumerate() {
            bytes[number / 75][layer] += frame.len();
        }
    }
    for (bytes, rate) in bytes.into_iter().zip([400_000, 1_200_000]) {
        for (found, percent) in bytes.into_iter().zip([15, 30, 55]) {
            // Three seconds.
            let expected = rate * percent / 100 * 3 / 8;
            assert!((expected / 2..expected * 3 / 2).contains(&found), "{bytes:?} at {rate}");
        }
    }
}

#[test]
fn vp8_shares_its_bit_rate_out_between_frame_rates() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 150);
    let coded = encode(layered(Options::vp8(), by_rate(THREE)), &frames, &[]);
    assert_eq!(coded.len(), 150);
    let of = |limit| -> usize {
        let below = coded.iter().filter(|coded| coded.picture.layer <= Layer { spatial: 0, temporal: limit });
        below.map(|coded| coded.packet.data.len()).sum::<usize>() * 8 / 6
    };
    for (limit, expected) in [(0, 160_000), (1, 240_000), (2, 400_000)] {
        assert!((expected * 7 / 10..expected * 13 / 10).contains(&of(limit)), "{limit}: {}", of(limit));
    }
}

#[test]
fn pictures_left_out_are_left_out_in_all_sizes() {
    let frames = pictures::moving(PixelFormat::I420, SIZE, 100);
    let options = Options { drop_frames: 40, ..Options::vp9() };
    let config = layered(options, three_sizes(Temporal::One, InterLayer::Always));
    let rate = RateControl::Constant { bitrate: 40_000, buffer_ms: 500 };
    let mut encoder = Encoder::open(Config { rate, ..config }).unwrap();
    let mut packets = 0;
    for (number, frame) in frames.iter().enumerate() {
        encoder
            .push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())
            .unwrap();
        while let Some(coded) = encoder.poll() {
            assert_eq!(vp9::frames(&coded.packet.data).count(), 3);
            packets += 1;
        }
    }
    let report = encoder.finish().unwrap().report;
    assert!(report.dropped > 2 && report.dropped + packets == 100, "{report:?}");
}

/// libvpx stores layer ids and counts before it refuses them, and looks at scales not at all.
#[test]
fn t10_layers_that_make_no_sense_are_refused_before_libvpx_hears_of_them() {
    let vp9 = |layers| layered(Options::vp9(), layers);
    let sizes = |spatial: Vec<Spatial>| vp9(Layers { spatial, ..Layers::NONE });
    let whole = |percent| Spatial::new((1, 1), percent);
    let refused = [
        sizes(vec![Spatial::new((0, 1), 50), whole(50)]),
        sizes(vec![Spatial::new((1, 0), 50), whole(50)]),
        sizes(vec![Spatial::new((1, 5), 50), whole(50)]),
        sizes(vec![Spatial::new((3, 2), 50), whole(50)]),
        sizes(vec![Spatial::new((255, 255), 50), whole(50)]),
        sizes(vec![whole(50), Spatial::new((1, 2), 50)]),
        sizes(vec![Spatial::new((1, 2), 100)]),
        sizes(vec![Spatial::new((1, 2), 60), whole(60)]),
        sizes(vec![Spatial::new((1, 2), 0), whole(100)]),
        sizes(vec![Spatial::new((1, 2), 255), whole(101)]),
        sizes(vec![Spatial::new((1, 4), 25), Spatial::new((1, 3), 25), Spatial::new((1, 2), 25), whole(25)]),
        sizes(vec![Spatial { quantizers: (40, 30), ..Spatial::new((1, 2), 50) }, whole(50)]),
        sizes(vec![Spatial { quantizers: (0, 64), ..Spatial::new((1, 2), 50) }, whole(50)]),
        sizes(vec![Spatial { cpu_used: Some(4), ..Spatial::new((1, 2), 50) }, whole(50)]),
        Config { size: (40, 40), ..sizes(vec![Spatial::new((1, 4), 50), whole(50)]) },
        vp9(by_rate(Temporal::Two { base: 0 })),
        vp9(by_rate(Temporal::Two { base: 100 })),
        vp9(by_rate(Temporal::Three { base: 60, middle: 40 })),
        vp9(by_rate(Temporal::Three { base: 60, middle: 60 })),
        Config { rate: RateControl::Average { bitrate: 400_000 }, ..vp9(by_rate(TWO)) },
        Config { rate: RateControl::Constant { bitrate: 1000, buffer_ms: 1000 }, ..vp9(by_rate(TWO)) },
        Config { key_frames: KeyFrames::Auto { max: 100 }, ..vp9(by_rate(TWO)) },
        layered(Options { deadline: Deadline::Good, ..Options::vp9() }, by_rate(TWO)),
        layered(Options { cpu_used: 4, ..Options::vp9() }, by_rate(TWO)),
        layered(Options { aq: Aq::Variance, ..Options::vp9() }, by_rate(TWO)),
        layered(Options::vp8(), three_sizes(Temporal::One, InterLayer::Always)),
        Config {
            metrics: Metrics { psnr: true, ssim: false },
            ..vp9(three_sizes(Temporal::One, InterLayer::Always))
        },
        Config { format: PixelFormat::I444, ..vp9(three_sizes(Temporal::One, InterLayer::Always)) },
    ];
    for (index, config) in refused.into_iter().enumerate() {
        let refused = Encoder::open(config);
        let named = matches!(
            &refused,
            Err(Error::Config { field: "layers", .. } | Error::Unsupported { field: "layers", .. })
        );
        assert!(named, "{index}: {refused:?}");
    }
}
