//! What is said of rows that were set aside.

use crate::app::{Aside, RunReport};
use crate::diagnostics::Words;

use super::console::Console;

/// Where somebody finds all rows that were set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetAsideFile {
    /// In the file that was asked for.
    Written,
    /// In a file, if one is asked for.
    Possible,
    /// In the book.
    InBook,
    /// In the file of a run over the same events.
    Elsewhere,
}

/// Says why the first ones were set aside, and how many more there are.
pub(super) fn say_asides(console: &Console, report: &RunReport, file: SetAsideFile) {
    let first = (report.first_aside.as_slice(), report.totals.set_aside);
    say_first(console, first, report.remedy.as_ref(), file);
}

/// The same of the first ones and how many there are; with what would mend them all, if all are
/// wrong alike.
pub(super) fn say_first(
    console: &Console,
    (first, count): (&[Aside], u64),
    remedy: Option<&Words>,
    file: SetAsideFile,
) {
    // What is wrong with every row is said once, with how many they are; that is a note.
    let remedy = remedy.filter(|_| !console.quiet);
    let shown = if remedy.is_some() { 1 } else { first.len() };
    for aside in first.iter().take(shown) {
        let what = aside.aside.reason.what.in_language(console.language);
        let hint = aside.aside.reason.hint.in_language(console.language);
        let place = match &aside.place {
            Some(place) => place.in_language(console.language).to_owned(),
            None => format!("{} {}", aside.aside.event, aside.aside.key),
        };
        let (word, help) = (console.pick("set aside", "搁置"), console.pick("help", "提示"));
        let code = aside.aside.reason.code;
        console.message(&format!("{word}[{code}]: {place}: {what}\n  {help}: {hint}"));
    }
    if let Some(remedy) = remedy {
        let (en, zh) = match remedy.en.as_str() {
            "" => (String::new(), String::new()),
            _ => (format!("; {}", remedy.en), format!("；{}", remedy.zh)),
        };
        console.note(&Words::new(
            format!("all {count} rows are set aside for this reason{en}"),
            format!("全部 {count} 行均因此搁置{zh}"),
        ));
        return;
    }
    let more = count.saturating_sub(u64::try_from(shown).unwrap_or(0));
    if more == 0 {
        return;
    }
    let (en, zh) = match file {
        SetAsideFile::Written => (", all in the file", "，均在文件中"),
        SetAsideFile::Possible => {
            ("; `--set-aside FILE` writes them all, whole", "；用 --set-aside 文件 写出全部原行")
        }
        SetAsideFile::InBook => (", all in the book", "，均在账簿中"),
        SetAsideFile::Elsewhere => (
            "; `fenshui run … --set-aside FILE` writes them all, whole",
            "；用 fenshui run … --set-aside 文件 写出全部原行",
        ),
    };
    console
        .note(&Words::new(format!("{more} more set aside{en}"), format!("另有 {more} 条搁置{zh}")));
}
