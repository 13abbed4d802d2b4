//! How a leg's portion is written, and what is no portion.

use super::figures::{Condition, all_hold};
use super::{Case, cases};
use crate::compiled::{compile, compiled, said};

#[test]
fn portions_of_numscript() {
    let all = cases("allocate/allocation.json").into_iter();
    let portions: Vec<Case> = all.filter(|case| case.kind == "parse_portion").collect();
    assert_eq!(portions.len(), 20);
    let mut conditions = Vec::new();
    for case in &portions {
        let text = case.text("text");
        match (case.expected("rational"), case.expected("error")) {
            (Some(rational), None) => {
                compiled(&split(text));
                conditions.push(Condition::new(&case.id, format!("{text} = {rational}")));
            }
            (None, Some("portion_out_of_0_1")) => {
                let found = compile(&split(text)).expect_err(&case.id);
                assert!(
                    found.iter().any(|finding| finding.code.0.starts_with("F03")),
                    "{}",
                    said(&found)
                );
            }
            other => panic!("{}: no test for {other:?}", case.id),
        }
    }
    all_hold(&conditions);
}

fn split(portion: &str) -> String {
    format!(
        "module portion\nauthority national\nsettlement largest remainder\naccount a\naccount b\n\
         event receipt {{ id : integer unique; date : date effective; amount : money inflow }}\n\
         rule divided\n  split inflow\n    {portion} to a\n    rest to b\n"
    )
}
