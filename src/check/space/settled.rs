//! Whether a formula is decided by the cells fixed so far, without writing down what is left of it.
//!
//! It says what [`super::search`] comes to when it reduces a formula. Of what is left it keeps only
//! the questions side by side, since one beside its opposite decides a row.

use super::condition::Formula;

/// A question, with the answer that is wanted.
type Question = (usize, bool);

/// What is left of a formula.
enum Left {
    Decided(bool),
    Question(Question),
    Row(Row),
    /// The opposite of a row.
    NotRow(Row),
}

/// Several parts, of which one comes to what settles them all, or all to the opposite.
struct Row {
    settles: bool,
    asked: Vec<Question>,
    /// How many other parts, …
    others: usize,
    /// … and one of them.
    other: Option<Box<Left>>,
}

/// What a formula comes to by what is known of its tests, if it is decided.
pub(super) fn settled(formula: &Formula, answer: &impl Fn(usize) -> Option<bool>) -> Option<bool> {
    // Mostly the answers decide it, and nothing has to be noted.
    plainly(formula, answer).or_else(|| match left(formula, answer) {
        Left::Decided(value) => Some(value),
        Left::Question(_) | Left::Row(_) | Left::NotRow(_) => None,
    })
}

/// What a formula comes to if the answers alone decide it.
fn plainly(formula: &Formula, answer: &impl Fn(usize) -> Option<bool>) -> Option<bool> {
    match formula {
        Formula::Decided(value) => Some(*value),
        Formula::Test(test) => answer(*test),
        Formula::Not(inner) => plainly(inner, answer).map(|value| !value),
        Formula::All(parts) => joined(parts.iter().map(|part| plainly(part, answer)), false),
        Formula::Any(parts) => joined(parts.iter().map(|part| plainly(part, answer)), true),
    }
}

/// What parts come to together: one that settles them does, else all must be known.
pub(super) fn joined(parts: impl Iterator<Item = Option<bool>>, settles: bool) -> Option<bool> {
    let mut open = false;
    for part in parts {
        match part {
            Some(value) if value == settles => return Some(settles),
            Some(_) => {}
            None => open = true,
        }
    }
    if open { None } else { Some(!settles) }
}

fn left(formula: &Formula, answer: &impl Fn(usize) -> Option<bool>) -> Left {
    match formula {
        Formula::Decided(value) => Left::Decided(*value),
        Formula::Test(test) => match answer(*test) {
            Some(value) => Left::Decided(value),
            None => Left::Question((*test, true)),
        },
        Formula::Not(inner) => match left(inner, answer) {
            Left::Decided(value) => Left::Decided(!value),
            Left::Question((test, wanted)) => Left::Question((test, !wanted)),
            Left::Row(row) => Left::NotRow(row),
            Left::NotRow(row) => Left::Row(row),
        },
        Formula::All(parts) => left_of_row(parts, false, answer),
        Formula::Any(parts) => left_of_row(parts, true, answer),
    }
}

fn left_of_row(parts: &[Formula], settles: bool, answer: &impl Fn(usize) -> Option<bool>) -> Left {
    let mut row = Row { settles, asked: Vec::new(), others: 0, other: None };
    for part in parts {
        let opposites = match left(part, answer) {
            Left::Decided(value) if value == settles => return Left::Decided(settles),
            Left::Decided(_) => false,
            Left::Question(question) => row.ask(question),
            Left::Row(inner) if inner.settles == settles => {
                row.others += inner.others;
                row.other = inner.other.or(row.other);
                inner.asked.into_iter().any(|question| row.ask(question))
            }
            other @ (Left::Row(_) | Left::NotRow(_)) => {
                row.others += 1;
                row.other = Some(Box::new(other));
                false
            }
        };
        if opposites {
            return Left::Decided(settles);
        }
    }
    match (row.asked.as_slice(), row.others) {
        ([], 0) => Left::Decided(!settles),
        ([only], 0) => Left::Question(*only),
        ([], 1) => row.other.map_or(Left::Decided(!settles), |other| *other),
        _ => Left::Row(row),
    }
}

impl Row {
    /// Notes a question; says whether its opposite stands beside it.
    fn ask(&mut self, (test, wanted): Question) -> bool {
        if !self.asked.contains(&(test, wanted)) {
            self.asked.push((test, wanted));
        }
        self.asked.contains(&(test, !wanted))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TESTS: usize = 4;

    fn formulas() -> impl Strategy<Value = Formula> {
        let leaf = prop_oneof![
            1 => any::<bool>().prop_map(Formula::Decided),
            6 => (0..TESTS).prop_map(Formula::Test),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let parts = prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                inner.prop_map(Formula::not),
                parts.clone().prop_map(Formula::All),
                parts.prop_map(Formula::Any),
            ]
        })
    }

    fn holds(formula: &Formula, answers: &[bool]) -> bool {
        match formula {
            Formula::Decided(value) => *value,
            Formula::Test(test) => answers[*test],
            Formula::Not(inner) => !holds(inner, answers),
            Formula::All(parts) => parts.iter().all(|part| holds(part, answers)),
            Formula::Any(parts) => parts.iter().any(|part| holds(part, answers)),
        }
    }

    proptest! {
        /// What is decided is so whatever the open tests say; where none is open all is decided.
        #[test]
        fn what_is_decided_holds_of_all_that_is_open(
            formula in formulas(),
            known in prop::collection::vec(prop::option::of(any::<bool>()), TESTS),
        ) {
            let decided = settled(&formula, &|test| known[test]);
            prop_assert!(decided.is_some() || known.contains(&None));
            for row in 0..1_usize << TESTS {
                let given = |test: usize| known[test].unwrap_or(row >> test & 1 == 1);
                let answers: Vec<bool> = (0..TESTS).map(given).collect();
                if let Some(decided) = decided {
                    prop_assert_eq!(holds(&formula, &answers), decided);
                }
            }
        }
    }

    #[test]
    fn a_question_beside_its_opposite_decides() {
        let opposite = Formula::Test(0).not();
        let inner = Formula::Any(vec![opposite, Formula::Test(2)]);
        let formula = Formula::Any(vec![Formula::Test(1), inner, Formula::Test(0)]);
        assert_eq!(settled(&formula, &|_| None), Some(true));
        assert_eq!(settled(&formula.not(), &|_| None), Some(false));
    }
}
