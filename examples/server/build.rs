//! Finds the players' scripts that become part of the program: in `web/node_modules`, where `npm ci` puts them, or, when that was not run,
//! by running it here in the build directory. The versions are those of `web/package-lock.json`.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let web = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("web");
    println!("cargo:rerun-if-changed={}", web.join("package-lock.json").display());
    let installed = web.join("node_modules");
    if variable_or_empty("DOCS_RS").is_empty() {
        let scripts = if all_in(&installed) { installed } else { install(&web) };
        for (name, file) in SCRIPTS {
            let path = scripts.join(file);
            println!("cargo:rerun-if-changed={}", path.display());
            println!("cargo:rustc-env={name}={}", path.display());
        }
    } else {
        // Documentation is built without a network, and without the pages.
        for (name, _) in SCRIPTS {
            println!("cargo:rustc-env={name}={}", web.join("style.css").display());
        }
    }
}

fn all_in(modules: &Path) -> bool {
    SCRIPTS.iter().all(|(_, file)| modules.join(file).is_file())
}

/// Runs `npm ci` beside the build's other results, for a build leaves the sources as they are, and keeps the two files that are wanted
/// out of the hundred and sixty megabytes that it brings.
fn install(web: &Path) -> PathBuf {
    let players = PathBuf::from(variable("OUT_DIR")).join("players");
    if all_in(&players) && same(web, &players, "package-lock.json") {
        return players;
    }
    let here = PathBuf::from(variable("OUT_DIR")).join("npm");
    std::fs::create_dir_all(&here).expect("the build directory can be written");
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(web.join(file), here.join(file))
            .expect("web/ has a package.json and a package-lock.json");
    }
    run_npm(web, &here);
    for file in SCRIPTS
        .map(|(_, file)| format!("node_modules/{file}"))
        .iter()
        .chain([&"package-lock.json".to_owned()])
    {
        let to = players.join(file.trim_start_matches("node_modules/"));
        std::fs::create_dir_all(to.parent().expect("it is in a folder"))
            .expect("the build directory can be written");
        std::fs::copy(here.join(file), to).expect("`npm ci` installed hls.js and dash.js");
    }
    std::fs::remove_dir_all(here).expect("the build directory can be written");
    players
}

fn run_npm(web: &Path, here: &Path) {
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let run = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(here)
        .status();
    match run {
        Ok(status) if status.success() => {}
        Ok(status) => {
            panic!(
                "`npm ci` in {} ended with {status}; it installs hls.js and dash.js for the player page",
                here.display()
            )
        }
        Err(error) => panic!(
            "npm could not be run ({error}). The player page is made of hls.js and dash.js, which npm installs: \
             get Node.js with npm (Debian, Ubuntu: apt install npm; Fedora: dnf install nodejs-npm; macOS: brew install node), \
             or run `npm ci` in {} elsewhere and bring its node_modules here",
            web.display()
        ),
    }
}

fn same(one: &Path, other: &Path, file: &str) -> bool {
    matches!((std::fs::read(one.join(file)), std::fs::read(other.join(file))), (Ok(a), Ok(b)) if a == b)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn variable_or_empty(name: &str) -> String {
    println!("cargo:rerun-if-env-changed={name}");
    std::env::var(name).unwrap_or_default()
}

/// What the program calls the scripts, and where in `node_modules` they are.
const SCRIPTS: [(&str, &str); 2] = [
    ("REELMILL_HLS_JS", "hls.js/dist/hls.min.js"),
    ("REELMILL_DASH_JS", "dashjs/dist/modern/umd/dash.all.min.js"),
];
