//! What a run sets aside: counted, kept with its reason, the first ones shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{Date, Duration, Exact};
use crate::diagnostics::Words;
use crate::formats::{FormatsError, SetAside, SetAsides, Unread};
use crate::model::{Rule, RuleSet};
use crate::report::names::{Names, folded};
use crate::report::{ReasonWords, reason_words};
use crate::rows::{Cell, EventAt, Origin, Reason, RegisterTable, Unreadable};

use super::firsts::Repeated;
use super::inputs::EventFile;
use super::run::Job;

/// An event set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Where it stands, or nothing for an event that the run made.
    pub place: Option<Words>,
    /// The same as a position.
    pub origin: Origin,
    /// What it is.
    pub aside: SetAside,
}

/// More than these are only counted and written to the file.
const ASIDE_SHOWN_MAX: usize = 10;

/// What is set aside, by the reader and by the engine.
pub(super) struct Asides<'j> {
    rules: &'j RuleSet,
    names: &'j Names,
    registers: &'j [(u32, RegisterTable)],
    files: &'j [EventFile],
    pub(super) kept: Option<SetAsides>,
    pub(super) first: Vec<Aside>,
    /// How many there are.
    pub(super) count: u64,
    /// The column, what is wrong and the first value, as long as it is the same with all of them.
    pub(super) alike: Option<(Option<Arc<str>>, Unreadable, Arc<str>)>,
    pub(super) unread: u64,
    pub(super) unread_unknown: u64,
    /// What rows that cannot be read would have brought, by event kind.
    pub(super) unread_money: BTreeMap<u32, Exact>,
    /// Events whose key another had.
    pub(super) repeated: Repeated,
}

impl<'j> Asides<'j> {
    pub(super) fn new(job: &'j Job<'j>, kept: Option<SetAsides>) -> Asides<'j> {
        Asides {
            rules: job.checked.rule_set(),
            names: job.names,
            registers: job.registers,
            files: job.events,
            kept,
            first: Vec::new(),
            count: 0,
            alike: None,
            unread: 0,
            unread_unknown: 0,
            unread_money: BTreeMap::new(),
            repeated: Repeated::default(),
        }
    }

    pub(super) fn unread(&mut self, rows: Vec<Unread>) -> Result<(), FormatsError> {
        for row in rows {
            self.unread += 1;
            match (row.event, row.inflow) {
                (Some(event), Some(inflow)) => {
                    let sum = self.unread_money.entry(event).or_insert(Exact::ZERO);
                    let sum_now = sum.add(&Exact::from(inflow.minor()));
                    *sum = sum_now.map_err(|_| FormatsError::TotalTooLarge)?;
                }
                _ => self.unread_unknown += 1,
            }
            self.add(row.origin, (row.event, None), String::new(), &row.reason)?;
        }
        Ok(())
    }

    pub(super) fn event(
        &mut self,
        event: EventAt<'_>,
        reason: &Reason,
    ) -> Result<(), FormatsError> {
        let origin = event.batch.origins.get(event.row).copied().unwrap_or(Origin::MADE);
        let key = if origin == Origin::MADE {
            super::keys::key_text(event, self.names)
        } else {
            String::new()
        };
        self.repeated.note(event, reason, self.names);
        self.add(origin, (Some(event.batch.event), Some(event.date)), key, reason)
    }

    /// Says where the first event stands whose key another one has.
    pub(super) fn tell_firsts(&mut self, firsts: BTreeMap<Origin, Origin>) {
        for aside in &mut self.first {
            let first = firsts.get(&aside.origin);
            let file = first.and_then(|it| self.files.get(usize::try_from(it.file).ok()?));
            if let (Some(first), Some(file)) = (first, file) {
                let (place, what) =
                    (file.input.place(first.line, None), &mut aside.aside.reason.what);
                what.en.push_str(&format!(": {}", place.en));
                what.zh.push_str(&format!("：{}", place.zh));
            }
        }
        if let Some(kept) = &mut self.kept {
            kept.tell_firsts(firsts);
        }
    }

    fn add(
        &mut self,
        origin: Origin,
        (event, day): (Option<u32>, Option<Date>),
        key: String,
        reason: &Reason,
    ) -> Result<(), FormatsError> {
        self.compare(reason);
        let shown = self.first.len() < ASIDE_SHOWN_MAX;
        if !shown && self.kept.is_none() {
            return Ok(());
        }
        let table = event
            .and_then(|event| usize::try_from(event).ok())
            .and_then(|at| self.names.events.get(at));
        let mut words = reason_words(reason, event, self.names);
        if let (Reason::NoRule { .. }, Some(table), Some(day)) = (reason, table, day) {
            on_day(&mut words, (day, &table.name.text), &self.periods(event));
        }
        let aside = SetAside {
            event: table.map_or_else(String::new, |table| table.name.text.clone()),
            key,
            reason: words,
            lost: matches!(reason, Reason::Unreadable { why, .. } if why.is_lost()),
        };
        if let Some(kept) = &mut self.kept {
            kept.add(origin, &aside)?;
        }
        if shown {
            let mut aside = aside;
            if let Some(near) = self.near_row(reason) {
                aside.reason.hint = Words::new(
                    format!("did you mean `{near}`? {}", aside.reason.hint.en),
                    format!("是否应为「{near}」？{}", aside.reason.hint.zh),
                );
            }
            let file = usize::try_from(origin.file).ok().and_then(|at| self.files.get(at));
            let column = match reason {
                Reason::Unreadable { column, .. } => column.as_deref(),
                _ => None,
            };
            let place = file.map(|file| file.input.place(origin.line, column));
            self.first.push(Aside { place, origin, aside });
        }
        Ok(())
    }

    /// From when until when each rule for an event kind holds.
    fn periods(&self, event: Option<u32>) -> Vec<Period> {
        let serves = |rule: &&Rule| rule.cases.iter().any(|case| Some(case.event.0) == event);
        self.rules.rules.iter().filter(serves).map(|rule| (rule.from, rule.until)).collect()
    }

    /// Holds a reason against those before.
    fn compare(&mut self, reason: &Reason) {
        self.count += 1;
        self.alike = match (self.alike.take(), reason) {
            (None, Reason::Unreadable { column, value, why }) if self.count == 1 => {
                Some((column.clone(), *why, value.clone()))
            }
            (Some(first), Reason::Unreadable { column, why, .. })
                if first.0 == *column && first.1 == *why =>
            {
                Some(first)
            }
            _ => None,
        };
    }

    /// The key of a register's row that a person reads as the one that has no row: it differs in
    /// blanks, in capitals or in the width of its letters. Codes that are merely alike are no hint.
    /// It takes a look at every row, so only those shown are asked about.
    fn near_row(&self, reason: &Reason) -> Option<String> {
        let Reason::NoRow { register, key } = reason else { return None };
        let [Cell::Text(wanted)] = key.as_slice() else { return None };
        let table = self.names.registers.get(usize::try_from(*register).ok()?)?;
        let [field] = table.key.as_slice() else { return None };
        let (_, rows) = self.registers.iter().find(|(of, _)| of == register)?;
        let read = |text: &str| {
            let letters = folded(text).to_lowercase();
            letters.chars().filter(|letter| !letter.is_whitespace()).collect::<String>()
        };
        let wanted = read(wanted);
        let keys = rows.column(*field);
        (0..rows.len()).find_map(|row| match keys.cell(row) {
            Cell::Text(text) if read(&text) == wanted => Some(text.to_string()),
            _ => None,
        })
    }
}

/// The first day, and the first day after.
type Period = (Option<Date>, Option<Date>);

/// Says on which day no rule divides a pool and, where no rule for the event holds then, when they do.
fn on_day(words: &mut ReasonWords, (day, event): (Date, &str), periods: &[Period]) {
    words.what.en.push_str(&format!(" on {day}"));
    words.what.zh.push_str(&format!("（{day}）"));
    let holds = |(from, until): &Period| {
        from.is_none_or(|from| from <= day) && until.is_none_or(|until| day < until)
    };
    if periods.is_empty() || periods.iter().any(holds) {
        return;
    }
    let last = |until: Date| until.checked_sub(Duration::days(1)).unwrap_or(until);
    let before = periods.iter().filter_map(|(_, until)| until.filter(|it| *it <= day)).max();
    let after = periods.iter().filter_map(|(from, _)| from.filter(|it| day < *it)).min();
    let (mut en, mut zh) = (Vec::new(), Vec::new());
    if let Some(until) = before.map(last) {
        en.push(format!("held until {until}"));
        zh.push(format!("适用至 {until}"));
    }
    if let Some(from) = after {
        en.push(format!("hold from {from}"));
        zh.push(format!("自 {from} 起适用"));
    }
    words.hint = Words::new(
        format!(
            "the rules for `{event}` {}: check the date, or add the period to the rules",
            en.join(" and ")
        ),
        format!("「{event}」的规则{}：请核对日期，或在规则中补充该期间", zh.join("，")),
    );
}
