//! Fenshui (分税): a rules engine for tax sharing and benefit sharing.
#![warn(missing_docs)]
pub mod app;
pub mod base;
pub mod book;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod desk;
pub mod diagnostics;
pub mod engine;
pub mod formats;
pub mod model;
pub mod plan;
pub mod reference;
pub mod report;
pub mod rows;
pub mod syntax;
