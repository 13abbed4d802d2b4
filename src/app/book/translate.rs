//! Events of one edition in the positions of another: what has the same name is the same.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::book::{
    Account, Event, Field, FigureValue, Kind, Leaf, LegName, Outcome, Part, Said, Schema, Table,
};
use crate::rows::{Allocation, Cell, RegisterRow, RegisterTable};

/// Says in the positions of one schema what another says.
#[derive(Debug)]
pub(in crate::app) struct Translator<'s> {
    from: &'s Schema,
    to: &'s Schema,
    /// Both are one, so that nothing needs to be done.
    same: bool,
    /// For each member of each enumeration, its position there.
    members: Vec<HashMap<u32, (u32, u32)>>,
    accounts: Vec<Option<u32>>,
    legs: Vec<Option<u32>>,
    /// Of each leg, whether its rule has the same legs there.
    alike: Vec<bool>,
    figures: Vec<Option<u32>>,
    shared: Arc<Shared>,
}

/// What both of two rule sets say besides amounts.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The figures that both have, in the positions at hand.
    figures: BTreeSet<u32>,
    /// A row is written alike in both, whatever it is of.
    rows: bool,
}

impl Shared {
    /// Of what is said that which both say.
    pub(super) fn of(&self, said: &Said) -> Said {
        let plain =
            |cell: &Cell| !matches!(cell, Cell::Member(_) | Cell::List(_) | Cell::Record(_));
        let shared = |it: &&FigureValue| {
            self.figures.contains(&it.figure) && (self.rows || it.key.iter().all(plain))
        };
        let mut figures: Vec<FigureValue> = said.figures.iter().filter(shared).cloned().collect();
        figures.sort_by_key(|it| it.figure);
        Said { figures, open_items: Vec::new() }
    }
}

/// What becomes of something in other positions.
#[derive(Debug)]
pub(in crate::app) enum Translated<T> {
    /// It says the same.
    Whole(T),
    /// The other rules have no such table.
    Unknown,
    /// The other rules have such a table, but this field or value is not theirs.
    Unfit(String),
}

/// A figure that the other rules do not have.
const NO_FIGURE: u32 = u32::MAX;
/// The leg of an amount whose leg the other rules do not have.
const NO_LEG: u32 = Allocation::BY_RULING;
/// Legs from here on are those of settlements and stages, which all rules have.
const LEGS_OF_ALL: u32 = Allocation::BY_CLOSING;

impl<'s> Translator<'s> {
    pub(in crate::app) fn new(from: &'s Schema, to: &'s Schema) -> Translator<'s> {
        let members = from.enumerations.iter().map(|own| {
            let other = to.enumerations.iter().position(|it| it.name == own.name);
            let other = other.and_then(|at| Some((position(at), to.enumerations.get(at)?)));
            let mut found = HashMap::new();
            if let Some((of, other)) = other {
                for (at, member) in own.members.iter().enumerate() {
                    if let Some(there) = other.members.iter().position(|it| it == member) {
                        found.insert(position(at), (of, position(there)));
                    }
                }
            }
            found
        });
        let account = |name: &String| to.accounts.iter().position(|it| it.name == *name);
        let leg = |own: &LegName| {
            let same = |it: &&LegName| it.rule == own.rule && it.place == own.place;
            to.legs.iter().position(|it| same(&it))
        };
        let (one, other) = (legs_by_rule(from), legs_by_rule(to));
        let alike = |own: &LegName| {
            let rule = own.rule.as_str();
            one.get(rule) == other.get(rule)
        };
        let mut translator = Translator {
            from,
            to,
            same: from == to,
            members: members.collect(),
            accounts: from.accounts.iter().map(|it| account(&it.name).map(position)).collect(),
            legs: from.legs.iter().map(|it| leg(it).map(position)).collect(),
            alike: from.legs.iter().map(alike).collect(),
            figures: Vec::new(),
            shared: Arc::default(),
        };
        let figures = from.figures.iter().map(|own| {
            let there = to.figures.iter().position(|it| it.name == own.name)?;
            let other = to.figures.get(there)?;
            translator.alike(&own.kind, &other.kind).then(|| position(there))
        });
        translator.figures = figures.collect();
        let figures = translator.figures.iter().flatten().copied().collect();
        let rows = (&from.enumerations, &from.shapes) == (&to.enumerations, &to.shapes);
        translator.shared = Arc::new(Shared { figures, rows });
        translator
    }

    /// Whether both are the same.
    pub(super) fn is_same(&self) -> bool {
        self.same
    }

    /// What both say besides amounts, where they are not the same.
    pub(super) fn shared(&self) -> Option<Arc<Shared>> {
        (!self.same).then(|| Arc::clone(&self.shared))
    }

    /// Whether the rules behind an outcome have the same legs in both.
    pub(super) fn has_legs_of(&self, outcome: &Outcome) -> bool {
        let Outcome::Allocated { leaves, .. } = outcome else { return self.same };
        let alike = |leg: u32| leg >= LEGS_OF_ALL || get(&self.alike, leg) == Some(&true);
        self.same || leaves.iter().all(|leaf| alike(leaf.leg))
    }

    /// What is said besides amounts. Figures and legs that are not there keep no position.
    pub(super) fn said(&self, said: &Said) -> Said {
        if self.same {
            return said.clone();
        }
        let figure = |it: &FigureValue| {
            let value = get(&self.from.figures, it.figure).and_then(|own| {
                let there = get(&self.figures, it.figure).copied().flatten()?;
                Some((there, self.cell(&it.value, &own.kind)?))
            });
            let (figure, value) = value.unwrap_or_else(|| (NO_FIGURE, it.value.clone()));
            FigureValue { figure, key: it.key.clone(), value }
        };
        Said {
            figures: said.figures.iter().map(figure).collect(),
            open_items: said.open_items.iter().map(|leg| self.leg(*leg)).collect(),
        }
    }

    /// An event with its outcome. Accounts, legs and figures that are not there keep no position.
    pub(super) fn event(&self, event: &Event) -> Translated<Event> {
        if self.same {
            return Translated::Whole(event.clone());
        }
        let Some(own) = get(&self.from.events, event.kind) else { return Translated::Unknown };
        let there = self.to.events.iter().position(|it| it.name == own.name);
        let Some((kind, table)) = there.and_then(|at| Some((at, self.to.events.get(at)?))) else {
            return Translated::Unknown;
        };
        let fields = match self.cells(&event.fields, &own.fields, &table.fields) {
            Ok(fields) => fields,
            Err(field) => return Translated::Unfit(field),
        };
        let outcome = self.outcome(&event.outcome);
        let kind = position(kind);
        let parts = |parts: &[Part]| -> Vec<Part> {
            parts.iter().map(|part| self::part(part, event, own, table)).collect()
        };
        let (key, lane, rank) = (parts(&event.key), parts(&event.lane), parts(&event.rank));
        let Said { figures, open_items } = self.said(&event.said());
        let event = Event { figures, open_items, ..event.clone() };
        Translated::Whole(Event { kind, fields, outcome, key, lane, rank, ..event })
    }

    /// An outcome as far as accounts are concerned.
    pub(super) fn outcome(&self, outcome: &Outcome) -> Outcome {
        match outcome {
            Outcome::Allocated { inflow, residue_units, leaves } if !self.same => {
                let leaves = leaves.iter().map(|leaf| self.leaf(leaf)).collect();
                Outcome::Allocated { inflow: *inflow, residue_units: *residue_units, leaves }
            }
            other => other.clone(),
        }
    }

    /// The account of the other rules that is called the same, if they have it.
    pub(in crate::app) fn account(&self, account: &Account) -> Option<Account> {
        let own = get(&self.from.accounts, account.family)?;
        let family = get(&self.accounts, account.family).copied().flatten()?;
        let parts = account.key.iter().zip(&own.keys);
        let key = parts.map(|(cell, kind)| self.cell(cell, kind)).collect::<Option<Vec<Cell>>>()?;
        Some(Account { family, key })
    }

    /// The event kind of the other rules that is called the same, if they have it.
    pub(in crate::app) fn kind(&self, kind: u32) -> Option<u32> {
        let own = get(&self.from.events, kind)?;
        self.to.events.iter().position(|it| it.name == own.name).map(position)
    }

    fn leaf(&self, leaf: &Leaf) -> Leaf {
        let account = leaf.account.as_ref().map(|account| {
            let there = self.account(account);
            there.unwrap_or_else(|| Account { family: u32::MAX, key: account.key.clone() })
        });
        Leaf { account, leg: self.leg(leaf.leg), amount: leaf.amount }
    }

    fn leg(&self, leg: u32) -> u32 {
        match leg {
            LEGS_OF_ALL.. => leg,
            leg => get(&self.legs, leg).copied().flatten().unwrap_or(NO_LEG),
        }
    }

    /// Rows of a register.
    pub(in crate::app) fn register(
        &self,
        register: u32,
        rows: RegisterTable,
    ) -> Translated<(u32, RegisterTable)> {
        if self.same {
            return Translated::Whole((register, rows));
        }
        let Some(own) = get(&self.from.registers, register) else { return Translated::Unknown };
        let there = self.to.registers.iter().position(|it| it.name == own.name);
        let Some((at, table)) = there.and_then(|at| Some((at, self.to.registers.get(at)?))) else {
            return Translated::Unknown;
        };
        let rows = rows.rows().map(|row| {
            let cells = self.cells(&row.cells, &own.fields, &table.fields)?;
            Ok(RegisterRow { cells, ..row })
        });
        match rows.collect::<Result<RegisterTable, String>>() {
            Ok(rows) => Translated::Whole((position(at), rows)),
            Err(field) => Translated::Unfit(field),
        }
    }

    /// The cells of a row under other fields; the field at fault where a value has no place there.
    fn cells(&self, cells: &[Cell], from: &[Field], to: &[Field]) -> Result<Vec<Cell>, String> {
        let mut placed = vec![Cell::Missing; to.len()];
        for (cell, field) in cells.iter().zip(from) {
            if *cell == Cell::Missing {
                continue;
            }
            // A field that the other rules do not have says nothing to them.
            let Some(at) = to.iter().position(|it| it.name == field.name) else { continue };
            let (Some(place), Some(other)) = (placed.get_mut(at), to.get(at)) else { continue };
            let alike = self.alike(&field.kind, &other.kind);
            let value = if alike { self.cell(cell, &field.kind) } else { None };
            *place = value.ok_or_else(|| field.name.clone())?;
        }
        Ok(placed)
    }

    fn cell(&self, cell: &Cell, kind: &Kind) -> Option<Cell> {
        match (cell, kind) {
            (Cell::Member(member), Kind::Member { of }) => {
                let there = get(&self.members, *of)?.get(member)?;
                Some(Cell::Member(there.1))
            }
            (Cell::List(items), Kind::List { of }) => {
                let items = items.iter().map(|item| self.cell(item, of));
                Some(Cell::List(items.collect::<Option<Vec<Cell>>>()?))
            }
            (Cell::Record(cells), Kind::Record { of }) => {
                let own = get(&self.from.shapes, *of)?;
                let there = self.to.shapes.iter().find(|it| it.name == own.name)?;
                self.cells(cells, &own.fields, &there.fields).ok().map(Cell::Record)
            }
            _ => Some(cell.clone()),
        }
    }

    /// Whether values of the two kinds say the same.
    fn alike(&self, from: &Kind, to: &Kind) -> bool {
        match (from, to) {
            (Kind::Money { currency: one }, Kind::Money { currency: two }) => {
                let (one, two) = (get(&self.from.currencies, *one), get(&self.to.currencies, *two));
                one == two
            }
            (Kind::Member { of: one }, Kind::Member { of: two }) => {
                let one = get(&self.from.enumerations, *one).map(|it| &it.name);
                one == get(&self.to.enumerations, *two).map(|it| &it.name)
            }
            (Kind::Record { of: one }, Kind::Record { of: two }) => {
                let one = get(&self.from.shapes, *one).map(|it| &it.name);
                one == get(&self.to.shapes, *two).map(|it| &it.name)
            }
            (Kind::List { of: one }, Kind::List { of: two }) => self.alike(one, two),
            (Kind::Rate | Kind::Number, Kind::Rate | Kind::Number) => true,
            (one, two) => one == two,
        }
    }
}

/// The legs of each rule: place and clause.
fn legs_by_rule(schema: &Schema) -> HashMap<&str, Vec<(&str, &str)>> {
    let mut rules: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    for LegName { rule, place, clause } in &schema.legs {
        rules.entry(rule).or_default().push((place, clause));
    }
    rules
}

/// A part of a key: a field by its name there, or the value that it has, if there is no such field.
fn part(part: &Part, event: &Event, from: &Table, to: &Table) -> Part {
    let Part::Field { field } = part else { return part.clone() };
    let name = get(&from.fields, *field).map(|it| it.name.as_str());
    match to.fields.iter().position(|it| Some(it.name.as_str()) == name) {
        Some(there) => Part::Field { field: position(there) },
        None => {
            let value = get(&event.fields, *field).cloned().unwrap_or(Cell::Missing);
            Part::Value { value }
        }
    }
}

/// The item at a position.
pub(super) fn get<T>(list: &[T], at: u32) -> Option<&T> {
    list.get(usize::try_from(at).ok()?)
}

/// An index as a position; lists of rules are short.
pub(super) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
