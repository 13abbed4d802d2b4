//! One test binary: a module for each boundary of the house.

mod floors;
mod model;
mod tidy;
