//! Names and types: what resolving finds in texts that are wrong, and that the digest of a rule set
//! holds what it means and nothing else.

use std::path::PathBuf;

use fenshui::base::{FileId, LineIndex};
use fenshui::diagnostics::{Diagnostic, Language};
use fenshui::model::{self, Choice, RuleSet};
use fenshui::syntax;

use crate::floors::root;

fn resolve(text: &str) -> (RuleSet, Vec<Diagnostic>) {
    let (tree, mut found) = syntax::parse(FileId(0), text, false);
    let (set, more) = model::from_syntax(&[tree], &Choice::default());
    found.extend(more);
    (set, found)
}

/// Each `# error: CODE words` says what is found on its line; nothing else may be found.
#[track_caller]
fn check_errors(name: &str) {
    let path = root().join("tests/cases/model/bad").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = LineIndex::new(&text);
    let (_, found) = resolve(&text);
    let mut wanted: Vec<(u32, String)> = (1..)
        .zip(text.lines())
        .filter_map(|(number, line)| Some((number, line.split_once("# error: ")?.1.to_owned())))
        .collect();
    let mut wrong = Vec::new();
    for diagnostic in &found {
        let line = lines.line_column(diagnostic.span.start).line;
        let said =
            format!("{} {}", diagnostic.code.0, diagnostic.message.in_language(Language::English));
        let fits = |(at, words): &(u32, String)| {
            let (code, words) = words.split_once(' ').unwrap_or((words, ""));
            *at == line && diagnostic.code.0 == code && said.contains(words)
        };
        match wanted.iter().position(fits) {
            Some(position) => {
                wanted.remove(position);
            }
            None => wrong.push(format!("{name}:{line}: found {said}")),
        }
        assert!(!diagnostic.message.in_language(Language::Chinese).is_empty());
    }
    wrong.extend(wanted.iter().map(|(line, words)| format!("{name}:{line}: missing {words}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn unknown_names() {
    check_errors("names.fen");
}

#[test]
fn what_follows_from_one_mistake_is_not_said() {
    check_errors("follow_ups.fen");
    check_errors("missing_module.fen");
}

#[test]
fn wrong_types() {
    check_errors("types.fen");
}

#[test]
fn state_read_amiss() {
    check_errors("state.fen");
}

#[test]
fn events_and_examples() {
    check_errors("events.fen");
}

#[test]
fn words_that_are_nearly_chinese_fen() {
    check_errors("中文.fen");
    let text = std::fs::read_to_string(root().join("tests/cases/model/bad/中文.fen")).unwrap();
    let helps: Vec<String> = resolve(&text)
        .1
        .iter()
        .filter_map(|found| found.help.as_ref())
        .map(|help| help.in_language(Language::English).to_owned())
        .collect();
    assert_eq!(
        helps,
        ["`印花税` is the label of `stamp`: write `stamp`", "write `其余`", "write `60%`"]
    );
}

#[test]
fn days_out_of_order() {
    check_errors("days.fen");
}

#[test]
fn broken_declarations_cost_one_error_each() {
    check_errors("broken.fen");
}

#[test]
fn every_code_has_a_case() {
    let folder = root().join("tests/cases/model/bad");
    let cases: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    // Said only of several files, of scenarios, or of nothing but constants that fit every event.
    let elsewhere = ["F0203", "F0205", "F0217", "F0219"];
    let missing: Vec<&str> = model::CODES
        .iter()
        .map(|(code, _, _)| *code)
        .filter(|code| !elsewhere.contains(code) && !cases.contains(code))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn modules_without_a_head_and_in_a_circle() {
    let (_, found) = resolve("account central\n");
    assert_eq!(found.first().unwrap().code.0, "F0203");
    let one = "module a\nauthority national\nuse b\n";
    let other = "module b\nauthority national\nuse a\n";
    let trees: Vec<_> = [one, other]
        .iter()
        .zip(0..)
        .map(|(text, file)| syntax::parse(FileId(file), text, false).0)
        .collect();
    let (_, found) = model::from_syntax(&trees, &Choice::default());
    assert!(found.iter().any(|diagnostic| diagnostic.code.0 == "F0205"), "{found:?}");
}

#[test]
fn a_scenario_that_amends_nothing() {
    let text = "module a\nauthority national\naccount central\n\
        scenario other amends a { parameter share from 2020-01-01 : 5% }\n";
    let (tree, _) = syntax::parse(FileId(0), text, false);
    for chosen in ["other", "unknown"] {
        let choice = Choice { scenario: Some(chosen.to_owned()) };
        let (_, found) = model::from_syntax(std::slice::from_ref(&tree), &choice);
        assert!(found.iter().any(|diagnostic| diagnostic.code.0 == "F0219"), "{chosen}: {found:?}");
    }
}

/// What a wrong scenario is answered with, as `code message @ text`.
fn answers(scenario: &str) -> Vec<String> {
    let text = format!(
        "{SMALL}rule other overrides shared\n  when amount > 5\n  split inflow\n    all to local\n\
         scenario bad amends small {{\n{scenario}\n}}\n"
    );
    let (tree, found) = syntax::parse(FileId(0), &text, false);
    assert_eq!(found, [], "{scenario}");
    let choice = Choice { scenario: Some("bad".to_owned()) };
    let (_, found) = model::from_syntax(std::slice::from_ref(&tree), &choice);
    let at = |span: fenshui::base::Span| {
        text[usize::try_from(span.start).unwrap()..usize::try_from(span.end).unwrap()].to_owned()
    };
    let said = |found: &Diagnostic| {
        let message = found.message.in_language(Language::English);
        format!("{} {message} @ {}", found.code.0, at(found.span))
    };
    found.iter().map(said).collect()
}

#[test]
fn a_scenario_is_answered_where_it_is_wrong() {
    let cases = [
        (
            "rule shared { leg 1: 55 }",
            "F0219 scenario `bad` makes an amount of a leg that takes a rate @ leg 1: 55",
        ),
        (
            "rule shared { leg 7: 55% }",
            "F0219 scenario `bad` changes a leg that rule `shared` does not have @ leg 7: 55%",
        ),
        (
            "rule shred { leg 1: 55% }",
            "F0219 scenario `bad` finds no rule `shred` in the modules it amends @ shred",
        ),
        (
            "remove rule shared",
            "F0201 scenario `bad` removes `shared`, which something else still names @ shared",
        ),
    ];
    for (scenario, wanted) in cases {
        assert_eq!(answers(scenario), [wanted], "{scenario}");
    }
}

#[test]
fn a_scenario_replaces_a_parameter_from_the_same_day() {
    let text = "module a\nauthority national\naccount central\n\
        parameter share : rate { from 2020-01-01 : 5% }\n\
        scenario other amends a { parameter share from 2020-01-01 : 6% }\n";
    let (tree, _) = syntax::parse(FileId(0), text, false);
    let choice = Choice { scenario: Some("other".to_owned()) };
    let (set, found) = model::from_syntax(std::slice::from_ref(&tree), &choice);
    assert_eq!(found, []);
    let values: Vec<_> = set.parameters[0].timelines.values().flatten().collect();
    assert_eq!(values.len(), 1);
    let wanted = fenshui::base::Exact::parse_decimal("0.06").unwrap();
    assert_eq!(values[0].value, model::Constant::Number(wanted));
}

const SMALL: &str = "module small\nauthority national\nsettlement largest remainder\n\
    account central\naccount local\n\
    event receipt { id : text unique; date : date effective; amount : money inflow }\n\
    rule shared\n  split inflow\n    60% to central\n    rest to local\n";

#[test]
fn the_digest_holds_the_meaning() {
    let digest = |text: &str| {
        let (set, found) = resolve(text);
        assert_eq!(found, []);
        set.digest()
    };
    let base = digest(SMALL);
    let commented = SMALL.replace("rule shared", "# why\n\nrule   shared \"标签\"  # here");
    assert_eq!(digest(&commented), base, "comments, blanks and labels are not meaning");
    let chinese = SMALL
        .replace("rule shared", "规则 shared")
        .replace("split inflow", "分配 流入")
        .replace("60% to", "６０％ 归")
        .replace("rest to", "其余 归");
    assert_eq!(digest(&chinese), base, "either tongue means the same");
    assert_ne!(digest(&SMALL.replace("60%", "61%")), base);
    assert_ne!(digest(&SMALL.replace("rest to local", "rest to central")), base);
}

#[test]
fn files_named_by_the_cases_exist() {
    let folder: PathBuf = root().join("tests/cases/model/bad");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "broken.fen",
            "days.fen",
            "events.fen",
            "follow_ups.fen",
            "missing_module.fen",
            "names.fen",
            "state.fen",
            "types.fen",
            "中文.fen",
        ],
        "each has its test"
    );
}
