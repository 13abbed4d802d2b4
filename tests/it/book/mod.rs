//! The book: what it keeps, refuses, proves and survives.

#[cfg(all(feature = "cli", feature = "sqlite"))]
mod asked;
#[cfg(all(feature = "cli", feature = "sqlite", feature = "columns"))]
mod columns;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod differs;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod distrust;
#[cfg(feature = "postgres")]
mod doors;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod foreign;
mod generated;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod imports;
mod keys;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod matters;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod orders;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod pieces;
#[cfg(feature = "postgres")]
mod postgres;
mod proof;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod reference;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod refunds;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod running;
mod sample;
mod signing;
mod simulation;
#[cfg(feature = "sqlite")]
mod sqlite;
mod stores;
mod suite;
mod survive;
#[cfg(all(feature = "cli", feature = "sqlite"))]
mod turns;
#[cfg(all(feature = "cli", feature = "postgres"))]
mod verbs;
