//! Which blocks of a picture matter more than others: one map for what libx264 and libvpx have four kinds of.

use std::ops::Range;

/// A map of the 16x16 blocks of a picture, row by row from the top left, the last ones of each row and column cut off by its edges.
///
/// | here | libx264 | VP8 | VP9 |
/// |---|---|---|---|
/// | [`Block::Offset`] | `quant_offsets`; adaptive quantization has to be on | `VP8E_SET_ROI_MAP`, three offsets beside 0 | `VP9E_SET_ROI_MAP`, seven offsets beside 0, in real time |
/// | [`Block::Unchanged`] | `mb_info` with `X264_MBINFO_CONSTANT`, for encoders opened for it | `VP8E_SET_ACTIVEMAP` | `VP9E_SET_ACTIVEMAP` |
///
/// ```
/// use media_core::encode::{Block, Regions};
/// let mut regions = Regions::new((1280, 720));
/// assert_eq!(regions.size_in_blocks(), (80, 45));
/// regions.fill(320..640, 180..540, Block::Offset(-8)); // a face, in pixels
/// assert_eq!(regions.block(20, 11), Block::Offset(-8));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Regions {
    size: (u32, u32),
    columns: usize,
    blocks: Vec<Block>,
}

/// What is said of one block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Block {
    /// So many quantizer steps more (worse) or less, on the scale of the codec; 0 for as it comes. libx264 -51 to 51, libvpx -63 to 63.
    Offset(i8),
    /// Shows what it showed in the frame before, sample for sample; the encoder need not look. Saying so of a block that did change
    /// may leave the old samples in the picture. libx264 looks all the same where the block was coded worse than it would be now.
    Unchanged,
}

impl Regions {
    /// A map for pictures of `size` (width, height in pixels) in which all blocks are alike.
    ///
    /// # Panics
    /// When a side is 0 or beyond [`MAX_SIDE`](crate::frame::MAX_SIDE).
    pub fn new(size: (u32, u32)) -> Self {
        let sides = 1..=crate::frame::MAX_SIDE;
        assert!(sides.contains(&size.0) && sides.contains(&size.1), "a map for a picture of {size:?}");
        let (columns, rows) = (blocks(size.0), blocks(size.1));
        Self { size, columns, blocks: vec![Block::Offset(0); columns * rows] }
    }

    /// Width and height in pixels of the pictures it is for.
    pub const fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Columns and rows of blocks.
    pub const fn size_in_blocks(&self) -> (usize, usize) {
        (self.columns, self.blocks.len() / self.columns)
    }

    /// What is said of the block in a column and row of blocks.
    ///
    /// # Panics
    /// When there is no such block.
    pub fn block(&self, column: usize, row: usize) -> Block {
        assert!(column < self.columns, "column {column} of {}", self.columns);
        self.blocks[row * self.columns + column]
    }

    /// Says it of every block that a rectangle of pixels touches; what lies outside the picture is left out.
    pub fn fill(&mut self, columns: Range<u32>, rows: Range<u32>, block: Block) {
        let touched = |pixels: Range<u32>, side: u32| {
            let end = pixels.end.min(side);
            if pixels.start >= end { 0..0 } else { pixels.start as usize / SIDE..blocks(end) }
        };
        let (columns, rows) = (touched(columns, self.size.0), touched(rows, self.size.1));
        for row in rows {
            self.blocks[row * self.columns..][columns.clone()].fill(block);
        }
    }

    /// All blocks, row by row.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }
}

const fn blocks(pixels: u32) -> usize {
    (pixels as usize).div_ceil(SIDE)
}

/// Pixels on each side of a block: a macroblock of H.264 and VP8.
const SIDE: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_marks_each_block_it_touches_and_none_beside() {
        let mut regions = Regions::new((100, 50));
        assert_eq!(regions.size_in_blocks(), (7, 4));
        regions.fill(15..33, 16..32, Block::Unchanged);
        let marked = |row: usize| -> Vec<bool> {
            (0..7).map(|column| regions.block(column, row) == Block::Unchanged).collect()
        };
        assert_eq!(marked(0), [false; 7]);
        assert_eq!(marked(1), [true, true, true, false, false, false, false]);
        assert_eq!(marked(2), [false; 7]);
    }

    #[test]
    fn what_lies_outside_the_picture_is_left_out() {
        let mut regions = Regions::new((20, 20));
        regions.fill(16..u32::MAX, 0..1, Block::Offset(-3));
        regions.fill(32..40, 0..20, Block::Offset(9));
        regions.fill(5..5, 0..20, Block::Offset(9));
        assert_eq!(regions.blocks(), [0, -3, 0, 0].map(Block::Offset));
    }
}
