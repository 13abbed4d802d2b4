//! What keeps a verb of the book from its work.

use crate::book::{BookError, KeyError, NoteError, StoreError};
use crate::diagnostics::{Diagnostic, Words};
use crate::formats::FormatsError;
use crate::report::Sources;
use crate::report::book::{book_words, key_hint, key_words, note_words};

/// Why a verb of the book does not do as asked. The book is as it was.
#[derive(Debug)]
pub enum BookTrouble {
    /// The book says so.
    Book(Box<BookError>),
    /// A file.
    Formats(Box<FormatsError>),
    /// What is wrong, and what to do.
    Said(Box<(Words, Option<Words>)>),
    /// What was asked contradicts what the book holds: why, and what to do.
    Refused(Box<(Words, Option<Words>)>),
    /// Rules that the book holds do not compile with this version.
    Rules(Box<(Sources, Vec<Diagnostic>)>),
}

impl BookTrouble {
    /// Something that is said in words of its own.
    pub fn said(what: Words, hint: Option<Words>) -> BookTrouble {
        BookTrouble::Said(Box::new((what, hint)))
    }

    /// The same of what the book refuses.
    pub fn refused(what: Words, hint: Option<Words>) -> BookTrouble {
        BookTrouble::Refused(Box::new((what, hint)))
    }
}

impl From<BookError> for BookTrouble {
    fn from(error: BookError) -> BookTrouble {
        BookTrouble::Book(Box::new(error))
    }
}

impl From<StoreError> for BookTrouble {
    fn from(error: StoreError) -> BookTrouble {
        BookError::from(error).into()
    }
}

impl From<FormatsError> for BookTrouble {
    fn from(error: FormatsError) -> BookTrouble {
        BookTrouble::Formats(Box::new(error))
    }
}

impl From<KeyError> for BookTrouble {
    fn from(error: KeyError) -> BookTrouble {
        BookTrouble::said(key_words(&error), key_hint(&error))
    }
}

impl From<NoteError> for BookTrouble {
    fn from(error: NoteError) -> BookTrouble {
        BookTrouble::said(note_words(&error), None)
    }
}

impl BookTrouble {
    /// Whether it says that the book is not what was written.
    pub fn is_damage(&self) -> bool {
        let BookTrouble::Book(error) = self else { return false };
        match error.as_ref() {
            BookError::Malformed { .. }
            | BookError::Damaged { .. }
            | BookError::DamagedKeys { .. }
            | BookError::DamagedNode { .. }
            | BookError::NoOpening
            | BookError::HalfBatch { .. }
            | BookError::Store(StoreError::Truncated { .. } | StoreError::Occupied { .. }) => true,
            BookError::Store(error) => error.damage().is_some(),
            _ => false,
        }
    }

    /// The sentence, and what to do.
    pub fn words(&self) -> (Words, Option<Words>) {
        match self {
            BookTrouble::Book(error) => book_words(error),
            BookTrouble::Formats(error) => (error.words(), error.hint()),
            BookTrouble::Said(said) | BookTrouble::Refused(said) => said.as_ref().clone(),
            BookTrouble::Rules(_) => (
                Words::new(
                    "rules that the book holds do not compile with this version",
                    "账簿中的规则不能用本版本编译",
                ),
                Some(Words::new(
                    "use the version that the entry names as its evaluator",
                    "请使用该条所记的求值器版本",
                )),
            ),
        }
    }
}

impl std::fmt::Display for BookTrouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words().0.en)
    }
}

impl std::error::Error for BookTrouble {}
