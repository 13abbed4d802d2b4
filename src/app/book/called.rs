//! What accounts of a book are called by rules.

use crate::book::Account;
use crate::diagnostics::{Language, Words};
use crate::report::names::Names;
use crate::report::values::{account_label, account_text};

use super::translate::get;

/// An account as files write it, and as people call it.
pub(super) fn called(
    account: Option<&Account>,
    names: &Names,
    language: Language,
) -> (String, String) {
    let Some(account) = account else {
        let words = Words::new("undetermined", "待定");
        return (words.en.clone(), words.in_language(language).to_owned());
    };
    match get(&names.accounts, account.family) {
        Some(family) => (
            account_text(family, &account.key, names),
            account_label(family, &account.key, names, language),
        ),
        None => {
            let words =
                Words::new("(an account that these rules do not have)", "（此规则没有的账户）");
            let unknown = words.in_language(language).to_owned();
            (unknown.clone(), unknown)
        }
    }
}
