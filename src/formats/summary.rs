//! The summary file: exact totals by account, by fields of the event, by year, quarter or month.

mod groups;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::base::{Money, Period};
use crate::diagnostics::Language;
use crate::report::names::{Kind, Names};
use crate::report::values::money_label;
use crate::rows::{Accounts, Allocation, Cell, Column, EndedTogether, EventAt, Payee};

use super::by::By;
use super::error::FormatsError;
use super::output::Output;
use super::parts::{Part, compare_parts, part_text};
use super::records::{Holds, Records, ResultColumn, ResultLayout};
use groups::{ApartBy, Days, Interned};

/// Adds up allocations. Memory grows with the number of totals, not of events.
///
/// What an event has in common for all its allocations is its *group*; a total is that of a group
/// and an account.
#[derive(Debug)]
pub struct Summary {
    by: Vec<By>,
    /// Groups by the numbers of the currency and of the columns, the account left out.
    groups: HashMap<Box<[u64]>, u32, FixedState>,
    /// Groups that have just occurred, each where the mix of its numbers puts it.
    recent: Vec<Option<(Box<[u64]>, u32)>>,
    /// Whether totals are by account.
    by_account: bool,
    /// What tells groups of one currency apart.
    apart_by: ApartBy,
    /// If it is the day: by currency and day, from the first on, the number of the group and one.
    days: Vec<Days>,
    /// If it is a field: the same by currency and number of the value.
    values: Vec<Vec<u32>>,
    /// For each event kind, the number of its currency.
    currencies: Vec<u32>,
    /// For each column and event kind, the first kind whose field there is of the same type: values
    /// of theirs are the same values.
    alike: Vec<Vec<u32>>,
    /// For the first groups and accounts, the place of the total after the number of its account;
    /// zero if there is none.
    near: Vec<Vec<u32>>,
    /// The same for all others.
    far: HashMap<(u32, u32), u32, FixedState>,
    parts: Vec<Vec<Part>>,
    sums: Vec<Money>,
    /// Places by what they are the total of, once summaries have been joined.
    joined: Option<HashMap<Vec<Part>, u32, FixedState>>,
    /// Values of the columns that are no small numbers, by column.
    interned: Vec<Interned>,
    key: Vec<u64>,
    labels: bool,
}

/// So many accounts of so many groups are found without a search, at the price of 16 megabytes.
const NEAR_ACCOUNTS: usize = 4096;
const NEAR_GROUPS: usize = 1024;
/// So many values of a field are found so too.
const NEAR_VALUES: usize = 1 << 16;
const RECENT: usize = 256;
const MIXER: u64 = 0x9E37_79B9_7F4A_7C15;

impl Summary {
    /// A summary by these columns.
    pub fn new(by: Vec<By>) -> Summary {
        let interned = by.iter().map(|_| Interned::default()).collect();
        let by_account = by.contains(&By::Account);
        let apart_by = ApartBy::of(&by);
        Summary {
            by,
            groups: HashMap::default(),
            recent: vec![None; RECENT],
            by_account,
            apart_by,
            days: Vec::new(),
            values: Vec::new(),
            currencies: Vec::new(),
            alike: Vec::new(),
            near: Vec::new(),
            far: HashMap::default(),
            parts: Vec::new(),
            sums: Vec::new(),
            joined: None,
            interned,
            key: Vec::new(),
            labels: false,
        }
    }

    /// The same with what people call each account, beside how files write it.
    pub fn with_labels(self) -> Summary {
        Summary { labels: true, ..self }
    }

    /// Adds what one event gave.
    ///
    /// # Errors
    /// A total leaves the supported range.
    pub fn event(
        &mut self,
        event: EventAt<'_>,
        allocations: &[Allocation],
        accounts: &dyn Accounts,
        names: &Names,
    ) -> Result<(), FormatsError> {
        let currency = self.currency(event.batch.event, names);
        self.add((&event, currency), allocations.iter().copied(), accounts, names)
    }

    /// Adds what events gave that were worked out together.
    ///
    /// # Errors
    /// A total leaves the supported range.
    pub fn together(
        &mut self,
        events: EndedTogether<'_>,
        accounts: &dyn Accounts,
        names: &Names,
    ) -> Result<(), FormatsError> {
        let currency = self.currency(events.batch().event, names);
        for one in events.events() {
            // Nobody can guess which legs give nothing, so that is not asked.
            self.add((&one.event, currency), one.legs(), accounts, names)?;
        }
        Ok(())
    }

    #[inline]
    fn add(
        &mut self,
        (event, currency): (&EventAt<'_>, u32),
        given: impl Iterator<Item = Allocation>,
        accounts: &dyn Accounts,
        names: &Names,
    ) -> Result<(), FormatsError> {
        let group = self.group(event, currency);
        for Allocation { payee, amount, .. } in given {
            let account = match payee {
                Payee::Account(position) if self.by_account => position.saturating_add(1),
                Payee::Account(_) | Payee::Undetermined => 0,
            };
            // Nearly all are near.
            let known = self.near(group, account).or_else(|| self.far(group, account));
            let place = match known {
                Some(place) => place,
                // What is nothing begins no total.
                None if amount.is_zero() => continue,
                None => self.add_total(group, account, (event, payee), accounts, names),
            };
            if let Some(sum) = self.sums.get_mut(place) {
                let Some(more) = sum.checked_add(amount) else {
                    return Err(FormatsError::TotalTooLarge);
                };
                *sum = more;
            }
        }
        Ok(())
    }

    /// Joins the totals of a part of the events, added up apart: by names, whatever the numbers of
    /// its accounts. The result does not depend on the order in which parts are joined.
    ///
    /// # Errors
    /// A total leaves the supported range.
    pub fn merge(&mut self, other: Summary) -> Result<(), FormatsError> {
        for (parts, sum) in other.parts.into_iter().zip(other.sums) {
            let place = self.place_of(parts);
            if let Some(own) = self.sums.get_mut(place) {
                *own = own.checked_add(sum).ok_or(FormatsError::TotalTooLarge)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn group(&mut self, event: &EventAt<'_>, currency: u32) -> u32 {
        let place = usize::try_from(currency).unwrap_or(usize::MAX);
        match self.apart_by {
            ApartBy::Day => {
                let day = event.booked.days();
                match self.days.get(place).and_then(|days| days.get(day)) {
                    Some(group) => group,
                    None => self.group_of_new_day((event, currency), (place, day)),
                }
            }
            ApartBy::Field(column) => self.group_of_value(column, (event, currency), place),
            ApartBy::More => self.group_of_codes(currency, event),
        }
    }

    #[cold]
    fn group_of_new_day(
        &mut self,
        (event, currency): (&EventAt<'_>, u32),
        (place, day): (usize, i32),
    ) -> u32 {
        let group = self.group_of_codes(currency, event);
        if self.days.len() <= place && place < NEAR_GROUPS {
            self.days.resize_with(place + 1, Days::default);
        }
        if let Some(days) = self.days.get_mut(place) {
            days.put(day, group);
        }
        group
    }

    /// The group of the value of one field.
    fn group_of_value(
        &mut self,
        column: usize,
        (event, currency): (&EventAt<'_>, u32),
        place: usize,
    ) -> u32 {
        let own = self.by.get(column).zip(self.alike.get(column));
        let own = own.zip(self.interned.get_mut(column));
        let value = own.map_or(usize::MAX, |((by, alike), interned)| {
            let code = code(by, event, first_alike(alike, event), interned);
            usize::try_from(code).unwrap_or(usize::MAX)
        });
        let known = self.values.get(place).and_then(|groups| groups.get(value)?.checked_sub(1));
        if let Some(group) = known {
            return group;
        }
        let group = self.group_of_codes(currency, event);
        if place < NEAR_GROUPS && value < NEAR_VALUES {
            self.values.resize_with(self.values.len().max(place + 1), Vec::new);
            if let Some(groups) = self.values.get_mut(place) {
                groups.resize(groups.len().max(value + 1), 0);
                groups.get_mut(value).into_iter().for_each(|own| *own = group.saturating_add(1));
            }
        }
        group
    }

    fn group_of_codes(&mut self, currency: u32, event: &EventAt<'_>) -> u32 {
        self.key.clear();
        self.key.push(u64::from(currency));
        for ((by, interned), alike) in self.by.iter().zip(&mut self.interned).zip(&self.alike) {
            self.key.push(code(by, event, first_alike(alike, event), interned));
        }
        let mix = self.key.iter().fold(0, |mix: u64, code| (mix ^ code).wrapping_mul(MIXER));
        let recent =
            usize::try_from(mix >> 32).ok().and_then(|at| self.recent.get_mut(at % RECENT));
        if let Some(Some((key, group))) = &recent
            && key.iter().eq(&self.key)
        {
            return *group;
        }
        let group = match self.groups.get(self.key.as_slice()) {
            Some(group) => *group,
            None => {
                let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
                self.groups.insert(self.key.as_slice().into(), next);
                next
            }
        };
        match recent {
            Some(Some((key, known))) => {
                key.copy_from_slice(&self.key);
                *known = group;
            }
            Some(free) => *free = Some((self.key.as_slice().into(), group)),
            None => {}
        }
        group
    }

    /// The number of the currency of an event kind.
    fn currency(&mut self, kind: u32, names: &Names) -> u32 {
        if self.currencies.is_empty() {
            let kinds = (0_u32..).take(names.events.len());
            self.currencies = kinds.map(|kind| names.currency_of(kind)).collect();
            self.alike = self.by.iter().map(|by| alike(by, names)).collect();
        }
        let at = usize::try_from(kind).ok();
        at.and_then(|at| self.currencies.get(at)).copied().unwrap_or(kind)
    }

    /// Where the total of a group and an account is, if both are of the first.
    #[inline]
    fn near(&self, group: u32, account: u32) -> Option<usize> {
        let accounts = self.near.get(usize::try_from(group).ok()?)?;
        let place = *accounts.get(usize::try_from(account).ok()?)?;
        usize::try_from(place.checked_sub(1)?).ok()
    }

    /// Where the total of a group and an account is, if it is not near.
    fn far(&self, group: u32, account: u32) -> Option<usize> {
        if self.far.is_empty() {
            return None;
        }
        self.far.get(&(group, account)).and_then(|place| usize::try_from(*place).ok())
    }

    /// Starts a total, or finds it among those joined.
    fn add_total(
        &mut self,
        group: u32,
        account: u32,
        (event, payee): (&EventAt<'_>, Payee),
        accounts: &dyn Accounts,
        names: &Names,
    ) -> usize {
        let mut parts: Vec<Part> = self
            .by
            .iter()
            .zip(&self.alike)
            .map(|(by, alike)| part(by, event, first_alike(alike, event), payee, accounts))
            .collect();
        parts.push(Part::Currency(self.currency(event.batch.event, names)));
        let place = match self.joined {
            Some(_) => self.place_of(parts),
            None => self.push_total(parts),
        };
        let (Ok(number), Ok(group_at), Ok(account_at)) =
            (u32::try_from(place), usize::try_from(group), usize::try_from(account))
        else {
            return place;
        };
        if group_at >= NEAR_GROUPS || account_at >= NEAR_ACCOUNTS {
            self.far.insert((group, account), number);
            return place;
        }
        if self.near.len() <= group_at {
            self.near.resize_with(group_at + 1, Vec::new);
        }
        if let Some(places) = self.near.get_mut(group_at) {
            places.resize(places.len().max(account_at + 1), 0);
            if let Some(near) = places.get_mut(account_at) {
                *near = number.saturating_add(1);
            }
        }
        place
    }

    fn push_total(&mut self, parts: Vec<Part>) -> usize {
        self.parts.push(parts);
        self.sums.push(Money::ZERO);
        self.sums.len() - 1
    }

    /// Where the total of these parts is, started if need be.
    fn place_of(&mut self, parts: Vec<Part>) -> usize {
        let bare = |parts: &[Part]| parts.iter().map(Part::bare).collect::<Vec<Part>>();
        let own = &self.parts;
        let joined = self
            .joined
            .get_or_insert_with(|| (0..).zip(own).map(|(place, own)| (bare(own), place)).collect());
        let next = u32::try_from(own.len()).unwrap_or(u32::MAX);
        let place = *joined.entry(bare(&parts)).or_insert(next);
        if place == next {
            return self.push_total(parts);
        }
        usize::try_from(place).unwrap_or(usize::MAX)
    }

    /// The totals in order: accounts as declared, numbers and dates by value, members as declared,
    /// texts by code point. Each has a part for every column, then the currency.
    pub fn totals(self) -> Vec<(Vec<Part>, Money)> {
        let mut totals: Vec<(Vec<Part>, Money)> = self.parts.into_iter().zip(self.sums).collect();
        totals.sort_by(|(one, _), (other, _)| compare_parts(one, other));
        totals
    }

    /// Writes the totals in order.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(
        self,
        names: &Names,
        output: Output,
        layout: ResultLayout,
        language: Language,
    ) -> Result<(), FormatsError> {
        let currency = names.has_currencies();
        let numeric = |by: &By| match by {
            By::Account => false,
            By::Period(_) => true,
            By::Field(_, positions) => names.events.iter().zip(positions).any(|(table, at)| {
                let field = at.and_then(|at| table.fields.get(at));
                field.is_some_and(|field| matches!(field.kind, Kind::Integer | Kind::Money(_)))
            }),
        };
        let labels = self.labels && layout != ResultLayout::Table;
        let mut columns: Vec<ResultColumn> = Vec::new();
        for by in &self.by {
            let (heading, numeric) = (by.heading(names, language), numeric(by));
            let column = ResultColumn::new(by.name(), &heading, numeric);
            columns.push(column.holding(by.holds(names)));
            if labels && *by == By::Account {
                columns.push(ResultColumn::new("account_label", "account_label", false));
            }
        }
        let mut add = |name: &str, zh: &str, holds: Holds| {
            let heading = if language == Language::Chinese { zh } else { name };
            let column = ResultColumn::new(name, heading, holds != Holds::Text);
            columns.push(column.holding(holds));
        };
        if currency {
            add("currency", "币种", Holds::Text);
        }
        add("amount", "金额", Holds::Amount(names.greatest_scale()));
        let person = (layout == ResultLayout::Table).then_some(language);
        let mut records = Records::new(output, layout, columns, "… {}")?;
        for (parts, total) in self.totals() {
            let mut scale = 2;
            for part in &parts {
                if let Part::Currency(event) = part {
                    let at = usize::try_from(*event).ok();
                    let table = at.and_then(|at| names.events.get(at));
                    scale = table.map_or(2, |table| table.currency.scale);
                    if currency {
                        records.text(table.map_or("", |table| table.currency.code.as_str()));
                    }
                    continue;
                }
                match part {
                    Part::Value(_, _, Cell::Missing) => records.missing(),
                    Part::Value(_, _, Cell::Integer(_)) | Part::Period(_) if person.is_none() => {
                        let text = part_text(part, names, None);
                        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
                            && text.parse::<i32>().is_ok()
                        {
                            records.bare(&text);
                        } else {
                            records.text(&text);
                        }
                    }
                    part => records.text(&part_text(part, names, person)),
                }
                if labels && matches!(part, Part::Account(..) | Part::Undetermined) {
                    records.text(&part_text(part, names, Some(language)));
                }
            }
            match person {
                Some(_) => records.text(&money_label(total, scale)),
                None => records.text(&total.format(scale)),
            }
            records.end_row()?;
        }
        records.finish()
    }
}

/// A number that stands for the value of a column; equal values have equal numbers.
fn code(by: &By, event: &EventAt<'_>, first: u32, interned: &mut Interned) -> u64 {
    match by {
        // It is not the event's.
        By::Account => 0,
        By::Period(kind) => {
            u64::try_from(Period::of(*kind, event.booked).index()).unwrap_or_default()
        }
        By::Field(_, positions) => {
            let column = field_at(positions, event).and_then(|at| event.batch.columns.get(at));
            match column {
                Some(Column::Text(texts)) => {
                    texts.get(event.row).map_or(0, |text| interned.text(text))
                }
                Some(Column::Integer(numbers)) => {
                    numbers.get(event.row).map_or(0, |number| interned.integer(number))
                }
                Some(column) => match column.cell(event.row) {
                    Cell::Missing => 0,
                    // Members of two enumerations may stand at the same place.
                    cell @ Cell::Member(_) => interned.cell(first, cell),
                    cell => interned.cell(0, cell),
                },
                None => 0,
            }
        }
    }
}

fn part(by: &By, event: &EventAt<'_>, first: u32, payee: Payee, accounts: &dyn Accounts) -> Part {
    match by {
        By::Account => match payee {
            Payee::Account(position) => {
                accounts.account(position).map_or(Part::Undetermined, |(declared, key)| {
                    Part::Account(declared, key.to_vec())
                })
            }
            Payee::Undetermined => Part::Undetermined,
        },
        By::Period(kind) => Part::Period(Period::of(*kind, event.booked)),
        By::Field(_, positions) => {
            let field = field_at(positions, event);
            let column = field.and_then(|at| event.batch.columns.get(at));
            let cell = column.map_or(Cell::Missing, |column| column.cell(event.row));
            let field = usize::try_from(first).ok().and_then(|at| *positions.get(at)?);
            Part::Value(first, field, cell)
        }
    }
}

/// For each event kind, the first one whose field of a column is of the same type.
fn alike(by: &By, names: &Names) -> Vec<u32> {
    let kinds = (0_u32..).zip(&names.events);
    let By::Field(_, positions) = by else { return kinds.map(|(kind, _)| kind).collect() };
    let types: Vec<Option<&Kind>> = names
        .events
        .iter()
        .zip(positions)
        .map(|(table, at)| at.and_then(|at| table.fields.get(at)).map(|field| &field.kind))
        .collect();
    let first = |(kind, own): (u32, &Option<&Kind>)| {
        let like =
            |other: &Option<&Kind>| other.zip(*own).is_some_and(|(other, own)| other.is_like(own));
        let first = types.iter().position(like);
        first.and_then(|first| u32::try_from(first).ok()).unwrap_or(kind)
    };
    (0..).zip(&types).map(first).collect()
}

fn first_alike(alike: &[u32], event: &EventAt<'_>) -> u32 {
    let at = usize::try_from(event.batch.event).ok();
    at.and_then(|at| alike.get(at)).copied().unwrap_or(event.batch.event)
}

fn field_at(positions: &[Option<usize>], event: &EventAt<'_>) -> Option<usize> {
    let at = usize::try_from(event.batch.event).ok()?;
    positions.get(at).copied().flatten()
}
