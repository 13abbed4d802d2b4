//! The way to the file: which it is, whether it begins and ends as a book does, and what stands beside it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::book::store::StoreError;

use super::{NO_MUTEX, told};

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What SQLite keeps beside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// What is written ahead.
    Log,
    /// Who reads how much of the log.
    Shared,
    /// What a batch has changed of the file.
    Journal,
}

impl Beside {
    pub(super) const ALL: [Beside; 3] = [Beside::Log, Beside::Shared, Beside::Journal];

    fn ending(self) -> &'static str {
        match self {
            Beside::Log => "-wal",
            Beside::Shared => "-shm",
            Beside::Journal => "-journal",
        }
    }
}

/// The file that SQLite keeps beside a file.
pub(super) fn beside(path: &Path, which: Beside) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(which.ending());
    PathBuf::from(beside)
}

/// Whether something of a batch stands beside the file: a log, or what it changed of the file.
pub(super) fn is_under_way(path: &Path) -> bool {
    let holds = |it| fs::metadata(beside(path, it)).is_ok_and(|file| file.len() > 0);
    [Beside::Log, Beside::Journal].into_iter().any(holds)
}

/// Whether a file is there and may not be written to.
pub(super) fn is_closed(path: &Path) -> bool {
    path.exists() && fs::OpenOptions::new().write(true).open(path).is_err()
}

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Which {
    device: u64,
    number: u64,
}

impl Which {
    /// The file at a place, where the system tells files apart.
    #[cfg(unix)]
    pub(super) fn is_at(path: &Path) -> Option<Which> {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(path).ok()?;
        Some(Which { device: found.dev(), number: found.ino() })
    }

    /// No file that is open can be moved there.
    #[cfg(not(unix))]
    pub(super) fn is_at(_: &Path) -> Option<Which> {
        None
    }
}

/// By how many names a file is called.
#[cfg(unix)]
fn names(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
fn names(_: &fs::Metadata) -> u64 {
    1
}

/// Looks at a file before SQLite does: SQLite would make one that is not there, takes a file whose end is
/// missing for a damaged one, and knows what stands beside a file by its name alone.
pub(super) fn look(path: &Path, place: &str) -> Result<(), StoreError> {
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied => {
            StoreError::NotReadable { what: format!("{place}: {error}") }
        }
        _ => StoreError::of_file(error, place),
    };
    let foreign = || StoreError::Foreign { place: place.to_owned() };
    let found = fs::metadata(path).map_err(refused)?;
    if !found.is_file() && !found.is_dir() {
        return Err(foreign());
    }
    if found.is_file() && names(&found) > 1 {
        return Err(StoreError::ManyNames { place: place.to_owned(), names: names(&found) });
    }
    #[expect(clippy::disallowed_methods, reason = "a store of the book is where its file is read")]
    let file = fs::File::open(path).map_err(refused)?;
    let found = found.len();
    let mut head = Vec::new();
    file.take(100).read_to_end(&mut head).map_err(refused)?;
    if is_under_way(path) {
        // What the file lacks may stand beside it.
        return Ok(());
    }
    if head.len() < 100 {
        // What is left of a book begins like one, if anything is left.
        let begins = !head.is_empty() && MAGIC.starts_with(head.get(..16).unwrap_or(&head));
        let expected = 4096;
        let cut = StoreError::Truncated { place: place.to_owned(), found, expected };
        return Err(if begins { cut } else { foreign() });
    }
    let Some((MAGIC, rest)) = head.split_first_chunk::<16>() else { return Err(foreign()) };
    let two = rest.first_chunk::<2>().map_or(0, |two| u16::from_be_bytes(*two));
    let page = if two == 1 { 65_536 } else { u64::from(two) };
    let pages = rest.get(12..16).and_then(|four| four.first_chunk::<4>());
    let pages = pages.map_or(0, |four| u64::from(u32::from_be_bytes(*four)));
    let expected = page * pages;
    if found < expected {
        return Err(StoreError::Truncated { place: place.to_owned(), found, expected });
    }
    Ok(())
}

pub(super) fn connect(path: &Path, place: &str, wait: Duration) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | NO_MUTEX;
    let connection = Connection::open_with_flags(in_file(path), flags);
    let connection = connection.map_err(|error| told(error, path, place))?;
    connection.busy_timeout(wait).map_err(|error| told(error, path, place))?;
    Ok(connection)
}

/// A path that is one to SQLite too, which has names for what is no file (`:memory:`).
pub(super) fn in_file(path: &Path) -> PathBuf {
    Path::new(".").join(path)
}
