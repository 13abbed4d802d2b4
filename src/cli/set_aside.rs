//! What is said of rows that were set aside.

use crate::app::Aside;
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
pub(super) fn say_asides(console: &Console, first: &[Aside], count: u64, file: SetAsideFile) {
    for aside in first {
        let what = aside.aside.reason.what.in_language(console.language);
        let hint = aside.aside.reason.hint.in_language(console.language);
        let place = match &aside.place {
            Some((file, line)) if aside.is_record => {
                format!("{file}{}", console.pick(" record ", "第 ")) + &line.to_string()
            }
            Some((file, line)) => format!("{file}:{line}"),
            None => format!("{} {}", aside.aside.event, aside.aside.key),
        };
        let (word, help) = (console.pick("set aside", "搁置"), console.pick("help", "提示"));
        let code = aside.aside.reason.code;
        console.message(&format!("{word}[{code}]: {place}: {what}\n  {help}: {hint}"));
    }
    let more = count.saturating_sub(u64::try_from(first.len()).unwrap_or(0));
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
