//! Whatever a camera claims to be its configuration: refused, or read into something that writes itself and is read back as the same.

use bytes::Bytes;
use media_core::codec::{
    self, Config, Format, Parser, aac, ac3, annexb, av1, flac, h264, h265, mp3, opus, vorbis, vp8, vp9,
};

use crate::Script;

/// Byte 0 picks the parser, the rest is its input; parameter sets and access units are pieces with their length before them.
pub fn run(bytes: &[u8]) {
    let Some((&which, rest)) = bytes.split_first() else { return };
    match which % 25 {
        0 => h264_sets(rest),
        1 => h264_record(rest),
        2 => h265_sets(rest),
        3 => h265_record(rest),
        4 => drop(vp8::Config::from_key_frame(rest).map(|config| sane(&Config::Vp8(config)))),
        5 => vp9_key_frame(rest),
        6 => aac_config(rest),
        7 => opus_head(rest),
        8 => annex_b(rest),
        9 => access_units(Format::H264, rest),
        10 => access_units(Format::H265, rest),
        11 => access_units(Format::Vp9, rest),
        12 => av1_record(rest),
        13 => vorbis_private(rest),
        14 => flac_blocks(rest),
        15 => mpeg_audio(rest),
        16 => ac3_record(rest),
        17 => ac3_frame(rest),
        18 => eac3_record(rest),
        19 => eac3_unit(rest),
        20 => access_units(Format::Av1, rest),
        21 => access_units(Format::Vorbis, rest),
        22 => access_units(Format::Flac, rest),
        23 => access_units(Format::Eac3, rest),
        _ => latm(rest),
    }
}

/// What must hold of any configuration.
fn sane(config: &Config) {
    let codecs = config.codecs();
    assert!(
        !codecs.is_empty()
            && codecs.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)),
        "{codecs:?}"
    );
    if let Some((width, height)) = config.size() {
        assert!(width > 0 && height > 0, "{width}x{height}");
    }
    if let Some((num, den)) = config.frame_rate() {
        assert!(num > 0 && den > 0, "{num}/{den}");
    }
    if let Some(rate) = config.sample_rate() {
        assert!(rate > 0);
    }
}

fn pieces(bytes: &[u8]) -> Vec<Bytes> {
    let mut script = Script::new(bytes);
    std::iter::from_fn(|| script.piece().map(Bytes::copy_from_slice)).collect()
}

fn h264_sets(bytes: &[u8]) {
    let (sps, pps): (Vec<_>, Vec<_>) =
        pieces(bytes).into_iter().partition(|set| set.first().is_some_and(|head| head & 0x1f == 7));
    let Ok(config) = h264::Config::from_parameter_sets(&sps, &pps) else { return };
    sane(&Config::H264(config.clone()));
    assert_eq!(h264::Config::from_record(&config.record()).as_ref(), Ok(&config), "the record reads back");
}

fn h264_record(bytes: &[u8]) {
    let Ok(config) = h264::Config::from_record(bytes) else { return };
    sane(&Config::H264(config.clone()));
    let again = h264::Config::from_record(&config.record());
    assert_eq!(again.as_ref(), Ok(&config), "the record reads back");
}

fn h265_sets(bytes: &[u8]) {
    let kind = |set: &Bytes| set.first().map(|head| head >> 1 & 0x3f);
    let sets = pieces(bytes);
    let of = |wanted| sets.iter().filter(|set| kind(set) == Some(wanted)).cloned().collect::<Vec<_>>();
    let Ok(config) = h265::Config::from_parameter_sets(&of(32), &of(33), &of(34)) else { return };
    sane(&Config::H265(config.clone()));
    assert_eq!(h265::Config::from_record(&config.record()).as_ref(), Ok(&config), "the record reads back");
}

fn h265_record(bytes: &[u8]) {
    let Ok(config) = h265::Config::from_record(bytes) else { return };
    sane(&Config::H265(config.clone()));
    let again = h265::Config::from_record(&config.record());
    assert_eq!(again.as_ref(), Ok(&config), "the record reads back");
}

fn vp9_key_frame(bytes: &[u8]) {
    for frame in vp9::frames(bytes) {
        assert!(frame.len() <= bytes.len());
    }
    let Ok(config) = vp9::Config::from_key_frame(bytes) else { return };
    sane(&Config::Vp9(config.clone()));
    assert_eq!(vp9::Config::from_parts(config.parts().clone()), Ok(config));
}

fn aac_config(bytes: &[u8]) {
    for frame in aac::adts_frames(bytes).map_while(Result::ok) {
        assert!(frame.1.len() < bytes.len());
    }
    let Ok(config) = aac::Config::from_asc(bytes) else { return };
    sane(&Config::Aac(config.clone()));
    let again = aac::Config::from_asc(&config.asc()).expect("what was read once reads again");
    assert_eq!((again.sample_rate(), again.channels()), (config.sample_rate(), config.channels()));
}

/// Elements of LATM: frames are no longer than what they came in, and written again they are read again.
fn latm(bytes: &[u8]) {
    for element in aac::loas_elements(bytes).map_while(Result::ok) {
        assert!(element.len() < bytes.len());
    }
    let mut reader = aac::LatmReader::default();
    for element in pieces(bytes) {
        let Ok(frames) = reader.read(&element) else { continue };
        assert!(frames.iter().map(Bytes::len).sum::<usize>() <= element.len());
        let config = reader.config().expect("frames were read by it");
        sane(&Config::Aac(config.clone()));
        for frame in frames {
            let Ok(written) = config.loas(&frame) else { continue };
            let mut again = aac::LatmReader::default();
            let mut elements = aac::loas_elements(&written);
            let element = elements.next().expect("an element").expect("a whole one");
            assert_eq!(again.read(element), Ok(vec![frame]));
            let read = again.config().map(|read| (read.codecs(), read.sample_rate(), read.channels()));
            assert_eq!(read, Some((config.codecs(), config.sample_rate(), config.channels())));
            assert!(elements.next().is_none());
        }
    }
}

fn opus_head(bytes: &[u8]) {
    // 120 ms, RFC 6716 section 3.2.5.
    assert!(
        opus::packet_samples(bytes).is_ok_and(|samples| samples <= 5760)
            || opus::packet_samples(bytes).is_err()
    );
    let Ok(config) = opus::Config::from_head(bytes) else { return };
    sane(&Config::Opus(config.clone()));
    assert_eq!(opus::Config::from_head(&config.head()).as_ref(), Ok(&config));
    assert_eq!(opus::Config::from_dops(&config.dops()).as_ref(), Ok(&config));
}

fn av1_record(bytes: &[u8]) {
    let _ = av1::access(bytes, false);
    let Ok(config) = av1::Config::from_record(bytes) else { return };
    sane(&Config::Av1(config.clone()));
    assert_eq!(av1::Config::from_record(&config.record()).as_ref(), Ok(&config), "the record reads back");
}

fn vorbis_private(bytes: &[u8]) {
    let Ok(config) = vorbis::Config::from_record(bytes) else { return };
    sane(&Config::Vorbis(config.clone()));
    assert_eq!(vorbis::Config::from_record(&config.record()).as_ref(), Ok(&config), "the record reads back");
    let (short, long) = config.block_sizes();
    assert!(
        config.block_size(bytes).is_ok_and(|size| size == short || size == long)
            || config.block_size(bytes).is_err()
    );
}

fn flac_blocks(bytes: &[u8]) {
    assert!(
        flac::frame_samples(bytes).is_ok_and(|samples| (1..=65_536).contains(&samples))
            || flac::frame_samples(bytes).is_err()
    );
    let Ok(config) = flac::Config::from_record(bytes) else { return };
    sane(&Config::Flac(config.clone()));
    assert_eq!(flac::Config::from_record(&config.record()).as_ref(), Ok(&config));
    assert_eq!(flac::Config::from_private(&config.private()).as_ref(), Ok(&config));
}

fn mpeg_audio(bytes: &[u8]) {
    let Ok(header) = mp3::Header::parse(bytes) else { return };
    sane(&Config::Mp3(header.config().clone()));
    // Of the lowest bit rate at the highest sampling rate, and the other way round.
    assert!(header.frame_length().is_none_or(|length| (24..=2881).contains(&length)), "{header:?}");
}

fn ac3_record(bytes: &[u8]) {
    let Ok(config) = ac3::Config::from_record(bytes) else { return };
    sane(&Config::Ac3(config.clone()));
    assert_eq!(ac3::Config::from_record(&config.record()).as_ref(), Ok(&config), "the record reads back");
}

fn ac3_frame(bytes: &[u8]) {
    let Ok(config) = ac3::Config::from_frame(bytes) else { return };
    assert_eq!(ac3::Config::from_record(&config.record()).as_ref(), Ok(&config), "the record reads back");
    let length = ac3::frame_length(bytes).expect("a frame's header");
    assert!((128..=3840).contains(&length), "{length}");
}

fn eac3_record(bytes: &[u8]) {
    let Ok(config) = ac3::EnhancedConfig::from_record(bytes) else { return };
    sane(&Config::Eac3(config.clone()));
    assert_eq!(
        ac3::EnhancedConfig::from_record(&config.record()).as_ref(),
        Ok(&config),
        "the record reads back"
    );
}

fn eac3_unit(bytes: &[u8]) {
    let Ok(config) = ac3::EnhancedConfig::from_unit(bytes) else { return };
    sane(&Config::Eac3(config.clone()));
    let again = ac3::EnhancedConfig::from_record(&config.record()).expect("the record reads back");
    assert_eq!((again.channels(), again.record()), (config.channels(), config.record()));
    assert!(ac3::enhanced_samples(bytes).is_ok_and(|samples| samples % 256 == 0));
}

fn annex_b(bytes: &[u8]) {
    for nal in annexb::nals(bytes) {
        assert!(!nal.is_empty() && !nal.windows(3).any(|window| window == [0, 0, 1]), "{nal:?}");
    }
    well_formed(&annexb::to_length_prefixed(bytes));
}

fn access_units(format: Format, bytes: &[u8]) {
    let mut parser = Parser::waiting(format);
    for piece in pieces(bytes) {
        let length = piece.len();
        let codec::AccessUnit { data, config, .. } = parser.parse(piece);
        // The last OBU of AV1 may come without its size, and a key frame without its sequence header.
        let added = match (format, parser.config()) {
            (Format::Av1, Some(Config::Av1(config))) => 5 + config.record().len(),
            (Format::Av1, _) => 5,
            _ => 0,
        };
        assert!(data.len() <= length + added, "{} bytes out of {length}", data.len());
        if format == Format::Av1 {
            assert!(av1::obus(&data).all(|obu| obu.is_ok_and(|obu| obu.has_size && obu.kind.in_sample())));
        }
        if matches!(format, Format::H264 | Format::H265) {
            well_formed(&data);
        }
        if let Some(config) = config {
            sane(&config);
            assert_eq!(parser.config(), Some(config));
        }
    }
}

/// Length-prefixed NAL units that fill the data exactly.
fn well_formed(mut data: &[u8]) {
    while !data.is_empty() {
        let (head, rest) = data.split_first_chunk::<4>().expect("a length of four bytes");
        let length = u32::from_be_bytes(*head) as usize;
        assert!((1..=rest.len()).contains(&length), "a NAL unit of {length} bytes in {}", rest.len());
        data = &rest[length..];
    }
}
