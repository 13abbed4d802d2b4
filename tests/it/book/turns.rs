//! Several who post at once into a book without batches: whoever waited sees what the others left.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fenshui::book::{Book, SqliteStore};

use super::stores::OPTIONS;
use crate::floors::root;

const RULES: [&str; 2] = ["fifty.fen", "caps.csv"];

fn begun(folder: &Path, arguments: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_fenshui"))
        .args(["book", "--book", "b.book"])
        .args(arguments.split(' '))
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn said(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn whoever_waited_posts_on_what_the_others_left() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for file in RULES {
        let from = root().join("tests/cases/cli/book_refunds").join(file);
        std::fs::copy(from, folder.join(file)).unwrap();
    }
    said(begun(folder, "init --name finance.example/2024"));
    let store = SqliteStore::open(&folder.join("b.book"), OPTIONS).unwrap();
    let mut book = Book::open(Box::new(store)).unwrap();
    let held = book.begin().unwrap();
    // All find the book empty and wait for it; one at most finds it so when its turn comes.
    let posters: Vec<Child> = (1..=5)
        .map(|month| {
            let rows =
                format!("id,date,place,amount,undoes\nX{month},2024-{month:02}-01,south,9.01,\n");
            std::fs::write(folder.join(format!("{month}.csv")), rows).unwrap();
            let post = "--register caps=caps.csv --recompute-late --quiet";
            begun(folder, &format!("post fifty.fen {month}.csv {post}"))
        })
        .collect();
    std::thread::sleep(Duration::from_secs(1));
    drop(held);
    posters.into_iter().for_each(|poster| drop(said(poster)));
    let replayed = said(begun(folder, "replay"));
    assert!(replayed.contains("come out as they are stored"), "{replayed}");
}
