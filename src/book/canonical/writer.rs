//! Bytes in the making.

/// Collects the bytes of values.
#[derive(Debug, Default)]
pub(in crate::book) struct Writer(Vec<u8>);

impl Writer {
    /// None yet, and room for so many.
    pub(in crate::book) fn with_room(bytes: usize) -> Writer {
        Writer(Vec::with_capacity(bytes))
    }

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

    fn short(&mut self, number: u64) {
        let mut rest = number;
        while rest > 0x7f {
            // Seven bits fit a byte.
            self.0.push(u8::try_from(rest & 0x7f).unwrap_or(0x7f) | 0x80);
            rest >>= 7;
        }
        self.0.push(u8::try_from(rest).unwrap_or(0x7f));
    }

    fn long(&mut self, number: u128) {
        let mut rest = number;
        while rest > 0x7f {
            self.0.push(u8::try_from(rest & 0x7f).unwrap_or(0x7f) | 0x80);
            rest >>= 7;
        }
        self.0.push(u8::try_from(rest).unwrap_or(0x7f));
    }

    /// A length.
    pub(in crate::book) fn length(&mut self, length: usize) {
        // No machine has lengths beyond 64 bits.
        self.count(u128::try_from(length).unwrap_or(u128::MAX));
    }

    /// A whole number of either sign: twice it, or for a negative one twice its distance from −1
    /// and one.
    #[inline]
    pub(in crate::book) fn signed(&mut self, number: i128) {
        let folded = (number << 1) ^ (number >> 127);
        self.count(folded.cast_unsigned());
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
