//! Two rules keep the crate easy to change: a module uses only modules above it, and nothing touches the world outside. Both are
//! checked by searching the text, without comments and tests: crude, and enough to notice.

use std::fs;
use std::path::{Path, PathBuf};

/// The way of the data; a module may use those before it.
const ORDER: [&str; 17] = [
    "time", "bits", "codec", "frame", "track", "packet", "rtp", "timeline", "encode", "decode", "scale",
    "demux", "mux", "segment", "playlist", "origin", "check",
];

/// What would tie the crate to sockets, files, threads or a clock.
const OUTSIDE: [&str; 9] = [
    "std::net",
    "std::fs",
    "std::thread",
    "std::process",
    "std::env",
    "time::Instant",
    "time::SystemTime",
    "std::time",
    "tokio",
];

#[test]
fn modules_use_only_modules_above_them() {
    assert_none(sources().iter().flat_map(upward_uses).collect());
}

/// libx264 reads and writes the statistics of two passes as files and in no other way: one file puts them away again.
const EXCEPTION: &str = "encode/x264/pass.rs";

#[test]
fn nothing_touches_the_outside() {
    let sources = sources();
    let (excepted, others): (Vec<_>, Vec<_>) =
        sources.iter().partition(|source| source.path == Path::new(EXCEPTION));
    assert_none(others.into_iter().flat_map(outside_uses).collect());
    let [excepted] = excepted[..] else { panic!("one file is {EXCEPTION}") };
    let mut found: Vec<_> = excepted.code.lines().filter(|line| line.contains("std::env")).collect();
    found.retain(|line| !line.contains("std::env::temp_dir()"));
    assert_none(found);
    assert!(
        outside_uses(excepted).iter().all(|found| found.ends_with("std::fs") || found.ends_with("std::env"))
    );
}

#[test]
fn every_module_has_its_place() {
    let sources = sources();
    let modules = sources.iter().map(Source::module);
    assert_none(modules.filter(|module| *module != "lib" && place(module).is_none()).collect());
}

#[test]
fn the_checker_sees_upward_uses() {
    let found = |path: &str, text: &str| upward_uses(&Source::new(path, text)).len();
    assert_eq!(found("packet.rs", "use crate::time::Timestamp;\nuse crate::track::TrackId;"), 0);
    assert_eq!(found("packet.rs", "use crate::timeline::Timeline;"), 1);
    assert_eq!(found("codec/h264/sps.rs", "fn f() -> crate::mux::Rope { crate::segment::cut() }"), 2);
    assert_eq!(
        found(
            "track.rs",
            "use crate::{\n    codec::{self, Config},\n    mux,\n    time::{TimeBase, mux},\n};"
        ),
        1
    );
    assert_eq!(found("mux/fmp4.rs", "use super::Rope;\nuse super::super::playlist;"), 1);
    assert_eq!(found("mux/mod.rs", "use super::segment;\nuse super::codec;"), 1);
    assert_eq!(
        found("time.rs", "/// See [`Packet`](crate::packet::Packet).\n// crate::mux is later\nfn f() {}"),
        0
    );
    assert_eq!(found("time.rs", "fn f() {}\n#[cfg(test)]\nmod tests { use crate::mux::Rope; }"), 0);
    assert_eq!(found("mux/fmp4_test.rs", "use crate::playlist::Window;"), 0);
}

#[test]
fn the_checker_sees_the_outside() {
    let found = |text: &str| outside_uses(&Source::new("mux/mod.rs", text)).len();
    assert_eq!(found("use std::time::Instant;"), 2);
    assert_eq!(found("use std::{fs, net::IpAddr};"), 2);
    assert_eq!(found("// std::fs is for others\nuse std::io::IoSlice;\nuse crate::time::Moment;"), 0);
}

/// A file of `src` with its comments and tests taken out.
struct Source {
    path: PathBuf,
    code: String,
}

impl Source {
    fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        let path = path.into();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        // Tests next door, and what only they use.
        let is_test = stem.ends_with("_test") || stem.starts_with("test_");
        let lines = text.lines().take_while(|line| !is_test && line.trim() != "#[cfg(test)]");
        let code =
            lines.map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        Self { path, code }
    }

    /// The module of the crate it belongs to: `codec` for `codec.rs`, `codec/mod.rs` and `codec/h264/sps.rs`.
    fn module(&self) -> &str {
        let first = self.path.components().next().expect("a path under src has a component");
        let first = first.as_os_str().to_str().expect("our file names are ASCII");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super::` lead from its code to the root of the crate.
    fn depth(&self) -> usize {
        let is_root_of_folder = self.path.file_stem().is_some_and(|stem| stem == "mod");
        self.path.components().count() - usize::from(is_root_of_folder)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 4, "no sources under {}", root.display());
    files
        .iter()
        .map(|file| {
            let text = fs::read_to_string(file).expect("sources are readable UTF-8");
            Source::new(file.strip_prefix(&root).expect("found under the root"), &text)
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Each use of a module that stands at or after the user's own place, its own module excepted.
fn upward_uses(source: &Source) -> Vec<String> {
    let Some(own) = place(source.module()) else { return Vec::new() };
    let to_root = "super::".repeat(source.depth());
    ["crate::", &to_root]
        .iter()
        .flat_map(|prefix| names_after(&source.code, prefix))
        .filter(|name| place(name).is_some_and(|used| used > own))
        .map(|name| {
            format!("{}: {} uses {name}, which comes after it", source.path.display(), source.module())
        })
        .collect()
}

fn outside_uses(source: &Source) -> Vec<String> {
    let grouped = names_after(&source.code, "std::").into_iter().map(|name| format!("std::{name}"));
    let grouped: Vec<String> = grouped.filter(|name| OUTSIDE.contains(&name.as_str())).collect();
    let plain = OUTSIDE.iter().filter(|name| !name.starts_with("std::") && source.code.contains(**name));
    let plain = plain.map(|name| (*name).to_owned());
    grouped.into_iter().chain(plain).map(|name| format!("{}: {name}", source.path.display())).collect()
}

/// The first path segment after each `prefix`, those in a group included: `prefix{a::b, c}` gives `a` and `c`.
fn names_after<'a>(code: &'a str, prefix: &str) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let continues_a_path =
            code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':');
        if continues_a_path {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(group_members(group)),
            None => names.push(first_name(rest)),
        }
    }
    names
}

/// The first names of the members of a group, the text of which begins after its brace.
fn group_members(group: &str) -> Vec<&str> {
    let (mut names, mut depth, mut begins) = (Vec::new(), 0_usize, true);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && character.is_alphanumeric() => {
                names.push(first_name(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    names
}

fn first_name(text: &str) -> &str {
    let end =
        text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    &text[..end]
}

fn place(module: &str) -> Option<usize> {
    ORDER.iter().position(|name| *name == module)
}

fn assert_none<T: AsRef<str>>(found: Vec<T>) {
    let lines: Vec<&str> = found.iter().map(AsRef::as_ref).collect();
    assert!(lines.is_empty(), "\n{}", lines.join("\n"));
}
