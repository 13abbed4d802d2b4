//! Events as bytes, before a book has taken them: written once, wherever they come from.

use std::ops::Range;

use crate::base::{Date, Money};
use crate::book::BookError;
use crate::book::canonical::{Canonical, Reader, Writer, value_of, write_list, write_value};
use crate::book::entry::{Event, FigureValue, Outcome, Part, Schema};
use crate::book::error::not_conserved;
use crate::book::identity::{ALLOCATED, SET_ASIDE, key_text, portable};
use crate::book::keys::{Index, Key};
use crate::rows::{Cell, Column, Origin, Reason};

/// Events of a batch in the making, end to end.
///
/// An event is written front to back: [`open`](Self::open), a [`cell`](Self::cell) for each field,
/// [`about`](Self::about), its outcome, [`close`](Self::close).
#[derive(Debug)]
pub(crate) struct Drafts {
    /// The name of each kind, as keys begin with it.
    kinds: Vec<Vec<u8>>,
    /// They are held against others alone, and need no keys.
    unkeyed: bool,
    out: Writer,
    drafts: Vec<Draft>,
    /// Where the fields of the event at hand begin, and where each ends.
    fields: Vec<usize>,
    /// Of its leaves the sum; none where it is past the range of amounts.
    sum: Option<i128>,
    /// Lanes and ranks of events that move theirs, end to end.
    places: Writer,
    /// The bytes of a key.
    key: Writer,
    placed: Placed,
}

/// An event that was written, and what the book asks of it.
#[derive(Debug)]
pub(crate) struct Draft {
    body: Range<usize>,
    input: Range<usize>,
    pub(super) batch: u64,
    pub(crate) kind: u32,
    /// Nobody sent it.
    pub(crate) made: bool,
    pub(crate) became: Became,
    pub(crate) open_items: u64,
    /// The key under which it is found when it is allocated, and that of what became of it.
    pub(in crate::book) allocated: Key,
    pub(super) key: Key,
    /// Where it moves its lane to, if it does.
    pub(super) lane: Option<InLane>,
}

/// The sums of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    Allocated { inflow: Money, undetermined: Money, residue_units: u64 },
    SetAside { inflow: Option<Money> },
}

/// Where the bytes of a lane stand, and those of the rank of an event in it.
#[derive(Debug)]
pub(super) struct InLane {
    lane: Range<usize>,
    rank: Range<usize>,
}

/// By what an event is known, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct Placed {
    pub(crate) key: Vec<Part>,
    pub(crate) lane: Vec<Part>,
    pub(crate) rank: Vec<Part>,
}

/// What is said of an event beside its fields.
#[derive(Debug)]
pub(crate) struct About<'a> {
    pub(crate) origin: Origin,
    pub(crate) date: Date,
    pub(crate) booked: Option<Date>,
    pub(crate) key: &'a [Part],
    pub(crate) lane: &'a [Part],
    pub(crate) rank: &'a [Part],
    pub(crate) late: bool,
}

impl Drafts {
    /// None, of kinds with these names.
    pub(in crate::book) fn new<'n>(kinds: impl Iterator<Item = &'n str>) -> Drafts {
        let name = |name: &str| {
            let mut out = Writer::default();
            out.bytes(name.as_bytes());
            out.finish()
        };
        Drafts {
            kinds: kinds.map(name).collect(),
            unkeyed: false,
            out: Writer::default(),
            drafts: Vec::new(),
            fields: Vec::new(),
            sum: Some(0),
            places: Writer::default(),
            key: Writer::default(),
            placed: Placed::default(),
        }
    }

    /// None, of the kinds that an edition names.
    pub(crate) fn of(schema: &Schema) -> Drafts {
        Drafts::new(schema.events.iter().map(|table| table.name.as_str()))
    }

    /// None, to be held against entries and not to be posted.
    pub(crate) fn to_compare() -> Drafts {
        Drafts { unkeyed: true, ..Drafts::new(std::iter::empty()) }
    }

    /// None, of the same kinds; about as many are to come.
    pub(crate) fn another(&self) -> Drafts {
        Drafts {
            kinds: self.kinds.clone(),
            out: Writer::with_room(self.out.written().len()),
            drafts: Vec::with_capacity(self.drafts.len()),
            ..Drafts::new(std::iter::empty())
        }
    }

    /// Begins an event of a kind with so many fields.
    pub(crate) fn open(&mut self, batch: u64, kind: u32, fields: usize) {
        let start = self.out.written().len();
        batch.write(&mut self.out);
        let input = self.out.written().len();
        kind.write(&mut self.out);
        self.out.length(fields);
        self.fields.clear();
        self.fields.push(self.out.written().len());
        self.sum = Some(0);
        self.drafts.push(Draft {
            body: start..start,
            input: input..input,
            batch,
            kind,
            made: false,
            became: Became::SetAside { inflow: None },
            open_items: 0,
            allocated: Key::NONE,
            key: Key::NONE,
            lane: None,
        });
    }

    /// The next field.
    fn cell(&mut self, cell: &Cell) {
        cell.write(&mut self.out);
        self.fields.push(self.out.written().len());
    }

    /// The next field, as a column has it.
    pub(crate) fn column(&mut self, column: &Column, row: usize) {
        write_value(column, row, &mut self.out);
        self.fields.push(self.out.written().len());
    }

    /// Room for the parts of a key, to be given back.
    pub(crate) fn placed(&mut self) -> Placed {
        std::mem::take(&mut self.placed)
    }

    pub(crate) fn give_back(&mut self, mut placed: Placed) {
        placed.key.clear();
        placed.lane.clear();
        placed.rank.clear();
        self.placed = placed;
    }

    /// The origin that stands in other bytes where that of the event at hand comes next.
    pub(crate) fn origin_in(&self, other: &[u8]) -> Option<Origin> {
        let start = self.drafts.last()?.body.start;
        let rest = other.get(self.out.written().len().checked_sub(start)?..)?;
        Origin::read(&mut Reader::new(rest)).ok()
    }

    /// What is said of the event beside its fields.
    ///
    /// # Errors
    /// A part of its key or lane is not portable, or is not there; the kind is unknown.
    pub(crate) fn about(&mut self, about: &About<'_>) -> Result<(), BookError> {
        let end = self.out.written().len();
        about.origin.write(&mut self.out);
        about.date.write(&mut self.out);
        about.booked.write(&mut self.out);
        write_list(about.key, &mut self.out);
        write_list(about.lane, &mut self.out);
        write_list(about.rank, &mut self.out);
        about.late.write(&mut self.out);
        let Some(draft) = self.drafts.last_mut() else { return Err(NOT_OPEN) };
        draft.input.end = end;
        draft.made = about.origin == Origin::MADE;
        if self.unkeyed {
            return Ok(());
        }
        let kind = usize::try_from(draft.kind).ok().and_then(|kind| self.kinds.get(kind));
        let Some(kind) = kind else {
            return Err(BookError::OutOfPlace { what: "an unknown event kind", inside: false });
        };
        let said = Said { bytes: self.out.written(), fields: &self.fields };
        draft.allocated = said.key([&[ALLOCATED], kind], about.key, &mut self.key)?;
        draft.key = draft.allocated;
        if !about.lane.is_empty() && !about.late {
            let start = self.places.written().len();
            said.parts(about.lane, true, &mut self.places)?;
            let middle = self.places.written().len();
            said.parts(about.rank, false, &mut self.places)?;
            let end = self.places.written().len();
            draft.lane = Some(InLane { lane: start..middle, rank: middle..end });
        }
        Ok(())
    }

    /// It is allocated, by so many leaves.
    pub(crate) fn allocated(&mut self, inflow: Money, residue_units: u64, leaves: usize) {
        self.out.byte(0);
        inflow.write(&mut self.out);
        residue_units.write(&mut self.out);
        self.out.length(leaves);
        if let Some(draft) = self.drafts.last_mut() {
            draft.became =
                Became::Allocated { inflow, undetermined: Money::default(), residue_units };
        }
    }

    /// Its next leaf.
    pub(crate) fn leaf(&mut self, account: Option<(u32, &[Cell])>, leg: u32, amount: Money) {
        account.is_some().write(&mut self.out);
        if let Some((family, key)) = account {
            family.write(&mut self.out);
            write_list(key, &mut self.out);
        }
        leg.write(&mut self.out);
        amount.write(&mut self.out);
        self.sum = self.sum.and_then(|sum| sum.checked_add(amount.minor()));
        let nobodys = account.is_none();
        if let Some(Draft { became: Became::Allocated { undetermined, .. }, .. }) =
            self.drafts.last_mut().filter(|_| nobodys)
        {
            // Where this is past the range, so is the sum of the leaves.
            let sum = undetermined.minor().saturating_add(amount.minor());
            *undetermined = Money::from_minor(sum);
        }
    }

    /// It is set aside.
    ///
    /// # Errors
    /// The event was not opened.
    pub(crate) fn set_aside(
        &mut self,
        inflow: Option<Money>,
        reason: &Reason,
        key: &[Part],
    ) -> Result<(), BookError> {
        self.out.byte(1);
        inflow.write(&mut self.out);
        reason.write(&mut self.out);
        let Some(draft) = self.drafts.last_mut() else { return Err(NOT_OPEN) };
        // What is set aside changes no total.
        draft.lane = None;
        draft.became = Became::SetAside { inflow };
        if self.unkeyed {
            return Ok(());
        }
        let kind = usize::try_from(draft.kind).ok().and_then(|kind| self.kinds.get(kind));
        let head: [&[u8]; 2] = [&[SET_ASIDE], kind.map_or(&[], Vec::as_slice)];
        let said = Said { bytes: self.out.written(), fields: &self.fields };
        draft.key = said.key(head, key, &mut self.key)?;
        Ok(())
    }

    /// The event is whole with its figures and open items.
    ///
    /// # Errors
    /// Its leaves do not sum to its inflow.
    pub(crate) fn close(
        &mut self,
        figures: &[FigureValue],
        open_items: &[u32],
    ) -> Result<(), BookError> {
        write_list(figures, &mut self.out);
        write_list(open_items, &mut self.out);
        let end = self.out.written().len();
        let Some(draft) = self.drafts.last_mut() else { return Err(NOT_OPEN) };
        draft.body.end = end;
        draft.open_items = u64::try_from(open_items.len()).unwrap_or(u64::MAX);
        match (draft.became, self.sum) {
            (Became::Allocated { .. }, None) => Err(BookError::TotalTooLarge),
            (Became::Allocated { inflow, .. }, Some(sum)) if sum != inflow.minor() => {
                let key = self.event(self.drafts.len() - 1)?;
                Err(not_conserved(key_text(&key), inflow, sum))
            }
            _ => Ok(()),
        }
    }

    /// Writes an event.
    ///
    /// # Errors
    /// As those of its parts.
    pub(crate) fn push(&mut self, event: &Event) -> Result<(), BookError> {
        self.open(event.batch, event.kind, event.fields.len());
        event.fields.iter().for_each(|cell| self.cell(cell));
        self.about(&About {
            origin: event.origin,
            date: event.date,
            booked: event.booked,
            key: &event.key,
            lane: &event.lane,
            rank: &event.rank,
            late: event.late,
        })?;
        match &event.outcome {
            Outcome::Allocated { inflow, residue_units, leaves } => {
                self.allocated(*inflow, *residue_units, leaves.len());
                for leaf in leaves {
                    let account = leaf.account.as_ref().map(|it| (it.family, it.key.as_slice()));
                    self.leaf(account, leaf.leg, leaf.amount);
                }
            }
            Outcome::SetAside { inflow, reason } => self.set_aside(*inflow, reason, &event.key)?,
        }
        self.close(&event.figures, &event.open_items)
    }

    /// Forgets all events, and keeps their room.
    pub(crate) fn clear(&mut self) {
        self.out.clear();
        self.places.clear();
        self.drafts.clear();
    }

    /// The bytes of the last event.
    pub(crate) fn last(&self) -> &[u8] {
        self.drafts.last().map_or(&[], |draft| self.body(draft))
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.drafts.len()
    }

    /// The events that were written.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Draft> {
        self.drafts.iter()
    }

    /// The bytes of an event.
    pub(crate) fn body(&self, draft: &Draft) -> &[u8] {
        self.out.written().get(draft.body.clone()).unwrap_or_default()
    }

    /// Of them those of its kind and fields.
    pub(super) fn input(&self, draft: &Draft) -> &[u8] {
        self.out.written().get(draft.input.clone()).unwrap_or_default()
    }

    /// The lanes of those that move theirs, in order.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &[u8]> {
        let lane = |it: &InLane| self.places.written().get(it.lane.clone()).unwrap_or_default();
        self.drafts.iter().filter_map(move |draft| draft.lane.as_ref().map(lane))
    }

    /// The rank of an event that moves its lane.
    pub(super) fn rank(&self, draft: &Draft) -> &[u8] {
        let rank = draft.lane.as_ref().map(|it| it.rank.clone());
        rank.and_then(|rank| self.places.written().get(rank)).unwrap_or_default()
    }

    /// An event, read back.
    ///
    /// # Errors
    /// There is no such event.
    pub(crate) fn event(&self, at: usize) -> Result<Event, BookError> {
        let draft = self.drafts.get(at).ok_or(NOT_OPEN)?;
        let event = value_of(self.body(draft));
        event.map_err(|_| BookError::Internal("a draft that cannot be read"))
    }
}

const NOT_OPEN: BookError = BookError::Internal("an event was not opened");

/// The fields of the event at hand.
#[derive(Clone, Copy)]
struct Said<'a> {
    bytes: &'a [u8],
    /// Where the first begins, and where each ends.
    fields: &'a [usize],
}

impl Said<'_> {
    fn field(&self, field: u32) -> Result<&[u8], BookError> {
        let at = usize::try_from(field).unwrap_or(usize::MAX);
        let ends = self.fields.get(at).zip(self.fields.get(at.saturating_add(1)));
        let field = ends.and_then(|(start, end)| self.bytes.get(*start..*end));
        field.ok_or_else(|| BookError::NotPortable)
    }

    /// The bytes of the cells that some parts stand for, which may have to mean the same in every edition.
    fn parts(&self, parts: &[Part], as_key: bool, out: &mut Writer) -> Result<(), BookError> {
        out.length(parts.len());
        for part in parts {
            let from = out.written().len();
            match part {
                Part::Field { field } => out.raw(self.field(*field)?),
                Part::Value { value } => value.write(out),
            }
            if as_key {
                portable(out.written().get(from..).unwrap_or_default())?;
            }
        }
        Ok(())
    }

    fn key(&self, head: [&[u8]; 2], parts: &[Part], out: &mut Writer) -> Result<Key, BookError> {
        out.clear();
        head.iter().for_each(|bytes| out.raw(bytes));
        self.parts(parts, true, out)?;
        Ok(Key::of(Index::Event, out.written()))
    }
}
