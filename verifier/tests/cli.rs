//! The program as it is called: what it says, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected fails"
)]

use std::path::PathBuf;
use std::process::{Command, Output};

fn file(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name).display().to_string()
}

fn run(arguments: &[&str]) -> Output {
    // Whoever tests may have another locale.
    let mut program = Command::new(env!("CARGO_BIN_EXE_fenshui-verify"));
    program.args(arguments).env("FENSHUI_LANG", "en").output().unwrap()
}

#[track_caller]
fn check(arguments: &[&str], code: i32, says: &str) {
    let done = run(arguments);
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(done.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "{said}");
}

#[test]
fn a_bundle_that_holds() {
    check(&[&file("half.proof"), "--key", &file("half.keys")], 0, "all holds");
    let told = run(&[&file("half.proof"), "--key", &file("half.keys")]);
    assert_eq!(
        String::from_utf8(told.stdout).unwrap(),
        std::fs::read_to_string(file("half.report")).unwrap()
    );
}

#[test]
fn which_version_it_is() {
    check(&["--version"], 0, concat!("fenshui-verify ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn keys_behind_the_mark_of_an_editor() {
    let keys = std::fs::read_to_string(file("half.keys")).unwrap();
    let marked = std::env::temp_dir().join(format!("fenshui-verify-keys-{}", std::process::id()));
    std::fs::write(&marked, format!("\u{feff}{keys}")).unwrap();
    let path = marked.display().to_string();
    check(&[&file("half.proof"), "--key", &path], 0, "all holds");
    std::fs::remove_file(marked).unwrap();
}

#[test]
fn in_chinese() {
    let (proof, keys) = (file("half.proof"), file("half.keys"));
    check(&[&proof, "--key", &keys, "--lang", "zh"], 0, "第 3 条：批次，获知于 2016-07-01T");
    check(&[&keys, "--lang", "zh", "--key", &keys], 2, "不是第 1 版的证明包");
    check(&[&proof, "--lang", "zh"], 2, "未指定所信的密钥");
}

#[test]
fn a_bundle_that_does_not() {
    let text = std::fs::read_to_string(file("half.proof")).unwrap();
    let changed = std::env::temp_dir().join(format!("fenshui-verify-{}", std::process::id()));
    std::fs::write(&changed, text.replacen("entry 6 4", "entry 5 4", 1)).unwrap();
    let path = changed.display().to_string();
    check(&[&path, "--key", &file("half.keys")], 1, "WRONG: entry 5 is not in the book");
    std::fs::remove_file(changed).unwrap();
    let stranger = "stranger.example+3ab0ee8f+Ae0tQGCmFbVd+bYI/VQUYmpWPfrfwx/xzfrT0IKh1OJC";
    check(&[&file("half.proof"), "--key", stranger], 2, "is no verifier key");
}

/// A bundle is written one way only, to the byte.
#[test]
fn a_bundle_that_is_written_otherwise() {
    let text = std::fs::read_to_string(file("half.proof")).unwrap();
    let changed = std::env::temp_dir().join(format!("fenshui-verify-bytes-{}", std::process::id()));
    let path = changed.display().to_string();
    let other = |text: &str, says: &str| {
        std::fs::write(&changed, text).unwrap();
        check(&[&path, "--key", &file("half.keys")], 2, says);
    };
    other(text.trim_end(), "its signatures do not end in one line feed");
    other(&format!("{text}\n"), "its signatures do not end in one line feed");
    other(&text.replace('\n', "\r\n"), "no proof bundle of version 1");
    other(&text.replacen("\n17\n", "\n+17\n", 1), "it ends in no checkpoint");
    other(&text.replacen("\n17\n", "\n017\n", 1), "it ends in no checkpoint");
    other(&text.replacen("\n17\n", "\n17\r\n", 1), "the checkpoint has control characters");
    other(&text.replacen("entry 1 1", "entry 01 1", 1), "expected `entry NUMBER KIND`");
    other(&text.replacen("entry 1 1\n", "entry 1 1\r\n", 1), "expected `entry NUMBER KIND`");
    std::fs::remove_file(changed).unwrap();
}

#[test]
fn what_cannot_be_read() {
    check(&[], 2, "which bundle?");
    check(&[&file("half.proof")], 2, "give `--key`");
    check(&["--frobnicate"], 2, "unknown option");
    check(&["nowhere", "--key", &file("half.keys")], 2, "`nowhere`: there is no such file");
    let chinese = ["nowhere", "--key", &file("half.keys"), "--lang", "zh"];
    check(&chinese, 2, "无法读取「nowhere」：没有这个文件");
    check(&[&file("half.keys"), "--key", &file("half.keys")], 2, "no proof bundle");
    check(&["--help"], 0, "Exit: 0 all holds");
    check(&["--help", "--lang", "zh"], 0, "退出码：0 全部相符");
    check(&["--lang", "fr"], 2, "`--lang` wants en or zh");
    check(
        &["a\u{1b}[2Jb", "--key", &file("half.keys")],
        2,
        "fenshui-verify: cannot read `a␛[2Jb`: ",
    );
}
