//! Any configuration, sensible or not: it opens and encodes, or is refused with a reason. Nothing panics, and libvpx gets nothing that
//! it answers with an error of its own once it is open.

use std::sync::Arc;

use media_core::encode::vpx::{
    AltRef, Aq, Bounds, Content, Deadline, InterLayer, Layers, LoopFilter, Options, Resilience, Spatial,
    Temporal, Tuning,
};
use media_core::encode::{
    Block, Change, Config, Encoder, Error, FrameOptions, FrameRate, FrameType, KeyFrames, Latency, Metrics,
    Pass, Quantizer, RateControl, Reference, References, Regions, Threads, Timing, Update,
};
use media_core::frame::PixelFormat;
use media_core::time::{TimeBase, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

use crate::pictures;

fn maybe<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = Option<T>> {
    prop_oneof![6 => Just(None), 1 => select(values).prop_map(Some)]
}

fn bounds() -> impl Strategy<Value = Bounds> {
    let quantizers = (maybe(vec![0, 10, 40, 64]), maybe(vec![5, 40, 63, 200]));
    let percents = (maybe(vec![0, 50, 100, 101]), maybe(vec![0, 50, 100, 101]), maybe(vec![0, 100, 101]));
    let parts = (maybe(vec![0, 50, 900]), maybe(vec![0, 50, 900, 65_535]));
    let frames = (maybe(vec![0, 300, 65_535]), maybe(vec![0, 300]), maybe(vec![0, 50]));
    (quantizers, percents, parts, frames).prop_map(|(quantizers, percents, parts, frames)| Bounds {
        min_quantizer: quantizers.0,
        max_quantizer: quantizers.1,
        undershoot: percents.0,
        overshoot: percents.1,
        bias: percents.2,
        min_section: parts.0,
        max_section: parts.1,
        max_key_frame: frames.0,
        max_inter_frame: frames.1,
        golden_boost: frames.2,
    })
}

fn alt_ref() -> impl Strategy<Value = AltRef> {
    let small = || maybe(vec![0_u8, 1, 4, 6, 15, 24, 25, 255]);
    let flags = (maybe(vec![false, true]), maybe(vec![false, true]));
    (small(), small(), small(), small(), small(), flags).prop_map(
        |(layers, max_frames, strength, min_interval, max_interval, (aq, tpl))| AltRef {
            layers,
            max_frames,
            strength,
            min_interval,
            max_interval,
            aq,
            tpl,
        },
    )
}

fn layers() -> impl Strategy<Value = Layers> {
    let temporal = select(vec![
        Temporal::One,
        Temporal::Two { base: 60 },
        Temporal::Two { base: 100 },
        Temporal::Three { base: 40, middle: 60 },
        Temporal::Three { base: 40, middle: 40 },
    ]);
    let spatial = select(vec![
        vec![],
        vec![Spatial::new((1, 2), 40), Spatial::new((1, 1), 60)],
        vec![Spatial::new((1, 4), 20), Spatial::new((2, 3), 30), Spatial::new((1, 1), 50)],
        vec![Spatial::new((1, 0), 40), Spatial::new((1, 1), 60)],
        vec![Spatial::new((1, 1), 100)],
    ]);
    let layered = (temporal, spatial, select(vec![InterLayer::Always, InterLayer::KeyFrames]))
        .prop_map(|(temporal, spatial, inter_layer)| Layers { temporal, spatial, inter_layer });
    prop_oneof![1 => Just(Layers::NONE), 3 => layered]
}

fn options() -> impl Strategy<Value = Options> {
    let which =
        (any::<bool>(), select(vec![Deadline::Realtime, Deadline::Realtime, Deadline::Good, Deadline::Best]));
    let speed = select(vec![5, 7, 8, 9, 9, -6, -9, 2, 12, -16, 100]);
    let tiles = (select(vec![0, 0, 0, 2, 6, 7]), select(vec![0, 0, 0, 1, 2, 3]), any::<bool>());
    let drops = (select(vec![0, 0, 0, 30, 100, 101]), select(vec![false, false, true]));
    let aq = select(vec![
        Aq::None,
        Aq::None,
        Aq::None,
        Aq::Variance,
        Aq::Complexity,
        Aq::CyclicRefresh,
        Aq::Equator360,
        Aq::Perceptual,
    ]);
    let content = select(vec![
        Content::Camera,
        Content::Camera,
        Content::Screen,
        Content::ScreenBounded,
        Content::Film,
    ]);
    let small = (
        select(vec![0, 0, 0, 1, 3, 6, 7]),
        select(vec![0, 0, 3, 7, 8]),
        select(vec![0, 0, 500, 2_000_000]),
        select(vec![0, 0, 0, 2, 3, 4]),
    );
    let stream = (
        select(vec![Resilience::None, Resilience::None, Resilience::Frames, Resilience::Partitions]),
        maybe(vec![true, false]),
        maybe(vec![10_u8, 31, 62, 33]),
        maybe(vec![(1, 1), (64, 48), (0, 7), (65_536, 1), (70_000, 1)]),
        select(vec![0_i8, 0, 0, 15, -15, 16, -128]),
        select(vec![LoopFilter::All, LoopFilter::All, LoopFilter::References, LoopFilter::Off]),
    );
    let tuning = select(vec![Tuning::Psnr, Tuning::Psnr, Tuning::Ssim]);
    // Which fields are taken: all at once would be refused for one of them nearly always.
    let taken = any::<[u8; 22]>();
    ((which, speed, tiles, drops, taken), bounds(), alt_ref(), (aq, content, tuning), small, stream, layers())
        .prop_map(|((which, cpu_used, tiles, drops, taken), bounds, alt_ref, look, small, stream, layers)| {
            let base = if which.0 { Options::vp9() } else { Options::vp8() };
            let mut options = Options { deadline: which.1, ..base };
            macro_rules! take {
                ($($index:literal $field:ident: $wild:expr;)*) => {
                    $(if taken[$index] < 20 { options.$field = $wild; })*
                };
            }
            take! {
                0 cpu_used: cpu_used;
                1 tile_columns: tiles.0;
                2 tile_rows: tiles.1;
                3 row_mt: tiles.2;
                4 bounds: bounds;
                5 drop_frames: drops.0;
                6 drop_after_coding: drops.1;
                7 alt_ref: alt_ref;
                8 aq: look.0;
                9 content: look.1;
                10 tuning: look.2;
                11 noise_sensitivity: small.0;
                12 sharpness: small.1;
                13 static_threshold: small.2;
                14 token_partitions: small.3;
                15 resilience: stream.0;
                16 frame_parallel: stream.1;
                17 target_level: stream.2;
                18 render_size: stream.3;
                19 delta_q_uv: stream.4;
                20 loop_filter: stream.5;
                21 layers: layers;
            }
            options
        })
}

fn rate() -> impl Strategy<Value = RateControl> {
    let bitrate = || select(vec![1000, 20_000, 200_000, 3_000_000, 900_000_000]);
    let q = || select(vec![0_u8, 3, 30, 63, 64]);
    prop_oneof![
        4 => (bitrate(), select(vec![1, 100, 1000, 60_000])).prop_map(|(bitrate, buffer_ms)| RateControl::Constant { bitrate, buffer_ms }),
        2 => bitrate().prop_map(|bitrate| RateControl::Average { bitrate }),
        1 => q().prop_map(|q| RateControl::Quality { q: q.into() }),
        1 => (q(), bitrate()).prop_map(|(q, max)| RateControl::CappedQuality { q: q.into(), max, buffer_ms: 500 }),
        1 => q().prop_map(|qp| RateControl::Quantizer { qp }),
        1 => Just(RateControl::Lossless),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let size = select(vec![(64, 64), (64, 48), (65, 33), (80, 80), (176, 144), (17, 1), (3, 3), (640, 16)]);
    let format = select(vec![
        PixelFormat::I420,
        PixelFormat::I420,
        PixelFormat::I420,
        PixelFormat::Nv12,
        PixelFormat::Gray,
        PixelFormat::I422,
        PixelFormat::I444,
        PixelFormat::I010,
        PixelFormat::P010,
        PixelFormat::Gray10,
        PixelFormat::I210,
        PixelFormat::I410,
    ]);
    let keys = select(vec![
        KeyFrames::Auto { max: 3 },
        KeyFrames::Auto { max: 250 },
        KeyFrames::Fixed { every: 1 },
        KeyFrames::Fixed { every: 2 },
        KeyFrames::OnlyForced,
        KeyFrames::OnlyForced,
    ]);
    let latency = select(vec![Latency::Realtime, Latency::Realtime, Latency::Frames(3), Latency::Unlimited]);
    let threads = select(vec![Threads::Auto, Threads::Count(1), Threads::Count(3)]);
    let time_base = select(vec![TimeBase::VIDEO, TimeBase::hz(25), TimeBase::hz(1), TimeBase::NANOS]);
    (options(), size, format, rate(), (keys, latency, threads, any::<bool>()), time_base).prop_map(
        |(options, size, format, rate, (key_frames, latency, threads, psnr), time_base)| Config {
            format,
            rate,
            key_frames,
            latency,
            threads,
            timing: Timing::Variable,
            metrics: Metrics { psnr, ssim: false },
            ..Config::new(options, size, time_base, FrameRate::hz(25))
        },
    )
}

fn frame_options(size: (u32, u32)) -> impl Strategy<Value = FrameOptions> {
    let frame_type = select(vec![FrameType::Auto, FrameType::Auto, FrameType::Key, FrameType::B]);
    let quantizer = select(vec![
        Quantizer::Auto,
        Quantizer::Auto,
        Quantizer::Fixed(0),
        Quantizer::Fixed(40),
        Quantizer::Fixed(99),
        Quantizer::Offset(3),
    ]);
    let blocks = prop::collection::vec(
        (
            0..700_u32,
            0..200_u32,
            select(vec![
                Block::Unchanged,
                Block::Offset(-63),
                Block::Offset(20),
                Block::Offset(5),
                Block::Offset(-128),
            ]),
        ),
        0..4,
    );
    let map = prop_oneof![2 => Just(None), 2 => blocks.prop_map(Some)];
    let update = || select(vec![Update::Auto, Update::Never, Update::Always]);
    let reference = move || (any::<bool>(), update()).prop_map(|(read, update)| Reference { read, update });
    let references = prop_oneof![
        2 => Just(References::ALL),
        1 => (reference(), reference(), reference()).prop_map(|(last, golden, alternate)| References { last, golden, alternate }),
    ];
    (frame_type, quantizer, map, references).prop_map(move |(frame_type, quantizer, map, references)| {
        let regions = map.map(|blocks| {
            let mut regions = Regions::new(size);
            for (x, y, block) in blocks {
                regions.fill(x..x + 40, y..y + 40, block);
            }
            Arc::new(regions)
        });
        FrameOptions { frame_type, quantizer, regions, references, ..FrameOptions::default() }
    })
}

/// An error that says whose turn it is, and why.
fn explained(error: &Error) -> bool {
    match error {
        Error::Config { reason, .. }
        | Error::Unsupported { reason, .. }
        | Error::FrameOption { reason, .. }
        | Error::NotReconfigurable { reason, .. } => !reason.is_empty(),
        _ => false,
    }
}

/// All frames that are taken come out, or are counted.
fn drive(config: &Config, pass: Pass, extras: &[FrameOptions]) -> Result<Pass, TestCaseError> {
    let first = pass == Pass::First;
    let mut encoder = match Encoder::open(Config { pass, ..config.clone() }) {
        Ok(encoder) => encoder,
        Err(refused) => {
            prop_assert!(explained(&refused), "{refused}");
            return Ok(Pass::Single);
        }
    };
    let frames = pictures::moving(config.format, config.size, 5);
    // Not a multiple of the 100 ns that libvpx counts.
    let step = if config.time_base == TimeBase::NANOS { 33_333_333 } else { 4 };
    let mut taken = 0;
    for (number, (frame, options)) in frames.iter().zip(extras).enumerate() {
        let mut push = |options: &FrameOptions| {
            encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * step), options)
        };
        // Refused options leave the encoder as it was; without them the frame is taken.
        let pushed = push(options).or_else(|refused| {
            assert!(explained(&refused), "{refused}");
            push(&FrameOptions::default())
        });
        prop_assert!(pushed.is_ok(), "{pushed:?}");
        taken += 1;
        if number == 3 {
            let changes =
                [Change::rate(RateControl::Constant { bitrate: 50_000, buffer_ms: 300 }), Change::speed(7)];
            for change in changes {
                let changed = encoder.reconfigure(&change);
                prop_assert!(changed.as_ref().err().is_none_or(explained), "{changed:?}");
            }
        }
    }
    let finished = encoder.finish().unwrap();
    let hidden = finished.coded.iter().filter(|coded| coded.picture.hidden).count() as u64;
    let report = finished.report;
    if first {
        return Ok(Pass::Second(finished.statistics.unwrap()));
    }
    for coded in finished.coded.iter().filter(|coded| !coded.picture.hidden) {
        prop_assert_eq!(coded.packet.pts.ticks() % step, 0);
        prop_assert!(coded.packet.duration.is_some());
    }
    prop_assert_eq!(report.packets - hidden + report.dropped, taken, "{:?}", report);
    Ok(Pass::Single)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_configuration_encodes_or_is_refused_with_a_reason(
        (config, extras) in config().prop_flat_map(|config| {
            let extras = prop::collection::vec(frame_options(config.size), 5);
            (Just(config), extras)
        })
    ) {
        drive(&config, Pass::Single, &extras)?;
        if let second @ Pass::Second(_) = drive(&config, Pass::First, &extras)? {
            drive(&config, second, &extras)?;
        }
    }
}
