//! What a stream of high dynamic range says of its pictures beside their [`Colour`](super::Colour).

/// The display a stream was graded on: SMPTE ST 2086, H.264 D.2.29, the box `mdcv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MasteringDisplay {
    /// Chromaticity of red, x and y in units of 0.00002.
    pub red: (u16, u16),
    /// Chromaticity of green, likewise.
    pub green: (u16, u16),
    /// Chromaticity of blue, likewise.
    pub blue: (u16, u16),
    /// Chromaticity of white, likewise.
    pub white: (u16, u16),
    /// The brightest it shows, in units of 0.0001 cd/m².
    pub max_luminance: u32,
    /// The darkest, likewise.
    pub min_luminance: u32,
}

impl MasteringDisplay {
    /// A display with the primaries of DCI-P3 and the white of D65, as most are; luminances in units of 0.0001 cd/m².
    ///
    /// ```
    /// use media_core::codec::MasteringDisplay;
    /// let display = MasteringDisplay::p3_d65(50, 10_000_000); // 0.005 to 1000 cd/m²
    /// assert_eq!(display.white, (15_635, 16_450));
    /// ```
    pub const fn p3_d65(min_luminance: u32, max_luminance: u32) -> Self {
        Self {
            red: (34_000, 16_000),
            green: (13_250, 34_500),
            blue: (7_500, 3_000),
            white: (15_635, 16_450),
            max_luminance,
            min_luminance,
        }
    }
}

/// The brightest there is in a stream, in cd/m²: CTA-861.3, H.264 D.2.35, the box `clli`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentLight {
    /// The brightest pixel of all: MaxCLL.
    pub max: u16,
    /// The brightest average of a frame: MaxFALL.
    pub max_average: u16,
}
