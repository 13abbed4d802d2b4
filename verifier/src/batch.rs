//! What the beginning of a batch says, whether its rules and registers are the ones it tells, and what
//! stands in it.

use sha2::{Digest as _, Sha256};

use crate::Unreadable;
use crate::bundle::{Bundle, Entry};
use crate::check::{BATCH, CORRECTION, EDITION, EVENT, REGISTER, Report, UNREAD, edition_of, hex};
use crate::entry::{Batch, Edition, RegisterPart, RegisterUse};
use crate::tree::sha256;

pub(crate) fn batch(
    bundle: &Bundle<'_>,
    entry: &Entry,
    report: &mut Report,
) -> Result<(), Unreadable> {
    let (batch, number) = (entry.read(Batch::read)?, entry.number);
    let edition = edition_of(bundle, number)?;
    tell(&batch, number, edition.as_ref(), report);
    let of = batch.edition_entry;
    match bundle.entry(of) {
        None => report.absent(format!("the edition, entry {of}"), format!("规则版本，第 {of} 条")),
        Some(held) if held.kind == EDITION && sha256(&held.body) == batch.edition => {}
        Some(_) => report.wrong(
            format!("batch {number} was not made by that edition"),
            format!("第 {number} 条的批次不是按该规则版本计算的"),
        ),
    }
    let lacking = edition.as_ref().and_then(|edition| edition.lacks_of_batch(&batch));
    report.lacking(number, lacking);
    for used in &batch.registers {
        register(bundle, (number, &batch), (used, edition.as_ref()), report)?;
    }
    Ok(())
}

/// Whether an entry stands in the batch that it names, which the bundle has: between the two there are
/// events, unread rows and corrections alone.
pub(crate) fn stands_in(bundle: &Bundle<'_>, number: u64, batch: u64, report: &mut Report) -> bool {
    let mut before = bundle.before(number).iter();
    let nearest = before.rfind(|it| ![EVENT, UNREAD, CORRECTION].contains(&it.kind));
    let between = nearest.map(|nearest| nearest.number).filter(|nearest| batch < *nearest);
    if number <= batch {
        report.wrong(
            format!("entry {number} names a batch that does not come before it"),
            format!("第 {number} 条所指的批次不在其前"),
        );
    } else if let Some(between) = between {
        report.wrong(
            format!("entry {number} is not of the batch of entry {batch}: entry {between} stands between"),
            format!("第 {number} 条不属于第 {batch} 条的批次：其间有第 {between} 条"),
        );
    } else if let Some(begun) = bundle.entry(batch) {
        if begun.kind == BATCH {
            return true;
        }
        report.wrong(
            format!("entry {number} names a batch that is none"),
            format!("第 {number} 条所指的批次不是批次"),
        );
    } else {
        report.absent(
            format!("the batch of entry {number}, entry {batch}"),
            format!("第 {number} 条的批次，第 {batch} 条"),
        );
    }
    false
}

/// Who posted it, from what files, and by which readings.
fn tell(batch: &Batch, number: u64, edition: Option<&Edition>, report: &mut Report) {
    let (learnt, evaluator) = (&batch.learnt, &batch.evaluator);
    report.told(
        format!("entry {number}: batch learnt of {learnt}, worked out by {evaluator}"),
        format!("第 {number} 条：批次，获知于 {learnt}，由 {evaluator} 计算"),
    );
    match &batch.by {
        Some(by) => report.told(format!("  posted by `{by}`"), format!("  过账人「{by}」")),
        None => report.told("  names nobody who posted it", "  未载过账人"),
    }
    for (file, digest) in &batch.sources {
        match digest.as_ref().map(|digest| hex(digest)) {
            Some(digest) => report.told(
                format!("  from `{file}`, sha256 {digest}"),
                format!("  来自「{file}」，sha256 {digest}"),
            ),
            None => report.told(
                format!("  from `{file}`, of which no digest is kept"),
                format!("  来自「{file}」，未存摘要"),
            ),
        }
    }
    for chosen in &batch.readings {
        let (reading, option) = chosen;
        match edition.and_then(|edition| edition.reading(*chosen)) {
            Some((name, option)) => report
                .told(format!("  reading {name} = {option}"), format!("  释义 {name} = {option}")),
            None => report.told(
                format!("  reading {reading}: option {option}"),
                format!("  释义 {reading}：选项 {option}"),
            ),
        }
    }
    if let Some(day) = &batch.through {
        report.told(format!("  calendar events through {day}"), format!("  日历事项至 {day}"));
    }
}

/// The digest over a register's rows, if all its parts are there, and that these are parts of it.
fn register(
    bundle: &Bundle<'_>,
    (number, batch): (u64, &Batch),
    (used, edition): (&RegisterUse, Option<&Edition>),
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
        let first = used.first;
        report.absent(
            format!("rows of a register, entries {first} to {last}"),
            format!("登记簿的行，第 {first} 至 {last} 条"),
        );
        return Ok(());
    };
    let name = edition.and_then(|edition| edition.register(used.register));
    let (en, zh) = match name {
        Some(name) => (format!("`{name}`"), format!("「{name}」")),
        None => (used.register.to_string(), format!(" {} ", used.register)),
    };
    let mut hasher = Sha256::new().chain_update(batch.edition);
    hasher.update(shortest(used.register));
    for (at, entry) in (0..).zip(held) {
        let part = (entry.kind == REGISTER).then(|| entry.read(RegisterPart::read)).transpose()?;
        let own = part
            .filter(|it| (it.edition, it.register, it.part) == (batch.edition, used.register, at));
        let Some(own) = own else {
            let entry = entry.number;
            report.wrong(
                format!("entry {entry} is not part {at} of register {en}, by the edition of batch {number}"),
                format!("第 {entry} 条不是第 {number} 条批次的规则版本中登记簿{zh}的第 {at} 部分"),
            );
            return Ok(());
        };
        hasher.update(own.rows);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    if digest == used.digest {
        let digest = hex(&digest);
        report.told(
            format!("  register {en}, digest {digest}"),
            format!("  登记簿{}，摘要 {digest}", zh.trim_end()),
        );
    } else {
        report.wrong(
            format!("the rows of register {en} are others"),
            format!("登记簿{zh}的行是另外的行"),
        );
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
