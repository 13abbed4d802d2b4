//! How files write accounts: what `check` accepts is written so that it can be told apart, and read back.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use fenshui::base::Spelling;
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::program::{run, said};

/// A family: its name, its code if it has one, and its key.
#[derive(Debug, Clone)]
struct Family {
    name: &'static str,
    code: Option<&'static str>,
    keys: Vec<&'static str>,
}

const CODES: [&str; 14] = [
    "{}/{}", "{}-{}", "T-{}", "{}", "T{}", "x{} {}", "[{}][{}]", "{}[{}]", "{} [{}]", "{},{}",
    "A/{}", "u[{}]", "{}B", "a/b",
];
const LETTERS: [&str; 22] = [
    "a", "b", ",", "，", "、", "\"", "/", "-", "[", "]", " ", "\u{3000}", "\u{a0}", "（", "Ａ",
    "A", "=", "'", "n", "0", "u[", "T-",
];
const REGIONS: [&str; 2] = ["n", "s"];
const NUMBERS: [&str; 3] = ["0", "-1", "12"];

fn family(name: &'static str) -> impl Strategy<Value = Family> {
    let code = prop::option::weighted(0.8, prop::sample::select(&CODES[..]));
    let key = prop::sample::select(vec!["text", "text", "Region", "integer"]);
    (code, prop::collection::vec(key, 0..3)).prop_map(move |(code, keys)| Family {
        name,
        code,
        keys,
    })
}

impl Family {
    fn spelling(&self) -> Spelling {
        Spelling::of(self.code.unwrap_or(self.name), self.keys.len())
    }

    fn declared(&self) -> String {
        let code = self.code.map_or_else(String::new, |code| format!(" code \"{code}\""));
        let keys = match self.keys.as_slice() {
            [] => String::new(),
            keys => format!("[{}]", keys.join(", ")),
        };
        format!("account {}{keys}{code}", self.name)
    }

    /// The account by the fields of an event, and the fields.
    fn place(&self) -> (String, Vec<String>) {
        let field = |(at, kind): (usize, &&str)| format!("{}{at}_{kind}", self.name);
        let fields: Vec<String> = self.keys.iter().enumerate().map(field).collect();
        match fields.as_slice() {
            [] => (self.name.to_owned(), fields),
            parts => (format!("{}[{}]", self.name, parts.join(", ")), fields),
        }
    }

    /// Every text by which a key with short parts is written.
    fn short(&self) -> BTreeSet<String> {
        let letters = ["", "a", "/", "-", "\"", "[", "]", " ", "T", "n"];
        let texts = letters.iter().flat_map(|one| letters.map(|two| format!("{one}{two}")));
        let texts: Vec<String> = texts.collect();
        let of = |kind: &str| match kind {
            "text" => texts.clone(),
            "Region" => REGIONS.map(str::to_owned).into(),
            _ => NUMBERS.map(str::to_owned).into(),
        };
        let mut keys = vec![Vec::new()];
        for kind in &self.keys {
            let parts = of(kind);
            let longer = keys.iter().flat_map(|key: &Vec<String>| {
                parts.iter().map(|part| key.iter().chain([part]).cloned().collect())
            });
            keys = longer.collect();
        }
        keys.iter().map(|key| self.spelling().write(key)).collect()
    }
}

fn rules(families: &[Family; 2]) -> String {
    let [one, two] = families;
    let ((first, fields), (second, more)) = (one.place(), two.place());
    let fields = fields.iter().chain(&more).map(|field| {
        let kind = field.split_once('_').unwrap().1;
        format!("  {field} : {kind}\n")
    });
    format!(
        "module m\nauthority national\nsettlement largest remainder\nregions {{ n; s }}\n{}\n{}\n\
         event receipt {{\n  id : text unique\n  date : date effective\n  amount : money inflow\n{}}}\n\
         rule base of receipt\n  split inflow\n    50% to {first}\n    rest to {second}\n",
        one.declared(),
        two.declared(),
        fields.collect::<String>()
    )
}

/// Events with a part for each place of either key.
fn events(families: &[Family; 2], rows: &[Vec<(String, usize)>]) -> String {
    let kinds = families.iter().flat_map(|family| &family.keys);
    let fields: Vec<String> = families.iter().flat_map(|family| family.place().1).collect();
    let fields: String = fields.iter().map(|field| format!(",{field}")).collect();
    let mut text = format!("id,date,amount{fields}\n");
    for (at, row) in rows.iter().enumerate() {
        let cells = kinds.clone().zip(row).map(|(kind, (text, number))| match *kind {
            "text" => text.clone(),
            "Region" => REGIONS[number % 2].to_owned(),
            _ => NUMBERS[number % 3].to_owned(),
        });
        let cells = cells.map(|cell| format!(",\"{}\"", cell.replace('"', "\"\"")));
        let amount = 100 << (2 * at);
        text.push_str(&format!("R{at},2020-01-01,{amount}.00{}\n", cells.collect::<String>()));
    }
    text
}

/// The accounts of each event, as a file has them.
fn accounts(path: &Path) -> Vec<Vec<String>> {
    let mut of_event: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        of_event.entry(text("id")).or_default().push(text("account"));
    }
    of_event.into_values().collect()
}

fn audited(folder: &Path, table: &str) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenshui"));
    command.args(["audit", table, "--rules", "rules.fen", "--events", "events.csv"]);
    // Texts of nothing but Latin letters may be GB18030 as well.
    command.args(["--encoding", "utf-8"]);
    let output = command.current_dir(folder).env_clear().output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &said(&output))
}

/// What a refusal says that both are written as is written by both.
fn refused(families: &[Family; 2], said: &str) {
    let told = said.lines().find_map(|line| line.split_once("is written: `"));
    let Some((_, text)) = told else {
        assert!(said.contains("nothing between them"), "{said}");
        return;
    };
    let text = text.strip_suffix('`').unwrap();
    for family in families {
        assert!(family.spelling().read(text).is_some(), "{text}: {family:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("FENSHUI_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(32),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_written_is_told_apart_and_read_back(
        families in [family("u"), family("v")],
        rows in prop::collection::vec(
            prop::collection::vec(
                (prop::collection::vec(prop::sample::select(&LETTERS[..]), 1..4), 0_usize..6)
                    .prop_map(|(letters, number)| (letters.concat(), number)),
                4,
            ),
            1..6,
        ),
        (layout, more) in prop::sample::select(vec![
            ("csv", None), ("csv", Some("--for-excel")), ("tsv", None), ("json", None), ("xlsx", None),
        ]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("rules.fen"), rules(&families)).unwrap();
        fs::write(path.join("events.csv"), events(&families, &rows)).unwrap();
        let utf8 = ["--encoding", "utf-8"];
        let lines = ["events.csv", "--quiet", "--out", "lines.ndjson"];
        let ran = run(path, &[&utf8[..], &lines].concat());
        if said(&ran).contains("F0357") {
            refused(&families, &said(&ran));
            return Ok(());
        }
        prop_assert!(ran.status.success(), "{}", said(&ran));
        let [one, two] = &families;
        let both: Vec<String> = one.short().intersection(&two.short()).cloned().collect();
        prop_assert!(both.is_empty(), "both are written {both:?}");

        let mut keys: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
        let kinds: Vec<&str> = families.iter().flat_map(|family| family.keys.clone()).collect();
        for (row, written) in rows.iter().zip(accounts(&path.join("lines.ndjson"))) {
            let parts: Vec<String> = kinds.iter().zip(row).map(|(kind, (text, number))| match *kind {
                "text" => text.clone(),
                "Region" => REGIONS[number % 2].to_owned(),
                _ => NUMBERS[number % 3].to_owned(),
            }).collect();
            let (first, second) = parts.split_at(one.keys.len());
            prop_assert_eq!(written.len(), 2);
            for (at, (key, text)) in [first, second].into_iter().zip(written).enumerate() {
                let own = (at, key.to_vec());
                let known = keys.entry(text).or_insert_with(|| own.clone());
                prop_assert_eq!(&*known, &own);
            }
        }
        let table = format!("table.{layout}");
        let again = ["events.csv", "--quiet", "--out", &table];
        prop_assert!(run(path, &[&utf8[..], &again, more.as_slice()].concat()).status.success());
        let (agrees, said) = audited(path, &table);
        prop_assert!(agrees, "{said}");
    }
}
