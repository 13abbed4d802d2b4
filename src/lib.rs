//! Fenshui (分税): a rules engine for tax sharing and benefit sharing.
#![warn(missing_docs)]
pub mod base;
pub mod check;
pub mod diagnostics;
pub mod engine;
pub mod model;
pub mod plan;
pub mod reference;
pub mod rows;
pub mod syntax;
