//! The reference workloads: their data, and an oracle that knows every fen of their answers.
//!
//! Nothing here calls the program that is measured; it is run like any other. The yardstick, a
//! program written by hand for these three workloads alone, is a binary beside this library and
//! shares no code with the oracle.

pub mod bench;
pub mod check;
pub mod generate;
pub mod machine;
pub mod measure;
pub mod oracle;
