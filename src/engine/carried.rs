//! Values of carries, by the numbers of their keys.

use crate::plan::at;
use crate::rows::Cell;

/// The values of one carry.
#[derive(Debug)]
pub(crate) struct Carried {
    /// The space of its keys.
    pub space: u32,
    values: Vec<Option<Cell>>,
}

impl Carried {
    /// No values yet, in a space of keys.
    pub fn new(space: u32) -> Carried {
        Carried { space, values: Vec::new() }
    }

    /// The value of a key, once one was put there.
    #[inline]
    pub fn get(&self, number: u32) -> Option<&Cell> {
        self.values.get(at(number))?.as_ref()
    }

    /// Puts a value there.
    pub fn put(&mut self, number: u32, value: Cell) {
        if self.values.len() <= at(number) {
            self.values.resize(at(number) + 1, None);
        }
        if let Some(place) = self.values.get_mut(at(number)) {
            *place = Some(value);
        }
    }
}
