//! Two passes over the same frames: the second spends what it was told to, and libx264's files are seen by nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use media_core::encode::x264::{Options, Preset};
use media_core::encode::{
    Change, Codec, Config, Encoder, Error, Finished, FrameOptions, Latency, Pass, RateControl, Statistics,
    Threads,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::Timestamp;

use crate::tools::Scratch;
use crate::{SIZE, STEP, pictures};

const SECONDS: usize = 8;

fn config(bitrate: u32) -> Config {
    let rate = RateControl::Average { bitrate };
    Config { rate, threads: Threads::Count(1), ..crate::x264("veryfast") }
}

fn frames() -> Vec<Frame> {
    // A still half and a moving one, so that there is something to share out.
    let mut frames = pictures::moving(PixelFormat::I420, SIZE, SECONDS * 25);
    let still = Frame::copy_of(&frames[0].as_ref()).unwrap();
    for frame in &mut frames[50..100] {
        *frame = Frame::copy_of(&still.as_ref()).unwrap();
    }
    frames
}

fn pass(config: &Config, pass: Pass, frames: &[Frame]) -> Result<Finished, Error> {
    let mut encoder = Encoder::open(Config { pass, ..config.clone() })?;
    for (number, frame) in frames.iter().enumerate() {
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * STEP), &FrameOptions::default())?;
    }
    encoder.finish()
}

#[test]
fn the_second_pass_meets_its_rate() {
    let frames = frames();
    for bitrate in [150_000, 400_000] {
        for rate in [
            RateControl::Average { bitrate },
            RateControl::Constrained { bitrate, max: 2 * bitrate, buffer_ms: 1000 },
        ] {
            let config = Config { rate, ..config(bitrate) };
            let first = pass(&config, Pass::First, &frames).unwrap();
            assert_eq!((first.coded.len(), first.report.packets), (frames.len(), frames.len() as u64));
            let second = pass(&config, Pass::Second(first.statistics.unwrap()), &frames).unwrap();
            assert_eq!((second.coded.len(), second.statistics), (frames.len(), None));
            let found = second.report.bytes * 8 / SECONDS as u64;
            let asked = u64::from(bitrate);
            assert!((asked * 95 / 100..=asked * 105 / 100).contains(&found), "{found} for {rate:?}");
        }
    }
}

#[test]
fn statistics_go_through_bytes_with_and_without_a_macroblock_tree() {
    let frames = &frames()[..60];
    for tree in ["0", "1"] {
        let options = Options { params: vec![("mbtree".into(), tree.into())], ..Options::default() };
        let config = Config { codec: Codec::X264(options), ..config(200_000) };
        let statistics = pass(&config, Pass::First, frames).unwrap().statistics.unwrap();
        let again = Statistics::from_bytes(&statistics.to_bytes()).unwrap();
        assert_eq!(again, statistics);
        assert_eq!(pass(&config, Pass::Second(again), frames).unwrap().coded.len(), frames.len());
    }
}

#[test]
fn a_first_pass_may_look_closely() {
    let frames = &frames()[..20];
    let bytes = |preset, slow_first_pass| {
        let options = Options { preset, slow_first_pass, ..Options::default() };
        let params = vec![("mbtree".to_owned(), "0".to_owned())];
        let codec = Codec::X264(Options { params, ..options });
        let first = pass(&Config { codec, ..config(200_000) }, Pass::First, frames).unwrap();
        first.coded.into_iter().map(|coded| coded.packet).collect::<Vec<_>>()
    };
    assert!(bytes(Preset::Slow, false) != bytes(Preset::Slow, true));
    assert!(bytes(Preset::Placebo, false) == bytes(Preset::Placebo, true), "as the x264 program");
}

#[test]
fn passes_that_cannot_be_are_refused() {
    let frames = &frames()[..5];
    let refused = |config: Config| match Encoder::open(config) {
        Err(Error::Config { field: "pass", reason }) => assert!(!reason.is_empty()),
        other => panic!("{other:?}"),
    };
    for rate in [
        RateControl::Quality { q: 23.into() },
        RateControl::Constant { bitrate: 200_000, buffer_ms: 1000 },
        RateControl::Quantizer { qp: 30 },
        RateControl::Lossless,
    ] {
        refused(Config { rate, pass: Pass::First, ..config(200_000) });
    }
    let statistics = pass(&config(200_000), Pass::First, frames).unwrap().statistics.unwrap();
    // Of another library, by the text in front.
    let text = statistics.to_bytes().to_vec();
    let at = text.windows(7).position(|window| window == b"libx264").unwrap();
    let mut other = text.clone();
    other[at + 3] = b'y';
    let other = Statistics::from_bytes(&other).unwrap();
    refused(Config { pass: Pass::Second(other), ..config(200_000) });
    // Of 10 bits.
    refused(Config { pass: Pass::Second(statistics.clone()), format: PixelFormat::I010, ..config(200_000) });
    // libx264 itself compares the rest.
    let params = vec![("bframes".into(), "1".into())];
    let options = Options { preset: Preset::Veryfast, params, ..Options::default() };
    let codec = Codec::X264(options);
    let refused = Encoder::open(Config { pass: Pass::Second(statistics), codec, ..config(200_000) });
    let Err(Error::Codec { call: "x264_encoder_open", detail, .. }) = refused else { panic!("{refused:?}") };
    assert!(detail.contains("bframes"), "{detail}");
}

#[test]
fn a_pass_keeps_its_rate() {
    for rate in [
        RateControl::Average { bitrate: 200_000 },
        RateControl::Constrained { bitrate: 200_000, max: 300_000, buffer_ms: 1000 },
    ] {
        let mut encoder = Encoder::open(Config { rate, pass: Pass::First, ..config(200_000) }).unwrap();
        let other = match rate {
            RateControl::Average { .. } => RateControl::Average { bitrate: 100_000 },
            _ => RateControl::Constrained { bitrate: 200_000, max: 400_000, buffer_ms: 1000 },
        };
        let refused = encoder.reconfigure(&Change::rate(other));
        assert!(matches!(refused, Err(Error::NotReconfigurable { field: "rate", .. })));
    }
}

/// libx264 would read what is not there, and crash.
#[test]
fn frames_beyond_the_first_pass_are_refused() {
    let frames = frames();
    for tree in ["0", "1"] {
        let options = Options { params: vec![("mbtree".into(), tree.into())], ..Options::default() };
        let config = Config { codec: Codec::X264(options), ..config(200_000) };
        let statistics = pass(&config, Pass::First, &frames[..20]).unwrap().statistics.unwrap();
        let mut encoder =
            Encoder::open(Config { pass: Pass::Second(statistics.clone()), ..config.clone() }).unwrap();
        let mut push = |number: usize| {
            let pts = Timestamp::new(number as i64 * STEP);
            encoder.push(&frames[number].as_ref(), pts, &FrameOptions::default())
        };
        (0..20).for_each(|number| push(number).unwrap());
        for number in 20..23 {
            assert!(matches!(push(number), Err(Error::Config { field: "pass", .. })));
        }
        assert_eq!(encoder.finish().unwrap().coded.len(), 20);
        let fewer = pass(&config, Pass::Second(statistics), &frames[..13]).unwrap();
        assert_eq!(fewer.coded.len(), 13);
    }
}

/// Whatever comes from another process is refused, or an error, or taken; never worse.
#[test]
fn statistics_that_were_tampered_with_do_no_harm() {
    let frames = &frames()[..12];
    let statistics = pass(&config(200_000), Pass::First, frames).unwrap().statistics.unwrap();
    let bytes = statistics.to_bytes();
    let mut taken = 0;
    for seed in 0..150_usize {
        let mut changed = bytes.to_vec();
        let at = 30 + seed.wrapping_mul(0x9e37_79b1) % (changed.len() - 30);
        let digits = b"0123456789-:; IPBbwi";
        changed[at] = if changed[at].is_ascii_graphic() { digits[seed % digits.len()] } else { seed as u8 };
        let Ok(statistics) = Statistics::from_bytes(&changed) else { continue };
        taken += usize::from(pass(&config(200_000), Pass::Second(statistics), frames).is_ok());
    }
    assert!(taken > 0, "numbers may differ");
}

/// The test below runs this one by itself, with a directory for temporary files of its own.
#[test]
fn files_are_there_only_while_an_encoder_is_open() {
    let files = || -> Vec<PathBuf> {
        let alone = std::env::var_os("REELMILL_TEST_ALONE").is_some();
        let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|_| alone).collect()
    };
    let frames = &frames()[..10];
    let statistics = pass(&config(200_000), Pass::First, frames).unwrap().statistics.unwrap();
    assert_eq!(files(), [""; 0].map(PathBuf::from));
    for pass in [Pass::First, Pass::Second(statistics)] {
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let config = Config { pass: pass.clone(), ..config(200_000) };
            let mut encoder = Encoder::open(config.clone()).unwrap();
            files().iter().for_each(|path| assert_private(path));
            encoder.push(&frames[0].as_ref(), Timestamp::ZERO, &FrameOptions::default()).unwrap();
            // Refused after the files were written.
            let refused = Encoder::open(Config { latency: Latency::Realtime, size: (17, 17), ..config });
            assert!(refused.is_err());
            std::panic::resume_unwind(Box::new("on purpose"));
        }));
        assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"on purpose"));
        assert_eq!(files(), [""; 0].map(PathBuf::from));
    }
}

#[cfg(unix)]
fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path).unwrap();
    assert!(metadata.is_dir());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700, "{}", path.display());
}

#[cfg(not(unix))]
fn assert_private(path: &Path) {
    assert!(path.is_dir());
}

#[test]
fn files_are_private_and_go_with_the_encoder_also_after_a_panic() {
    let scratch = Scratch::new();
    let folder = scratch.file("temporary");
    std::fs::create_dir(&folder).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "x264_two_pass::files_are_there_only_while_an_encoder_is_open"]);
    command.env("TMPDIR", &folder).env("TMP", &folder).env("REELMILL_TEST_ALONE", "1");
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    // Where no directory can be made, opening says so.
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "x264_two_pass::without_room_for_files_a_pass_is_refused"]);
    let output = command.env("TMPDIR", folder.join("none")).env("TMP", folder.join("none")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn without_room_for_files_a_pass_is_refused() {
    let opened = Encoder::open(Config { pass: Pass::First, ..config(200_000) });
    if std::env::temp_dir().exists() {
        assert!(opened.is_ok());
    } else {
        assert!(matches!(opened, Err(Error::File { call: "creation", .. })));
    }
}
