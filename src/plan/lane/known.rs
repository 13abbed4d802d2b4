//! Trees made anew with what is known worked out.
//!
//! A tree never comes to anything else by that. What cannot be worked out stays, and so does whatever
//! stands before it and might have no answer.

use crate::model::Comparison;

use super::rational::scaled;
use super::{
    Day, Entity, KeyPart, Number, ParameterTable, ScheduleTable, Slot, Span, Term, Text, Tree,
    Truth,
};
use crate::base::{Date, Period};
use crate::plan::at;

/// Who knows something of an event.
pub(super) trait Known {
    /// How many members a stored field may have; nothing where nobody asked for it.
    fn members(&self, field: u32) -> Option<u32>;
    /// The member in a stored field.
    fn member(&mut self, field: u32) -> Option<u32>;
    /// What a stored field says.
    fn flag(&mut self, field: u32) -> Option<bool>;
    /// Whether a stored field is there.
    fn present(&mut self, field: u32) -> Option<bool>;
    /// A day that lies on the same side of all these bounds as the effective date.
    fn day(&mut self, bounds: &mut dyn Iterator<Item = i32>) -> Option<i32>;
}

/// Makes trees anew.
pub(super) struct Reader<'k, K> {
    pub known: &'k mut K,
    /// The stored field that is the effective date.
    date: Option<u32>,
    /// Slots in which nothing is put down: each is a multiple of another.
    pub multiples: Vec<(Slot, Slot, i128)>,
    /// Numbers that are worked out once, so far as they have been made anew, and whether that asks for
    /// what outlives an event, and for what there is no tree for.
    kept: Vec<(Number, bool, bool)>,
    /// Whether a tree that is left asks for a total or a carried value …
    pub reads: bool,
    /// … and whether one asks for what there is no tree for.
    pub unknown: bool,
}

impl<'k, K: Known> Reader<'k, K> {
    pub fn new(known: &'k mut K, date: Option<u32>) -> Reader<'k, K> {
        Reader {
            known,
            date,
            multiples: Vec::new(),
            kept: Vec::new(),
            reads: false,
            unknown: false,
        }
    }

    /// The slot that holds a numerator, and what it is multiplied with.
    pub fn slot(&self, slot: Slot) -> (Slot, i128) {
        let multiple = self.multiples.iter().find(|(of, ..)| *of == slot);
        multiple.map_or((slot, 1), |(_, base, by)| (*base, *by))
    }

    /// A number that is worked out once, behind all those that were kept before it. What it asks for
    /// is asked for by whoever asks for it.
    pub fn keep(&mut self, number: &Number) -> Number {
        let before = (std::mem::take(&mut self.reads), std::mem::take(&mut self.unknown));
        let number = self.number(number);
        self.kept.push((number.clone(), self.reads, self.unknown));
        (self.reads, self.unknown) = before;
        number
    }

    pub fn number(&mut self, number: &Number) -> Number {
        match number {
            Number::Carried(..) => {
                self.reads = true;
                number.clone()
            }
            Number::Total { tally, projection, key, own, as_of } => {
                self.reads = true;
                let as_of = as_of.as_ref().map(|day| Box::new(self.day(day)));
                let (tally, projection, key) = (*tally, *projection, *key);
                Number::Total { tally, projection, key, own: own.clone(), as_of }
            }
            Number::Kept(place) => match self.kept.get(at(*place)) {
                Some((Number::Constant(known), ..)) => Number::Constant(*known),
                Some((_, reads, unknown)) => {
                    self.reads |= reads;
                    self.unknown |= unknown;
                    Number::Kept(*place)
                }
                None => Number::Kept(*place),
            },
            Number::Unknown => {
                self.unknown = true;
                Number::Unknown
            }
            Number::Constant(_)
            | Number::Nothing
            | Number::Field(_)
            | Number::RowField(..)
            | Number::RowSteady(..)
            | Number::Rate(..)
            | Number::Count(..)
            | Number::Share(_)
            | Number::ShareOf(_) => number.clone(),
            Number::Positive(inner) => match self.number(inner) {
                Number::Constant(value) if value > 0 => Number::Constant(value),
                inner => Number::Positive(Box::new(inner)),
            },
            Number::Divided(inner, by, how) => {
                Number::Divided(Box::new(self.number(inner)), Box::new(self.number(by)), *how)
            }
            Number::SumOver(rows, shares, inner) => {
                Number::SumOver(*rows, *shares, Box::new(self.number(inner)))
            }
            Number::Slot(slot) => {
                let (base, by) = self.slot(*slot);
                times(Number::Slot(base), by)
            }
            Number::Sum(constant, terms) => {
                let all = terms.iter().map(|(term, by)| match term {
                    Term::Field(field) => times(Number::Field(*field), *by),
                    Term::Slot(slot) => times(self.number(&Number::Slot(*slot)), *by),
                });
                let add = |one: Number, two: Number| {
                    sum(&one, &two).unwrap_or(Number::Add(Box::new(one), Box::new(two)))
                };
                all.fold(Number::Constant(*constant), add)
            }
            Number::Scaled(inner, by) => times(self.number(inner), *by),
            Number::Negate(inner) => times(self.number(inner), -1),
            Number::Add(one, two) => {
                let (one, two) = (self.number(one), self.number(two));
                sum(&one, &two).unwrap_or_else(|| Number::Add(Box::new(one), Box::new(two)))
            }
            Number::Subtract(one, two) => {
                let (one, two) = (self.number(one), self.number(two));
                let less = times(two.clone(), -1);
                sum(&one, &less).unwrap_or_else(|| Number::Subtract(Box::new(one), Box::new(two)))
            }
            Number::Multiply(one, two) => match (self.number(one), self.number(two)) {
                (Number::Constant(by), number) | (number, Number::Constant(by)) => {
                    times(number, by)
                }
                (one, two) => Number::Multiply(Box::new(one), Box::new(two)),
            },
            Number::Absolute(inner) => Number::Absolute(Box::new(self.number(inner))),
            Number::Least(one, two) => match (self.number(one), self.number(two)) {
                (Number::Constant(one), Number::Constant(two)) => Number::Constant(one.min(two)),
                (one, two) => Number::Least(Box::new(one), Box::new(two)),
            },
            Number::Greatest(one, two) => match (self.number(one), self.number(two)) {
                (Number::Constant(one), Number::Constant(two)) => Number::Constant(one.max(two)),
                (one, two) => Number::Greatest(Box::new(one), Box::new(two)),
            },
            Number::Rounded(inner, by, how) => {
                Number::Rounded(Box::new(self.number(inner)), *by, *how)
            }
            Number::Floor(inner, by) => Number::Floor(Box::new(self.number(inner)), *by),
            Number::Choose(condition, yes, no) => match self.truth(condition) {
                Truth::Constant(true) => self.number(yes),
                Truth::Constant(false) => self.number(no),
                condition => {
                    let (yes, no) = (self.number(yes), self.number(no));
                    Number::Choose(Box::new(condition), Box::new(yes), Box::new(no))
                }
            },
            Number::Parameter(table, keys, day) => self.parameter(table, keys, day),
            Number::Schedule(table, of, day) => self.schedule(table, of, day),
            Number::DaysBetween(from, to) => {
                Number::DaysBetween(Box::new(self.day(from)), Box::new(self.day(to)))
            }
            Number::YearOf(day) => Number::YearOf(Box::new(self.day(day))),
            Number::MonthOf(day) => Number::MonthOf(Box::new(self.day(day))),
            Number::DayOf(day) => Number::DayOf(Box::new(self.day(day))),
            Number::MonthsBetween(from, to) => {
                Number::MonthsBetween(Box::new(self.day(from)), Box::new(self.day(to)))
            }
            Number::PeriodsBetween(from, to) => match (self.span(from), self.span(to)) {
                (Span::Constant(from), Span::Constant(to)) => {
                    Number::Constant((to.index() - from.index()).into())
                }
                (from, to) => Number::PeriodsBetween(Box::new(from), Box::new(to)),
            },
        }
    }

    fn parameter(&mut self, table: &ParameterTable, keys: &[Entity], day: &Day) -> Number {
        let keys: Vec<Entity> = keys.iter().map(|key| self.entity(key)).collect();
        let day = self.day(day);
        let found = self.side(&day, &mut table.days()).zip(known_members(&keys));
        match found.and_then(|(day, members)| table.on(members, day)) {
            Some(value) => Number::Constant(value),
            None => Number::Parameter(Box::new(table.clone()), keys, Box::new(day)),
        }
    }

    fn schedule(&mut self, table: &ScheduleTable, of: &Number, day: &Day) -> Number {
        let (of, day) = (self.number(of), self.day(day));
        let mut table = table.clone();
        let mut days = table.versions.iter().flat_map(|version| [version.from, version.until]);
        if let Some(day) = self.side(&day, &mut days) {
            // One that does not hold then is not looked at.
            table.versions.retain(|version| version.holds(day));
        }
        Number::Schedule(Box::new(table), Box::new(of), Box::new(day))
    }

    /// A day on the same side of all these bounds as the given one.
    fn side(&mut self, day: &Day, bounds: &mut dyn Iterator<Item = i32>) -> Option<i32> {
        match day {
            Day::Constant(day) => Some(*day),
            Day::Effective => self.known.day(bounds),
            _ => None,
        }
    }

    pub fn truth(&mut self, truth: &Truth) -> Truth {
        match truth {
            Truth::Carried(_) | Truth::Held(_) => {
                self.reads = true;
                truth.clone()
            }
            Truth::Unknown => {
                self.unknown = true;
                Truth::Unknown
            }
            Truth::Constant(_)
            | Truth::RowField(..)
            | Truth::Found(_)
            | Truth::Needed(_)
            | Truth::RowPresent(..) => truth.clone(),
            Truth::Present(field) => {
                self.known.present(*field).map_or(truth.clone(), Truth::Constant)
            }
            Truth::Field(field) => self.known.flag(*field).map_or(truth.clone(), Truth::Constant),
            Truth::Not(inner) => match self.truth(inner) {
                Truth::Constant(value) => Truth::Constant(!value),
                inner => Truth::Not(Box::new(inner)),
            },
            Truth::All(parts) => self.joined(parts, true),
            Truth::Any(parts) => self.joined(parts, false),
            Truth::Numbers(how, one, two) => match (self.number(one), self.number(two)) {
                (Number::Constant(one), Number::Constant(two)) => {
                    Truth::Constant(holds(*how, &one, &two))
                }
                (one, two) => Truth::Numbers(*how, Box::new(one), Box::new(two)),
            },
            Truth::Days(how, one, two) => self.days(*how, one, two),
            Truth::Spans(how, one, two) => match (self.span(one), self.span(two)) {
                (Span::Constant(one), Span::Constant(two)) => {
                    Truth::Constant(holds(*how, &one, &two))
                }
                (one, two) => Truth::Spans(*how, Box::new(one), Box::new(two)),
            },
            Truth::DayIn(day, span) => {
                Truth::DayIn(Box::new(self.day(day)), Box::new(self.span(span)))
            }
            Truth::Texts(how, one, two) => match (self.text(one), self.text(two)) {
                (Text::Constant(one), Text::Constant(two)) => {
                    Truth::Constant(holds(*how, &one, &two))
                }
                (one, two) => Truth::Texts(*how, Box::new(one), Box::new(two)),
            },
            Truth::Answers(tree) => match self.tree(tree) {
                Tree::Number(Number::Constant(_), _, Number::Constant(_))
                | Tree::Truth(Truth::Constant(_))
                | Tree::Day(Day::Constant(_) | Day::Effective)
                | Tree::Span(Span::Constant(_))
                | Tree::Entity(Entity::Constant(_))
                | Tree::Text(Text::Constant(_)) => Truth::Constant(true),
                tree => Truth::Answers(Box::new(tree)),
            },
            Truth::Same(equal, one, two) => match (self.entity(one), self.entity(two)) {
                (Entity::Constant(one), Entity::Constant(two)) => {
                    Truth::Constant((one == two) == *equal)
                }
                (one, two) => Truth::Same(*equal, Box::new(one), Box::new(two)),
            },
            Truth::In(entity, set) => match self.entity(entity) {
                Entity::Constant(member) => {
                    Truth::Constant(set.get(at(member)).copied().unwrap_or(false))
                }
                entity => Truth::In(Box::new(entity), set.clone()),
            },
            Truth::Within(inner, outer, tree) => {
                let (inner, outer) = (self.entity(inner), self.entity(outer));
                let known = match (&inner, &outer) {
                    (Entity::Constant(inner), Entity::Constant(outer)) => {
                        tree.get(at(*inner)).and_then(|row| row.get(at(*outer))).copied()
                    }
                    _ => None,
                };
                known.map_or_else(
                    || Truth::Within(Box::new(inner), Box::new(outer), tree.clone()),
                    Truth::Constant,
                )
            }
        }
    }

    /// A comparison of two days.
    fn days(&mut self, how: Comparison, one: &Day, two: &Day) -> Truth {
        let (one, two) = (self.day(one), self.day(two));
        let known = match (&one, &two) {
            (Day::Effective, Day::Constant(bound)) => {
                let day = self.known.day(&mut sides(*bound));
                day.map(|day| holds(how, &day, bound))
            }
            (Day::Constant(bound), Day::Effective) => {
                let day = self.known.day(&mut sides(*bound));
                day.map(|day| holds(how, bound, &day))
            }
            (Day::Constant(one), Day::Constant(two)) => Some(holds(how, one, two)),
            _ => None,
        };
        known.map_or_else(|| Truth::Days(how, Box::new(one), Box::new(two)), Truth::Constant)
    }

    /// All or any of some conditions, which are asked up to the first that settles it.
    fn joined(&mut self, parts: &[Truth], all: bool) -> Truth {
        let mut left = Vec::with_capacity(parts.len());
        for part in parts {
            match self.truth(part) {
                Truth::Constant(value) if value == all => {}
                part => {
                    let settled = matches!(part, Truth::Constant(_));
                    left.push(part);
                    if settled {
                        break;
                    }
                }
            }
        }
        match (left.len(), left.pop()) {
            (_, None) => Truth::Constant(all),
            (1, Some(one)) => one,
            (_, Some(last)) => {
                left.push(last);
                if all { Truth::All(left) } else { Truth::Any(left) }
            }
        }
    }

    fn day(&mut self, day: &Day) -> Day {
        let boxed = |day: Day| Box::new(day);
        match day {
            Day::Field(field) if self.date == Some(*field) => Day::Effective,
            Day::Carried(_) => {
                self.reads = true;
                day.clone()
            }
            Day::Unknown => {
                self.unknown = true;
                Day::Unknown
            }
            Day::Constant(_) | Day::Effective | Day::Field(_) | Day::RowField(..) => day.clone(),
            Day::Plus(day, by) => Day::Plus(boxed(self.day(day)), *by),
            Day::Minus(day, by) => Day::Minus(boxed(self.day(day)), *by),
            Day::Least(one, two) => Day::Least(boxed(self.day(one)), boxed(self.day(two))),
            Day::Greatest(one, two) => Day::Greatest(boxed(self.day(one)), boxed(self.day(two))),
            Day::Made(year, month, day) => {
                let (year, month) = (Box::new(self.number(year)), Box::new(self.number(month)));
                Day::Made(year, month, Box::new(self.number(day)))
            }
            Day::Start(span) => Day::Start(Box::new(self.span(span))),
            Day::End(span) => Day::End(Box::new(self.span(span))),
            Day::Choose(condition, yes, no) => match self.truth(condition) {
                Truth::Constant(true) => self.day(yes),
                Truth::Constant(false) => self.day(no),
                condition => {
                    let (yes, no) = (self.day(yes), self.day(no));
                    Day::Choose(Box::new(condition), Box::new(yes), Box::new(no))
                }
            },
            Day::At(number) => match self.number(number) {
                Number::Constant(day) if i32::try_from(day).is_ok() => {
                    i32::try_from(day).map_or(Day::Unknown, Day::Constant)
                }
                number => Day::At(Box::new(number)),
            },
        }
    }

    fn span(&mut self, span: &Span) -> Span {
        let boxed = |span: Span| Box::new(span);
        match span {
            Span::Carried(_) => {
                self.reads = true;
                span.clone()
            }
            Span::Unknown => {
                self.unknown = true;
                Span::Unknown
            }
            Span::Constant(_) | Span::Field(_) | Span::RowField(..) => span.clone(),
            Span::Of(kind, day) => match self.day(day) {
                Day::Constant(day) => match Date::from_days(day) {
                    Some(day) => Span::Constant(Period::of(*kind, day)),
                    None => Span::Of(*kind, Day::Constant(day)),
                },
                day => Span::Of(*kind, day),
            },
            Span::Plus(span, by) => moved(self.span(span), *by),
            Span::Later(span, by) => match (self.span(span), self.number(by)) {
                (span, Number::Constant(by)) if i32::try_from(by).is_ok() => {
                    moved(span, i32::try_from(by).unwrap_or(0))
                }
                (span, by) => Span::Later(boxed(span), Box::new(by)),
            },
            Span::Months(span, by) => Span::Months(boxed(self.span(span)), *by),
            Span::Least(one, two) => match (self.span(one), self.span(two)) {
                (Span::Constant(one), Span::Constant(two)) => Span::Constant(one.min(two)),
                (one, two) => Span::Least(boxed(one), boxed(two)),
            },
            Span::Greatest(one, two) => match (self.span(one), self.span(two)) {
                (Span::Constant(one), Span::Constant(two)) => Span::Constant(one.max(two)),
                (one, two) => Span::Greatest(boxed(one), boxed(two)),
            },
            Span::Choose(condition, yes, no) => match self.truth(condition) {
                Truth::Constant(true) => self.span(yes),
                Truth::Constant(false) => self.span(no),
                condition => {
                    let (yes, no) = (self.span(yes), self.span(no));
                    Span::Choose(Box::new(condition), boxed(yes), boxed(no))
                }
            },
        }
    }

    fn text(&mut self, text: &Text) -> Text {
        match text {
            Text::Carried(_) => {
                self.reads = true;
                text.clone()
            }
            Text::Unknown => {
                self.unknown = true;
                Text::Unknown
            }
            Text::Constant(_) | Text::Field(_) | Text::RowField(..) => text.clone(),
            Text::Choose(condition, yes, no) => match self.truth(condition) {
                Truth::Constant(true) => self.text(yes),
                Truth::Constant(false) => self.text(no),
                condition => {
                    let (yes, no) = (self.text(yes), self.text(no));
                    Text::Choose(Box::new(condition), Box::new(yes), Box::new(no))
                }
            },
        }
    }

    pub fn tree(&mut self, tree: &Tree) -> Tree {
        match tree {
            Tree::Number(number, den, under) => {
                Tree::Number(self.number(number), *den, self.number(under))
            }
            Tree::Truth(truth) => Tree::Truth(self.truth(truth)),
            Tree::Day(day) => Tree::Day(self.day(day)),
            Tree::Span(span) => Tree::Span(self.span(span)),
            Tree::Entity(entity) => Tree::Entity(self.entity(entity)),
            Tree::Text(text) => Tree::Text(self.text(text)),
        }
    }

    pub fn entity(&mut self, entity: &Entity) -> Entity {
        match entity {
            Entity::Field(field) => {
                self.known.member(*field).map_or(entity.clone(), Entity::Constant)
            }
            Entity::Carried(_) => {
                self.reads = true;
                entity.clone()
            }
            Entity::Unknown => {
                self.unknown = true;
                Entity::Unknown
            }
            Entity::Constant(_) | Entity::RowField(..) => entity.clone(),
            Entity::At(number) => match self.number(number) {
                Number::Constant(place) if u32::try_from(place).is_ok() => {
                    u32::try_from(place).map_or(Entity::Unknown, Entity::Constant)
                }
                number => Entity::At(Box::new(number)),
            },
            Entity::Choose(condition, yes, no) => match self.truth(condition) {
                Truth::Constant(true) => self.entity(yes),
                Truth::Constant(false) => self.entity(no),
                condition => {
                    let (yes, no) = (self.entity(yes), self.entity(no));
                    Entity::Choose(Box::new(condition), Box::new(yes), Box::new(no))
                }
            },
        }
    }

    pub fn part(&mut self, part: &KeyPart) -> KeyPart {
        match part {
            KeyPart::Member(entity) => KeyPart::Member(self.entity(entity)),
            other => other.clone(),
        }
    }
}

/// A period so many periods later.
fn moved(span: Span, by: i32) -> Span {
    let known = match &span {
        Span::Constant(period) => period.checked_add(by),
        _ => None,
    };
    known.map_or_else(|| Span::Plus(Box::new(span), by), Span::Constant)
}

/// Times a constant.
pub(super) fn times(number: Number, by: i128) -> Number {
    match (&number, by) {
        (Number::Slot(_), 0) => Number::Constant(0),
        _ => scaled(number.clone(), by).unwrap_or_else(|| Number::Scaled(Box::new(number), by)),
    }
}

/// A slot and what it is multiplied with.
pub(super) fn multiple(number: &Number) -> Option<(Slot, i128)> {
    match number {
        Number::Slot(slot) => Some((*slot, 1)),
        Number::Scaled(inner, by) => match **inner {
            Number::Slot(slot) => Some((slot, *by)),
            _ => None,
        },
        _ => None,
    }
}

/// The sum of two numbers made of constants and terms.
fn sum(one: &Number, two: &Number) -> Option<Number> {
    let ((one, mut terms), (two, more)) = (linear(one)?, linear(two)?);
    let constant = one.checked_add(two)?;
    for (term, by) in more {
        match terms.iter_mut().find(|(of, _)| *of == term) {
            Some((_, own)) => *own = own.checked_add(by)?,
            None => terms.push((term, by)),
        }
    }
    // A slot always holds something; a field may have to be asked for.
    terms.retain(|(term, by)| *by != 0 || matches!(term, Term::Field(_)));
    Some(match (constant, terms.as_slice()) {
        (constant, []) => Number::Constant(constant),
        (0, [(Term::Slot(slot), by)]) => times(Number::Slot(*slot), *by),
        (0, [(Term::Field(field), by)]) => times(Number::Field(*field), *by),
        _ => Number::Sum(constant, terms),
    })
}

/// A number as a constant and terms, if it is made of them.
fn linear(number: &Number) -> Option<(i128, Vec<(Term, i128)>)> {
    Some(match number {
        Number::Constant(constant) => (*constant, Vec::new()),
        Number::Slot(slot) => (0, vec![(Term::Slot(*slot), 1)]),
        Number::Field(field) => (0, vec![(Term::Field(*field), 1)]),
        Number::Sum(constant, terms) => (*constant, terms.clone()),
        Number::Scaled(inner, by) => {
            let (constant, mut terms) = linear(inner)?;
            for (_, own) in &mut terms {
                *own = own.checked_mul(*by)?;
            }
            (constant.checked_mul(*by)?, terms)
        }
        _ => return None,
    })
}

fn known_members(keys: &[Entity]) -> Option<Vec<u32>> {
    let known = |key: &Entity| match key {
        Entity::Constant(member) => Some(*member),
        _ => None,
    };
    keys.iter().map(known).collect()
}

/// The days from which on a comparison with a day may come out otherwise.
fn sides(bound: i32) -> impl Iterator<Item = i32> {
    [Some(bound), bound.checked_add(1)].into_iter().flatten()
}

/// Whether a comparison holds.
pub fn holds<T: Ord>(how: Comparison, one: &T, two: &T) -> bool {
    match how {
        Comparison::Equal => one == two,
        Comparison::NotEqual => one != two,
        Comparison::Less => one < two,
        Comparison::LessEqual => one <= two,
        Comparison::Greater => one > two,
        Comparison::GreaterEqual => one >= two,
    }
}
