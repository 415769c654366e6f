//! The kernels for x86-64 processors with AVX2, all that came out since about 2015.
//!
//! Both passes rest on `vpmaddwd`, which multiplies sixteen samples by their weights and adds up each pair. Down the columns a pair is two
//! rows, woven. Along a row it is two neighbours, brought together by a byte shuffle out of one load for each four target samples while
//! these lie close enough (shrinking by up to two), or eight neighbours as they lie, summed up across.
//!
//! The weights along a row are laid out beforehand in the order they are used, see [`Table`]. Sums of whole numbers do not care about order, so the
//! results are those of [`portable`](super::portable) to the last bit.

// Calls of code that is compiled for AVX2, and loads and stores through pointers made of references to arrays.
#![allow(unsafe_code)]
// Iterators with closures would be calls: what is compiled for AVX2 cannot be inlined into adapters that are not.
#![allow(clippy::needless_range_loop)]

use std::arch::x86_64::*;

use super::portable;
use super::rows::{Rows, Samples};
use super::table::{BLOCK, Reach, Table};

/// Says that the processor has AVX2; there is no other way to get one than to ask it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    pub(super) fn vertical(self, rows: &Rows, start: usize, weights: &[i16], into: &mut [i16]) {
        // SAFETY: `self` was made by `detect`, so the processor has AVX2.
        unsafe { vertical(rows, start, weights, into) }
    }

    pub(super) fn horizontal(self, from: &[i16], table: &Table, samples: Samples, into: &mut [u8]) {
        // SAFETY: `self` was made by `detect`, so the processor has AVX2.
        unsafe { horizontal(from, table, samples, into) }
    }

    pub(super) fn widen(self, samples: Samples, row: &[u8], into: &mut [i16]) {
        // SAFETY: `self` was made by `detect`, so the processor has AVX2.
        unsafe { widen(samples, row, into) }
    }

    pub(super) fn narrow(self, from: &[i16], samples: Samples, into: &mut [u8]) {
        // SAFETY: `self` was made by `detect`, so the processor has AVX2.
        unsafe { narrow(from, samples, into) }
    }
}

#[target_feature(enable = "avx2")]
fn widen(samples: Samples, row: &[u8], into: &mut [i16]) {
    portable::widen(samples, row, into);
}

#[target_feature(enable = "avx2")]
fn narrow(from: &[i16], samples: Samples, into: &mut [u8]) {
    portable::narrow(from, samples, into);
}

/// Two neighbouring rows and their weights, those side by side and eight times over.
#[derive(Clone, Copy)]
struct Pair<'a> {
    rows: [&'a [u8]; 2],
    weights: __m256i,
}

impl<'a> Pair<'a> {
    #[target_feature(enable = "avx2")]
    fn new(rows: &Rows<'a>, row: usize, weights: &[i16]) -> Self {
        let second = weights.get(1).copied().unwrap_or(0);
        let both = i32::from(weights[0]) & 0xffff | i32::from(second) << 16;
        Self { rows: [rows.row(row), rows.row(row + 1)], weights: _mm256_set1_epi32(both) }
    }
}

#[target_feature(enable = "avx2")]
fn vertical(rows: &Rows, start: usize, weights: &[i16], into: &mut [i16]) {
    if into.len() < BLOCK {
        return portable::vertical(rows, start, weights, into);
    }
    match (rows.samples, weights.len().div_ceil(2)) {
        (Samples::Eight, 1) => sweep::<1, false>(rows, start, weights, into),
        (Samples::Eight, 2) => sweep::<2, false>(rows, start, weights, into),
        (Samples::Eight, 3) => sweep::<3, false>(rows, start, weights, into),
        (Samples::Eight, _) => sweep::<0, false>(rows, start, weights, into),
        (_, 1) => sweep::<1, true>(rows, start, weights, into),
        (_, 2) => sweep::<2, true>(rows, start, weights, into),
        (_, 3) => sweep::<3, true>(rows, start, weights, into),
        (_, _) => sweep::<0, true>(rows, start, weights, into),
    }
}

/// Sums up pairs of rows, as many as `PAIRS` says or there are, one block of columns after the other; the last overlaps the one before it
/// instead of being shorter.
#[target_feature(enable = "avx2")]
fn sweep<const PAIRS: usize, const WIDE: bool>(rows: &Rows, start: usize, weights: &[i16], into: &mut [i16]) {
    let count = if PAIRS > 0 { PAIRS } else { weights.len().div_ceil(2) };
    let mut few = [Pair { rows: [&[], &[]], weights: _mm256_setzero_si256() }; FEW];
    for index in 0..count.min(FEW) {
        few[index] = Pair::new(rows, start + 2 * index, &weights[2 * index..]);
    }
    let raised = _mm_cvtsi32_si128(rows.samples.raised() as i32);
    let last = into.len() - BLOCK;
    let mut column = 0;
    while column < into.len() {
        let at = column.min(last);
        let mut sums = [_mm256_set1_epi32(1 << if WIDE { 9 } else { 7 }); 4];
        for index in 0..count {
            let pair = if index < FEW {
                few[index]
            } else {
                Pair::new(rows, start + 2 * index, &weights[2 * index..])
            };
            if WIDE {
                add_words(&pair, raised, at, &mut sums);
            } else {
                add_bytes(&pair, at, &mut sums);
            }
        }
        let halves = if WIDE { pack_words(&sums) } else { pack_bytes(&sums) };
        store_samples(halves, &mut into[at..]);
        column += BLOCK;
    }
}

/// The 32 columns are summed up as 0 to 3 and 16 to 19, 4 to 7 and 20 to 23, and so on.
#[inline]
#[target_feature(enable = "avx2")]
fn add_bytes(pair: &Pair, column: usize, sums: &mut [__m256i; 4]) {
    let zero = _mm256_setzero_si256();
    let (above, below) = (load(&pair.rows[0][column..]), load(&pair.rows[1][column..]));
    let (low, high) = (_mm256_unpacklo_epi8(above, below), _mm256_unpackhi_epi8(above, below));
    let woven = [
        _mm256_unpacklo_epi8(low, zero),
        _mm256_unpackhi_epi8(low, zero),
        _mm256_unpacklo_epi8(high, zero),
        _mm256_unpackhi_epi8(high, zero),
    ];
    for index in 0..4 {
        sums[index] = _mm256_add_epi32(sums[index], _mm256_madd_epi16(woven[index], pair.weights));
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn pack_bytes(sums: &[__m256i; 4]) -> [__m256i; 2] {
    let even = _mm256_packs_epi32(_mm256_srai_epi32::<8>(sums[0]), _mm256_srai_epi32::<8>(sums[1]));
    let odd = _mm256_packs_epi32(_mm256_srai_epi32::<8>(sums[2]), _mm256_srai_epi32::<8>(sums[3]));
    [_mm256_permute2x128_si256::<0x20>(even, odd), _mm256_permute2x128_si256::<0x31>(even, odd)]
}

/// The 32 columns are summed up as 0 to 3 and 8 to 11, 4 to 7 and 12 to 15, and so on.
#[inline]
#[target_feature(enable = "avx2")]
fn add_words(pair: &Pair, raised: __m128i, column: usize, sums: &mut [__m256i; 4]) {
    for half in 0..2 {
        let at = 2 * column + 32 * half;
        let above = _mm256_srl_epi16(load(&pair.rows[0][at..]), raised);
        let below = _mm256_srl_epi16(load(&pair.rows[1][at..]), raised);
        let (low, high) = (_mm256_unpacklo_epi16(above, below), _mm256_unpackhi_epi16(above, below));
        sums[2 * half] = _mm256_add_epi32(sums[2 * half], _mm256_madd_epi16(low, pair.weights));
        sums[2 * half + 1] = _mm256_add_epi32(sums[2 * half + 1], _mm256_madd_epi16(high, pair.weights));
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn pack_words(sums: &[__m256i; 4]) -> [__m256i; 2] {
    [
        _mm256_packs_epi32(_mm256_srai_epi32::<10>(sums[0]), _mm256_srai_epi32::<10>(sums[1])),
        _mm256_packs_epi32(_mm256_srai_epi32::<10>(sums[2]), _mm256_srai_epi32::<10>(sums[3])),
    ]
}

/// Writes whole blocks, of which the last may be more than the row: `into` has padding for it.
#[target_feature(enable = "avx2")]
fn horizontal(from: &[i16], table: &Table, samples: Samples, into: &mut [u8]) {
    match (table.reach, table.steps) {
        (Reach::Near, 1) => blocks::<true, 1>(from, table, samples, into),
        (Reach::Near, 2) => blocks::<true, 2>(from, table, samples, into),
        (Reach::Near, 3) => blocks::<true, 3>(from, table, samples, into),
        (Reach::Near, 5) => blocks::<true, 5>(from, table, samples, into),
        (Reach::Near, _) => blocks::<true, 0>(from, table, samples, into),
        (Reach::Far, 1) => blocks::<false, 1>(from, table, samples, into),
        (Reach::Far, 2) => blocks::<false, 2>(from, table, samples, into),
        (Reach::Far, 3) => blocks::<false, 3>(from, table, samples, into),
        (Reach::Far, _) => blocks::<false, 0>(from, table, samples, into),
    }
}

#[target_feature(enable = "avx2")]
fn blocks<const NEAR: bool, const STEPS: usize>(
    from: &[i16],
    table: &Table,
    samples: Samples,
    into: &mut [u8],
) {
    let (chunks, _) = into.as_chunks_mut::<32>();
    let len = samples.bytes();
    for block in 0..table.blocks {
        let mut sums = [_mm256_setzero_si256(); 4];
        for index in 0..4 {
            let vector = 4 * block + index;
            sums[index] =
                if NEAR { near::<STEPS>(from, table, vector) } else { far::<STEPS>(from, table, vector) };
        }
        let into = &mut chunks[block * len..][..len];
        if let [low, high] = into {
            let values = pack_to_words(&sums, samples);
            store(values[0], low);
            store(values[1], high);
        } else {
            store(pack_to_bytes(&sums), &mut into[0]);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn pack_to_bytes(sums: &[__m256i; 4]) -> __m256i {
    let round = _mm256_set1_epi32(1 << 19);
    let mut values = [round; 4];
    for index in 0..4 {
        values[index] = _mm256_srai_epi32::<20>(_mm256_add_epi32(sums[index], round));
    }
    let [a, b, c, d] = values;
    _mm256_packus_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d))
}

#[inline]
#[target_feature(enable = "avx2")]
fn pack_to_words(sums: &[__m256i; 4], samples: Samples) -> [__m256i; 2] {
    let round = _mm256_set1_epi32(1 << 17);
    let mut values = [round; 4];
    for index in 0..4 {
        values[index] = _mm256_srai_epi32::<18>(_mm256_add_epi32(sums[index], round));
    }
    let [a, b, c, d] = values;
    let mut halves = [_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d)];
    let (zero, max) = (_mm256_setzero_si256(), _mm256_set1_epi16(samples.max() as i16));
    let raised = _mm_cvtsi32_si128(samples.raised() as i32);
    for half in &mut halves {
        *half = _mm256_sll_epi16(_mm256_min_epi16(_mm256_max_epi16(*half, zero), max), raised);
    }
    let [even, odd] = halves;
    [_mm256_permute2x128_si256::<0x20>(even, odd), _mm256_permute2x128_si256::<0x31>(even, odd)]
}

/// Eight sums out of one load for each half and pair of neighbours.
#[inline]
#[target_feature(enable = "avx2")]
fn near<const PAIRS: usize>(from: &[i16], table: &Table, vector: usize) -> __m256i {
    let pairs = if PAIRS > 0 { PAIRS } else { table.steps };
    let shuffle = load_bytes(&table.shuffles[vector]);
    let weights = &table.weights[vector * pairs..][..pairs];
    let [low, high] = table.starts[vector];
    let low = &from[low as usize..][..2 * pairs + 6];
    let high = &from[high as usize..][..2 * pairs + 6];
    let mut sum = _mm256_setzero_si256();
    for pair in 0..pairs {
        let samples = load_halves(&low[2 * pair..], &high[2 * pair..]);
        let neighbours = _mm256_shuffle_epi8(samples, shuffle);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(neighbours, load_weights(&weights[pair])));
    }
    sum
}

/// Eight sums, each of the products of its own neighbours.
#[inline]
#[target_feature(enable = "avx2")]
fn far<const OCTETS: usize>(from: &[i16], table: &Table, vector: usize) -> __m256i {
    let octets = if OCTETS > 0 { OCTETS } else { table.steps };
    let mut sums = [_mm256_setzero_si256(); 4];
    for lane in 0..4 {
        let step = 4 * vector + lane;
        let weights = &table.weights[step * octets..][..octets];
        let [low, high] = table.starts[step];
        let low = &from[low as usize..][..8 * octets];
        let high = &from[high as usize..][..8 * octets];
        for octet in 0..octets {
            let samples = load_halves(&low[8 * octet..], &high[8 * octet..]);
            let products = _mm256_madd_epi16(samples, load_weights(&weights[octet]));
            sums[lane] = _mm256_add_epi32(sums[lane], products);
        }
    }
    let [a, b, c, d] = sums;
    _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(from: &[u8]) -> __m256i {
    let from: &[u8; 32] = from.first_chunk().expect("a block of columns");
    // SAFETY: the array has the 32 bytes, which need no alignment.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_bytes(from: &[i8; 32]) -> __m256i {
    // SAFETY: the array has the 32 bytes, which need no alignment.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_weights(from: &[i16; 16]) -> __m256i {
    // SAFETY: the array has the 32 bytes, which need no alignment.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_halves(low: &[i16], high: &[i16]) -> __m256i {
    _mm256_set_m128i(load_eight(high), load_eight(low))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_eight(from: &[i16]) -> __m128i {
    let from: &[i16; 8] = from.first_chunk().expect("padding behind the row");
    // SAFETY: the array has the 16 bytes, which need no alignment.
    unsafe { _mm_loadu_si128(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(value: __m256i, into: &mut [u8; 32]) {
    // SAFETY: the array has room for the 32 bytes, which need no alignment.
    unsafe { _mm256_storeu_si256(into.as_mut_ptr().cast(), value) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store_samples(halves: [__m256i; 2], into: &mut [i16]) {
    let into: &mut [i16; BLOCK] = into.first_chunk_mut().expect("a block of columns");
    let [first, second] = halves;
    // SAFETY: the array has room for twice 32 bytes, which need no alignment.
    unsafe {
        let into = into.as_mut_ptr().cast::<__m256i>();
        _mm256_storeu_si256(into, first);
        _mm256_storeu_si256(into.add(1), second);
    }
}

/// Pairs of rows whose places are worked out once per row instead of once per block.
const FEW: usize = 8;
