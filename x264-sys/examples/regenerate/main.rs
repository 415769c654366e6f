//! Writes the checked-in bindings and the assertions of their layout anew, or checks that they are right.
//!
//! ```text
//! cargo run -p reelmill-x264-sys --features bindgen --example regenerate-x264-bindings [-- --check]
//! ```
//!
//! 1. The build script has let bindgen write the bindings from the headers found; they are compiled in here.
//! 2. `src/bindings.rs` becomes that text, with a line on top that says which headers they were.
//! 3. `layout.h` becomes the same structures in C, each member asserted to lie where the header has it, and the
//!    same constants. Since the members are declared in C and not as numbers, it holds for every target.
//!
//! With `--check` nothing is written: with the headers that made the files both have to be equal, with others
//! each name has to be there.

mod layout;

use std::{error::Error, fs, path::Path};

const GENERATED: &str = include_str!(concat!(env!("OUT_DIR"), "/bindings.rs"));

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bindings = format!(
        "// Written by the example `regenerate` from {}; not edited by hand.\n\n{GENERATED}",
        headers()
    );
    let layout = layout::assertions(env!("CARGO_PKG_NAME"), GENERATED);
    if std::env::args().any(|argument| argument == "--check") {
        check(&fs::read_to_string(root.join("src/bindings.rs"))?, &bindings)?;
        if layout::assertions(env!("CARGO_PKG_NAME"), include_str!("../../src/bindings.rs"))
            != fs::read_to_string(root.join("layout.h"))?
        {
            return Err("layout.h is not that of src/bindings.rs".into());
        }
        println!("checked against {}", headers());
    } else {
        fs::write(root.join("src/bindings.rs"), bindings)?;
        fs::write(root.join("layout.h"), layout)?;
        println!("written from {}", headers());
    }
    Ok(())
}

/// The headers that the crate was built with.
fn headers() -> String {
    format!("the header of x264 build {}", x264_sys::x264_build())
}

fn check(checked_in: &str, generated: &str) -> Result<(), String> {
    if checked_in.lines().next() == generated.lines().next() {
        return if checked_in == generated {
            Ok(())
        } else {
            Err("src/bindings.rs is not as generated".into())
        };
    }
    let theirs: Vec<_> = names(generated).collect();
    match names(checked_in).find(|name| !theirs.contains(name)) {
        Some(name) => Err(format!("src/bindings.rs offers {name}, which {} lack", headers())),
        None => Ok(()),
    }
}

/// What a text in Rust declares for others.
fn names(rust: &str) -> impl Iterator<Item = &str> {
    rust.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("pub ")?;
        let (kind, rest) = rest.split_once(' ')?;
        let kinds = ["const", "type", "struct", "union", "fn", "static"];
        kinds
            .contains(&kind)
            .then(|| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(rest))
    })
}
