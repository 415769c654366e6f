//! E-AC-3: frames of one substream each, several of which make an access unit.

use bytes::Bytes;

use super::{CHANNELS, Error, SAMPLE_RATES, sync};
use crate::bits::{BitReader, BitWriter};

/// A decoder configuration of E-AC-3.
///
/// ```
/// use media_core::codec::ac3;
/// let config = ac3::EnhancedConfig::from_record(&[0x07, 0xc0, 0x20, 0x0f, 0x00])?;
/// assert_eq!((config.sample_rate(), config.channels(), config.data_rate()), (48_000, 6, 248));
/// assert_eq!((&config.codecs()[..], config.object_complexity()), ("ec-3", None));
/// # Ok::<(), ac3::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnhancedConfig {
    data_rate: u16,
    sample_rate: u32,
    channels: u16,
    substreams: Vec<Substream>,
    /// What stands behind the substreams in `dec3`.
    extension: Bytes,
}

/// An independent substream, a programme by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Substream {
    /// Samples per second.
    pub sample_rate: u32,
    /// `fscod`: 3 for the lower sampling rates.
    fscod: u8,
    /// `bsid`, 16.
    pub bsid: u8,
    /// `asvc`: whether it is an associated service.
    pub associated: bool,
    /// `bsmod`, the service type: 0 complete main.
    pub bsmod: u8,
    /// `acmod`, the channels.
    pub acmod: u8,
    /// `lfeon`: whether there are low frequency effects.
    pub lfe: bool,
    /// `num_dep_sub`: how many dependent substreams belong to it.
    pub dependents: u8,
    /// `chan_loc`: which channels these add, table F.6.1; bit 0 is the lowest.
    pub locations: u16,
}

/// The front of a frame, E.1.2.2.
struct Frame {
    /// `strmtyp`: 0 independent, 1 dependent, 2 independent and converted from AC-3.
    kind: u8,
    id: u8,
    length: usize,
    blocks: u8,
    substream: Substream,
    /// `chanmap` of a dependent substream.
    map: Option<u16>,
    /// `complexity_index_type_a`, where the frame says that it brings objects.
    objects: Option<u8>,
}

impl EnhancedConfig {
    /// Reads the payload of a `dec3` box.
    ///
    /// # Errors
    /// When it is cut short or has reserved values.
    pub fn from_record(record: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(record);
        let data_rate = bits.bits(13)? as u16;
        let count = bits.bits(3)? + 1;
        let substreams = (0..count).map(|_| Substream::read(&mut bits)).collect::<Result<Vec<_>, _>>()?;
        let extension = Bytes::copy_from_slice(&record[record.len() - bits.remaining() / 8..]);
        Ok(Self::of(data_rate, substreams, extension))
    }

    /// With at least one substream.
    fn of(data_rate: u16, substreams: Vec<Substream>, extension: Bytes) -> Self {
        let (sample_rate, channels) = (substreams[0].sample_rate, substreams[0].channels());
        Self { data_rate, sample_rate, channels, substreams, extension }
    }

    /// Reads an access unit: the frames of all substreams for the same time. The data rate is that of this unit.
    ///
    /// # Errors
    /// When it is cut short, does not begin with independent substream 0, or has reserved values.
    pub fn from_unit(unit: &[u8]) -> Result<Self, Error> {
        let mut substreams: Vec<(u8, Substream)> = Vec::new();
        let mut objects = None;
        let (mut bytes, mut blocks) = (0, 0);
        for frame in frames(unit) {
            let frame = frame?;
            bytes += frame.length;
            if substreams.is_empty() && (frame.kind == 1 || frame.id != 0) {
                return Err(Error::Substream { kind: frame.kind, id: frame.id });
            }
            objects = objects.or(frame.objects);
            match substreams.last_mut() {
                Some((_, last)) if frame.kind == 1 => last.add(&frame),
                _ => {
                    if frame.id == 0 {
                        blocks += u32::from(frame.blocks);
                    }
                    // The same again: less than six blocks per frame.
                    if substreams.iter().all(|(id, _)| *id != frame.id) {
                        substreams.push((frame.id, frame.substream));
                    }
                }
            }
        }
        let Some((_, first)) = substreams.first() else { return Err(Error::End) };
        let rate = bytes as u64 * 8 * u64::from(first.sample_rate) / (u64::from(blocks.max(1)) * 256 * 1000);
        // TS 103 420: seven reserved bits, flag_ec3_extension_type_a, complexity_index_type_a.
        let extension = objects.map(|index| Bytes::copy_from_slice(&[1, index])).unwrap_or_default();
        let substreams = substreams.into_iter().map(|(_, substream)| substream).take(8).collect();
        Ok(Self::of(rate.min(0x1fff) as u16, substreams, extension))
    }

    /// The payload of the `dec3` box.
    pub fn record(&self) -> Bytes {
        let mut bits = BitWriter::default();
        bits.bits(self.data_rate.into(), 13);
        bits.bits(self.substreams.len() as u32 - 1, 3);
        self.substreams.iter().for_each(|substream| substream.write(&mut bits));
        self.extension.iter().for_each(|&byte| bits.bits(byte.into(), 8));
        bits.finish()
    }

    /// The independent substreams, at least one.
    pub fn substreams(&self) -> &[Substream] {
        &self.substreams
    }

    /// Kilobits per second of all substreams.
    pub const fn data_rate(&self) -> u16 {
        self.data_rate
    }

    /// Samples per second of the first programme.
    pub const fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Channels of the first programme with what its dependent substreams add.
    pub const fn channels(&self) -> u16 {
        self.channels
    }

    /// `complexity_index_type_a`, the number of objects that joint object coding describes, TS 103 420; `None` where there are none.
    pub fn object_complexity(&self) -> Option<u8> {
        match self.extension[..] {
            [flags, index, ..] if flags & 1 != 0 => Some(index),
            _ => None,
        }
    }

    /// Whether both are the same but for the data rate, for what dependent substreams say less often than every unit, and for bits that only
    /// one of a record and a frame has.
    pub(in crate::codec) fn is_like(&self, other: &Self) -> bool {
        let same = |a: &Substream, b: &Substream| {
            let rate = a.fscod == 3 || a.sample_rate == b.sample_rate;
            rate && (a.fscod, a.acmod, a.lfe, a.dependents) == (b.fscod, b.acmod, b.lfe, b.dependents)
        };
        self.substreams.len() == other.substreams.len()
            && self.substreams.iter().zip(&other.substreams).all(|(a, b)| same(a, b))
    }

    /// The codecs string, `ec-3`.
    pub fn codecs(&self) -> String {
        "ec-3".to_owned()
    }
}

impl Substream {
    /// Its channels with what its dependent substreams add.
    pub const fn channels(&self) -> u16 {
        // Pairs are Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw and Lvh/Rvh.
        let pairs = self.locations & 0b0_0111_0011;
        let added = self.locations.count_ones() + pairs.count_ones();
        CHANNELS[self.acmod as usize] + self.lfe as u16 + added as u16
    }

    fn read(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        let fscod = bits.bits(2)? as u8;
        let bsid = bits.bits(5)? as u8;
        bits.skip(1)?; // reserved
        let (associated, bsmod, acmod) = (bits.bit()?, bits.bits(3)? as u8, bits.bits(3)? as u8);
        let lfe = bits.bit()?;
        bits.skip(3)?; // reserved
        let dependents = bits.bits(4)? as u8;
        let locations = if dependents > 0 { bits.bits(9)? as u16 } else { 0 };
        bits.skip(if dependents > 0 { 0 } else { 1 })?; // reserved
        // For the lower rates dec3 does not say which.
        let sample_rate = SAMPLE_RATES.get(usize::from(fscod)).copied().unwrap_or(24_000);
        Ok(Self { sample_rate, fscod, bsid, associated, bsmod, acmod, lfe, dependents, locations })
    }

    fn write(&self, bits: &mut BitWriter) {
        bits.bits(self.fscod.into(), 2);
        bits.bits(self.bsid.into(), 5);
        bits.bits(0, 1);
        bits.bit(self.associated);
        bits.bits(self.bsmod.into(), 3);
        bits.bits(self.acmod.into(), 3);
        bits.bit(self.lfe);
        bits.bits(0, 3);
        bits.bits(self.dependents.into(), 4);
        if self.dependents > 0 {
            bits.bits(self.locations.into(), 9);
        } else {
            bits.bits(0, 1);
        }
    }

    /// A dependent substream: `chanmap` (most significant bit first, table E.1.4) as `chan_loc`.
    fn add(&mut self, frame: &Frame) {
        self.dependents = (self.dependents + 1).min(15);
        let map = frame.map.unwrap_or(0);
        for (location, place) in [5, 6, 7, 8, 9, 10, 11, 12, 14].into_iter().enumerate() {
            self.locations |= (map >> (15 - place) & 1) << location;
        }
    }
}

impl Frame {
    fn parse(data: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(data);
        sync(&mut bits)?;
        let (kind, id) = (bits.bits(2)? as u8, bits.bits(3)? as u8);
        let length = (bits.bits(11)? as usize + 1) * 2;
        let fscod = bits.bits(2)? as u8;
        let code = bits.bits(2)? as u8;
        let (sample_rate, blocks) = match (fscod, code) {
            (3, 3) => return Err(Error::Reserved { fscod: code, frame_size: 0 }),
            (3, _) => (SAMPLE_RATES[usize::from(code)] / 2, 6),
            _ => (SAMPLE_RATES[usize::from(fscod)], [1, 2, 3, 6][usize::from(code)]),
        };
        let (acmod, lfe) = (bits.bits(3)? as u8, bits.bit()?);
        let bsid = bits.bits(5)? as u8;
        if !(11..=16).contains(&bsid) {
            return Err(Error::Bsid(bsid));
        }
        for _ in 0..if acmod == 0 { 2 } else { 1 } {
            bits.skip(5)?; // dialnorm
            optional(&mut bits, 8)?; // compr
        }
        let map = if kind == 1 && bits.bit()? { Some(bits.u16()?) } else { None };
        if bits.bit()? {
            mixing(&mut bits, kind, acmod, lfe, blocks)?;
        }
        let bsmod = if bits.bit()? { information(&mut bits, acmod, fscod)? } else { 0 };
        if kind == 0 && blocks != 6 {
            bits.skip(1)?; // convsync
        }
        if kind == 2 && (blocks == 6 || bits.bit()?) {
            bits.skip(6)?; // frmsizecod
        }
        let objects = if bits.bit()? { objects(&mut bits)? } else { None };
        let substream = Substream {
            sample_rate,
            fscod,
            bsid,
            associated: false,
            bsmod,
            acmod,
            lfe,
            dependents: 0,
            locations: 0,
        };
        Ok(Self { kind, id, length, blocks, substream, map, objects })
    }
}

/// The frames of an access unit; ends behind the first that cannot be read or is cut off.
fn frames(unit: &[u8]) -> impl Iterator<Item = Result<Frame, Error>> {
    let mut rest = unit;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let frame = Frame::parse(rest).and_then(|frame| {
            rest = rest.get(frame.length..).ok_or(Error::End)?;
            Ok(frame)
        });
        if frame.is_err() {
            rest = &[];
        }
        Some(frame)
    })
}

/// Samples of an E-AC-3 access unit: 256 for each block of independent substream 0, usually 1536.
///
/// # Errors
/// When a frame in it is cut short or has reserved values.
pub fn enhanced_samples(unit: &[u8]) -> Result<u32, Error> {
    let mut samples = 0;
    for frame in frames(unit) {
        let frame = frame?;
        if frame.kind != 1 && frame.id == 0 {
            samples += u32::from(frame.blocks) * 256;
        }
    }
    if samples == 0 { Err(Error::End) } else { Ok(samples) }
}

/// `mixmdate`, table E.1.2.
fn mixing(bits: &mut BitReader<'_>, kind: u8, acmod: u8, lfe: bool, blocks: u8) -> Result<(), Error> {
    bits.skip(if acmod > 2 { 2 } else { 0 })?; // dmixmod
    bits.skip(if acmod & 1 != 0 && acmod > 2 { 6 } else { 0 })?; // ltrtcmixlev, lorocmixlev
    bits.skip(if acmod & 4 != 0 { 6 } else { 0 })?; // ltrtsurmixlev, lorosurmixlev
    if lfe {
        optional(bits, 5)?; // lfemixlevcod
    }
    if kind != 0 {
        return Ok(());
    }
    for _ in 0..if acmod == 0 { 2 } else { 1 } {
        optional(bits, 6)?; // pgmscl
    }
    optional(bits, 6)?; // extpgmscl
    match bits.bits(2)? {
        0 => {}
        1 => bits.skip(5)?,
        2 => bits.skip(12)?,
        _ => {
            let length = bits.bits(5)? + 2;
            bits.skip(8 * length)?;
        }
    }
    for _ in 0..[2, 1].get(usize::from(acmod)).copied().unwrap_or(0) {
        optional(bits, 14)?; // panmean, reserved
    }
    if bits.bit()? {
        for _ in 0..blocks {
            if blocks == 1 || bits.bit()? {
                bits.skip(5)?; // blkmixcfginfo
            }
        }
    }
    Ok(())
}

/// `infomdate`, table E.1.2: `bsmod`.
fn information(bits: &mut BitReader<'_>, acmod: u8, fscod: u8) -> Result<u8, Error> {
    let bsmod = bits.bits(3)? as u8;
    bits.skip(2)?; // copyrightb, origbs
    bits.skip(if acmod == 2 { 4 } else { 0 })?; // dsurmod, dheadphonmod
    bits.skip(if acmod >= 6 { 2 } else { 0 })?; // dsurexmod
    for _ in 0..if acmod == 0 { 2 } else { 1 } {
        optional(bits, 8)?; // mixlevel, roomtyp, adconvtyp
    }
    bits.skip(if fscod < 3 { 1 } else { 0 })?; // sourcefscod
    Ok(bsmod)
}

/// `addbsi`, TS 103 420 section 8.3.1: `complexity_index_type_a` behind seven reserved bits and its flag.
fn objects(bits: &mut BitReader<'_>) -> Result<Option<u8>, Error> {
    let more = bits.bits(6)?;
    bits.skip(7)?;
    Ok(if bits.bit()? && more > 0 { Some(bits.u8()?) } else { None })
}

/// A flag and, where it is set, so many bits.
fn optional(bits: &mut BitReader<'_>, count: u32) -> Result<(), Error> {
    if bits.bit()? {
        bits.skip(count)?;
    }
    Ok(())
}
