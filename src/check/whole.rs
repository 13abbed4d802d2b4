//! Transfers, dues and inflows of whole units.

use crate::base::{Exact, Money};
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Arithmetic, Body, CarryId, Constant, EventId, Expr, ExprKind, Function, RuleSet, TallyId, Type,
};

use super::space::Names;
use super::walk;

codes! {
    /// **What it finds.** A transfer, a due or a computed inflow of an amount that may be no whole number of
    /// the currency's smallest unit. Fields, totals and balances are whole, and so are their sums and
    /// differences; a share of one is not, nor is what is rounded to less than the unit.
    ///
    /// **Why it matters.** Such an amount moves at once, without a settlement that could give the odd fen to
    /// somebody. Who bears it has to be said by rounding.
    ///
    /// **Not so:**
    /// ```fen
    /// event advance { id : text unique; date : date effective; region : Region; sum_due : money }
    /// rule half of advance
    ///   transfer sum_due * 50% from central to treasury[region]
    /// ```
    /// **But so:**
    /// ```fen
    /// event advance { id : text unique; date : date effective; region : Region; sum_due : money }
    /// rule half of advance
    ///   transfer sum_due * 50% rounded half up from central to treasury[region]
    /// ```
    NOT_WHOLE_UNITS "F0355" "an amount that may be no whole unit" "金额可能不足最小单位";
}

/// Every transfer of every rule.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for case in rules.rules.iter().flat_map(|rule| &rule.cases) {
        let Body::Transfers(transfers) = &case.body else { continue };
        let mut names = Names::new(rules, Some(case.event));
        case.steps.iter().for_each(|step| drop(names.step(step)));
        for transfer in transfers {
            let mut names = names.clone();
            transfer.for_each.iter().for_each(|selection| drop(names.selection(selection)));
            let Some(amount) = &transfer.amount else { continue };
            let help = Words::new(
                "round it: `transfer … rounded half up from …`",
                "应取整：「划转 … 取整 四舍五入 自 …」",
            );
            whole(rules, (amount, &names.unfold(amount)), help, found);
        }
    }
    for case in rules.levies.iter().flat_map(|levy| &levy.cases) {
        let mut names = Names::new(rules, Some(case.event));
        case.steps.iter().for_each(|step| drop(names.step(step)));
        let help =
            Words::new("round it: `due … rounded half up`", "应取整：「应纳 … 取整 四舍五入」");
        whole(rules, (&case.due, &names.unfold(&case.due)), help, found);
    }
    for (at, event) in rules.events.iter().enumerate() {
        let field = event.inflow.and_then(|it| event.fields.get(it.index()));
        let Some(inflow) = field.and_then(|field| field.computed.as_ref()) else { continue };
        let mut names = Names::new(rules, Some(EventId::next(at)));
        let help = Words::new(
            "round it: `let … = … rounded half up inflow`",
            "应取整：「令 … = … 取整 四舍五入 流入」",
        );
        whole(rules, (&inflow.expr, &names.unfold(&inflow.expr)), help, found);
    }
}

/// Reports an amount that may be no whole number of units, whatever names stand in it.
fn whole(
    rules: &RuleSet,
    (written, unfolded): (&Expr, &Expr),
    help: Words,
    found: &mut Vec<Diagnostic>,
) {
    if is_whole(rules, unfolded) {
        return;
    }
    let currency = match written.ty.required() {
        Type::Money(currency) => rules.currencies.get(currency.index()),
        _ => None,
    };
    let (code, scale) = currency.map_or(("CNY", 2), |it| (it.name.as_str(), it.scale));
    let unit = Money::from_minor(1).format(scale);
    let words = Words::new(
        format!("this amount may be no whole number of units of {code}, which are {unit}"),
        format!("此金额可能不是{code}最小单位（{unit}）的整数倍"),
    );
    found.push(Diagnostic::error(NOT_WHOLE_UNITS, written.span, words).with_help(help));
}

/// Whether an amount is surely a whole number of its currency's smallest unit.
fn is_whole(rules: &RuleSet, expr: &Expr) -> bool {
    let unit = unit(rules, &expr.ty);
    let multiple = |number: &Exact| number.div(&unit).is_ok_and(|count| count.is_integer());
    let all = |parts: &[&Expr]| parts.iter().all(|part| is_whole(rules, part));
    match &expr.kind {
        ExprKind::Constant(Constant::Number(number)) => multiple(number),
        ExprKind::Rounded(_, _, to) => multiple(to),
        ExprKind::Field(_) | ExprKind::RowField { .. } => {
            matches!(expr.ty.required(), Type::Money(_) | Type::Integer)
        }
        ExprKind::Parameter { parameter, .. } => {
            rules.parameters.get(parameter.index()).is_some_and(|parameter| {
                parameter.timelines.values().flatten().all(|version| {
                    matches!(&version.value, Constant::Number(number) if multiple(number))
                })
            })
        }
        ExprKind::Total { tally, .. } => is_whole_tally(rules, *tally),
        ExprKind::Carried { carry, .. } => is_whole_carry(rules, *carry),
        ExprKind::Balance { .. } | ExprKind::Closed { .. } => true,
        ExprKind::Negate(inner) => is_whole(rules, inner),
        ExprKind::Arithmetic(Arithmetic::Add | Arithmetic::Subtract, left, right) => {
            all(&[left, right])
        }
        ExprKind::Arithmetic(Arithmetic::Multiply, left, right) => {
            (is_integer(left) && is_whole(rules, right))
                || (is_integer(right) && is_whole(rules, left))
        }
        ExprKind::If(_, then, otherwise) => all(&[then, otherwise]),
        ExprKind::Otherwise(value, default) => all(&[value, default]),
        ExprKind::Call(Function::Min | Function::Max | Function::Abs, arguments) => {
            arguments.iter().all(|argument| is_whole(rules, argument))
        }
        ExprKind::Aggregate { value: Some(value), .. } => is_whole(rules, value),
        ExprKind::AggregateList(_, list) => {
            matches!(&list.ty, Type::List(inner) if matches!(**inner, Type::Money(_)))
        }
        _ => false,
    }
}

/// Legs and levies feed whole units; an event may add anything.
fn is_whole_tally(rules: &RuleSet, tally: TallyId) -> bool {
    rules.tallies.get(tally.index()).is_some_and(|tally| {
        tally.feeders.iter().all(|change| {
            let value = Names::new(rules, Some(change.event)).unfold(&change.value);
            !walk::any(&value, &|part| matches!(part.kind, ExprKind::Total { .. }))
                && is_whole(rules, &value)
        })
    })
}

/// A carry is whole if it starts so and every `becomes` is, whatever the others are: those that read
/// totals or carries must be rounded.
fn is_whole_carry(rules: &RuleSet, carry: CarryId) -> bool {
    rules.carries.get(carry.index()).is_some_and(|carry| {
        is_whole(rules, &carry.starts)
            && carry.changes.iter().all(|change| {
                let value = Names::new(rules, Some(change.event)).unfold(&change.value);
                let reads = |part: &Expr| {
                    matches!(part.kind, ExprKind::Total { .. } | ExprKind::Carried { .. })
                };
                match value.kind {
                    ExprKind::Rounded(..) => is_whole(rules, &value),
                    _ => !walk::any(&value, &reads) && is_whole(rules, &value),
                }
            })
    })
}

fn is_integer(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Constant(Constant::Number(number)) => number.is_integer(),
        _ => matches!(expr.ty.required(), Type::Integer),
    }
}

fn unit(rules: &RuleSet, ty: &Type) -> Exact {
    let scale = match ty.required() {
        Type::Money(currency) => rules.currencies.get(currency.index()).map(|it| it.scale),
        _ => None,
    };
    Exact::from_scaled(1, scale.unwrap_or(2))
}
