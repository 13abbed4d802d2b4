//! Rows set aside, mended and sent again: they come to what the same rows would have come to.

use std::fs;
use std::path::Path;

use crate::program::{run, said};

const RULES: &str = r#"
module again
authority national
settlement largest remainder
account firm[text]
account waived
event receipt {
  id : text unique; date : date effective; payer : text; line : text?; amount : money inflow
  reason "缘由" : text?
}
rule divide of receipt
  split inflow
    all to firm[payer]
rule waive of receipt
  overrides divide
  when reason as told
  split inflow
    all to waived
"#;

const EVENTS: &str = "id,date,payer,-note,amount
=1+1,2024-01-01,'@x,a,1.005
A2,2024-1-1,-,'b,2.00
''3,2024-01-02,\"-5, -6\",c,3.00
A4,2024-01-01,+86,-,4.x
A5,2024-1-1,-5,d,-5.00
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.fen"), RULES).unwrap();
    fs::write(folder.path().join("events.csv"), EVENTS).unwrap();
    folder
}

/// What a person makes of such rows.
fn mended(text: &str) -> String {
    text.replace("1.005", "1.00").replace("2024-1-1", "2024-01-01").replace("4.x", "4.00")
}

/// Allocations, in the order of their events.
fn allocated(folder: &Path, file: &str) -> (Vec<String>, String) {
    let output = run(folder, &[file, "--format", "csv"]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    (lines, said(&output))
}

#[test]
fn what_was_written_for_a_spreadsheet_is_read_as_it_was() {
    let folder = folder();
    let path = folder.path();
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    fs::write(path.join("whole.csv"), mended(EVENTS)).unwrap();
    let (wanted, notes) = allocated(path, "whole.csv");
    // They stand in no file of ours, so nobody knows where they came from.
    assert!(notes.contains("an apostrophe before a sign"), "{notes}");
    assert!(wanted.contains(&"=1+1,firm['@x],1.00".to_owned()), "{wanted:?}");
    let arguments = ["events.csv", "-o", "o.csv", "--set-aside", "aside.csv", "--for-excel"];
    assert_eq!(run(path, &arguments).status.code(), Some(1));
    let aside = read("aside.csv");
    assert!(aside.starts_with("\u{feff}id,date,payer,'-note,amount,file,line,"), "{aside}");
    assert!(aside.contains("\n'=1+1,2024-01-01,''@x,a,1.005,"), "{aside}");
    // Set aside once more, for a spreadsheet or not, they are still what they were.
    let again = ["aside.csv", "-o", "o2.csv", "--set-aside", "again.csv"];
    run(path, &[&again[..], &["--for-excel"]].concat());
    run(path, &[&again[..3], &["--set-aside", "plain.csv"]].concat());
    assert!(
        read("again.csv").contains("\n'=1+1,2024-01-01,''@x,a,1.005,"),
        "{}",
        read("again.csv")
    );
    assert!(read("plain.csv").contains("\n=1+1,2024-01-01,'@x,a,1.005,"), "{}", read("plain.csv"));
    let whole = read("o.csv").trim_start_matches('\u{feff}').replace('\r', "");
    assert_eq!(whole, "id,account,amount\n'''3,\"firm[-5, -6]\",3.00\n");
    for name in ["aside.csv", "again.csv", "plain.csv"] {
        fs::write(path.join("mended.csv"), mended(&read(name))).unwrap();
        let (found, notes) = allocated(path, "mended.csv");
        let others = |line: &&String| !line.starts_with("''3,");
        let wanted: Vec<&String> = wanted.iter().filter(others).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{name}: {notes}");
        assert!(!notes.contains("columns not used: file"), "{notes}");
    }
    // Saved in another encoding the mark is gone: the apostrophes stay, and that is said.
    fs::write(path.join("saved.csv"), mended(aside.trim_start_matches('\u{feff}'))).unwrap();
    let (found, notes) = allocated(path, "saved.csv");
    assert!(found.contains(&"'=1+1,firm[''@x],1.00".to_owned()), "{found:?}");
    assert!(notes.contains("an apostrophe before a sign"), "{notes}");
}

#[test]
fn what_was_added_to_a_row_is_none_of_its_fields() {
    let folder = folder();
    let path = folder.path();
    for (aside, table) in [("aside.csv", true), ("aside.ndjson", false)] {
        run(path, &["events.csv", "-o", "o.csv", "--set-aside", aside]);
        let text = mended(&fs::read_to_string(path.join(aside)).unwrap());
        assert!(text.contains("reason"), "{text}");
        let file = if table { "mended.csv" } else { "mended.ndjson" };
        fs::write(path.join(file), text).unwrap();
        let (found, notes) = allocated(path, file);
        assert!(found.contains(&"A2,firm[-],2.00".to_owned()), "{found:?}, {notes}");
        assert!(!found.iter().any(|line| line.contains("waived")), "{found:?}");
        assert!(!notes.contains("not used: file") && !notes.contains("hint"), "{notes}");
    }
    // A column of the row's own is one.
    let with = EVENTS.replace("-note", "reason");
    fs::write(path.join("with.csv"), with).unwrap();
    run(path, &["with.csv", "-o", "o.csv", "--set-aside", "aside.csv"]);
    let text = mended(&fs::read_to_string(path.join("aside.csv")).unwrap());
    fs::write(path.join("mended.csv"), text).unwrap();
    let (found, _) = allocated(path, "mended.csv");
    assert!(found.contains(&"A2,waived,2.00".to_owned()), "{found:?}");
}
