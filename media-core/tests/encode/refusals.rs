//! What cannot be is refused with the field's name, and nothing is ignored.

use media_core::encode::{Config, Encoder, Error, KeyFrames, RateControl, Threads};
use media_core::frame::{Colour, PixelFormat};

use crate::codecs;

/// The field that opening is refused for.
fn refused(config: Config) -> &'static str {
    match Encoder::open(config).map(|encoder| encoder.config().clone()) {
        Err(Error::Config { field, reason } | Error::Unsupported { field, reason, .. }) => {
            assert!(!reason.is_empty());
            field
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    for (_, config) in codecs() {
        let with_rate = |rate| refused(Config { rate, ..config.clone() });
        assert_eq!(with_rate(RateControl::Quality { q: 64.into() }), "rate");
        assert_eq!(with_rate(RateControl::Quantizer { qp: 64 }), "rate");
        assert_eq!(with_rate(RateControl::Average { bitrate: 999 }), "rate");
        assert_eq!(with_rate(RateControl::Constant { bitrate: 100_000, buffer_ms: 0 }), "rate");
        for count in [0, 65] {
            assert_eq!(refused(Config { threads: Threads::Count(count), ..config.clone() }), "threads");
        }
        for size in [(0, 64), (64, 0), (16_386, 64), (64, 16_386)] {
            assert_eq!(refused(Config { size, ..config.clone() }), "size");
        }
        let key_frames = KeyFrames::Fixed { every: 0 };
        assert_eq!(refused(Config { key_frames, ..config.clone() }), "key_frames");
    }
}

#[test]
fn formats_and_colours_a_codec_cannot_say_are_refused() {
    for (name, config) in codecs() {
        if name == "vp8" {
            for format in [PixelFormat::I422, PixelFormat::I444, PixelFormat::I010, PixelFormat::P010] {
                assert_eq!(refused(Config { format, ..config.clone() }), "format", "{name}");
            }
        }
        let colour = Colour { primaries: 3, ..Colour::BT709 };
        assert_eq!(refused(Config { colour, ..config.clone() }), "colour", "{name}");
    }
}

#[cfg(feature = "x264")]
mod x264 {
    use media_core::encode::x264::{Options, Profile, Tune};
    use media_core::encode::{Codec, Config, Encoder, Error, KeyFrames, Latency, RateControl, Timing};

    use super::refused;

    fn with(options: Options) -> Config {
        let config = crate::x264("veryfast");
        Config { codec: Codec::X264(options), ..config }
    }

    fn param(name: &str, value: &str) -> Options {
        Options { params: vec![(name.into(), value.into())], ..Options::default() }
    }

    #[test]
    fn params_that_contradict_a_field_or_touch_files_are_refused() {
        let owned = [
            ("bitrate", "500"),
            ("crf", "30"),
            ("qp", "30"),
            ("vbv-maxrate", "500"),
            ("vbv_bufsize", "500"),
            ("nal-hrd", "cbr"),
            ("filler", "1"),
            ("avcintra-class", "50"),
            ("crop-rect", "0,0,0,2"),
            ("cll", "1000,400"),
            ("psnr", "1"),
            ("stats", "file"),
            ("keyint", "30"),
            ("intra-refresh", "1"),
            ("threads", "3"),
            ("level", "3.1"),
            ("colorprim", "bt709"),
            ("fullrange", "on"),
            ("fps", "50"),
            ("annexb", "1"),
            ("repeat-headers", "1"),
            ("aud", "1"),
            // Taken for flags of the processor, which then need not have what is used.
            ("asm", "0x7fffffff"),
            ("opencl", "1"),
            ("dump-yuv", "out.yuv"),
            ("cqmfile", "matrix.txt"),
            ("pass", "1"),
            ("no-such-option", "1"),
            ("bframes", "many"),
            ("ref\0", "1"),
        ];
        for (name, value) in owned {
            assert_eq!(refused(with(param(name, value))), "params", "{name}={value}");
        }
        let found = Encoder::open(with(param("crf", "30"))).unwrap_err();
        assert_eq!(found.to_string(), "configuration field params: crf=30: changes what rate says");
    }

    #[test]
    fn params_of_their_own_are_taken() {
        for (name, value) in
            [("aq-mode", "3"), ("bframes", "2"), ("no-cabac", "1"), ("scenecut", "20"), ("sar", "4:3")]
        {
            assert!(Encoder::open(with(param(name, value))).is_ok(), "{name}={value}");
        }
        let config = Config { key_frames: KeyFrames::Fixed { every: 25 }, ..with(param("scenecut", "20")) };
        assert_eq!(refused(config), "params");
    }

    #[test]
    fn streams_beyond_their_level_are_refused() {
        let config = Config { size: (1280, 720), ..with(Options { level: Some(11), ..Options::default() }) };
        assert_eq!(refused(config), "level");
        let odd = with(Options { level: Some(14), ..Options::default() });
        assert!(matches!(Encoder::open(odd), Err(Error::Codec { .. } | Error::Config { .. })));
    }

    #[test]
    fn what_x264_would_correct_in_silence_is_refused() {
        // A buffer of 100 kbit/s for 1 ms does not hold a frame, so x264 would take a larger one.
        let rate = RateControl::Constant { bitrate: 100_000, buffer_ms: 1 };
        assert_eq!(refused(Config { rate, ..with(Options::default()) }), "rate");
        // 0 would be lossless.
        assert_eq!(
            refused(Config { rate: RateControl::Quality { q: 0.into() }, ..with(Options::default()) }),
            "rate"
        );
    }

    #[test]
    fn latency_is_kept_or_refused() {
        let config = Config { latency: Latency::Realtime, ..with(param("bframes", "3")) };
        assert_eq!(refused(config), "latency");
        let config =
            Config { latency: Latency::Realtime, timing: Timing::Variable, ..with(Options::default()) };
        assert_eq!(refused(config), "timing");
    }

    #[test]
    fn profiles_show_in_the_configuration() {
        let codecs = |profile, tune| {
            let options = Options { profile: Some(profile), tune, ..Options::default() };
            Encoder::open(with(options)).unwrap().codec_config().codecs()
        };
        assert!(codecs(Profile::Baseline, None).starts_with("avc1.42"));
        assert!(codecs(Profile::Main, Some(Tune::Film)).starts_with("avc1.4d"));
        assert!(codecs(Profile::High, None).starts_with("avc1.64"));
    }
}

#[cfg(feature = "vpx")]
mod vpx {
    use media_core::encode::vpx::{Deadline, Options, Tuning};
    use media_core::encode::{Config, Encoder, RateControl};
    use media_core::frame::Colour;
    use media_core::time::TimeBase;

    use super::refused;

    #[test]
    fn vp8_has_no_tiles_and_no_colour() {
        let with = |options| refused(crate::vpx(options));
        assert_eq!(with(Options { row_mt: true, ..Options::vp8() }), "row_mt");
        assert_eq!(with(Options { tile_columns: 1, ..Options::vp8() }), "tile_columns");
        assert_eq!(with(Options { tile_rows: 1, ..Options::vp8() }), "tile_rows");
        let config = Config { colour: Colour::BT709, ..crate::vpx(Options::vp8()) };
        assert_eq!(refused(config), "colour");
    }

    #[test]
    fn libvpx_bounds_no_peaks() {
        for options in [Options::vp8(), Options::vp9()] {
            let rate = RateControl::Constrained { bitrate: 100_000, max: 200_000, buffer_ms: 1000 };
            assert_eq!(refused(Config { rate, ..crate::vpx(options) }), "rate");
        }
    }

    #[test]
    fn speeds_and_time_bases_out_of_range_are_refused() {
        assert_eq!(refused(crate::vpx(Options { cpu_used: 10, ..Options::vp9() })), "cpu_used");
        assert_eq!(refused(crate::vpx(Options { cpu_used: i8::MIN, ..Options::vp8() })), "cpu_used");
        assert_eq!(
            refused(crate::vpx(Options { tile_rows: 3, ..Options::vp9() })),
            "tile_columns, tile_rows"
        );
        for (num, den) in [(2, 1), (1, 1_000_000_001), (u32::MAX, u32::MAX)] {
            let time_base = TimeBase::new(num, den).unwrap();
            assert_eq!(refused(Config { time_base, ..crate::vpx(Options::vp9()) }), "time_base");
        }
    }

    /// libvpx 1.12 reads behind the contexts of the last column of macroblocks, as valgrind sees it.
    #[test]
    fn vp8_looks_at_structure_in_real_time_only() {
        for deadline in [Deadline::Good, Deadline::Best] {
            let options = Options { tuning: Tuning::Ssim, deadline, ..Options::vp8() };
            assert_eq!(refused(crate::vpx(options)), "tuning");
        }
        let options = Options { tuning: Tuning::Ssim, deadline: Deadline::Realtime, ..Options::vp8() };
        assert!(Encoder::open(crate::vpx(options)).is_ok());
    }
}
