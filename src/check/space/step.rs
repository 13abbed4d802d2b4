//! Values that change in steps: constants, members, options, parameters, and what is made of them.

use std::collections::BTreeMap;

use crate::base::{Date, Span};
use crate::check::walk;
use crate::model::{
    Comparison, Constant, Dated, Expr, ExprKind, Function, MemberIx, Parameter, ParameterId,
    RuleSet, Type,
};

use super::condition::{Formula, Space, local, members_domain};
use super::term::{Domain, TermIx, TermKey};
use super::value::constant;

/// How many values a threshold may take before it is a quantity of its own.
const THRESHOLDS_MAX: usize = 64;

impl Space<'_> {
    /// Whether an expression takes few values, all known from the rules.
    pub(in crate::check) fn is_stepwise(&mut self, expr: &Expr) -> bool {
        self.step(expr).is_some_and(|step| self.thresholds(&step).is_some())
    }

    /// Whether a parameter has a value; `None` where its keys or its day hang on a register, on state,
    /// or on a day that is worked out of several.
    pub(in crate::check) fn has_value(&mut self, parameter: &Expr) -> Option<Formula> {
        let step = self.step(parameter)?;
        let mut known = true;
        walk::each(&step, &mut |part| {
            if let ExprKind::Local(term) = part.kind {
                known &= self.is_given(TermIx(term.index()));
            }
        });
        let kind = ExprKind::Call(Function::Present, vec![step]);
        known.then(|| self.test(Expr { kind, ty: Type::Bool, span: parameter.span }))
    }

    /// Whether a day hangs on a register, on state, or is worked out of several fields.
    pub(in crate::check) fn leans_on_data(&mut self, day: &Expr) -> bool {
        let Some(day) = self.day(day) else { return true };
        let mut leans = false;
        walk::each(&day, &mut |part| {
            if let ExprKind::Local(term) = part.kind {
                leans |= !self.is_given(TermIx(term.index()));
            }
        });
        leans
    }

    /// Whether a term is a field of the event, or a reading.
    fn is_given(&self, term: TermIx) -> bool {
        self.terms.get(term.0).is_some_and(|term| {
            let plain = |expr: &Expr| {
                matches!(
                    expr.kind,
                    ExprKind::Field(_) | ExprKind::EffectiveDate | ExprKind::Reading(_)
                )
            };
            !term.soft && matches!(&term.key, TermKey::Expr(expr) if plain(expr))
        })
    }

    /// A comparison of a day with a constant.
    pub(in crate::check) fn compare_day(
        &mut self,
        comparison: Comparison,
        day: &Expr,
        with: Date,
    ) -> Formula {
        let kind = ExprKind::Constant(Constant::Date(with));
        let with = Expr { kind, ty: Type::Date, span: day.span };
        self.compare(comparison, day, &with, day.span)
    }

    /// An expression whose values are few: constants, members, options, parameters and what is worked
    /// out of them. Terms stand as locals.
    pub(super) fn step(&mut self, expr: &Expr) -> Option<Expr> {
        if let Some(value) = constant(self.rules, expr) {
            return Some(Expr { kind: ExprKind::Constant(value), ..expr.clone() });
        }
        let rebuilt = |kind| Some(Expr { kind, ty: expr.ty.clone(), span: expr.span });
        match &expr.kind {
            ExprKind::Parameter { parameter, keys, at } => {
                self.parameter(*parameter, keys, at, expr)
            }
            ExprKind::Arithmetic(operation, left, right) => {
                let (left, right) = (self.step(left)?, self.step(right)?);
                rebuilt(ExprKind::Arithmetic(*operation, Box::new(left), Box::new(right)))
            }
            ExprKind::Negate(inner) => rebuilt(ExprKind::Negate(Box::new(self.step(inner)?))),
            ExprKind::Rounded(inner, rounding, unit) => {
                let inner = Box::new(self.step(inner)?);
                rebuilt(ExprKind::Rounded(inner, *rounding, unit.clone()))
            }
            ExprKind::Call(
                function @ (Function::Min | Function::Max | Function::Abs),
                arguments,
            ) => {
                let arguments: Option<Vec<Expr>> =
                    arguments.iter().map(|argument| self.step(argument)).collect();
                rebuilt(ExprKind::Call(*function, arguments?))
            }
            _ => self.plain_term(expr),
        }
    }

    /// A member, option or text that is a term.
    fn plain_term(&mut self, expr: &Expr) -> Option<Expr> {
        let domain = plain_domain(self.rules, expr)?;
        let term = self.term(expr, domain);
        Some(local(term, expr.ty.clone(), expr.span))
    }

    /// A parameter whose keys and day are terms; they are cut where its value changes.
    fn parameter(
        &mut self,
        parameter: ParameterId,
        keys: &[Expr],
        at: &Expr,
        whole: &Expr,
    ) -> Option<Expr> {
        let keys: Option<Vec<Expr>> = keys.iter().map(|key| self.step(key)).collect();
        let keys = keys?;
        let at = self.day(at)?;
        let declared = self.rules.parameters.get(parameter.index())?;
        for (part, key) in keys.iter().enumerate() {
            let ExprKind::Local(term) = key.kind else { continue };
            let marks = marks(self.rules, declared, part);
            self.domain(TermIx(term.index()), |domain| {
                domain.tell_apart(&|member| marks.get(&member).copied().unwrap_or(u64::MAX));
            });
        }
        let bounds = declared.timelines.values().flatten();
        let bounds: Vec<Date> =
            bounds.flat_map(|version| version.from.into_iter().chain(version.until)).collect();
        for bound in bounds {
            self.cut_line(&at, Comparison::GreaterEqual, &Constant::Date(bound));
        }
        let kind = ExprKind::Parameter { parameter, keys, at: Box::new(at) };
        Some(Expr { kind, ty: whole.ty.clone(), span: whole.span })
    }

    /// All values a stepwise expression can take, if they are few.
    pub(super) fn thresholds(&self, expr: &Expr) -> Option<Vec<Constant>> {
        let found = match &expr.kind {
            ExprKind::Constant(value) => vec![value.clone()],
            ExprKind::Parameter { parameter, .. } => {
                let declared = self.rules.parameters.get(parameter.index())?;
                let versions = declared.timelines.values().flatten();
                versions.map(|version| version.value.clone()).collect()
            }
            ExprKind::Arithmetic(operation, left, right) => self.combined(
                &[left, right],
                |parts| {
                    let [left, right] = parts else { return None };
                    let (left, right) = (Box::new(left.clone()), Box::new(right.clone()));
                    Some(ExprKind::Arithmetic(*operation, left, right))
                },
                &expr.ty,
            )?,
            ExprKind::Negate(inner) => {
                let negated =
                    |parts: &[Expr]| Some(ExprKind::Negate(Box::new(parts.first()?.clone())));
                self.combined(&[inner], negated, &expr.ty)?
            }
            ExprKind::Rounded(inner, rounding, unit) => {
                let rounded = |parts: &[Expr]| {
                    let inner = Box::new(parts.first()?.clone());
                    Some(ExprKind::Rounded(inner, *rounding, unit.clone()))
                };
                self.combined(&[inner], rounded, &expr.ty)?
            }
            ExprKind::Call(function, arguments) => {
                let arguments: Vec<&Expr> = arguments.iter().collect();
                let called = |parts: &[Expr]| Some(ExprKind::Call(*function, parts.to_vec()));
                self.combined(&arguments, called, &expr.ty)?
            }
            _ => return None,
        };
        let mut distinct: Vec<Constant> = Vec::new();
        for value in found {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        (distinct.len() <= THRESHOLDS_MAX).then_some(distinct)
    }

    /// Every combination of the parts' values, worked out.
    fn combined(
        &self,
        parts: &[&Expr],
        make: impl Fn(&[Expr]) -> Option<ExprKind>,
        ty: &Type,
    ) -> Option<Vec<Constant>> {
        let mut rows: Vec<Vec<Expr>> = vec![Vec::new()];
        for part in parts {
            let values = self.thresholds(part)?;
            rows = rows
                .into_iter()
                .flat_map(|row| {
                    values.iter().map(move |value| {
                        let kind = ExprKind::Constant(value.clone());
                        let one = Expr { kind, ty: part.ty.clone(), span: part.span };
                        row.iter().cloned().chain([one]).collect::<Vec<Expr>>()
                    })
                })
                .collect();
            if rows.len() > THRESHOLDS_MAX.saturating_mul(THRESHOLDS_MAX) {
                return None;
            }
        }
        let made = rows.iter().filter_map(|row| {
            let expr = Expr { kind: make(row)?, ty: ty.clone(), span: Span::default() };
            constant(self.rules, &expr)
        });
        Some(made.collect())
    }
}

/// The members, options or texts that an expression may be.
pub(super) fn plain_domain(rules: &RuleSet, expr: &Expr) -> Option<Domain> {
    Some(match expr.ty.required() {
        Type::Member(enumeration) => members_domain(rules, *enumeration),
        Type::Option(reading) => {
            let options = rules.readings.get(reading.index()).map_or(0, |it| it.options.len());
            let count = u32::try_from(options).unwrap_or(u32::MAX);
            Domain::Options { reading: *reading, count }
        }
        Type::Text => Domain::Texts { named: Default::default(), ordered: false },
        _ => return None,
    })
}

/// A parameter's timelines for one member of one key part, with the other parts' members.
type Slice<'a> = Vec<(Vec<MemberIx>, Vec<(Option<Date>, Option<Date>, &'a Constant)>)>;

/// A number for each member of a key part, the same where the parameter treats two alike.
fn marks(rules: &RuleSet, parameter: &Parameter, part: usize) -> BTreeMap<MemberIx, u64> {
    let count = parameter
        .keys
        .get(part)
        .and_then(|tree| rules.enumerations.get(tree.index()))
        .map_or(0, |tree| tree.members.len());
    let mut kinds: Vec<Slice<'_>> = Vec::new();
    let mut found = BTreeMap::new();
    for member in (0..count).map(MemberIx::next) {
        let slice = slice_of(parameter, part, member);
        let known = kinds.iter().position(|kind| *kind == slice);
        let mark = known.unwrap_or_else(|| {
            kinds.push(slice);
            kinds.len().saturating_sub(1)
        });
        found.insert(member, u64::try_from(mark).unwrap_or(u64::MAX));
    }
    found
}

fn slice_of(parameter: &Parameter, part: usize, member: MemberIx) -> Slice<'_> {
    let of_member = parameter.timelines.iter().filter(|(key, _)| key.get(part) == Some(&member));
    of_member
        .map(|(key, versions)| {
            let others = key.iter().enumerate().filter(|(at, _)| *at != part);
            let others = others.map(|(_, member)| *member).collect();
            (others, versions.iter().map(values_of).collect())
        })
        .collect()
}

fn values_of(version: &Dated<Constant>) -> (Option<Date>, Option<Date>, &Constant) {
    (version.from, version.until, &version.value)
}
