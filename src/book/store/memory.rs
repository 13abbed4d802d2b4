//! A book in memory: gone with the program. For trials, and to hold other stores against.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::segment::leaves_of;
use super::{Chunk, Flaw, Kept, Node, Page, Run, Segment, Store, StoreError};
use crate::base::Digest;

/// Keeps a book in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    segments: BTreeMap<u64, Segment>,
    runs: BTreeMap<(u64, u8), Run>,
    pages: BTreeMap<u64, Page>,
    nodes: BTreeMap<(u8, u64), Node>,
    /// What was appended and is not kept yet, by its names alone.
    begun: Begun,
}

#[derive(Debug, Clone, Default)]
struct Begun {
    segments: Vec<u64>,
    runs: Vec<(u64, u8)>,
    pages: Vec<u64>,
    nodes: Vec<(u8, u64)>,
}

impl MemoryStore {
    /// An empty one.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }
}

impl Store for MemoryStore {
    fn size(&mut self) -> Result<u64, StoreError> {
        Ok(self.segments.last_key_value().map_or(0, |(_, segment)| segment.end()))
    }

    fn segments(&mut self, holding: u64, count: usize) -> Result<Vec<Segment>, StoreError> {
        let first = self.segments.range(..=holding).next_back().map_or(0, |(first, _)| *first);
        Ok(self.segments.range(first..).take(count).map(|(_, segment)| segment.clone()).collect())
    }

    fn leaves(&mut self, from: u64, count: u64) -> Result<Vec<(u64, Digest)>, StoreError> {
        let to = from.saturating_add(count);
        let first = self.segments.range(..=from).next_back().map_or(0, |(first, _)| *first);
        let held = self.segments.range(first..to);
        let leaves = held.flat_map(|(first, it)| leaves_of(*first, &it.leaves, from..to));
        Ok(leaves.collect())
    }

    fn runs(&mut self, after: (u64, u8), count: usize) -> Result<Vec<Run>, StoreError> {
        let after = self.runs.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(after.take(count).map(|(_, run)| run.clone()).collect())
    }

    fn pages(&mut self, from: u64, count: u64) -> Result<Vec<Page>, StoreError> {
        let to = from.saturating_add(count);
        Ok(self.pages.range(from..to).map(|(_, page)| page.clone()).collect())
    }

    fn kept(&mut self) -> Result<Kept, StoreError> {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        Ok(Kept {
            segments: count(self.segments.len()),
            runs: count(self.runs.len()),
            pages: count(self.pages.len()),
            nodes: count(self.nodes.len()),
        })
    }

    fn nodes(&mut self, level: u8, from: u64, count: u64) -> Result<Vec<Node>, StoreError> {
        let to = from.saturating_add(count);
        Ok(self.nodes.range((level, from)..(level, to)).map(|(_, node)| *node).collect())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.begun = Begun::default();
        Ok(())
    }

    fn append(&mut self, chunk: &Chunk) -> Result<(), StoreError> {
        for segment in &chunk.segments {
            self.begun.segments.push(segment.first);
            self.segments.insert(segment.first, segment.clone());
        }
        for run in &chunk.runs {
            self.begun.runs.push((run.upto, run.level));
            self.runs.insert((run.upto, run.level), run.clone());
        }
        for page in &chunk.pages {
            self.begun.pages.push(page.number);
            self.pages.insert(page.number, page.clone());
        }
        for node in &chunk.nodes {
            self.begun.nodes.push((node.level, node.index));
            self.nodes.insert((node.level, node.index), *node);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.begun = Begun::default();
        Ok(())
    }

    fn rollback(&mut self) {
        let begun = std::mem::take(&mut self.begun);
        begun.segments.iter().for_each(|name| drop(self.segments.remove(name)));
        begun.runs.iter().for_each(|name| drop(self.runs.remove(name)));
        begun.pages.iter().for_each(|name| drop(self.pages.remove(name)));
        for name in &begun.nodes {
            self.nodes.remove(name);
        }
    }

    fn check(&mut self) -> Result<Vec<Flaw>, StoreError> {
        Ok(Vec::new())
    }
}
