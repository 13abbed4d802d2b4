//! The verbs of the command line on a server: what a user sees is what he sees of a file.

use super::postgres::Database;
use crate::cli::{check_in, copy_folder, outcome};
use crate::floors::root;

#[test]
fn a_session_on_a_server_is_that_of_a_file() {
    check_in("book", &Database::new().url());
    check_in("book_replay", &Database::new().url());
}

#[test]
fn proofs_and_settlements_on_a_server_are_those_of_a_file() {
    for session in ["book_proves", "book_settles", "book_stands", "book_renames", "book_reverses"] {
        check_in(session, &Database::new().url());
    }
}

/// An auditor, who may only read, can do all that reads; what writes is refused, and changes nothing.
#[test]
fn an_auditor_reads_by_every_verb_and_writes_by_none() {
    let place = Database::new();
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book_proves"), folder.path());
    let said = |command: &str, book: &str| outcome(command, folder.path(), book);
    let owner = place.url();
    said("chmod 600 keeper.key", &owner);
    for command in [
        "book init --name finance.example/2018 --key keeper.key",
        "book post rules.fen.md first.csv --register caps=caps.csv",
        "book checkpoint --sign keeper.key --out then.checkpoint",
        "book dispute raise 6 --by beijing --reason odd-fen",
        "book checkpoint --sign keeper.key --out now.checkpoint",
    ] {
        let told = said(&format!("fenshui {command}"), &owner);
        assert!(!told.contains("! error"), "{command}: {told}");
    }
    let auditor = place.url_of(&place.login("auditor"));
    let readings = [
        "book log",
        "book log --format ndjson",
        "book show 5 6",
        "book explain 5",
        "book replay",
        "book replay --with rules.fen.md --reading share=third --corrections review.json --replace",
        "book verify --checkpoint then.checkpoint",
        "book checkpoint",
        "book prove 5",
        "book prove --consistency then.checkpoint",
        "book dispute list",
        "book dispute show 10",
        "book key list",
        "book export journal book.journal",
        "book export csv tables",
        "book export tiles tiles",
    ];
    for command in readings {
        let (told, own) =
            (format!("fenshui {command}"), said(&format!("fenshui {command}"), &owner));
        // What was written for the owner is no news of the auditor's.
        let written = ["tiles", "tables", "book.journal"].map(|name| folder.path().join(name));
        for name in &written {
            let _ = std::fs::remove_dir_all(name).or_else(|_| std::fs::remove_file(name));
        }
        assert_eq!(said(&told, &auditor), own, "{command}");
        for name in &written {
            let _ = std::fs::remove_dir_all(name).or_else(|_| std::fs::remove_file(name));
        }
        assert!(!own.contains("! error"), "{command}: {own}");
    }
    let before = said("fenshui book verify", &owner);
    for command in [
        "book post rules.fen.md second.csv --register caps=caps.csv",
        "book correct --with rules.fen.md --reading share=third --corrections review.json --because x",
        "book checkpoint --sign keeper.key",
        "book dispute raise 5 --by hebei --reason none",
        "book dispute resolve 10 --verdict upheld --by court --reason none",
        "book key retire keeper.key --last",
    ] {
        let told = said(&format!("fenshui {command}"), &auditor);
        assert!(told.contains("! error: the book cannot be written to"), "{command}: {told}");
        assert!(told.ends_with("[exit 2]\n"), "{command}: {told}");
    }
    assert_eq!(said("fenshui book verify", &owner), before);
}
