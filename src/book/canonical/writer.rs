//! Bytes in the making.

/// Collects the bytes of values.
#[derive(Debug, Default)]
pub(in crate::book) struct Writer(Vec<u8>);

impl Writer {
    /// One byte as it is.
    #[inline]
    pub(in crate::book) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Bytes as they are.
    #[inline]
    pub(in crate::book) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A whole number that is not negative: seven bits a byte, lowest first, the high bit set on
    /// every byte but the last.
    #[inline]
    pub(in crate::book) fn count(&mut self, number: u128) {
        match u64::try_from(number) {
            Ok(number) => self.short(number),
            Err(_) => self.long(number),
        }
    }

    #[inline]
    fn short(&mut self, number: u64) {
        let [byte, ..] = number.to_le_bytes();
        match number {
            ..0x80 => self.0.push(byte),
            0x80..0x4000 => {
                let [_, high, ..] = (number << 1).to_le_bytes();
                self.0.extend_from_slice(&[byte | 0x80, high]);
            }
            0x4000..0x0100_0000_0000_0000 => self.side_by_side(number),
            _ => self.long(number.into()),
        }
    }

    /// A number of at most 56 bits, whose sevens are moved apart together: first halves of them, then
    /// quarters, then each.
    fn side_by_side(&mut self, number: u64) {
        let mut apart = number & 0x0fff_ffff | (number & 0x00ff_ffff_f000_0000) << 4;
        apart = apart & 0x0000_3fff_0000_3fff | (apart & 0x0fff_c000_0fff_c000) << 2;
        apart = apart & 0x007f_007f_007f_007f | (apart & 0x3f80_3f80_3f80_3f80) << 1;
        let unused = apart.leading_zeros() / 8;
        // Every byte in use but the last.
        let others = (0x0080_8080_8080_8080_u64) >> (8 * unused);
        let end = self.0.len() + 8_usize.saturating_sub(usize::try_from(unused).unwrap_or(0));
        self.0.extend_from_slice(&(apart | others).to_le_bytes());
        self.0.truncate(end);
    }

    fn long(&mut self, number: u128) {
        let mut rest = number;
        while rest > 0x7f {
            // Seven bits fit a byte.
            self.0.push(u8::try_from(rest & 0x7f).unwrap_or(0x7f) | 0x80);
            rest >>= 7;
        }
        self.0.push(u8::try_from(rest).unwrap_or(0x7f));
    }

    /// A length.
    #[inline]
    pub(in crate::book) fn length(&mut self, length: usize) {
        // No machine has lengths beyond 64 bits.
        self.short(u64::try_from(length).unwrap_or(u64::MAX));
    }

    /// A whole number of either sign: twice it, or for a negative one twice its distance from −1
    /// and one.
    #[inline]
    pub(in crate::book) fn signed(&mut self, number: i128) {
        match i64::try_from(number) {
            Ok(number) => self.short(((number << 1) ^ (number >> 63)).cast_unsigned()),
            Err(_) => self.count(((number << 1) ^ (number >> 127)).cast_unsigned()),
        }
    }

    /// Bytes after their length.
    pub(in crate::book) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// The bytes so far.
    pub(in crate::book) fn written(&self) -> &[u8] {
        &self.0
    }

    /// Begins anew, with the room it has.
    pub(in crate::book) fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives the bytes.
    pub(in crate::book) fn finish(self) -> Vec<u8> {
        self.0
    }
}
