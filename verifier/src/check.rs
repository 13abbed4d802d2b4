//! All checks of a bundle, one after the other.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::Unreadable;
use crate::bundle::{Bundle, Continuation, Entry};
use crate::entry::{Batch, Correction, Edition, Event, RegisterUse, Stands, register_rows};
use crate::note::{Checkpoint, Key};
use crate::tree::{continues, includes, leaf, sha256};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What holds and what it says, a line each.
    pub told: Vec<String>,
    /// What could not be checked, since the bundle does not have it.
    pub absent: Vec<String>,
    /// What does not hold.
    pub wrong: Vec<String>,
}

impl Report {
    /// Whether everything that was checked holds.
    pub fn holds(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.told {
            writeln!(f, "{line}")?;
        }
        for line in &self.absent {
            writeln!(f, "not in the bundle: {line}")?;
        }
        for line in &self.wrong {
            writeln!(f, "WRONG: {line}")?;
        }
        writeln!(f, "{}", if self.holds() { "all holds" } else { "this proves nothing" })
    }
}

const EDITION: u8 = 1;
const REGISTER: u8 = 2;
const BATCH: u8 = 3;
const EVENT: u8 = 4;
const CORRECTION: u8 = 6;

/// Checks a bundle, or a proof of consistency, against the keys one trusts.
///
/// # Errors
/// The bundle or a key cannot be read; what can be read and does not hold is in the report.
pub fn check(bundle: &str, keys: &[String]) -> Result<Report, Unreadable> {
    let keys = keys.iter().map(|key| Key::parse(key)).collect::<Result<Vec<Key>, Unreadable>>()?;
    let mut report = Report::default();
    if Continuation::is(bundle) {
        continuation(&Continuation::parse(bundle)?, &keys, &mut report);
        return Ok(report);
    }
    let bundle = Bundle::parse(bundle)?;
    checkpoint(&bundle.checkpoint, &keys, &mut report);
    for entry in &bundle.entries {
        place(&bundle, entry, &mut report);
    }
    // What an entry says is told only when it is proven to be one.
    if report.holds() {
        for entry in &bundle.entries {
            match entry.kind {
                EDITION => edition(entry, &mut report)?,
                BATCH => batch(&bundle, entry, &mut report)?,
                EVENT => event(&bundle, entry, &mut report)?,
                CORRECTION => correction(&bundle, entry, &mut report)?,
                _ => {}
            }
        }
    }
    Ok(report)
}

/// Whether a book only grew between two checkpoints.
fn continuation(continuation: &Continuation<'_>, keys: &[Key], report: &mut Report) {
    let Continuation { proof, older, newer } = continuation;
    checkpoint(older, keys, report);
    checkpoint(newer, keys, report);
    if older.origin != newer.origin {
        report.wrong.push("the checkpoints are of two books".to_owned());
    } else if !continues((older.size, &older.root), (newer.size, &newer.root), proof) {
        let (older, newer) = (older.size, newer.size);
        report.wrong.push(format!("that the {newer} entries begin with the {older} is not shown"));
    }
    if report.holds() {
        let size = older.size;
        report.told.push(format!("its first {size} entries are those that were signed for then"));
    }
}

fn checkpoint(checkpoint: &Checkpoint<'_>, keys: &[Key], report: &mut Report) {
    let (signed, forged) = checkpoint.signed_by(keys);
    report.wrong.extend(forged);
    if signed.is_empty() {
        let size = checkpoint.size;
        report
            .wrong
            .push(format!("none of the keys given has signed the checkpoint of {size} entries"));
    }
    for by in signed {
        let (origin, size) = (checkpoint.origin, checkpoint.size);
        report.told.push(format!("`{origin}` with {size} entries is signed by {by}"));
    }
}

fn place(bundle: &Bundle<'_>, entry: &Entry, report: &mut Report) {
    let (number, size) = (entry.number, bundle.checkpoint.size);
    let digest = leaf(entry.kind, &entry.previous, &entry.body);
    if !includes(number, size, digest, &entry.proof, &bundle.checkpoint.root) {
        report.wrong.push(format!("entry {number} is not in the book that was signed for"));
    }
    let before = number.checked_sub(1).and_then(|before| bundle.entry(before));
    if let Some(before) = before
        && leaf(before.kind, &before.previous, &before.body) != entry.previous
    {
        report.wrong.push(format!("entry {number} is not chained to entry {}", before.number));
    }
}

fn edition(entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let edition = Edition::read(&entry.body)?;
    report.told.push(format!("entry {}: edition `{}`", entry.number, edition.name));
    for (path, told, text) in &edition.texts {
        if sha256(text.as_bytes()) == *told {
            report.told.push(format!("  {path}, sha256 {}", hex(told)));
        } else {
            report.wrong.push(format!("`{path}` does not have the digest its edition tells"));
        }
    }
    Ok(())
}

fn batch(bundle: &Bundle<'_>, entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let batch = Batch::read(&entry.body)?;
    let number = entry.number;
    let (learnt, evaluator) = (&batch.learnt, &batch.evaluator);
    report.told.push(format!("entry {number}: batch learnt of {learnt}, by {evaluator}"));
    match bundle.entry(batch.edition_entry) {
        None => report.absent.push(format!("the edition, entry {}", batch.edition_entry)),
        Some(held) if held.kind == EDITION && sha256(&held.body) == batch.edition => {}
        Some(_) => report.wrong.push(format!("batch {number} was not made by that edition")),
    }
    for used in &batch.registers {
        register(bundle, &batch, used, report)?;
    }
    Ok(())
}

/// The digest over a register's rows, if all its parts are there.
fn register(
    bundle: &Bundle<'_>,
    batch: &Batch,
    used: &RegisterUse,
    report: &mut Report,
) -> Result<(), Unreadable> {
    let numbers = used.first..used.first.saturating_add(used.parts);
    let held: Option<Vec<&Entry>> = if used.parts > 1_000_000 {
        None
    } else {
        numbers.map(|number| bundle.entry(number)).collect()
    };
    let Some(held) = held else {
        let last = used.first.saturating_add(used.parts).saturating_sub(1);
        report.absent.push(format!("rows of a register, entries {} to {last}", used.first));
        return Ok(());
    };
    let mut hasher = Sha256::new().chain_update(batch.edition);
    hasher.update(shortest(used.register));
    for entry in &held {
        hasher.update(register_rows(&entry.body)?);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    if digest == used.digest && held.iter().all(|entry| entry.kind == REGISTER) {
        report.told.push(format!("  register {}, digest {}", used.register, hex(&digest)));
    } else {
        report.wrong.push(format!("the rows of register {} are others", used.register));
    }
    Ok(())
}

fn event(bundle: &Bundle<'_>, entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let (event, number) = (Event::read(&entry.body)?, entry.number);
    if let Some((inflow, leaves)) = &event.allocated {
        let sum = leaves.iter().try_fold(0_i128, |sum, leaf| sum.checked_add(leaf.amount));
        if sum != Some(*inflow) {
            report.wrong.push(format!("entry {number}: its amounts are not what it brought"));
        }
    }
    let Some(begun) = bundle.entry(event.batch) else {
        report.absent.push(format!("the batch of entry {number}, entry {}", event.batch));
        return Ok(());
    };
    if begun.kind != BATCH {
        report.wrong.push(format!("entry {number} names a batch that is none"));
        return Ok(());
    }
    let edition = bundle.entry(Batch::read(&begun.body)?.edition_entry);
    if let Some(edition) = edition.filter(|edition| edition.kind == EDITION) {
        let mut lines = Edition::read(&edition.body)?.tell(&event).into_iter();
        let first = lines.next().unwrap_or_default();
        report.told.push(format!("entry {number}: {first}"));
        report.told.extend(lines);
    }
    Ok(())
}

/// What no longer stands, and what stands in its place.
fn correction(bundle: &Bundle<'_>, entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let (correction, number) = (Correction::read(&entry.body)?, entry.number);
    let of = correction.of;
    let told =
        |what: &str| format!("entry {of} no longer stands: entry {number} corrects it{what}");
    let leaves = match &correction.stands {
        Stands::Withdrawn => {
            report.told.push(told(", and nothing takes its place"));
            return Ok(());
        }
        Stands::SetAside => {
            report.told.push(told(", and it is set aside"));
            return Ok(());
        }
        Stands::Allocated(leaves) => leaves,
    };
    report.told.push(told(""));
    // A correction may take the place of another: the event is at the beginning.
    let mut first = bundle.entry(of);
    while let Some(earlier) = first.filter(|earlier| earlier.kind == CORRECTION) {
        let before = Correction::read(&earlier.body)?.of;
        first = bundle.entry(before).filter(|_| before < earlier.number);
    }
    let begun = bundle.entry(correction.batch).filter(|begun| begun.kind == BATCH);
    let edition = match begun {
        Some(begun) => bundle.entry(Batch::read(&begun.body)?.edition_entry),
        None => None,
    };
    match (first, edition.filter(|edition| edition.kind == EDITION)) {
        (Some(first), Some(edition)) if first.kind == EVENT => {
            let event = Event::read(&first.body)?;
            report.told.extend(Edition::read(&edition.body)?.leaves(&event, leaves));
        }
        _ => report.absent.push(format!("the event or the rules of entry {number}")),
    }
    Ok(())
}

/// A number, seven bits a byte.
fn shortest(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number % 128).unwrap_or(0);
        number /= 128;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
