//! A book as tiles (C2SP `tlog-tiles`), which any server of files can publish.

use std::collections::BTreeSet;

use crate::base::Digest;

use super::journal::hold;
use super::leaf::{BODY_INLINE_MAX, NOTHING_BEFORE, leaf_bytes};
use super::tree::{Digests, LEVELS_A_TILE};
use super::{Book, BookError, Note};

/// Digests in a whole tile, and entries in a whole bundle.
const TILE: u64 = 256;

impl Book {
    /// Hands out the files of a tiled log under a signed checkpoint, by path and content: tiles,
    /// bundles of entries, bodies that entries hold by digest alone, and at last `checkpoint`.
    ///
    /// # Errors
    /// The checkpoint is not of this book; an entry is not what was
    /// written; the store fails; whoever takes the files says so.
    pub fn tiles<E: From<BookError>>(
        &mut self,
        checkpoint: &Note,
        mut file: impl FnMut(&str, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let size = self.own(checkpoint)?.size;
        let mut level = 0_u8;
        loop {
            let count = size.checked_shr(u32::from(level * LEVELS_A_TILE)).unwrap_or(0);
            if count == 0 {
                break;
            }
            for (index, width) in tiles_of(count) {
                let digests = self.digests(level * LEVELS_A_TILE, index * TILE, width)?;
                let bytes: Vec<u8> = digests.iter().flat_map(|it| *it.as_bytes()).collect();
                file(&format!("tile/{level}/{}", path(index, width)), &bytes)?;
            }
            level += 1;
        }
        self.entry_bundles(size, &mut file)?;
        file("checkpoint", checkpoint.to_string().as_bytes())
    }

    fn entry_bundles<E: From<BookError>>(
        &mut self,
        size: u64,
        file: &mut impl FnMut(&str, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut previous = NOTHING_BEFORE;
        let mut bodies = BTreeSet::new();
        for (index, width) in tiles_of(size) {
            let mut bundle = Vec::new();
            let count = usize::try_from(width).unwrap_or(0);
            let mut long = Vec::new();
            self.rows(index * TILE, count, |row| {
                hold(row, &previous)?;
                let leaf = leaf_bytes(row.kind, &previous, row.body);
                // A leaf is far below that: see `BODY_INLINE_MAX`.
                let length = u16::try_from(leaf.len()).map_err(|_| {
                    BookError::Internal("a leaf is too long for a bundle of entries")
                })?;
                bundle.extend_from_slice(&length.to_be_bytes());
                bundle.extend_from_slice(&leaf);
                previous = row.leaf;
                if row.body.len() > BODY_INLINE_MAX {
                    long.push(row.body.to_vec());
                }
                Ok(())
            })?;
            for body in long {
                let digest = Digest::of(&body);
                if bodies.insert(digest) {
                    file(&format!("body/{digest}"), &body)?;
                }
            }
            file(&format!("tile/entries/{}", path(index, width)), &bundle)?;
        }
        Ok(())
    }
}

/// The tiles that hold so many digests: number and width of each.
fn tiles_of(count: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..count.div_ceil(TILE)).map(move |index| (index, TILE.min(count - index * TILE)))
}

/// The path of a tile: its number in groups of three digits, all but the last behind an `x`, and its
/// width if it is not full.
fn path(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE { format!("{path}.p/{width}") } else { path }
}
