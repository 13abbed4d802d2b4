//! Rows in a lane: which are selected, what they weigh, what is spread over them and settled.
//!
//! The row at hand of a source is a place, and its number among the selected rows. Whoever goes through
//! rows puts back what stood there.

use std::slice;

use crate::base::Exact;
use crate::plan::{
    FigureOf, Lane, Leaf, Number, RowLoop, RowRead, RowSettle, RowShare, RowsOf as Source, Slot,
    Spread, at,
};
use crate::rows::{Cell, Column, FigureValue};

use super::super::said::Said;
use super::super::value::Value;
use super::values::parts_of;
use super::whole::Whole;
use super::{Event, Work};

/// The row at hand of a source.
pub(super) enum Item<'a> {
    /// A record of a list of the event.
    Record(&'a [Cell]),
    /// A row of a register.
    Entry(u32, u32),
}

/// Memory for rows, used anew for every event; what was noted with a turn was found in it.
#[derive(Debug)]
pub(super) struct RowWork<W> {
    /// By source: the place of the row at hand, and its number among the selected.
    at_hand: Vec<(u32, usize)>,
    selected: Vec<(u64, Vec<u32>)>,
    shares: Vec<(u64, Shares<W>)>,
    kept: Vec<(u64, W)>,
    /// By slot, what was put down for each row.
    lists: Vec<Vec<W>>,
    /// The kind of event for all of which something was found.
    kind: u32,
}

/// The turn of what was found for all events of a kind.
const ALWAYS: u64 = u64::MAX;

/// What selected rows weigh.
#[derive(Debug)]
struct Shares<W> {
    /// Whether there is anything to share by.
    divisible: bool,
    /// Numerators, row by row.
    numbers: Vec<W>,
    /// What they come to if all is shared.
    of: W,
}

impl<W: Whole> RowWork<W> {
    pub fn new() -> RowWork<W> {
        RowWork {
            at_hand: Vec::new(),
            selected: Vec::new(),
            shares: Vec::new(),
            kept: Vec::new(),
            lists: Vec::new(),
            kind: u32::MAX,
        }
    }

    /// Makes room for what an event's lane and program have.
    pub fn prepare(&mut self, lane: &Lane) {
        let program = &lane.program;
        let (sources, selected) = (lane.sources.len(), program.selections.len());
        let (shares, kept) = (program.shares.len(), program.kept.len());
        if sources > 0 {
            self.lists.resize_with(self.lists.len().max(at(lane.slots)), Vec::new);
        }
        self.at_hand.resize(self.at_hand.len().max(sources), (0, 0));
        self.selected.resize_with(self.selected.len().max(selected), Default::default);
        let none = || (0, Shares { divisible: false, numbers: Vec::new(), of: W::ONE });
        self.shares.resize_with(self.shares.len().max(shares), none);
        self.kept.resize(self.kept.len().max(kept), (0, W::ZERO));
    }

    /// Begins an event; what was found for all of another kind is not for it.
    pub fn begin(&mut self, kind: u32) {
        if self.kind != kind {
            self.kind = kind;
            let selected = self.selected.iter_mut().map(|(turn, _)| turn);
            let shares = self.shares.iter_mut().map(|(turn, _)| turn);
            selected.chain(shares).for_each(|turn| *turn = 0);
        }
    }

    /// What was put down for each row.
    fn list(&mut self, slot: Slot) -> Option<&mut Vec<W>> {
        self.lists.get_mut(at(slot.0))
    }
}

/// Whether something was given.
pub(super) fn is_there(cell: &&Cell) -> bool {
    !cell.is_missing()
}

impl<'a, W: Whole> Event<'a, W> {
    /// The row at hand.
    pub(super) fn item(&self, source: u32) -> Option<Item<'a>> {
        let (place, _) = *self.work.of_rows.at_hand.get(at(source))?;
        match self.lane.sources.get(at(source))? {
            Source::Register { register, .. } => Some(Item::Entry(*register, place)),
            Source::List(field) => match self.records(*field)?.get(at(place))? {
                Cell::Record(cells) => Some(Item::Record(cells)),
                _ => None,
            },
        }
    }

    fn records(&self, field: u32) -> Option<&'a [Cell]> {
        match self.column(field)? {
            Column::Cells(cells) => match cells.get(self.row)? {
                Cell::List(records) => Some(records),
                _ => None,
            },
            _ => None,
        }
    }

    /// A stored field of a row, if it is there; nothing if there is no row.
    pub(super) fn stored_cell(&mut self, row: u32, field: u32) -> Option<Option<Said<'a>>> {
        let (register, entry) = match self.lane.rows.get(at(row))? {
            RowRead::Keyed { register, .. } => (*register, self.row(row)??),
            RowRead::Item(source) => match self.item(*source)? {
                Item::Record(cells) => return Some(cells.get(at(field)).map(Said::Made)),
                Item::Entry(register, entry) => (register, entry),
            },
        };
        Some(self.registers.cell(register, entry, field))
    }

    /// A stored rate over a denominator, if it is so many parts.
    pub(super) fn rate(&mut self, row: Option<u32>, field: u32, den: i128) -> Option<W> {
        let value = match row {
            None => match self.column(field)? {
                Column::Number(values) => values.get_ref(self.row)?,
                _ => return None,
            },
            Some(row) => self.row_said(row, field)?.exact()?,
        };
        W::of(parts_of(value, den)?)
    }

    /// A number that is worked out once.
    pub(super) fn kept(&mut self, place: usize) -> Option<W> {
        let (turn, known) = *self.work.of_rows.kept.get(place)?;
        if turn == self.work.turn {
            return Some(known);
        }
        let program = self.program;
        let value = self.number(program.kept.get(place)?)?;
        *self.work.of_rows.kept.get_mut(place)? = (self.work.turn, value);
        Some(value)
    }

    /// Runs for each selected row, with it at hand.
    fn each_row(
        &mut self,
        rows: u32,
        mut run: impl FnMut(&mut Self, usize) -> Option<()>,
    ) -> Option<()> {
        let count = self.select(rows)?;
        let program = self.program;
        let source = at(program.selections.get(at(rows))?.source);
        let before = *self.work.of_rows.at_hand.get(source)?;
        for number in 0..count {
            let place = *self.work.of_rows.selected.get(at(rows))?.1.get(number)?;
            *self.work.of_rows.at_hand.get_mut(source)? = (place, number);
            run(self, number)?;
        }
        *self.work.of_rows.at_hand.get_mut(source)? = before;
        Some(())
    }

    /// Finds the rows of a selection, and says how many there are.
    fn select(&mut self, rows: u32) -> Option<usize> {
        let (turn, known) = self.work.of_rows.selected.get_mut(at(rows))?;
        if *turn == self.work.turn || *turn == ALWAYS {
            return Some(known.len());
        }
        let mut found = std::mem::take(known);
        found.clear();
        let program = self.program;
        let selected = program.selections.get(at(rows))?;
        let source = at(selected.source);
        let (register, first, end) = match self.lane.sources.get(source)? {
            Source::List(field) => (None, 0, u32::try_from(self.records(*field)?.len()).ok()?),
            Source::Register { register, key, .. } => {
                self.parts(key, false)?;
                let (first, end) = self.registers.range(*register, &self.work.parts);
                (Some(*register), first, end)
            }
        };
        let before = *self.work.of_rows.at_hand.get(source)?;
        for place in first..end {
            if register.is_some_and(|register| self.registers.clashes(register, place)) {
                return None;
            }
            *self.work.of_rows.at_hand.get_mut(source)? = (place, 0);
            if self.truth(&selected.condition)? {
                found.push(place);
            }
        }
        *self.work.of_rows.at_hand.get_mut(source)? = before;
        let count = found.len();
        let turn = if self.lane.has_same_rows(rows) { ALWAYS } else { self.work.turn };
        *self.work.of_rows.selected.get_mut(at(rows))? = (turn, found);
        Some(count)
    }

    /// Works out what selected rows weigh, and says whether there is anything to share by.
    fn weigh(&mut self, shares: usize) -> Option<bool> {
        let (turn, known) = self.work.of_rows.shares.get_mut(shares)?;
        if *turn == self.work.turn || *turn == ALWAYS {
            return Some(known.divisible);
        }
        let mut numbers = std::mem::take(&mut known.numbers);
        numbers.clear();
        let program = self.program;
        let weights = program.shares.get(shares)?;
        let count = self.select(weights.rows)?;
        if count > 0 {
            for divisor in &weights.divisors {
                self.number(divisor)?;
            }
        }
        // Factor by factor, then row by row.
        let mut of = W::of(weights.den)?;
        let mut sums = Vec::with_capacity(weights.factors.len());
        let mut divisible = count > 0;
        for (_, value) in &weights.factors {
            let mut sum = W::ZERO;
            self.each_row(weights.rows, |event, _| {
                let value = event.number(value)?;
                if value < W::ZERO {
                    return None;
                }
                sum = sum.plus(value)?;
                numbers.push(value);
                Some(())
            })?;
            divisible &= sum != W::ZERO;
            of = of.times(sum)?;
            sums.push(sum);
        }
        if divisible {
            for (factor, (weight, _)) in weights.factors.iter().enumerate() {
                let mut by = W::of(*weight)?;
                for (_, sum) in sums.iter().enumerate().filter(|(other, _)| *other != factor) {
                    by = by.times(*sum)?;
                }
                for row in 0..count {
                    let more = numbers.get(factor * count + row)?.times(by)?;
                    let first = numbers.get_mut(row)?;
                    *first = if factor == 0 { more } else { first.plus(more)? };
                }
            }
            numbers.truncate(count);
        }
        let of = if divisible { of } else { W::ONE };
        let made = Shares { divisible, numbers, of };
        let turn = if self.lane.has_same_shares(shares) { ALWAYS } else { self.work.turn };
        *self.work.of_rows.shares.get_mut(shares)? = (turn, made);
        Some(divisible)
    }

    /// The share of the row at hand.
    pub(super) fn share(&mut self, shares: usize) -> Option<W> {
        if !self.weigh(shares)? {
            return None;
        }
        let program = self.program;
        let rows = program.shares.get(shares)?.rows;
        let source = program.selections.get(at(rows))?.source;
        let (_, number) = *self.work.of_rows.at_hand.get(at(source))?;
        self.work.of_rows.shares.get(shares)?.1.numbers.get(number).copied()
    }

    pub(super) fn share_of(&mut self, shares: usize) -> Option<W> {
        self.weigh(shares)?;
        Some(self.work.of_rows.shares.get(shares)?.1.of)
    }

    pub(super) fn count(&mut self, rows: u32, shares: Option<u32>) -> Option<W> {
        if let Some(shares) = shares {
            self.weigh(at(shares))?;
        }
        W::of(i128::try_from(self.select(rows)?).ok()?)
    }

    pub(super) fn sum_over(
        &mut self,
        rows: u32,
        shares: Option<u32>,
        number: &Number,
    ) -> Option<W> {
        if let Some(shares) = shares {
            self.weigh(at(shares))?;
        }
        let mut sum = W::ZERO;
        self.each_row(rows, |event, _| {
            sum = sum.plus(event.number(number)?)?;
            Some(())
        })?;
        Some(sum)
    }

    /// Spreads a share over rows.
    pub(super) fn spread(&mut self, spread: &Spread) -> Option<()> {
        let content = self.slot(spread.content);
        let shares = at(spread.shares);
        let divisible = content != W::ZERO && self.weigh(shares)?;
        if content != W::ZERO && !divisible && spread.none.is_none() {
            return None;
        }
        let mut list = std::mem::take(self.work.of_rows.list(spread.to)?);
        list.clear();
        if divisible {
            for number in &self.work.of_rows.shares.get(shares)?.1.numbers {
                list.push(content.times(*number)?);
            }
        }
        *self.work.of_rows.list(spread.to)? = list;
        let of = if divisible { self.share_of(shares)? } else { W::ONE };
        self.put(spread.under, of);
        if let Some(none) = spread.none {
            self.put(none, if divisible { W::ZERO } else { content });
        }
        Some(())
    }

    /// Does something for each row that has anything.
    pub(super) fn of_rows(&mut self, of_rows: &'a RowLoop) -> Option<()> {
        let count = self.work.of_rows.list(of_rows.content)?.len();
        for slot in of_rows.keep.iter().filter(|slot| **slot != of_rows.content) {
            let list = self.work.of_rows.list(*slot)?;
            list.clear();
            list.resize(count, W::ZERO);
        }
        if count == 0 {
            return Some(());
        }
        self.each_row(of_rows.rows, |event, number| {
            let content = *event.work.of_rows.list(of_rows.content)?.get(number)?;
            event.put(of_rows.content, content);
            if content == W::ZERO {
                return Some(());
            }
            for step in &of_rows.steps {
                event.step(step)?;
            }
            for slot in of_rows.keep.iter().filter(|slot| **slot != of_rows.content) {
                let kept = event.slot(*slot);
                *event.work.of_rows.list(*slot)?.get_mut(number)? = kept;
            }
            Some(())
        })
    }

    /// Makes shares whole, those of rows among them: as [`Event::settle`] does.
    pub(super) fn settle_rows(&mut self, settle: &RowSettle) -> Option<()> {
        let mut whole = self.total_of(&settle.plus)?.minus(self.total_of(&settle.minus)?)?;
        for slot in &settle.minus_rows {
            for units in self.work.of_rows.list(*slot)? {
                whole = whole.minus(*units)?;
            }
        }
        let mut den = W::of(settle.den)?;
        for under in &settle.unders {
            den = den.times(self.slot(*under))?;
        }
        self.work.shares.clear();
        for share in &settle.shares {
            let by = self.brought(settle, share)?;
            let own = self.slot(share.from);
            let Work { shares, of_rows, .. } = &mut *self.work;
            let own = if share.each { of_rows.list(share.from)? } else { slice::from_ref(&own) };
            for numerator in own {
                shares.push(numerator.times(by)?);
            }
        }
        self.residue += self.work.settled(whole, den, settle.by)?;
        let mut first = 0;
        for share in &settle.shares {
            let Work { slots, units, of_rows, .. } = &mut *self.work;
            let count = if share.each { of_rows.list(share.from)?.len() } else { 1 };
            let own = units.get(first..first + count)?;
            if share.each {
                let list = of_rows.list(share.to)?;
                list.clear();
                list.extend_from_slice(own);
            } else {
                *slots.get_mut(at(share.to.0))? = *own.first()?;
            }
            first += count;
        }
        Some(())
    }

    /// What brings a share to the common denominator.
    fn brought(&self, settle: &RowSettle, share: &RowShare) -> Option<W> {
        let others = settle.unders.iter().filter(|under| Some(**under) != share.under);
        others.map(|under| self.slot(*under)).try_fold(W::of(share.by)?, W::times)
    }

    /// Leaves of one division, row by row.
    pub(super) fn leaves_of_rows(
        &mut self,
        leaves: &'a [Leaf],
        mut take: impl FnMut(&mut Self, &'a Leaf) -> Option<()>,
    ) -> Option<()> {
        let Some(rows) = leaves.first().and_then(|leaf| leaf.each).map(|each| each.rows) else {
            return Some(());
        };
        // Nothing was spread: then there is nobody to look for.
        let first = leaves.first()?.units;
        if self.work.of_rows.list(first)?.is_empty() {
            return Some(());
        }
        self.each_row(rows, |event, number| {
            for leaf in leaves {
                for slot in [leaf.units, leaf.share.0] {
                    let value = *event.work.of_rows.list(slot)?.get(number)?;
                    event.put(slot, value);
                }
                take(event, leaf)?;
            }
            Some(())
        })
    }

    /// Works the figures of the event out; whoever does not hear them still has to know that they
    /// can be.
    pub(super) fn figures(&mut self, mut heard: Option<&mut Vec<FigureValue>>) -> Option<()> {
        let program = self.program;
        for figure in &program.figures {
            let Some((rows, shares)) = figure.rows else {
                self.figure(figure, None, &mut heard)?;
                continue;
            };
            if let Some(shares) = shares {
                self.weigh(at(shares))?;
            }
            let source = program.selections.get(at(rows))?.source;
            self.each_row(rows, |event, _| event.figure(figure, Some(source), &mut heard))?;
        }
        Some(())
    }

    fn figure(
        &mut self,
        figure: &FigureOf,
        source: Option<u32>,
        heard: &mut Option<&mut Vec<FigureValue>>,
    ) -> Option<()> {
        if !self.truth(&figure.when)? {
            return Some(());
        }
        let (number, under) = (self.number(&figure.number)?, self.number(&figure.under)?);
        let under = Some(under).filter(|under| *under > W::ZERO)?;
        let Some(heard) = heard else { return Some(()) };
        let key = match source {
            Some(source) => self.key_of_item(source)?,
            None => Vec::new(),
        };
        let den = W::of(figure.den)?.times(under)?;
        let value = Value::Number(Exact::from_ratio(number.wide()?, den.wide()?).ok()?);
        let value = value.to_cell_of(&figure.kind);
        heard.push(FigureValue { figure: figure.figure, key, value });
        Some(())
    }

    /// What stands for the row at hand in the key of a figure.
    fn key_of_item(&self, source: u32) -> Option<Vec<Cell>> {
        match (self.item(source)?, self.lane.sources.get(at(source))?) {
            (Item::Record(cells), _) => Some(cells.first().cloned().into_iter().collect()),
            (Item::Entry(register, entry), Source::Register { fields, .. }) => {
                Some(self.registers.cells(register, entry, fields))
            }
            (Item::Entry(..), Source::List(_)) => None,
        }
    }
}
