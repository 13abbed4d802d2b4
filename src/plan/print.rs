//! The plan as text.

use super::Plan;

/// Writes a plan out, one item a line: the same plan always gives the same text.
pub fn print(plan: &Plan) -> String {
    format!("{plan:#?}\n")
}
