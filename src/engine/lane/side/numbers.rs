//! Numbers and answers of many events, end to end.
//!
//! An operation goes through all events of a group before the next one begins, so that what to do is
//! found out once for all of them. Where one event has no answer, that is noted and the others go on.

use std::rc::Rc;

use crate::plan::Comparison;

/// A number for each event of a group.
#[derive(Debug, Clone)]
pub(super) enum Numbers {
    /// The same for all.
    All(i64),
    /// Each its own.
    Each(Rc<Vec<i64>>),
    /// Those of some events out of a group, by their places in it: nobody fetches what nobody asks for.
    Some(Rc<Vec<i64>>, Rc<Vec<usize>>),
}

/// Yes or no for each event of a group.
#[derive(Debug, Clone)]
pub(super) enum Truths {
    /// The same for all.
    All(bool),
    /// Each its own.
    Each(Vec<bool>),
}

/// To put a group of some events together costs what is saved where so many others are left out.
const ALONE_MIN: usize = 128;

/// The value, or anything and that there is none.
#[inline]
fn told(value: Option<i64>) -> (i64, bool) {
    (value.unwrap_or(0), value.is_none())
}

/// The value; that there is none is noted.
#[inline]
fn noted(value: Option<i64>, lost: &mut bool) -> i64 {
    let (value, none) = told(value);
    *lost |= none;
    value
}

/// Another number for each, made of it and what stands beside it: in its place, if nobody else has the list.
#[inline]
fn remade<B>(
    values: Rc<Vec<i64>>,
    beside: impl Iterator<Item = B>,
    of: impl Fn(i64, B) -> i64,
) -> Numbers {
    Numbers::each(match Rc::try_unwrap(values) {
        Ok(mut values) => {
            for (value, beside) in values.iter_mut().zip(beside) {
                *value = of(*value, beside);
            }
            values
        }
        Err(values) => values.iter().zip(beside).map(|(it, beside)| of(*it, beside)).collect(),
    })
}

#[inline]
fn own(values: &[i64], place: usize) -> i64 {
    values.get(place).copied().unwrap_or(0)
}

fn chosen(values: &[i64], places: &[usize]) -> Vec<i64> {
    places.iter().map(|place| own(values, *place)).collect()
}

impl Numbers {
    pub fn each(values: Vec<i64>) -> Numbers {
        Numbers::Each(Rc::new(values))
    }

    #[inline]
    pub fn at(&self, place: usize) -> i64 {
        match self {
            Numbers::All(value) => *value,
            Numbers::Each(values) => values.get(place).copied().unwrap_or(0),
            Numbers::Some(values, places) => places.get(place).map_or(0, |it| own(values, *it)),
        }
    }

    /// Those of so many events, end to end.
    pub fn spread(&self, events: usize) -> Rc<Vec<i64>> {
        match self {
            Numbers::All(value) => Rc::new(vec![*value; events]),
            Numbers::Each(values) => Rc::clone(values),
            Numbers::Some(values, places) => Rc::new(chosen(values, places)),
        }
    }

    pub fn into_spread(self, events: usize) -> Rc<Vec<i64>> {
        match self {
            Numbers::Each(values) => values,
            others => others.spread(events),
        }
    }

    /// The same as a list of their own.
    pub fn listed(self, events: usize) -> Vec<i64> {
        Rc::unwrap_or_clone(self.into_spread(events))
    }

    /// Fetches them if they are still among those of others.
    pub fn fetch(&mut self) {
        if let Numbers::Some(values, places) = self {
            *self = Numbers::each(chosen(values, places));
        }
    }

    /// Another number for each; what has no answer is noted.
    pub fn map(self, lost: &mut [bool], of: impl Fn(i64) -> Option<i64>) -> Numbers {
        match self {
            Numbers::All(value) => {
                let (value, none) = told(of(value));
                if none {
                    lost.fill(true);
                }
                Numbers::All(value)
            }
            Numbers::Each(values) => {
                remade(values, lost.iter_mut(), |value, lost| noted(of(value), lost))
            }
            Numbers::Some(values, places) => {
                let all = places.iter().zip(lost);
                let made = all.map(|(place, lost)| noted(of(own(&values, *place)), lost));
                Numbers::each(made.collect())
            }
        }
    }

    /// A number made of two, for each.
    pub fn with(
        self,
        other: Numbers,
        lost: &mut [bool],
        of: impl Fn(i64, i64) -> Option<i64>,
    ) -> Numbers {
        match (self, other) {
            (Numbers::All(one), others) => others.map(lost, |other| of(one, other)),
            (ones, Numbers::All(other)) => ones.map(lost, |one| of(one, other)),
            (ones, others) => {
                let count = lost.len();
                let (ones, others) = (ones.into_spread(count), others.spread(count));
                let beside = others.iter().zip(lost);
                remade(ones, beside, |one, (other, lost)| noted(of(one, *other), lost))
            }
        }
    }

    /// The sum of two, for each. Sums begin with nought, which costs nothing.
    pub fn plus(self, other: Numbers, lost: &mut [bool]) -> Numbers {
        match (self, other) {
            (Numbers::All(0), sum) | (sum, Numbers::All(0)) => sum,
            (one, other) => one.with(other, lost, i64::checked_add),
        }
    }

    /// What one is beyond the other, for each.
    pub fn minus(self, other: Numbers, lost: &mut [bool]) -> Numbers {
        match (self, other) {
            (whole, Numbers::All(0)) => whole,
            (one, other) if one.is_the_same(&other) => Numbers::All(0),
            (one, other) => one.with(other, lost, i64::checked_sub),
        }
    }

    /// The product of two, for each.
    pub fn times(self, by: Numbers, lost: &mut [bool]) -> Numbers {
        match (self, by) {
            (Numbers::All(1), product) | (product, Numbers::All(1)) => product,
            (one, other) => one.with(other, lost, i64::checked_mul),
        }
    }

    /// Whether both are the same list, so that nobody need look into it.
    fn is_the_same(&self, other: &Numbers) -> bool {
        match (self, other) {
            (Numbers::Each(one), Numbers::Each(other)) => Rc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// What is asked of each.
    pub fn test(&self, of: impl Fn(i64) -> bool) -> Truths {
        match self {
            Numbers::All(value) => Truths::All(of(*value)),
            Numbers::Each(values) => Truths::Each(values.iter().map(|it| of(*it)).collect()),
            Numbers::Some(values, places) => {
                Truths::Each(places.iter().map(|it| of(own(values, *it))).collect())
            }
        }
    }

    /// What is asked of two, for each.
    pub fn test_with(&self, other: &Numbers, of: impl Fn(i64, i64) -> bool) -> Truths {
        match (self, other) {
            (Numbers::All(one), others) => others.test(|other| of(*one, other)),
            (ones, Numbers::All(other)) => ones.test(|one| of(one, *other)),
            (ones, others) => {
                // Neither is the same for all, so that nobody asks for how many.
                let (ones, others) = (ones.spread(0), others.spread(0));
                let both = ones.iter().zip(others.iter());
                Truths::Each(both.map(|(one, other)| of(*one, *other)).collect())
            }
        }
    }

    /// Whether a comparison with others holds, for each.
    pub fn compare(&self, how: Comparison, others: &Numbers) -> Truths {
        match how {
            Comparison::Equal => self.test_with(others, |one, other| one == other),
            Comparison::NotEqual => self.test_with(others, |one, other| one != other),
            Comparison::Less => self.test_with(others, |one, other| one < other),
            Comparison::LessEqual => self.test_with(others, |one, other| one <= other),
            Comparison::Greater => self.test_with(others, |one, other| one > other),
            Comparison::GreaterEqual => self.test_with(others, |one, other| one >= other),
        }
    }

    /// Those at some places.
    pub fn only(&self, places: &Rc<Vec<usize>>) -> Numbers {
        match self {
            Numbers::All(value) => Numbers::All(*value),
            Numbers::Each(values) => Numbers::Some(Rc::clone(values), Rc::clone(places)),
            Numbers::Some(values, before) => {
                let all = places.iter().map(|it| before.get(*it).map_or(0, |it| own(values, *it)));
                Numbers::each(all.collect())
            }
        }
    }
}

/// How many of some answers are yes; of so few that it fits eight bits.
fn count_of(answers: &[bool]) -> usize {
    usize::from(answers.iter().fold(0_u8, |sum, it| sum.wrapping_add(u8::from(*it))))
}

impl Truths {
    #[inline]
    pub fn at(&self, place: usize) -> bool {
        match self {
            Truths::All(value) => *value,
            Truths::Each(values) => values.get(place).copied().unwrap_or(false),
        }
    }

    pub fn not(self) -> Truths {
        match self {
            Truths::All(value) => Truths::All(!value),
            Truths::Each(mut values) => {
                values.iter_mut().for_each(|it| *it = !*it);
                Truths::Each(values)
            }
        }
    }

    /// Both of two, for each.
    pub fn and(self, other: Truths) -> Truths {
        match (self, other) {
            (Truths::All(false), _) | (_, Truths::All(false)) => Truths::All(false),
            (Truths::All(true), rest) | (rest, Truths::All(true)) => rest,
            (Truths::Each(mut ones), Truths::Each(others)) => {
                ones.iter_mut().zip(others).for_each(|(one, other)| *one &= other);
                Truths::Each(ones)
            }
        }
    }

    /// Those at some places.
    pub fn only(&self, places: &[usize]) -> Truths {
        match self {
            Truths::All(value) => Truths::All(*value),
            Truths::Each(_) => Truths::Each(places.iter().map(|it| self.at(*it)).collect()),
        }
    }

    /// The places of those it holds for, where that is few enough that it is worth to go on with them
    /// alone.
    pub fn few(&self) -> Option<Vec<usize>> {
        let Truths::Each(values) = self else { return None };
        let count = values.chunks(128).map(count_of).sum();
        if values.len() - count < ALONE_MIN {
            return None;
        }
        // Each is put down, and stays if it counts: nobody can guess which do.
        let (mut places, mut taken) = (vec![0; count + 1], 0);
        for (place, holds) in values.iter().enumerate() {
            places.get_mut(taken).into_iter().for_each(|it| *it = place);
            taken += usize::from(*holds);
        }
        places.truncate(count);
        Some(places)
    }

    /// One or the other number, for each.
    pub fn choose(&self, yes: Numbers, no: &Numbers) -> Numbers {
        match self {
            Truths::All(true) => yes,
            Truths::All(false) => no.clone(),
            Truths::Each(chosen) => {
                let yes = yes.into_spread(chosen.len());
                match no {
                    Numbers::All(no) => {
                        remade(yes, chosen.iter(), |yes, it| if *it { yes } else { *no })
                    }
                    others => {
                        let no = others.spread(chosen.len());
                        let beside = chosen.iter().zip(no.iter());
                        remade(yes, beside, |yes, (it, no)| if *it { yes } else { *no })
                    }
                }
            }
        }
    }
}
