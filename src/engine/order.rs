//! The order in which events are taken where a result depends on it.
//!
//! A slot holds what decides nearly every comparison in 24 bytes: the date and the first ordering
//! field cut down to 64 bits that keep its order. Only ties look at the columns.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::base::{Date, Exact};
use crate::plan::{Event, at};
use crate::rows::{Batch, Cell, Column, Packed};

use super::sorted::Sorted;

/// Rows kept for a while, with what orders them besides.
#[derive(Debug)]
pub(crate) struct Kept<R> {
    pub rows: R,
    event: u32,
    /// Ordering fields that had to be worked out, or that the rows do not have as columns.
    beside: Vec<(u32, Column)>,
}

/// Rows that may have the columns which order them.
pub(crate) trait Rows {
    fn column(&self, field: u32) -> Option<&Column>;
}

impl Rows for Arc<Batch> {
    fn column(&self, field: u32) -> Option<&Column> {
        self.columns.get(at(field))
    }
}

impl Rows for Packed {
    fn column(&self, _: u32) -> Option<&Column> {
        None
    }
}

/// An event in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub date: Date,
    /// The first ordering field, cut down.
    pub first: u64,
    pub batch: u32,
    pub row: u32,
}

/// An event that has been put in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub date: Date,
    pub batch: u32,
    pub row: u32,
}

impl From<Slot> for Seat {
    fn from(Slot { date, batch, row, .. }: Slot) -> Seat {
        Seat { date, batch, row }
    }
}

impl<R: Rows> Kept<R> {
    pub fn event(&self) -> u32 {
        self.event
    }

    /// What orders its rows by a field.
    pub fn column(&self, field: u32) -> &Column {
        let beside = self.beside.iter().find(|(of, _)| *of == field).map(|(_, it)| it);
        beside.or_else(|| self.rows.column(field)).unwrap_or(&Column::Absent)
    }
}

impl Kept<Arc<Batch>> {
    /// A batch, with the ordering fields that had to be worked out.
    pub fn new(batch: Arc<Batch>, computed: Vec<(u32, Column)>) -> Kept<Arc<Batch>> {
        Kept { event: batch.event, rows: batch, beside: computed }
    }

    /// One row as a batch of its own.
    pub fn alone(&self, row: usize) -> Kept<Arc<Batch>> {
        let beside = self.beside.iter();
        let beside = beside.map(|(field, it)| (*field, Column::Cells(vec![it.cell(row)])));
        Kept { event: self.event, rows: Arc::new(self.rows.alone(row)), beside: beside.collect() }
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

    /// Whether its rows, whose days are known, stand in their order.
    pub fn is_in_order(&self, event: &Event, days: &[(u32, Date)]) -> bool {
        let columns: Vec<&Column> = fields(event).iter().map(|field| self.column(*field)).collect();
        let dated = |(_, date): &(u32, Date)| *date;
        match columns.as_slice() {
            [Column::Integer(values)] if let Some(all) = values.all() => {
                let places = days.iter().map(dated).zip(all);
                places.is_sorted_by(|one, other| follows(event, one.cmp(other)))
            }
            [Column::Text(texts)] => {
                let places = days.iter().map(|day| (dated(day), texts.get(at(day.0))));
                places.is_sorted_by(|one, other| follows(event, one.cmp(other)))
            }
            columns => days.is_sorted_by(|one, other| {
                let told = dated(one).cmp(&dated(other));
                follows(event, told.then_with(|| by_columns(columns, one.0, other.0)))
            }),
        }
    }

    /// The slots of all rows, whose days are known.
    pub fn slots(&self, event: &Event, days: &[(u32, Date)], batch: u32) -> Vec<Slot> {
        let column = fields(event).first().map(|field| self.column(*field));
        let slot = |(row, date): &(u32, Date), first| Slot { date: *date, first, batch, row: *row };
        match column {
            Some(Column::Integer(values)) if let Some(all) = values.all() => {
                let firsts = all.iter().map(|value| whole_digest(*value));
                days.iter().zip(firsts).map(|(day, first)| slot(day, first)).collect()
            }
            Some(column) => days.iter().map(|day| slot(day, digest(column, at(day.0)))).collect(),
            None => days.iter().map(|day| slot(day, 0)).collect(),
        }
    }

    /// The same rows packed, for who has their slots. If there are no events of other kinds, what a
    /// slot says whole is not kept beside. They may be packed like others.
    pub fn packed(
        mut self,
        event: &Event,
        only_kind: bool,
        like: Option<&Kept<Packed>>,
    ) -> Kept<Packed> {
        let fields = fields(event);
        let said = match fields {
            [field] => only_kind && says_all(self.column(*field)),
            _ => false,
        };
        for field in fields.iter().filter(|_| !said) {
            if self.beside.iter().all(|(of, _)| of != field)
                && let Some(column) = self.rows.column(*field)
            {
                self.beside.push((*field, column.clone()));
            }
        }
        Kept {
            event: self.event,
            rows: Packed::new(Arc::unwrap_or_clone(self.rows), like.map(|it| &it.rows)),
            beside: self.beside,
        }
    }
}

impl Kept<Packed> {
    /// No rows.
    pub fn nothing() -> Kept<Packed> {
        let none = Batch { event: u32::MAX, columns: Vec::new(), origins: Vec::new() };
        Kept { event: none.event, rows: Packed::new(none, None), beside: Vec::new() }
    }

    /// About how many bytes of memory they take.
    pub fn size(&self) -> usize {
        self.rows.size() + self.beside.iter().map(|(_, column)| column.size()).sum::<usize>()
    }
}

/// Whether slots with the same digest of this column have the same value.
fn says_all(column: &Column) -> bool {
    match column {
        Column::Date(_) | Column::Member(_) => true,
        Column::Integer(values) => {
            values.all().is_some_and(|all| all.iter().all(|value| value.unsigned_abs() < 1 << 54))
        }
        _ => false,
    }
}

/// The ordering fields after the date, which all events are ordered by first.
fn fields(event: &Event) -> &[u32] {
    match event.order_by.split_first() {
        Some((first, rest)) if *first == event.effective => rest,
        _ => &event.order_by,
    }
}

/// The order of two events as far as their slots tell it.
#[inline]
fn by_slot(a: &Slot, b: &Slot) -> Ordering {
    (a.date, a.first).cmp(&(b.date, b.first))
}

/// Whether an event of a kind may stand before another that is so to it.
#[inline]
pub(crate) fn follows(event: &Event, told: Ordering) -> bool {
    match told {
        Ordering::Less => true,
        Ordering::Equal => !event.order_matters,
        Ordering::Greater => false,
    }
}

/// The order of two rows of a batch on the same day, by the columns that order them.
fn by_columns(columns: &[&Column], a: u32, b: u32) -> Ordering {
    let orders = columns.iter().map(|column| cells(column, at(a), column, at(b)));
    orders.fold(Ordering::Equal, Ordering::then)
}

/// The order of two events; equal only if they stand at the same place.
pub(crate) fn order<R: Rows>(a: &Slot, b: &Slot, kept: &[Kept<R>], events: &[Event]) -> Ordering {
    by_slot(a, b).then_with(|| {
        let (Some(left), Some(right)) = (kept.get(at(a.batch)), kept.get(at(b.batch))) else {
            return Ordering::Equal;
        };
        let of = |kept: &Kept<R>| events.get(at(kept.event)).map_or(&[][..], fields);
        let (fields, others) = (of(left), of(right));
        for (place, (field, other)) in fields.iter().zip(others).enumerate() {
            let (one, two) = (left.column(*field), right.column(*other));
            // What the first of them is has been said by the slots, if it is not kept.
            if place == 0 && matches!((one, two), (Column::Absent, _) | (_, Column::Absent)) {
                continue;
            }
            let order = cells(one, at(a.row), two, at(b.row));
            if order != Ordering::Equal {
                return order;
            }
        }
        // Without the length three kinds could stand in a circle.
        fields.len().cmp(&others.len()).then(left.event.cmp(&right.event))
    })
}

/// Which events stand at a place that another event of their kind has too, asked in their order.
pub(super) struct Ties<'k> {
    slots: &'k Sorted,
    kept: &'k [Kept<Packed>],
    events: &'k [Event],
    /// The end of the events at one place looked at last, and whether they exclude each other.
    last: (usize, bool),
}

impl<'k> Ties<'k> {
    pub fn new(slots: &'k Sorted, kept: &'k [Kept<Packed>], events: &'k [Event]) -> Ties<'k> {
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
        let alone = (start + 1, false);
        if !self.slots.is_like_the_next(start) {
            return alone;
        }
        let Some(first) = self.slots.slot(start) else { return alone };
        let event = self.kept.get(at(first.batch)).and_then(|it| self.events.get(at(it.event)));
        let Some(event) = event.filter(|event| event.order_matters) else { return alone };
        let same = |other: &Slot| order(&first, other, self.kept, self.events).is_eq();
        let here = (start..).map_while(|place| self.slots.slot(place)).take_while(same);
        let here: Vec<Slot> = here.collect();
        let again = |other: &Slot| !event.unique.is_empty() && self.alike(&first, other);
        let tied = here.len() > 1 && !here.iter().all(again);
        (start + here.len(), tied)
    }

    /// Whether two events of one kind have every field alike.
    fn alike(&self, a: &Slot, b: &Slot) -> bool {
        let held = |slot: &Slot| Some((&self.kept.get(at(slot.batch))?.rows, at(slot.row)));
        let (Some(left), Some(right)) = (held(a), held(b)) else { return false };
        let both = Packed::unpacked(left.0.event, &[left, right]);
        both.columns.iter().all(|column| column.cell(0) == column.cell(1))
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
                _ => rank(&one).cmp(&rank(&two)).then_with(|| one.order(&two)),
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
            let first = text.as_bytes().first_chunk().copied().unwrap_or_else(|| {
                let mut bytes = [0; 8];
                bytes.iter_mut().zip(text.bytes()).for_each(|(place, byte)| *place = byte);
                bytes
            });
            return 4 << 56 | u64::from_be_bytes(first) >> 8;
        }
        Column::Integer(values) if values.are_narrow() => {
            return values.narrow(row).map_or(0, whole_digest);
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

#[inline]
fn whole_digest(value: i64) -> u64 {
    let value = value.clamp(-HALF, HALF - 1) + HALF;
    u64::from(rank(&Cell::Integer(0))) << 56 | value.unsigned_abs()
}

const SQUEEZED_MAX: u64 = (1 << 56) - 1;
const HALF: i64 = 1 << 55;

/// A whole number as 56 bits, those beyond at the ends.
fn squeezed(value: i128) -> u64 {
    let half = i128::from(HALF);
    u64::try_from(value.clamp(-half, half - 1) + half).unwrap_or(SQUEEZED_MAX)
}
