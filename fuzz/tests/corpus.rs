//! Replays the corpus: what was ever found stays found.

use std::fs;
use std::path::Path;

use reelmill_fuzz::{TARGETS, memory};

#[test]
fn the_corpus_passes() {
    for (name, target) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut inputs = 0;
        for entry in fs::read_dir(&folder).expect("each target has a corpus") {
            let path = entry.expect("a folder entry").path();
            println!("{}", path.display());
            target(&fs::read(path).expect("a readable file"));
            inputs += 1;
        }
        assert!(inputs > 0, "{name} has no corpus");
        let peak = memory::peak().unwrap_or(0);
        assert!(peak < memory::LIMIT, "{name}: {peak} bytes in memory");
    }
}

/// Deterministic noise: cheap, and found most of what was found first.
#[test]
fn noise_passes() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    for (_, target) in TARGETS {
        for length in (0..400).step_by(5) {
            let input: Vec<u8> = (0..length).map(|_| byte()).collect();
            target(&input);
        }
    }
}
