//! aac

/// A parsed configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {}

impl Config {
    /// The RFC 6381 string.
    pub fn codecs(&self) -> String {
        String::new()
    }
}
