//! From conditions as unfolded to formulas over tests, noting where each term's values are cut.

use std::cell::RefCell;
use std::rc::Rc;

use crate::base::{PeriodKind, Span};
use crate::check::walk;
use crate::model::{
    Comparison, Constant, EnumerationId, Expr, ExprKind, Function, LocalIx, RowSource, RuleSet,
    Type,
};

use super::names::{ROW, required};
use super::search::Tables;
use super::term::{Domain, Making, Term, TermIx, TermKey};
use super::value::{constant, lies_in};

/// A condition in tests.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::check) enum Formula {
    /// Always, or never.
    Decided(bool),
    /// As the test with this number says.
    Test(usize),
    /// Not so.
    Not(Box<Formula>),
    /// All of them.
    All(Vec<Formula>),
    /// Any of them.
    Any(Vec<Formula>),
}

impl Formula {
    pub(in crate::check) fn not(self) -> Formula {
        match self {
            Formula::Decided(value) => Formula::Decided(!value),
            Formula::Not(inner) => *inner,
            other => Formula::Not(Box::new(other)),
        }
    }

    pub(in crate::check) fn all(parts: impl IntoIterator<Item = Formula>) -> Formula {
        Formula::All(parts.into_iter().collect())
    }
}

/// A yes-or-no question about terms.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    /// An expression in which terms stand as locals.
    pub(super) expr: Expr,
    /// The terms in it.
    pub(super) terms: Vec<TermIx>,
}

/// The terms and tests of one question.
pub(in crate::check) struct Space<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) terms: Vec<Term>,
    pub(super) tests: Vec<Test>,
    /// What the search works with, until a term or test is added or cut anew.
    pub(super) tables: RefCell<Option<Rc<Tables>>>,
}

impl<'a> Space<'a> {
    pub(in crate::check) fn new(rules: &'a RuleSet) -> Space<'a> {
        Space { rules, terms: Vec::new(), tests: Vec::new(), tables: RefCell::new(None) }
    }

    /// The formula of a condition that is unfolded.
    pub(in crate::check) fn condition(&mut self, expr: &Expr) -> Formula {
        match &expr.kind {
            ExprKind::Constant(Constant::Bool(value)) => Formula::Decided(*value),
            ExprKind::And(items) => {
                let parts: Vec<Formula> = items.iter().map(|item| self.condition(item)).collect();
                Formula::All(parts)
            }
            ExprKind::Or(items) => {
                let parts: Vec<Formula> = items.iter().map(|item| self.condition(item)).collect();
                Formula::Any(parts)
            }
            ExprKind::Not(inner) => self.condition(inner).not(),
            ExprKind::If(condition, then, otherwise) => {
                let condition = self.condition(condition);
                let (then, otherwise) = (self.condition(then), self.condition(otherwise));
                choice(condition, then, otherwise)
            }
            ExprKind::Otherwise(value, default) => {
                let there = self.presence(value);
                let (value, default) = (self.condition(value), self.condition(default));
                choice(there, value, default)
            }
            ExprKind::Compare(comparison, left, right) => {
                self.compare(*comparison, left, right, expr.span)
            }
            ExprKind::InSet(value, members) => {
                let equal = |member| self.compare(Comparison::Equal, value, member, expr.span);
                Formula::Any(members.iter().map(equal).collect())
            }
            ExprKind::InTree(inner, outer) => self.in_tree(inner, outer, expr),
            ExprKind::InRange { value, from, to, closed } => {
                let below = if *closed { Comparison::LessEqual } else { Comparison::Less };
                let lower = self.compare(Comparison::GreaterEqual, value, from, expr.span);
                Formula::All(vec![lower, self.compare(below, value, to, expr.span)])
            }
            ExprKind::InPeriod(day, period) => self.in_period(day, period, expr.span),
            ExprKind::Bind(inner, _) => self.presence(inner),
            ExprKind::Call(Function::Present, arguments) => match arguments.as_slice() {
                [argument] => self.presence(argument),
                _ => self.flag(expr),
            },
            // A parameter that is yes or no is known from the rules.
            _ => match self.step(expr) {
                Some(step) => self.test(step),
                None => self.flag(expr),
            },
        }
    }

    /// Whether an optional value is there.
    fn presence(&mut self, value: &Expr) -> Formula {
        match &value.kind {
            ExprKind::If(condition, then, otherwise) => {
                let condition = self.condition(condition);
                let (then, otherwise) = (self.presence(then), self.presence(otherwise));
                choice(condition, then, otherwise)
            }
            ExprKind::Constant(_) => Formula::Decided(true),
            _ => {
                let kind = ExprKind::Call(Function::Present, vec![value.clone()]);
                self.flag(&Expr { kind, ty: Type::Bool, span: value.span })
            }
        }
    }

    /// A yes-or-no value that is a term of its own.
    pub(super) fn flag(&mut self, expr: &Expr) -> Formula {
        let term = self.term(expr, Domain::Bool);
        self.test(local(term, Type::Bool, expr.span))
    }

    pub(super) fn test(&mut self, expr: Expr) -> Formula {
        if let Some(Constant::Bool(value)) = constant(self.rules, &expr) {
            return Formula::Decided(value);
        }
        let known = self.tests.iter().position(|test| test.expr == expr);
        Formula::Test(known.unwrap_or_else(|| {
            let mut terms = Vec::new();
            walk::each(&expr, &mut |part| {
                if let ExprKind::Local(local) = part.kind {
                    terms.push(TermIx(local.index()));
                }
            });
            *self.tables.get_mut() = None;
            self.tests.push(Test { expr, terms });
            self.tests.len().saturating_sub(1)
        }))
    }

    /// The term an expression is, made if it is new.
    pub(super) fn term(&mut self, expr: &Expr, domain: Domain) -> TermIx {
        let is_known = |term: &Term| matches!(&term.key, TermKey::Expr(known) if known == expr);
        if let Some(known) = self.terms.iter().position(is_known) {
            return TermIx(known);
        }
        let making = self.making(expr);
        let key = TermKey::Expr(required(expr));
        let term = self.term_of(key, domain, is_soft(expr), expr.span);
        if let Some(term) = self.terms.get_mut(term.0) {
            term.making = making;
        }
        term
    }

    pub(super) fn term_of(
        &mut self,
        key: TermKey,
        domain: Domain,
        soft: bool,
        span: Span,
    ) -> TermIx {
        let known = self.terms.iter().position(|term| term.key == key);
        TermIx(known.unwrap_or_else(|| {
            *self.tables.get_mut() = None;
            self.terms.push(Term { key, domain, soft, making: Making::Given, span });
            self.terms.len().saturating_sub(1)
        }))
    }

    pub(super) fn domain(&mut self, term: TermIx, change: impl FnOnce(&mut Domain)) {
        *self.tables.get_mut() = None;
        if let Some(term) = self.terms.get_mut(term.0) {
            change(&mut term.domain);
        }
    }

    pub(super) fn is_soft(&self, term: TermIx) -> bool {
        self.terms.get(term.0).is_some_and(|term| term.soft)
    }

    /// A comparison of two unfolded values.
    pub(in crate::check) fn compare(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Formula {
        if let Some(lifted) = self.lifted(comparison, left, right, span) {
            return lifted;
        }
        match left.ty.required() {
            Type::Bool => {
                let (left, right) = (self.condition(left), self.condition(right));
                let same = choice(left, right.clone(), right.not());
                if comparison == Comparison::NotEqual { same.not() } else { same }
            }
            Type::Member(_) | Type::Option(_) | Type::Text => {
                self.compare_plain(comparison, left, right, span)
            }
            Type::Date | Type::Period(_) => self.compare_days(comparison, left, right, span),
            Type::Money(_) | Type::Rate | Type::Number | Type::Integer => {
                self.compare_numbers(comparison, left, right, span)
            }
            Type::Duration | Type::Row(_) | Type::List(_) | Type::Optional(_) => {
                self.opaque(comparison, left, right, span)
            }
        }
    }

    /// Members, options and texts: equal or not. A text also stands before or behind one that is named.
    fn compare_plain(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Formula {
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let (Some(left_step), Some(right_step)) = (self.step(left), self.step(right)) else {
            return self.opaque(comparison, left, right, span);
        };
        if !equality {
            let term = match (&left_step.kind, &right_step.kind) {
                (ExprKind::Local(term), ExprKind::Constant(Constant::Text(_)))
                | (ExprKind::Constant(Constant::Text(_)), ExprKind::Local(term)) => *term,
                _ => return self.opaque(comparison, left, right, span),
            };
            self.domain(TermIx(term.index()), |domain| {
                if let Domain::Texts { ordered, .. } = domain {
                    *ordered = true;
                }
            });
        }
        self.tell_apart(&left_step, &right_step);
        self.tell_apart(&right_step, &left_step);
        let kind = ExprKind::Compare(comparison, Box::new(left_step), Box::new(right_step));
        self.test(Expr { kind, ty: Type::Bool, span })
    }

    fn tell_apart(&mut self, side: &Expr, other: &Expr) {
        let ExprKind::Local(term) = side.kind else { return };
        let term = TermIx(term.index());
        match &other.kind {
            ExprKind::Constant(Constant::Member(_, wanted)) => self.domain(term, |domain| {
                domain.tell_apart(&|member| u64::from(member == *wanted));
            }),
            ExprKind::Constant(Constant::Text(text)) => self.domain(term, |domain| {
                if let Domain::Texts { named, .. } = domain {
                    named.insert(text.clone());
                }
            }),
            ExprKind::Constant(_) => {}
            ExprKind::Local(_) => self.share_classes(term, other),
            _ => self.domain(term, |domain| domain.tell_apart(&|member| u64::from(member.0))),
        }
    }

    /// Two terms compared with each other must be able to be equal, and to differ.
    fn share_classes(&mut self, term: TermIx, other: &Expr) {
        let other = if let ExprKind::Local(local) = other.kind { local.index() } else { return };
        let theirs = self.terms.get(other).map(|term| term.domain.clone());
        self.domain(term, |domain| match (domain, theirs) {
            (Domain::Members { classes, twins, .. }, Some(Domain::Members { .. })) => {
                // Classes of either side may still grow: tell every member apart, unless there are
                // too many to try, in which case three of a class stand for the rest.
                *twins = true;
                if classes.len() <= MEMBERS_TRIED {
                    for (at, class) in classes.iter_mut().enumerate() {
                        *class = u64::try_from(at).unwrap_or(u64::MAX);
                    }
                }
            }
            (Domain::Texts { named, .. }, Some(Domain::Texts { named: theirs, .. })) => {
                named.extend(theirs);
            }
            _ => {}
        });
    }

    fn in_tree(&mut self, inner: &Expr, outer: &Expr, whole: &Expr) -> Formula {
        let (Some(inner), Some(outer)) = (self.step(inner), self.step(outer)) else {
            return self.flag(whole);
        };
        let rules = self.rules;
        match (&inner.kind, &outer.kind) {
            (ExprKind::Local(term), ExprKind::Constant(Constant::Member(tree, region))) => {
                let (tree, region) = (*tree, *region);
                self.domain(TermIx(term.index()), |domain| {
                    domain.tell_apart(&|member| u64::from(lies_in(rules, (tree, member), region)));
                });
            }
            _ => {
                for side in [&inner, &outer] {
                    if let ExprKind::Local(term) = side.kind {
                        self.domain(TermIx(term.index()), |domain| {
                            domain.tell_apart(&|member| u64::from(member.0));
                        });
                    }
                }
            }
        }
        let kind = ExprKind::InTree(Box::new(inner), Box::new(outer));
        self.test(Expr { kind, ty: Type::Bool, span: whole.span })
    }

    fn in_period(&mut self, day: &Expr, period: &Expr, span: Span) -> Formula {
        let function = match period.ty.required() {
            Type::Period(PeriodKind::Month) => Function::Month,
            Type::Period(PeriodKind::Quarter) => Function::Quarter,
            _ => Function::Year,
        };
        let of_day = Expr {
            kind: ExprKind::Call(function, vec![day.clone()]),
            ty: period.ty.required().clone(),
            span,
        };
        self.compare(Comparison::Equal, &of_day, period, span)
    }

    /// A comparison that is a quantity of its own, the same whichever way round it is asked.
    pub(super) fn opaque(
        &mut self,
        comparison: Comparison,
        left: &Expr,
        right: &Expr,
        span: Span,
    ) -> Formula {
        let (comparison, negated) = match comparison {
            Comparison::NotEqual => (Comparison::Equal, true),
            Comparison::GreaterEqual => (Comparison::Less, true),
            Comparison::LessEqual => (Comparison::Greater, true),
            Comparison::Equal | Comparison::Less | Comparison::Greater => (comparison, false),
        };
        let kind = ExprKind::Compare(comparison, Box::new(left.clone()), Box::new(right.clone()));
        let flag = self.flag(&Expr { kind, ty: Type::Bool, span });
        if negated { flag.not() } else { flag }
    }
}

/// A term as it stands in a test.
pub(super) fn local(term: TermIx, ty: Type, span: Span) -> Expr {
    let local = LocalIx(u32::try_from(term.0).unwrap_or(u32::MAX));
    Expr { kind: ExprKind::Local(local), ty, span }
}

/// One or the other, as a condition says.
fn choice(condition: Formula, then: Formula, otherwise: Formula) -> Formula {
    let not = condition.clone().not();
    Formula::Any(vec![Formula::All(vec![condition, then]), Formula::All(vec![not, otherwise])])
}

/// Whether a quantity hangs on a register or on what happened before.
fn is_soft(expr: &Expr) -> bool {
    walk::any(expr, &|part| match &part.kind {
        ExprKind::Lookup { .. }
        | ExprKind::Total { .. }
        | ExprKind::Carried { .. }
        | ExprKind::Closed { .. }
        | ExprKind::Balance { .. }
        | ExprKind::Share(_) => true,
        ExprKind::Local(local) => *local != ROW,
        ExprKind::Aggregate { function: _, value: _, selection } => {
            matches!(selection.source, RowSource::Register { .. })
        }
        _ => false,
    })
}

/// Up to this many members, two that are compared are tried against each other one by one.
const MEMBERS_TRIED: usize = 40;

/// All members of an enumeration, none told from another yet.
pub(super) fn members_domain(rules: &RuleSet, enumeration: EnumerationId) -> Domain {
    let count = rules.enumerations.get(enumeration.index()).map_or(0, |it| it.members.len());
    Domain::Members { enumeration, classes: vec![0; count], twins: false }
}
