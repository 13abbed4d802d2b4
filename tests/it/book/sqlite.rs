//! A book's file: cut, flipped, foreign, locked, full, on a medium that cannot be written to.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use fenshui::book::{
    Book, BookError, Damage, Entry, Flaw, Posting, SqliteOptions, SqliteStore, Store, StoreError,
};

use super::sample::{LEARNT, ORIGIN, edition, event, events, post, post_to, small_book};
use super::stores::{File, OPTIONS, Place, place_of};
use crate::cli::outcome;

fn small_file() -> (File, Vec<u8>) {
    let place = File::new();
    drop(small_book(place.create().unwrap()));
    let bytes = fs::read(place.path()).unwrap();
    let beside: Vec<_> = fs::read_dir(place.path().parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "a closed book is one file: {beside:?}");
    (place, bytes)
}

fn open(path: &Path) -> Result<Book, BookError> {
    Book::open(Box::new(SqliteStore::open(path, OPTIONS)?))
}

/// Every entry of a book, in its bytes.
fn contents(book: &mut Book) -> Result<Vec<(u64, Entry)>, BookError> {
    book.entries(0, 1000)
}

/// Where the bodies of entries stand in a file: entry, place and length.
type Bodies = Vec<(u64, usize, usize)>;

/// What came of flipped bits: in bodies, elsewhere with a word of it, and where nothing is read.
#[derive(Debug, Default)]
struct Flips {
    located: usize,
    elsewhere: usize,
    harmless: usize,
}

/// Bits flipped together.
const STRETCH: usize = 64;

/// Flips a bit of each byte of a stretch of a book, one byte at a time, and verifies. What no row reaches is
/// not read: where nothing is said with all bytes of a stretch flipped at once, they are taken for that.
fn flip(bytes: &[u8], stretch: Range<usize>, bodies: &Bodies, whole: &[(u64, Entry)]) -> Flips {
    let place = File::new();
    let mut flips = Flips::default();
    let said = |flipped: Range<usize>| {
        let mut bytes = bytes.to_vec();
        flipped.for_each(|offset| bytes[offset] ^= 1 << (offset % 8));
        fs::write(place.path(), &bytes).unwrap();
        let mut book = open(&place.path())?;
        Ok((book.verify(&[])?.damages, contents(&mut book)))
    };
    if let Ok((damages, Ok(entries))) = said(stretch.clone())
        && damages.is_empty()
        && entries == whole
    {
        flips.harmless = stretch.len();
        return flips;
    }
    for offset in stretch {
        let said: Result<_, BookError> = said(offset..offset + 1);
        let within = bodies.iter().find(|(_, at, length)| (*at..at + length).contains(&offset));
        match (within, said) {
            (Some((0, ..)), Err(_)) => flips.elsewhere += 1,
            (Some((number, at, _)), Ok((damages, _))) => {
                let found = damages.iter().any(|damage| {
                    matches!(damage, Damage::Value { entry, field: Some(_), offset: Some(it), .. }
                        if entry == number && *it == offset - at)
                });
                assert!(found, "byte {offset}, of entry {number}: {damages:#?}");
                flips.located += 1;
            }
            (Some(within), Err(error)) => panic!("byte {offset}, of {within:?}: {error:?}"),
            (None, Ok((damages, Ok(entries)))) if damages.is_empty() => {
                assert_eq!(entries, whole, "byte {offset}: changed without a word");
                flips.harmless += 1;
            }
            (None, _) => flips.elsewhere += 1,
        }
    }
    flips
}

#[test]
fn a_flipped_bit_anywhere_is_found_or_changes_nothing() {
    let (place, bytes) = small_file();
    let mut book = open(&place.path()).unwrap();
    let whole = contents(&mut book).unwrap();
    // Two batches begin alike: which of the two a byte belongs to cannot be told from outside.
    let places = |body: &[u8]| {
        bytes.windows(body.len()).enumerate().filter(|(_, part)| *part == body).collect::<Vec<_>>()
    };
    let bodies: Bodies = whole
        .iter()
        .filter_map(|(number, entry)| match places(&entry.body())[..] {
            [(at, body)] => Some((*number, at, body.len())),
            _ => None,
        })
        .collect();
    assert!(bodies.len() > 12, "{}", bodies.len());
    drop(book);
    let stretches = (0..bytes.len()).step_by(STRETCH);
    let stretches = stretches.map(|start| start..bytes.len().min(start + STRETCH));
    let stretches = std::sync::Mutex::new(stretches);
    let flips = std::sync::Mutex::new(Flips::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = stretches.lock().unwrap().next();
                    let Some(stretch) = next else { break };
                    let found = flip(&bytes, stretch, &bodies, &whole);
                    let mut flips = flips.lock().unwrap();
                    flips.located += found.located;
                    flips.elsewhere += found.elsewhere;
                    flips.harmless += found.harmless;
                }
            });
        }
    });
    let flips = flips.into_inner().unwrap();
    let Flips { located, elsewhere, harmless } = flips;
    assert_eq!(located + elsewhere + harmless, bytes.len(), "{flips:?}");
    let in_bodies: usize = bodies.iter().map(|(_, _, length)| length).sum();
    assert!(located > in_bodies - 100 && elsewhere > 1000, "{flips:?} of {in_bodies}");
}

#[test]
fn a_file_whose_end_is_missing_says_so() {
    let (place, bytes) = small_file();
    for length in (1..bytes.len()).step_by(509) {
        fs::write(place.path(), &bytes[..length]).unwrap();
        let refused = open(&place.path()).unwrap_err();
        let BookError::Store(StoreError::Truncated { found, expected, .. }) = refused else {
            panic!("{length} bytes: {refused:?}")
        };
        assert_eq!(found as usize, length);
        assert!(length >= 100 || expected > 0);
        assert!(length < 100 || expected as usize == bytes.len());
    }
}

#[test]
fn something_else_is_no_book() {
    let place = File::new();
    let foreign = |bytes: &[u8]| {
        fs::write(place.path(), bytes).unwrap();
        let refused = open(&place.path()).unwrap_err();
        assert!(matches!(refused, BookError::Store(StoreError::Foreign { .. })), "{refused:?}");
    };
    foreign(b"");
    foreign(b"id,date,amount\r\n");
    foreign(&[b'x'; 5000]);
    fs::remove_file(place.path()).unwrap();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection.execute_batch("CREATE TABLE entry (number INTEGER PRIMARY KEY)").unwrap();
    drop(connection);
    let refused = open(&place.path()).unwrap_err();
    assert!(matches!(refused, BookError::Store(StoreError::Foreign { .. })), "{refused:?}");
}

#[test]
fn a_lock_held_elsewhere_is_told() {
    let place = File::new();
    let mut book = small_book(place.create().unwrap());
    let posting = book.begin().unwrap();
    let options = SqliteOptions { wait: Duration::from_millis(20), ..OPTIONS };
    let store = SqliteStore::open(&place.path(), options).unwrap();
    let mut other = Book::open(Box::new(store)).unwrap();
    assert_eq!(other.verify(&[]).unwrap().damages, [], "reading goes on");
    let Err(refused) = other.begin() else { panic!("both post") };
    assert!(matches!(refused, BookError::Store(StoreError::Locked)), "{refused:?}");
    drop(posting);
    post(&mut other, &events(9, 1)).unwrap();
}

#[test]
fn a_full_disk_leaves_the_book_as_it_was() {
    let place = File::new();
    let root = small_book(place.create().unwrap()).verify(&[]).unwrap().root;
    let pages = fs::metadata(place.path()).unwrap().len() / 16_384;
    let options = SqliteOptions { pages_max: Some(pages as u32 + 2), ..OPTIONS };
    let store = SqliteStore::open(&place.path(), options).unwrap();
    let mut book = Book::open(Box::new(store)).unwrap();
    let refused = post(&mut book, &events(9, 500)).unwrap_err();
    assert!(matches!(refused, BookError::Store(StoreError::Full)), "{refused:?}");
    assert_eq!(book.verify(&[]).unwrap().root, root);
    drop(book);
    let mut book = open(&place.path()).unwrap();
    assert_eq!(book.verify(&[]).unwrap().damages, []);
    post(&mut book, &events(9, 500)).unwrap();
}

#[test]
fn a_book_that_cannot_be_written_to_can_be_read() {
    let (place, _) = small_file();
    let mut book =
        Book::open(Box::new(SqliteStore::open_to_read(&place.path(), OPTIONS).unwrap())).unwrap();
    assert_eq!(book.verify(&[]).unwrap().damages, []);
    let refused = post(&mut book, &events(9, 1)).unwrap_err();
    assert!(matches!(refused, BookError::Store(StoreError::NoRight { .. })), "{refused:?}");
}

/// A folder that cannot be written to, as somebody who is not root meets it.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_to_says_so() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;
    const FOLDER: &str = "FENSHUI_TEST_READ_ONLY";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let path = Path::new(&folder).join("book");
        let created = SqliteStore::create(&Path::new(&folder).join("new"), OPTIONS).unwrap_err();
        assert!(matches!(created, StoreError::NoRight { .. }), "{created:?}");
        let store = SqliteStore::open_to_read(&path, OPTIONS).unwrap();
        let mut book = Book::open(Box::new(store)).unwrap();
        assert_eq!(book.verify(&[]).unwrap().damages, []);
        // To write, even the log beside the file is wanting.
        let refused = open(&path).and_then(|mut book| post(&mut book, &events(9, 1)).map(drop));
        let refused = refused.unwrap_err();
        assert!(matches!(refused, BookError::Store(StoreError::NoRight { .. })), "{refused:?}");
        return;
    }
    let (place, _) = small_file();
    let folder = place.path().parent().unwrap().to_owned();
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&place.path(), 0o444);
    set(&folder, 0o555);
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    // Root may write anywhere, so it asks somebody else.
    let program = std::env::current_exe().unwrap();
    let copy = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir();
    let copy = copy.unwrap();
    let mut command = if is_root {
        let readable = copy.path().join("it");
        fs::copy(program, &readable).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(readable);
        command
    } else {
        Command::new(program)
    };
    let name = "a_folder_that_cannot_be_written_to_says_so";
    let name = format!("{}::{name}", module_path!().split_once("::").unwrap().1);
    let done = command.args(["--exact", &name]).env(FOLDER, &folder).output().unwrap();
    set(&folder, 0o755);
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn an_outlined_entry_is_damaged_in_its_text() {
    let place = File::new();
    let mut book = Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap();
    let mut long = super::sample::edition("long");
    let text = long.texts[0].text.repeat(2000);
    long.texts.push(fenshui::book::SourceText::new("rules/long.fen".to_owned(), text));
    super::sample::post_by(&mut book, &long, &[event("R1", "2016-01-01", "E", 1)]).unwrap();
    drop(book);
    let (row, _, start) = place_of(&place, 1);
    place.tamper(&place.set_byte("entry", "bodies", &row, start + 90_000, 7));
    let found = open(&place.path()).unwrap().verify(&[]).unwrap().damages;
    let told = found.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(told.contains(&"entry 1: `texts[1].text` was changed".to_owned()), "{told:#?}");
    let store = SqliteStore::open(&place.path(), OPTIONS).unwrap();
    let mut store: Box<dyn Store> = Box::new(store);
    assert_eq!(store.check().unwrap(), [], "SQLite itself sees nothing");
}

#[test]
fn guards_that_were_taken_away_are_missed() {
    let alter = |statement: &str| -> Vec<Damage> {
        let (place, _) = small_file();
        let connection = rusqlite::Connection::open(place.path()).unwrap();
        connection.execute_batch(statement).unwrap();
        drop(connection);
        open(&place.path()).unwrap().verify(&[]).unwrap().damages
    };
    let (kind, name) = ("trigger".to_owned(), "entry_no_UPDATE".to_owned());
    let missing = Damage::Store(Flaw::Missing { kind: kind.clone(), name: name.clone() });
    assert_eq!(alter("DROP TRIGGER entry_no_UPDATE"), [missing]);
    let idle = "DROP TRIGGER entry_no_UPDATE; CREATE TRIGGER entry_no_UPDATE \
                BEFORE UPDATE ON entry WHEN false BEGIN SELECT 1; END;";
    assert_eq!(alter(idle), [Damage::Store(Flaw::Changed { kind: kind.clone(), name })]);
    let more = "CREATE TRIGGER more AFTER INSERT ON entry \
                BEGIN INSERT INTO node VALUES (99, 1, x''); END;";
    let foreign = Flaw::Foreign { kind, name: "more".to_owned() };
    assert_eq!(alter(more), [Damage::Store(foreign)]);
    assert_eq!(alter("ANALYZE"), []);
}

#[cfg(feature = "cli")]
#[test]
fn a_guard_that_was_taken_away_fails_verify() {
    let folder = tempfile::tempdir().unwrap();
    let fenshui =
        |command: &str| crate::cli::outcome(&format!("fenshui {command}"), folder.path(), "b.book");
    assert_eq!(fenshui("book init --name finance.example/2024"), "");
    assert!(fenshui("book verify").ends_with("all holds\n"));
    let connection = rusqlite::Connection::open(folder.path().join("b.book")).unwrap();
    connection.execute_batch("DROP TRIGGER node_no_DELETE").unwrap();
    drop(connection);
    let said = fenshui("book verify");
    let told = "damage: the store: the trigger `node_no_DELETE` is not there: \
                what it guards can be changed\nsomething does not hold\n[exit 1]\n";
    assert!(said.ends_with(told), "{said}");
    let said = fenshui("book verify --lang zh");
    assert!(said.contains("触发器「node_no_DELETE」不存在：其守护的内容可被更改"), "{said}");
}

/// The first page of a file holds what it declares. Bits that make letters others, or no text at all.
#[test]
fn whatever_is_changed_of_what_a_file_declares_is_told() {
    let (place, bytes) = small_file();
    let two = |at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
    // As SQLite's file format has it: the size of a page, and where the rows of the first begin.
    let (page, rows) = (two(16), two(105));
    let changed = File::new();
    let declares = || {
        let connection = rusqlite::Connection::open(changed.path()).unwrap();
        let sql = "SELECT hex(type), hex(name), hex(tbl_name), hex(sql) FROM sqlite_schema";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            Ok([0, 1, 2, 3].map(|at| row.get::<_, Option<String>>(at).unwrap()))
        });
        rows.unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    fs::write(changed.path(), &bytes).unwrap();
    let whole = declares();
    for offset in (rows..page).step_by(3) {
        for bit in [0x80, 0x20, 0x01] {
            let mut bytes = bytes.clone();
            bytes[offset] ^= bit;
            fs::write(changed.path(), &bytes).unwrap();
            match open(&changed.path()).and_then(|mut book| book.verify(&[])) {
                // The number of a row, say, is nothing that a book declares.
                Ok(said) if said.damages.is_empty() => {
                    assert_eq!(declares(), whole, "byte {offset} by {bit:#x}: without a word");
                }
                Ok(_) => {}
                Err(BookError::Store(error)) if error.damage().is_some() => {}
                Err(error) => panic!("byte {offset} by {bit:#x}: {error:?}"),
            }
        }
    }
    drop(place);
}

/// A book that is not made whole is not there at all, so that it can be made when there is room.
#[test]
fn a_book_that_comes_to_nothing_leaves_no_file() {
    let place = File::new();
    let store = place.create().unwrap();
    assert!(place.path().exists());
    drop(store);
    let left: Vec<_> = fs::read_dir(place.path().parent().unwrap()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let options = SqliteOptions { pages_max: Some(3), ..OPTIONS };
    let store = SqliteStore::create(&place.path(), options);
    let made = store.map_err(BookError::from);
    let made = made.and_then(|store| Book::create(Box::new(store), ORIGIN, LEARNT).map(drop));
    assert!(matches!(made, Err(BookError::Store(StoreError::Full))), "{made:?}");
    assert!(!place.path().exists());
    drop(Book::create(place.create().unwrap(), ORIGIN, LEARNT).unwrap());
    assert!(place.path().exists());
}

/// What is written stands beside one name, and by another nobody would see it.
#[cfg(unix)]
#[test]
fn a_file_with_two_names_is_not_opened() {
    let (place, _) = small_file();
    let other = place.path().with_extension("other");
    fs::hard_link(place.path(), &other).unwrap();
    for path in [&place.path(), &other] {
        let to_read = SqliteStore::open_to_read(path, OPTIONS).map(drop).unwrap_err();
        let to_write = SqliteStore::open(path, OPTIONS).map(drop).unwrap_err();
        for refused in [to_read, to_write] {
            assert!(matches!(refused, StoreError::ManyNames { names: 2, .. }), "{refused:?}");
        }
    }
    fs::remove_file(&other).unwrap();
    post(&mut open(&place.path()).unwrap(), &events(9, 1)).unwrap();
}

/// Whoever moves a book away while it is posted to leaves what is written in nobody's place.
#[cfg(unix)]
#[test]
fn what_is_written_to_a_file_that_was_moved_is_not_acknowledged() {
    type Begin = for<'b> fn(&'b mut Book) -> Result<Posting<'b>, BookError>;
    for begin in [Book::begin as Begin, Book::begin_large] {
        for is_begun in [false, true] {
            let (place, _) = small_file();
            let elsewhere = place.path().with_extension("elsewhere");
            let mut book = open(&place.path()).unwrap();
            let away = || fs::rename(place.path(), &elsewhere).unwrap();
            if !is_begun {
                away();
            }
            let posted = begin(&mut book).and_then(|posting| {
                if is_begun {
                    away();
                }
                post_to(posting, &edition("half"), &events(9, 3)).map(drop)
            });
            let refused = posted.unwrap_err();
            assert!(matches!(refused, BookError::Store(StoreError::Moved { .. })), "{refused:?}");
            drop(book);
            fs::rename(&elsewhere, place.path()).unwrap();
            let mut book = open(&place.path()).unwrap();
            assert_eq!(book.verify(&[]).unwrap().damages, []);
            assert_eq!(book.size().unwrap(), 17);
            post(&mut book, &events(9, 3)).unwrap();
        }
    }
}

#[test]
fn what_another_book_left_becomes_no_part_of_a_new_one() {
    for ending in ["-wal", "-shm", "-journal"] {
        let place = File::new();
        let mut left = place.path().into_os_string();
        left.push(ending);
        fs::write(&left, "").unwrap();
        let refused = SqliteStore::create(&place.path(), OPTIONS).map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::LeftOver { .. }), "{refused:?}");
        let told = outcome(
            &format!("fenshui book init --name x.example --book {}", place.path().display()),
            Path::new("."),
            "",
        );
        assert!(told.contains(ending) && told.contains("belongs to a book"), "{told}");
        assert!(!place.path().exists());
        fs::remove_file(&left).unwrap();
        drop(small_book(place.create().unwrap()));
    }
}

/// SQLite has names for what is no file.
#[test]
fn a_name_is_that_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x?mode=memory", "", "-"] {
        let told = |verb: &str| outcome(&format!("fenshui book {verb}"), folder.path(), name);
        let made = told("init --name x.example");
        if name.is_empty() {
            assert!(made.contains("error"), "{made}");
            continue;
        }
        assert!(!made.contains("error"), "{name}: {made}");
        assert!(folder.path().join(name).is_file(), "{name}");
        assert!(told("verify").contains("all holds"), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_no_book() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    for path in [pipe.as_path(), Path::new("/dev/zero")] {
        for verb in ["verify", "log", "replay"] {
            let told =
                outcome(&format!("fenshui book {verb}"), folder.path(), path.to_str().unwrap());
            assert!(told.contains("is no book of Fenshui"), "{verb} {path:?}: {told}");
        }
    }
}
