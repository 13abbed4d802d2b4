//! The verbs of the command line on a server: what a user sees is what he sees of a file.

use super::postgres::Database;
use crate::cli::check_in;

#[test]
fn a_session_on_a_server_is_that_of_a_file() {
    check_in("book", &Database::new().url());
    check_in("book_replay", &Database::new().url());
}
