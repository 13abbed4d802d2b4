//! The second opinion against the first.

mod data;

use fenshui::reference::{self, Fate};

use crate::compiled::compiled;
use data::Sent;

#[test]
fn a_fen_that_three_want() {
    let text = std::fs::read_to_string(crate::floors::root().join("examples/workloads/w1.fen.md"))
        .unwrap();
    let text: String =
        text.split("```fen").skip(1).map(|part| part.split("```").next().unwrap()).collect();
    let rules = compiled(&text);
    let events =
        [Sent::new("receipt", &["1", "2016-05-01", "vat", "E1", "beijing", "hebei", "0.02"])];
    let batches = data::batches(&rules, &events);
    let outcomes = reference::run(&rules, &[], &[], &batches, None).unwrap();
    assert!(matches!(outcomes[0].fate, Fate::Allocated { .. }), "{outcomes:?}");
}
