//! The order in which events are taken where a result depends on it.
//!
//! A slot holds what decides nearly every comparison in 24 bytes: the date and the first ordering
//! field cut down to 64 bits that keep its order. Only ties look at the columns.

use std::cmp::Ordering;

use crate::base::{Date, Exact};
use crate::plan::{Event, at};
use crate::rows::{Batch, Cell, Column};

/// A batch kept until all have been read, with the ordering fields that had to be worked out.
#[derive(Debug)]
pub(crate) struct Kept {
    pub batch: Batch,
    pub computed: Vec<(u32, Column)>,
}

/// An event in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub date: Date,
    first: u64,
    pub batch: u32,
    pub row: u32,
}

impl Kept {
    fn column(&self, field: u32) -> &Column {
        let computed = self.computed.iter().find(|(of, _)| *of == field).map(|(_, it)| it);
        computed.or_else(|| self.batch.columns.get(at(field))).unwrap_or(&Column::Absent)
    }

    /// One row as a batch of its own.
    pub fn alone(&self, row: usize) -> Kept {
        let computed = self.computed.iter();
        let computed = computed.map(|(field, it)| (*field, Column::Cells(vec![it.cell(row)])));
        Kept {
            batch: Batch::gathered(self.batch.event, &[(&self.batch, row)]),
            computed: computed.collect(),
        }
    }

    /// Whether an ordering field is there, stored or worked out before.
    pub fn has(&self, field: u32, row: usize) -> bool {
        !self.column(field).is_missing(row)
    }

    /// The slot of a row.
    pub fn slot(&self, event: &Event, date: Date, batch: u32, row: u32) -> Slot {
        let first = fields(event).first().map_or(0, |field| digest(self.column(*field), at(row)));
        Slot { date, first, batch, row }
    }
}

/// The ordering fields after the date, which all events are ordered by first.
fn fields(event: &Event) -> &[u32] {
    match event.order_by.split_first() {
        Some((first, rest)) if *first == event.effective => rest,
        _ => &event.order_by,
    }
}

/// The order of two events; equal only if they stand at the same place.
pub(crate) fn order(a: &Slot, b: &Slot, kept: &[Kept], events: &[Event]) -> Ordering {
    (a.date, a.first).cmp(&(b.date, b.first)).then_with(|| {
        let (Some(left), Some(right)) = (kept.get(at(a.batch)), kept.get(at(b.batch))) else {
            return Ordering::Equal;
        };
        let of = |kept: &Kept| events.get(at(kept.batch.event)).map_or(&[][..], fields);
        let (fields, others) = (of(left), of(right));
        for (field, other) in fields.iter().zip(others) {
            let (one, two) = (left.column(*field), right.column(*other));
            let order = cells(one, at(a.row), two, at(b.row));
            if order != Ordering::Equal {
                return order;
            }
        }
        // Without the length three kinds could stand in a circle.
        fields.len().cmp(&others.len()).then(left.batch.event.cmp(&right.batch.event))
    })
}

/// Which events stand at a place that another event of their kind has too, asked in their order.
pub(crate) struct Ties<'k> {
    slots: &'k [Slot],
    kept: &'k [Kept],
    events: &'k [Event],
    /// The end of the events at one place looked at last, and whether they exclude each other.
    last: (usize, bool),
}

impl<'k> Ties<'k> {
    pub fn new(slots: &'k [Slot], kept: &'k [Kept], events: &'k [Event]) -> Ties<'k> {
        Ties { slots, kept, events, last: (0, false) }
    }

    /// Whether another event stands at the place of this one, so that nobody can say which comes
    /// first. One and the same event sent again is no other: that is told by its key.
    pub fn tied(&mut self, place: usize) -> bool {
        if place >= self.last.0 {
            self.last = self.at_one_place(place);
        }
        self.last.1
    }

    fn at_one_place(&self, start: usize) -> (usize, bool) {
        let rest = self.slots.get(start..).unwrap_or_default();
        let Some(first) = rest.first() else { return (start + 1, false) };
        let event =
            self.kept.get(at(first.batch)).and_then(|it| self.events.get(at(it.batch.event)));
        let Some(event) = event.filter(|event| event.order_matters) else {
            return (start + 1, false);
        };
        let same = |other: &&Slot| order(first, other, self.kept, self.events).is_eq();
        let length = rest.iter().take_while(same).count();
        let again = |other: &Slot| !event.unique.is_empty() && self.alike(first, other);
        let tied = !rest.iter().take(length).all(again);
        (start + length, tied && length > 1)
    }

    /// Whether two events of one kind have every field alike.
    fn alike(&self, a: &Slot, b: &Slot) -> bool {
        let (Some(left), Some(right)) = (self.kept.get(at(a.batch)), self.kept.get(at(b.batch)))
        else {
            return false;
        };
        let mut columns = left.batch.columns.iter().zip(&right.batch.columns);
        columns.all(|(one, two)| one.cell(at(a.row)) == two.cell(at(b.row)))
    }
}

/// Numbers and dates by value, texts by code point, members as declared; of different types in that
/// order, what is missing first.
fn cells(one: &Column, a: usize, two: &Column, b: usize) -> Ordering {
    match (one, two) {
        (Column::Integer(one), Column::Integer(two)) => one.get(a).cmp(&two.get(b)),
        (Column::Date(one), Column::Date(two)) => one.get(a).cmp(&two.get(b)),
        (Column::Text(one), Column::Text(two)) => one.get(a).cmp(&two.get(b)),
        (Column::Member(one), Column::Member(two)) => one.get(a).cmp(&two.get(b)),
        _ => {
            let (one, two) = (one.cell(a), two.cell(b));
            match (number(&one), number(&two)) {
                (Some(one), Some(two)) => one.cmp(&two),
                _ => rank(&one)
                    .cmp(&rank(&two))
                    .then_with(|| super::registers::order_of_cells(&one, &two)),
            }
        }
    }
}

fn number(cell: &Cell) -> Option<Exact> {
    match cell {
        Cell::Integer(value) => Some(Exact::from_int(*value)),
        Cell::Number(value) => Some(value.clone()),
        Cell::Money(value) => Some(Exact::from_int(value.minor())),
        _ => None,
    }
}

fn rank(cell: &Cell) -> u8 {
    match cell {
        Cell::Missing => 0,
        Cell::Integer(_) | Cell::Number(_) | Cell::Money(_) => 1,
        Cell::Date(_) => 2,
        Cell::Period(_) => 3,
        Cell::Text(_) => 4,
        Cell::Member(_) => 5,
        Cell::Bool(_) | Cell::Duration(_) | Cell::List(_) | Cell::Record(_) => 6,
    }
}

/// Seven bytes of a value behind its rank: ordered as the values are, or equal.
fn digest(column: &Column, row: usize) -> u64 {
    let cell = match column {
        Column::Text(texts) => {
            let Some(text) = texts.get(row) else { return 0 };
            let mut bytes = [0; 7];
            bytes.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
            let [a, b, c, d, e, f, g] = bytes;
            return u64::from_be_bytes([4, a, b, c, d, e, f, g]);
        }
        Column::Integer(values) => values.get(row).map_or(Cell::Missing, Cell::Integer),
        other => other.cell(row),
    };
    let ranked = u64::from(rank(&cell)) << 56;
    let value = match &cell {
        Cell::Bool(value) => u64::from(*value),
        Cell::Integer(value) => squeezed(*value),
        Cell::Money(value) => squeezed(value.minor()),
        Cell::Number(value) => value
            .floor()
            .to_int()
            .map_or_else(|| if value.is_negative() { 0 } else { SQUEEZED_MAX }, squeezed),
        Cell::Date(value) => squeezed(i128::from(value.days())),
        Cell::Member(value) => u64::from(*value),
        Cell::Missing
        | Cell::Period(_)
        | Cell::Duration(_)
        | Cell::Text(_)
        | Cell::List(_)
        | Cell::Record(_) => 0,
    };
    ranked | value
}

const SQUEEZED_MAX: u64 = (1 << 56) - 1;

/// A whole number as 56 bits, those beyond at the ends.
fn squeezed(value: i128) -> u64 {
    const HALF: i128 = 1 << 55;
    u64::try_from(value.clamp(-HALF, HALF - 1) + HALF).unwrap_or(SQUEEZED_MAX)
}
