//! A real PostgreSQL, on a socket in a temporary folder, started by the first test that asks.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fenshui::book::{
    Book, BookError, Damage, Flaw, PostgresOptions, PostgresStore, Store, StoreError,
};
use postgres::{Client, NoTls};

use super::sample::{events, post, small_book};
use super::stores::{Place, hex};

/// A server of its own, gone with the process that started it: it is a child that waits for the end
/// of its standard input.
pub struct Server {
    pub folder: PathBuf,
    _keeper: Child,
}

/// Makes a cluster, starts it, and stops it when nobody holds the other end of standard input.
const KEEPER: &str = r#"
set -e
cd "$1"
if [ -n "$2" ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt >cert.log 2>&1
fi
initdb -D data -U owner -A trust -E UTF8 --no-locale >init.log 2>&1
trap 'pg_ctl -D data -m immediate -w stop >/dev/null 2>&1; rm -rf "$1"' EXIT
pg_ctl -D data -w -l server.log -o "-k '$1' -c listen_addresses='' -c max_connections=60 $2" start >start.log 2>&1
echo ready
cat >/dev/null
"#;

impl Server {
    pub fn start() -> Server {
        Server::start_with("")
    }

    /// With settings; there is then a certificate for `localhost`, signed by itself.
    pub fn start_with(settings: &str) -> Server {
        let folder = tempfile::Builder::new().prefix("fenshui-pg-").tempdir().unwrap().keep();
        let mut keeper = keeper(&folder)
            .arg(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut said = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said.trim() != "ready" {
            let mut wrong = String::new();
            keeper.stderr.take().unwrap().read_to_string(&mut wrong).unwrap();
            for log in ["init.log", "start.log", "server.log"] {
                wrong += &std::fs::read_to_string(folder.join(log)).unwrap_or_default();
            }
            panic!(
                "PostgreSQL did not start; with the feature `postgres` the tests want Debian's \
                 package `postgresql`: {wrong}"
            );
        }
        Server { folder, _keeper: keeper }
    }

    /// Ends the server as a crash would, and starts it again.
    pub fn fall_over(&self) {
        let done = as_keeper(&["-c", FALL_OVER, "keeper"]).arg(&self.folder).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    pub fn address(&self, database: &str, user: &str) -> String {
        format!("host={} user={user} dbname={database}", self.folder.display())
    }
}

const FALL_OVER: &str = r#"
cd "$1"
pg_ctl -D data -m immediate -w stop >/dev/null
pg_ctl -D data -w -l server.log -o "-k '$1' -c listen_addresses='' -c max_connections=60" start >/dev/null
"#;

fn keeper(folder: &Path) -> Command {
    if is_root() {
        let owned = Command::new("chown").arg("postgres").arg(folder).status().unwrap();
        assert!(owned.success(), "the user `postgres` comes with the package `postgresql`");
    }
    let mut command = as_keeper(&["-c", KEEPER, "keeper"]);
    command.arg(folder);
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// A shell of the user who keeps the server: it refuses to run as root, so that root hands it to
/// another.
fn as_keeper(arguments: &[&str]) -> Command {
    let mut path = std::env::var("PATH").unwrap_or_default();
    for version in std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten() {
        let programs = version.unwrap().path().join("bin");
        path = format!("{path}:{}", programs.display());
    }
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
        command.args(["env", &format!("PATH={path}"), "sh"]);
        command
    } else {
        let mut command = Command::new("sh");
        command.env("PATH", path);
        command
    };
    command.args(arguments);
    command
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

pub const OPTIONS: PostgresOptions = PostgresOptions { wait: Duration::from_secs(30) };

pub fn open(address: &str) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(address, OPTIONS)
}

/// A database of its own on the common server.
pub struct Database {
    pub(super) name: String,
}

impl Database {
    pub fn new() -> Database {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("book_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut client = Client::connect(&server().address("postgres", "owner"), NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        Database { name }
    }

    /// The address as the command line takes it.
    pub fn url(&self) -> String {
        self.url_of("owner")
    }

    /// The same for another user.
    pub fn url_of(&self, user: &str) -> String {
        let folder = server().folder.display().to_string().replace('/', "%2F");
        format!("postgres://{user}@{folder}/{}", self.name)
    }

    /// Makes a login that has a role of the book; gives its name.
    pub fn login(&self, role: &str) -> String {
        let name = format!("{role}_{}", self.name);
        let make = format!("CREATE ROLE {name} LOGIN IN ROLE fenshui_{role}");
        self.client().batch_execute(&make).unwrap();
        name
    }

    fn as_user(&self, user: &str) -> String {
        server().address(&self.name, user)
    }

    fn client(&self) -> Client {
        Client::connect(&self.address(), NoTls).unwrap()
    }
}

impl Place for Database {
    fn create(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(PostgresStore::create(&self.address(), OPTIONS)?))
    }

    fn open(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(open(&self.address())?))
    }

    fn tamper(&self, statements: &str) {
        let mut client = self.client();
        // As somebody could who is master of the server: triggers are switched off.
        client.batch_execute("SET session_replication_role = replica").unwrap();
        client.batch_execute(&statements.replace('@', "fenshui_book.")).unwrap();
    }

    fn try_to(&self, statement: &str) -> Result<(), String> {
        let statement = statement.replace('@', "fenshui_book.");
        let done = self.client().batch_execute(&statement);
        done.map_err(|error| error.as_db_error().unwrap().message().to_owned())
    }

    fn set_byte(&self, table: &str, column: &str, row: &str, offset: usize, to: u8) -> String {
        format!("UPDATE @{table} SET {column} = set_byte({column}, {offset}, {to}) WHERE {row}")
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        format!("'\\x{}'::bytea", hex(bytes))
    }

    fn laid_out(&self, version: u32) -> String {
        format!("UPDATE @book SET format = {version}")
    }

    fn address(&self) -> String {
        self.as_user("owner")
    }
}

#[test]
fn a_poster_adds_and_does_nothing_else() {
    let place = Database::new();
    drop(small_book(place.create().unwrap()));
    place.tamper(&format!("CREATE ROLE p_{0} LOGIN IN ROLE fenshui_poster", place.name));
    let address = place.as_user(&format!("p_{}", place.name));
    let mut book = Book::open(Box::new(open(&address).unwrap())).unwrap();
    post(&mut book, &events(9, 3)).unwrap();
    assert_eq!(book.verify(&[]).unwrap().damages, []);
    let mut client = Client::connect(&address, NoTls).unwrap();
    for statement in [
        "UPDATE fenshui_book.entry SET kinds = kinds",
        "DELETE FROM fenshui_book.entry",
        "TRUNCATE fenshui_book.entry",
        "DELETE FROM fenshui_book.run",
        "INSERT INTO fenshui_book.book VALUES (7)",
        "ALTER TABLE fenshui_book.entry DISABLE TRIGGER ALL",
        "DROP SCHEMA fenshui_book CASCADE",
        "CREATE TABLE fenshui_book.mine (n int)",
    ] {
        let refused = client.batch_execute(statement).unwrap_err();
        let code = refused.code().unwrap();
        assert_eq!(code.code(), "42501", "{statement}: {refused}");
    }
}

#[test]
fn an_auditor_reads_and_does_not_write() {
    let place = Database::new();
    let root = small_book(place.create().unwrap()).verify(&[]).unwrap().root;
    place.tamper(&format!("CREATE ROLE a_{0} LOGIN IN ROLE fenshui_auditor", place.name));
    let address = place.as_user(&format!("a_{}", place.name));
    let mut book = Book::open(Box::new(open(&address).unwrap())).unwrap();
    assert_eq!(book.verify(&[root]).unwrap().damages, []);
    let refused = post(&mut book, &events(9, 3)).unwrap_err();
    assert!(matches!(refused, BookError::Store(StoreError::ReadOnly { .. })), "{refused:?}");
    let mut client = Client::connect(&address, NoTls).unwrap();
    let insert = "INSERT INTO fenshui_book.entry VALUES (99, '', '', '', '')";
    assert_eq!(client.batch_execute(insert).unwrap_err().code().unwrap().code(), "42501");
}

#[test]
fn somebody_else_is_not_even_shown_the_book() {
    let place = Database::new();
    drop(small_book(place.create().unwrap()));
    place.tamper(&format!("CREATE ROLE n_{0} LOGIN", place.name));
    let Err(refused) = open(&place.as_user(&format!("n_{}", place.name))) else {
        panic!("it was opened")
    };
    assert!(matches!(refused, StoreError::NotAllowed { .. }), "{refused:?}");
}

#[test]
fn a_server_that_is_not_there_is_no_connection_lost() {
    let refused = open("host=/nowhere user=owner dbname=book").unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable { .. }), "{refused:?}");
}

#[test]
fn a_lock_held_elsewhere_is_told() {
    let place = Database::new();
    let mut book = small_book(place.create().unwrap());
    let posting = book.begin().unwrap();
    let options = PostgresOptions { wait: Duration::from_millis(20) };
    let store = PostgresStore::open(&place.address(), options).unwrap();
    let mut other = Book::open(Box::new(store)).unwrap();
    let Err(refused) = other.begin() else { panic!("both post") };
    let BookError::Store(StoreError::LockedBy { login, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(login, "owner");
    drop(posting);
    post(&mut other, &events(9, 1)).unwrap();
}

#[test]
fn a_cut_connection_leaves_nothing_and_is_told() {
    let place = Database::new();
    let mut book = small_book(place.create().unwrap());
    let root = book.verify(&[]).unwrap().root;
    let cut = |place: &Database| {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        place.client().batch_execute(others).unwrap();
    };
    let mut posting = book.begin().unwrap();
    posting.edition(&super::sample::edition("other")).unwrap();
    cut(&place);
    let refused = posting.book().map(drop).unwrap_err();
    assert!(matches!(refused, BookError::Store(StoreError::Lost)), "{refused:?}");
    drop(posting);
    let mut book = Book::open(place.open().unwrap()).unwrap();
    assert_eq!(book.verify(&[root]).unwrap().root, root);
    // At the very commit nobody can tell; posting again does.
    let mut posting = book.begin().unwrap();
    posting.edition(&super::sample::edition("other")).unwrap();
    posting.book().unwrap();
    cut(&place);
    let refused = posting.commit().unwrap_err();
    assert!(matches!(refused, BookError::Store(StoreError::Unknown)), "{refused:?}");
    let mut book = Book::open(place.open().unwrap()).unwrap();
    assert_eq!(book.verify(&[root]).unwrap().root, root);
}

#[test]
fn a_server_that_does_not_sync_is_refused() {
    let server = Server::start();
    let address = server.address("postgres", "owner");
    let mut client = Client::connect(&address, NoTls).unwrap();
    let mut store = PostgresStore::create(&address, OPTIONS).unwrap();
    client.batch_execute("ALTER SYSTEM SET fsync = off").unwrap();
    client.batch_execute("SELECT pg_reload_conf()").unwrap();
    // The server takes the change up when it next looks.
    let mut refused = None;
    for _ in 0..1000 {
        client.batch_execute("SELECT pg_sleep(0.01)").unwrap();
        if let Err(error) = store.begin() {
            refused = Some(error);
            break;
        }
        store.rollback();
    }
    let refused = refused.expect("it was never refused");
    assert!(matches!(refused, StoreError::NotDurable { .. }), "{refused:?}");
}

#[test]
fn guards_and_rights_that_were_changed_are_missed() {
    let kind = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
    let (trigger, guard) = kind("trigger", "guard of entry");
    let (right, update) = kind("right", "UPDATE on node of fenshui_poster");
    let foreign = |what: &str, name: &str| {
        let (kind, name) = kind(what, name);
        Flaw::Foreign { kind, name }
    };
    let changed = |what: &str, name: &str| {
        let (kind, name) = kind(what, name);
        Flaw::Changed { kind, name }
    };
    let cases = [
        ("CREATE TABLE @more (n int)", foreign("table", "more")),
        ("CREATE VIEW @more AS SELECT 1", foreign("view", "more")),
        (
            "CREATE RULE none AS ON INSERT TO @node DO INSTEAD NOTHING",
            foreign("rule", "none on node"),
        ),
        ("ALTER TABLE @entry ENABLE ROW LEVEL SECURITY", changed("table", "entry")),
        ("ALTER TABLE @run SET UNLOGGED", changed("table", "run")),
        ("ALTER TABLE @run ADD COLUMN more int", changed("table", "run")),
        ("CREATE POLICY mine ON @entry USING (first < 3)", foreign("policy", "mine on entry")),
        (
            "CREATE TRIGGER more AFTER INSERT ON @run EXECUTE FUNCTION @refuse()",
            foreign("trigger", "more on run"),
        ),
        (
            "ALTER TABLE @node ADD CONSTRAINT few CHECK (number < 9)",
            foreign("constraint", "few on node"),
        ),
        (
            "CREATE TABLE parent (first bigint NOT NULL); ALTER TABLE @entry INHERIT parent",
            foreign("table", "public.parent above entry"),
        ),
        (
            "DROP TRIGGER guard ON @run; CREATE TRIGGER guard BEFORE DELETE OR UPDATE OF upto OR \
             TRUNCATE ON @run EXECUTE FUNCTION @refuse()",
            changed("trigger", "guard of run"),
        ),
        (
            "UPDATE pg_class SET relhastriggers = false WHERE oid = '@node'::regclass",
            changed("trigger", "guard of node"),
        ),
        (
            "UPDATE pg_index SET indisready = false WHERE indexrelid = '@run_pkey'::regclass",
            changed("index", "run_pkey"),
        ),
        ("CREATE TABLE child () INHERITS (@node)", foreign("table", "public.child under node")),
        (
            "CREATE FUNCTION @length(bytea) RETURNS int LANGUAGE sql AS 'SELECT 0'",
            foreign("function", "length"),
        ),
        ("CREATE INDEX more ON @run (since)", foreign("index", "more")),
        ("INSERT INTO @book VALUES (3)", Flaw::StrayRows { table: "book", count: 1 }),
        (
            "GRANT CREATE ON SCHEMA fenshui_book TO fenshui_poster",
            foreign("right", "CREATE on fenshui_book of fenshui_poster"),
        ),
        (
            "GRANT UPDATE (kinds) ON @entry TO fenshui_poster",
            foreign("right", "UPDATE on entry of fenshui_poster"),
        ),
        (
            "GRANT INSERT ON @entry TO fenshui_auditor",
            foreign("right", "INSERT on entry of fenshui_auditor"),
        ),
        (
            "GRANT SELECT ON @run TO fenshui_auditor WITH GRANT OPTION",
            foreign("right", "SELECT on run of fenshui_auditor"),
        ),
        (
            "GRANT REFERENCES ON @node TO PUBLIC",
            foreign("right", "REFERENCES on node of everybody"),
        ),
        // What a poster can add by hand: rows of no entries, and a level that no run has.
        (
            "INSERT INTO @entry SELECT first + length(kinds), '', '', '', '' FROM @entry \
             ORDER BY first DESC LIMIT 1",
            Flaw::StrayRows { table: "entry", count: 1 },
        ),
        (
            "INSERT INTO @entry VALUES (9223372036854775807, '', '', '', '')",
            Flaw::StrayRows { table: "entry", count: 1 },
        ),
        (
            "INSERT INTO @run SELECT first + length(kinds), 32767, 0, 0, '' FROM @entry \
             ORDER BY first DESC LIMIT 1",
            Flaw::ChangedRun { since: 0, upto: 17 },
        ),
        ("ALTER TABLE @entry OWNER TO fenshui_poster", foreign("owner", "fenshui_poster of entry")),
        (
            "DROP TRIGGER guard ON @entry",
            Flaw::Missing { kind: trigger.clone(), name: guard.clone() },
        ),
        ("ALTER TABLE @entry DISABLE TRIGGER guard", Flaw::Changed { kind: trigger, name: guard }),
        ("GRANT UPDATE ON @node TO fenshui_poster", Flaw::Foreign { kind: right, name: update }),
    ];
    for (statement, flaw) in cases {
        let place = Database::new();
        drop(small_book(place.create().unwrap()));
        place.tamper(statement);
        let mut book = Book::open(place.open().unwrap()).unwrap();
        assert_eq!(book.verify(&[]).unwrap().damages, [Damage::Store(flaw)], "{statement}");
    }
    // The function that all guards ask.
    let refuse = "CREATE OR REPLACE FUNCTION @refuse() RETURNS trigger LANGUAGE plpgsql";
    for statement in [
        format!("{refuse} AS 'BEGIN RETURN NULL; END'"),
        format!(
            "{refuse} AS 'BEGIN IF now() < ''2000-01-01'' THEN \
             RAISE EXCEPTION ''a book is only added to''; END IF; RETURN NULL; END'"
        ),
        "ALTER FUNCTION @refuse() OWNER TO fenshui_poster".to_owned(),
        "ALTER FUNCTION @refuse() SET client_min_messages = 'error'".to_owned(),
    ] {
        let place = Database::new();
        drop(small_book(place.create().unwrap()));
        place.tamper(&statement);
        let mut book = Book::open(place.open().unwrap()).unwrap();
        assert_eq!(book.verify(&[]).unwrap().damages.len(), 5, "{statement}");
    }
}

#[test]
fn a_table_of_other_types_is_told_and_no_panic() {
    for column in ["kinds TYPE text USING encode(kinds, 'hex')", "first TYPE integer"] {
        let place = Database::new();
        drop(small_book(place.create().unwrap()));
        place.tamper(&format!("ALTER TABLE @entry ALTER COLUMN {column}"));
        let found = Book::open(place.open().unwrap()).and_then(|mut book| book.verify(&[]));
        match found {
            Ok(found) => assert!(!found.damages.is_empty(), "{column}"),
            Err(BookError::Store(StoreError::DamagedSchema { .. })) => {}
            Err(other) => panic!("{column}: {other:?}"),
        }
    }
}
