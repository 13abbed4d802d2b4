//! What an opening, the end of a batch, and parties and keepers say.

use crate::Unreadable;
use crate::batch::stands_in;
use crate::bundle::{Bundle, Entry};
use crate::check::{CORRECTION, DISPUTE, EVENT, Report, edition_of, hex};
use crate::entry::{Close, Counted, Dispute, Noted, Opening, Resolution, Signer, Verdict};
use crate::note::{Checkpoint, Key};
use crate::words::Words;

/// The form of books, and the digest, that this program knows.
const FORMAT: u64 = 1;
const HASH: &str = "sha-256";

pub(crate) fn opening(
    bundle: &Bundle<'_>,
    entry: &Entry,
    report: &mut Report,
) -> Result<(), Unreadable> {
    let Opening { format, origin, hash, learnt } = entry.read(Opening::read)?;
    let number = entry.number;
    report.told(
        format!(
            "entry {number}: opens the book `{origin}`, format {format}, {hash}, learnt of {learnt}"
        ),
        format!("第 {number} 条：开簿「{origin}」，格式 {format}，{hash}，获知于 {learnt}"),
    );
    if number != 0 {
        report.wrong(
            format!("entry {number} opens a book that has begun"),
            format!("第 {number} 条开簿，而账簿早已开始"),
        );
    }
    if format != FORMAT || hash != HASH {
        report.wrong(
            format!("entry {number}: this program knows format {FORMAT} with {HASH} alone"),
            format!("第 {number} 条：本程序只认识格式 {FORMAT} 与 {HASH}"),
        );
    }
    if origin != bundle.checkpoint.origin {
        report.wrong(
            format!("entry {number} opens another book than was signed for"),
            format!("第 {number} 条所开的不是所签的账簿"),
        );
    }
    Ok(())
}

pub(crate) fn close(
    bundle: &Bundle<'_>,
    entry: &Entry,
    report: &mut Report,
) -> Result<(), Unreadable> {
    let Close { batch, entries, inputs, sums, corrections } = entry.read(Close::read)?;
    let (number, inputs) = (entry.number, hex(&inputs));
    report.told(
        format!(
            "entry {number}: closes the batch of entry {batch}, {entries} entries, \
             {corrections} corrections among them, inputs {inputs}"
        ),
        format!(
            "第 {number} 条：第 {batch} 条的批次结束，共 {entries} 条，其中更正 {corrections} 条，\
             输入摘要 {inputs}"
        ),
    );
    let edition = edition_of(bundle, batch)?;
    report.told.extend(sums.iter().map(|sums| match &edition {
        Some(edition) => edition.sums(sums),
        None => sums.plain(),
    }));
    stands_in(bundle, number, batch, report);
    if number.checked_sub(batch) != entries.checked_add(1) || corrections > entries {
        report.wrong(
            format!("entry {number}: it does not stand {entries} entries after entry {batch}"),
            format!("第 {number} 条与第 {batch} 条之间不是 {entries} 条"),
        );
    }
    Ok(())
}

pub(crate) fn dispute(
    bundle: &Bundle<'_>,
    entry: &Entry,
    report: &mut Report,
) -> Result<(), Unreadable> {
    let Dispute { learnt, by, against, reason, holds } = entry.read(Dispute::read)?;
    let (number, named) = (entry.number, listed(&against));
    report.told(
        format!("entry {number}: `{by}` disputes {}, learnt of {learnt}", named.en()),
        format!("第 {number} 条：「{by}」对{}提出异议，获知于 {learnt}", named.zh()),
    );
    report.told(format!("  why: {reason}"), format!("  理由：{reason}"));
    if let Some(holds) = holds {
        report.told(format!("  holds instead: {holds}"), format!("  主张：{holds}"));
    }
    for named in against {
        refers(bundle, number, named, &[EVENT, CORRECTION], report);
    }
    Ok(())
}

pub(crate) fn resolution(
    bundle: &Bundle<'_>,
    entry: &Entry,
    report: &mut Report,
) -> Result<(), Unreadable> {
    let Resolution { learnt, by, dispute, verdict, reason, counted } =
        entry.read(Resolution::read)?;
    let number = entry.number;
    let (en, zh) = match &verdict {
        Verdict::Upheld => ("upheld".to_owned(), "维持".to_owned()),
        Verdict::Withdrawn => ("withdrawn".to_owned(), "撤回".to_owned()),
        Verdict::Corrected(by) => {
            let by = listed(by);
            (format!("corrected by {}", by.en()), format!("由{}更正", by.zh()))
        }
    };
    report.told(
        format!("entry {number}: `{by}` settles the dispute of entry {dispute}: {en}, learnt of {learnt}"),
        format!("第 {number} 条：「{by}」裁决第 {dispute} 条的异议：{zh}，获知于 {learnt}"),
    );
    report.told(format!("  why: {reason}"), format!("  理由：{reason}"));
    report.told.extend(counted.iter().flat_map(Counted::tell));
    refers(bundle, number, dispute, &[DISPUTE], report);
    counted.iter().for_each(|it| refers(bundle, number, it.entry, &[EVENT], report));
    if let Verdict::Corrected(by) = verdict {
        for named in by {
            refers(bundle, number, named, &[CORRECTION], report);
        }
    }
    Ok(())
}

pub(crate) fn noted(
    bundle: &Bundle<'_>,
    entry: &Entry,
    keys: &[Key],
    report: &mut Report,
) -> Result<(), Unreadable> {
    let Noted { learnt, note } = entry.read(Noted::read)?;
    let number = entry.number;
    let checkpoint = match Checkpoint::parse(&note) {
        Ok(checkpoint) => checkpoint,
        Err(Unreadable(why)) => {
            report.wrong(
                format!("entry {number}, in `note`: {}", why.en()),
                format!("第 {number} 条的「note」：{}", why.zh()),
            );
            return Ok(());
        }
    };
    let (origin, size, root) = (checkpoint.origin, checkpoint.size, hex(&checkpoint.root));
    report.told(
        format!("entry {number}: checkpoint of `{origin}` with {size} entries, noted {learnt}"),
        format!("第 {number} 条：「{origin}」共 {size} 条的检查点，记于 {learnt}"),
    );
    report.told(format!("  root {root}"), format!("  树根 {root}"));
    for line in &checkpoint.extension {
        report.told(format!("  says {line}"), format!("  附言 {line}"));
    }
    let (signed, forged) = checkpoint.signed_by(keys);
    report.wrong.extend(forged);
    if signed.is_empty() {
        report.told("  signed by none of the keys given", "  所给密钥均未签名");
    }
    for by in signed {
        report.told(format!("  signed by {}", by.en()), format!("  签名者 {}", by.zh()));
    }
    if origin != bundle.checkpoint.origin || size > number {
        report.wrong(
            format!("entry {number}: it is no checkpoint of what stands before it"),
            format!("第 {number} 条：不是其前内容的检查点"),
        );
    }
    Ok(())
}

pub(crate) fn signer(entry: &Entry, report: &mut Report) -> Result<(), Unreadable> {
    let Signer { learnt, added, key } = entry.read(Signer::read)?;
    let number = entry.number;
    let (en, zh) = if added { ("begins", "开始") } else { ("ceases", "停止") };
    // Whether it has effect hangs on what stands round it.
    report.told(
        format!("entry {number}: says that {key} {en} to sign, learnt of {learnt}"),
        format!("第 {number} 条：称 {key} {zh}签名，获知于 {learnt}"),
    );
    if let Err(Unreadable(why)) = Key::parse(&key) {
        report.wrong(
            format!("entry {number}, in `key`: {}", why.en()),
            format!("第 {number} 条的「key」：{}", why.zh()),
        );
    }
    Ok(())
}

/// An entry of which is told only that it stands in the book.
pub(crate) fn untold(entry: &Entry, (en, zh): (&str, &str), report: &mut Report) {
    let number = entry.number;
    report.told(
        format!("entry {number}: {en}; what it says is not read"),
        format!("第 {number} 条：{zh}，其内容未读取"),
    );
}

/// Holds an entry that is named, and should be there, against where it should stand, and of which kind
/// it should be.
fn refers(bundle: &Bundle<'_>, number: u64, named: u64, kinds: &[u8], report: &mut Report) {
    names(bundle, number, named, kinds, report);
    if named < number && bundle.entry(named).is_none() {
        report.absent(
            format!("what entry {number} names, entry {named}"),
            format!("第 {number} 条所指的第 {named} 条"),
        );
    }
}

/// The same of one that need not be there.
pub(crate) fn names(
    bundle: &Bundle<'_>,
    number: u64,
    named: u64,
    kinds: &[u8],
    report: &mut Report,
) {
    if number <= named {
        report.wrong(
            format!("entry {number} names entry {named}, which does not come before it"),
            format!("第 {number} 条所指的第 {named} 条不在其前"),
        );
    } else if bundle.entry(named).is_some_and(|held| !kinds.contains(&held.kind)) {
        report.wrong(
            format!("entry {number} names entry {named}, which is of another kind"),
            format!("第 {number} 条所指的第 {named} 条是另一类"),
        );
    }
}

/// Entries by their numbers.
fn listed(entries: &[u64]) -> Words {
    let numbers: Vec<String> = entries.iter().map(u64::to_string).collect();
    let word = if numbers.len() == 1 { "entry" } else { "entries" };
    Words::new(format!("{word} {}", numbers.join(", ")), format!("第 {} 条", numbers.join("、")))
}
