//! Which account a text of a table names.
//!
//! What files write is taken as it stands: another blank or another width of a letter in a key makes it
//! another account. Only a text that names none so is looked at as a person sees it.

use std::collections::BTreeSet;

use crate::base::{Spelling, of_brackets};
use crate::formats::cell_of_text;
use crate::report::names::{Keyed, Kind, Names, folded};
use crate::report::values::account_text;
use crate::rows::Cell;

use super::dues::{Account, UNDETERMINED};

/// What a table calls an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spoken {
    /// One account, as files write it.
    One(String),
    /// All of a family together.
    Family(u32),
}

impl Spoken {
    /// Whether money in an account is money here.
    pub fn is(&self, account: &Account) -> bool {
        match self {
            Spoken::One(text) => *text == account.text,
            Spoken::Family(family) => account.family == Some(*family),
        }
    }
}

/// The accounts that a table may name.
#[derive(Debug)]
pub(super) struct KnownAccounts<'n> {
    names: &'n Names,
    /// How files write each.
    spellings: Vec<Spelling>,
    /// Those that events give something to, as files write them.
    paid: BTreeSet<&'n str>,
    /// Their families.
    families: BTreeSet<u32>,
}

impl<'n> KnownAccounts<'n> {
    /// All that the rules declare, and those among them that events give something to.
    pub fn of(names: &'n Names, paid: impl IntoIterator<Item = &'n Account>) -> KnownAccounts<'n> {
        let spellings = names.accounts.iter().map(|account| {
            let code = account.code.as_deref().unwrap_or(&account.name.text);
            Spelling::of(code, account.keys.len())
        });
        let spellings = spellings.collect();
        let mut known =
            KnownAccounts { names, spellings, paid: BTreeSet::new(), families: BTreeSet::new() };
        for account in paid {
            known.paid.insert(&account.text);
            known.families.extend(account.family);
        }
        known
    }

    /// The account that a text names: as files write it, or as people do: `central`, `中央国库`,
    /// `treasury[hebei]`, or a family.
    pub fn named(&self, text: &str) -> Option<Spoken> {
        if self.paid.contains(text) {
            return Some(Spoken::One(text.to_owned()));
        }
        if text.trim().is_empty() {
            return None;
        }
        let bare = |text: &str| text.trim().to_owned();
        match (self.written(text).next(), self.called(text, bare).next()) {
            // A key may hold any text, a label and a blank behind a comma among them.
            (Some(written), Some(called)) if !self.is_paid(&called) => Some(written),
            (written, called) => called.or(written).or_else(|| self.seen(text)),
        }
    }

    fn is_paid(&self, spoken: &Spoken) -> bool {
        match spoken {
            Spoken::One(text) => self.paid.contains(text.as_str()),
            Spoken::Family(family) => self.families.contains(family),
        }
    }

    /// The one account that a text names where blanks around it and the width of letters do not matter.
    fn seen(&self, text: &str) -> Option<Spoken> {
        let mut all = self.called(text, folded);
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }

    fn declared(&self) -> impl Iterator<Item = (u32, &'n Keyed, &Spelling)> {
        let all = (0_u32..).zip(&self.names.accounts).zip(&self.spellings);
        all.map(|((family, account), spelling)| (family, account, spelling))
    }

    /// The accounts that files write just so.
    fn written(&self, text: &str) -> impl Iterator<Item = Spoken> {
        self.declared().filter_map(move |(_, account, spelling)| {
            let part = |part: &str, kind: &Kind| match kind {
                Kind::Text => Some(Cell::Text(part.into())),
                kind => cell_of_text(part, kind, self.names),
            };
            let one = self.one_of(account, &spelling.read(text)?, part)?;
            (one == text).then_some(Spoken::One(one))
        })
    }

    /// The accounts that people call so, with what they see of a text; of a key in brackets the parts
    /// stand as they are.
    fn called(&self, text: &str, seen: fn(&str) -> String) -> impl Iterator<Item = Spoken> {
        let whole = seen(text);
        let (name, parts) = in_brackets(text);
        let (name, parts) = (seen(name), parts.map(str::to_owned));
        let open = ["undetermined", "待定", "未定"].contains(&whole.as_str());
        let open = open.then(|| Spoken::One(UNDETERMINED.to_owned()));
        let declared = self.declared().filter_map(move |(family, account, spelling)| {
            let part = |part: &str, kind: &Kind| cell_of_text(part.trim(), kind, self.names);
            let is = |name: &str| account.name.spellings().any(|own| seen(own) == name);
            let count = account.keys.len();
            match &parts {
                _ if is(&whole) && count > 0 => return Some(Spoken::Family(family)),
                _ if is(&whole) => {
                    return Some(Spoken::One(account_text(account, &[], self.names)));
                }
                Some(parts) if is(&name) && count > 0 => {
                    let one = of_brackets(parts, count);
                    let one = one.and_then(|parts| self.one_of(account, &parts, part));
                    if let Some(one) = one {
                        return Some(Spoken::One(one));
                    }
                }
                _ => {}
            }
            self.one_of(account, &spelling.read(&whole)?, part).map(Spoken::One)
        });
        open.into_iter().chain(declared)
    }

    /// How files write the member of a family whose key has these parts.
    fn one_of(
        &self,
        account: &Keyed,
        parts: &[String],
        cell: impl Fn(&str, &Kind) -> Option<Cell>,
    ) -> Option<String> {
        let cells = parts.iter().zip(&account.keys).map(|(part, kind)| cell(part, kind));
        Some(account_text(account, &cells.collect::<Option<Vec<Cell>>>()?, self.names))
    }
}

/// A name, and what stands in brackets behind it.
fn in_brackets(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    let inside = text.strip_suffix([']', '］']);
    let inside = inside.and_then(|text| text.split_once(['[', '［']));
    inside.map_or((text, None), |(name, parts)| (name, Some(parts)))
}
