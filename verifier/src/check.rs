//! All checks of a bundle, one after the other.

use std::fmt;

use crate::Unreadable;
use crate::batch::{self, stands_in};
use crate::bundle::{Bundle, Continuation, Entry};
use crate::entry::{Allocated, Batch, Because, Correction, Edition, Event, Stands};
use crate::matters::{self, names};
use crate::note::{Checkpoint, Key};
use crate::tree::{continues, includes, leaf, sha256};
use crate::words::{Language, Words};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What holds and what it says, a line each.
    pub told: Vec<Words>,
    /// What could not be checked, since the bundle does not have it.
    pub absent: Vec<Words>,
    /// What does not hold.
    pub wrong: Vec<Words>,
}

impl Report {
    /// Whether everything that was checked holds.
    pub fn holds(&self) -> bool {
        self.wrong.is_empty()
    }
}

impl Report {
    /// A line each, and what it comes to.
    pub fn in_language(&self, language: Language) -> String {
        let pick = |en, zh| if language == Language::Chinese { zh } else { en };
        let mut text = String::new();
        for (before, lines) in [
            ("", &self.told),
            (pick("not in the bundle: ", "证明包中没有："), &self.absent),
            (pick("WRONG: ", "不符："), &self.wrong),
        ] {
            for line in lines {
                text.push_str(&format!("{before}{}\n", line.in_language(language)));
            }
        }
        text.push_str(match self.holds() {
            true => pick("all holds\n", "全部相符\n"),
            false => pick("this proves nothing\n", "什么也没有证明\n"),
        });
        text
    }

    pub(crate) fn told(&mut self, en: impl AsRef<str>, zh: impl AsRef<str>) {
        self.told.push(Words::new(en, zh));
    }

    pub(crate) fn absent(&mut self, en: impl AsRef<str>, zh: impl AsRef<str>) {
        self.absent.push(Words::new(en, zh));
    }

    pub(crate) fn wrong(&mut self, en: impl AsRef<str>, zh: impl AsRef<str>) {
        self.wrong.push(Words::new(en, zh));
    }

    /// What an entry speaks of and its rules do not have, if there is such.
    pub(crate) fn lacking(&mut self, number: u64, what: Option<Words>) {
        if let Some(what) = what {
            self.wrong(
                format!("entry {number}: its rules have no {}", what.en()),
                format!("第 {number} 条：规则中没有{}", what.zh()),
            );
        }
    }
}

/// In English.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_language(Language::English))
    }
}

const OPENING: u8 = 0;
pub(crate) const EDITION: u8 = 1;
pub(crate) const REGISTER: u8 = 2;
pub(crate) const BATCH: u8 = 3;
pub(crate) const EVENT: u8 = 4;
pub(crate) const UNREAD: u8 = 5;
pub(crate) const CORRECTION: u8 = 6;
const CLOSE: u8 = 7;
pub(crate) const DISPUTE: u8 = 8;
const RESOLUTION: u8 = 9;
const CHECKPOINT: u8 = 10;
const SIGNER: u8 = 11;

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
                BATCH => batch::batch(&bundle, entry, &mut report)?,
                EVENT => event(&bundle, entry, &mut report)?,
                CORRECTION => correction(&bundle, entry, &mut report)?,
                OPENING => matters::opening(&bundle, entry, &mut report)?,
                CLOSE => matters::close(&bundle, entry, &mut report)?,
                DISPUTE => matters::dispute(&bundle, entry, &mut report)?,
                RESOLUTION => matters::resolution(&bundle, entry, &mut report)?,
                CHECKPOINT => matters::noted(&bundle, entry, &keys, &mut report)?,
                SIGNER => matters::signer(entry, &mut report)?,
                // Rows are told with the batch that they belong to.
                REGISTER => {}
                UNREAD => matters::untold(
                    entry,
                    ("a row that could not be read", "不可读行"),
                    &mut report,
                ),
                _ => matters::untold(entry, ("of an unknown kind", "类别未知"), &mut report),
            }
        }
        if bundle.entries.iter().any(|entry| [EVENT, CORRECTION].contains(&entry.kind)) {
            report.told(
                "of corrections and disputes those alone are told that the bundle has",
                "更正与异议，仅列证明包中所有者",
            );
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
        report.wrong("the checkpoints are of two books", "两个检查点不属于同一账簿");
    } else if !continues((older.size, &older.root), (newer.size, &newer.root), proof) {
        let (older, newer) = (older.size, newer.size);
        report.wrong(
            format!("that the {newer} entries begin with the {older} is not shown"),
            format!("未能证明 {newer} 条以那 {older} 条开头"),
        );
    }
    if report.holds() {
        let size = older.size;
        report.told(
            format!("its first {size} entries are those that were signed for then"),
            format!("前 {size} 条即当时所签的内容"),
        );
    }
}

fn checkpoint(checkpoint: &Checkpoint<'_>, keys: &[Key], report: &mut Report) {
    let (signed, forged) = checkpoint.signed_by(keys);
    report.wrong.extend(forged);
    if signed.is_empty() {
        let size = checkpoint.size;
        report.wrong(
            format!("none of the keys given has signed the checkpoint of {size} entries"),
            format!("所给密钥均未签 {size} 条的检查点"),
        );
    }
    for by in signed {
        let (origin, size) = (checkpoint.origin, checkpoint.size);
        report.told(
            format!("`{origin}` with {size} entries is signed by {}", by.en()),
            format!("「{origin}」共 {size} 条，签名者 {}", by.zh()),
        );
    }
}

fn place(bundle: &Bundle<'_>, entry: &Entry, report: &mut Report) {
    let (number, size) = (entry.number, bundle.checkpoint.size);
    let digest = leaf(entry.kind, &entry.previous, &entry.body);
    if !includes(number, size, digest, &entry.proof, &bundle.checkpoint.root) {
        report.wrong(
            format!("entry {number} is not in the book that was signed for"),
            format!("第 {number} 条不在所签的账簿中"),
        );
    }
    let before = number.checked_sub(1).and_then(|before| bundle.entry(before));
    if number == 0 && entry.previous != [0; 32] {
        report.wrong("entry 0 is chained to one before it", "第 0 条与其前的一条相连");
    }
    if let Some(before) = before
        && leaf(before.kind, &before.previous, &before.body) != entry.previous
    {
        let before = before.number;
        report.wrong(
            format!("entry {number} is not chained to entry {before}"),
            format!("第 {number} 条与第 {before} 条不相连"),
        );
    }
}

fn edition(entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let edition = entry.read(Edition::read)?;
    let (number, name) = (entry.number, &edition.name);
    report.told(
        format!("entry {number}: edition `{name}`"),
        format!("第 {number} 条：规则版本「{name}」"),
    );
    for (path, told, text) in &edition.texts {
        if sha256(text.as_bytes()) == *told {
            let digest = hex(told);
            report.told(format!("  {path}, sha256 {digest}"), format!("  {path}，sha256 {digest}"));
        } else {
            report.wrong(
                format!("`{path}` does not have the digest its edition tells"),
                format!("「{path}」与规则版本所载摘要不符"),
            );
        }
    }
    Ok(())
}

fn event(bundle: &Bundle<'_>, entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let (event, number) = (entry.read(Event::read)?, entry.number);
    if let Some(allocated) = &event.allocated {
        whole(number, allocated, report);
    }
    if !stands_in(bundle, number, event.batch, report) {
        return Ok(());
    }
    if let Some(edition) = edition_of(bundle, event.batch)? {
        let mut lines = edition.tell(&event).into_iter();
        let first = lines.next().unwrap_or_default();
        report.told(
            format!("entry {number}: {}", first.en()),
            format!("第 {number} 条：{}", first.zh()),
        );
        report.told.extend(lines);
        report.lacking(number, edition.lacks_of_event(&event));
    }
    Ok(())
}

/// Holds that amounts are together what was brought.
fn whole(number: u64, allocated: &Allocated, report: &mut Report) {
    if !allocated.is_whole() {
        report.wrong(
            format!("entry {number}: its amounts are not what it brought"),
            format!("第 {number} 条：各笔之和与事项金额不等"),
        );
    }
}

/// The rules of a batch, if the bundle has both.
pub(crate) fn edition_of(bundle: &Bundle<'_>, batch: u64) -> Result<Option<Edition>, Unreadable> {
    let Some(begun) = bundle.entry(batch).filter(|begun| begun.kind == BATCH) else {
        return Ok(None);
    };
    let edition = bundle.entry(begun.read(Batch::read)?.edition_entry);
    let edition = edition.filter(|edition| edition.kind == EDITION);
    edition.map(|edition| edition.read(Edition::read)).transpose()
}

/// What brought a correction about.
fn why(because: &Because) -> Words {
    match because {
        Because::Late(entry) => {
            Words::new(format!("since entry {entry} came"), format!("因第 {entry} 条入账"))
        }
        Because::Dispute(entry) => {
            Words::new(format!("after dispute {entry}"), format!("因第 {entry} 条异议"))
        }
        Because::Stated(reason) => Words::same(reason),
    }
}

/// What no longer stands, and what stands in its place.
fn correction(bundle: &Bundle<'_>, entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let (correction, number) = (entry.read(Correction::read)?, entry.number);
    tell_correction(number, &correction, report);
    names(bundle, number, correction.of, &[EVENT, CORRECTION], report);
    match correction.because {
        Because::Late(late) => names(bundle, number, late, &[EVENT], report),
        Because::Dispute(dispute) => names(bundle, number, dispute, &[DISPUTE], report),
        Because::Stated(_) => {}
    }
    let in_batch = stands_in(bundle, number, correction.batch, report);
    let Stands::Allocated(allocated) = &correction.stands else { return Ok(()) };
    whole(number, allocated, report);
    if !in_batch {
        return Ok(());
    }
    let edition = edition_of(bundle, correction.batch)?;
    let lacking = edition.as_ref().and_then(|edition| edition.lacks_of_leaves(&allocated.leaves));
    report.lacking(number, lacking);
    let event = corrected(bundle, entry)?;
    // The rules of a correction may count kinds of events otherwise than those of the event.
    let own = event.as_ref().map(|event| edition_of(bundle, event.batch)).transpose()?.flatten();
    match (event, own, edition) {
        (Some(event), Some(own), Some(edition)) => {
            report.told.extend(edition.leaves(own.decimals(event.kind), &allocated.leaves));
        }
        _ => report.absent(
            format!("the event or the rules of entry {number}"),
            format!("第 {number} 条的事项或规则"),
        ),
    }
    Ok(())
}

fn tell_correction(number: u64, correction: &Correction, report: &mut Report) {
    let (of, day, why) = (correction.of, &correction.booked, why(&correction.because));
    let (en, zh) = match &correction.stands {
        Stands::Withdrawn => (", and nothing takes its place", "，无取代内容"),
        Stands::SetAside => (", and it is set aside", "，改为搁置"),
        Stands::Allocated(_) => ("", ""),
    };
    report.told(
        format!(
            "entry {of} no longer stands: entry {number} corrects it{en} ({}; booked {day})",
            why.en()
        ),
        format!("第 {of} 条不再有效：由第 {number} 条更正{zh}（{}；{day} 入账）", why.zh()),
    );
}

/// The event that a correction corrects: a correction may take the place of another, and the event is
/// at the beginning.
fn corrected(bundle: &Bundle<'_>, correction: &Entry) -> Result<Option<Event>, Unreadable> {
    let mut first = Some(correction);
    while let Some(later) = first.filter(|later| later.kind == CORRECTION) {
        let of = later.read(Correction::read)?.of;
        first = bundle.entry(of).filter(|_| of < later.number);
    }
    let event = first.filter(|first| first.kind == EVENT);
    event.map(|event| event.read(Event::read)).transpose()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
