//! A book in memory: gone with the program. For trials, and to hold other stores against.

use std::collections::BTreeMap;

use super::{Chunk, Flaw, Index, Mark, Node, Row, Store, StoreError};

/// Keeps a book in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    rows: Vec<Row>,
    marks: BTreeMap<(Index, Vec<u8>), Vec<u64>>,
    nodes: BTreeMap<(u8, u64), Node>,
    begun: Option<Chunk>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn keep(&mut self, chunk: Chunk) {
        self.rows.extend(chunk.rows);
        for mark in chunk.marks {
            self.marks.entry((mark.index, mark.key)).or_default().push(mark.entry);
        }
        self.nodes.extend(chunk.nodes.into_iter().map(|node| ((node.level, node.index), node)));
    }

    /// Rows as they stand in the middle of what was begun.
    fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().chain(self.begun.iter().flat_map(|begun| &begun.rows))
    }

    fn is_marked(&self, mark: &Mark) -> bool {
        let kept = self.marks.get(&(mark.index, mark.key.clone()));
        kept.is_some_and(|entries| entries.contains(&mark.entry))
            || self.begun.iter().any(|begun| begun.marks.contains(mark))
    }
}

impl Store for MemoryStore {
    fn size(&mut self) -> Result<u64, StoreError> {
        Ok(self.all().last().map_or(0, |row| row.number + 1))
    }

    fn rows(&mut self, from: u64, count: usize) -> Result<Vec<Row>, StoreError> {
        Ok(self.all().filter(|row| row.number >= from).take(count).cloned().collect())
    }

    fn find(&mut self, index: Index, keys: &[Vec<u8>]) -> Result<Vec<Option<u64>>, StoreError> {
        let begun = self.begun.as_ref().map_or(&[][..], |begun| begun.marks.as_slice());
        let find = |key: &Vec<u8>| {
            let latest = begun.iter().filter(|mark| mark.index == index && mark.key == *key);
            let latest = latest.map(|mark| mark.entry).max();
            let kept = self.marks.get(&(index, key.clone()));
            latest.or_else(|| kept.and_then(|entries| entries.iter().max().copied()))
        };
        Ok(keys.iter().map(find).collect())
    }

    fn missing(&mut self, index: Index, marks: &[Mark]) -> Result<Vec<Mark>, StoreError> {
        let of_index = marks.iter().filter(|mark| mark.index == index);
        Ok(of_index.filter(|mark| !self.is_marked(mark)).cloned().collect())
    }

    fn marks(&mut self, index: Index) -> Result<u64, StoreError> {
        let kept = self.marks.iter().filter(|((of, _), _)| *of == index);
        let count: usize = kept.map(|(_, entries)| entries.len()).sum();
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError> {
        let to = from.saturating_add(count);
        let begun = self.begun.iter().flat_map(|begun| &begun.nodes);
        let begun = begun.filter(|node| node.level == level && (from..to).contains(&node.index));
        let kept = self.nodes.range((level, from)..(level, to)).map(|(_, node)| node);
        Ok(kept.chain(begun).copied().collect())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.begun = Some(Chunk::default());
        Ok(())
    }

    fn append(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        let begun = self.begun.get_or_insert_default();
        begun.rows.extend(chunk.rows.iter().cloned());
        begun.marks.extend(chunk.marks.iter().cloned());
        begun.nodes.extend(chunk.nodes.iter().copied());
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if let Some(chunk) = self.begun.take() {
            self.keep(chunk);
        }
        Ok(())
    }

    fn rollback(&mut self) {
        self.begun = None;
    }

    fn check(&mut self) -> Result<Vec<Flaw>, StoreError> {
        Ok(Vec::new())
    }
}
