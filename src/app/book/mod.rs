//! The verbs of the book: a function for each thing that a poster, a keeper or an auditor asks of it.
//!
//! Here rules and book meet. `edition` makes an edition of rules that were compiled, and rules of an
//! edition; `standing` reads what of a book stands; `maker` makes entries of what the engine says.
//! `post` adds a batch, `replay` works a book out again from its own rules and inputs.

mod called;
mod causes;
mod dispute;
mod edition;
mod editions;
mod error;
mod explain;
mod export;
mod find;
mod fits;
mod history;
mod import;
mod look;
mod maker;
mod owed;
mod place;
mod places;
mod post;
mod prove;
mod registers;
mod replay;
mod schema;
mod signers;
mod signing;
mod standing;
mod totals;
mod translate;
mod verify;

pub(super) use editions::{UsedRules, used};
pub(super) use schema::schema;
pub(super) use translate::{Translated, Translator};

pub use dispute::{
    Ending, Gathered, Judge, Matter, Objection, Resolved, Shaken, gather, matters, raise, resolve,
};
pub use error::BookTrouble;
pub use explain::{Form, explain};
pub use export::{journal, mapped, mapped_files, tables, tiles};
pub use find::entry_of_event;
pub use import::{Imported, import};
pub use look::{Named, Reader};
pub use owed::{
    Asked, Besides, Corrected, Correcting, NotHeld, Other, Owed, OwedChange, OwedLine, OwedMade,
    Review, Shift, Unsure, correct, owed, texts_of_edition,
};
pub use place::{Access, BookPlace, Irreplaceable};
pub use post::{
    AccountChanged, Already, Changed, EVALUATOR, Late, Post, PostReport, Refusal, post,
};
pub use prove::{latest_checkpoint, prove, prove_continuation};
pub use registers::fill_registers;
pub use replay::{Difference, Replay, Replayed, replay};
pub use signers::KeptKey;
pub use signing::{Clock, KeyChanges, change_keys, checkpoint, cosign, keys_of, sign};
pub use standing::walk;
pub use verify::{Held, Verified, verify};
