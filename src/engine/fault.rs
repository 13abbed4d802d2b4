//! Why an event cannot be worked out, and why a run ends early.

use thiserror::Error;

use crate::base::ExactError;
use crate::rows::Reason;

/// What stops one event: a reason to set it aside, or a mistake of ours.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// The event is set aside.
    Aside(Box<Reason>),
    /// The plan does not say what a plan always says: the run ends.
    Internal(&'static str),
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Fault {
        Fault::Aside(Box::new(reason))
    }
}

impl From<ExactError> for Fault {
    fn from(error: ExactError) -> Fault {
        Fault::from(match error {
            ExactError::TooWide => Reason::TooWide,
            ExactError::DivisionByZero => Reason::DivisionByZero,
        })
    }
}

/// Why a run ended before its end.
#[derive(Debug, Error)]
pub enum RunError<I, S>
where
    I: std::error::Error + 'static,
    S: std::error::Error + 'static,
{
    /// The events could not be read on.
    #[error("the events could not be read")]
    Input(#[source] I),
    /// The results could not be handed on.
    #[error("the results could not be written")]
    Sink(#[source] S),
    /// A mistake in the program: an assertion that must always hold did not.
    #[error("internal error, please report it: {0}")]
    Internal(&'static str),
}
