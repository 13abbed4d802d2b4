//! One event at hand, and the memory with which it is worked out.

use std::sync::Arc;

use crate::base::{Date, Exact};
use crate::plan::{Event, Plan, at};
use crate::rows::{Batch, Reason};

use super::commit::{Added, Becoming, Delta};
use super::fault::Fault;
use super::identity::Identity;
use super::originals::Original;
use super::registers::Registers;
use super::settle::{Bounds, Workspace};
use super::state::{Key, LeafKey, Settling, State};
use super::trace::Trace;
use super::tree::{Chain, Fed, Filled, Node, Room, Watched};
use super::value::{Part, Row, Value};

/// Works out events of one batch. What it lends lives as long as the batch, the registers and the
/// plan; what outlives an event is in [`State`].
pub(crate) struct Evaluator<'a, 's, T> {
    pub plan: &'a Plan,
    pub registers: &'a Registers<'a>,
    pub state: &'s mut State,
    pub trace: &'s mut T,
    /// The event at hand; absent where a condition is weighed outside any event.
    pub at_hand: Option<AtHand<'a>>,
    /// The day that "today" is.
    pub date: Date,
    /// The day by which summaries assign the year.
    pub booked: Date,
    /// Figures are worked out as if the event's changes were made.
    pub after: bool,
    pub frame: Frame<'a>,
}

/// Which event.
#[derive(Debug, Clone)]
pub(crate) struct AtHand<'a> {
    pub kind: u32,
    pub event: &'a Event,
    pub batch: &'a Arc<Batch>,
    pub row: usize,
    /// The row a calendar event is made for.
    pub made_for: Option<Value<'a>>,
    /// In a stage: accounts and the balances taken out of them.
    pub closed: &'a [(u32, i128)],
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// Where its slots begin.
    pub base: usize,
    /// The row whose computed field is being worked out, and its shape.
    pub own: Option<(Row<'a>, u32)>,
}

/// Memory used anew for every event.
#[derive(Debug, Default)]
pub(crate) struct Frame<'a> {
    /// Computed fields of the event.
    pub computed: Vec<Once<Value<'a>>>,
    /// Slots of all frames in use, one above the other.
    pub locals: Vec<Value<'a>>,
    /// How many formulas are inside each other.
    pub depth: u32,
    /// Parts of keys being put together.
    pub parts: Vec<Part>,
    /// Parts of keys that last as long as the event.
    pub keys: Vec<Part>,
    /// What the event adds to tallies of itself, by change.
    pub adds: Vec<Once<Option<Added>>>,
    /// Legs, in the order made.
    pub nodes: Vec<Node<'a>>,
    /// First and last of the outermost legs.
    pub roots: Chain,
    pub pools: Vec<Filled<'a>>,
    pub feeds: Vec<Fed>,
    pub rooms: Vec<Room>,
    /// Latches that shut if their total has reached the bound by the end of the event.
    pub watched: Vec<Watched>,
    /// Latches that shut with this event.
    pub shutting: Vec<Watched>,
    /// By which the event settles.
    pub settling: Option<Settling>,
    /// Rules that apply to the pool at hand: which case, and where its slots begin.
    pub applying: Vec<(usize, usize)>,
    /// Open items recorded.
    pub open_items: Vec<u32>,
    /// Changes of totals.
    pub deltas: Vec<Delta>,
    /// New values of carries.
    pub becoming: Vec<Becoming>,
    /// Changes of what settlements owe: under which key, to which leaf, by how much.
    pub owing: Vec<(Key, LeafKey, Exact)>,
    /// Whether the event undoes another one.
    pub reversal: bool,
    /// The event that this one undoes, as it is afterwards.
    pub reversing: Option<(u32, Identity, Original)>,
    /// Changes of balances.
    pub moves: Vec<(u32, i128)>,
    /// Units given or withheld.
    pub residue: u64,
    // Settlement.
    pub leaves: Vec<u32>,
    pub shares: Vec<Exact>,
    pub units: Vec<i128>,
    pub bounds: Bounds,
    pub work: Workspace,
}

/// A value worked out when first asked for.
#[derive(Debug, Clone, Default)]
pub(crate) enum Once<V> {
    #[default]
    NotYet,
    /// Asked for while it is being worked out: a circle.
    Now,
    Done(V),
}

/// How deep formulas may be inside each other: far more than anybody writes, and far less than the
/// stack holds.
const DEPTH_MAX: u32 = 64;

impl<'a, 's, T: Trace> Evaluator<'a, 's, T> {
    pub fn new(
        plan: &'a Plan,
        registers: &'a Registers<'a>,
        state: &'s mut State,
        trace: &'s mut T,
    ) -> Evaluator<'a, 's, T> {
        Evaluator {
            plan,
            registers,
            state,
            trace,
            at_hand: None,
            date: Date::MIN,
            booked: Date::MIN,
            after: false,
            frame: Frame::default(),
        }
    }

    /// Takes an event up: nothing of the one before is left.
    pub fn take_up(&mut self, at_hand: AtHand<'a>) {
        let fields = if at_hand.event.computes { at_hand.event.fields.len() } else { 0 };
        let adds = at_hand.event.adds.len();
        self.at_hand = Some(at_hand);
        self.after = false;
        let frame = &mut self.frame;
        frame.computed.clear();
        frame.computed.resize_with(fields, Once::default);
        frame.adds.clear();
        frame.adds.resize_with(adds, Once::default);
        frame.locals.clear();
        frame.depth = 0;
        frame.parts.clear();
        frame.keys.clear();
        frame.nodes.clear();
        frame.roots = Chain::default();
        frame.pools.clear();
        frame.feeds.clear();
        frame.rooms.clear();
        frame.watched.clear();
        frame.shutting.clear();
        frame.settling = None;
        frame.applying.clear();
        frame.open_items.clear();
        frame.deltas.clear();
        frame.becoming.clear();
        frame.owing.clear();
        frame.reversal = false;
        frame.reversing = None;
        frame.moves.clear();
        frame.residue = 0;
    }

    /// The event at hand.
    pub fn event(&self) -> Result<&'a Event, Fault> {
        match &self.at_hand {
            Some(at_hand) => Ok(at_hand.event),
            None => Err(Fault::Internal("an event is asked for where there is none")),
        }
    }

    /// Minor units in a major unit of the event's currency.
    pub fn unit(&self) -> Exact {
        match &self.at_hand {
            Some(at_hand) => at_hand.event.unit.clone(),
            None => Exact::from_int(100),
        }
    }

    /// Makes room for the slots of a frame and says where it begins.
    pub fn open(&mut self, locals: u32) -> usize {
        let base = self.frame.locals.len();
        self.frame.locals.resize(base + at(locals), Value::Missing);
        base
    }

    /// Gives the slots from here on back.
    pub fn close(&mut self, base: usize) {
        self.frame.locals.truncate(base);
    }

    /// Fills a slot.
    pub fn bind(&mut self, scope: Scope<'a>, slot: u32, value: Value<'a>) {
        if let Some(place) = self.frame.locals.get_mut(scope.base + at(slot)) {
            *place = value;
        }
    }

    /// Goes one formula deeper.
    pub fn deeper(&mut self) -> Result<(), Fault> {
        self.frame.depth += 1;
        if self.frame.depth > DEPTH_MAX {
            return Err(Fault::Internal("formulas inside each other without end"));
        }
        Ok(())
    }

    /// Comes back.
    pub fn shallower(&mut self) {
        self.frame.depth = self.frame.depth.saturating_sub(1);
    }
}

/// The reason for a value that should be there.
pub(crate) fn nothing_there() -> Fault {
    Fault::from(Reason::ValueMissing)
}
