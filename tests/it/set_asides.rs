//! The manual of reasons speaks of every one that the program gives.

use std::collections::BTreeSet;

use crate::floors::root;

#[test]
fn every_reason_is_in_the_manual() {
    let source = std::fs::read_to_string(root().join("src/report/reasons.rs")).unwrap();
    let page = std::fs::read_to_string(root().join("docs/reference/set-aside.md")).unwrap();
    let is_code = |word: &&str| {
        word.len() == 3 && word.starts_with('S') && word[1..].bytes().all(|b| b.is_ascii_digit())
    };
    let mut given: BTreeSet<&str> = source.split('"').filter(is_code).collect();
    // What stands where a reason has no words, which never comes.
    given.remove("S00");
    let told: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
        .filter(is_code)
        .collect();
    assert!(given.len() > 20);
    assert_eq!(given, told);
}
