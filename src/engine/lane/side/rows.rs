//! What is gathered from rows of registers, for many events at once: each row of each event stands as
//! an event of a group of its own.

use std::rc::Rc;

use crate::plan::{KeyPart, Number, RowRead, RowsOf, at};
use crate::rows::Column;

use super::numbers::Numbers;
use super::{Group, Of};

/// The rows that events selected.
struct Chosen<'a, 's> {
    /// One after the other.
    rows: Group<'a, 's>,
    /// Whose they are.
    events: Vec<usize>,
}

impl<'a, 's> Group<'a, 's> {
    /// The register of a row, and the rows of it that the events have.
    pub(super) fn entries(&mut self, row: u32) -> Option<(u32, Numbers)> {
        let lane = self.of.lane;
        match lane.rows.get(at(row))? {
            RowRead::Keyed { register, .. } => Some((*register, self.row(row))),
            RowRead::Item(source) => match lane.sources.get(at(*source))? {
                RowsOf::Register { register, .. } => {
                    Some((*register, self.items.get(at(*source))?.clone()?))
                }
                RowsOf::List(_) => None,
            },
        }
    }

    /// Whether a selection is of a register without any row, by keys that all events have.
    fn has_no_rows(&self, selection: u32) -> bool {
        let Of { lane, program, batch, registers, .. } = self.of;
        let selected = program.selections.get(at(selection));
        let source = selected.and_then(|it| lane.sources.get(at(it.source)));
        let Some(RowsOf::Register { register, key, .. }) = source else { return false };
        let is_text = |field: &u32| match batch.columns.get(at(*field)) {
            Some(Column::Text(texts)) => texts.is_full(),
            _ => false,
        };
        let in_vain = registers.is_empty(*register)
            && !self.rows.is_empty()
            && key.iter().all(|part| matches!(part, KeyPart::Text(field) if is_text(field)));
        if in_vain {
            registers.asks_in_vain(*register);
        }
        in_vain
    }

    /// The rows of a selection; nothing where it is not of a register.
    fn chosen(&mut self, selection: u32) -> Option<Chosen<'a, 's>> {
        let of = self.of;
        let selected = of.program.selections.get(at(selection))?;
        let source = at(selected.source);
        let RowsOf::Register { register, key, .. } = of.lane.sources.get(source)? else {
            return None;
        };
        let (mut places, mut entries, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for place in 0..self.rows.len() {
            let row = self.rows.get(place).copied().map(at)?;
            parts.clear();
            parts.extend(key.iter().map_while(|part| self.stored_part(part, row)));
            let (first, end) = of.registers.range(*register, &parts);
            let mut own = first..end;
            if parts.len() != key.len() || own.any(|it| of.registers.clashes(*register, it)) {
                *self.lost.get_mut(place)? = true;
                continue;
            }
            for entry in first..end {
                places.push(place);
                entries.push(i64::from(entry));
            }
        }
        let places = Rc::new(places);
        let mut all = self.only(&places);
        *all.items.get_mut(source)? = Some(Numbers::each(entries));
        let meet = all.truth(&selected.condition);
        self.lose_of(&all, &places);
        let chosen: Vec<usize> = (0..places.len()).filter(|place| meet.at(*place)).collect();
        let events = chosen.iter().filter_map(|place| places.get(*place).copied()).collect();
        Some(Chosen { rows: all.only(&Rc::new(chosen)), events })
    }

    /// The sum over the rows of a selection.
    pub(super) fn sum_over(&mut self, selection: u32, number: &Number) -> Numbers {
        if self.has_no_rows(selection) {
            return Numbers::All(0);
        }
        let Some(mut chosen) = self.chosen(selection) else { return self.constant(None) };
        if chosen.events.is_empty() {
            return Numbers::All(0);
        }
        let values = chosen.rows.number(number);
        self.lose_of(&chosen.rows, &chosen.events);
        let mut sums = vec![0_i64; self.rows.len()];
        let values = values.spread(chosen.events.len());
        for (event, value) in chosen.events.iter().zip(values.iter()) {
            let places = sums.get_mut(*event).zip(self.lost.get_mut(*event));
            let Some((sum, lost)) = places else { continue };
            let next = sum.checked_add(*value);
            *lost |= next.is_none();
            *sum = next.unwrap_or(0);
        }
        Numbers::each(sums)
    }

    /// How many rows a selection has.
    pub(super) fn count(&mut self, selection: u32) -> Numbers {
        if self.has_no_rows(selection) {
            return Numbers::All(0);
        }
        let Some(chosen) = self.chosen(selection) else { return self.constant(None) };
        let mut counts = vec![0_i64; self.rows.len()];
        for event in chosen.events {
            if let Some(count) = counts.get_mut(event) {
                *count += 1;
            }
        }
        Numbers::each(counts)
    }
}
