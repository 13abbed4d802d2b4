//! What the beginning of a batch says, and whether its rules and registers are the ones it tells.

use sha2::{Digest as _, Sha256};

use crate::Unreadable;
use crate::bundle::{Bundle, Entry};
use crate::check::{EDITION, REGISTER, Report, edition_of, hex};
use crate::entry::{Batch, Edition, RegisterUse, register_rows};
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
    for used in &batch.registers {
        register(bundle, &batch, (used, edition.as_ref()), report)?;
    }
    Ok(())
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

/// The digest over a register's rows, if all its parts are there.
fn register(
    bundle: &Bundle<'_>,
    batch: &Batch,
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
    let mut hasher = Sha256::new().chain_update(batch.edition);
    hasher.update(shortest(used.register));
    for entry in &held {
        hasher.update(entry.read(register_rows)?);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    let name = edition.and_then(|edition| edition.register(used.register));
    let (en, zh) = match name {
        Some(name) => (format!("`{name}`"), format!("「{name}」")),
        None => (used.register.to_string(), format!(" {}", used.register)),
    };
    if digest == used.digest && held.iter().all(|entry| entry.kind == REGISTER) {
        let digest = hex(&digest);
        report.told(
            format!("  register {en}, digest {digest}"),
            format!("  登记簿{zh}，摘要 {digest}"),
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
