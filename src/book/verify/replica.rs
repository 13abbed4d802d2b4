//! What entries must have beside them, worked out again from the entries alone.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::base::{Digest, Digester};
use crate::book::Moment;
use crate::book::canonical::bytes_of;
use crate::book::entry::{Batch, Because, Entry, RegisterPart, Schema};
use crate::book::identity::unread_key;
use crate::book::journal::{content_key, settled_key};
use crate::book::keys::{Index, Key, Mark};
use crate::book::posting::{Became, Running, conserve, register_digester};
use crate::book::store::Row;
use crate::rows::Origin;

use super::again::Met;
use super::damage::Contradiction;
use super::look::Told;
use super::named::Named;
use super::positions;
use super::runs::Expected;

/// Follows the entries from the first on.
#[derive(Debug, Default)]
pub(super) struct Replica {
    marks: Vec<Expected>,
    editions: BTreeMap<Digest, (u64, Rc<Schema>)>,
    registers: BTreeMap<u64, (Digest, u32)>,
    /// The register whose parts are coming in: its first entry, edition, number, parts so far.
    open: Option<OpenRegister>,
    running: Option<Running>,
    /// An entry was lost: sums of its batch cannot be held against anything.
    lost: bool,
    last: Option<Moment>,
    pub(super) moments_back: Vec<u64>,
    /// Events that are allocated.
    met: Met,
    named: Named,
}

#[derive(Debug)]
struct OpenRegister {
    first: u64,
    edition: Digest,
    register: u32,
    parts: u32,
    digester: Digester,
}

impl Replica {
    /// Takes the next entry, which is no event.
    pub(super) fn take(&mut self, number: u64, entry: &Entry) -> Result<(), Contradiction> {
        self.named.note(number, entry.kind());
        if !matches!(entry, Entry::Register(part) if part.part > 0) {
            self.finish_register();
        }
        let inside = matches!(
            entry,
            Entry::Event(_) | Entry::Unread(_) | Entry::Correction(_) | Entry::Close(_)
        );
        if inside != self.running.is_some() && !self.lost {
            return Err(Contradiction::Misplaced);
        }
        if (number == 0) != matches!(entry, Entry::Opening(_)) {
            return Err(Contradiction::Opening);
        }
        match entry {
            Entry::Opening(opening) => self.learnt(number, opening.learnt),
            Entry::Edition(edition) => {
                let digest = edition.digest();
                if edition.texts.iter().any(|it| Digest::of(it.text.as_bytes()) != it.digest) {
                    return Err(Contradiction::Text);
                }
                self.editions.insert(digest, (number, Rc::new(edition.schema.clone())));
                self.mark(Index::Content, content_key(&digest), number);
            }
            Entry::Register(part) => return self.register(number, part),
            Entry::Batch(batch) => return self.batch(number, batch),
            Entry::Event(_) => {}
            Entry::Unread(row) => {
                let Some(running) = &mut self.running else { return Ok(()) };
                let key = unread_key(row, running.source(row.origin));
                let from_its_files = running.has_source(row.origin);
                let of_its_batch = row.batch == running.number;
                running.count_unread(row).map_err(|_| Contradiction::Range)?;
                self.mark(Index::Event, key, number);
                if !of_its_batch {
                    return Err(Contradiction::Batch);
                }
                if !from_its_files {
                    return Err(Contradiction::Source);
                }
            }
            Entry::Correction(correction) => {
                self.mark(Index::Settled, settled_key(correction.of), number);
                // Late events stand before what they correct; who corrects otherwise posts none.
                let grounded =
                    self.running.as_ref().is_none_or(|running| match correction.because {
                        Because::Late { entry } => running.number < entry,
                        Because::Stated { .. } | Because::Dispute { .. } => !running.has_events(),
                    });
                if let Some(running) = &mut self.running {
                    running.count_correction();
                }
                let named = self.named.correction(number, correction);
                let named = named.and(grounded.then_some(()).ok_or(Contradiction::Because));
                let outcome = correction.outcome.iter();
                if outcome.into_iter().any(|outcome| conserve(outcome, String::new).is_err()) {
                    return Err(Contradiction::Unequal);
                }
                let schema = self.running.as_ref().map(|running| &running.schema);
                let anew = |schema: &Rc<Schema>| {
                    let said = correction.said.as_ref();
                    correction.outcome.iter().all(|it| positions::outcome(it, schema))
                        && said
                            .is_none_or(|it| positions::said(&it.figures, &it.open_items, schema))
                };
                if !schema.is_none_or(anew) {
                    return Err(Contradiction::Positions);
                }
                return named;
            }
            Entry::Close(close) => {
                let Some(running) = self.running.take() else { return Ok(()) };
                let (expected, marks) = running.close();
                let lost = std::mem::take(&mut self.lost);
                if lost {
                    return Ok(());
                }
                for mark in marks {
                    self.mark(Index::Lane, mark.key, mark.entry);
                }
                if *close != expected {
                    return Err(Contradiction::Sums);
                }
            }
            Entry::Dispute(dispute) => {
                self.learnt(number, dispute.learnt);
                return self.named.dispute(number, dispute);
            }
            Entry::Resolution(resolution) => {
                self.learnt(number, resolution.learnt);
                self.mark(Index::Settled, settled_key(resolution.dispute), number);
                return self.named.resolution(number, resolution);
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

    /// Corrections for disputes that were not settled by them.
    pub(super) fn unsettled(&mut self, size: u64) -> impl Iterator<Item = u64> + use<> {
        self.named.unsettled(size).into_iter()
    }

    /// The keys that the entries taken since the last time must have.
    pub(super) fn take_marks(&mut self) -> Vec<Expected> {
        self.finish_register();
        std::mem::take(&mut self.marks)
    }

    /// The events that were met.
    pub(super) fn take_met(&mut self) -> Met {
        std::mem::take(&mut self.met)
    }

    fn batch(&mut self, number: u64, batch: &Batch) -> Result<(), Contradiction> {
        self.learnt(number, batch.learnt);
        let edition = self.editions.get(&batch.edition);
        let schema = edition.map(|(_, schema)| Rc::clone(schema)).unwrap_or_default();
        let held = edition.is_some_and(|(entry, _)| *entry == batch.edition_entry);
        let in_edition = positions::batch(batch, &schema);
        self.running = Some(Running::new(number, batch, schema));
        if !held {
            return Err(Contradiction::Edition);
        }
        let mut parted = batch.registers.iter().filter(|register| register.parts > 0);
        let kept = |first: &u64| self.registers.get(first).copied();
        if parted.any(|it| kept(&it.first) != Some((it.digest, it.parts))) {
            return Err(Contradiction::Register);
        }
        if in_edition { Ok(()) } else { Err(Contradiction::Positions) }
    }

    /// The names that the events of the batch at hand speak of.
    pub(super) fn schema(&self) -> Option<Rc<Schema>> {
        self.running.as_ref().map(|running| Rc::clone(&running.schema))
    }

    /// Takes the next entry, an event with these bytes.
    pub(super) fn event(
        &mut self,
        number: u64,
        told: Told,
        body: &[u8],
    ) -> Result<(), Contradiction> {
        self.finish_register();
        self.named.note(number, Entry::EVENT);
        if self.running.is_none() && !self.lost {
            return Err(Contradiction::Misplaced);
        }
        let Some(running) = &mut self.running else { return Ok(()) };
        if told.batch != running.number {
            return Err(Contradiction::Batch);
        }
        let input = body.get(told.input).unwrap_or_default();
        let allocated = matches!(told.became, Became::Allocated { .. });
        let counted = running.count(told.kind, told.became, input);
        counted.map_err(|_| Contradiction::Range)?;
        let from_its_files = running.has_source(told.origin);
        let key = told.key?;
        if let Some(lane) = told.lane?.map(|lane| running.lane(&lane)) {
            running.last(lane).into_iter().for_each(|last| last.goes_on(&[], number));
        }
        self.mark(Index::Event, key, number);
        if allocated {
            self.met.note(key);
        }
        if !told.conserved {
            Err(Contradiction::Unequal)
        } else if !told.in_edition {
            Err(Contradiction::Positions)
        } else if !from_its_files {
            Err(Contradiction::Source)
        } else if told.sent.is_some_and(|sent| sent == (told.origin == Origin::MADE)) {
            Err(Contradiction::Sender)
        } else {
            Ok(())
        }
    }

    fn register(&mut self, number: u64, part: &RegisterPart) -> Result<(), Contradiction> {
        let (edition, register) = (part.edition, part.register);
        if part.part == 0 {
            let digester = register_digester(&edition, register);
            let first = number;
            self.open = Some(OpenRegister { first, edition, register, parts: 0, digester });
        }
        let Some(open) = &mut self.open else { return Err(Contradiction::NoFirstPart) };
        if (open.edition, open.register, open.parts) != (edition, register, part.part) {
            return Err(Contradiction::PartOrder);
        }
        part.rows.iter().for_each(|row| open.digester.update(&bytes_of(row)));
        open.parts += 1;
        Ok(())
    }

    fn finish_register(&mut self) {
        if let Some(open) = self.open.take() {
            let digest = open.digester.finish();
            self.registers.insert(open.first, (digest, open.parts));
            self.mark(Index::Content, content_key(&digest), open.first);
        }
    }

    fn learnt(&mut self, number: u64, moment: Moment) {
        if self.last.is_some_and(|last| moment < last) {
            self.moments_back.push(number);
        }
        self.last = Some(moment);
    }

    fn mark(&mut self, index: Index, key: Key, entry: u64) {
        self.marks.push((Mark { key, entry }, index));
    }
}

/// The text of an edition that does not have the digest it tells: a long edition is not searched
/// byte by byte, and need not be.
pub(super) fn changed_text(row: &Row<'_>) -> Option<String> {
    let Ok(Entry::Edition(edition)) = Entry::from_body(row.kind, row.body) else { return None };
    let at = edition.texts.iter().position(|it| Digest::of(it.text.as_bytes()) != it.digest)?;
    Some(format!("texts[{at}].text"))
}
