//! The order of events, where what happened before decides.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Body, Bound, Event, EventId, EventSource, Expr, ExprKind, Feed, FieldIx, Leg, RuleSet,
    Settlement, TallyId, Target, TotalKey, Type,
};

use super::space::Names;
use super::walk;

codes! {
    /// **What it finds.** An event kind on which a rule reads a total, a carry or a balance, or that
    /// undoes others or is undone, and which says no `order by`.
    ///
    /// **Why it matters.** Of two receipts of one day the one taken first may get what is left under a
    /// cap, and a refund comes after what it undoes. Which one that is must not depend on the file.
    ///
    /// **Not so:**
    /// ```fen
    /// event fee { id : text unique; date : date effective; payer : text; amount : money inflow }
    /// rule capped of fee
    ///   split inflow
    ///     50%   up to 1_000 in total   to central   as given per payer
    ///     rest                         to treasury[beijing]
    /// ```
    /// **But so:**
    /// ```fen
    /// event fee {
    ///   id : text unique; date : date effective; payer : text; amount : money inflow
    ///   order by date, id
    /// }
    /// rule capped of fee
    ///   split inflow
    ///     50%   up to 1_000 in total   to central   as given per payer
    ///     rest                         to treasury[beijing]
    /// ```
    NO_ORDER "F0345" "state read without an order" "读取累计而未排序";

    /// **What it finds.** An `order by` that does not contain the fields that identify the event.
    ///
    /// **Why it matters.** Two events that are equal in all named fields stand at the same place; since
    /// nothing says which is first, both are set aside.
    ///
    /// **Not so:**
    /// ```fen
    /// event fee {
    ///   id : text unique; date : date effective; payer : text; amount : money inflow
    ///   order by date, payer
    /// }
    /// rule all_of_it of fee
    ///   split inflow
    ///     all   to central
    /// ```
    /// **But so:**
    /// ```fen
    /// event fee {
    ///   id : text unique; date : date effective; payer : text; amount : money inflow
    ///   order by date, id
    /// }
    /// rule all_of_it of fee
    ///   split inflow
    ///     all   to central
    /// ```
    ORDER_NOT_TOTAL "F0346" "an order that leaves ties" "排序未能区分先后";

    /// **What it finds.** A tally or carry whose readers share no part of its key that they take from
    /// their event: one of them sums over all of it, or asks for a fixed one. A day or a period is no
    /// such part, though the event gives it: a reader may ask for another than its own.
    ///
    /// **Why it matters.** Then every event may change what every other one gets, and the work can
    /// neither be divided over threads nor over machines. Where the total is only needed at the end of
    /// a period, a `stage` can read it complete.
    ///
    /// **Not so:**
    /// ```fen
    /// tally given per enterprise : money
    /// rule capped
    ///   split inflow
    ///     all   to central   as given
    /// rule closed overrides capped
    ///   when (total(given) for all) >= 1_000_000
    ///   split inflow
    ///     all   to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// tally given per enterprise : money
    /// rule capped
    ///   split inflow
    ///     all   to central   as given
    /// rule closed overrides capped
    ///   when total(given) >= 1_000_000
    ///   split inflow
    ///     all   to treasury[destination]
    /// ```
    SEQUENTIAL "F0347" "a total that keeps the work in one row" "累计使计算无法分区";
}

/// Orders, and what keeps the work from being divided.
pub(super) fn check(rules: &RuleSet, reads: &[Read], found: &mut Vec<Diagnostic>) {
    let reads = of_sent(rules, reads);
    for (at, event) in rules.events.iter().enumerate() {
        if !matches!(event.source, EventSource::Sent) {
            continue;
        }
        let name = &event.name.text;
        if event.order_by.is_empty() {
            let own = |read: &&&Read| read.event == EventId::next(at);
            let read = reads.iter().find(own).map(|read| read.span);
            let undone = undoing(rules, EventId::next(at));
            let (span, note) = match (read, undone) {
                (Some(span), _) => (span, Words::new("read here", "在此读取")),
                (None, Some(span)) => (span, Words::new("undone here", "在此冲销")),
                (None, None) => continue,
            };
            let words = Words::new(
                format!("`{name}` needs an `order by`, for what comes before decides here"),
                format!("「{name}」须写明「排序」：此处取决于先前的事项"),
            );
            let help = Words::new(
                "end it with a field that identifies the event: `order by date, id`",
                "以能识别事项的字段收尾：「排序 日期, 编号」",
            );
            let finding = Diagnostic::error(NO_ORDER, event.name.span, words);
            found.push(finding.with_note(span, note).with_help(help));
        } else {
            let missing = missing(event);
            if missing.is_empty() {
                continue;
            }
            let missing = missing.join("`, `");
            let words = Words::new(
                format!("the order of `{name}` leaves ties: `{missing}` is not in it"),
                format!("「{name}」的排序不能区分先后：未含「{missing}」"),
            );
            found.push(Diagnostic::remark(ORDER_NOT_TOTAL, event.name.span, words));
        }
    }
    sequential(rules, &reads, found);
}

/// The field by which events of a kind undo others, or are undone.
fn undoing(rules: &RuleSet, kind: EventId) -> Option<Span> {
    rules.events.iter().enumerate().find_map(|(at, event)| {
        let (field, of) = event.reverses?;
        let own = EventId::next(at) == kind || of == kind;
        event.fields.get(field.index()).filter(|_| own).map(|field| field.name.span)
    })
}

/// The identifying fields that no order knows: the effective day comes first whether named or not,
/// and so does what it is worked out from.
fn missing(event: &Event) -> Vec<&str> {
    let effective = event.fields.get(event.effective.index());
    let day = effective.and_then(|field| field.computed.as_ref());
    let ordered = |field: &FieldIx| {
        let in_day = day.is_some_and(|day| {
            walk::any(&day.expr, &|part| matches!(part.kind, ExprKind::Field(it) if it == *field))
        });
        *field == event.effective || in_day || event.order_by.contains(field)
    };
    let missing = event.unique.iter().filter(|field| !ordered(field));
    let missing = missing.filter_map(|field| event.fields.get(field.index()));
    missing.map(|field| field.name.text.as_str()).collect()
}

/// One place where state is read, or fed.
pub(super) struct Read {
    pub event: EventId,
    pub what: Option<Kept>,
    /// Which parts of the key the event itself gives.
    given: Vec<bool>,
    /// The event gives a part that is a time.
    by_time: bool,
    pub span: Span,
}

/// A tally or carry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kept {
    Tally(TallyId),
    Carry(crate::model::CarryId),
}

/// Those of events that are sent.
fn of_sent<'r>(rules: &RuleSet, reads: &'r [Read]) -> Vec<&'r Read> {
    let sent = |read: &&Read| {
        let event = rules.events.get(read.event.index());
        event.is_some_and(|event| matches!(event.source, EventSource::Sent))
    };
    reads.iter().filter(sent).collect()
}

/// Every place where an event's outcome depends on what came before.
pub(super) fn every_read(rules: &RuleSet) -> Vec<Read> {
    let mut found = Vec::new();
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        let mut names = Names::new(rules, Some(case.event));
        case.steps.iter().for_each(|step| drop(names.step(step)));
        for expr in walk::in_case(case) {
            in_expr(&names.clone().unfold(expr), case.event, &mut found);
        }
        if let Body::Split(split) = &case.body {
            in_target(&split.target, case.event, &names, &mut found);
            let settlements = [case.settlement.as_ref(), split.settled.as_ref()];
            if settlements.into_iter().flatten().any(|it| matches!(it, Settlement::CarriedPer(_))) {
                let given = Vec::new();
                let (event, span) = (case.event, split.span);
                found.push(Read { event, what: None, given, by_time: false, span });
            }
        }
    }
    for case in rules.levies.iter().flat_map(|levy| &levy.cases) {
        let mut names = Names::new(rules, Some(case.event));
        case.steps.iter().for_each(|step| drop(names.step(step)));
        for expr in walk::in_levy(case) {
            in_expr(&names.clone().unfold(expr), case.event, &mut found);
        }
    }
    let tallied = rules.tallies.iter().flat_map(|tally| &tally.feeders);
    for change in tallied.chain(rules.carries.iter().flat_map(|carry| &carry.changes)) {
        for expr in walk::in_change(change) {
            in_expr(expr, change.event, &mut found);
        }
    }
    for figure in &rules.figures {
        for expr in figure.when.iter().chain([&figure.value]) {
            in_expr(expr, figure.event, &mut found);
        }
    }
    found
}

fn in_expr(expr: &Expr, event: EventId, found: &mut Vec<Read>) {
    walk::each(expr, &mut |part| {
        let (what, keys): (_, Vec<Option<&Expr>>) = match &part.kind {
            ExprKind::Total { tally, keys, .. } => {
                let keys = keys.iter().map(|key| match key {
                    TotalKey::All => None,
                    TotalKey::Key(key) => Some(key),
                });
                (Some(Kept::Tally(*tally)), keys.collect())
            }
            ExprKind::Carried { carry, keys } => {
                (Some(Kept::Carry(*carry)), keys.iter().map(Some).collect())
            }
            ExprKind::Balance { .. } => (None, Vec::new()),
            _ => return,
        };
        let given = keys.iter().map(|key| key.is_some_and(is_given)).collect();
        let by_time = keys.iter().any(|key| key.is_some_and(is_time_of_event));
        found.push(Read { event, what, given, by_time, span: part.span });
    });
}

/// Bounds in total and waterfalls read the tally their leg feeds.
fn in_target(target: &Target, event: EventId, names: &Names<'_>, found: &mut Vec<Read>) {
    let waterfall = matches!(target, Target::InOrder(_));
    for leg in walk::legs_of(target) {
        if let Some(feed) = leg.feed.as_ref().filter(|_| waterfall || is_bounded(leg)) {
            let Feed { tally, keys } = feed;
            let keys: Vec<Expr> = keys.iter().map(|key| names.clone().unfold(key)).collect();
            let given = keys.iter().map(is_given).collect();
            let by_time = keys.iter().any(is_time_of_event);
            let what = Some(Kept::Tally(*tally));
            found.push(Read { event, what, given, by_time, span: leg.span });
        }
        in_target(&leg.target, event, names, found);
    }
}

fn is_bounded(leg: &Leg) -> bool {
    leg.bounds.iter().any(|bound| matches!(bound, Bound::UpTo { in_total: true, .. }))
}

/// Whether a part of a key is taken from the event, and is no time: by time nothing is divided, since
/// a reader may ask for another day than its own.
fn is_given(key: &Expr) -> bool {
    !is_time(key) && is_of_event(key)
}

/// Whether a part of a key is a day or period of the event.
fn is_time_of_event(key: &Expr) -> bool {
    is_time(key) && is_of_event(key)
}

fn is_time(key: &Expr) -> bool {
    matches!(key.ty.required(), Type::Date | Type::Period(_))
}

fn is_of_event(key: &Expr) -> bool {
    walk::any(key, &|part| {
        matches!(part.kind, ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::EffectiveDate)
    })
}

fn sequential(rules: &RuleSet, reads: &[&Read], found: &mut Vec<Diagnostic>) {
    let mut kept: Vec<Kept> = reads.iter().filter_map(|read| read.what).collect();
    kept.sort();
    kept.dedup();
    for what in kept {
        let of: Vec<&Read> = reads.iter().copied().filter(|read| read.what == Some(what)).collect();
        let parts = of.iter().map(|read| read.given.len()).max().unwrap_or(0);
        let shared = (0..parts)
            .any(|part| of.iter().all(|read| read.given.get(part).copied().unwrap_or(false)));
        if shared {
            continue;
        }
        let poorest = of.iter().min_by_key(|read| read.given.iter().filter(|it| **it).count());
        let Some(read) = poorest else { continue };
        let name = match what {
            Kept::Tally(tally) => rules.tallies.get(tally.index()).map(|tally| &tally.name),
            Kept::Carry(carry) => rules.carries.get(carry.index()).map(|carry| &carry.name),
        };
        let Some(name) = name else { continue };
        let words = Words::new(
            format!("reading `{}` here keeps all events in one row", name.text),
            format!("在此读取「{}」使全部事项只能逐笔进行", name.text),
        );
        let help = if read.by_time {
            Words::new(
                "a day or period of the event divides no work: add a part to the key that says whose \
                 total it is, such as a payer or a place, or read it in a `stage`",
                "事项的日期或期间不能划分计算：请在键中加上区分主体的部分（如缴款人、地区），\
                 或在「清算」中读取",
            )
        } else {
            Words::new(
                "read it under a key that the event gives, or in a `stage`, where totals are complete",
                "按事项自身给出的键读取，或在累计已完整的「清算」中读取",
            )
        };
        let note = Words::new("declared here", "在此声明");
        let finding = Diagnostic::remark(SEQUENTIAL, read.span, words);
        found.push(finding.with_note(name.span, note).with_help(help));
    }
}
