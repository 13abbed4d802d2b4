//! Where a book is: a file, or a database on a server.

use std::io::Read;
#[cfg(feature = "sqlite")]
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::book::{Book, BookError, MemoryStore, Moment, Posting, Store, StoreError};
#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
use crate::diagnostics::Words;
#[cfg(feature = "sqlite")]
use crate::formats::Beside;

use super::BookTrouble;

/// The place of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookPlace {
    /// A file.
    File(PathBuf),
    /// A database, by its address.
    Server(String),
}

/// What is to be done with a book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading, also where writing is not allowed.
    Read,
    /// Reading and writing.
    Write,
}

/// How long to wait for somebody else who posts.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
const WAIT: std::time::Duration = std::time::Duration::from_secs(30);

impl BookPlace {
    /// The place that an argument names.
    pub fn named(argument: &str) -> BookPlace {
        let server = ["postgres://", "postgresql://"].iter().any(|it| argument.starts_with(it));
        match server {
            true => BookPlace::Server(argument.to_owned()),
            false => BookPlace::File(PathBuf::from(argument)),
        }
    }

    /// The folder it is in, if it is a file.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            BookPlace::File(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                Some(folder.map_or_else(|| PathBuf::from("."), PathBuf::from))
            }
            BookPlace::Server(_) => None,
        }
    }

    /// Opens the book there.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub fn open(&self, access: Access) -> Result<Book, BookTrouble> {
        let opened = self.store(access).and_then(|store| Ok(Book::open(store)?));
        opened.map_err(|trouble| match (trouble, self) {
            (BookTrouble::Book(error), BookPlace::File(path)) if is_foreign(&error) => {
                match was_a_book(path) {
                    true => headless().into(),
                    false => BookTrouble::Book(error),
                }
            }
            (trouble, _) => trouble,
        })
    }

    /// Makes a new book there, empty but for its opening.
    ///
    /// # Errors
    /// There is something already; the name is none that a checkpoint can carry.
    pub fn create(&self, origin: &str, learnt: Moment) -> Result<Book, BookTrouble> {
        self.create_with((origin, learnt), |posting| Ok(posting.commit().map(drop)?))?;
        self.open(Access::Write)
    }

    /// Makes a new book there of which more is posted at once, or none: until it is whole it is not there,
    /// so that a killed program leaves nothing that looks like a book.
    ///
    /// # Errors
    /// As [`create`](BookPlace::create); whoever posts says so.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres")),
        expect(unused_variables, reason = "without a store")
    )]
    pub(super) fn create_with(
        &self,
        (origin, learnt): (&str, Moment),
        post: impl FnOnce(Posting<'_>) -> Result<(), BookTrouble>,
    ) -> Result<(), BookTrouble> {
        // Held against the rules of names before anything is made.
        Book::create(Box::new(MemoryStore::new()), origin, learnt)?;
        match self {
            #[cfg(feature = "sqlite")]
            BookPlace::File(path) => {
                use crate::book::{SqliteOptions, SqliteStore};
                let options = SqliteOptions { wait: WAIT, pages_max: None };
                let failed = |error| StoreError::of_file(error, &path.display().to_string());
                if path.symlink_metadata().is_ok() {
                    return Err(failed(ErrorKind::AlreadyExists.into()).into());
                }
                let make = |hidden: &Path| {
                    SqliteStore::create_as(hidden, path, options).map_err(io::Error::other)
                };
                let (store, beside) = Beside::make(path, make)
                    .map_err(|error| error.downcast().unwrap_or_else(failed))?;
                drop(Book::create_with(Box::new(store), (origin, learnt), post)?);
                Ok(beside.place(path).map_err(failed)?)
            }
            #[cfg(not(feature = "sqlite"))]
            BookPlace::File(_) => Err(not_built("sqlite")),
            #[cfg(feature = "postgres")]
            BookPlace::Server(address) => {
                use crate::book::{PostgresOptions, PostgresStore};
                let store = PostgresStore::create(address, PostgresOptions { wait: WAIT })?;
                Book::create_with(Box::new(store), (origin, learnt), post).map(drop)
            }
            #[cfg(not(feature = "postgres"))]
            BookPlace::Server(_) => Err(not_built("postgres")),
        }
    }

    #[cfg_attr(not(feature = "sqlite"), expect(unused_variables, reason = "without a store"))]
    fn store(&self, access: Access) -> Result<Box<dyn Store>, BookTrouble> {
        match self {
            #[cfg(feature = "sqlite")]
            BookPlace::File(path) => {
                use crate::book::{SqliteOptions, SqliteStore};
                let options = SqliteOptions { wait: WAIT, pages_max: None };
                Ok(Box::new(match access {
                    Access::Read => SqliteStore::open_to_read(path, options)?,
                    Access::Write => SqliteStore::open(path, options)?,
                }))
            }
            #[cfg(not(feature = "sqlite"))]
            BookPlace::File(_) => Err(not_built("sqlite")),
            #[cfg(feature = "postgres")]
            BookPlace::Server(address) => {
                use crate::book::{PostgresOptions, PostgresStore};
                Ok(Box::new(PostgresStore::open(address, PostgresOptions { wait: WAIT })?))
            }
            #[cfg(not(feature = "postgres"))]
            BookPlace::Server(_) => Err(not_built("postgres")),
        }
    }
}

fn is_foreign(error: &BookError) -> bool {
    matches!(error, BookError::Store(StoreError::Foreign { .. }))
}

/// What nothing can make again, so that no result may take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Irreplaceable {
    /// A book.
    Book,
    /// A private key, of whatever program.
    Key,
}

impl Irreplaceable {
    /// What of the kind is in a file, by how the file begins.
    pub fn in_file(path: &Path) -> Option<Irreplaceable> {
        let head = path.is_file().then(|| head(path))?;
        if holds(&head, GUARD) {
            return Some(Irreplaceable::Book);
        }
        let key = holds(&head, b"-----BEGIN ") && holds(&head, b"PRIVATE KEY-----");
        key.then_some(Irreplaceable::Key)
    }
}

/// What guards the entries of a book, as its head lays it out.
const GUARD: &[u8] = b"CREATE TRIGGER entry_no_UPDATE";

/// Whether a file that is no book holds what guards the entries of one: then it is one, and its head is
/// damaged.
fn was_a_book(path: &Path) -> bool {
    path.is_file() && holds(&head(path), GUARD)
}

fn holds(head: &[u8], what: &[u8]) -> bool {
    head.windows(what.len()).any(|part| part == what)
}

/// How a file begins, as far as it can be read.
fn head(path: &Path) -> Vec<u8> {
    const HEAD_BYTES: u64 = 1 << 16;
    let mut head = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "it is looked at as a file, whatever it is")]
    let file = std::fs::File::open(path);
    // What cannot be read is told by whoever opens it.
    let _ = file.and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    head
}

fn headless() -> StoreError {
    StoreError::Damaged { what: "the head of the file is not what was written".to_owned() }
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn not_built(feature: &str) -> BookTrouble {
    BookTrouble::said(
        Words::new(
            format!("this program was built without the feature `{feature}`"),
            format!("本程序编译时未启用功能 {feature}"),
        ),
        Some(Words::new(
            format!("build it with `--features {feature}`"),
            format!("请用 --features {feature} 编译"),
        )),
    )
}
