//! What a program takes on by depending on the crate.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// libx264 puts a program under the GPL, so that it comes to those only who ask for it by name.
#[test]
fn t22_libx264_is_linked_only_when_asked_for() {
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("\ndefault = []\n"), "no feature is on by default");
    let linking: Vec<&str> = manifest.lines().filter(|line| line.contains("dep:x264_sys")).collect();
    assert!(matches!(linking[..], [line] if line.starts_with("x264 = ")), "{linking:?}");
    assert!(manifest.lines().any(|line| line.starts_with("x264_sys = ") && line.contains("optional = true")));
}

/// The licence of fdk-aac forbids what the GPL demands: nothing may bring both.
#[test]
fn t22_fdk_aac_is_not_in_the_tree() {
    assert!(!read("../Cargo.lock").contains("fdk-aac"));
}
