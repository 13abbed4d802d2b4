//! `fenshui test`: runs the examples inside rules and reports like a test runner.

use std::collections::BTreeMap;

use crate::app::{self, ExampleResult, Loaded, PartKind, TestReport};
use crate::diagnostics::Language;
use crate::report::table::{Align, Table};

use super::args::{MessageFormat, TestArgs};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::rules;

pub(super) fn run(console: &Console, args: &TestArgs) -> Result<Exit, Stop> {
    let (mut passed, mut failed, mut broken) = (0_usize, 0_usize, false);
    let mut counts = Counts::new();
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
        if args.coverage {
            let text = match args.format {
                MessageFormat::Table => unreached(console, &loaded, &report),
                MessageFormat::Json => unreached_json(&loaded, &report),
            };
            console.print(&text)?;
        }
        for (kind, (reached, all)) in report.coverage.counts() {
            let sum: &mut (usize, usize) = counts.entry(kind).or_default();
            *sum = (sum.0 + reached, sum.1 + all);
        }
    }
    if args.format == MessageFormat::Table {
        let tally = match console.language {
            Language::English => format!("{passed} passed, {failed} failed\n"),
            Language::Chinese => format!("通过 {passed}，未通过 {failed}\n"),
        };
        console.print(&tally)?;
        // Of some examples one cannot tell what all of them reach.
        if args.filter.is_none() && !broken {
            console.print(&covered(console, &counts, args.coverage))?;
        }
    }
    Ok(match (broken, failed) {
        (true, _) => Exit::RulesBroken,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Failed,
    })
}

/// How many parts are reached, of how many there are.
type Counts = BTreeMap<PartKind, (usize, usize)>;

/// A line: `reached: 4 of 5 rules, 9 of 12 legs`.
fn covered(console: &Console, counts: &Counts, listed: bool) -> String {
    let count = |(kind, (reached, all)): (&PartKind, &(usize, usize))| {
        let (_, en, zh) = words(*kind);
        match console.language {
            Language::English => format!("{reached} of {all} {en}"),
            Language::Chinese => format!("{zh} {reached}/{all}"),
        }
    };
    let counted: Vec<String> = counts.iter().map(count).collect();
    if counted.is_empty() {
        return String::new();
    }
    let all = counts.values().all(|(reached, all)| reached == all);
    let more = match (all || listed, console.language) {
        (true, _) => "",
        (false, Language::English) => " (`--coverage` lists the others)",
        (false, Language::Chinese) => "（--coverage 列出其余）",
    };
    match console.language {
        Language::English => format!("reached by examples: {}{more}\n", counted.join(", ")),
        Language::Chinese => format!("示例已覆盖：{}{more}\n", counted.join("，")),
    }
}

/// What a kind of part is called: in files, in English and in Chinese.
fn words(kind: PartKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        PartKind::Rule => ("rule", "rules", "规则"),
        PartKind::Levy => ("levy", "levies", "征收"),
        PartKind::Leg => ("leg", "legs", "分项"),
        PartKind::Figure => ("figure", "figures", "指标"),
        PartKind::Version => ("version", "versions", "版本"),
        PartKind::Bracket => ("bracket", "brackets", "级距"),
        PartKind::Choice => ("option", "options", "释义选项"),
    }
}

fn unreached(console: &Console, loaded: &Loaded, report: &TestReport) -> String {
    let mut table = Table::headed(
        console.language,
        [
            ("no example reaches", "示例未覆盖", Align::Left),
            ("", "", Align::Left),
            ("", "", Align::Left),
        ],
    );
    let mut any = false;
    for (kind, name, span) in report.coverage.unreached() {
        let (en, _, zh) = words(kind);
        any = true;
        table.add([console.pick(en, zh).to_owned(), name.to_owned(), loaded.sources.place(span)]);
    }
    if any { table.draw() } else { String::new() }
}

fn unreached_json(loaded: &Loaded, report: &TestReport) -> String {
    let line = |(kind, name, span)| {
        let place = loaded.sources.place(span);
        format!(
            "{}\n",
            serde_json::json!({ "unreached": words(kind).0, "name": name, "place": place })
        )
    };
    report.coverage.unreached().map(line).collect()
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
    let mut table = Table::headed(
        console.language,
        [
            ("line", "行", Align::Right),
            ("of", "对象", Align::Left),
            ("expected", "应为", Align::Right),
            ("found", "实为", Align::Right),
            ("difference", "差额", Align::Right),
        ],
    );
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
