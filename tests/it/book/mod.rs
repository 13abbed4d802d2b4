//! The book: what it keeps, refuses, proves and survives.

#[cfg(feature = "postgres")]
mod postgres;
mod proof;
mod sample;
mod simulation;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stores;
mod suite;
mod survive;
#[cfg(feature = "postgres")]
mod verbs;
