//! Checks a proof bundle of a Fenshui book, or a proof that one of its checkpoints continues another.
//!
//! It shares no code with the program that keeps books: the form of a bundle is read as
//! `docs/reference/proof-bundle.md` tells it, the form of entries as `docs/reference/book-format.md`
//! does, and signature and tree by the published texts (C2SP `signed-note` and `tlog-checkpoint`,
//! RFC 9162). It knows no rules and recomputes no allocation: it tells whether an entry stands in the
//! book that was signed for, and what the entry says.
//!
//! `bundle` takes the text apart, `note` checks signatures, `tree` the way from a leaf to the root,
//! `entry` reads what an entry says and tells it by the names of its edition, `batch` tells by whom, from
//! what and by which rules a batch was made, and what is of it, `matters` what parties and keepers wrote,
//! and [`check()`] joins them. `words` keeps from the reader's terminal what somebody else's text would do
//! to it.

mod batch;
mod bundle;
mod check;
mod entry;
mod matters;
mod note;
mod reader;
mod tree;
mod words;

pub use check::{Report, check};
pub use words::{Language, Words};

/// Why a bundle or a key cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub Words);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.en())
    }
}

impl std::error::Error for Unreadable {}

pub(crate) fn unreadable<T>(en: impl AsRef<str>, zh: impl AsRef<str>) -> Result<T, Unreadable> {
    Err(Unreadable(Words::new(en, zh)))
}
