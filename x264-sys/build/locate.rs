//! Where the library is and how it is linked. This file is the same in both binding crates.
//!
//! `<TARGET>_<X>` goes before `<X>` for every variable, as with openssl-sys; then pkg-config is asked; then the
//! build ends with a text that says what to install. Nothing here looks at the host when the target is meant.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

/// What has to be known about a library to look for it.
pub(crate) struct Library {
    /// As people call it.
    pub(crate) name: &'static str,
    /// The versions that the checked-in bindings fit, in words.
    pub(crate) versions: &'static str,
    /// Of the environment variables.
    pub(crate) prefix: &'static str,
    pub(crate) pkg_config: &'static str,
    pub(crate) link_name: &'static str,
    /// A header whose presence marks an include directory.
    pub(crate) probe_header: &'static str,
    /// What a static library needs on a Unix when pkg-config does not say it.
    pub(crate) private_libs: &'static [&'static str],
    /// What the header wants defined when the library is a DLL.
    pub(crate) dll_defines: &'static [&'static str],
    /// One line for each packager.
    pub(crate) install: &'static str,
}

/// The library, found.
pub(crate) struct Found {
    /// Directories for `-I`; empty if the compiler looks in the right place by itself.
    pub(crate) include: Vec<PathBuf>,
    lib_dirs: Vec<PathBuf>,
    /// The library itself first.
    libs: Vec<Lib>,
    defines: Vec<String>,
    is_static: bool,
    version: Option<String>,
    /// The include directory as told to dependents, also where the compiler needs no `-I`.
    include_told: Option<PathBuf>,
}

/// An entry for `rustc-link-lib`.
struct Lib {
    kind: &'static str,
    name: String,
}

/// Finds the library by variables, then by pkg-config, or ends the build with a text.
pub(crate) fn find(library: &Library) -> Found {
    let wishes = Wishes::read(library);
    let mut found = match &wishes.lib_dir {
        Some(dir) => by_directory(library, &wishes, dir),
        None if wishes.no_pkg_config => by_name(library, &wishes),
        None => by_pkg_config(library, &wishes),
    };
    if let Some(dir) = &wishes.include_dir {
        if !dir.join(library.probe_header).is_file() {
            fail(&format!(
                "{}_INCLUDE_DIR is {}, which holds no {}.",
                library.prefix,
                dir.display(),
                library.probe_header
            ));
        }
        found.include = vec![dir.clone()];
        found.include_told = Some(dir.clone());
    }
    if !found.is_static && env::var_os("CARGO_CFG_WINDOWS").is_some() {
        found.defines.extend(library.dll_defines.iter().map(|name| String::from(*name)));
    }
    if let Some(libs) = &wishes.libs {
        found.libs = named_libs(libs, found.is_static);
    }
    found
}

/// The variables, read once.
struct Wishes {
    lib_dir: Option<PathBuf>,
    include_dir: Option<PathBuf>,
    libs: Option<String>,
    /// `None`: as it comes.
    is_static: Option<bool>,
    no_pkg_config: bool,
}

impl Wishes {
    fn read(library: &Library) -> Wishes {
        let text = |name: &str| variable(&format!("{}_{name}", library.prefix));
        let flag =
            |name: &str| text(name).map(|value| !matches!(value.as_str(), "0" | "no" | "false" | "off"));
        Wishes {
            lib_dir: text("LIB_DIR").map(PathBuf::from),
            include_dir: text("INCLUDE_DIR").map(PathBuf::from),
            libs: text("LIBS"),
            is_static: flag("STATIC"),
            no_pkg_config: flag("NO_PKG_CONFIG").unwrap_or(false),
        }
    }
}

/// The variable for this target, else for all; an empty one counts as not set. Both are watched.
fn variable(name: &str) -> Option<String> {
    let target = cargo_variable("TARGET").to_uppercase().replace(['-', '.'], "_");
    let mut value = None;
    for name in [format!("{target}_{name}"), String::from(name)] {
        println!("cargo::rerun-if-env-changed={name}");
        value = value.or_else(|| env::var(&name).ok().filter(|value| !value.is_empty()));
    }
    value
}

fn by_directory(library: &Library, wishes: &Wishes, dir: &Path) -> Found {
    let archives = archive_names(library);
    let archive = archives.iter().any(|name| dir.join(name).is_file());
    let shared = shared_names(library).iter().any(|name| dir.join(name).is_file());
    if !archive && !shared {
        fail(&format!("{}_LIB_DIR is {}, which holds no {}.", library.prefix, dir.display(), library.name));
    }
    let is_static = wishes.is_static.unwrap_or(archive && !shared);
    if is_static && !archive {
        fail(&no_archive(library, &[dir.to_path_buf()]));
    }
    // `<prefix>/lib` or `<prefix>/lib/<triple>` beside `<prefix>/include`.
    let include = dir.ancestors().skip(1).take(2).map(|prefix| prefix.join("include"));
    let include: Vec<_> = include.filter(|dir| dir.join(library.probe_header).is_file()).take(1).collect();
    Found {
        include_told: include.first().cloned(),
        include,
        lib_dirs: vec![dir.to_path_buf()],
        libs: default_libs(library, is_static),
        defines: Vec::new(),
        is_static,
        version: None,
    }
}

/// No directory and no pkg-config: the compiler and the linker have to know.
fn by_name(library: &Library, wishes: &Wishes) -> Found {
    let is_static = wishes.is_static.unwrap_or(false);
    Found {
        include: Vec::new(),
        lib_dirs: if is_static { vec![archive_dir(library, &[])] } else { Vec::new() },
        libs: default_libs(library, is_static),
        defines: Vec::new(),
        is_static,
        version: None,
        include_told: None,
    }
}

fn by_pkg_config(library: &Library, wishes: &Wishes) -> Found {
    let is_static = wishes.is_static.unwrap_or(false);
    // Its own metadata is not wanted: it links whatever lies under /usr dynamically, without a word, even
    // when a static library was asked for.
    let probed = pkg_config::Config::new()
        .cargo_metadata(false)
        .env_metadata(true)
        .print_system_libs(false)
        .statik(is_static)
        .probe(library.pkg_config);
    let probed = match probed {
        Ok(probed) => probed,
        Err(error) => fail(&not_found(library, &error.to_string())),
    };
    let told = pkg_config::get_variable(library.pkg_config, "includedir").ok().map(PathBuf::from);
    let lib_dirs = if is_static { vec![archive_dir(library, &probed.link_paths)] } else { probed.link_paths };
    Found {
        include_told: probed.include_paths.first().cloned().or(told),
        include: probed.include_paths,
        lib_dirs,
        libs: pkg_config_libs(library, &probed.libs, is_static),
        defines: probed.defines.into_keys().collect(),
        is_static,
        version: Some(probed.version),
    }
}

fn pkg_config_libs(library: &Library, names: &[String], is_static: bool) -> Vec<Lib> {
    let mut libs = vec![Lib::itself(library.link_name, is_static)];
    for name in names {
        if libs.iter().all(|lib| lib.name != *name) {
            libs.push(Lib { kind: "dylib", name: name.clone() });
        }
    }
    libs
}

fn default_libs(library: &Library, is_static: bool) -> Vec<Lib> {
    let mut libs = vec![Lib::itself(library.link_name, is_static)];
    if is_static && env::var_os("CARGO_CFG_UNIX").is_some() {
        // Android has its threads in the C library.
        let android = cargo_variable("CARGO_CFG_TARGET_OS") == "android";
        let private = library.private_libs.iter().filter(|name| !(android && **name == "pthread"));
        libs.extend(private.map(|name| Lib { kind: "dylib", name: String::from(*name) }));
    }
    libs
}

/// `vpx:m:pthread`, or `static=vpx:dylib=m`; what has no kind is the library itself if it comes first, else
/// dynamic.
fn named_libs(names: &str, is_static: bool) -> Vec<Lib> {
    let names = names.split([':', ';', ',', ' ']).filter(|name| !name.is_empty());
    let lib = |(at, name): (usize, &str)| match name.split_once('=') {
        Some(("static", name)) => Lib { kind: "static", name: String::from(name) },
        Some(("framework", name)) => Lib { kind: "framework", name: String::from(name) },
        Some((_, name)) => Lib { kind: "dylib", name: String::from(name) },
        None => Lib::itself(name, is_static && at == 0),
    };
    names.enumerate().map(lib).collect()
}

impl Lib {
    fn itself(name: &str, is_static: bool) -> Lib {
        Lib { kind: if is_static { "static" } else { "dylib" }, name: String::from(name) }
    }
}

/// The directory of the archive. rustc does not look where the C compiler does by itself, so it has to be said.
fn archive_dir(library: &Library, candidates: &[PathBuf]) -> PathBuf {
    let mut tried = candidates.to_vec();
    let compiler = cc::Build::new().cargo_metadata(false).get_compiler();
    for name in archive_names(library) {
        if let Some(dir) = tried.iter().find(|dir| dir.join(&name).is_file()) {
            return dir.clone();
        }
        if compiler.is_like_msvc() {
            continue;
        }
        let output = compiler.to_command().arg(format!("-print-file-name={name}")).output();
        let path = output.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        match path {
            // A bare name comes back when the compiler knows no such file.
            Ok(path) if path.is_absolute() && path.is_file() => {
                let path = fs::canonicalize(&path).unwrap_or(path);
                return path.parent().expect("a file has a directory").to_path_buf();
            }
            Ok(path) => tried.extend(path.parent().filter(|dir| dir.is_absolute()).map(Path::to_path_buf)),
            Err(_) => {}
        }
    }
    fail(&no_archive(library, &tried))
}

fn archive_names(library: &Library) -> Vec<String> {
    let name = library.link_name;
    match cargo_variable("CARGO_CFG_TARGET_ENV").as_str() {
        "msvc" => vec![format!("{name}.lib"), format!("lib{name}.lib")],
        _ => vec![format!("lib{name}.a")],
    }
}

fn shared_names(library: &Library) -> Vec<String> {
    let name = library.link_name;
    match (cargo_variable("CARGO_CFG_TARGET_OS").as_str(), cargo_variable("CARGO_CFG_TARGET_ENV").as_str()) {
        ("windows", "msvc") => vec![format!("{name}.lib"), format!("lib{name}.lib")],
        ("windows", _) => vec![format!("lib{name}.dll.a"), format!("{name}.dll"), format!("lib{name}.dll")],
        ("macos" | "ios" | "tvos" | "visionos" | "watchos", _) => {
            vec![format!("lib{name}.dylib"), format!("lib{name}.tbd")]
        }
        _ => vec![format!("lib{name}.so")],
    }
}

impl Found {
    /// A C compiler for the target that finds the headers.
    pub(crate) fn compiler(&self) -> cc::Build {
        let mut compiler = cc::Build::new();
        compiler.std("c11").includes(&self.include);
        for define in &self.defines {
            compiler.define(define, None);
        }
        compiler
    }

    /// Says to cargo how to link.
    pub(crate) fn link(&self) {
        for dir in &self.lib_dirs {
            println!("cargo::rustc-link-search=native={}", dir.display());
        }
        for Lib { kind, name } in &self.libs {
            println!("cargo::rustc-link-lib={kind}={name}");
        }
    }

    /// Says to dependents what was found, as `DEP_<LINKS>_<KEY>`.
    pub(crate) fn describe(&self, facts: &[(&str, String)], version: impl FnOnce() -> String) {
        println!("cargo::metadata=version={}", self.version.clone().unwrap_or_else(version));
        if let Some(dir) = &self.include_told {
            println!("cargo::metadata=include={}", dir.display());
        }
        println!("cargo::metadata=static={}", u8::from(self.is_static));
        for (key, value) in facts {
            println!("cargo::metadata={key}={value}");
        }
    }
}

/// What the headers make of `question`: the text after `reelmill_answer =`, macros expanded.
///
/// The preprocessor of the target is asked and nothing is run, so this holds when cross compiling.
pub(crate) fn ask_headers(library: &Library, found: &Found, question: &str) -> String {
    let file = PathBuf::from(cargo_variable("OUT_DIR")).join("question.c");
    fs::write(&file, question).expect("cargo gives a writable OUT_DIR");
    let expanded = match found.compiler().cargo_metadata(false).file(&file).try_expand() {
        Ok(expanded) => String::from_utf8_lossy(&expanded).into_owned(),
        Err(error) => {
            fail(&not_found(library, &format!("The C compiler does not find its headers. {error}")))
        }
    };
    // Line markers may stand between the parts of an expanded macro.
    let text: String = expanded.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ");
    let answer = text.rsplit_once("reelmill_answer =").and_then(|(_, rest)| rest.split_once(';'));
    String::from(answer.map_or("", |(answer, _)| answer.trim()))
}

fn not_found(library: &Library, why: &str) -> String {
    let Library { name, versions, prefix, install, .. } = library;
    format!(
        "{name} was not found.\n\n{}\n\n\
         Install {name} {versions} with its headers:\n{install}\n\
         or set {prefix}_LIB_DIR and {prefix}_INCLUDE_DIR to the directories of the library and of its headers.",
        why.trim()
    )
}

fn no_archive(library: &Library, tried: &[PathBuf]) -> String {
    let Library { name, prefix, .. } = library;
    let tried: Vec<_> = tried.iter().map(|dir| dir.display().to_string()).collect();
    format!(
        "{prefix}_STATIC asks for a static {name}, but {} is not there (looked in: {}).\n\
         Install or build a static {name} and set {prefix}_LIB_DIR to its directory, or unset {prefix}_STATIC.",
        archive_names(library).join(" or "),
        if tried.is_empty() { String::from("where the C compiler looks") } else { tried.join(", ") }
    )
}

/// Ends the build with a text for a human.
pub(crate) fn fail(text: &str) -> ! {
    eprintln!("\n{}: {text}\n", env!("CARGO_PKG_NAME"));
    process::exit(1)
}

fn cargo_variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
