//! Pictures equal to what others decode, sample by sample: the hashes that come with test vectors, and `vpxdec`.

use std::path::Path;
use std::process::Command;

use media_core::codec::Format;
use media_core::decode::{Config, Decoder, vpx};
use media_core::frame::{Colour, PixelFormat};

use crate::md5::md5;
use crate::streams::{coded, ivf, media, remuxed};
use crate::tools::{Scratch, decoded, present, run};
use crate::{Outcome, decode, drive, raw};

/// Files with one hash for each picture, from the makers of the vectors.
#[test]
fn hashes_of_test_vectors_come_out() {
    let vectors = [
        // Every version of VP8, odd sides, hidden frames, lost and multiple key frames.
        "es/vp80-00-comprehensive-001.ivf",
        "es/vp80-00-comprehensive-003.ivf",
        "es/vp80-00-comprehensive-005.ivf",
        "es/vp80-00-comprehensive-008.ivf",
        "es/vp80-00-comprehensive-010.ivf",
        "es/vp80-00-comprehensive-014.ivf",
        "es/vp80-00-comprehensive-016.ivf",
        "es/vp80-00-comprehensive-017.ivf",
    ];
    for name in vectors {
        let (Some(file), Some(hashes)) = (media(name), media(&format!("{name}.md5"))) else { continue };
        let hashes = std::fs::read_to_string(hashes).unwrap();
        let expected: Vec<&str> = hashes.lines().map(|line| &line[..32]).collect();
        assert!(hashes_of(Format::Vp8, &file) == expected, "{name}");
    }
}

/// Files whose own hashes are not of the samples alone, beside ffmpeg's decoders, which are no libvpx.
#[test]
fn hashes_of_ffmpeg_come_out() {
    let files = [
        ("es/test-25fps.vp8", Format::Vp8),
        ("es/test-25fps.vp9", Format::Vp9),
        ("es/vp90-2-10-show-existing-frame2.vp9.ivf", Format::Vp9),
    ];
    for (name, format) in files {
        let Some(file) = media(name).filter(|_| present(&["ffmpeg"])) else { continue };
        let expected = decoded(&file);
        assert!(!expected.is_empty() && hashes_of(format, &file) == expected, "{name}");
    }
}

/// The hash of each picture's samples; nothing may be wrong with the file.
fn hashes_of(format: Format, file: &Path) -> Vec<String> {
    let outcome = decode(format, &ivf(file));
    assert_eq!(outcome.errors, [], "{}", file.display());
    outcome.pictures.iter().map(|decoded| md5(&raw(decoded))).collect()
}

/// What `vpxdec`, the library's own player, writes for the same file.
fn vpxdec(file: &Path, arguments: &[&str]) -> Vec<u8> {
    run(Command::new("vpxdec").args(["--rawvideo", "-o", "-"]).args(arguments).arg(file))
}

fn assert_same(outcome: &Outcome, expected: &[u8], name: &str) {
    assert_eq!(outcome.errors, [], "{name}");
    let found: Vec<u8> = outcome.pictures.iter().flat_map(raw).collect();
    assert_eq!(found.len(), expected.len(), "{name}: bytes");
    assert!(found == expected, "{name}: samples");
}

#[test]
fn streams_whose_size_changes_are_those_of_vpxdec() {
    let names = [
        ("es/resolution_change_500frames-vp9.ivf", Format::Vp9, 500),
        ("webm/400x300-red-resize-200x150-green.webm", Format::Vp8, 119),
    ];
    for (name, format, count) in names {
        let scratch = Scratch::new();
        let Some(file) = media(name) else { continue };
        if !present(&["vpxdec"]) {
            return;
        }
        let Some(file) = remuxed(&file, &scratch) else { return };
        let packets = ivf(&file);
        let mut decoder = Decoder::open(format, &Config::default()).unwrap();
        let expected = vpxdec(&file, &[]);
        let (mut rest, mut sizes, mut pictures) = (&expected[..], Vec::new(), 0);
        // One picture at a time: holding all of them takes more than a small machine has.
        for packet in &packets {
            decoder.push(packet).unwrap();
            while let Some(decoded) = decoder.poll() {
                let found = raw(&decoded);
                assert!(rest.starts_with(&found), "{name}: picture {pictures}");
                rest = &rest[found.len()..];
                sizes.push(decoded.picture.as_ref().size());
                pictures += 1;
            }
        }
        sizes.dedup();
        assert!(sizes.len() > 1 && rest.is_empty() && pictures == count, "{name}: {pictures} of {sizes:?}");
    }
}

#[test]
fn all_formats_are_those_of_vpxdec() {
    let formats = [
        ("yuv420p", PixelFormat::I420),
        ("yuv422p", PixelFormat::I422),
        ("yuv444p", PixelFormat::I444),
        ("yuv420p10le", PixelFormat::I010),
        ("yuv422p10le", PixelFormat::I210),
        ("yuv444p10le", PixelFormat::I410),
    ];
    for (name, format) in formats {
        for size in ["176x144", "175x143"] {
            let scratch = Scratch::new();
            let Some(file) = coded("libvpx-vp9", name, size, &scratch) else { return };
            if !present(&["vpxdec"]) {
                return;
            }
            let outcome = decode(Format::Vp9, &ivf(&file));
            assert_same(&outcome, &vpxdec(&file, &[]), name);
            assert_eq!(outcome.pictures.len(), 10);
            for decoded in &outcome.pictures {
                let frame = decoded.picture.as_ref();
                assert_eq!(frame.format(), format);
                assert_eq!(frame.check_samples(), Ok(()));
            }
        }
    }
}

/// Colour as ffprobe tells it of these files.
#[test]
fn files_of_ten_bits_are_those_of_vpxdec() {
    let files = [
        ("webm/roadtrip-vp92-10bit.webm", PixelFormat::I010, Colour::BT2020),
        ("mkv/simple.mkv", PixelFormat::I410, Colour::BT709),
    ];
    for (name, format, colour) in files {
        let scratch = Scratch::new();
        let Some(file) = media(name) else { continue };
        let Some(file) = remuxed(&file, &scratch) else { return };
        if !present(&["vpxdec"]) {
            return;
        }
        let outcome = decode(Format::Vp9, &ivf(&file));
        assert_same(&outcome, &vpxdec(&file, &[]), name);
        assert_eq!(outcome.pictures[0].picture.as_ref().format(), format, "{name}");
        assert_eq!(outcome.pictures[0].picture.colour(), Some(colour), "{name}");
    }
}

#[test]
fn threads_change_no_sample() {
    let scratch = Scratch::new();
    let Some(file) = coded("libvpx-vp9", "yuv420p", "1280x720", &scratch) else { return };
    let packets = ivf(&file);
    let one = decode(Format::Vp9, &packets);
    for row_mt in [false, true] {
        let config = Config { threads: 4, ..Config::default() };
        let options = vpx::Options { row_mt, ..vpx::Options::vp9() };
        let several = drive(vpx::Decoder::open(options, &config).unwrap().into(), &packets);
        assert!(one.pictures.iter().map(raw).eq(several.pictures.iter().map(raw)), "{row_mt}");
    }
}
