//! `ftyp`: which brands a file claims, ISO/IEC 14496-12 Annex E and ISO/IEC 23000-19 7.2 and Annexes A and B.

use super::Composition;
use super::boxes::boxed;
use super::header::Description;
use crate::codec::{Config, aac, h264, h265};
use crate::track::{Kind, Track};

/// The first is the major brand; all are compatible ones.
pub(super) fn ftyp(brands: &[[u8; 4]]) -> Vec<u8> {
    boxed(b"ftyp", &[brands.first().unwrap_or(b"iso6"), &0_u32.to_be_bytes(), brands.as_flattened()])
}

/// These brands, and those that files of some codecs must have: `av01`, "AV1 Codec ISO Media File Format Binding" 2.1.
pub(super) fn with_codecs<'a>(
    brands: &[[u8; 4]],
    mut tracks: impl Iterator<Item = &'a Description>,
) -> Vec<[u8; 4]> {
    let av1 = tracks.any(|track| track.entry.is_av1()).then_some(*b"av01");
    brands.iter().copied().chain(av1).collect()
}

/// The brands of a CMAF track file. `iso6` has everything used here (`tfdt`, `default-base-is-moof`, groups of a fragment's own). `cmf2` stands
/// for signed composition offsets without an edit list, `cmfc` for an edit list and unsigned offsets; what has neither claims none.
pub(super) fn of_track(track: &Track, composition: Composition, has_edit: bool) -> Vec<[u8; 4]> {
    let mut brands = vec![*b"iso6"];
    let structural = match (track.kind(), composition) {
        (Kind::Audio, _) => *b"cmfc",
        (Kind::Video, Composition::Signed) if !has_edit => *b"cmf2",
        (Kind::Video, _) if has_edit || !reorders(track) => *b"cmfc",
        (Kind::Video, _) => return brands,
    };
    brands.push(structural);
    brands.extend(media_profile(&track.codec));
    brands
}

const fn reorders(track: &Track) -> bool {
    !matches!(track.codec.reorder_depth(), Some(0))
}

/// The media profile a CMAF track conforms to by what its configuration tells, where there is one.
fn media_profile(codec: &Config) -> Option<[u8; 4]> {
    match codec {
        Config::H264(config) => h264_profile(config),
        Config::H265(config) => h265_profile(config),
        Config::Aac(config) => aac_profile(config),
        // "AV1 Codec ISO Media File Format Binding" 2.1: every file with AV1 has it; 3: so has its CMAF media profile.
        Config::Av1(_) => Some(*b"av01"),
        // ETSI TS 102 366, the CMAF media profile of E-AC-3.
        Config::Eac3(_) => Some(*b"ceac"),
        _ => None,
    }
}

/// 23000-19 A.2: frame cropping apart, progressive 4:2:0 of 8 bits up to High, by level and size.
fn h264_profile(config: &h264::Config) -> Option<[u8; 4]> {
    let (sps, rate) = (config.parsed(), rate(config.frame_rate()));
    let plain = matches!(sps.profile, 66 | 77 | 100) && sps.frame_mbs_only && sps.chroma_format == 1;
    let colour = config.colour().is_none_or(|colour| matches!(colour.primaries, 1 | 2 | 5 | 6));
    if !plain || !colour || sps.bit_depth_luma != 8 {
        return None;
    }
    let (width, height) = config.size();
    let fits = |level, wide, high| sps.level <= level && width <= wide && height <= high && rate <= 60;
    match () {
        () if fits(31, 864, 576) => Some(*b"cfsd"),
        () if fits(40, 1920, 1080) => Some(*b"cfhd"),
        () if fits(42, 1920, 1080) => Some(*b"chdf"),
        () => None,
    }
}

/// 23000-19 B.4: main tier 4:2:0 by profile, level, size and transfer function.
fn h265_profile(config: &h265::Config) -> Option<[u8; 4]> {
    let (sps, rate) = (config.parsed(), rate(config.frame_rate()));
    if sps.profile.high_tier || sps.chroma_format != 1 || rate > 60 {
        return None;
    }
    let (width, height) = config.size();
    let fits = |level, wide, high| sps.profile.level <= level && width <= wide && height <= high;
    let (transfer, primaries) = config.colour().map_or((2, 2), |colour| (colour.transfer, colour.primaries));
    match (sps.profile.idc, transfer, primaries) {
        (1, 1 | 2 | 6, 1 | 2) if fits(123, 1920, 1080) => Some(*b"chhd"),
        (1, 1 | 2 | 6, 1 | 2) if fits(150, 3840, 2160) => Some(*b"cud8"),
        (2, 1 | 2 | 6, 1 | 2) if fits(123, 1920, 1080) => Some(*b"chh1"),
        (2, 1 | 2 | 6 | 14, 1 | 2 | 9) if fits(153, 3840, 2160) => Some(*b"cud1"),
        (2, 16, 9) if fits(153, 3840, 2160) => Some(*b"chd1"),
        (2, 18 | 14, 9) if fits(153, 3840, 2160) => Some(*b"clg1"),
        _ => None,
    }
}

/// 23000-19 10.4: AAC-LC and HE-AAC of one or two channels up to 48 kHz; more channels are `camc`.
fn aac_profile(config: &aac::Config) -> Option<[u8; 4]> {
    if config.sample_rate() > 48_000 {
        return None;
    }
    match config.channels() {
        1 | 2 => Some(*b"caac"),
        3..=8 => Some(*b"camc"),
        _ => None,
    }
}

/// Whole pictures per second; zero where nothing is said.
fn rate(rate: Option<(u32, u32)>) -> u32 {
    rate.map_or(0, |(num, den)| num.div_ceil(den.max(1)))
}

#[cfg(test)]
mod tests {
    use super::super::hex::bytes;
    use super::*;
    use crate::codec::{ac3, av1, opus, vp9};
    use crate::time::TimeBase;
    use crate::track::TrackId;

    fn track(codec: Config) -> Track {
        Track::new(TrackId::new(1).expect("1 is not zero"), TimeBase::VIDEO, codec)
    }

    /// Baseline, level 1.3, 320x240.
    fn h264() -> Track {
        let sps = b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
        let pps = b"\x68\xcb\x83\xcb\x20";
        let config = h264::Config::from_parameter_sets(&[sps.as_slice().into()], &[pps.as_slice().into()]);
        track(Config::H264(config.expect("parameter sets")))
    }

    #[test]
    fn cmaf_brands_go_with_the_way_reordering_is_written() {
        let vp9 = track(Config::Vp9(vp9::Config::from_parts(vp9::Parts::new(64, 64)).expect("profile 0")));
        assert_eq!(
            ftyp(&of_track(&vp9, Composition::Signed, false)),
            bytes("00000018 'ftyp' 'iso6' 00000000 'iso6' 'cmf2'")
        );
        assert_eq!(of_track(&vp9, Composition::Unsigned, false), [*b"iso6", *b"cmfc"]);
        let opus = track(Config::Opus(opus::Config::new(2).expect("stereo")));
        assert_eq!(of_track(&opus, Composition::Unsigned, true), [*b"iso6", *b"cmfc"]);
        // Unsigned offsets without an edit list are not CMAF.
        let reordered = h264();
        if !matches!(reordered.codec.reorder_depth(), Some(0)) {
            assert_eq!(of_track(&reordered, Composition::Unsigned, false), [*b"iso6"]);
        }
        assert_eq!(of_track(&reordered, Composition::Unsigned, true)[1], *b"cmfc");
        // Where something is cut at the front, signed offsets are not used.
        assert_eq!(of_track(&vp9, Composition::Signed, true), [*b"iso6", *b"cmfc"]);
    }

    #[test]
    fn media_profiles() {
        let aac =
            |rate, channels| media_profile(&Config::Aac(aac::Config::new(rate, channels).expect("AAC-LC")));
        assert_eq!(aac(48_000, 2), Some(*b"caac"));
        assert_eq!(aac(44_100, 6), Some(*b"camc"));
        assert_eq!(aac(96_000, 2), None);
        let av1 = av1::Config::from_record(b"\x81\0\x0c\0\x0a\x0b\0\0\0\x04\x3c\xff\xbc\xff\xf9\x80\x40");
        let av1 = track(Config::Av1(av1.expect("a record of libaom")));
        assert_eq!(of_track(&av1, Composition::Signed, false), [*b"iso6", *b"cmf2", *b"av01"]);
        let eac3 = ac3::EnhancedConfig::from_record(&[7, 0xc0, 0x20, 0x0f, 0]).expect("5.1");
        assert_eq!(media_profile(&Config::Eac3(eac3)), Some(*b"ceac"));
        assert_eq!(of_track(&h264(), Composition::Signed, false)[2..], [*b"cfsd"]);
    }
}
