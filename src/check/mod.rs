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

/// Declares the codes of a check: the comment is the page in the manual, then code, English and
/// Chinese title.
macro_rules! codes {
    ($($(#[$page:meta])* $name:ident $code:literal $en:literal $zh:literal;)*) => {
        $($(#[$page])* pub(in crate::check) const $name: $crate::diagnostics::Code =
            $crate::diagnostics::Code($code);)*

        /// The codes of this check with their titles.
        pub(in crate::check) const CODES: &[$crate::check::Title] =
            &[$(($crate::diagnostics::Code($code), $en, $zh)),*];
    };
}

mod checked;

mod covered;
mod guards;
mod show;
mod space;
mod walk;

mod alike;
mod authority;
mod brackets;
mod coverage;
mod currencies;
mod dated;
mod division;
mod draws;
mod examples;
mod flow;
mod heads;
mod order;
mod print;
mod regions;
mod selections;
mod settlements;
mod shares;
mod tallies;
mod unused;
mod unverified;
mod whole;

pub use checked::{Checked, check, findings};
pub use print::print;
pub use selections::never_taken;
pub use unverified::{Unverified, unverified};

use crate::diagnostics::Code;

/// A code with its title in English and in Chinese.
pub type Title = (Code, &'static str, &'static str);

/// The code of what is found of a text alone: a scenario may use what the rules without it do not.
pub const UNUSED: Code = unused::UNUSED;

/// The codes of this floor, a list for each check.
pub const CODES: &[&[Title]] = &[
    shares::CODES,
    division::CODES,
    coverage::CODES,
    heads::CODES,
    flow::CODES,
    dated::CODES,
    brackets::CODES,
    tallies::CODES,
    order::CODES,
    selections::CODES,
    whole::CODES,
    currencies::CODES,
    settlements::CODES,
    authority::CODES,
    regions::CODES,
    alike::CODES,
    unused::CODES,
    examples::CODES,
];
