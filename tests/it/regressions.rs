//! What once went wrong: each case is a page like those of the language reference, named for it.

use crate::floors::root;
use crate::language::check;

#[test]
fn in_order_after_a_rate() {
    check(&root().join("tests/cases/regressions"), "in-order-after-a-rate.fen.md");
}

#[test]
fn if_none_in_chinese() {
    check(&root().join("tests/cases/regressions"), "if-none-in-chinese.fen.md");
}

#[test]
fn members_out_of_sight() {
    check(&root().join("tests/cases/regressions"), "members-out-of-sight.fen.md");
}

#[test]
fn at_least_after_a_rate() {
    check(&root().join("tests/cases/regressions"), "at-least-after-a-rate.fen.md");
}

#[test]
fn signs_in_full_width() {
    check(&root().join("tests/cases/regressions"), "signs-in-full-width.fen.md");
}

#[test]
fn a_field_called_like_a_member() {
    check(&root().join("tests/cases/regressions"), "a-field-called-like-a-member.fen.md");
}

#[test]
fn figures_under_two_keys() {
    check(&root().join("tests/cases/regressions"), "figures-under-two-keys.fen.md");
}

#[test]
fn money_that_is_not_in_yuan() {
    check(&root().join("tests/cases/regressions"), "money-that-is-not-in-yuan.fen.md");
}

#[test]
fn names_before_they_are_declared() {
    check(&root().join("tests/cases/regressions"), "names-before-they-are-declared.fen.md");
}

#[test]
fn owed_to_a_row() {
    check(&root().join("tests/cases/regressions"), "owed-to-a-row.fen.md");
}

#[test]
fn marked_and_named_by_members() {
    check(&root().join("tests/cases/regressions"), "marked-and-named-by-members.fen.md");
}

#[test]
fn sent_twice() {
    check(&root().join("tests/cases/regressions"), "sent-twice.fen.md");
}

#[test]
fn otherwise_a_third() {
    check(&root().join("tests/cases/regressions"), "otherwise-a-third.fen.md");
}

#[test]
fn bare_rates() {
    check(&root().join("tests/cases/regressions"), "bare-rates.fen.md");
}
