//! Accounts that results could not tell apart.

use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Account, RuleSet, Type};

codes! {
    /// **What it finds.** Two accounts that files may write alike: both have one code, or the code of a
    /// family may give what another account is called.
    ///
    /// **Why it matters.** In allocations and summaries they could not be told apart, and what one of
    /// them got would read as the other's.
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

/// Every two accounts.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for (at, account) in rules.accounts.iter().enumerate() {
        let earlier = rules.accounts.iter().take(at);
        let Some(other) = earlier.into_iter().find(|other| alike(rules, account, other)) else {
            continue;
        };
        let (one, two) = (&other.name.text, &account.name.text);
        let words = Words::new(
            format!("results may write `{two}` as `{one}` is written"),
            format!("结果中「{two}」的写法可能与「{one}」相同"),
        );
        let help = Words::new("give each a `code` of its own", "请各给不同的「代码」");
        let finding = Diagnostic::error(WRITTEN_ALIKE, account.name.span, words);
        let note = Words::new("the other one", "另一个");
        found.push(finding.with_note(other.name.span, note).with_help(help));
    }
}

/// Whether two accounts may be written alike. Names without a code are different, and their members
/// are written with brackets, which no name has.
fn alike(rules: &RuleSet, one: &Account, two: &Account) -> bool {
    match (&one.code, &two.code) {
        (None, None) => false,
        (Some(one_code), Some(two_code)) if one_code == two_code => true,
        _ => gives(rules, one, &text(two)) || gives(rules, two, &text(one)),
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
