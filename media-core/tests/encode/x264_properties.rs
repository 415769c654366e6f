//! Whatever is asked for, libx264 opens and gives as many packets as there were frames, or says why not; it never fails later.

use std::sync::Arc;

use media_core::codec::{ContentLight, MasteringDisplay};
use media_core::encode::x264::{Crop, NalHrd, Options, Preset, Profile, Tune};
use media_core::encode::{
    Block, Change, Codec, Config, Encoder, Error, FrameOptions, FrameType, KeyFrames, Latency, Metrics, Pass,
    Quality, Quantizer, RateControl, Regions, Sei, Threads, Timing,
};
use media_core::frame::{Colour, PixelFormat};
use media_core::time::Timestamp;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::pictures;

fn rates() -> impl Strategy<Value = RateControl> {
    let buffers = select(vec![1_u32, 40, 500, 60_000]);
    let bitrates = select(vec![1000_u32, 50_000, 400_000, 5_000_000, 900_000_000]);
    (0..8_u8, 5..520_u16, 0..53_u8, bitrates.clone(), bitrates, buffers).prop_map(
        |(kind, q, qp, bitrate, max, buffer_ms)| match kind {
            0 => RateControl::Quality { q: Quality::tenths(q) },
            1 => RateControl::CappedQuality { q: Quality::tenths(q), max, buffer_ms },
            2 => RateControl::Average { bitrate },
            3 => RateControl::Constrained { bitrate, max, buffer_ms },
            4 | 5 => RateControl::Constant { bitrate, buffer_ms },
            6 => RateControl::Quantizer { qp },
            _ => RateControl::Lossless,
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    let presets =
        select(vec![Preset::Ultrafast, Preset::Superfast, Preset::Veryfast, Preset::Medium, Preset::Slower]);
    let tunes =
        select(vec![Tune::Film, Tune::Grain, Tune::StillImage, Tune::Psnr, Tune::Ssim, Tune::FastDecode]);
    let profiles = select(vec![
        Profile::Baseline,
        Profile::Main,
        Profile::High,
        Profile::High10,
        Profile::High422,
        Profile::High444,
    ]);
    let levels = select(vec![9_u8, 10, 11, 31, 52, 77]);
    let hrds = prop_oneof![9 => Just(NalHrd::None), 1 => Just(NalHrd::Vbr), 1 => Just(NalHrd::Cbr)];
    let crops = prop_oneof![9 => Just(Crop::default()), 1 => Just(Crop { left: 2, top: 2, right: 4, bottom: 6 }), 1 => Just(Crop { left: 1, top: 900, right: 0, bottom: 0 })];
    let singles = select(vec![
        ("bframes", "5"),
        ("b-pyramid", "strict"),
        ("open-gop", "1"),
        ("ref", "16"),
        ("aq-mode", "0"),
        ("mbtree", "0"),
        ("slices", "3"),
        ("slice-max-size", "200"),
        ("tff", "1"),
        ("fake-interlaced", "1"),
        ("me", "tesa"),
        ("subme", "0"),
        ("weightp", "0"),
        ("direct", "auto"),
        ("no-cabac", "1"),
        ("rc-lookahead", "250"),
        ("sliced-threads", "1"),
        ("zones", "1,3,q=20"),
        ("bluray-compat", "1"),
        ("constrained-intra", "1"),
        ("nr", "500"),
        ("qpmin", "30"),
        ("pic-struct", "1"),
        ("stitchable", "1"),
        ("frame-packing", "3"),
        ("trellis", "2"),
        ("partitions", "all"),
    ]);
    let params =
        prop::collection::vec(singles.prop_map(|(name, value)| (name.to_owned(), value.to_owned())), 0..3);
    (
        presets,
        of(tunes),
        prop::option::weighted(0.15, profiles),
        prop::option::weighted(0.15, levels),
        hrds,
        crops,
        any::<bool>(),
        params,
    )
        .prop_map(|(preset, tune, profile, level, hrd, crop, unchanged_blocks, params)| Options {
            preset,
            tune,
            profile,
            level,
            hrd,
            crop,
            unchanged_blocks,
            params,
            ..Options::default()
        })
}

fn configs() -> impl Strategy<Value = Config> {
    let formats = select(PixelFormat::ALL);
    let sizes =
        select(vec![(64, 48), (16, 16), (2, 2), (32, 18), (50, 34), (130, 66), (96, 80), (33, 17), (1, 1)]);
    let keys = prop_oneof![
        3 => (1..300_u32).prop_map(|max| KeyFrames::Auto { max }),
        2 => (0..9_u32).prop_map(|every| KeyFrames::Fixed { every }),
        1 => (0..9_u32).prop_map(|every| KeyFrames::IntraRefresh { every }),
        1 => Just(KeyFrames::OnlyForced),
    ];
    let latencies =
        prop_oneof![Just(Latency::Realtime), (0..12_u32).prop_map(Latency::Frames), Just(Latency::Unlimited)];
    let timings = prop_oneof![4 => Just(Timing::Constant), 1 => Just(Timing::Variable)];
    let passes = prop_oneof![6 => Just(Pass::Single), 1 => Just(Pass::First)];
    let metrics = (prop::bool::weighted(0.2), prop::bool::weighted(0.2))
        .prop_map(|(psnr, ssim)| Metrics { psnr, ssim });
    let colours = select(vec![Colour::UNSPECIFIED, Colour::BT709, Colour::BT2100_PQ]);
    let light =
        of(Just((MasteringDisplay::p3_d65(50, 10_000_000), ContentLight { max: 1000, max_average: 400 })));
    let looks = (formats, sizes, colours, metrics, light);
    (options(), looks, rates(), keys, latencies, timings, prop_oneof![9 => 1..4_u8, 1 => Just(0)], passes)
        .prop_map(
            |(
                options,
                (format, size, colour, metrics, light),
                rate,
                key_frames,
                latency,
                timing,
                threads,
                pass,
            )| Config {
                codec: Codec::X264(options),
                size,
                format,
                colour,
                rate,
                key_frames,
                latency,
                timing,
                threads: Threads::Count(threads),
                pass,
                metrics,
                mastering_display: light.map(|(display, _)| display),
                content_light: light.map(|(_, light)| light),
                ..crate::x264("medium")
            },
        )
}

fn frame_options(size: (u32, u32)) -> impl Strategy<Value = FrameOptions> {
    let types = select(vec![
        FrameType::Auto,
        FrameType::Key,
        FrameType::Intra,
        FrameType::P,
        FrameType::B,
        FrameType::BReference,
    ]);
    let quantizers = prop_oneof![
        Just(Quantizer::Auto),
        (0..60_u8).prop_map(Quantizer::Fixed),
        (-60..60_i8).prop_map(Quantizer::Offset),
    ];
    let blocks = prop_oneof![(-60..60_i8).prop_map(Block::Offset), Just(Block::Unchanged)];
    let regions = (blocks, 0..40_u32).prop_map(move |(block, side)| {
        let mut regions = Regions::new(size);
        regions.fill(0..side, 0..side, block);
        Arc::new(regions)
    });
    let sei = prop::collection::vec((0..400_u32, 0..600_usize), 0..3).prop_map(|messages| {
        let message = |(payload_type, len)| Sei { payload_type, payload: vec![0; len].into() };
        messages.into_iter().map(message).collect::<Vec<_>>()
    });
    (types, quantizers, of(regions), sei).prop_map(|(frame_type, quantizer, regions, sei)| FrameOptions {
        frame_type,
        quantizer,
        regions,
        sei,
        ..FrameOptions::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn a_configuration_is_refused_with_a_reason_or_works(
        (config, asked, to) in configs().prop_flat_map(|config| {
            let asked = prop::collection::vec(frame_options(config.size), 5);
            (Just(config), asked, rates())
        })
    ) {
        let frames = pictures::moving(config.format, config.size, 5);
        let mut encoder = match Encoder::open(config.clone()) {
            Ok(encoder) => encoder,
            Err(error) => {
                let refusal = matches!(error, Error::Config { .. } | Error::Unsupported { .. } | Error::Codec { .. });
                prop_assert!(refusal, "{error}");
                prop_assert!(!error.to_string().ends_with(": "), "{error}");
                return Ok(());
            }
        };
        let mut packets = 0;
        for (number, (frame, options)) in frames.iter().zip(&asked).enumerate() {
            if number == 2 && encoder.reconfigure(&Change::rate(to)).is_err() {
                prop_assert_eq!(encoder.config().rate, config.rate);
            }
            let pts = Timestamp::new(number as i64 * 3600);
            match encoder.push(&frame.as_ref(), pts, options) {
                Ok(()) => {}
                Err(Error::FrameOption { .. }) => {
                    encoder.push(&frame.as_ref(), pts, &FrameOptions::default()).unwrap();
                }
                Err(error) => panic!("{error} for {config:?}"),
            }
            packets += std::iter::from_fn(|| encoder.poll()).count();
        }
        let finished = encoder.finish().unwrap();
        prop_assert_eq!(packets + finished.coded.len(), 5);
        prop_assert_eq!(finished.report.frames, 5);
        prop_assert_eq!(finished.statistics.is_some(), config.pass == Pass::First);
    }
}
