//! From a leaf to the root, and from one root to a later one, by RFC 9162, sections 2.1.3.2 and 2.1.4.2.

use sha2::{Digest as _, Sha256};

pub(crate) type Digest = [u8; 32];

/// Bodies beyond this many bytes are in their leaf by length and digest.
const BODY_INLINE_MAX: usize = 32_768;

pub(crate) fn sha256(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// The digest of an entry's leaf.
pub(crate) fn leaf(kind: u8, previous: &Digest, body: &[u8]) -> Digest {
    let hasher = Sha256::new().chain_update([0, 1, kind]).chain_update(previous);
    let hasher = if body.len() > BODY_INLINE_MAX {
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX).to_be_bytes();
        hasher.chain_update([1]).chain_update(length).chain_update(sha256(body))
    } else {
        hasher.chain_update([0]).chain_update(body)
    };
    hasher.finalize().into()
}

/// Whether the digests lead from the leaf of a number to the root of a tree of so many leaves.
pub(crate) fn includes(
    number: u64,
    size: u64,
    leaf: Digest,
    proof: &[Digest],
    root: &Digest,
) -> bool {
    if number >= size {
        return false;
    }
    let (mut node, mut last, mut digest) = (number, size - 1, leaf);
    for step in proof {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            digest = pair(step, &digest);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            digest = pair(&digest, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && digest == *root
}

/// Whether a tree of so many leaves begins with an older one, each told by size and root.
pub(crate) fn continues(old: (u64, &Digest), new: (u64, &Digest), proof: &[Digest]) -> bool {
    if old.0 == 0 || old.0 >= new.0 {
        return old == new && old.0 > 0 && proof.is_empty();
    }
    // A whole subtree on the left is the older tree itself, and is not told again.
    let own = old.0.is_power_of_two().then_some(old.1);
    let mut digests = own.into_iter().chain(proof);
    let Some(first) = digests.next() else { return false };
    let (mut node, mut last) = (old.0 - 1, new.0 - 1);
    while node % 2 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut older, mut newer) = (*first, *first);
    for step in digests {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            older = pair(step, &older);
            newer = pair(step, &newer);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            newer = pair(&newer, step);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && older == *old.1 && newer == *new.1
}

fn pair(left: &Digest, right: &Digest) -> Digest {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}
