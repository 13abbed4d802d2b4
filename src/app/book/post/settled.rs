//! Refunds of what a dispute settled: the rules would undo what they give, not what stands.

use crate::book::{Event, Outcome};
use crate::diagnostics::Words;
use crate::plan::Plan;
use crate::rows::Cell;

use super::super::BookTrouble;
use super::super::maker::key_text;
use super::super::translate::get;
use super::judge::{Change, Judgement};
use super::{Job, refusal};

/// Refuses a refund that bears on an event which stands as a dispute was settled, where these rules
/// give that event otherwise.
pub(super) fn refuse_refunds(
    job: &Job<'_>,
    plan: &Plan,
    judgement: &Judgement,
) -> Result<(), BookTrouble> {
    let changed = judgement.changes.iter().filter(|it| is_allocated(it.now.as_ref()));
    let changed = changed.map(|it| &it.stood.event);
    for refund in judgement.refunds.iter().chain(changed) {
        for settled in &judgement.settled {
            if bears_on(plan, refund, &settled.stood.event) {
                return Err(refused(job, refund, settled));
            }
        }
    }
    Ok(())
}

fn is_allocated(outcome: Option<&Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Allocated { .. }))
}

/// Whether a refund undoes an event, or undoes more of what that event, a refund too, undid.
pub(in crate::app::book) fn bears_on(plan: &Plan, refund: &Event, event: &Event) -> bool {
    let Some((field, original)) = get(&plan.events, refund.kind).and_then(|it| it.reverses) else {
        return false;
    };
    let named = get(&refund.fields, field).filter(|cell| **cell != Cell::Missing);
    let known_by = get(&plan.events, original).and_then(|it| it.unique.first().copied());
    let undone = event.kind == original && known_by.and_then(|it| get(&event.fields, it)) == named;
    let beside = event.kind == refund.kind && get(&event.fields, field) == named;
    named.is_some() && (undone || beside)
}

fn refused(job: &Job<'_>, refund: &Event, settled: &Change) -> BookTrouble {
    let changed = refusal::changed(job, settled);
    let (key, of, entry) = (key_text(refund), changed.key, changed.entry);
    let place = refusal::place(job, refund.origin);
    let place = place.map_or_else(String::new, |(file, line)| format!("{file}:{line}: "));
    let mut words = Words::new(
        format!(
            "{place}event `{key}` undoes `{of}` as these rules give it, not as it stands \
             by entry {entry}, settled by a dispute"
        ),
        format!("{place}事项「{key}」按此规则冲回「{of}」，而非按第 {entry} 条（争议裁定）的现状"),
    );
    for (account, stands, given) in changed.accounts {
        words.en.push_str(&format!("\n  {account}  stands: {stands}  by these rules: {given}"));
        words.zh.push_str(&format!("\n  {account}  现状：{stands}  按此规则：{given}"));
    }
    BookTrouble::said(
        words,
        Some(Words::new(
            format!(
                "post this refund by the rules that settled the dispute: \
                 `fenshui book explain {entry}` names them"
            ),
            format!("请按裁定争议的规则过账此退库：fenshui book explain {entry} 可查其规则"),
        )),
    )
}
