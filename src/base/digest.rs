//! SHA-256 digests: of files, editions, entries and everything else that must be
//! told apart by content.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The SHA-256 digest of some bytes.
///
/// Prints as 64 lower-case hexadecimal digits. Ordered by its bytes, which is the
/// order of its text.
///
/// # Example: at once, or in pieces
/// ```
/// use fenshui::base::{Digest, Digester};
///
/// let whole = Digest::of("refund -0.01".as_bytes());
/// let mut digester = Digester::new();
/// digester.update(b"refund ");
/// digester.update(b"-0.01");
/// assert_eq!(digester.finish(), whole);
/// assert_eq!(Digest::parse(&whole.to_string()), Some(whole));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }

    /// Takes a digest that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// Gives its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 lower-case hexadecimal digits, and nothing else.
    pub fn parse(text: &str) -> Option<Digest> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Digest(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A digest in the making, for bytes that come in pieces.
///
/// Where the pieces are cut makes no difference. Fields that must not run into
/// each other have to be told apart by the caller, by a length or a separator.
///
/// # Example: two rows of a file
/// ```
/// use fenshui::base::{Digest, Digester};
///
/// let mut digester = Digester::new();
/// for row in ["100.00\n", "-0.01\n"] {
///     digester.update(row.as_bytes());
/// }
/// assert_eq!(digester.finish(), Digest::of(b"100.00\n-0.01\n"));
/// ```
#[derive(Clone, Default)]
pub struct Digester(Sha256);

impl Digester {
    /// Starts with no bytes.
    pub fn new() -> Digester {
        Digester::default()
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Gives the digest of all bytes taken in.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester").finish_non_exhaustive()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first two examples of FIPS 180.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn known_answers() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(Digest::of(b"abc").to_string(), ABC);
        assert_eq!(Digester::new().finish().to_string(), EMPTY);
    }

    #[test]
    fn parses_its_own_text_only() {
        assert_eq!(Digest::parse(ABC), Some(Digest::of(b"abc")));
        assert_eq!(Digest::parse(&ABC.to_uppercase()), None);
        assert_eq!(Digest::parse(ABC.trim_start_matches('b')), None);
        assert_eq!(Digest::parse(&format!("{ABC}0")), None);
        assert_eq!(Digest::parse(&ABC.replace('b', "g")), None);
    }
}
