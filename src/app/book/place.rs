//! Where a book is: a file, or a database on a server.

use std::path::PathBuf;

use crate::book::{Book, Moment, Store};
#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
use crate::diagnostics::Words;

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
        Ok(Book::open(self.store(access)?)?)
    }

    /// Makes a new book there, empty but for its opening.
    ///
    /// # Errors
    /// There is something already; the name is none that a checkpoint can carry.
    pub fn create(&self, origin: &str, learnt: Moment) -> Result<Book, BookTrouble> {
        // Held against the rules of names before anything is made.
        Book::create(Box::new(crate::book::MemoryStore::new()), origin, learnt)?;
        Ok(Book::create(self.new_store()?, origin, learnt)?)
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

    fn new_store(&self) -> Result<Box<dyn Store>, BookTrouble> {
        match self {
            #[cfg(feature = "sqlite")]
            BookPlace::File(path) => {
                use crate::book::{SqliteOptions, SqliteStore};
                let options = SqliteOptions { wait: WAIT, pages_max: None };
                Ok(Box::new(SqliteStore::create(path, options)?))
            }
            #[cfg(not(feature = "sqlite"))]
            BookPlace::File(_) => Err(not_built("sqlite")),
            #[cfg(feature = "postgres")]
            BookPlace::Server(address) => {
                use crate::book::{PostgresOptions, PostgresStore};
                Ok(Box::new(PostgresStore::create(address, PostgresOptions { wait: WAIT })?))
            }
            #[cfg(not(feature = "postgres"))]
            BookPlace::Server(_) => Err(not_built("postgres")),
        }
    }
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
