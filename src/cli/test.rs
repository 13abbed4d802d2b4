//! `fenshui test`: runs the examples inside rules and reports like a test runner.

use crate::app::{self, ExampleResult, Loaded, TestReport};
use crate::diagnostics::Language;
use crate::report::table::{Align, Table};

use super::args::{MessageFormat, TestArgs};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::rules;

pub(super) fn run(console: &Console, args: &TestArgs) -> Result<Exit, Stop> {
    let (mut passed, mut failed, mut broken) = (0_usize, 0_usize, false);
    for path in &args.rules {
        let loaded = rules::load(console, path)?;
        let report = app::test(&loaded, args.filter.as_deref(), console.language);
        rules::say(console, &loaded, &report.errors);
        broken |= !report.errors.is_empty();
        let failures = report.examples.iter().filter(|result| !result.differences.is_empty());
        failed += failures.count();
        passed += report.examples.iter().filter(|result| result.differences.is_empty()).count();
        let text = match args.format {
            MessageFormat::Table => drawn(console, &loaded, &report),
            MessageFormat::Json => lines(&loaded, &report, console.language),
        };
        console.print(&text)?;
    }
    if args.format == MessageFormat::Table {
        let tally = match console.language {
            Language::English => format!("{passed} passed, {failed} failed\n"),
            Language::Chinese => format!("通过 {passed}，未通过 {failed}\n"),
        };
        console.print(&tally)?;
    }
    Ok(match (broken, failed) {
        (true, _) => Exit::RulesBroken,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Failed,
    })
}

fn drawn(console: &Console, loaded: &Loaded, report: &TestReport) -> String {
    let mut out = String::new();
    let color = console.color.on_stdout();
    let paint = |text: &str, code: &str| match color {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    };
    for result in &report.examples {
        let right = result.differences.is_empty();
        let mark = if right {
            paint(console.pick("ok", "通过"), "32")
        } else {
            paint(console.pick("FAILED", "未通过"), "31;1")
        };
        let place = loaded.sources.place(result.span);
        out.push_str(&format!("{mark}  {}  ({place})\n", result.title));
        if !right {
            out.push_str(&differing(console, loaded, result));
        }
    }
    out
}

fn differing(console: &Console, loaded: &Loaded, result: &ExampleResult) -> String {
    let heading = |en: &str, zh: &str, align| (console.pick(en, zh).to_owned(), align);
    let mut table = Table::new([
        heading("line", "行", Align::Right),
        heading("of", "对象", Align::Left),
        heading("expected", "应为", Align::Right),
        heading("found", "实为", Align::Right),
        heading("difference", "差额", Align::Right),
    ]);
    for difference in &result.differences {
        let place = loaded.sources.place(difference.span);
        let line = place.rsplit(':').nth(1).unwrap_or_default().to_owned();
        table.add([
            line,
            difference.subject.clone(),
            difference.expected.in_language(console.language).to_owned(),
            difference.found.in_language(console.language).to_owned(),
            difference.by.clone().unwrap_or_default(),
        ]);
    }
    let lines = table.draw();
    lines.lines().map(|line| format!("      {line}\n")).collect()
}

fn lines(loaded: &Loaded, report: &TestReport, language: Language) -> String {
    let mut out = String::new();
    for result in &report.examples {
        let differences: Vec<serde_json::Value> = result
            .differences
            .iter()
            .map(|difference| {
                serde_json::json!({
                    "place": loaded.sources.place(difference.span),
                    "of": difference.subject,
                    "expected": difference.expected.in_language(language),
                    "found": difference.found.in_language(language),
                    "difference": difference.by,
                })
            })
            .collect();
        let line = serde_json::json!({
            "example": result.title,
            "place": loaded.sources.place(result.span),
            "passed": differences.is_empty(),
            "differences": differences,
        });
        out.push_str(&format!("{line}\n"));
    }
    out
}
