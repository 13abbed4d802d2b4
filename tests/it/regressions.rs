//! What once went wrong: each case is a page like those of the language reference, named for it.

use crate::floors::root;
use crate::language::check;

#[test]
fn every_page_holds() {
    let folder = root().join("tests/cases/regressions");
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let named = entries.map(|entry| entry.expect("is readable").file_name());
    let mut pages: Vec<String> = named.map(|it| it.to_string_lossy().into_owned()).collect();
    pages.sort();
    assert!(pages.len() >= 23, "{} pages", pages.len());
    for page in pages {
        check(&folder, &page);
    }
}
