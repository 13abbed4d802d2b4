//! What the first page tells an auditor to type is typed here, in both tongues, and gives what it shows.

use std::path::Path;

use crate::cli::outcome;
use crate::floors::root;

const PAGES: [(&str, &str); 2] = [("README.md", "en"), ("README.zh.md", "zh")];

/// The blocks of a page that are marked so, each as its lines, of those that speak of a book.
fn blocks(page: &str, mark: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let head = format!("```{mark}\n");
    let parts = text.split(&head).skip(1);
    let blocks = parts.map(|part| part.split("```").next().unwrap());
    blocks.map(|block| block.lines().map(str::to_owned).collect()).collect()
}

/// Types a line of a page, without what it says behind `#`.
fn typed(line: &str, folder: &Path) -> String {
    let line = line.split(" #").next().unwrap().trim();
    if let Some((command, file)) = line.split_once(" > ") {
        let said = outcome(command, folder, "2018.book");
        std::fs::write(folder.join(file), said).unwrap();
        return String::new();
    }
    outcome(line, folder, "2018.book")
}

#[test]
fn an_auditor_gets_what_the_page_shows() {
    for (page, language) in PAGES {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        outcome(&format!("fenshui new demo --lang {language}"), folder, "2018.book");
        let commands: Vec<String> = blocks(page, "sh")
            .concat()
            .into_iter()
            .filter(|it| it.contains("fenshui book "))
            .collect();
        assert!(commands.len() > 8, "{page}: {commands:?}");
        for command in &commands {
            let said = typed(command, folder);
            assert!(!said.contains("! error") && !said.contains("[exit"), "{command}: {said}");
        }
        let verify = blocks(page, "sh").concat().into_iter().find(|it| it.contains("-verify "));
        let said = typed(&verify.unwrap(), folder);
        let shown = blocks(page, "text").into_iter().find(|it| it[0].contains("2018`")).unwrap();
        let mut lines = said.lines();
        for wanted in shown.iter().filter(|line| line.as_str() != "…") {
            assert!(lines.any(|line| line == wanted), "{page}: `{wanted}` is not in\n{said}");
        }
        assert!(shown.last().unwrap() == "all holds" && shown.len() > 4, "{shown:?}");
    }
}
