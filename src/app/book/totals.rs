//! What events add to running totals, as entries say it: by names and values that mean the same in every
//! edition.

use std::collections::BTreeSet;

use crate::book::{Addition, Counted, CountedIn};
use crate::diagnostics::Language;
use crate::engine::{StandingFeed, fed_tallies};
use crate::model::{RuleSet, Tally, Type};
use crate::plan::Plan;
use crate::rows::Cell;

use super::translate::{get, position};

/// The running totals of rules.
#[derive(Debug)]
pub(super) struct Totals<'r> {
    rules: &'r RuleSet,
    names: Vec<String>,
}

impl<'r> Totals<'r> {
    pub(super) fn of(rules: &'r RuleSet) -> Totals<'r> {
        let names = crate::app::names(rules, Language::English).tallies;
        Totals { rules, names: names.into_iter().map(|it| it.name.text).collect() }
    }

    /// Of an event, by its entry, what it adds to each total that legs of these rules may add to. Totals
    /// under keys that mean something in these rules alone are left out.
    pub(super) fn counted(&self, plan: &Plan, entry: u64, feeds: &[StandingFeed]) -> Counted {
        let total = |at: u32| {
            let tally = get(&self.rules.tallies, at)?;
            let own = feeds.iter().filter(|feed| feed.tally == at);
            let adds = own.map(|feed| {
                let parts = feed.key.iter().zip(&tally.keys);
                let key = parts.map(|(cell, ty)| self.said(cell, ty)).collect::<Option<_>>()?;
                let (leaves, besides) = (feed.leaves.clone(), feed.besides.clone());
                Some(Addition { key, leaves, besides })
            });
            Some(CountedIn {
                name: get(&self.names, at)?.clone(),
                keys: tally.key_names.clone(),
                scale: self.scale(tally),
                adds: adds.collect::<Option<_>>()?,
            })
        };
        Counted { entry, totals: fed_tallies(plan).into_iter().filter_map(total).collect() }
    }

    /// What entries say in these rules: the totals that are theirs, and what is added to them.
    pub(super) fn heard(&self, counted: &Counted) -> (BTreeSet<u32>, Vec<StandingFeed>) {
        let (mut known, mut feeds) = (BTreeSet::new(), Vec::new());
        for total in &counted.totals {
            let same = |at: &usize| {
                let own = self.names.get(*at).zip(self.rules.tallies.get(*at));
                own.is_some_and(|(name, tally)| {
                    *name == total.name
                        && tally.key_names == total.keys
                        && self.scale(tally) == total.scale
                })
            };
            let Some(at) = (0..self.names.len()).find(same) else { continue };
            if let Some(own) = self.feeds(at, &total.adds) {
                known.insert(position(at));
                feeds.extend(own);
            }
        }
        (known, feeds)
    }

    /// What is added to a total; nothing, if a key is none of it.
    fn feeds(&self, at: usize, adds: &[Addition]) -> Option<Vec<StandingFeed>> {
        let tally = self.rules.tallies.get(at)?;
        let feed = |it: &Addition| {
            let parts = it.key.iter().zip(&tally.keys);
            let key: Vec<Cell> =
                parts.map(|(cell, ty)| self.cell(cell, ty)).collect::<Option<_>>()?;
            let whole = key.len() == tally.keys.len() && key.len() == it.key.len();
            let (leaves, besides) = (it.leaves.clone(), it.besides.clone());
            whole.then(|| StandingFeed { tally: position(at), key, leaves, besides })
        };
        adds.iter().map(feed).collect()
    }

    fn scale(&self, tally: &Tally) -> u32 {
        match &tally.ty {
            Type::Money(currency) => {
                let currency = self.rules.currencies.get(currency.index());
                currency.map_or(2, |it| u32::from(it.scale))
            }
            _ => 0,
        }
    }

    /// A part of a key without positions.
    fn said(&self, cell: &Cell, ty: &Type) -> Option<Cell> {
        match (cell, ty.required()) {
            (Cell::Missing | Cell::List(_) | Cell::Record(_), _) | (_, Type::Option(_)) => None,
            (Cell::Member(member), Type::Member(of)) => {
                let member = get(&self.rules.enumerations.get(of.index())?.members, *member)?;
                Some(Cell::Text(member.name.text.as_str().into()))
            }
            (Cell::Member(_), _) => None,
            (other, _) => Some(other.clone()),
        }
    }

    /// A part of a key of these rules.
    fn cell(&self, said: &Cell, ty: &Type) -> Option<Cell> {
        let fits = match (said, ty.required()) {
            (Cell::Text(name), Type::Member(of)) => {
                let members = &self.rules.enumerations.get(of.index())?.members;
                let at = members.iter().position(|it| it.name.text == **name)?;
                return Some(Cell::Member(position(at)));
            }
            (Cell::Text(_), Type::Text)
            | (Cell::Bool(_), Type::Bool)
            | (Cell::Date(_), Type::Date)
            | (Cell::Duration(_), Type::Duration)
            | (
                Cell::Integer(_) | Cell::Number(_),
                Type::Integer | Type::Number | Type::Rate | Type::Money(_),
            ) => true,
            (Cell::Period(period), Type::Period(kind)) => period.kind() == *kind,
            _ => false,
        };
        fits.then(|| said.clone())
    }
}
