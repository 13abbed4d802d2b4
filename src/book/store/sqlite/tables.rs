//! The tables of a book's file, and what keeps them from being changed.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::{Flaw, bytes};

/// The tables. Each is only ever added to; `guard` makes that so.
const TABLES: &str = "
CREATE TABLE entry (
  first INTEGER PRIMARY KEY,
  kinds BLOB NOT NULL,
  ends BLOB NOT NULL,
  leaves BLOB NOT NULL,
  bodies BLOB NOT NULL
) STRICT;
CREATE TABLE run (
  upto INTEGER NOT NULL, level INTEGER NOT NULL, since INTEGER NOT NULL, page INTEGER NOT NULL,
  firsts BLOB NOT NULL,
  PRIMARY KEY (upto, level)
) STRICT, WITHOUT ROWID;
CREATE TABLE run_page (
  number INTEGER PRIMARY KEY, keys BLOB NOT NULL
) STRICT;
CREATE TABLE node (
  level INTEGER NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;
";

const TABLE_NAMES: [&str; 4] = ["entry", "run", "run_page", "node"];

/// Makes the tables, and what keeps them from being changed.
pub(super) fn lay_out(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch(TABLES)?;
    for table in TABLE_NAMES {
        for change in ["UPDATE", "DELETE"] {
            connection.execute_batch(&format!(
                "CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table} \
                 BEGIN SELECT RAISE(ABORT, 'a book is only added to'); END;"
            ))?;
        }
    }
    Ok(())
}

/// What a file declares: its bytes as they stand, since a damaged file may hold no text.
#[derive(Debug, PartialEq, Eq)]
struct Declared {
    /// The table it is of.
    table: Vec<u8>,
    /// Its statement; none for what SQLite makes itself.
    statement: Vec<u8>,
}

/// What a file declares, by kind and name.
fn declared(
    connection: &Connection,
) -> Result<BTreeMap<(String, String), Declared>, rusqlite::Error> {
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let rows = statement.query_map([], |row| {
        let cell = |at: usize| Ok::<_, rusqlite::Error>(bytes(row.get_ref(at)?));
        let word = |at: usize| Ok::<_, rusqlite::Error>(lossy(&cell(at)?));
        Ok(((word(0)?, word(1)?), Declared { table: cell(2)?, statement: cell(3)? }))
    })?;
    rows.collect()
}

/// Text for people, whatever became of its bytes.
pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Where what a file declares is not what a book's does. Whoever is master of a file can take its
/// guards away, and then change what stands there; that he did is told.
pub(super) fn schema_flaws(connection: &Connection) -> Result<Vec<Flaw>, rusqlite::Error> {
    let model = Connection::open_in_memory()?;
    lay_out(&model)?;
    let (mut found, mut flaws) = (declared(connection)?, Vec::new());
    for ((kind, name), declared) in declared(&model)? {
        match found.remove(&(kind.clone(), name.clone())) {
            None => flaws.push(Flaw::Missing { kind, name }),
            Some(other) if other != declared => flaws.push(Flaw::Changed { kind, name }),
            Some(_) => {}
        }
    }
    // What SQLite keeps for itself (statistics, say) says nothing of the book.
    let own = |name: &str| name.starts_with("sqlite_");
    let foreign = found.into_keys().filter(|(_, name)| !own(name));
    flaws.extend(foreign.map(|(kind, name)| Flaw::Foreign { kind, name }));
    Ok(flaws)
}
