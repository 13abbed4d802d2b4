//! The way to a book on a server: who is let in, what he is told where he is not, and who reads along.

use std::net::TcpListener;

use fenshui::book::{Book, BookError, Damage, Flaw, PostgresStore, StoreError};
use fenshui::report::book::store_words;
use postgres::{Client, NoTls};

use super::postgres::{Database, OPTIONS, Server, open};
use super::sample::{events, post, small_book};
use super::stores::Place as _;

/// What is refused, in both languages and with what to do.
#[track_caller]
fn refused<T>(opened: Result<T, StoreError>) -> StoreError {
    let Err(error) = opened else { panic!("it was opened") };
    let (words, hint) = store_words(&error);
    assert!(words.zh.chars().any(|it| it > '\u{3000}'), "{words:?}");
    assert!(hint.is_some(), "{words:?}");
    error
}

#[test]
fn who_is_not_let_in_is_told_what_to_do() {
    let server = Server::start();
    let owner = server.address("postgres", "owner");
    let mut client = Client::connect(&owner, NoTls).unwrap();
    let as_user = |user: &str| server.address("postgres", user);
    let error = refused(open(&server.address("nowhere", "owner")));
    assert!(matches!(error, StoreError::NoDatabase { .. }), "{error:?}");
    let error = refused(open(&as_user("nobody")));
    assert!(matches!(error, StoreError::NoLogin { .. }), "{error:?}");
    client.batch_execute("CREATE ROLE zhang LOGIN").unwrap();
    // He may not make schemas; and when he may, not the roles of a book.
    for grant in ["", "GRANT CREATE ON DATABASE postgres TO zhang"] {
        client.batch_execute(grant).unwrap();
        let mut store = PostgresStore::create(&as_user("zhang"), OPTIONS).unwrap();
        let error = refused(fenshui::book::Store::begin(&mut store));
        assert!(matches!(error, StoreError::NoFounder { .. }), "{error:?}");
    }
    client.batch_execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC").unwrap();
    let error = refused(open(&as_user("zhang")));
    assert!(matches!(error, StoreError::NoLogin { .. }), "{error:?}");
    client.batch_execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0").unwrap();
    client.batch_execute("GRANT CONNECT ON DATABASE postgres TO crowd").unwrap();
    let error = refused(open(&as_user("crowd")));
    assert!(matches!(error, StoreError::Crowded { .. }), "{error:?}");
    let error = refused(open("postgres://owner@/x?sslmode=allow"));
    assert!(error.to_string().ends_with("`require`, `verify-ca`, `verify-full`"), "{error}");
    for address in ["postgres://owner@/x?sslmode=perhaps", "postgres://owner@h/x?colour=red"] {
        let error = refused(open(address));
        assert!(matches!(error, StoreError::BadAddress { .. }), "{error:?}");
    }
}

#[test]
fn whoever_does_not_answer_is_not_waited_for_without_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = format!("postgres://owner@127.0.0.1:{port}/postgres?connect_timeout=1");
    let error = refused(open(&address));
    assert!(matches!(error, StoreError::Silent { seconds: 1 }), "{error:?}");
}

#[test]
fn a_database_that_is_to_be_read_alone_is() {
    let place = Database::new();
    let mut book = small_book(place.create().unwrap());
    let size = book.size().unwrap();
    drop(book);
    place.tamper(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", place.name));
    let mut book = Book::open(Box::new(open(&place.address()).unwrap())).unwrap();
    let Err(BookError::Store(error)) = post(&mut book, &events(9, 3)) else { panic!("posted") };
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert_eq!(book.size().unwrap(), size);
}

#[test]
fn a_schema_that_says_nothing_of_itself_is_damage() {
    for statement in [
        "DELETE FROM @book",
        "UPDATE @book SET format = -1",
        "DROP TABLE @book",
        "DROP TABLE @entry",
    ] {
        let place = Database::new();
        drop(small_book(place.create().unwrap()));
        place.tamper(statement);
        let opened = place.open().and_then(|mut store| store.size());
        let error = refused(opened);
        assert!(matches!(error, StoreError::DamagedSchema { .. }), "{statement}: {error:?}");
        assert!(error.damage().is_some());
    }
}

/// Roles and settings are those of a whole server.
#[test]
fn what_a_server_lets_its_roles_do_is_told() {
    let server = Server::start();
    let address = server.address("postgres", "owner");
    drop(small_book(Box::new(PostgresStore::create(&address, OPTIONS).unwrap())));
    let cases = [
        ("GRANT fenshui_poster TO fenshui_auditor", "fenshui_auditor in fenshui_poster"),
        ("GRANT pg_write_all_data TO fenshui_poster", "fenshui_poster in pg_write_all_data"),
        (
            "GRANT pg_execute_server_program TO fenshui_auditor",
            "fenshui_auditor in pg_execute_server_program",
        ),
        ("ALTER ROLE fenshui_poster CREATEROLE", "CREATEROLE of fenshui_poster"),
        (
            "ALTER ROLE owner SET session_replication_role = replica",
            "session_replication_role=replica of owner",
        ),
        (
            "ALTER DATABASE postgres SET session_replication_role = local",
            "session_replication_role=local of the database",
        ),
        // It hides what the whole server is set to.
        (
            "ALTER ROLE fenshui_auditor SET session_replication_role = origin",
            "session_replication_role=origin of fenshui_auditor",
        ),
    ];
    let mut client = Client::connect(&address, NoTls).unwrap();
    for (at, (statement, _)) in cases.iter().enumerate() {
        client.batch_execute(statement).unwrap();
        let mut book = Book::open(Box::new(open(&address).unwrap())).unwrap();
        let found = book.verify(&[]).unwrap().damages;
        for (_, wanted) in cases.iter().take(at + 1) {
            let told = |it: &Damage| matches!(it, Damage::Store(Flaw::Foreign { name, .. }) if name == wanted);
            assert!(found.iter().any(told), "{wanted}: {found:?}");
        }
    }
}

#[test]
fn nobody_reads_along_and_nobody_stands_in_for_the_server() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::start_with(&format!(
        "-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on \
         -c ssl_cert_file=../server.crt -c ssl_key_file=../server.key"
    ));
    let at = |host: &str, said: &str| format!("postgres://owner@{host}:{port}/postgres{said}");
    let issuer = server.folder.join("server.crt").display().to_string();
    let held = |mode: &str| format!("?sslmode={mode}&sslrootcert={issuer}");
    let mut store = PostgresStore::create(&at("localhost", ""), OPTIONS).unwrap();
    let is_encrypted = |address: &str| {
        let mut client = Client::connect(&at("localhost", "?sslmode=disable"), NoTls).unwrap();
        let _open = open(address).unwrap();
        let ask = "SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                   WHERE application_name = 'fenshui'";
        client.query_one(ask, &[]).unwrap().get::<_, bool>(0)
    };
    fenshui::book::Store::rollback(&mut store);
    drop(small_book(Box::new(store)));
    for mode in ["verify-full", "verify-ca", "require"] {
        assert!(is_encrypted(&at("localhost", &held(mode))), "{mode}");
    }
    assert!(is_encrypted(&at("localhost", "")));
    assert!(is_encrypted(&at("localhost", "?sslmode=require")));
    assert!(!is_encrypted(&at("localhost", "?sslmode=disable")));
    let socket = server.folder.display().to_string().replace('/', "%2F");
    assert!(!is_encrypted(&at(&socket, "?sslmode=verify-full")));
    // The certificate is of another name, of nobody one knows, or none.
    assert!(is_encrypted(&at("127.0.0.1", &held("verify-ca"))));
    let none =
        format!("?sslmode=verify-full&sslrootcert={}", server.folder.join("start.log").display());
    for address in [
        at("127.0.0.1", &held("verify-full")),
        at("localhost", "?sslmode=verify-full"),
        at("localhost", &none),
    ] {
        let error = refused(open(&address));
        assert!(matches!(error, StoreError::NotEncrypted { .. }), "{address}: {error:?}");
    }
    let zh = |address: &str| store_words(&refused(open(address))).0.zh;
    let said = zh(&at("localhost", "?sslmode=verify-full"));
    assert_eq!(said, "与服务器的连接无法加密（其证书为自签名）");
    let said = zh(&at("127.0.0.1", &held("verify-full")));
    assert_eq!(said, "与服务器的连接无法加密（其证书所写 IP 地址不符）");
    // And a book is posted to and holds.
    let mut book =
        Book::open(Box::new(open(&at("localhost", &held("verify-full"))).unwrap())).unwrap();
    post(&mut book, &events(9, 3)).unwrap();
    assert_eq!(book.verify(&[]).unwrap().damages, []);
}
