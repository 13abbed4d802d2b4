//! The tree of legs an event leaves in the frame.
//!
//! A [`Node`] is a leg with its amount, exact and in minor units. Legs stand in written order,
//! whatever the order of working out; a pool's own division hangs under the first leg that filled it.

use crate::base::Exact;
use crate::plan::at;

use super::evaluator::Evaluator;
use super::fault::Fault;
use super::trace::Trace;
use super::value::Row;

/// Legs one after the other, as first and last node.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Chain {
    pub first: Option<u32>,
    pub last: Option<u32>,
}

/// A leg with its amount.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    pub leg: u32,
    pub content: Content<'a>,
    /// What it is owed, exact.
    pub entitled: Exact,
    /// What is still to be made whole: as entitled, until a split settles on its own.
    pub share: Exact,
    /// What it gets.
    pub units: i128,
    /// Takes no part in the event's settlement, since it was whole when it was made.
    pub whole: bool,
    /// The nearest bound above or at it.
    pub room: Option<u32>,
    /// The legs inside it.
    pub inside: Chain,
    pub next: Option<u32>,
}

/// Where a leg leads.
#[derive(Debug, Clone)]
pub(crate) enum Content<'a> {
    Account(u32),
    Undetermined,
    Pool {
        pool: u32,
        row: Option<Row<'a>>,
        /// The filled pool, once it is known, and whether this leg was the first to fill it.
        filled: Option<(u32, bool)>,
    },
    Group,
}

/// A pool that received money.
#[derive(Debug)]
pub(crate) struct Filled<'a> {
    pub pool: u32,
    pub row: Option<Row<'a>>,
    pub content: Exact,
    /// Its own division.
    pub inside: Chain,
}

/// What a leg adds to a tally.
#[derive(Debug, Clone)]
pub(crate) struct Fed {
    pub tally: u32,
    pub key: (usize, usize),
    pub node: u32,
    /// Exact, until it is settled.
    pub amount: Exact,
}

/// A bound that a settlement must respect.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub node: u32,
    /// The bound around it.
    pub parent: Option<u32>,
    /// In minor units.
    pub limit: Exact,
    /// Of the running total: the tally, its key, and the total before this event.
    pub total: Option<Running>,
}

/// A running total a bound looks at.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub tally: u32,
    pub key: (usize, usize),
    pub before: Exact,
}

/// A latch that shuts if the total has reached the bound when the event is over.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    pub leg: u32,
    pub limit: Exact,
    pub tally: u32,
    pub projection: u32,
    pub key: (usize, usize),
}

impl<'a, T: Trace> Evaluator<'a, '_, T> {
    /// Adds a leg, not yet in any chain.
    pub fn make(
        &mut self,
        leg: u32,
        content: Content<'a>,
        share: Exact,
        room: Option<u32>,
    ) -> Result<u32, Fault> {
        let place = u32::try_from(self.frame.nodes.len());
        let place = place.map_err(|_| Fault::Internal("more legs than can be counted"))?;
        self.frame.nodes.push(Node {
            leg,
            content,
            entitled: share.clone(),
            share,
            units: 0,
            whole: false,
            room,
            inside: Chain::default(),
            next: None,
        });
        Ok(place)
    }

    /// Adds a leg that is whole already: of a levy, a transfer, or taken out by a stage.
    pub fn make_whole(
        &mut self,
        leg: u32,
        content: Content<'a>,
        units: i128,
    ) -> Result<u32, Fault> {
        let node = self.make(leg, content, Exact::from_int(units), None)?;
        if let Some(node) = self.frame.nodes.get_mut(at(node)) {
            node.whole = true;
            node.units = units;
        }
        let roots = self.frame.roots;
        self.frame.roots = self.joined(roots, Chain { first: Some(node), last: Some(node) });
        Ok(node)
    }

    /// Puts one chain behind another.
    pub fn joined(&mut self, chain: Chain, behind: Chain) -> Chain {
        match (chain.last, behind.first) {
            (Some(last), Some(first)) => {
                if let Some(node) = self.frame.nodes.get_mut(at(last)) {
                    node.next = Some(first);
                }
                Chain { first: chain.first, last: behind.last }
            }
            (None, _) => behind,
            (_, None) => chain,
        }
    }

    /// Puts into pools what legs lead there.
    pub fn pour(&mut self, chain: Chain) -> Result<(), Fault> {
        let mut next = chain.first;
        while let Some(place) = next {
            let Some(node) = self.frame.nodes.get(at(place)) else { break };
            next = node.next;
            let (inside, share) = (node.inside, node.share.clone());
            if let Content::Pool { pool, row, .. } = node.content
                && !share.is_zero()
            {
                let filled = self.fill(pool, row, &share)?;
                if let Some(node) = self.frame.nodes.get_mut(at(place)) {
                    node.content = Content::Pool { pool, row, filled: Some(filled) };
                }
            }
            self.pour(inside)?;
        }
        Ok(())
    }

    fn fill(
        &mut self,
        pool: u32,
        row: Option<Row<'a>>,
        share: &Exact,
    ) -> Result<(u32, bool), Fault> {
        let same = |filled: &Filled<'a>| filled.pool == pool && filled.row == row;
        let known = self.frame.pools.iter().position(same);
        let place = known.unwrap_or(self.frame.pools.len());
        match self.frame.pools.get_mut(place) {
            Some(filled) => {
                filled.content = filled.content.add(share)?;
            }
            None => self.frame.pools.push(Filled {
                pool,
                row,
                content: share.clone(),
                inside: Chain::default(),
            }),
        }
        Ok((u32::try_from(place).unwrap_or(u32::MAX), known.is_none()))
    }

    /// Leaves in written order, depth first.
    pub fn walk(&self, first: Option<u32>, out: &mut Vec<u32>) {
        let mut next = first;
        while let Some(place) = next {
            let Some(node) = self.frame.nodes.get(at(place)) else { break };
            match &node.content {
                Content::Account(_) | Content::Undetermined => out.push(place),
                Content::Group => self.walk(node.inside.first, out),
                Content::Pool { filled: Some((pool, true)), .. } => {
                    let filled = self.frame.pools.get(at(*pool));
                    self.walk(filled.and_then(|filled| filled.inside.first), out);
                }
                Content::Pool { .. } => {}
            }
            next = node.next;
        }
    }
}
