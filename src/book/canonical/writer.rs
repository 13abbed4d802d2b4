//! Bytes in the making.

/// Collects the bytes of a value.
#[derive(Debug, Default)]
pub(in crate::book) struct Writer(Vec<u8>);

impl Writer {
    /// One byte as it is.
    pub(in crate::book) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Bytes as they are.
    pub(in crate::book) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A whole number that is not negative: seven bits a byte, lowest first, the high bit set on
    /// every byte but the last.
    pub(in crate::book) fn count(&mut self, number: u128) {
        let mut rest = number;
        loop {
            // Seven bits fit a byte.
            let low = u8::try_from(rest & 0x7f).unwrap_or(0x7f);
            rest >>= 7;
            if rest == 0 {
                self.0.push(low);
                return;
            }
            self.0.push(low | 0x80);
        }
    }

    /// A length.
    pub(in crate::book) fn length(&mut self, length: usize) {
        // No machine has lengths beyond 64 bits.
        self.count(u128::try_from(length).unwrap_or(u128::MAX));
    }

    /// A whole number of either sign: twice it, or for a negative one twice its distance from −1
    /// and one.
    pub(in crate::book) fn signed(&mut self, number: i128) {
        let folded = (number << 1) ^ (number >> 127);
        self.count(folded.cast_unsigned());
    }

    /// Bytes after their length.
    pub(in crate::book) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// Gives the bytes.
    pub(in crate::book) fn finish(self) -> Vec<u8> {
        self.0
    }
}
