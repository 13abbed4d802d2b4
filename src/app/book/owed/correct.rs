//! Corrections by which a book stands as other rules would have had it.

use std::collections::HashSet;

use crate::book::{Batch, Because, Book, Correction, Event, Posted as InBook, Posting};
use crate::diagnostics::{Words, pictured};
use crate::plan::{self, Partition};

use super::super::BookTrouble;
use super::super::edition::edition;
use super::super::post::{filed, makes_events, readings as readings_of};
use super::super::registers::filled;
use super::super::replay::spans;
use super::super::signing::Clock;
use super::{Asked, Other, OwedChange, OwedMade, Review, beside, owed, undisputed};

/// Why and by whom corrections are posted.
#[derive(Debug, Clone)]
pub struct Correcting {
    /// Who posts.
    pub by: Option<String>,
    /// The poster's clock.
    pub clock: Clock,
    /// Why.
    pub because: Because,
    /// Only these entries; all that differ, if none is named.
    pub only: Vec<u64>,
}

/// A correction that was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// Its entry.
    pub entry: u64,
    /// The entry it corrects.
    pub of: u64,
    /// The key of the event.
    pub key: String,
}

/// What was posted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// The corrections.
    pub corrected: Vec<Corrected>,
    /// Events that nobody sends and that came into being: entry, kind and key.
    pub made: Vec<(u64, String, String)>,
    /// Where a dispute is settled, what [`undisputed`] finds.
    pub(in crate::app::book) undisputed: Vec<OwedChange>,
}

/// Posts corrections by which a book stands as other rules would have had it, and the events that nobody
/// sends and that come into being by them; gives what was posted. Where a dispute is settled and nothing
/// differs, there are none, and what comes into being is made by the next posting.
///
/// # Errors
/// Nothing differs, and no dispute is settled; what was reviewed, if anything was, is not what would be
/// posted; the book cannot be written.
pub fn correct(
    book: &mut Book,
    other: &Other<'_>,
    correcting: &Correcting,
    reviewed: Option<&Review>,
) -> Result<Posted, BookTrouble> {
    if reviewed.is_some_and(Review::is_empty) {
        return Err(empty());
    }
    let mut posting = book.begin()?;
    let corrected = add(&mut posting, other, correcting, reviewed)?;
    posting.commit()?;
    Ok(corrected)
}

/// Adds a batch of such corrections to a posting.
pub(in crate::app::book) fn add(
    posting: &mut Posting<'_>,
    other: &Other<'_>,
    correcting: &Correcting,
    reviewed: Option<&Review>,
) -> Result<Posted, BookTrouble> {
    let only = &correcting.only;
    let of_dispute = matches!(correcting.because, Because::Dispute { .. });
    let disputed = if of_dispute { only.as_slice() } else { &[] };
    let owed = owed(posting.book()?, other, &Asked::ALL, false, disputed)?;
    if let Some(unsure) = owed.unsure.first() {
        return Err(unsure.trouble());
    }
    let of: HashSet<u64> = only.iter().copied().collect();
    let named = |it: &OwedChange| of.contains(&it.entry) || of.contains(&it.event);
    let asked = |it: &&OwedChange| {
        if only.is_empty() { of_dispute || it.dispute.is_none() } else { named(it) }
    };
    let changes: Vec<&OwedChange> = owed.changes.iter().filter(asked).collect();
    if let Some(settled) = changes.iter().find(|it| !of_dispute && it.dispute.is_some()) {
        return Err(stands(settled));
    }
    if let Some(gone) = changes.iter().find(|it| of_dispute && it.outcome.is_none()) {
        return Err(not_made(gone));
    }
    let made: &[OwedMade] = if of_dispute { &[] } else { &owed.made };
    if let Some(reviewed) = reviewed {
        reviewed.hold(posting.book()?, &changes, made)?;
    }
    if changes.is_empty() && made.is_empty() {
        return if of_dispute { Ok(Posted::default()) } else { Err(nothing()) };
    }
    let left: Vec<&OwedChange> =
        owed.changes.iter().filter(|it| !asked(it) && it.is_correctable()).collect();
    let undisputed = match of_dispute {
        true => undisputed(posting.book()?, other, &owed.changes, disputed)?,
        false => {
            all_that_hangs_together(posting.book()?, other, &changes, &left)?;
            Vec::new()
        }
    };
    let own = edition(other.loaded, other.checked.rule_set());
    let book = posting.book()?;
    let spans = spans(book)?;
    let registers = filled(book, other.checked, &other.registers, &spans)?;
    let filed = filed(posting, &own, &registers)?;
    let number = posting.batch(&Batch {
        learnt: (correcting.clock)(),
        by: correcting.by.clone(),
        readings: readings_of(&other.choices.readings),
        through: spans.last().and_then(|span| span.begun.batch.through),
        ..filed
    })?;
    let mut corrected = Vec::new();
    for change in changes {
        let entry = posting.correction(&Correction {
            batch: number,
            of: change.entry,
            because: correcting.because.clone(),
            booked: change.booked,
            outcome: change.outcome.clone(),
            said: change.said.clone(),
        })?;
        corrected.push(Corrected { entry, of: change.entry, key: change.key.clone() });
    }
    // They come behind what they close, whenever that was.
    posting.order_is_judged();
    let events = made.iter().map(|it| Event { batch: number, ..it.event.clone() });
    let entries = posting.events(&events.collect::<Vec<Event>>())?;
    let made = made.iter().zip(entries).map(|(it, entry)| {
        let (InBook::New(entry) | InBook::Already(entry)) = entry;
        (entry, it.kind.clone(), it.key.clone())
    });
    Ok(Posted { corrected, made: made.collect(), undisputed })
}

/// Refuses corrections that leave out what hangs together with them.
fn all_that_hangs_together(
    book: &mut Book,
    other: &Other<'_>,
    changes: &[&OwedChange],
    left: &[&OwedChange],
) -> Result<(), BookTrouble> {
    let Some(first) = left.first() else { return Ok(()) };
    if makes_events(&plan::from_checked(other.checked, other.choices)) {
        return Err(whole(first, other));
    }
    let corrected: Vec<u64> = changes.iter().map(|it| it.entry).collect();
    let beside = beside(book, other, &corrected)?;
    match left.iter().find(|it| beside.contains(&it.entry)) {
        Some(left) => Err(whole(left, other)),
        None => Ok(()),
    }
}

/// A list of corrections that holds none.
fn empty() -> BookTrouble {
    BookTrouble::refused(
        Words::new("the list holds no corrections", "清单中没有更正"),
        Some(Words::new(
            "`fenshui book replay --with RULES --corrections FILE` writes it anew, with all that would \
             come out otherwise",
            "用 fenshui book replay --with 规则 --corrections 文件 重新列出结果不同的各条",
        )),
    )
}

/// No corrections are wanted.
fn nothing() -> BookTrouble {
    BookTrouble::refused(
        Words::new("there is nothing to correct", "无可更正"),
        Some(Words::new(
            "`fenshui book replay --with RULES --corrections FILE` lists what would come out otherwise",
            "用 fenshui book replay --with 规则 --corrections 文件 列出结果不同的各条",
        )),
    )
}

/// What hangs together is corrected together: a part of it would be figures that no rules give.
fn whole(left: &OwedChange, other: &Other<'_>) -> BookTrouble {
    let (entry, key) = (left.entry, pictured(&left.key));
    let plan = plan::from_checked(other.checked, other.choices);
    let why = match plan.partition {
        _ if makes_events(&plan) => Words::new(
            "these rules make events that nobody sends of what all others leave",
            "此规则据全部事项的结果生成无人报送的事项，须一并更正",
        ),
        Partition::Sequential { .. } => Words::new(
            "by these rules all events are worked out in one row, and are corrected together",
            "按此规则全部事项须依次计算，须一并更正",
        ),
        Partition::Free | Partition::ByUndone | Partition::By(_) => Words::new(
            "it shares running totals with what they correct, or undoes it",
            "与所更正者共用台账或冲销之",
        ),
    };
    BookTrouble::refused(
        Words::new(
            format!(
                "the corrections leave out entry {entry} ({key}), which comes out otherwise too: {}",
                why.en
            ),
            format!("更正内容未列第 {entry} 条（{key}），而该条结果亦不同：{}", why.zh),
        ),
        Some(Words::new(
            "`fenshui book replay --with RULES --corrections FILE` writes all of them: post the list \
             whole; what is to stay as it is can be settled by `fenshui book dispute`",
            "fenshui book replay --with 规则 --corrections 文件 会写出全部更正：请整份过账；\
             拟维持现状者，可用 fenshui book dispute 了结",
        )),
    )
}

/// A ruling cannot keep from being made what rules make.
fn not_made(change: &OwedChange) -> BookTrouble {
    let (entry, key) = (change.entry, pictured(&change.key));
    BookTrouble::refused(
        Words::new(
            format!("by these rules entry {entry} ({key}) would not be made: nobody sent it"),
            format!("按此规则不会生成第 {entry} 条（{key}）：该事项无人报送"),
        ),
        Some(Words::new(
            "the next posting would make it again: settle a dispute about what it is made of, or make the \
             book stand by such rules with `fenshui book replay --with RULES --corrections FILE` and \
             `fenshui book correct`",
            "下次过账会再次生成：请就其所由生成的事项了结异议，或用 fenshui book replay --with 规则 \
             --corrections 文件 与 fenshui book correct 使账簿依此规则",
        )),
    )
}

/// What a dispute settled is not changed by the way.
fn stands(change: &OwedChange) -> BookTrouble {
    let (entry, key) = (change.entry, pictured(&change.key));
    let dispute = change.dispute.unwrap_or(0);
    BookTrouble::refused(
        Words::new(
            format!("entry {entry} ({key}) stands as dispute {dispute} was settled"),
            format!("第 {entry} 条（{key}）系异议（第 {dispute} 条）了结后的结果"),
        ),
        Some(Words::new(
            format!(
                "raise a dispute against entry {entry}, and settle it by these rules with \
                 `fenshui book dispute resolve`; or leave the entry out of the corrections"
            ),
            format!(
                "请对第 {entry} 条另提异议，再用 fenshui book dispute resolve 按此规则了结；\
                 或从更正内容中删去该条"
            ),
        )),
    )
}
