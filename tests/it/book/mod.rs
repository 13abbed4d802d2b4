//! The book: what it keeps, refuses, proves and survives.

#[cfg(feature = "postgres")]
mod postgres;
mod sample;
mod stores;
mod suite;
