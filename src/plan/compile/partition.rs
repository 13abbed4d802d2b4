//! By what events may be parted so that each part can be worked out alone.
//!
//! Two events must stay together if one reads what the other writes. Where every reader and writer
//! of a tally gives one part of its key by a plain field of the event, events that differ in that
//! field never meet there. A set of such fields, one for each event kind, that serves *every* piece
//! of state is a key of the partition. Stages are passes of their own and read what is complete.
//! Where nothing is read but what an event gave that is undone, only what undoes it has to stay with it.

use std::collections::BTreeMap;

use crate::model::{self, EventId, FieldIx};

use super::super::{Expr, Partition, PartitionColumn};
use super::{Compiler, Item, Touch};

/// A field of each kind, as found so far.
type Column = BTreeMap<EventId, u32>;

pub(super) fn derive(compiler: &Compiler<'_>) -> Partition {
    let read: Vec<Item> = {
        let mut read: Vec<Item> =
            touches(compiler).filter(|it| it.reads).map(|it| it.item).collect();
        read.sort();
        read.dedup();
        read
    };
    let undone = |item: &&Item| matches!(item, Item::Original(_));
    let originals = read.iter().filter(undone).count();
    if read.is_empty() {
        return Partition::Free;
    }
    let matters = |touch: &&Touch| read.contains(&touch.item);
    let touched: Vec<&Touch> = touches(compiler).filter(matters).collect();
    if originals == read.len() && read.iter().all(|item| is_undone_by_what_is_sent(compiler, item))
    {
        return Partition::ByUndone;
    }
    // What undoes an event changes what stands under the keys of that one.
    if originals > 0 {
        return Partition::Sequential { because: culprit(&touched) };
    }
    let mut columns: Vec<Column> = vec![];
    let seeds = touched.first().map_or(&[][..], |touch| touch.keys.as_slice());
    for seed in seeds {
        let Some(Expr::Field(field)) = seed else { continue };
        let Some(event) = touched.first().and_then(|touch| touch.event) else { continue };
        let column = grown(Column::from([(event, *field)]), &touched);
        columns.extend(column.filter(|column| !columns.contains(column)));
    }
    if columns.is_empty() {
        return Partition::Sequential { because: culprit(&touched) };
    }
    let column = |column: Column| PartitionColumn {
        fields: column.into_iter().map(|(event, field)| (event.0, field)).collect(),
    };
    Partition::By(columns.into_iter().map(column).collect())
}

/// Whether events of a kind are known by one field that is sent, and so are those that undo them.
fn is_undone_by_what_is_sent(compiler: &Compiler<'_>, item: &Item) -> bool {
    let Item::Original(kind) = item else { return false };
    let events = &compiler.rules.events;
    let sent = |event: &model::Event, field: FieldIx| {
        event.fields.get(field.index()).is_some_and(|it| it.computed.is_none())
    };
    let named = |event: &model::Event| {
        event.reverses.is_none_or(|(field, of)| of.0 != *kind || sent(event, field))
    };
    let original = events.get(EventId(*kind).index());
    let known = original.is_some_and(|event| match event.unique.as_slice() {
        [field] => sent(event, *field),
        _ => false,
    });
    known && events.iter().all(named)
}

fn touches<'c>(compiler: &'c Compiler<'_>) -> impl Iterator<Item = &'c Touch> {
    compiler.touches.iter().filter(|touch| !compiler.is_stage(touch.event))
}

/// Extends a field of one kind to all kinds that share state with it, or finds that it cannot be.
fn grown(mut column: Column, touched: &[&Touch]) -> Option<Column> {
    let mut places: BTreeMap<Item, usize> = BTreeMap::new();
    loop {
        let before = (column.len(), places.len());
        for touch in touched {
            let event = touch.event?;
            let fields = touch.keys.iter().map(|key| match key {
                Some(Expr::Field(field)) => Some(*field),
                _ => None,
            });
            let fields: Vec<Option<u32>> = fields.collect();
            match (places.get(&touch.item).copied(), column.get(&event).copied()) {
                (Some(place), Some(field)) => {
                    if fields.get(place).copied().flatten() != Some(field) {
                        return None;
                    }
                }
                (Some(place), None) => {
                    column.insert(event, fields.get(place).copied().flatten()?);
                }
                (None, Some(field)) => {
                    places.insert(touch.item, fields.iter().position(|it| *it == Some(field))?);
                }
                (None, None) => {}
            }
        }
        if before == (column.len(), places.len()) {
            break;
        }
    }
    // State that no chain of kinds joins to this column would need a key of its own.
    touched.iter().all(|touch| places.contains_key(&touch.item)).then_some(column)
}

/// Who to name: the first reader that gives no plain field, else the first at all.
fn culprit(touched: &[&Touch]) -> String {
    let plain = |touch: &&&Touch| touch.keys.iter().any(|it| matches!(it, Some(Expr::Field(_))));
    let reader = touched.iter().find(|touch| touch.reads && !plain(touch));
    let reader = reader.or_else(|| touched.iter().find(|touch| touch.reads));
    reader.map_or_else(String::new, |touch| touch.who.clone())
}
