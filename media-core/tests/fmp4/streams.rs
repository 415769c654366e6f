//! Real streams, muxed by us and read by ffmpeg: the same packets, and decoded the same pictures and samples as from their source.

use std::path::{Path, PathBuf};

use media_core::mux::fmp4::Composition;
use media_core::track::Kind;

use crate::ffmpeg::{self, Listed};
use crate::oracle;
use crate::source::{self, Source};

/// Writes `bytes` where ffmpeg can read them.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).expect("a writable target folder");
    path
}

/// Muxes the video of `name` and compares with the original.
fn pictures(name: &str, per_fragment: usize) {
    let Some(original) = source::media(name).filter(|_| ffmpeg::present()) else { return };
    compare_pictures(&original, source::mp4(&original, Kind::Video), per_fragment);
}

fn compare_pictures(original: &Path, source: Source, per_fragment: usize) {
    let before_zero = -source.packets[0].dts.ticks();
    let delay = source.ffmpeg_delay();
    let source = source.later(before_zero);
    let stem = original.file_stem().expect("a name").to_string_lossy();
    let expected = ffmpeg::packets(original, "v");
    let hash = ffmpeg::picture_hash(original);
    for (composition, pts, dts) in [
        (Composition::Unsigned, before_zero, before_zero),
        (Composition::Signed, before_zero + delay, before_zero + source.lead()),
    ] {
        let muxed = source::mux_composed(&source, per_fragment, composition);
        oracle::check(&muxed, &source);
        let ours = file(&format!("{stem}-{per_fragment}-{composition:?}.mp4"), &muxed);
        let listed = ffmpeg::packets(&ours, "v");
        let expected: Vec<Listed> = expected.iter().map(|packet| packet.later(pts, dts)).collect();
        assert_eq!(listed, expected, "{composition:?}");
        assert_eq!(ffmpeg::picture_hash(&ours), hash, "{composition:?}");
    }
}

/// Muxes the sound of `name` and compares with the original.
fn sound(name: &str, per_fragment: usize, priming: u32) {
    let Some(original) = source::media(name).filter(|_| ffmpeg::present()) else { return };
    compare_sound(&original, per_fragment, priming);
}

fn compare_sound(original: &Path, per_fragment: usize, priming: u32) {
    let source = source::mp4(original, Kind::Audio);
    assert_eq!(source.track.priming, priming);
    let stem = original.file_stem().expect("a name").to_string_lossy();
    let muxed = source::mux(&source, per_fragment);
    oracle::check(&muxed, &source);
    let ours = file(&format!("{stem}-{per_fragment}-sound.mp4"), &muxed);
    assert_eq!(ffmpeg::packets(&ours, "a"), ffmpeg::packets(original, "a"));
    let samples =
        source.packets.iter().map(|packet| source::samples(&source.track, packet)).sum::<u32>() - priming;
    let decoded = ffmpeg::edited_sound(&ours);
    let channels = source.track.codec.channels().expect("sound");
    assert_eq!(decoded.len(), samples as usize * usize::from(channels) * 2, "all but the priming is heard");
    // An edit list may cut the original's end too.
    let expected = ffmpeg::sound(original);
    let cut = decoded.len() - expected.len();
    assert!(cut < decoded.len() / 20, "{cut} bytes cut at the end");
    assert!(decoded[..expected.len()] == expected, "the same samples from the first on");
}

#[test]
fn h264_with_b_pictures() {
    pictures("mp4/sample.mp4", 7);
}

#[test]
fn h264_with_a_pyramid_of_b_pictures() {
    pictures("mp4/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4", 30);
}

#[test]
fn h264_in_chunks_of_one_picture() {
    pictures("mp4/testvid_1022ms.mp4", 1);
}

#[test]
fn h265_with_b_pictures() {
    pictures("mp4/h265_bframes.mp4", 10);
}

#[test]
fn h265_of_10_bits_at_an_uneven_rate() {
    pictures("mp4/hdr10-video-with-sdr-container.mp4", 9);
}

#[test]
fn vp9() {
    pictures("mp4/bbb_800x640_768kbps_30fps_vp9.mp4", 30);
}

#[test]
fn vp8() {
    let Some(original) = source::media("es/vp80-00-comprehensive-001.ivf").filter(|_| ffmpeg::present())
    else {
        return;
    };
    let source = source::ivf(&std::fs::read(&original).expect("a readable file"));
    compare_pictures(&original, source, 10);
}

#[test]
fn vp9_with_shown_existing_frames() {
    let name = "es/vp90-2-10-show-existing-frame2.vp9.ivf";
    let Some(original) = source::media(name).filter(|_| ffmpeg::present()) else { return };
    let source = source::ivf(&std::fs::read(&original).expect("a readable file"));
    compare_pictures(&original, source, 10);
}

#[test]
fn aac_with_priming() {
    sound("mp4/bbb_1ch_16kHz_aac.mp4", 5, 1024);
}

#[test]
fn aac_with_priming_in_chunks_of_one_packet() {
    sound("mp4/silent-black-10s.mp4", 1, 1024);
}

#[test]
fn aac_without_priming() {
    sound("mp4/sample_simple.mp4", 20, 0);
}

#[test]
fn opus_with_pre_skip() {
    opus("audio/bear.opus", 25, 312);
}

#[test]
fn opus_of_six_channels() {
    opus("audio/bbb_6ch_8kHz_opus.ogg", 1, 312);
}

fn opus(name: &str, per_fragment: usize, pre_skip: u32) {
    let Some(original) = source::media(name).filter(|_| ffmpeg::present()) else { return };
    let mp4 = file(&format!("{}.mp4", original.file_stem().expect("a name").to_string_lossy()), b"");
    ffmpeg::to_mp4(&original, &mp4);
    compare_sound(&mp4, per_fragment, pre_skip);
}
