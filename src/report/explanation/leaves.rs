//! The values that an expression rests on: its fields, parameters, totals and rows, each once.

use crate::base::keyed;
use crate::diagnostics::Language;
use crate::report::names::{Keyed, Kind, Label};
use crate::report::reasons::reason_words;
use crate::report::values::{account_text, file_text, grouped_exact, keyed_label, person_text};
use crate::rows::{Cell, Operation, Reckoning, Term};

use super::{Head, Telling, get};

/// A name and its value, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) value: String,
}

/// Beyond so many values of a sum only the sum is told.
const ROWS_MAX: usize = 12;

/// Collects the leaves of an expression.
pub(super) struct Leaves<'t> {
    telling: Telling<'t>,
    /// The event kind.
    event: u32,
    /// Names bound around the expression.
    head: Option<&'t Head>,
    /// Names as rules and files write them and values as files do, in no language: for machines.
    plain: bool,
    found: Vec<Leaf>,
}

impl<'t> Leaves<'t> {
    pub(super) fn new(telling: Telling<'t>, event: u32, head: Option<&'t Head>) -> Leaves<'t> {
        Leaves { telling, event, head, plain: false, found: Vec::new() }
    }

    /// With names and values as files write them.
    pub(super) fn plain(self) -> Leaves<'t> {
        Leaves { plain: true, ..self }
    }

    /// The leaves of an expression, in the order in which they stand in it.
    pub(super) fn of(mut self, reckoning: &Reckoning) -> Vec<Leaf> {
        self.add(reckoning);
        self.found
    }

    fn add(&mut self, reckoning: &Reckoning) {
        if let Some((name, kind)) = self.named(reckoning) {
            let value = match &reckoning.fault {
                Some(reason) => {
                    let words = reason_words(reason, Some(self.event), self.telling.names).what;
                    words.in_language(self.language()).to_owned()
                }
                None => self.value(&reckoning.value, kind.as_ref()),
            };
            let leaf = Leaf { name, value };
            if !self.found.contains(&leaf) {
                self.found.push(leaf);
            }
        }
        match &reckoning.term {
            // Worked out by a formula of its own, in which the names bound here mean nothing.
            Term::Field(_) | Term::RowField { .. } => {
                let head = self.head.take();
                reckoning.parts.iter().for_each(|part| self.add(part));
                self.head = head;
            }
            Term::OverRows(_) if reckoning.parts.len() > ROWS_MAX => {}
            // A parameter's key is in its name.
            Term::Parameter { .. } => {}
            _ => reckoning.parts.iter().for_each(|part| self.add(part)),
        }
    }

    /// What a leaf is called, and of what kind its values are; nothing for what is no leaf.
    fn named(&self, reckoning: &Reckoning) -> Option<(String, Option<Kind>)> {
        let names = self.telling.names;
        match &reckoning.term {
            Term::Field(field) => {
                let table = get(&names.events, self.event)?;
                let field = get(&table.fields, *field)?;
                Some((self.label(&field.name), Some(field.kind.clone())))
            }
            Term::RowField { shape, field } => {
                let shape = get(&names.shapes, *shape)?;
                let field = get(&shape.fields, *field)?;
                let name = format!("{}.{}", self.label(&shape.name), self.label(&field.name));
                Some((name, Some(field.kind.clone())))
            }
            Term::Local(slot) => {
                let (name, kind) = get(&self.head?.locals, *slot)?;
                Some((self.label(name), Some(kind.clone())))
            }
            Term::EffectiveDate => Some((self.say("effective date", "入库日期"), Some(Kind::Date))),
            Term::Share => Some((self.say("share", "份额"), Some(Kind::Number))),
            Term::Reading(reading) => {
                let (label, options) = get(&names.readings, *reading)?;
                Some((self.label(label), Some(Kind::Member(options.clone()))))
            }
            Term::Parameter { parameter, .. } => {
                let parameter = get(&names.parameters, *parameter)?;
                let key: Vec<Cell> =
                    reckoning.parts.iter().map(|part| part.value.clone()).collect();
                Some((self.keyed(parameter, &key), Some(parameter.value.clone())))
            }
            Term::Schedule { schedule, .. } => {
                Some((self.label(get(&names.schedules, *schedule)?), None))
            }
            Term::Total { tally, key, with_this, as_of } => {
                let tally = get(&names.tallies, *tally)?;
                let mut name = self.keyed(tally, key);
                if *with_this {
                    name.push_str(&self.say(" with this event", "（含本笔）"));
                }
                if let Some(day) = as_of {
                    name.push_str(&self.say(&format!(" before {day}"), &format!("（{day} 之前）")));
                }
                Some((name, Some(tally.value.clone())))
            }
            Term::Carried { carry, key } => {
                let carry = get(&names.carries, *carry)?;
                Some((self.keyed(carry, key), Some(carry.value.clone())))
            }
            Term::Balance { account, key } => {
                let account = get(&names.accounts, *account)?;
                Some((self.keyed(account, key), Some(account.value.clone())))
            }
            Term::Lookup { register, key } => {
                let register = get(&names.registers, *register)?;
                let kinds: Vec<Kind> = register
                    .key
                    .iter()
                    .filter_map(|at| register.fields.get(*at))
                    .map(|field| field.kind.clone())
                    .collect();
                Some((self.with_key(&register.name, &kinds, key), None))
            }
            Term::OverRows(how) => Some((self.over_rows(*how, reckoning.parts.len())?, None)),
            Term::Constant | Term::Own(_) | Term::Operation(_) => None,
        }
    }

    fn over_rows(&self, how: Operation, rows: usize) -> Option<String> {
        let (en, zh) = match how {
            Operation::Sum => ("sum", "合计"),
            Operation::Count => ("count", "个数"),
            Operation::Min => ("least", "最小值"),
            Operation::Max => ("greatest", "最大值"),
            _ => return None,
        };
        Some(self.say(&format!("{en} over {rows}"), &format!("{rows} 项{zh}")))
    }

    fn value(&self, cell: &Cell, kind: Option<&Kind>) -> String {
        let (names, language) = (self.telling.names, self.telling.language);
        match (cell, kind) {
            (Cell::Record(_), None) => self.say("found", "有"),
            (Cell::Missing, None) => self.say("none", "无"),
            (Cell::Number(value), None) if self.plain => value.to_string(),
            (Cell::Number(value), None) => grouped_exact(value, 0),
            (cell, Some(kind)) if self.plain => file_text(cell, kind, names),
            (cell, Some(kind)) => person_text(cell, kind, names, language),
            (cell, None) if self.plain => file_text(cell, &Kind::Text, names),
            (cell, None) => person_text(cell, &Kind::Text, names, language),
        }
    }

    fn keyed(&self, keyed: &Keyed, key: &[Cell]) -> String {
        match self.plain {
            true => account_text(keyed, key, self.telling.names),
            false => self.with_key(&keyed.name, &keyed.keys, key),
        }
    }

    fn with_key(&self, name: &Label, kinds: &[Kind], key: &[Cell]) -> String {
        let (names, language) = (self.telling.names, self.telling.language);
        if !self.plain {
            return keyed_label(name, kinds, key, names, language);
        }
        let parts = key.iter().zip(kinds).map(|(cell, kind)| file_text(cell, kind, names));
        let parts: Vec<String> = parts.collect();
        keyed(&name.text, &parts, ",")
    }

    fn label(&self, label: &Label) -> String {
        match self.plain {
            true => label.text.clone(),
            false => label.in_language(self.telling.language).to_owned(),
        }
    }

    /// Of what is said; programs are always told in one.
    fn language(&self) -> Language {
        if self.plain { Language::English } else { self.telling.language }
    }

    fn say(&self, en: &str, zh: &str) -> String {
        match self.language() {
            Language::English => en.to_owned(),
            Language::Chinese => zh.to_owned(),
        }
    }
}
