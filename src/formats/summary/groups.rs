//! What tells the groups of a summary apart, and how those that have come are found.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::By;
use crate::rows::Cell;

/// What tells groups apart, beside the currency.
#[derive(Debug, Clone, Copy)]
pub(super) enum ApartBy {
    Day,
    /// The column of one field.
    Field(usize),
    More,
}

impl ApartBy {
    pub(super) fn of(by: &[By]) -> ApartBy {
        let others = by.iter().enumerate().filter(|(_, by)| **by != By::Account);
        let others: Vec<(usize, bool)> =
            others.map(|(column, by)| (column, matches!(by, By::Field(..)))).collect();
        match others.as_slice() {
            [(column, true)] => ApartBy::Field(*column),
            others if others.iter().all(|(_, is_field)| !is_field) => ApartBy::Day,
            _ => ApartBy::More,
        }
    }
}

/// Numbers for values, by which they are told apart.
#[derive(Debug, Default)]
pub(super) struct Interned {
    by_text: HashMap<Box<str>, u64, FixedState>,
    by_cell: HashMap<(u32, Cell), u64, FixedState>,
    /// Of small whole numbers, by number; zero if it has none yet.
    by_integer: Vec<u64>,
    next: u64,
}

/// Whole numbers up to here are found without a search.
const SMALL: usize = 4096;

/// The groups of days, in a list from the first day on. Days that are far off are left out.
#[derive(Debug, Default)]
pub(super) struct Days {
    first: i32,
    groups: Vec<u32>,
}

/// Two hundred years.
const DAYS_MAX: usize = 73_050;

impl Days {
    #[inline]
    pub(super) fn get(&self, day: i32) -> Option<u32> {
        let place = usize::try_from(day.checked_sub(self.first)?).ok()?;
        self.groups.get(place)?.checked_sub(1)
    }

    pub(super) fn put(&mut self, day: i32, group: u32) {
        if self.groups.is_empty() {
            self.first = day;
        }
        let (first, end) = (i64::from(self.first), i64::from(day) + 1);
        let all = i64::try_from(self.groups.len()).map_or(i64::MAX, |length| first + length);
        let (from, until) = (first.min(i64::from(day)), all.max(end));
        if usize::try_from(until - from).is_ok_and(|days| days <= DAYS_MAX) {
            let before = usize::try_from(first - from).unwrap_or(0);
            self.groups.splice(..0, std::iter::repeat_n(0, before));
            self.first = self.first.min(day);
            let days = usize::try_from(until - from).unwrap_or(0);
            self.groups.resize(days.max(self.groups.len()), 0);
            let place = usize::try_from(i64::from(day) - from).ok();
            if let Some(place) = place.and_then(|place| self.groups.get_mut(place)) {
                *place = group.saturating_add(1);
            }
        }
    }
}

impl Interned {
    pub(super) fn text(&mut self, text: &str) -> u64 {
        if let Some(code) = self.by_text.get(text) {
            return *code;
        }
        self.next += 1;
        self.by_text.insert(text.into(), self.next);
        self.next
    }

    #[inline]
    pub(super) fn integer(&mut self, number: i128) -> u64 {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        match self.by_integer.get(place) {
            Some(code) if *code != 0 => return *code,
            _ => {}
        }
        let code = self.cell(0, Cell::Integer(number));
        if place < SMALL {
            self.by_integer.resize(self.by_integer.len().max(place + 1), 0);
            if let Some(own) = self.by_integer.get_mut(place) {
                *own = code;
            }
        }
        code
    }

    pub(super) fn cell(&mut self, group: u32, cell: Cell) -> u64 {
        let next = self.next + 1;
        let code = *self.by_cell.entry((group, cell)).or_insert(next);
        self.next = self.next.max(code);
        code
    }
}
