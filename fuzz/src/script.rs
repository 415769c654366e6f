/// Arbitrary bytes read as a script: a mutation in one place leaves what comes behind it meaningful.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    /// Reads from the first byte on.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte; `None` at the end.
    pub fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// The next number: mostly small, sometimes anything up to 64 bits. Its first byte says how many follow.
    pub fn number(&mut self) -> Option<i64> {
        let first = self.byte()?;
        let length = match first {
            0..0xc0 => return Some(i64::from(first)),
            0xc0..0xe0 => 1,
            0xe0..0xf0 => 2,
            0xf0..0xf8 => 4,
            0xf8.. => 8,
        };
        let mut bytes = [0; 8];
        for byte in bytes.iter_mut().rev().take(length) {
            *byte = self.byte()?;
        }
        Some(i64::from_be_bytes(bytes))
    }

    /// A number between `low` and `high`, both included.
    pub fn within(&mut self, low: i64, high: i64) -> Option<i64> {
        let span = i128::from(high) - i128::from(low) + 1;
        let value = i128::from(low) + i128::from(self.number()?).rem_euclid(span);
        Some(i64::try_from(value).expect("between two 64-bit numbers"))
    }

    /// A piece of at most 255 bytes, its length before it; shorter where the script ends.
    pub fn piece(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?).min(self.rest.len());
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(piece)
    }

    /// All that is left.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
