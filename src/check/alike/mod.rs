//! Accounts that results could not tell apart.
//!
//! `texts` says by which texts files may write an account, `meet` finds one by which they may write two.

mod meet;
mod texts;

use crate::base::Spelling;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Account, Body, RuleSet, Target, shared_names};

use super::walk::each_target;
use meet::{Machine, common};

codes! {
    /// **What it finds.** Two accounts that files may write alike: both have one code, or for some keys the
    /// code of a family gives what another account is written as, or one of another family. A text in a key
    /// may be any. An account that may be written as what rules leave open (`undetermined`). A code in
    /// which nothing stands between two parts of a key, or a quotation mark behind the first. Two accounts
    /// that people call alike, by one label.
    ///
    /// **Why it matters.** In allocations, summaries and tables they could not be told apart, and what one
    /// of them got would read as the other's. The finding says a text that both may be written as.
    ///
    /// **Not so:**
    /// ```fen
    /// account one code "T1"
    /// account two code "T1"
    /// rule halves
    ///   split inflow
    ///     50%   to one
    ///     rest  to two
    /// ```
    /// **But so:**
    /// ```fen
    /// account one code "T1"
    /// account two code "T2"
    /// rule halves
    ///   split inflow
    ///     50%   to one
    ///     rest  to two
    /// ```
    WRITTEN_ALIKE "F0357" "accounts written alike" "账户写法相同";
}

/// Every account, and every two.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let written = written(rules);
    let open = leaves_open(rules).then(|| Written::plain("undetermined"));
    for (at, (account, own)) in rules.accounts.iter().zip(&written).enumerate() {
        found.extend(run_together(account));
        let mut earlier = rules.accounts.iter().zip(&written).take(at);
        let other = earlier.find_map(|(other, theirs)| {
            let written = own.as_well_as(theirs).map(Alike::Written);
            Some((other, written.or_else(|| called(account, other))?))
        });
        found.extend(other.map(|(other, how)| told(account, other, how)));
        let open = open.as_ref().and_then(|open| own.as_well_as(open));
        found.extend(open.map(|text| as_open(account, &text)));
    }
}

/// In what two accounts are alike.
enum Alike {
    /// In a text by which files may write either.
    Written(String),
    Called,
}

fn told(account: &Account, other: &Account, how: Alike) -> Diagnostic {
    let (one, two) = (&other.name.text, &account.name.text);
    let (words, help) = match how {
        Alike::Written(text) => (
            Words::new(
                format!("results may write `{two}` as `{one}` is written: `{text}`"),
                format!("结果中「{two}」的写法可能与「{one}」相同：「{text}」"),
            ),
            Words::new("give each a `code` of its own", "请各给不同的「代码」"),
        ),
        Alike::Called => (
            Words::new(
                format!("`{two}` is called as `{one}` is: they have a label in common"),
                format!("「{two}」与「{one}」标签相同"),
            ),
            Words::new("give each a label of its own", "请各给不同的标签"),
        ),
    };
    let note = Words::new("the other one", "另一个");
    let finding = Diagnostic::error(WRITTEN_ALIKE, account.name.span, words);
    finding.with_note(other.name.span, note).with_help(help)
}

fn as_open(account: &Account, text: &str) -> Diagnostic {
    let name = &account.name.text;
    let words = Words::new(
        format!("results may write `{name}` as what rules leave open: `{text}`"),
        format!("结果中「{name}」的写法可能与待定部分相同：「{text}」"),
    );
    let help = Words::new("give it another `code`", "请给它另外的「代码」");
    Diagnostic::error(WRITTEN_ALIKE, account.name.span, words).with_help(help)
}

/// Parts of a key that a code does not keep apart: a quotation mark of its own would read as one of theirs.
fn run_together(account: &Account) -> Option<Diagnostic> {
    let spelling = Spelling::of(account.code.as_deref()?, account.keys.len());
    let (_, places) = spelling.parts();
    let between = places.take(account.keys.len().saturating_sub(1)).map(|(_, behind)| behind);
    let amiss = between.into_iter().find(|it| it.is_empty() || it.starts_with('"'))?;
    let words = match amiss.is_empty() {
        true => Words::new(
            "two parts of a key follow each other in this code with nothing between them",
            "此代码中键的两个部分相连，其间没有分隔",
        ),
        false => Words::new(
            "a quotation mark follows a part of a key in this code, and parts may stand in such marks",
            "此代码中键的一个部分后面紧接引号，而各部分本身可能写在引号中",
        ),
    };
    let help = Words::new("write a sign between them: `{}-{}`", "其间写一个符号：「{}-{}」");
    Some(Diagnostic::error(WRITTEN_ALIKE, account.name.span, words).with_help(help))
}

/// Whether people may call two accounts alike: names are different within a module, and told apart by it
/// among several.
fn called(one: &Account, two: &Account) -> Option<Alike> {
    let same_form = one.keys.is_empty() == two.keys.is_empty();
    let label = |label: &Option<String>, other: &Option<String>| label.is_some() && label == other;
    let called = label(&one.name.zh, &two.name.zh) || label(&one.name.en, &two.name.en);
    (one.module == two.module && same_form && called).then_some(Alike::Called)
}

/// Whether some leg leaves open who gets what it takes.
fn leaves_open(rules: &RuleSet) -> bool {
    let mut open = false;
    let mut visit = |target: &Target| open |= matches!(target, Target::Undetermined { .. });
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        match &case.body {
            Body::Split(split) => each_target(&split.target, &mut visit),
            Body::Transfers(transfers) => {
                transfers.iter().for_each(|it| each_target(&it.to, &mut visit));
            }
        }
    }
    open
}

/// How files may write an account.
enum Written {
    Plain(String),
    /// By keys whose texts have at least a letter, and by all.
    Family([Machine; 2]),
}

/// How files may write each account.
fn written(rules: &RuleSet) -> Vec<Written> {
    let shared = shared_names(rules.accounts.iter().map(|it| (&it.name, it.module)));
    let written = rules.accounts.iter().map(|account| {
        let name = rules.own_name((&account.name, account.module), &shared);
        match account.keys.as_slice() {
            [] => {
                let code = account.code.as_deref().unwrap_or(&name);
                Written::Plain(Spelling::of(code, 0).write(&[]))
            }
            _ => Written::Family(
                [false, true]
                    .map(|blank| Machine::of(&texts::of_account(rules, &name, account, blank))),
            ),
        }
    });
    written.collect()
}

impl Written {
    fn plain(text: &str) -> Written {
        Written::Plain(text.to_owned())
    }

    /// A text by which files may write both.
    fn as_well_as(&self, other: &Written) -> Option<String> {
        match (self, other) {
            (Written::Plain(one), Written::Plain(two)) => (one == two).then(|| one.clone()),
            (Written::Plain(text), Written::Family(family))
            | (Written::Family(family), Written::Plain(text)) => {
                let text = Machine::of(&texts::word(text));
                family.iter().find_map(|family| common(&text, family))
            }
            (Written::Family(one), Written::Family(two)) => {
                one.iter().zip(two).find_map(|(one, two)| common(one, two))
            }
        }
    }
}
