//! What is read does not depend on who reads it.

use std::io::Write;

use crate::formats::InputOptions;
use crate::report::names::{Currency, Field, Kind, Label, Table};

use super::*;
use crate::app::open_events;

pub(in crate::app) fn names() -> Names {
    let field = |name: &str, kind| {
        let name = Label::plain(name);
        Field { name, kind, required: true, computed: false, dated: false }
    };
    let table = Table {
        name: Label::plain("receipt"),
        fields: vec![field("id", Kind::Integer), field("amount", Kind::Money(2))],
        key: vec![0],
        effective: None,
        inflow: Some(1),
        sent: true,
        currency: Currency { code: "CNY".into(), scale: 2 },
        settlement: String::new(),
    };
    Names { events: vec![table], ..Names::default() }
}

/// Two files of many blocks, with rows that cannot be read.
pub(in crate::app) fn files(folder: &std::path::Path, names: &Names) -> Vec<EventFile> {
    let paths: Vec<String> = ["a.csv", "b.csv"]
        .into_iter()
        .map(|name| {
            let path = folder.join(name);
            let mut file = std::fs::File::create_new(&path).unwrap();
            let mut text = String::from("id,amount,note\n");
            for id in 0..120_000 {
                let amount = if id % 1000 == 7 { "5,x" } else { "5.00" };
                text.push_str(&format!("{id},{amount},\n"));
            }
            file.write_all(text.as_bytes()).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect();
    open_events(names, &paths, InputOptions::default()).unwrap()
}

#[derive(Debug, PartialEq, Default)]
struct All {
    rows: Vec<(u32, u64)>,
    unread: Vec<Unread>,
    remarks: usize,
}

fn read(to_read: ToRead<'_>, threads: usize, batches: usize) -> All {
    let mut all = All::default();
    let remarks = RefCell::new(Vec::new());
    let mut unread = |rows: Vec<Unread>| {
        all.unread.extend(rows);
        Ok(())
    };
    std::thread::scope(|scope| {
        let read = Batches::ahead(to_read, threads, scope, &mut unread, &remarks);
        for batch in read.take(batches) {
            let batch = batch.unwrap();
            all.rows.extend(batch.origins.iter().map(|origin| (origin.file, origin.line)));
        }
    });
    all.remarks = remarks.into_inner().len();
    all
}

#[test]
fn what_is_read_does_not_depend_on_threads() {
    let (names, mapping) = (names(), Mapping::default());
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), &names);
    let to_read = ToRead { names: &names, files: &files, mapping: &mapping };
    let alone = read(to_read, 1, usize::MAX);
    assert_eq!(alone.rows.len() + alone.unread.len(), 240_000);
    assert_eq!((alone.unread.len(), alone.remarks), (240, 2));
    for threads in [2, 3, 5] {
        assert_eq!(read(to_read, threads, usize::MAX), alone, "{threads} threads");
    }
}

/// The threads end when nobody asks any more.
#[test]
fn a_run_may_stop_early() {
    let (names, mapping) = (names(), Mapping::default());
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), &names);
    let to_read = ToRead { names: &names, files: &files, mapping: &mapping };
    for threads in [2, 5] {
        assert!(read(to_read, threads, 1).rows.len() < 240_000, "{threads} threads");
    }
}

/// A fault is told after all that stands before it, and ends the reading.
#[test]
fn a_fault_comes_in_its_order() {
    let (names, mapping) = (names(), Mapping::default());
    let folder = tempfile::tempdir().unwrap();
    let mut files = files(folder.path(), &names);
    let path = folder.path().join("long.csv");
    let mut file = std::fs::File::create_new(&path).unwrap();
    file.write_all("id,amount\n".as_bytes()).unwrap();
    file.write_all("1,5.00\n".repeat(100_000).as_bytes()).unwrap();
    file.write_all("9".repeat(17 << 20).as_bytes()).unwrap();
    let argument = path.to_str().unwrap().to_owned();
    files.insert(0, open_events(&names, &[argument], InputOptions::default()).unwrap().remove(0));
    let to_read = ToRead { names: &names, files: &files, mapping: &mapping };
    for threads in [1, 2, 4] {
        let remarks = RefCell::new(Vec::new());
        let mut unread = |_: Vec<Unread>| Ok(());
        let read: Vec<Result<usize, String>> = std::thread::scope(|scope| {
            Batches::ahead(to_read, threads, scope, &mut unread, &remarks)
                .map(|batch| batch.map(|it| it.len()).map_err(|error| error.words().en))
                .collect()
        });
        let (last, before) = read.split_last().unwrap();
        assert!(last.as_ref().unwrap_err().contains("line 100002"), "{last:?}");
        assert_eq!(before.iter().map(|rows| rows.as_ref().unwrap()).sum::<usize>(), 100_000);
    }
}
