//! Why an evaluation stops.

use thiserror::Error;

use crate::rows::Reason;

/// A rule set that is not whole: no checked one gives it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// An id leads nowhere.
    #[error("the rule set names a {what} that it does not have")]
    Dangling {
        /// What was looked for.
        what: &'static str,
    },
    /// A value is not of the type its place demands.
    #[error("a {what} was expected, and something else came")]
    Mistyped {
        /// What was expected.
        what: &'static str,
    },
    /// What a total adds depends on itself.
    #[error("what a total adds depends on itself")]
    Circular,
    /// Legs take more or less than there is.
    #[error("the legs of a split do not make the whole")]
    NotConserved,
}

/// The event is set aside, or the rule set is broken.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stop {
    /// The event's fault, or its data's.
    Aside(Reason),
    /// Nobody's fault but the caller's.
    Broken(ReferenceError),
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Stop {
        Stop::Aside(reason)
    }
}

pub(super) fn dangling(what: &'static str) -> Stop {
    Stop::Broken(ReferenceError::Dangling { what })
}

pub(super) fn mistyped(what: &'static str) -> Stop {
    Stop::Broken(ReferenceError::Mistyped { what })
}

/// The entry an id points at.
pub(super) fn entry<'a, T>(list: &'a [T], at: usize, what: &'static str) -> Result<&'a T, Stop> {
    list.get(at).ok_or(dangling(what))
}
