//! Sheets of small pictures.

use super::Template;

/// Small pictures in rows and columns on larger ones, which players show while one looks for a place: DASH-IF IOP 6.2.6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Its name.
    pub id: String,
    /// `image/jpeg`, `image/png` or `image/webp`.
    pub mime: String,
    /// Names of the sheets, counted.
    pub names: Template,
    /// Pixels of a sheet.
    pub width: u32,
    /// Pixels of a sheet.
    pub height: u32,
    /// Small pictures side by side.
    pub columns: u32,
    /// Rows of them.
    pub rows: u32,
    /// Nanoseconds that all pictures of a sheet span; of the last one too.
    pub duration: i64,
    /// Bytes of the largest sheet.
    pub bytes: u64,
}
