//! The facts that travel: event batches in, allocations and set-asides out, the explanation of one
//! event. Plain data with public fields.
//!
//! Readers of files make [`Batch`]es and [`RegisterTable`]s; the engine reads them and hands
//! [`Outcomes`] to whoever listens. Everything here speaks in positions (event kind 2, field 5,
//! member 0, leg 17), which are those of the rule set the batch was read for; names and words are
//! joined to them far above. Money is whole minor units, everything else an exact value.
//!
//! This floor knows nothing of rules, files or languages. Start reading at [`Batch`].

mod batch;
mod beside;
mod cell;
mod explanation;
mod outcome;
mod outcomes;
mod packed;
mod register;
mod shelf;
mod texts;
mod values;

pub use batch::{Batch, Column, Origin};
pub use beside::{Beside, Meeting};
pub use cell::Cell;
pub use explanation::*;
pub use outcome::{Accounts, Allocation, EventAt, Outcome, Payee, Reason, Sink, Unreadable};
pub use outcomes::{
    Ended, EndedTogether, FigureValue, GivenTogether, Groups, LegGiven, OneOf, Outcomes, Payees,
    Stretch, Stretches, Taken, Telling, Told,
};
pub use packed::Packed;
pub use register::{RegisterRow, RegisterTable};
pub use shelf::Shelf;
pub use texts::TextColumn;
pub use values::{Filler, Values, Wholes};
