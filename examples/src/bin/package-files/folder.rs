//! Where everything is put.

use std::io::ErrorKind;
use std::path::Path;

/// Makes the folder; an older one must be empty, or loses its lists: files change from now on that they tell of.
pub(crate) fn prepare(folder: &Path, overwrite: bool) -> Result<(), String> {
    let of = |error: std::io::Error| format!("{}: {error}", folder.display());
    match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return std::fs::create_dir_all(folder).map_err(of);
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(format!("{}: a file, expected FOLDER before the first INPUT", folder.display()));
        }
        Err(error) => return Err(of(error)),
        Ok(_) if overwrite => {}
        Ok(mut entries) => {
            return match entries.next() {
                Some(_) => {
                    Err(format!("{}: not empty; --overwrite writes into it all the same", folder.display()))
                }
                None => Ok(()),
            };
        }
    }
    for list in ["index.m3u8", "index.mpd"] {
        match std::fs::remove_file(folder.join(list)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(of(error)),
            _ => {}
        }
    }
    Ok(())
}
