//! What entries must have beside them, worked out again from the entries alone.

use std::collections::BTreeMap;

use crate::base::{Digest, Digester};
use crate::book::Moment;
use crate::book::canonical::bytes_of;
use crate::book::entry::{Batch, Entry, Event, Outcome, RegisterPart, Schema};
use crate::book::identity::{Identity, lane_key, rank, unread_key};
use crate::book::journal::settled_key;
use crate::book::posting::{Running, conserve, moves_lane, register_digester};
use crate::book::store::{Index, Mark, Row};

/// Follows the entries from the first on.
#[derive(Debug, Default)]
pub(super) struct Replica {
    marks: Vec<Mark>,
    made: BTreeMap<Index, u64>,
    editions: BTreeMap<Digest, (u64, Schema)>,
    registers: BTreeMap<u64, (Digest, u32)>,
    /// The register whose parts are coming in: its first entry, edition, number, parts so far.
    open: Option<OpenRegister>,
    running: Option<Running>,
    /// An entry was lost: sums of its batch cannot be held against anything.
    lost: bool,
    last: Option<Moment>,
    pub(super) moments_back: Vec<u64>,
}

#[derive(Debug)]
struct OpenRegister {
    first: u64,
    edition: Digest,
    register: u32,
    parts: u32,
    digester: Digester,
}

/// What an entry contradicts.
type Contradiction = &'static str;

impl Replica {
    /// Takes the next entry.
    pub(super) fn take(&mut self, number: u64, entry: &Entry) -> Result<(), Contradiction> {
        if !matches!(entry, Entry::Register(part) if part.part > 0) {
            self.finish_register();
        }
        let inside = matches!(
            entry,
            Entry::Event(_) | Entry::Unread(_) | Entry::Correction(_) | Entry::Close(_)
        );
        if inside != self.running.is_some() && !self.lost {
            return Err("it stands where no such entry can stand");
        }
        if (number == 0) != matches!(entry, Entry::Opening(_)) {
            return Err("a book has one opening, at its beginning");
        }
        match entry {
            Entry::Opening(opening) => self.learnt(number, opening.learnt),
            Entry::Edition(edition) => {
                let digest = edition.digest();
                if edition.texts.iter().any(|it| Digest::of(it.text.as_bytes()) != it.digest) {
                    return Err("a text of the edition does not have the digest it tells");
                }
                self.editions.insert(digest, (number, edition.schema.clone()));
                self.mark(Index::Content, digest.as_bytes().to_vec(), number);
            }
            Entry::Register(part) => return self.register(number, part),
            Entry::Batch(batch) => return self.batch(number, batch),
            Entry::Event(event) => return self.event(number, event),
            Entry::Unread(row) => {
                let Some(running) = &mut self.running else { return Ok(()) };
                let key = unread_key(row, running.source(row.origin));
                running.count_unread(row).map_err(|_| "its amounts are out of range")?;
                self.mark(Index::Event, key, number);
            }
            Entry::Correction(correction) => {
                self.mark(Index::Settled, settled_key(correction.of), number);
                if let Some(running) = &mut self.running {
                    running.count_correction();
                }
                if correction.of >= number {
                    return Err("it corrects what stands after it");
                }
                let outcome = correction.outcome.iter();
                if outcome.into_iter().any(|outcome| conserve(outcome, String::new).is_err()) {
                    return Err("its amounts do not sum to what the event brought");
                }
            }
            Entry::Close(close) => {
                let Some(running) = self.running.take() else { return Ok(()) };
                let (expected, marks) = running.close();
                let lost = std::mem::take(&mut self.lost);
                if lost {
                    return Ok(());
                }
                for mark in marks {
                    self.mark(mark.index, mark.key, mark.entry);
                }
                if *close != expected {
                    return Err("its sums are not those of its batch");
                }
            }
            Entry::Dispute(dispute) => {
                self.learnt(number, dispute.learnt);
                if dispute.against.iter().any(|entry| *entry >= number) {
                    return Err("it is against what stands after it");
                }
            }
            Entry::Resolution(resolution) => {
                self.learnt(number, resolution.learnt);
                self.mark(Index::Settled, settled_key(resolution.dispute), number);
            }
            Entry::Checkpoint(note) => self.learnt(number, note.learnt),
            Entry::Signer(signer) => self.learnt(number, signer.learnt),
        }
        Ok(())
    }

    /// An entry could not be read.
    pub(super) fn lost(&mut self) {
        self.lost = true;
    }

    /// The entry that begins a batch without an end.
    pub(super) fn unfinished(&mut self) -> Option<u64> {
        self.finish_register();
        self.running.as_ref().map(|running| running.number)
    }

    /// The keys that the entries taken since the last time must have.
    pub(super) fn take_marks(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.marks)
    }

    /// How many keys all entries must have in an index.
    pub(super) fn marks_made(&self, index: Index) -> u64 {
        self.made.get(&index).copied().unwrap_or(0)
    }

    fn batch(&mut self, number: u64, batch: &Batch) -> Result<(), Contradiction> {
        self.learnt(number, batch.learnt);
        let edition = self.editions.get(&batch.edition);
        let schema = edition.map(|(_, schema)| schema.clone()).unwrap_or_default();
        let held = edition.is_some_and(|(entry, _)| *entry == batch.edition_entry);
        self.running = Some(Running::new(number, batch, schema));
        if !held {
            return Err("the entry it names does not hold its edition");
        }
        let mut parted = batch.registers.iter().filter(|register| register.parts > 0);
        let kept = |first: &u64| self.registers.get(first).copied();
        if parted.any(|it| kept(&it.first) != Some((it.digest, it.parts))) {
            return Err("an entry it names does not hold its register");
        }
        Ok(())
    }

    fn event(&mut self, number: u64, event: &Event) -> Result<(), Contradiction> {
        let Some(running) = &mut self.running else { return Ok(()) };
        if event.batch != running.number {
            return Err("it names another batch than it stands in");
        }
        running.count(event).map_err(|_| "its amounts are out of range")?;
        let kind = running.kind_name(event.kind).map_err(|_| "its edition has no such kind")?;
        let identity = Identity::of(event, kind).map_err(|_| "its key is not portable")?;
        if moves_lane(event) {
            let lane = lane_key(event).map_err(|_| "its lane is not portable")?;
            running.ranked(lane, rank(event).map_err(|_| "its rank is not there")?, number);
        }
        self.mark(Index::Event, identity.key(&event.outcome), number);
        match &event.outcome {
            outcome @ Outcome::Allocated { .. } => conserve(outcome, String::new)
                .map_err(|_| "its amounts do not sum to what the event brought"),
            Outcome::SetAside { .. } => Ok(()),
        }
    }

    fn register(&mut self, number: u64, part: &RegisterPart) -> Result<(), Contradiction> {
        let (edition, register) = (part.edition, part.register);
        if part.part == 0 {
            let digester = register_digester(&edition, register);
            let first = number;
            self.open = Some(OpenRegister { first, edition, register, parts: 0, digester });
        }
        let Some(open) = &mut self.open else { return Err("a part of a register without a first") };
        if (open.edition, open.register, open.parts) != (edition, register, part.part) {
            return Err("a part of a register out of order");
        }
        part.rows.iter().for_each(|row| open.digester.update(&bytes_of(row)));
        open.parts += 1;
        Ok(())
    }

    fn finish_register(&mut self) {
        if let Some(open) = self.open.take() {
            let digest = open.digester.finish();
            self.registers.insert(open.first, (digest, open.parts));
            self.mark(Index::Content, digest.as_bytes().to_vec(), open.first);
        }
    }

    fn learnt(&mut self, number: u64, moment: Moment) {
        if self.last.is_some_and(|last| moment < last) {
            self.moments_back.push(number);
        }
        self.last = Some(moment);
    }

    fn mark(&mut self, index: Index, key: Vec<u8>, entry: u64) {
        *self.made.entry(index).or_default() += 1;
        self.marks.push(Mark { index, key, entry });
    }
}

/// The text of an edition that does not have the digest it tells: a long edition is not searched
/// byte by byte, and need not be.
pub(super) fn changed_text(row: &Row) -> Option<String> {
    let Ok(Entry::Edition(edition)) = Entry::from_body(row.kind, &row.body) else { return None };
    let at = edition.texts.iter().position(|it| Digest::of(it.text.as_bytes()) != it.digest)?;
    Some(format!("texts[{at}].text"))
}
