//! The generator splitmix64: short enough to be the same everywhere.

/// A stream of draws.
pub struct Random(pub u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`, by the upper half of a product.
    pub fn below(&mut self, end: u64) -> u64 {
        let product = u128::from(self.word()) * u128::from(end);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A place in a list of this length.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// One of a list, each as likely.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.place(list.len())]
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn chance(&mut self, of_a_hundred: u64) -> bool {
        self.below(100) < of_a_hundred
    }

    /// Fen between two powers of two, each power as likely.
    pub fn fen(&mut self, least: u32, most: u32) -> i64 {
        let power = least + u32::try_from(self.below(u64::from(most - least))).unwrap_or(0);
        let fen = (1 << power) + self.below(1 << power);
        i64::try_from(fen).unwrap_or(i64::MAX)
    }
}
