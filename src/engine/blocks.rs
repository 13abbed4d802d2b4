//! A long list that grows without moving what it holds.
//!
//! A list that doubles copies all it has each time, into memory that the system must clear first: of
//! millions of entries that costs more than all else that is done with them.

/// So many entries are in a block.
const BLOCK: usize = 4096;

/// The list: all blocks but the last are full.
#[derive(Debug, Clone)]
pub(crate) struct Blocks<T> {
    blocks: Vec<Vec<T>>,
    count: usize,
}

impl<T> Default for Blocks<T> {
    fn default() -> Blocks<T> {
        Blocks { blocks: Vec::new(), count: 0 }
    }
}

impl<T> Blocks<T> {
    #[inline]
    pub fn len(&self) -> usize {
        self.count
    }

    #[inline]
    pub fn push(&mut self, value: T) {
        self.count += 1;
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block.push(value),
            _ => {
                let mut block = Vec::with_capacity(BLOCK);
                block.push(value);
                self.blocks.push(block);
            }
        }
    }

    #[inline]
    pub fn get(&self, place: usize) -> Option<&T> {
        self.blocks.get(place / BLOCK)?.get(place % BLOCK)
    }

    #[inline]
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.blocks.get_mut(place / BLOCK)?.get_mut(place % BLOCK)
    }
}

impl<T> Blocks<T> {
    /// How many stand before the first for which it does not hold, in a list where none does behind that.
    pub fn partition_point(&self, holds: impl Fn(&T) -> bool) -> usize {
        let begins = |block: &Vec<T>| block.first().is_some_and(&holds);
        let blocks = self.blocks.partition_point(begins);
        let Some(before) = blocks.checked_sub(1) else { return 0 };
        let own = self.blocks.get(before).map_or(0, |block| block.partition_point(&holds));
        before * BLOCK + own
    }
}

impl<T: Copy> Blocks<T> {
    /// Those from one place up to another; nothing if they are not all there.
    pub fn list(&self, from: usize, to: usize) -> Option<Vec<T>> {
        (from..to).map(|place| self.get(place).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It is the list that a plain one would be.
        #[test]
        fn it_holds_what_a_plain_list_does(
            parts in prop::collection::vec(0_usize..9000, 0..4),
        ) {
            let (mut blocks, mut plain) = (Blocks::default(), Vec::new());
            for more in parts {
                for value in 0..more {
                    blocks.push(value);
                    plain.push(value);
                }
                prop_assert_eq!(blocks.len(), plain.len());
                prop_assert_eq!(blocks.list(0, plain.len()), Some(plain.clone()));
                prop_assert_eq!(blocks.get(plain.len()), None);
            }
            plain.sort_unstable();
            let mut sorted = Blocks::default();
            plain.iter().for_each(|value| sorted.push(*value));
            for bound in [0, 1, 4096, 8999, 9000] {
                let below = |value: &usize| *value < bound;
                prop_assert_eq!(sorted.partition_point(below), plain.partition_point(below));
            }
        }
    }
}
