//! Values of carries, by the numbers of their keys.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::base::{Date, Exact, ExactError, Money, Period};
use crate::plan::at;
use crate::rows::Cell;

use super::blocks::Blocks;

/// The values of one carry.
#[derive(Debug)]
pub(crate) struct CarriedValues {
    /// The space of its keys.
    pub space: u32,
    values: Vec<Held>,
    texts: Blocks<Arc<str>>,
    others: HashMap<u32, Cell, FixedState>,
}

/// A value in a third of the memory that a cell takes, as nearly all fit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Held {
    Nothing,
    Bool(bool),
    Integer(i64),
    /// A fraction, not always in lowest terms.
    Number(i64, u32),
    Money(i64),
    Date(Date),
    Period(Period),
    Member(u32),
    /// A text, by its place among those.
    Text(u32),
    /// It stands among the others.
    Other,
}

impl Held {
    fn of(cell: &Cell) -> Held {
        let narrow = |value: i128| i64::try_from(value).ok();
        let held = match cell {
            Cell::Bool(value) => Some(Held::Bool(*value)),
            Cell::Integer(value) => narrow(*value).map(Held::Integer),
            Cell::Number(value) => value.to_ratio().and_then(|(num, den)| Held::ratio(num, den)),
            Cell::Money(value) => narrow(value.minor()).map(Held::Money),
            Cell::Date(value) => Some(Held::Date(*value)),
            Cell::Period(value) => Some(Held::Period(*value)),
            Cell::Member(value) => Some(Held::Member(*value)),
            Cell::Missing | Cell::Duration(_) | Cell::Text(_) | Cell::List(_) | Cell::Record(_) => {
                None
            }
        };
        held.unwrap_or(Held::Other)
    }

    fn ratio(num: i128, den: i128) -> Option<Held> {
        let den = u32::try_from(den).ok().filter(|den| *den > 0)?;
        Some(Held::Number(i64::try_from(num).ok()?, den))
    }
}

impl CarriedValues {
    /// No values yet, in a space of keys.
    pub fn new(space: u32) -> CarriedValues {
        let (values, texts, others) = (Vec::new(), Blocks::default(), HashMap::default());
        CarriedValues { space, values, texts, others }
    }

    /// The value of a key, once one was put there.
    #[inline]
    pub fn get(&self, number: u32) -> Option<Held> {
        match self.values.get(at(number)) {
            None | Some(Held::Nothing) => None,
            Some(held) => Some(*held),
        }
    }

    /// The same as a cell.
    pub fn cell(&self, number: u32) -> Option<Cell> {
        Some(match self.get(number)? {
            Held::Nothing => return None,
            Held::Bool(value) => Cell::Bool(value),
            Held::Integer(value) => Cell::Integer(value.into()),
            Held::Number(num, den) => Cell::Number(Exact::from_ratio(num.into(), den.into()).ok()?),
            Held::Money(value) => Cell::Money(Money::from_minor(value.into())),
            Held::Date(value) => Cell::Date(value),
            Held::Period(value) => Cell::Period(value),
            Held::Member(value) => Cell::Member(value),
            Held::Text(place) => Cell::Text(self.texts.get(at(place))?.clone()),
            Held::Other => return self.others.get(&number).cloned(),
        })
    }

    /// The same, where that is a text.
    pub fn text(&self, number: u32) -> Option<&str> {
        match self.get(number)? {
            Held::Text(place) => self.texts.get(at(place)).map(|text| &**text),
            _ => None,
        }
    }

    /// The same, where that is a number: a numerator and a denominator, not always in lowest terms.
    #[inline]
    pub fn ratio(&self, number: u32) -> Option<(i128, i128)> {
        match self.get(number)? {
            Held::Number(num, den) => Some((num.into(), den.into())),
            Held::Other => match self.others.get(&number)? {
                Cell::Number(value) => value.to_ratio(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Puts a value there.
    pub fn put(&mut self, number: u32, value: Cell) {
        match value {
            Cell::Text(text) => self.put_text(number, text),
            value => {
                let held = Held::of(&value);
                self.hold(number, held);
                if matches!(held, Held::Other) {
                    self.others.insert(number, value);
                }
            }
        }
    }

    /// Puts a text there.
    pub fn put_text(&mut self, number: u32, text: Arc<str>) {
        if let Some(Held::Text(place)) = self.get(number) {
            self.texts.get_mut(at(place)).into_iter().for_each(|own| *own = text.clone());
        } else if let Ok(place) = u32::try_from(self.texts.len()) {
            self.texts.push(text);
            self.hold(number, Held::Text(place));
        } else {
            self.hold(number, Held::Other);
            self.others.insert(number, Cell::Text(text));
        }
    }

    /// Puts a number there.
    ///
    /// # Errors
    /// The denominator is nought.
    #[inline]
    pub fn put_ratio(&mut self, number: u32, num: i128, den: i128) -> Result<(), ExactError> {
        match Held::ratio(num, den) {
            Some(held) => self.hold(number, held),
            None => self.put(number, Cell::Number(Exact::from_ratio(num, den)?)),
        }
        Ok(())
    }

    /// Puts there what stands in no other place.
    #[inline]
    pub fn hold(&mut self, number: u32, held: Held) {
        if self.values.len() <= at(number) {
            self.values.resize(at(number) + 1, Held::Nothing);
        }
        let Some(place) = self.values.get_mut(at(number)) else { return };
        if matches!(std::mem::replace(place, held), Held::Other) {
            self.others.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::PeriodKind;

    fn cells() -> impl Strategy<Value = Cell> {
        let whole = prop_oneof![-9_i128..9, any::<i128>(), Just(i64::MIN.into())];
        let day = (1900_i32..2100).prop_map(|year| Date::new(year, 2, 28).unwrap());
        prop_oneof![
            any::<bool>().prop_map(Cell::Bool),
            whole.clone().prop_map(Cell::Integer),
            (whole.clone(), 1_i128..3)
                .prop_filter_map("too wide", |(num, den)| Exact::from_ratio(num, den).ok())
                .prop_map(Cell::Number),
            whole.prop_map(|minor| Cell::Money(Money::from_minor(minor))),
            day.clone().prop_map(Cell::Date),
            day.prop_map(|day| Cell::Period(Period::of(PeriodKind::Month, day))),
            any::<u32>().prop_map(Cell::Member),
            "[a税]{0,3}".prop_map(|text| Cell::Text(text.into())),
        ]
    }

    proptest! {
        /// What was put there last is what is held, whatever it was before.
        #[test]
        fn what_was_put_is_held(
            all in prop::collection::vec((0_u32..5, cells(), any::<bool>()), 0..40),
        ) {
            let (mut carried, mut plain) = (CarriedValues::new(0), HashMap::new());
            for (number, cell, twice) in all {
                match &cell {
                    // Not in lowest terms.
                    Cell::Number(value) if twice => {
                        let (num, den) = value.to_ratio().unwrap();
                        match num.checked_mul(2) {
                            Some(num) => carried.put_ratio(number, num, 2 * den).unwrap(),
                            None => carried.put(number, cell.clone()),
                        }
                    }
                    _ => carried.put(number, cell.clone()),
                }
                plain.insert(number, cell);
                for number in 0..6 {
                    let cell = carried.cell(number);
                    prop_assert_eq!(cell.as_ref(), plain.get(&number));
                    let ratio = carried.ratio(number).map(|(num, den)| Exact::from_ratio(num, den));
                    let number_held = match &cell {
                        Some(Cell::Number(value)) => Some(Ok(value.clone())),
                        _ => None,
                    };
                    prop_assert_eq!(ratio, number_held);
                    let text = cell.filter(|cell| matches!(cell, Cell::Text(_)));
                    prop_assert_eq!(carried.text(number).map(|it| Cell::Text(it.into())), text);
                }
            }
        }
    }
}
