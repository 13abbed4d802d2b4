//! From the plan's expressions to typed trees.
//!
//! Every function gives nothing for what has no tree: what it stands in is the evaluator's then.

use crate::base::{Duration, PeriodKind};
use crate::model::{Arithmetic, Comparison, Function};

use super::super::{Constant, Event, Expr, Kind, Plan, at};
use super::rational::Rational;
use super::{Day, Entity, KeyPart, Number, RowRead, Span, Sum, TotalKey, Truth};

/// A tree of any type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Typed {
    Number(Rational),
    Truth(Truth),
    Day(Day),
    Span(Span),
    Entity(Entity),
    Text(KeyPart),
    Length(Duration),
    /// A register's row, by its place among the lane's.
    Row(u32),
}

/// What slots of a frame hold, as far as it is known.
pub(super) type Locals = Vec<Option<Typed>>;

/// Where an expression stands.
pub(super) struct Scene<'l> {
    pub locals: &'l mut Locals,
    /// The row whose computed field this is.
    pub own: Option<(u32, u32)>,
}

/// What the trees of a lane are made with.
pub(super) struct Maker<'p> {
    pub plan: &'p Plan,
    pub event: &'p Event,
    pub rows: Vec<RowRead>,
    pub keys: Vec<TotalKey>,
    /// Own additions: which tally, under which key parts.
    pub adds: Vec<(u32, Vec<KeyPart>)>,
    /// How deep computed fields are inside each other.
    pub depth: u32,
}

const DEPTH_MAX: u32 = 16;

impl<'p> Maker<'p> {
    pub fn typed(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Typed> {
        Some(match expr {
            Expr::Constant(constant) => constant_of(constant)?,
            Expr::Field(field) => self.field(*field)?,
            Expr::EffectiveDate => Typed::Day(Day::Effective),
            Expr::Local(slot) => scene.locals.get(at(*slot))?.clone()?,
            Expr::Reading { option, .. } => Typed::Entity(Entity::Constant(*option)),
            Expr::Own { field, at: None } => {
                let (row, shape) = scene.own?;
                self.row_field(row, shape, *field)?
            }
            Expr::RowField { row, shape, field, at: None } => {
                let Typed::Row(row) = self.typed(row, scene)? else { return None };
                self.row_field(row, *shape, *field)?
            }
            Expr::Lookup { register, keys } => {
                let key = self.parts(keys, scene)?;
                Typed::Row(self.row(*register, key))
            }
            Expr::Parameter { parameter, keys, at } => {
                Typed::Number(self.parameter(*parameter, keys, at, scene)?)
            }
            Expr::Schedule { schedule, what, of, at } => {
                let of = self.number(of, scene)?;
                let day = self.day(at, scene)?;
                Typed::Number(self.schedule(*schedule, *what, of, day)?)
            }
            Expr::Total { tally, projection, with_this, keys, as_of: None } => {
                Typed::Number(self.total(*tally, *projection, *with_this, keys, scene)?)
            }
            Expr::Negate(inner) => match self.typed(inner, scene)? {
                Typed::Number(inner) => Typed::Number(inner.negate()?),
                Typed::Length(inner) => Typed::Length(inner.checked_neg()?),
                _ => return None,
            },
            Expr::Arithmetic(operation, left, right) => {
                let (left, right) = (self.typed(left, scene)?, self.typed(right, scene)?);
                arithmetic(*operation, left, right)?
            }
            Expr::If(condition, yes, no) => {
                let condition = self.truth(condition, scene)?;
                let (yes, no) = (self.typed(yes, scene)?, self.typed(no, scene)?);
                choose(condition, yes, no)?
            }
            Expr::Otherwise(value, other) => {
                let there = self.present(value, scene)?;
                let (value, other) = (self.typed(value, scene)?, self.typed(other, scene)?);
                choose(there, value, other)?
            }
            Expr::Rounded(value, how, unit) => {
                Typed::Number(self.number(value, scene)?.rounded(*how, unit)?)
            }
            Expr::Call(function, arguments) => self.call(*function, arguments, scene)?,
            _ => Typed::Truth(self.condition(expr, scene)?),
        })
    }

    pub fn number(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Rational> {
        match self.typed(expr, scene)? {
            Typed::Number(number) => Some(number),
            _ => None,
        }
    }

    pub fn truth(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Truth> {
        match self.typed(expr, scene)? {
            Typed::Truth(truth) => Some(truth),
            _ => None,
        }
    }

    /// A condition, which others may settle before it is asked.
    pub fn truth_or_unknown(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Truth {
        self.truth(expr, scene).unwrap_or(Truth::Unknown)
    }

    pub fn day(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Day> {
        match self.typed(expr, scene)? {
            Typed::Day(day) => Some(day),
            _ => None,
        }
    }

    pub fn entity(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Entity> {
        match self.typed(expr, scene)? {
            Typed::Entity(entity) => Some(entity),
            _ => None,
        }
    }

    /// The parts of a key.
    pub fn parts(&mut self, keys: &'p [Expr], scene: &mut Scene<'_>) -> Option<Vec<KeyPart>> {
        keys.iter()
            .map(|key| {
                Some(match self.typed(key, scene)? {
                    Typed::Number(number) if number.den == 1 => KeyPart::Whole(number.number),
                    Typed::Text(text) => text,
                    Typed::Entity(entity) => KeyPart::Member(entity),
                    Typed::Day(day) => KeyPart::Day(day),
                    Typed::Span(span) => KeyPart::Period(span),
                    Typed::Truth(truth) => KeyPart::Bool(truth),
                    Typed::Number(_) | Typed::Length(_) | Typed::Row(_) => return None,
                })
            })
            .collect()
    }

    fn row(&mut self, register: u32, key: Vec<KeyPart>) -> u32 {
        let read = RowRead { register, key };
        let known = self.rows.iter().position(|known| *known == read);
        let place = known.unwrap_or_else(|| {
            self.rows.push(read);
            self.rows.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// A key of totals.
    pub fn key(&mut self, space: u32, parts: Vec<KeyPart>) -> u32 {
        let key = TotalKey { space, parts };
        let known = self.keys.iter().position(|known| *known == key);
        let place = known.unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// The sums of a tally that a key of it belongs to.
    pub fn sums(&mut self, tally: u32, parts: &[KeyPart]) -> Option<Vec<Sum>> {
        let plan = self.plan;
        let projections = &plan.tallies.get(at(tally))?.projections;
        let mut sums = Vec::with_capacity(projections.len());
        for (projection, declared) in (0..).zip(projections) {
            let own: Option<Vec<KeyPart>> =
                declared.parts.iter().map(|part| parts.get(*part).cloned()).collect();
            let key = self.key(declared.space, own?);
            sums.push(Sum { tally, projection, key });
        }
        Some(sums)
    }

    fn field(&mut self, field: u32) -> Option<Typed> {
        let event = self.event;
        let declared = event.fields.get(at(field))?;
        let Some(formula) = &declared.computed else {
            return stored(&declared.kind, field, None);
        };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut locals = vec![None; at(formula.locals)];
        let typed = self.typed(&formula.expr, &mut Scene { locals: &mut locals, own: None });
        self.depth -= 1;
        typed
    }

    fn row_field(&mut self, row: u32, shape: u32, field: u32) -> Option<Typed> {
        let plan = self.plan;
        let declared = plan.shapes.get(at(shape))?.fields.get(at(field))?;
        if declared.dated {
            return None;
        }
        let Some(formula) = &declared.computed else {
            return stored(&declared.kind, field, Some(row));
        };
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut locals = vec![None; at(formula.locals)];
        let scene = &mut Scene { locals: &mut locals, own: Some((row, shape)) };
        let typed = self.typed(&formula.expr, scene);
        self.depth -= 1;
        // What has no tree may still have one value for the run, which the evaluator works out once.
        typed.or_else(|| if declared.steady { steady(&declared.kind, field, row) } else { None })
    }

    fn total(
        &mut self,
        tally: u32,
        projection: u32,
        with_this: bool,
        keys: &'p [Expr],
        scene: &mut Scene<'_>,
    ) -> Option<Rational> {
        let plan = self.plan;
        let declared = plan.tallies.get(at(tally))?;
        let shape = declared.projections.get(at(projection))?;
        let unit = declared.unit.to_int()?;
        let parts = self.parts(keys, scene)?;
        let mut own = Vec::new();
        for (place, (_, key)) in
            (0..).zip(&self.adds).filter(|(_, (of, _))| with_this && *of == tally)
        {
            let same = shape.parts.iter().zip(&parts).all(|(part, it)| key.get(*part) == Some(it));
            // Keys written otherwise may still be the same.
            if !same {
                return None;
            }
            own.push(place);
        }
        let key = self.key(shape.space, parts);
        Rational::new(Number::Total { tally, projection, key, own }, unit)
    }

    /// Whether an optional value is there.
    fn present(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Truth> {
        match expr {
            Expr::Field(field) => {
                let declared = self.event.fields.get(at(*field))?;
                declared.computed.is_none().then_some(Truth::Present(*field))
            }
            Expr::RowField { row, shape, field, at: None } => {
                let Typed::Row(row) = self.typed(row, scene)? else { return None };
                self.row_present(row, *shape, *field)
            }
            Expr::Own { field, at: None } => {
                let (row, shape) = scene.own?;
                self.row_present(row, shape, *field)
            }
            Expr::Lookup { .. } | Expr::Local(_) => match self.typed(expr, scene)? {
                Typed::Row(row) => Some(Truth::Found(row)),
                _ => None,
            },
            _ => None,
        }
    }

    fn row_present(&mut self, row: u32, shape: u32, field: u32) -> Option<Truth> {
        let declared = self.plan.shapes.get(at(shape))?.fields.get(at(field))?;
        let plain = declared.computed.is_none() && !declared.dated;
        plain.then_some(Truth::RowPresent(row, field))
    }

    fn condition(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Truth> {
        Some(match expr {
            Expr::Not(inner) => match self.truth(inner, scene)? {
                Truth::Constant(value) => Truth::Constant(!value),
                inner => Truth::Not(Box::new(inner)),
            },
            Expr::And(parts) => {
                all(parts.iter().map(|part| self.truth_or_unknown(part, scene)).collect())
            }
            Expr::Or(parts) => {
                any(parts.iter().map(|part| self.truth_or_unknown(part, scene)).collect())
            }
            Expr::Compare(how, left, right) => {
                let (left, right) = (self.typed(left, scene)?, self.typed(right, scene)?);
                compare(*how, left, right)?
            }
            Expr::MemberIn(value, set) => match self.entity(value, scene)? {
                Entity::Constant(member) => {
                    Truth::Constant(set.get(at(member)).copied().unwrap_or(false))
                }
                entity => Truth::In(Box::new(entity), set.clone()),
            },
            Expr::InSet(value, set) => {
                let value = self.typed(value, scene)?;
                let mut equal = Vec::with_capacity(set.len());
                for member in set {
                    let member = self.typed(member, scene)?;
                    equal.push(compare(Comparison::Equal, value.clone(), member)?);
                }
                any(equal)
            }
            Expr::InTree { enumeration, inner, outer } => {
                let inner = self.entity(inner, scene)?;
                let outer = self.entity(outer, scene)?;
                let tree = self.plan.enumerations.get(at(*enumeration))?;
                let count = u32::try_from(tree.members.len()).ok()?;
                let row = |inner| (0..count).map(|outer| tree.lies_in(inner, outer)).collect();
                Truth::Within(Box::new(inner), Box::new(outer), (0..count).map(row).collect())
            }
            Expr::InRange { value, from, to, closed } => {
                let value = self.typed(value, scene)?;
                let from = self.typed(from, scene)?;
                let to = self.typed(to, scene)?;
                let below = if *closed { Comparison::LessEqual } else { Comparison::Less };
                all(vec![
                    compare(Comparison::GreaterEqual, value.clone(), from)?,
                    compare(below, value, to)?,
                ])
            }
            Expr::InPeriod(date, period) => {
                match (self.typed(date, scene)?, self.typed(period, scene)?) {
                    (Typed::Day(day), Typed::Span(span)) => {
                        let own = Span { kind: span.kind, day, plus: 0 };
                        Truth::Spans(Comparison::Equal, Box::new(own), Box::new(span))
                    }
                    _ => return None,
                }
            }
            Expr::Bind(value, slot) => {
                let there = self.present(value, scene)?;
                let value = self.typed(value, scene)?;
                *scene.locals.get_mut(at(*slot))? = Some(value);
                there
            }
            _ => return None,
        })
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &'p [Expr],
        scene: &mut Scene<'_>,
    ) -> Option<Typed> {
        if function == Function::Present {
            return self.present(arguments.first()?, scene).map(Typed::Truth);
        }
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.typed(argument, scene)?);
        }
        let mut values = values.into_iter();
        let first = values.next()?;
        Some(match (function, first) {
            (Function::Min | Function::Max, first) => {
                let mut best = first;
                for other in values {
                    best = match (function, best, other) {
                        (Function::Min, Typed::Number(a), Typed::Number(b)) => {
                            Typed::Number(a.least(b)?)
                        }
                        (_, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.greatest(b)?),
                        (Function::Min, Typed::Day(a), Typed::Day(b)) => {
                            Typed::Day(Day::Least(Box::new(a), Box::new(b)))
                        }
                        (_, Typed::Day(a), Typed::Day(b)) => {
                            Typed::Day(Day::Greatest(Box::new(a), Box::new(b)))
                        }
                        _ => return None,
                    };
                }
                best
            }
            (Function::Abs, Typed::Number(value)) => Typed::Number(value.absolute()?),
            (Function::MakeDate, year) => {
                let year = match year {
                    Typed::Number(year) => year.over(1)?,
                    Typed::Span(Span { kind: PeriodKind::Year, day, plus: 0 }) => {
                        Number::YearOf(Box::new(day))
                    }
                    _ => return None,
                };
                let (Some(Typed::Number(month)), Some(Typed::Number(day))) =
                    (values.next(), values.next())
                else {
                    return None;
                };
                let (month, day) = (month.over(1)?, day.over(1)?);
                Typed::Day(Day::Made(Box::new(year), Box::new(month), Box::new(day)))
            }
            (Function::Month, Typed::Day(day)) => span(PeriodKind::Month, day),
            (Function::Quarter, Typed::Day(day)) => span(PeriodKind::Quarter, day),
            (Function::Year, Typed::Day(day)) => span(PeriodKind::Year, day),
            (Function::Year, Typed::Span(inner)) => {
                span(PeriodKind::Year, Day::Start(Box::new(inner)))
            }
            (Function::Start, Typed::Span(inner)) => Typed::Day(Day::Start(Box::new(inner))),
            (Function::End, Typed::Span(inner)) => Typed::Day(Day::End(Box::new(inner))),
            (Function::YearNumber, Typed::Day(day)) => {
                Typed::Number(Rational::new(Number::YearOf(Box::new(day)), 1)?)
            }
            (Function::MonthOfYear, Typed::Day(day)) => {
                Typed::Number(Rational::new(Number::MonthOf(Box::new(day)), 1)?)
            }
            _ => return None,
        })
    }
}

fn span(kind: PeriodKind, day: Day) -> Typed {
    Typed::Span(Span { kind, day, plus: 0 })
}

fn constant_of(constant: &Constant) -> Option<Typed> {
    Some(match constant {
        Constant::Bool(value) => Typed::Truth(Truth::Constant(*value)),
        Constant::Number(value) => Typed::Number(Rational::of(value)?),
        Constant::Date(day) => Typed::Day(Day::Constant(day.days())),
        Constant::Period(period) => span(period.kind(), Day::Constant(period.start().days())),
        Constant::Duration(length) => Typed::Length(*length),
        Constant::Member(member) | Constant::Option(member) => {
            Typed::Entity(Entity::Constant(*member))
        }
        Constant::Text(_) => return None,
    })
}

/// A computed field of a row that has one value for the run.
fn steady(kind: &Kind, field: u32, row: u32) -> Option<Typed> {
    match kind {
        Kind::Money { scale, .. } => {
            let den = 10_i128.checked_pow(u32::from(*scale))?;
            Rational::new(Number::RowSteady(row, field, den), den).map(Typed::Number)
        }
        Kind::Integer => Rational::new(Number::RowSteady(row, field, 1), 1).map(Typed::Number),
        Kind::Bool | Kind::Date | Kind::Member(_) | Kind::Option(_) => {
            stored(kind, field, Some(row))
        }
        _ => None,
    }
}

/// A stored field, of the event or of a row.
fn stored(kind: &Kind, field: u32, row: Option<u32>) -> Option<Typed> {
    let number = |den| {
        let number = row.map_or(Number::Field(field), |row| Number::RowField(row, field));
        Rational::new(number, den).map(Typed::Number)
    };
    match kind {
        Kind::Money { scale, .. } => number(10_i128.checked_pow(u32::from(*scale))?),
        Kind::Integer => number(1),
        Kind::Bool => {
            Some(Typed::Truth(row.map_or(Truth::Field(field), |row| Truth::RowField(row, field))))
        }
        Kind::Date => {
            Some(Typed::Day(row.map_or(Day::Field(field), |row| Day::RowField(row, field))))
        }
        Kind::Member(_) | Kind::Option(_) => Some(Typed::Entity(
            row.map_or(Entity::Field(field), |row| Entity::RowField(row, field)),
        )),
        Kind::Text => {
            Some(Typed::Text(row.map_or(KeyPart::Text(field), |row| KeyPart::RowText(row, field))))
        }
        Kind::Number | Kind::Period | Kind::Duration | Kind::Row(_) | Kind::List(_) => None,
    }
}

fn arithmetic(operation: Arithmetic, left: Typed, right: Typed) -> Option<Typed> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    Some(match (operation, left, right) {
        (Add, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.add(b)?),
        (Subtract, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.subtract(b)?),
        (Multiply, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.multiply(b)?),
        (Divide, Typed::Number(a), Typed::Number(b)) => Typed::Number(a.divide(b)?),
        (Add, Typed::Day(day), Typed::Length(by)) => Typed::Day(Day::Plus(Box::new(day), by)),
        (Subtract, Typed::Day(day), Typed::Length(by)) => Typed::Day(Day::Minus(Box::new(day), by)),
        (Subtract, Typed::Day(later), Typed::Day(earlier)) => {
            let days = Number::DaysBetween(Box::new(earlier), Box::new(later));
            Typed::Number(Rational::new(days, 1)?)
        }
        (Add, Typed::Span(span), Typed::Number(by)) => moved(span, &by, false)?,
        (Subtract, Typed::Span(span), Typed::Number(by)) => moved(span, &by, true)?,
        _ => return None,
    })
}

fn moved(span: Span, by: &Rational, back: bool) -> Option<Typed> {
    let by = i32::try_from(by.constant()?.to_int()?).ok()?;
    let plus = if back { span.plus.checked_sub(by)? } else { span.plus.checked_add(by)? };
    Some(Typed::Span(Span { plus, ..span }))
}

fn choose(condition: Truth, yes: Typed, no: Typed) -> Option<Typed> {
    if let Truth::Constant(holds) = condition {
        return Some(if holds { yes } else { no });
    }
    Some(match (yes, no) {
        (Typed::Number(yes), Typed::Number(no)) => {
            Typed::Number(Rational::choose(condition, yes, no)?)
        }
        (Typed::Day(yes), Typed::Day(no)) => {
            Typed::Day(Day::Choose(Box::new(condition), Box::new(yes), Box::new(no)))
        }
        (Typed::Entity(yes), Typed::Entity(no)) => {
            Typed::Entity(Entity::Choose(Box::new(condition), Box::new(yes), Box::new(no)))
        }
        (Typed::Truth(yes), Typed::Truth(no)) => Typed::Truth(any(vec![
            all(vec![condition.clone(), yes]),
            all(vec![Truth::Not(Box::new(condition)), no]),
        ])),
        _ => return None,
    })
}

fn compare(how: Comparison, left: Typed, right: Typed) -> Option<Truth> {
    Some(match (left, right) {
        (Typed::Number(a), Typed::Number(b)) => a.compare(how, b)?,
        (Typed::Day(a), Typed::Day(b)) => Truth::Days(how, Box::new(a), Box::new(b)),
        (Typed::Span(a), Typed::Span(b)) if a.kind == b.kind => {
            Truth::Spans(how, Box::new(a), Box::new(b))
        }
        (Typed::Entity(a), Typed::Entity(b)) => {
            let equal = match how {
                Comparison::Equal => true,
                Comparison::NotEqual => false,
                _ => return None,
            };
            match (a, b) {
                (Entity::Constant(a), Entity::Constant(b)) => Truth::Constant((a == b) == equal),
                (a, b) => Truth::Same(equal, Box::new(a), Box::new(b)),
            }
        }
        (Typed::Truth(a), Typed::Truth(b)) if how == Comparison::Equal => match (a, b) {
            (Truth::Constant(true), other) | (other, Truth::Constant(true)) => other,
            (Truth::Constant(false), other) | (other, Truth::Constant(false)) => {
                Truth::Not(Box::new(other))
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// All of these, without those that always hold.
pub(super) fn all(parts: Vec<Truth>) -> Truth {
    let mut open: Vec<Truth> =
        parts.into_iter().filter(|part| *part != Truth::Constant(true)).collect();
    match open.as_slice() {
        [] => Truth::Constant(true),
        [Truth::Constant(false), ..] => Truth::Constant(false),
        [_] => open.pop().unwrap_or(Truth::Constant(true)),
        _ => Truth::All(open),
    }
}

/// Any of these, without those that never hold.
pub(super) fn any(parts: Vec<Truth>) -> Truth {
    let mut open: Vec<Truth> =
        parts.into_iter().filter(|part| *part != Truth::Constant(false)).collect();
    match open.as_slice() {
        [] => Truth::Constant(false),
        [Truth::Constant(true), ..] => Truth::Constant(true),
        [_] => open.pop().unwrap_or(Truth::Constant(false)),
        _ => Truth::Any(open),
    }
}
