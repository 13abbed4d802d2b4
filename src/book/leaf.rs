//! An entry as a leaf: its bytes, chained to the entry before, and their digest.

use sha2::{Digest as _, Sha256};

use crate::base::Digest;

/// The version of the book's format: of entries, and of the tree over them.
pub const FORMAT: u32 = 1;

/// A longer body is in its leaf by length and digest, so that every leaf fits the entry bundles of a
/// tiled log (65,535 bytes).
pub(super) const BODY_INLINE_MAX: usize = 32_768;

/// What the first entry is chained to.
pub(super) const NOTHING_BEFORE: Digest = Digest::from_bytes([0; 32]);

/// The first bytes of a leaf: version of the format, kind of entry, digest of the leaf before, and
/// whether the body follows (0) or its length and digest (1).
fn head(kind: u8, previous: &Digest, outlined: bool) -> [u8; 35] {
    let mut head = [0; 35];
    let [version, of, middle @ .., form] = &mut head;
    *version = 1;
    *of = kind;
    middle.copy_from_slice(previous.as_bytes());
    *form = u8::from(outlined);
    head
}

/// The bytes of a leaf.
pub(super) fn leaf_bytes(kind: u8, previous: &Digest, body: &[u8]) -> Vec<u8> {
    let outlined = body.len() > BODY_INLINE_MAX;
    let mut bytes = head(kind, previous, outlined).to_vec();
    if outlined {
        bytes.extend_from_slice(&outline(body));
    } else {
        bytes.extend_from_slice(body);
    }
    bytes
}

/// The digest of a leaf, as RFC 6962 and 9162 hash it: SHA-256 of a zero byte and the leaf.
pub(super) fn leaf_digest(kind: u8, previous: &Digest, body: &[u8]) -> Digest {
    let outlined = body.len() > BODY_INLINE_MAX;
    let head = head(kind, previous, outlined);
    if outlined {
        Digest::of_pieces(&[&[0], &head, &outline(body)])
    } else {
        Digest::of_pieces(&[&[0], &head, body])
    }
}

/// The same of the bytes of a whole leaf.
pub fn digest_of_leaf(leaf: &[u8]) -> Digest {
    Digest::of_pieces(&[&[0], leaf])
}

/// A hasher that has seen everything of a leaf but its body.
pub(super) fn hasher(kind: u8, previous: &Digest, outlined: bool) -> Sha256 {
    Sha256::new_with_prefix([0]).chain_update(head(kind, previous, outlined))
}

/// Length (8 bytes, highest first) and digest of a long body.
pub(super) fn outline(body: &[u8]) -> [u8; 40] {
    let mut bytes = [0; 40];
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX).to_be_bytes();
    let (front, back) = bytes.split_at_mut(8);
    front.copy_from_slice(&length);
    back.copy_from_slice(Digest::of(body).as_bytes());
    bytes
}
