//! One test binary: a module for each boundary of the house.

mod allocate;
mod check;
mod compiled;
mod floors;
mod language;
mod model;
mod reference;
mod regressions;
mod syntax;
mod tidy;
mod worked;
