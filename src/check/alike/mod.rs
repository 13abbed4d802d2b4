//! Accounts that results could not tell apart.

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Account, RuleSet, Type};

codes! {
    /// **What it finds.** Two accounts that files may write alike: both have one code, or the code of a
    /// family may give what another account is called, or two parts of a key follow each other in it with
    /// nothing between. Two accounts that people call alike, by one label.
    ///
    /// **Why it matters.** In allocations, summaries and tables they could not be told apart, and what one
    /// of them got would read as the other's.
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
    for (at, account) in rules.accounts.iter().enumerate() {
        if account.code.as_ref().is_some_and(|code| code.contains("{}{}")) {
            found.push(run_together(account));
        }
        let mut earlier = rules.accounts.iter().take(at);
        let other = earlier.find_map(|other| Some((other, alike(rules, account, other)?)));
        found.extend(other.map(|(other, how)| told(account, other, how)));
    }
}

/// In what two accounts are alike.
enum Alike {
    Written,
    Called,
}

fn told(account: &Account, other: &Account, how: Alike) -> Diagnostic {
    let (one, two) = (&other.name.text, &account.name.text);
    let (words, help) = match how {
        Alike::Written => (
            Words::new(
                format!("results may write `{two}` as `{one}` is written"),
                format!("结果中「{two}」的写法可能与「{one}」相同"),
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

fn run_together(account: &Account) -> Diagnostic {
    let words = Words::new(
        "two parts of a key follow each other in this code with nothing between them",
        "此代码中键的两个部分相连，其间没有分隔",
    );
    let help = Words::new("write a sign between them: `{}-{}`", "其间写一个符号：「{}-{}」");
    Diagnostic::error(WRITTEN_ALIKE, account.name.span, words).with_help(help)
}

/// Whether two accounts may be written or called alike. Names without a code are different within a module,
/// and told apart by it among several; members are written with brackets, which no name has.
fn alike(rules: &RuleSet, one: &Account, two: &Account) -> Option<Alike> {
    let same_form = one.keys.is_empty() == two.keys.is_empty();
    let written = match (&one.code, &two.code) {
        (None, None) => false,
        (Some(one_code), Some(two_code)) if one_code == two_code => true,
        _ => gives(rules, one, &text(two)) || gives(rules, two, &text(one)),
    };
    let label = |label: &Option<String>, other: &Option<String>| label.is_some() && label == other;
    let called = label(&one.name.zh, &two.name.zh) || label(&one.name.en, &two.name.en);
    match written {
        true => Some(Alike::Written),
        false => (one.module == two.module && same_form && called).then_some(Alike::Called),
    }
}

/// How files write an account, or the pattern by which they write its members.
fn text(account: &Account) -> String {
    account.code.clone().unwrap_or_else(|| account.name.text.clone())
}

/// Whether the code of a family gives this text for some member.
fn gives(rules: &RuleSet, family: &Account, text: &str) -> bool {
    let parts = family.code.as_deref().and_then(|code| code.split_once("{}"));
    let ([key], Some((before, after))) = (family.keys.as_slice(), parts) else { return false };
    let Some(part) = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) else {
        return false;
    };
    match key.required() {
        Type::Member(enumeration) => {
            let declared = rules.enumerations.get(enumeration.index());
            let members = declared.into_iter().flat_map(|enumeration| &enumeration.members);
            members.into_iter().any(|member| member.name.text == part)
        }
        // Another family's pattern is no text that a key may have.
        _ => !part.contains("{}"),
    }
}
