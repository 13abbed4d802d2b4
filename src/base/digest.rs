//! SHA-256 digests: of files, editions, entries and everything else that must be
//! told apart by content.

use std::fmt;

use sha2::block_api::compress256;
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

    /// Digests bytes that come in pieces. Where they are few, they are laid out as SHA-256 pads them and go
    /// through it at once: for a node of a tree that takes two thirds of the time of [`Digester`].
    pub fn of_pieces(pieces: &[&[u8]]) -> Digest {
        short(pieces).unwrap_or_else(|| {
            let mut digester = Digester::new();
            pieces.iter().for_each(|piece| digester.update(piece));
            digester.finish()
        })
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

/// What SHA-256 begins with (FIPS 180-4, 5.3.3).
const BEGINNING: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The digest of bytes that have room in four blocks with what is put behind them: a bit that is set, and
/// at the end how many bits they have.
fn short(pieces: &[&[u8]]) -> Option<Digest> {
    let mut blocks = [0; 256];
    let mut length = 0;
    for piece in pieces {
        blocks.get_mut(length..)?.get_mut(..piece.len())?.copy_from_slice(piece);
        length += piece.len();
    }
    let end = (length + 9).next_multiple_of(64);
    *blocks.get_mut(length)? = 0x80;
    let bits = u64::try_from(length * 8).ok()?.to_be_bytes();
    blocks.get_mut(end - bits.len()..end)?.copy_from_slice(&bits);
    let mut state = BEGINNING;
    compress256(&mut state, blocks.get(..end)?.as_chunks::<64>().0);
    let mut digest = [0; 32];
    for (bytes, word) in digest.as_chunks_mut::<4>().0.iter_mut().zip(state) {
        *bytes = word.to_be_bytes();
    }
    Some(Digest(digest))
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
    fn pieces_are_digested_as_a_whole() {
        let bytes: Vec<u8> = (0..600_u32).map(|at| (at * 7 % 251).try_into().unwrap()).collect();
        for length in 0..bytes.len() {
            let (one, other) = bytes[..length].split_at(length / 3);
            assert_eq!(Digest::of_pieces(&[one, other, &[]]), Digest::of(&bytes[..length]));
        }
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
