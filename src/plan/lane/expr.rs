//! From the plan's expressions to typed trees.
//!
//! Every function gives nothing for what has no tree: what it stands in is the evaluator's then.

use crate::model::Comparison;

use super::super::{Constant, Event, Expr, Plan, at};
use super::rational::Rational;
use super::typed::{Typed, all, any, arithmetic, choose, compare, constant_of, steady, stored};
use super::{
    Day, Entity, KeyPart, LaneFactors, Number, RowRead, Selected, Source, Sum, Text, TotalKey,
    Truth,
};

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
    /// The values of what is steady in the plan, as far as they are known.
    known: &'p dyn Fn(u32) -> Option<Constant>,
    pub rows: Vec<RowRead>,
    pub keys: Vec<TotalKey>,
    /// Own additions: which tally, under which key parts.
    pub adds: Vec<(u32, Vec<KeyPart>)>,
    /// How deep computed fields are inside each other.
    pub depth: u32,
    pub sources: Vec<Source>,
    pub selections: Vec<Selected>,
    pub shares: Vec<LaneFactors>,
    pub kept: Vec<Number>,
    /// A row is at hand: what is looked up once an event may not depend on it.
    pub at_row: bool,
    /// Figures see state as it is after the event: no tree reads that.
    pub after: bool,
    /// How many trees over rows were made.
    pub gathered: u32,
}

const DEPTH_MAX: u32 = 16;

impl<'p> Maker<'p> {
    pub fn new(
        plan: &'p Plan,
        event: &'p Event,
        known: &'p dyn Fn(u32) -> Option<Constant>,
    ) -> Maker<'p> {
        Maker {
            plan,
            event,
            known,
            rows: Vec::new(),
            keys: Vec::new(),
            adds: Vec::new(),
            depth: 0,
            sources: Vec::new(),
            selections: Vec::new(),
            shares: Vec::new(),
            kept: Vec::new(),
            at_row: false,
            after: false,
            gathered: 0,
        }
    }

    pub fn typed(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Typed> {
        Some(match expr {
            Expr::Constant(constant) => constant_of(constant)?,
            Expr::Field(field) => self.field(*field)?,
            Expr::EffectiveDate => Typed::Day(Day::Effective),
            Expr::Local(slot) | Expr::Share(slot) => scene.locals.get(at(*slot))?.clone()?,
            Expr::Aggregate { function, value, selection } => {
                Typed::Number(self.aggregate(*function, value.as_deref(), selection, scene)?)
            }
            Expr::Steady(place, inner) => match (self.known)(*place) {
                Some(known) => constant_of(&known)?,
                None => self.typed(inner, scene)?,
            },
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
                let key = self.lasting(keys, scene)?;
                Typed::Row(self.row(RowRead::Keyed { register: *register, key }))
            }
            Expr::Parameter { parameter, keys, at } => {
                self.parameter(*parameter, keys, at, scene)?
            }
            Expr::Schedule { schedule, what, of, at } => {
                let of = self.number(of, scene)?;
                let day = self.day(at, scene)?;
                Typed::Number(self.schedule(*schedule, *what, of, day)?)
            }
            Expr::Total { tally, projection, with_this, keys, as_of } => {
                let as_of = match as_of {
                    Some(day) => Some(Box::new(self.day(day, scene)?)),
                    None => None,
                };
                Typed::Number(self.total((*tally, *projection), *with_this, keys, as_of, scene)?)
            }
            Expr::Carried { carry, keys } => self.carried(*carry, keys, scene)?,
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
                choose(condition, self.typed(yes, scene), self.typed(no, scene))?
            }
            Expr::Otherwise(value, other) => {
                let there = self.present(value, scene)?;
                choose(there, self.typed(value, scene), self.typed(other, scene))?
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
                    Typed::Number(number) if number.den == 1 && number.under.is_empty() => {
                        KeyPart::Whole(number.number)
                    }
                    Typed::Text(Text::Field(field)) => KeyPart::Text(field),
                    Typed::Text(Text::RowField(row, field)) => KeyPart::RowText(row, field),
                    Typed::Text(text) => KeyPart::Words(text),
                    Typed::Entity(entity) => KeyPart::Member(entity),
                    Typed::Day(day) => KeyPart::Day(day),
                    Typed::Span(span) => KeyPart::Period(span),
                    Typed::Truth(truth) => KeyPart::Bool(truth),
                    Typed::Number(_) | Typed::Length(_) | Typed::Row(_) => return None,
                })
            })
            .collect()
    }

    pub fn row(&mut self, read: RowRead) -> u32 {
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

    /// Whether a field of the event is in the data.
    pub fn is_stored(&self, field: u32) -> bool {
        self.event.fields.get(at(field)).is_some_and(|declared| declared.computed.is_none())
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
        let (at_row, gathered) = (std::mem::take(&mut self.at_row), self.gathered);
        let typed = self.typed(&formula.expr, &mut Scene { locals: &mut locals, own: None });
        self.at_row = at_row;
        self.depth -= 1;
        match typed {
            // What is gathered from rows is gathered once.
            Some(Typed::Number(value)) if self.gathered != gathered => {
                Some(Typed::Number(self.keep(value)?))
            }
            // So is what each of many rows is held against.
            Some(Typed::Span(span)) if self.at_row => Some(Typed::Span(self.keep_span(span)?)),
            typed => typed,
        }
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
        let (gathered, before) = (self.gathered, self.put_down());
        let typed = self.typed(&formula.expr, scene);
        self.depth -= 1;
        if typed.is_some() && self.gathered == gathered {
            return typed;
        }
        // What has no tree, or is gathered from rows, may still have one value for the run, which the
        // evaluator works out once.
        let formula = typed.as_ref();
        let steady = |_| steady(&declared.kind, field, row, formula);
        let once = Some(()).filter(|()| declared.steady).and_then(steady);
        if once.is_some() {
            self.gathered = gathered;
            self.forget(before);
        }
        once.or(typed)
    }

    /// How much trees have put down so far beside themselves.
    fn put_down(&self) -> [usize; 6] {
        let Maker { rows, keys, sources, selections, shares, kept, .. } = self;
        [rows.len(), keys.len(), sources.len(), selections.len(), shares.len(), kept.len()]
    }

    /// Takes back what a tree has put down that nobody needs.
    fn forget(&mut self, [rows, keys, sources, selections, shares, kept]: [usize; 6]) {
        self.rows.truncate(rows);
        self.keys.truncate(keys);
        self.sources.truncate(sources);
        self.selections.truncate(selections);
        self.shares.truncate(shares);
        self.kept.truncate(kept);
    }

    fn total(
        &mut self,
        (tally, projection): (u32, u32),
        with_this: bool,
        keys: &'p [Expr],
        as_of: Option<Box<Day>>,
        scene: &mut Scene<'_>,
    ) -> Option<Rational> {
        let plan = self.plan;
        let declared = plan.tallies.get(at(tally))?;
        let shape = declared.projections.get(at(projection))?;
        let unit = declared.unit.to_int()?;
        if self.after {
            return None;
        }
        let parts = self.lasting(keys, scene)?;
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
        Rational::new(Number::Total { tally, projection, key, own, as_of }, unit)
    }

    /// Whether an optional value is there.
    pub fn present(&mut self, expr: &'p Expr, scene: &mut Scene<'_>) -> Option<Truth> {
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
                let mut known = Vec::with_capacity(parts.len());
                for part in parts {
                    let part = self.truth_or_unknown(part, scene);
                    // What always has an answer need not be asked where the next one settles it.
                    if part == Truth::Constant(false) && known.iter().all(|it| self.is_sure(it)) {
                        return Some(part);
                    }
                    known.push(part);
                }
                all(known)
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
                        Truth::DayIn(Box::new(day), Box::new(span))
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
}
