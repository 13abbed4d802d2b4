//! The manual of findings, which is the comments on the codes of each floor.
//!
//! `FENSHUI_ACCEPT=1 cargo test --test it manual` writes it anew.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use fenshui::{check, model, syntax};

use super::{files, findings, preamble, root};

/// A code with its titles and its page, empty where there is none yet.
struct Page {
    code: String,
    en: String,
    zh: String,
    page: Vec<String>,
}

/// The pages of `src/check`: the comment above each line `NAME "F0310" "title" "标题";`.
fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = Vec::new();
    files(&root().join("src/check"), &mut paths);
    let mut found = Vec::new();
    for path in paths {
        let mut page = Vec::new();
        for line in fs::read_to_string(path).unwrap().lines().map(str::trim) {
            if let Some(comment) = line.strip_prefix("///") {
                page.push(comment.strip_prefix(' ').unwrap_or(comment).to_owned());
                continue;
            }
            let parts: Vec<&str> = line.split('"').collect();
            if let [_, code, " ", en, " ", zh, ";"] = parts.as_slice()
                && code.starts_with('F')
            {
                let page = std::mem::take(&mut page);
                let (en, zh) = ((*en).to_owned(), (*zh).to_owned());
                found.push(Page { code: (*code).to_owned(), en, zh, page });
            }
            page.clear();
        }
    }
    found.sort_by(|one, two| one.code.cmp(&two.code));
    found
}

/// The example under a heading of a page.
fn example(page: &Page, heading: &str) -> Option<String> {
    let at = page.page.iter().position(|line| line == heading)?;
    let block = page.page.iter().skip(at + 1);
    let lines = block.skip_while(|line| !line.starts_with("```fen")).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| *line != "```").map(String::as_str).collect();
    Some(lines.join("\n") + "\n")
}

#[test]
fn every_code_has_a_page() {
    let pages = pages();
    for (code, en, zh) in check::CODES.iter().flat_map(|codes| codes.iter()) {
        let page = pages.iter().find(|page| page.code == code.0).expect(code.0);
        assert_eq!((page.en.as_str(), page.zh.as_str()), (*en, *zh));
        for part in ["**What it finds.**", "**Why it matters.**"] {
            assert!(page.page.iter().any(|line| line.starts_with(part)), "{}: {part}", code.0);
        }
    }
    let known = check::CODES.iter().flat_map(|codes| codes.iter()).count();
    assert_eq!(known, pages.len(), "a code is declared and not listed, or declared twice");
}

/// The bad example of a page raises its finding, the mended one does not, nor any error.
#[test]
fn examples_of_the_manual_are_true() {
    for page in pages() {
        let (Some(bad), Some(good)) =
            (example(&page, "**Not so:**"), example(&page, "**But so:**"))
        else {
            assert_eq!(page.code, "F0314", "{} has no examples", page.code);
            continue;
        };
        let show = |text: &str| {
            let before = preamble(text);
            let offset = before.lines().count();
            let all = findings(&(before + text)).into_iter().filter(|it| offset < it.line);
            all.map(|it| format!("{}: {} {}", it.severity, it.code, it.words)).collect::<Vec<_>>()
        };
        let is_it = |line: &String| line.contains(&page.code);
        let (wrong, mended) = (show(&bad), show(&good));
        assert!(wrong.iter().any(is_it), "{}: {wrong:#?}\n{bad}", page.code);
        let clean = mended.iter().all(|line| !is_it(line) && !line.starts_with("error"));
        assert!(clean, "{}: {mended:#?}\n{good}", page.code);
    }
}

#[test]
fn the_manual_is_not_stale() {
    let mut text = String::from(
        "# Findings\n\nWhat `fenshui check` says about rules, by code. `F01` is the spelling of a text, \
         `F02` its names, types and\nunits, `F03` the whole rule set. An error keeps the rules from \
         compiling; a warning says that they are\nprobably not what was meant; a note says what is worth \
         knowing, such as what could not be decided before\nthe run. This page is written from the code: \
         `FENSHUI_ACCEPT=1 cargo test --test it manual`.\n\n| code | | |\n|---|---|---|\n",
    );
    let spelling = syntax::CODES.iter().map(|(code, en, zh)| (code.0, *en, *zh));
    let meaning = model::CODES.iter().map(|(code, en, zh)| (*code, *en, *zh));
    let checking = check::CODES.iter().flat_map(|codes| codes.iter());
    let checking = checking.map(|(code, en, zh)| (code.0, *en, *zh));
    let mut all: Vec<(&str, &str, &str)> = spelling.chain(meaning).chain(checking).collect();
    all.sort_unstable();
    let pages = pages();
    for (code, en, zh) in &all {
        let linked = pages.iter().any(|page| page.code == *code);
        let link = code.to_lowercase();
        let code = if linked { format!("[{code}](#{link})") } else { (*code).to_owned() };
        writeln!(text, "| {code} | {en} | {zh} |").unwrap();
    }
    for Page { code, en, zh, page } in &pages {
        writeln!(text, "\n<a id=\"{}\"></a>\n", code.to_lowercase()).unwrap();
        writeln!(text, "## {code}: {en} · {zh}\n\n{}", page.join("\n").trim()).unwrap();
    }
    let path = root().join("docs/reference/diagnostics.md");
    if std::env::var_os("FENSHUI_ACCEPT").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "docs/reference/diagnostics.md is stale: run with FENSHUI_ACCEPT=1");
}
