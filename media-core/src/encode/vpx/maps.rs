//! From [`Regions`] to the two kinds of maps that libvpx has.

use super::options::Codec;
use crate::encode::{Block, Error, Regions};

/// The maps of one picture. An empty one stands for nothing to say.
#[derive(Debug)]
pub(super) struct Maps {
    /// For each block of the codec's grid, which of the offsets it has.
    pub(super) offsets: Vec<u8>,
    pub(super) offset_grid: (usize, usize),
    pub(super) values: [i8; 8],
    /// For each 16x16 block, whether it is coded.
    pub(super) active: Vec<u8>,
    pub(super) active_grid: (usize, usize),
}

impl Maps {
    /// Those that say nothing, in the grids of pictures of `size`.
    pub(super) fn none(codec: Codec, size: (u32, u32)) -> Self {
        Self {
            offsets: Vec::new(),
            offset_grid: grid(codec, size),
            values: [0; 8],
            active: Vec::new(),
            active_grid: grid(Codec::Vp8, size),
        }
    }

    /// Those of `regions`, or why libvpx cannot have them.
    pub(super) fn new(codec: Codec, regions: &Regions) -> Result<Self, Error> {
        let mut maps = Self::none(codec, regions.size());
        let unchanged = regions.blocks().contains(&Block::Unchanged);
        if unchanged {
            let coded = regions.blocks().iter().map(|block| u8::from(*block != Block::Unchanged));
            maps.active = coded.collect();
        }
        let values = values(regions)?;
        // VP9 keeps one for what is not coded.
        let most = match codec {
            Codec::Vp8 => 4,
            Codec::Vp9 if unchanged => 7,
            Codec::Vp9 => 8,
        };
        if values.len() > most {
            let reason = format!("{} different offsets, 0 among them; possible are {most}", values.len());
            return Err(Error::FrameOption { option: "regions", reason });
        }
        if values.len() > 1 {
            maps.values[..values.len()].copy_from_slice(&values);
            maps.offsets = segments(codec, regions, &values, maps.offset_grid);
        }
        Ok(maps)
    }
}

/// The different offsets, 0 first whether there is one or not.
fn values(regions: &Regions) -> Result<Vec<i8>, Error> {
    let mut values = vec![0];
    for block in regions.blocks() {
        let Block::Offset(offset) = *block else { continue };
        if offset.unsigned_abs() > 63 {
            let reason = format!("an offset of {offset}, possible are -63 to 63");
            return Err(Error::FrameOption { option: "regions", reason });
        }
        if !values.contains(&offset) {
            values.push(offset);
        }
    }
    Ok(values)
}

/// The index of each block's offset. A block of [`Regions`] is one of VP8 and four of VP9.
fn segments(codec: Codec, regions: &Regions, values: &[i8], (columns, rows): (usize, usize)) -> Vec<u8> {
    let per = match codec {
        Codec::Vp8 => 1,
        Codec::Vp9 => 2,
    };
    let mut segments = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        for column in 0..columns {
            let offset = match regions.block(column / per, row / per) {
                Block::Offset(offset) => offset,
                Block::Unchanged => 0,
            };
            let index = values.iter().position(|value| *value == offset);
            segments.push(index.expect("each offset was counted") as u8);
        }
    }
    segments
}

/// Columns and rows of the codec's blocks: VP8 16x16, VP9 8x8.
fn grid(codec: Codec, (width, height): (u32, u32)) -> (usize, usize) {
    let side = match codec {
        Codec::Vp8 => 16,
        Codec::Vp9 => 8,
    };
    ((width.div_ceil(side)) as usize, (height.div_ceil(side)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_has_the_grid_of_its_codec() {
        let mut regions = Regions::new((36, 20));
        regions.fill(16..36, 0..16, Block::Offset(-5));
        let maps = Maps::new(Codec::Vp8, &regions).unwrap();
        assert_eq!((maps.offset_grid, maps.offsets), ((3, 2), vec![0, 1, 1, 0, 0, 0]));
        let maps = Maps::new(Codec::Vp9, &regions).unwrap();
        assert_eq!(maps.offset_grid, (5, 3));
        assert_eq!(maps.offsets, [0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
        assert_eq!(maps.values, [0, -5, 0, 0, 0, 0, 0, 0]);
        assert!(maps.active.is_empty());
    }

    #[test]
    fn what_is_unchanged_is_not_active() {
        let mut regions = Regions::new((48, 16));
        regions.fill(0..16, 0..16, Block::Unchanged);
        for codec in [Codec::Vp8, Codec::Vp9] {
            let maps = Maps::new(codec, &regions).unwrap();
            assert_eq!((maps.active_grid, maps.active), ((3, 1), vec![0, 1, 1]));
            assert!(maps.offsets.is_empty());
        }
    }

    #[test]
    fn t11_more_offsets_than_segments_are_refused() {
        let with = |count: u8, unchanged: bool| {
            let mut regions = Regions::new((320, 16));
            for block in 0..u32::from(count) {
                let offset = Block::Offset(block as i8 - 4);
                regions.fill(block * 16..block * 16 + 16, 0..16, offset);
            }
            if unchanged {
                regions.fill(304..320, 0..16, Block::Unchanged);
            }
            regions
        };
        let possible = |codec, count, unchanged| Maps::new(codec, &with(count, unchanged)).is_ok();
        // -4 to -1 and 0.
        assert!(possible(Codec::Vp8, 3, false) && !possible(Codec::Vp8, 4, false));
        assert!(possible(Codec::Vp9, 8, false) && !possible(Codec::Vp9, 9, false));
        assert!(possible(Codec::Vp9, 7, true) && !possible(Codec::Vp9, 8, true));
        let mut far = Regions::new((16, 16));
        far.fill(0..16, 0..16, Block::Offset(i8::MIN));
        assert!(Maps::new(Codec::Vp8, &far).is_err());
    }
}
