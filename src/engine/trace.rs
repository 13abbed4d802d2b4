//! Listening to the working out of one event.
//!
//! In a normal run nobody listens: [`Off`] says so at compile time, and all that is told falls away.
//! When an event is to be explained, a [`Recorder`] takes notes; [`super::explain`] makes a story of
//! them and of what the event left in the frame.

use crate::base::Exact;
use crate::rows::{
    BoundStory, Cell, FigureStory, LevyStory, ParameterUsed, Reckoning, ReversalStory, RowUsed,
    ScheduleUsed, SettlementStory, Tried,
};

/// Who listens.
pub(crate) trait Trace {
    /// Whether anybody does.
    const ON: bool;

    /// The notebook, if somebody does.
    fn recorder(&mut self) -> Option<&mut Recorder>;
}

/// Nobody listens.
#[derive(Debug, Default)]
pub(crate) struct Off;

impl Trace for Off {
    const ON: bool = false;

    fn recorder(&mut self) -> Option<&mut Recorder> {
        None
    }
}

/// Notes on one event, in the order things happened.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// Levies, and the legs of those that are due.
    pub levies: Vec<(LevyStory, Option<u32>)>,
    /// Rules that make transfers, and what those made.
    pub transfers: Vec<(Tried, Vec<TransferNote>)>,
    pub divisions: Vec<DivisionNote>,
    /// Legs being worked out, one inside the other.
    pub open: Vec<LegNote>,
    /// The key of the row whose leg comes next.
    pub row: Vec<Cell>,
    /// The event that is undone; its legs are told at the end.
    pub reversal: Option<ReversalStory>,
    pub settlements: Vec<SettlementStory>,
    pub figures: Vec<FigureStory>,
    pub readings: Vec<(u32, u32)>,
    pub parameters: Vec<ParameterUsed>,
    pub schedules: Vec<ScheduleUsed>,
    pub rows: Vec<RowUsed>,
}

/// A transfer made: its legs are nodes from the first to before the last.
#[derive(Debug)]
pub(crate) struct TransferNote {
    pub leg: u32,
    pub row: Vec<Cell>,
    pub amount: Option<Reckoning>,
    pub nodes: (usize, usize),
}

/// A pool being divided.
#[derive(Debug)]
pub(crate) struct DivisionNote {
    pub pool: Option<u32>,
    pub row: Vec<Cell>,
    pub content: Exact,
    /// Which of the filled pools.
    pub filled: Option<u32>,
    pub tried: Vec<Tried>,
    pub legs: Vec<LegNote>,
}

/// A leg being worked out.
#[derive(Debug)]
pub(crate) struct LegNote {
    pub leg: u32,
    pub row: Vec<Cell>,
    pub portion: Option<Reckoning>,
    pub share: Exact,
    pub bounds: Vec<BoundStory>,
    pub amount: Exact,
    pub node: Option<u32>,
    pub legs: Vec<LegNote>,
}

impl Trace for Recorder {
    const ON: bool = true;

    fn recorder(&mut self) -> Option<&mut Recorder> {
        Some(self)
    }
}

impl Recorder {
    /// Puts a leg that is finished where it belongs.
    pub fn close_leg(&mut self) {
        let Some(done) = self.open.pop() else { return };
        let division = self.divisions.last_mut().map(|division| &mut division.legs);
        let inside = self.open.last_mut().map(|outer| &mut outer.legs).or(division);
        if let Some(legs) = inside {
            legs.push(done);
        }
    }
}

/// Notes what is not noted yet.
pub(crate) fn once<N: PartialEq>(notes: &mut Vec<N>, note: N) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}
