//! Real files that tests read.

use std::path::PathBuf;

/// A file below `MEDIA_DIR` (default: `shared/media` beside the workspace); says so and returns `None` when it is not there.
pub(crate) fn media(name: &str) -> Option<Vec<u8>> {
    let folder = match std::env::var_os("MEDIA_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/media"),
    };
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(data) => Some(data),
        Err(error) => {
            eprintln!("skipped: {}: {error}", path.display());
            None
        }
    }
}
