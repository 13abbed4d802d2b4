//! What other people's tests say about arithmetic, dates and splitting, said in Fen and worked out by
//! both evaluators. Where the facts come from stands beside the data.

mod allocation;
mod arithmetic;
mod dates;
mod figures;
mod portions;

use serde_json::Value;

use crate::floors::root;

/// One fact: an input of some kind and what comes out.
pub struct Case {
    pub id: String,
    pub kind: String,
    pub input: Value,
    pub expect: Value,
    /// Said by the collector: the source contradicts itself.
    pub suspect: bool,
}

impl Case {
    /// A field of the input, as text.
    #[track_caller]
    pub fn text(&self, field: &str) -> &str {
        text(&self.input, field).unwrap_or_else(|| panic!("{}: no {field}", self.id))
    }

    /// A field of the input, as a whole number.
    #[track_caller]
    pub fn number(&self, field: &str) -> i64 {
        self.input[field].as_i64().unwrap_or_else(|| panic!("{}: no {field}", self.id))
    }

    /// A field of what is expected, as text.
    pub fn expected(&self, field: &str) -> Option<&str> {
        text(&self.expect, field)
    }

    /// A list of the input, or of what is expected, as texts.
    pub fn list<'a>(&self, of: &'a Value, field: &str) -> Vec<&'a str> {
        let list = of[field].as_array().unwrap_or_else(|| panic!("{}: no {field}", self.id));
        list.iter().map(|value| value.as_str().unwrap()).collect()
    }
}

fn text<'a>(of: &'a Value, field: &str) -> Option<&'a str> {
    of.get(field).and_then(Value::as_str)
}

/// All cases of a file.
pub fn cases(file: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(root().join("tests/cases").join(file)).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(Some(cases.len()), file["count"].as_u64().map(|count| count.try_into().unwrap()));
    let case = |case: &Value| Case {
        id: case["id"].as_str().unwrap().to_owned(),
        kind: case["kind"].as_str().unwrap().to_owned(),
        input: case["input"].clone(),
        expect: case["expect"].clone(),
        suspect: case.get("suspect").is_some(),
    };
    cases.iter().map(case).collect()
}

/// A way of rounding by its neutral name, as Fen writes it.
pub fn rounding(mode: &str) -> &'static str {
    match mode {
        "half_away_from_zero" => "half up",
        "half_toward_zero" => "half down",
        "half_even" => "half even",
        "half_odd" => "half odd",
        "half_ceiling" => "half ceiling",
        "half_floor" => "half floor",
        "away_from_zero" => "up",
        "toward_zero" | "truncate" => "down",
        "ceiling" => "ceiling",
        "floor" => "floor",
        other => panic!("no way of rounding is called {other}"),
    }
}

/// The unit of a scale, as Fen writes it: 2 is `0.01`, -2 is `100`.
pub fn unit(scale: i64) -> String {
    match usize::try_from(scale) {
        Ok(0) => "1".to_owned(),
        Ok(decimals) => format!("0.{:0>decimals$}", 1),
        Err(_) => format!("1{}", "0".repeat(usize::try_from(-scale).unwrap())),
    }
}
