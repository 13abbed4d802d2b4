//! What the server refuses, told as what it means for a book.

use postgres::Error;
use postgres::error::SqlState;
use postgres::types::WrongType;

use crate::book::store::StoreError;

/// Why there is no connection.
pub(super) fn at_the_door(error: &Error) -> StoreError {
    let what = words(error);
    let refused = [
        &SqlState::INVALID_PASSWORD,
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
        &SqlState::INSUFFICIENT_PRIVILEGE,
    ];
    match error.code() {
        Some(code) if refused.contains(&code) => StoreError::NoLogin { what },
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => StoreError::NoDatabase { what },
        Some(code) if *code == SqlState::TOO_MANY_CONNECTIONS => StoreError::Crowded { what },
        None if error.to_string().starts_with("invalid configuration") => {
            StoreError::BadAddress { what }
        }
        None if is_of_encryption(error) => {
            let of = std::error::Error::source(error);
            StoreError::NotEncrypted { what: untrusted(of.map_or(what, ToString::to_string)) }
        }
        _ => match told(error) {
            StoreError::Lost => StoreError::Unreachable { what },
            other => other,
        },
    }
}

/// Why a certificate is not trusted, out of the words of the library that says so: it says where in its own
/// code, too, and why last and in brackets.
fn untrusted(what: String) -> String {
    let why = what.contains("certificate verify failed").then(|| what.rsplit_once('('));
    let why = why.flatten().and_then(|(_, why)| why.strip_suffix(')'));
    why.map_or(what.clone(), |why| format!("its certificate: {why}"))
}

/// Whether the server lets nobody in who comes this way.
pub(super) fn is_refused(error: &Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// Why something was not done.
pub(super) fn told(error: &Error) -> StoreError {
    let what = words(error);
    let Some(code) = error.code() else {
        return match () {
            () if error.is_closed() || is_of_the_wire(error) => StoreError::Lost,
            // All statements are ours: it is the tables that are others.
            () if is_of_another_type(error) => StoreError::DamagedSchema { what },
            () => StoreError::Other { what },
        };
    };
    match code {
        code if *code == SqlState::LOCK_NOT_AVAILABLE => StoreError::Locked,
        code if *code == SqlState::DISK_FULL => StoreError::Full,
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE
            || *code == SqlState::READ_ONLY_SQL_TRANSACTION =>
        {
            StoreError::ReadOnly { what }
        }
        code if *code == SqlState::UNIQUE_VIOLATION => {
            let table = error.as_db_error().and_then(|error| error.table()).unwrap_or_default();
            StoreError::Occupied { table: table.to_owned() }
        }
        // All statements are ours: it is the tables that are others.
        code if *code == SqlState::UNDEFINED_TABLE
            || *code == SqlState::UNDEFINED_COLUMN
            || *code == SqlState::NUMERIC_VALUE_OUT_OF_RANGE
            || *code == SqlState::DATA_CORRUPTED
            || *code == SqlState::INDEX_CORRUPTED =>
        {
            StoreError::DamagedSchema { what }
        }
        code if *code == SqlState::QUERY_CANCELED
            || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT =>
        {
            StoreError::Cancelled { what }
        }
        code if *code == SqlState::ADMIN_SHUTDOWN
            || *code == SqlState::CRASH_SHUTDOWN
            || *code == SqlState::CANNOT_CONNECT_NOW =>
        {
            StoreError::Lost
        }
        _ => StoreError::Other { what },
    }
}

fn is_of_the_wire(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// Its kind is the library's own affair, and its words are not.
fn is_of_encryption(error: &Error) -> bool {
    error.to_string().starts_with("error performing TLS handshake")
}

fn is_of_another_type(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<WrongType>())
}

/// What the server says, in its words alone: its own chain of errors says the same twice.
pub(super) fn words(error: &Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}
