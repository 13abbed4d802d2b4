//! The ground floor: the values everything above is made of.
//!
//! Nothing here rounds, wraps, reads a clock or knows what a tax is. A value is
//! exact or it is refused: arithmetic gives a `Result` or an `Option`, parsing
//! accepts one spelling of each thing, and no function panics.
//!
//! - [`Exact`] is every number between input and settlement: a rational, in two
//!   128-bit halves while they hold it, and wider without loss when they do not.
//!   [`Rounding`] names the ten ways a rule may ask to give that exactness up.
//! - [`Money`] is an amount that has settled: a whole count of minor units (fen).
//!   How many of them make a major unit (the *scale*) belongs to the currency
//!   and is said at the border, where text and `rust_decimal` come and go.
//! - [`Date`], [`Duration`] and [`Period`] are the civil calendar: no time of
//!   day, no zone, no "today".
//! - [`Digest`] is the SHA-256 of some bytes; [`Digester`] takes them in pieces.
//! - [`Spelling`] is how files write a name with a key, so that different keys stay
//!   different: what checks it, what writes it and what reads it use the same one.
//! - [`FileId`], [`Span`] and [`LineIndex`] say where in a text something stands.
//!
//! What it is not: it holds no currency, no rate table and no register (those
//! are the model's), it formats for machines and not for readers (the reports'),
//! and it opens no file: [`Forcing`] is given the one it
//! forces to its disk. It imports no other floor. Start with `exact`.

mod date;
mod digest;
mod duration;
mod error;
mod exact;
mod forcing;
mod money;
mod period;
mod rounding;
mod span;
mod spelling;

pub use date::Date;
pub use digest::{Digest, Digester};
pub use duration::Duration;
pub use error::{ExactError, MoneyError};
pub use exact::{EXACT_BITS_MAX, Exact};
pub use forcing::Forcing;
pub use money::Money;
pub use period::{Period, PeriodKind, PeriodPiece};
pub use rounding::Rounding;
pub use span::{FileId, LineColumn, LineIndex, Span};
pub use spelling::{Place, Spelling, in_brackets, keyed, of_brackets};
