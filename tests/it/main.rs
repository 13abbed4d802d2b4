//! One test binary: a module for each boundary of the house.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::iter_over_hash_type,
    reason = "a test that meets the unexpected fails, and saying so is its work"
)]

#[cfg(feature = "cli")]
mod accounts;
mod allocate;
mod book;
mod bytes;
mod cases;
mod check;
#[cfg(feature = "cli")]
mod cli;
#[cfg(all(feature = "cli", feature = "columns"))]
mod column_files;
mod compiled;
#[cfg(feature = "cli")]
mod files;
mod floors;
#[cfg(feature = "cli")]
mod jobs;
mod lane;
mod lane_bounds;
mod lane_rows;
mod lane_side;
mod lane_state;
mod lane_steady;
mod language;
mod model;
#[cfg(feature = "cli")]
mod program;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod readme;
mod reference;
mod regressions;
#[cfg(feature = "cli")]
mod sent_again;
mod set_asides;
mod spelt;
mod syntax;
mod tidy;
mod tour;
#[cfg(feature = "cli")]
mod workbooks;
mod worked;
