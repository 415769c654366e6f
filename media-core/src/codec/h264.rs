//! h264

/// A parsed configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {}

impl Config {
    /// The RFC 6381 string.
    pub fn codecs(&self) -> String {
        String::new()
    }

    /// Width and height.
    pub fn size(&self) -> (u32, u32) {
        (0, 0)
    }
}
