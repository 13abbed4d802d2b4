//! Examples that cannot come out.

use crate::base::{Exact, Span};
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Body, Constant, Datum, Event, EventId, Example, ExampleEntry, FieldIx, Outcome, RuleSet, Type,
};

codes! {
    /// **What it finds.** An example whose expected amounts do not add up to the amount that came in.
    ///
    /// **Why it matters.** Rules divide everything and nothing more, so one of the figures is a slip.
    ///
    /// **Not so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%  to central
    ///     50%  to treasury[destination]
    ///
    /// example "halves" {
    ///   given receipt R1 {
    ///     date 2020-01-01; tax vat; enterprise E; origin beijing; destination hebei; amount 100.00 }
    ///   then  central 50.00; treasury[hebei] 5.00
    /// }
    /// ```
    /// **But so:**
    /// ```fen
    /// rule shared
    ///   split inflow
    ///     50%  to central
    ///     50%  to treasury[destination]
    ///
    /// example "halves" {
    ///   given receipt R1 {
    ///     date 2020-01-01; tax vat; enterprise E; origin beijing; destination hebei; amount 100.00 }
    ///   then  central 50.00; treasury[hebei] 50.00
    /// }
    /// ```
    EXAMPLE_SUM "F0390" "an example that does not add up" "示例金额不平";

    /// **What it finds.** An event of an example that lacks a required field, though it is not expected to
    /// be set aside.
    ///
    /// **Why it matters.** Such an event is set aside, and the example fails for another reason than the
    /// one it was written for.
    ///
    /// **Not so:**
    /// ```fen
    /// rule kept
    ///   split inflow
    ///     all  to treasury[destination]
    ///
    /// example "kept" {
    ///   given receipt R1 { date 2020-01-01; tax vat; enterprise E; destination hebei; amount 100.00 }
    ///   then  treasury[hebei] 100.00
    /// }
    /// ```
    /// **But so:**
    /// ```fen
    /// rule kept
    ///   split inflow
    ///     all  to treasury[destination]
    ///
    /// example "kept" {
    ///   given receipt R1 {
    ///     date 2020-01-01; tax vat; enterprise E; origin beijing; destination hebei; amount 100.00 }
    ///   then  treasury[hebei] 100.00
    /// }
    /// ```
    EXAMPLE_FIELD "F0391" "an example without a required field" "示例缺少必填字段";

    /// **What it finds.** An example that says of nothing what is expected.
    ///
    /// **Why it matters.** It passes whatever the rules do, and reads as if it proved them.
    ///
    /// **Not so:**
    /// ```fen
    /// rule kept
    ///   split inflow
    ///     all  to treasury[destination]
    ///
    /// example "kept" {
    ///   given receipt R1 {
    ///     date 2020-01-01; tax vat; enterprise E; origin beijing; destination hebei; amount 100.00 }
    /// }
    /// ```
    /// **But so:**
    /// ```fen
    /// rule kept
    ///   split inflow
    ///     all  to treasury[destination]
    ///
    /// example "kept" {
    ///   given receipt R1 {
    ///     date 2020-01-01; tax vat; enterprise E; origin beijing; destination hebei; amount 100.00 }
    ///   then  treasury[hebei] 100.00
    /// }
    /// ```
    EXAMPLE_EMPTY "F0392" "an example that expects nothing" "示例没有预期";
}

/// Every example.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for example in &rules.examples {
        check_example(rules, example, found);
    }
}

/// An event as an example gives it.
struct Given<'a> {
    event: EventId,
    values: &'a [(FieldIx, Datum)],
    span: Span,
}

fn check_example(rules: &RuleSet, example: &Example, found: &mut Vec<Diagnostic>) {
    let expects = |entry: &ExampleEntry| match entry {
        ExampleEntry::Expected { .. } | ExampleEntry::Check { .. } => true,
        ExampleEntry::Event { .. } | ExampleEntry::Row { .. } => false,
    };
    if !example.entries.iter().any(expects) {
        let words = Words::new(
            format!("example \"{}\" expects nothing", example.title),
            format!("示例「{}」没有写明预期", example.title),
        );
        let help = Words::new(
            "say with `then` who gets what, or `then nothing`",
            "以「则」写明谁得多少，或写「则 无」",
        );
        found.push(Diagnostic::warning(EXAMPLE_EMPTY, example.span, words).with_help(help));
    }
    let mut last: Option<Given<'_>> = None;
    for entry in &example.entries {
        match entry {
            ExampleEntry::Event { event, values, span } => {
                last = Some(Given { event: *event, values, span: *span });
            }
            ExampleEntry::Expected { of: None, outcomes, span } => {
                if let Some(given) = &last {
                    check_given(rules, given, outcomes, *span, found);
                }
                last = None;
            }
            ExampleEntry::Expected { of: Some(_), .. }
            | ExampleEntry::Row { .. }
            | ExampleEntry::Check { .. } => {}
        }
    }
}

fn check_given(
    rules: &RuleSet,
    given: &Given<'_>,
    outcomes: &[Outcome],
    span: Span,
    found: &mut Vec<Diagnostic>,
) {
    let Some(event) = rules.events.get(given.event.index()) else { return };
    if outcomes.iter().any(|outcome| matches!(outcome, Outcome::SetAside(_))) {
        return;
    }
    let missing = event.fields.iter().enumerate().find(|(at, field)| {
        let named = given.values.iter().any(|(named, _)| *named == FieldIx::next(*at));
        field.computed.is_none() && !named && is_required(&field.ty)
    });
    if let Some((_, field)) = missing {
        let name = &field.name.text;
        let words = Words::new(
            format!("the event lacks `{name}`, which is required"),
            format!("此事项缺少必填的「{name}」"),
        );
        let help =
            Words::new("give it a value, or expect `set aside`", "补上取值，或写明预期「搁置」");
        found.push(Diagnostic::warning(EXAMPLE_FIELD, given.span, words).with_help(help));
        return;
    }
    let Some(inflow) = inflow(rules, given, event) else { return };
    let Some(expected) = total(outcomes) else { return };
    if expected != inflow {
        let words = Words::new(
            format!("{inflow} comes in and {expected} is expected to go out"),
            format!("流入 {inflow}，而预期分出 {expected}"),
        );
        let note = Words::new("the amount that comes in", "流入金额");
        let finding = Diagnostic::warning(EXAMPLE_SUM, span, words);
        found.push(finding.with_note(given.span, note));
    }
}

/// A missing flag is false and a missing list empty only where the type says so; texts, too, are asked
/// for.
fn is_required(ty: &Type) -> bool {
    !matches!(ty, Type::Optional(_) | Type::List(_) | Type::Bool)
}

/// What comes in, where nothing but the inflow is divided on this event kind.
fn inflow(rules: &RuleSet, given: &Given<'_>, event: &Event) -> Option<Exact> {
    let levied = rules.levies.iter().flat_map(|levy| &levy.cases);
    let moved = rules.rules.iter().flat_map(|rule| &rule.cases);
    let more = levied
        .map(|case| case.event)
        .chain(moved.filter(|case| matches!(case.body, Body::Transfers(_))).map(|case| case.event));
    if more.into_iter().any(|kind| kind == given.event) {
        return None;
    }
    let field = event.inflow?;
    given.values.iter().find_map(|(named, datum)| match datum {
        Datum::Constant(Constant::Number(amount)) if *named == field => Some(amount.clone()),
        Datum::Constant(_) | Datum::List(_) | Datum::Record(_) => None,
    })
}

fn total(outcomes: &[Outcome]) -> Option<Exact> {
    let mut sum = Exact::ZERO;
    for outcome in outcomes {
        let amount = match outcome {
            Outcome::Nothing
            | Outcome::Figure { .. }
            | Outcome::Open { .. }
            | Outcome::Booked { .. } => continue,
            // Only a part of what happens is looked at.
            Outcome::SetAside(_) => return None,
            Outcome::Undetermined(amount) | Outcome::Account { amount, .. } => amount,
        };
        let Constant::Number(amount) = amount else { return None };
        sum = sum.add(amount).ok()?;
    }
    let says = outcomes.is_empty() || outcomes.iter().any(Outcome::speaks_of_accounts);
    says.then_some(sum)
}
