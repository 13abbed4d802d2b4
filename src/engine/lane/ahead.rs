//! What the lane of some events will look up, looked up for all of them at once.
//!
//! Events that waited for others come in an order that has nothing to do with the places of what they
//! ask for, so each look-up is a walk through memory. Side by side many are under way at a time.

use crate::plan::{Entity, KeyPart, Lane, Number, RowRead, RowsOf, at};
use crate::rows::{Batch, Column, TextColumn};

use crate::engine::names::Names;
use crate::engine::registers::Registers;
use crate::engine::value::Part;

/// What was looked up for the events of a batch.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// By field, what the texts of the events are as parts of keys, as far as they are known.
    texts: Vec<(u32, Vec<Part>)>,
    /// By row of the lane, the rows found.
    rows: Vec<Vec<Found>>,
}

/// What was found for one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// There is no such row.
    Nothing,
    /// The only row, by position.
    Row(u32),
    /// Several rows, or no key: the evaluator's to say.
    Unclear,
}

impl Ahead {
    /// Looks up what stands under keys of stored fields.
    pub fn new(lane: &Lane, batch: &Batch, registers: &Registers<'_>, names: &Names) -> Ahead {
        let mut ahead = Ahead::default();
        let keys = lane.rows.iter().filter_map(RowRead::key);
        let keys = keys.chain(lane.sources.iter().filter_map(RowsOf::key));
        for part in keys.chain(lane.keys.iter().map(|key| &key.parts)).flatten() {
            if let KeyPart::Text(field) = part
                && ahead.texts.iter().all(|(of, _)| of != field)
                && let Some(Column::Text(texts)) = batch.columns.get(at(*field))
            {
                ahead.texts.push((*field, known_texts(texts, names)));
            }
        }
        for read in &lane.rows {
            let found = stored_key(read, registers).map(|(register, key)| match key {
                [KeyPart::Text(field)] => ahead.by_text(registers, register, *field),
                key => ahead.by_parts(registers, (register, key), batch),
            });
            ahead.rows.push(found.unwrap_or_default());
        }
        ahead
    }

    /// The rows under keys of one text: nothing else is done for each, so that many are under way.
    fn by_text(&self, registers: &Registers<'_>, register: u32, field: u32) -> Vec<Found> {
        let Some(ranges) = registers.ranges(register, 1) else { return Vec::new() };
        let found = |part: &Part| match part {
            Part::Missing => Found::Unclear,
            part => only_of(registers, register, ranges.of(std::slice::from_ref(part))),
        };
        self.known(field).iter().map(found).collect()
    }

    fn by_parts(
        &self,
        registers: &Registers<'_>,
        (register, key): (u32, &[KeyPart]),
        batch: &Batch,
    ) -> Vec<Found> {
        let mut parts = Vec::with_capacity(key.len());
        let found = |row| {
            parts.clear();
            parts.extend(key.iter().map_while(|part| self.part(part, batch, row)));
            match parts.len() == key.len() {
                true => only_row(registers, register, &parts),
                false => Found::Unclear,
            }
        };
        (0..batch.len()).map(found).collect()
    }

    /// Whether the events of a lane look up rows by what is stored with them.
    pub fn has_rows(lane: &Lane, registers: &Registers<'_>) -> bool {
        lane.rows.iter().any(|read| stored_key(read, registers).is_some())
    }

    /// A text as part of a key, if it is known.
    #[inline]
    pub fn text(&self, field: u32, row: usize) -> Option<Part> {
        let part = self.known(field).get(row).copied();
        part.filter(|part| matches!(part, Part::Text(_)))
    }

    /// What the texts of a field are as parts of keys; none where nobody looked.
    fn known(&self, field: u32) -> &[Part] {
        let own = self.texts.iter().find(|(of, _)| *of == field);
        own.map_or(&[], |(_, parts)| parts)
    }

    /// A row of the lane, if it was looked up.
    #[inline]
    pub fn row(&self, read: u32, row: usize) -> Option<Found> {
        self.rows.get(at(read))?.get(row).copied()
    }

    fn part(&self, part: &KeyPart, batch: &Batch, row: usize) -> Option<Part> {
        let column = |field: &u32| batch.columns.get(at(*field));
        match part {
            KeyPart::Text(field) => {
                let part = self.known(*field).get(row).copied();
                part.filter(|part| *part != Part::Missing)
            }
            KeyPart::Member(Entity::Field(field)) => match column(field)? {
                Column::Member(members) => members.get(row).map(Part::Member),
                _ => None,
            },
            KeyPart::Whole(Number::Field(field)) => match column(field)? {
                Column::Integer(values) | Column::Money(values) => {
                    Some(Part::Integer(i64::try_from(values.get(row)?).ok()?))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// What texts are as parts of keys, as far as they are known. They may come in the order in which they
/// came first; where they do not, nobody looks behind the one before for long.
fn known_texts(texts: &TextColumn, names: &Names) -> Vec<Part> {
    let mut parts = Vec::with_capacity(texts.len());
    let (mut last, mut in_vain) = (u32::MAX, 0);
    while in_vain <= IN_VAIN_MAX && parts.len() < texts.len() {
        let before = last;
        let known = |text: &str| names.next_known_text(text, &mut last);
        parts.push(texts.get(parts.len()).map_or(Part::Missing, known));
        in_vain = if last == before.wrapping_add(1) { 0 } else { in_vain + 1 };
    }
    names.known_texts((parts.len()..texts.len()).map(|row| texts.get(row)), &mut parts);
    parts
}

const IN_VAIN_MAX: u32 = 16;

/// The only row under a key.
#[inline]
pub(super) fn only_row(registers: &Registers<'_>, register: u32, key: &[Part]) -> Found {
    only_of(registers, register, Some(registers.range(register, key)))
}

/// The only one of some rows.
#[inline]
fn only_of(registers: &Registers<'_>, register: u32, rows: Option<(u32, u32)>) -> Found {
    match rows.filter(|(first, end)| first < end) {
        None => Found::Nothing,
        Some((first, _)) if registers.clashes(register, first) => Found::Unclear,
        Some((first, _)) => Found::Row(first),
    }
}

/// A row that is looked up by what is stored with events, in a register that has any.
fn stored_key<'l>(read: &'l RowRead, registers: &Registers<'_>) -> Option<(u32, &'l [KeyPart])> {
    let RowRead::Keyed { register, key } = read else { return None };
    (key.iter().all(is_stored) && !registers.is_empty(*register)).then_some((*register, key))
}

fn is_stored(part: &KeyPart) -> bool {
    matches!(
        part,
        KeyPart::Text(_) | KeyPart::Member(Entity::Field(_)) | KeyPart::Whole(Number::Field(_))
    )
}
