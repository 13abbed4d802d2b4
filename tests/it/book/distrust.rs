//! A file that was changed, copied in half or left alone in the middle: no verb takes it for whole.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fenshui::book::{Book, Entry, Outcome, SqliteStore, Store as _};

use super::reference::tamper;
use super::stores::OPTIONS;
use crate::cli::{copy_folder, outcome};
use crate::floors::root;

/// A folder with a signed book of two events, entries 5 and 6.
pub(super) fn kept() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("tests/cases/cli/book_proves"), folder.path());
    outcome("chmod 600 keeper.key", folder.path(), "b.book");
    for command in [
        "book init --name finance.example/2018 --key keeper.key",
        "book post rules.fen.md first.csv --register caps=caps.csv",
        "book checkpoint --sign keeper.key",
    ] {
        let said = outcome(&format!("fenshui {command}"), folder.path(), "b.book");
        assert!(!said.contains("error"), "{command}: {said}");
    }
    folder
}

/// Has entry 6 give its first amount to another account, past the book and its guards.
fn give_to_another(file: &Path) {
    let mut book = Book::open(Box::new(SqliteStore::open(file, OPTIONS).unwrap())).unwrap();
    let mut entry = book.entry(6).unwrap();
    let was = entry.body();
    let Entry::Event(event) = &mut entry else { panic!("{entry:?}") };
    let Outcome::Allocated { leaves, .. } = &mut event.outcome else { panic!("{event:?}") };
    let families: Vec<u32> = leaves.iter().map(|it| it.account.as_ref().unwrap().family).collect();
    let other = u32::from(families[0] == 0);
    leaves[0].account.as_mut().unwrap().family = other;
    let is = entry.body();
    assert_eq!(was.len(), is.len());
    drop(book);
    let connection = rusqlite::Connection::open(file).unwrap();
    let guard = "SELECT sql FROM sqlite_schema WHERE name = 'entry_no_UPDATE'";
    let guard: String = connection.query_row(guard, [], |row| row.get(0)).unwrap();
    connection.execute_batch("DROP TRIGGER entry_no_UPDATE").unwrap();
    let rows = "SELECT first, bodies FROM entry WHERE first <= 6 ORDER BY first DESC LIMIT 1";
    let (first, mut bodies): (i64, Vec<u8>) =
        connection.query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let at = bodies.windows(was.len()).position(|part| part == was).unwrap();
    bodies[at..at + is.len()].copy_from_slice(&is);
    let update = "UPDATE entry SET bodies = ? WHERE first = ?";
    connection.execute(update, rusqlite::params![bodies, first]).unwrap();
    connection.execute_batch(&guard).unwrap();
}

#[test]
fn an_entry_that_was_changed_is_used_by_no_verb() {
    let folder = kept();
    let said = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    let verbs = [
        "book log",
        "book log --from 6",
        "book show 6",
        "book explain 6",
        "book prove 6",
        "book export csv tables",
        "book export journal j.journal",
        "book export tiles tiles",
        "book dispute list",
        "book key list",
        "book replay --with 2",
    ];
    assert!(!said("book show 6").contains("error"));
    give_to_another(&folder.path().join("b.book"));
    for verb in verbs {
        let told = said(verb);
        let en = "! error: entry 6 of the book is not what was written: verify the book\n\
                  ! help: `fenshui book verify` tells what is damaged\n[exit 2]\n";
        assert_eq!(told, en, "{verb}");
        let told = said(&format!("{verb} --lang zh"));
        let zh = "! 错误: 账簿第 6 条与写入时不一致\n! 提示: 用 fenshui book verify 查明损坏之处\n[exit 2]\n";
        assert_eq!(told, zh, "{verb}");
    }
    for left in ["tables", "tiles", "j.journal"] {
        assert!(!folder.path().join(left).exists(), "{left}");
    }
    assert!(!said("book show 5 7").contains("error"), "the others are what they were");
    assert!(said("book verify").contains("damage: entry 6"));
    let told = said("book checkpoint --sign keeper.key --no-record");
    assert!(told.starts_with("! error: nothing was signed: entry 6: "), "{told}");
    assert!(told.ends_with("[exit 1]\n"), "{told}");
    let told = said("book checkpoint --sign keeper.key --lang zh");
    assert!(told.starts_with("! 错误: 未签名：第 6 条："), "{told}");
}

#[test]
fn tables_in_the_place_of_others_are_damage_in_no_words_of_the_store() {
    let folder = kept();
    let connection = rusqlite::Connection::open(folder.path().join("b.book")).unwrap();
    for rename in ["run_page RENAME TO t", "node RENAME TO run_page", "t RENAME TO node"] {
        connection.execute_batch(&format!("ALTER TABLE {rename}")).unwrap();
    }
    drop(connection);
    for verb in ["verify", "verify --format json", "verify --lang zh"] {
        let said = outcome(&format!("fenshui book {verb}"), folder.path(), "b.book");
        assert!(said.ends_with("[exit 1]\n") && !said.contains("SELECT"), "{verb}: {said}");
    }
}

#[test]
fn an_entry_that_is_not_there_is_damage_and_no_slip() {
    let folder = kept();
    let file = folder.path().join("b.book");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let batch = "SELECT first FROM entry WHERE first > 0 AND first <= 6 ORDER BY first DESC";
    let first: i64 = connection.query_row(batch, [], |row| row.get(0)).unwrap();
    let delete = format!("DROP TRIGGER entry_no_DELETE; DELETE FROM entry WHERE first = {first}");
    connection.execute_batch(&delete).unwrap();
    drop(connection);
    let said = |verb: &str| outcome(&format!("fenshui book {verb}"), folder.path(), "b.book");
    let told = said("replay");
    assert!(told.contains("is not what was written") && told.ends_with("[exit 1]\n"), "{told}");
    let told = said("show 6");
    assert!(told.starts_with("! error: entry 6 of the book is not what was written"), "{told}");
}

#[test]
fn who_reads_a_book_leaves_nothing_beside_it() {
    let folder = kept();
    for verb in ["verify", "log", "replay", "key list", "explain 6", "checkpoint"] {
        outcome(&format!("fenshui book {verb}"), folder.path(), "b.book");
        let names = std::fs::read_dir(folder.path()).unwrap();
        let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
        let beside: Vec<String> = names.filter(|name| name.starts_with("b.book-")).collect();
        assert!(beside.is_empty(), "{verb}: {beside:?}");
    }
}

#[test]
fn what_was_read_is_never_written_over() {
    let folder = kept();
    let said = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    let content = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(said("book checkpoint --sign keeper.key --no-record --out kept.checkpoint"), "");
    std::fs::write(folder.path().join("review.json"), "mine").unwrap();
    let of_whom_it_is = PermissionsExt::from_mode(0o600);
    std::fs::write(folder.path().join("where"), "b.book\n").unwrap();
    std::fs::set_permissions(folder.path().join("where"), of_whom_it_is).unwrap();
    let refusals = [
        ("book checkpoint --sign keeper.key --replace --out keeper.key", "keeper.key", "a key"),
        (
            "book prove --consistency kept.checkpoint --replace --out kept.checkpoint",
            "kept.checkpoint",
            "the checkpoint",
        ),
        ("book prove 6 --replace --out b.book", "b.book", "the book"),
        (
            "book replay --with rules.fen.md --corrections rules.fen.md",
            "rules.fen.md",
            "a file of rules",
        ),
        (
            "book replay --with rules.fen.md --register caps=caps.csv --corrections caps.csv",
            "caps.csv",
            "a register",
        ),
        (
            "book prove 6 --book @where --replace --out where",
            "where",
            "the file that names the book",
        ),
    ];
    for (command, file, what) in refusals {
        let before = content(file);
        let told = said(command);
        let head = format!("! error: `{file}` is {what} and would be overwritten\n");
        assert!(told.starts_with(&head), "{command}: {told}");
        assert!(content(file) == before, "{command}");
    }
    // What is there and was not read is written over where that is said.
    for command in ["book checkpoint --out review.json", "book prove 6 --out review.json"] {
        let told = said(command);
        assert!(told.starts_with("! error: `review.json` is there already\n"), "{told}");
        assert_eq!(content("review.json"), b"mine");
    }
    assert_eq!(said("book prove 6 --out review.json --replace"), "");
    assert_ne!(content("review.json"), b"mine");
}

/// Changes a byte of the file.
pub(super) fn flipped(file: &Path, offset: usize, by: u8) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[offset] ^= by;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn whoever_asks_whether_a_damaged_book_holds_is_answered_no() {
    let folder = kept();
    let (file, copy) = (folder.path().join("b.book"), folder.path().join("c.book"));
    let bytes = std::fs::read(&file).unwrap();
    let said = |verb: &str| outcome(&format!("fenshui book {verb}"), folder.path(), "c.book");
    let find = |text: &str| bytes.windows(text.len()).position(|it| it == text.as_bytes()).unwrap();
    // The head of the file, its size there, its format, its schema, what guards the entries.
    let guard = find("CREATE TRIGGER entry_no_UPDATE") + 60;
    for offset in [0, 16, 28, 47, 100, 110, guard] {
        std::fs::copy(&file, &copy).unwrap();
        flipped(&copy, offset, 0x21);
        let told = said("verify");
        assert!(told.ends_with("[exit 1]\n"), "byte {offset}: {told}");
        let told = said("replay --lang zh");
        assert!(told.ends_with("[exit 1]\n"), "byte {offset}: {told}");
    }
    for left in [bytes.len() - 1, bytes.len() / 2, 4096] {
        std::fs::write(&copy, &bytes[..left]).unwrap();
        let told = said("verify");
        assert!(told.contains("its end is missing"), "{left}: {told}");
        assert!(told.ends_with("[exit 1]\n"), "{left}: {told}");
    }
    std::fs::copy(&file, &copy).unwrap();
    give_to_another(&copy);
    for verb in ["verify", "replay"] {
        assert!(said(verb).ends_with("[exit 1]\n"), "{verb}: {}", said(verb));
    }
    // A file that never was a book cannot be asked.
    std::fs::write(&copy, "entry,amount\n").unwrap();
    let told = said("verify");
    assert!(told.starts_with("! error: `c.book` is no book of Fenshui\n"), "{told}");
    assert!(told.ends_with("[exit 2]\n"), "{told}");
    std::fs::remove_file(&copy).unwrap();
    assert!(said("verify").ends_with("[exit 2]\n"), "{}", said("verify"));
}

#[test]
fn an_objection_that_was_changed_is_no_objection() {
    let folder = kept();
    let said = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    assert_eq!(said("book dispute raise 6 --by beijing --reason odd"), "dispute: entry 10\n");
    assert_eq!(said("book dispute raise 5 --by hebei --reason even"), "dispute: entry 11\n");
    let file = folder.path().join("b.book");
    let store = SqliteStore::open(&file, OPTIONS).unwrap();
    let mut book = Book::open(Box::new(store)).unwrap();
    let Entry::Dispute(mut dispute) = book.entry(10).unwrap() else { panic!() };
    drop(book);
    dispute.reason = "none".to_owned();
    tamper(&file, 10, &Entry::Dispute(dispute).body());
    for verb in ["book dispute list", "book dispute show 11", "book key list", "book prove 5"] {
        let told = said(verb);
        assert!(told.starts_with("! error: entry 10 of the book is not what"), "{verb}: {told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_posting_says_so_and_leaves_nothing() {
    use std::process::{Command, Stdio};
    let folder = kept();
    let path = folder.path().join("b.book");
    let before = outcome("fenshui book verify", folder.path(), "b.book");
    // Whoever holds the book has the poster wait until the signal has come.
    let holder = rusqlite::Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let poster = Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args("book post rules.fen.md second.csv --register caps=caps.csv".split(' '))
        .current_dir(folder.path())
        .env_clear()
        .env("FENSHUI_BOOK", "b.book")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let minds = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", poster.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & 2 != 0
    };
    while !minds() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let sent = Command::new("kill").args(["-INT", &poster.id().to_string()]).status().unwrap();
    assert!(sent.success());
    holder.execute_batch("ROLLBACK").unwrap();
    drop(holder);
    let done = poster.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.ends_with("error: interrupted; nothing was posted\n"), "{said}");
    assert_eq!(done.status.code(), Some(130));
    assert_eq!(outcome("fenshui book verify", folder.path(), "b.book"), before);
    assert!(!folder.path().join("b.book-journal").exists());
}

/// Where nothing can be written, not even what stands beside a book that is read.
#[test]
fn a_disk_without_room_for_what_stands_beside_a_book_is_told() {
    let folder = kept();
    let log = ["book", "log", "--book", "b.book"];
    let said = |arguments: &[&str]| {
        // So many blocks of 512 bytes.
        let output = crate::files::shell(folder.path(), "ulimit -f 20", arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let told = said(&log);
    let what = "error: `b.book` cannot be read or written: its disk is full, or it fails\nhelp: ";
    assert!(told.starts_with(what), "{told}");
    let told = said(&[&log[..], &["--lang", "zh"]].concat());
    assert!(told.starts_with("错误: 「b.book」无法读写：所在磁盘已满，或有故障\n提示: "), "{told}");
}

#[test]
fn a_book_is_made_in_no_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let said = outcome("fenshui book init --name a.example", folder.path(), "none/b.book");
    let told = "! error: the folder of `none/b.book` does not exist\n\
                ! help: make the folder first, or name another place\n[exit 2]\n";
    assert_eq!(said, told);
}

#[test]
fn a_bundle_in_place_of_a_checkpoint_is_no_forgery() {
    let folder = kept();
    let said = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    assert_eq!(said("book prove 6 --out R2.proof"), "");
    let told = said("book verify --checkpoint R2.proof");
    assert!(
        told.starts_with("! error: `R2.proof` is no checkpoint but a proof bundle\n"),
        "{told}"
    );
    assert!(told.contains("fenshui-verify") && told.ends_with("[exit 2]\n"), "{told}");
    let told = said("book verify --checkpoint R2.proof --lang zh");
    assert!(told.contains("「R2.proof」不是检查点，而是证明包"), "{told}");
}

/// Regions that share no total may have receipts posted by readings and registers of their own.
#[test]
fn what_shares_nothing_with_a_batch_is_not_replayed_by_its_rules() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::copy(root().join("examples/book/sharing.fen.md"), file("s.fen.md")).unwrap();
    let (events, caps) = ("id,date,tax,region,amount\n", "region,cap\n");
    for (name, head, row) in [
        ("h.csv", events, "A1,2018-02-03,vat,hebei,30.00\n"),
        ("b.csv", events, "B1,2018-08-01,vat,beijing,6.00\n"),
        ("h2.csv", events, "A2,2018-09-03,vat,hebei,600.00\n"),
        ("ch.csv", caps, "hebei,100.00\n"),
        ("cb.csv", caps, "beijing,10.00\n"),
    ] {
        std::fs::write(file(name), format!("{head}{row}")).unwrap();
    }
    let said = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    said("book init --name a.example");
    for posted in [
        "h.csv --register caps=ch.csv --reading share=third",
        "b.csv --register caps=cb.csv",
        "h2.csv --register caps=ch.csv --reading share=third",
    ] {
        let told = said(&format!("book post s.fen.md {posted}"));
        assert!(!told.contains("error"), "{posted}: {told}");
    }
    let told = said("book replay");
    assert!(told.contains("3 outcomes of 3 batches come out as they are stored"), "{told}");
    assert!(!told.contains("[exit"), "{told}");
    // What a batch shares is still there: the second receipt of hebei finds what the first had.
    assert!(said("book explain --event A2").contains("90.00"));
}

#[test]
fn a_file_without_keys_is_not_taken_for_no_wish_to_trust() {
    let folder = kept();
    std::fs::write(folder.path().join("empty.pub"), "\n").unwrap();
    let said = |command: &str| outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    let told = said("book verify --trust empty.pub");
    assert!(told.starts_with("! error: `empty.pub` holds no key\n"), "{told}");
    assert!(told.ends_with("[exit 2]\n"), "{told}");
    assert!(said("book verify --trust empty.pub --lang zh").contains("「empty.pub」中没有密钥"));
}

#[test]
fn a_book_is_imported_whole_or_not_at_all() {
    let folder = kept();
    let file = |name: &str| folder.path().join(name);
    let said =
        |verb: &str, book: &str| outcome(&format!("fenshui book {verb}"), folder.path(), book);
    assert!(!said("export tiles tiles", "b.book").contains("error"));
    let bundle = std::fs::read_dir(file("tiles/tile/entries/000.p")).unwrap().next();
    let bundle = bundle.unwrap().unwrap().path();
    let bytes = std::fs::read(&bundle).unwrap();
    // R2 is called R3.
    let id = bytes.windows(2).rposition(|part| part == b"R2").unwrap();
    flipped(&bundle, id + 1, 1);
    let told = said("import tiles", "c.book");
    let beside = "`tile/0/000.p/";
    assert!(told.contains(beside) && told.ends_with("[exit 1]\n"), "{told}");
    let left = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
    let left: Vec<_> = left.filter(|it| it.to_string_lossy().starts_with("c.book")).collect();
    assert!(left.is_empty(), "{left:?}");
    std::fs::write(&bundle, bytes).unwrap();
    // The entries are right, and what is published beside them is not.
    let tile = std::fs::read_dir(file("tiles/tile/0/000.p")).unwrap().next().unwrap().unwrap();
    flipped(&tile.path(), 40, 1);
    let told = said("import tiles", "c.book");
    assert!(told.contains(beside) && told.ends_with("[exit 1]\n"), "{told}");
    flipped(&tile.path(), 40, 1);
    // Both are right, and the checkpoint is of another book.
    let checkpoint = std::fs::read_to_string(file("tiles/checkpoint")).unwrap();
    let root = checkpoint.lines().nth(2).unwrap();
    let other = if root.starts_with('A') { 'B' } else { 'A' };
    let forged = checkpoint.replacen(root, &format!("{other}{}", &root[1..]), 1);
    std::fs::write(file("tiles/checkpoint"), &forged).unwrap();
    let told = said("import tiles", "c.book");
    assert!(told.contains("is false\n") && told.ends_with("[exit 1]\n"), "{told}");
    let unsigned = format!("{}\n", forged.split_once("\n\n").unwrap().0);
    std::fs::write(file("tiles/checkpoint"), unsigned).unwrap();
    let told = said("import tiles", "c.book");
    assert!(told.contains("another root") && told.ends_with("[exit 1]\n"), "{told}");
    let told = said("import tiles --lang zh", "c.book");
    assert!(
        told.starts_with("! 错误: 「checkpoint」：各条重新写入后，树根与其所载不同："),
        "{told}"
    );
    std::fs::write(file("tiles/checkpoint"), checkpoint).unwrap();
    assert!(!file("c.book").exists());
    assert!(!said("import tiles", "c.book").contains("error"));
    assert!(said("verify", "c.book").contains("all holds"));
    // Not the entries alone: every row stands as it stood, up to the note that the book was signed.
    let [whole, again] = ["b.book", "c.book"].map(|name| {
        let mut store = SqliteStore::open(&file(name), OPTIONS).unwrap();
        let (entries, runs) = (store.segments(0, 99).unwrap(), store.runs((0, 0), 99).unwrap());
        (entries, runs, store.pages(0, 99).unwrap())
    });
    assert!(again.0.len() > 2 && whole.0.starts_with(&again.0));
    assert!(whole.1.starts_with(&again.1) && whole.2.starts_with(&again.2));
}
