//! The table of keywords in both tongues, made from the table that the grammar is made from.

use fenshui::diagnostics::Language;
use fenshui::syntax::keywords::keywords;

use super::folder;

fn page() -> String {
    let mut page = String::from(
        "# Keywords 关键词\n\n\
        Each keyword in both tongues. They mean the same, and one file may use both. Where there are\n\
        several spellings, `fenshui fmt` writes the first.\n\n\
        每个关键词有中英两种写法，含义相同，可在同一文件中混用；有多种写法时，`fenshui fmt` 写第一种。\n\n\
        Made from `grammar/keywords.tsv`; do not edit.\n\n\
        | English | 中文 |\n|---|---|\n",
    );
    for keyword in keywords() {
        let spellings = |language| -> String {
            let quoted: Vec<String> =
                keyword.spellings(language).iter().map(|word| format!("`{word}`")).collect();
            quoted.join(", ")
        };
        let (en, zh) = (spellings(Language::English), spellings(Language::Chinese));
        page.push_str(&format!("| {en} | {zh} |\n"));
    }
    page
}

#[test]
fn the_table_of_keywords_is_up_to_date() {
    let path = folder().join("keywords.md");
    let made = page();
    if std::env::var_os("FENSHUI_ACCEPT").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == made,
        "docs/reference/language/keywords.md is stale: run this test with FENSHUI_ACCEPT=1"
    );
}
