//! The commands and the configuration that the README shows work as they stand there.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use support::server::Server;
use support::{output, own_folder};

#[test]
fn commands_of_the_readme_start_the_server() {
    let commands: Vec<String> = blocks("sh").concat();
    let mut started = 0;
    for command in &commands {
        let mut words = command.split('#').next().unwrap_or_default().split_whitespace();
        let Some(script) = words.next() else { continue };
        if !script.contains('/') {
            // An example, as it is called once it is built.
            let source = root().join("examples/src/bin").join(script);
            assert!(source.is_dir() || source.with_extension("rs").is_file(), "{script} is no example");
            continue;
        }
        let file = root().join(script);
        let mode =
            fs::metadata(&file).unwrap_or_else(|error| panic!("{script}: {error}")).permissions().mode();
        assert_ne!(mode & 0o111, 0, "{script} can be run");
        if script == "script/server" {
            let server = Server::launch(
                Command::new(env!("CARGO_BIN_EXE_reelmill"))
                    .args(words)
                    .current_dir(output())
                    .env("MTX_HLSADDRESS", "127.0.0.1:0"),
            );
            assert_eq!(server.get("/healthz").status, 200, "{command}");
            started += 1;
        }
    }
    assert!(started >= 2, "{commands:?}");
}

#[test]
fn the_configuration_of_the_readme_has_no_unknown_keys() {
    let file = output().join(format!("readme-{}.yml", std::process::id()));
    for block in blocks("yaml") {
        fs::write(&file, block.join("\n")).expect("the output folder is writable");
        let server = Server::launch(
            Command::new(env!("CARGO_BIN_EXE_reelmill")).arg(&file).env("MTX_HLSADDRESS", "127.0.0.1:0"),
        );
        assert_eq!(server.get("/v3/paths/get/door").status, 200);
        assert!(
            !server.log().contains("unknown") && !server.log().contains("no known key"),
            "{}",
            server.log()
        );
    }
    fs::remove_file(&file).expect("we wrote it");
}

fn root() -> PathBuf {
    own_folder().join("../..")
}

/// The lines of each fenced block of the README in this language.
fn blocks(language: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let fenced = text.split("```").skip(1).step_by(2);
    let blocks = fenced.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'));
    blocks.map(|block| block.lines().map(str::to_owned).collect()).collect()
}
