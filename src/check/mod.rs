//! Whether a resolved rule set may move money: what can be said only of all of it together.
//!
//! The floor below knows what every word stands for; here we ask whether the rules are *right*: that
//! shares make a whole, that every case of every pool has one rule and not two, that a value is there
//! on every day it is asked for, that nobody reaches beyond what the law hands him. Only here can a
//! [`Checked`] be made, and the plan takes nothing else.
//!
//! It knows nothing of texts and files, and it runs no rule: cases are weighed by what the rules say
//! about them, never by data. What it cannot decide it says in a note.
//!
//! A file per check; the comment on a finding's code is its page in the manual
//! (`docs/reference/diagnostics.md`). Start reading at [`check`].

mod checked;

pub use checked::{Checked, check, findings};
