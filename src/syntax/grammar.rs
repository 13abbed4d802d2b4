//! The parser that pest makes of the three files of the grammar. `Rule` is seen on this floor only.

use pest_derive::Parser;

/// Takes the grammar from the package's root and joins its files.
#[derive(Parser)]
#[grammar = "grammar/lexical.pest"]
#[grammar = "grammar/keywords.pest"]
#[grammar = "grammar/fen.pest"]
pub(super) struct Grammar;

/// A piece of text that a rule of the grammar has matched.
pub(super) type Pair<'i> = pest::iterators::Pair<'i, Rule>;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pest::Parser;

    use super::*;
    use crate::syntax::keywords::keyword;

    /// The names of the rules that give no pairs: they only join or look ahead.
    const WITHOUT_PAIRS: [&str; 9] = [
        "alone",
        "junk",
        "item_word",
        "lines_over",
        "keyed",
        "not_a_leg",
        "after_portion",
        "special",
        "reserved",
    ];

    fn visit(pair: Pair<'_>, seen: &mut BTreeSet<String>) {
        seen.insert(format!("{:?}", pair.as_rule()));
        for part in pair.into_inner() {
            visit(part, seen);
        }
    }

    /// A reserved word is none where it begins with a letter that is not looked for.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the grammar is a file")]
    fn every_reserved_word_is_one() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let grammar = std::fs::read_to_string(root.join("grammar/fen.pest")).unwrap();
        let (_, reserved) = grammar.split_once("\nreserved ").unwrap();
        let (reserved, _) = reserved.split_once('}').unwrap();
        let words = reserved.split(|c: char| !c.is_alphanumeric() && c != '_');
        let mut seen = 0;
        for word in words.filter_map(|word| word.strip_prefix("k_")) {
            let keyword = keyword(word).unwrap();
            for spelling in keyword.en.iter().chain(&keyword.zh) {
                let text = format!("{spelling} x");
                assert!(Grammar::parse(Rule::reserved, &text).is_ok(), "{spelling}");
                seen += 1;
            }
        }
        assert!(seen >= 30, "{seen}");
    }

    /// A period in a record is none where it begins with a letter that is not looked for.
    #[test]
    fn every_period_of_a_record_is_one() {
        for word in ["from", "until"] {
            let keyword = keyword(word).unwrap();
            for spelling in keyword.en.iter().chain(&keyword.zh) {
                let text = format!("{{ {spelling} 2020-01-01 {{ share 1 }} }}");
                let mut seen = BTreeSet::new();
                let record = Grammar::parse(Rule::record, &text).unwrap();
                record.for_each(|pair| visit(pair, &mut seen));
                assert!(seen.contains("dated_record"), "{spelling}");
            }
        }
    }

    /// A rule that no good case reads is a part of the language nobody has tried.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "cases and grammar are files")]
    fn every_rule_is_read_by_a_good_case() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut seen = BTreeSet::new();
        for case in std::fs::read_dir(root.join("tests/cases/syntax/good")).unwrap() {
            let text = std::fs::read_to_string(case.unwrap().path()).unwrap();
            Grammar::parse(Rule::program, &text).unwrap().for_each(|pair| visit(pair, &mut seen));
        }
        let mut unread = Vec::new();
        for file in ["lexical", "keywords", "fen"] {
            let grammar =
                std::fs::read_to_string(root.join(format!("grammar/{file}.pest"))).unwrap();
            for line in grammar.lines().filter(|line| !line.starts_with([' ', '/'])) {
                let Some((name, body)) = line.split_once('=') else { continue };
                let (name, silent) = (name.trim(), body.trim_start().starts_with('_'));
                // Atomic rules hide the words they are made of.
                let alone = ["single", "k_agreement", "k_agreement_bare"].contains(&name);
                if !silent && !alone && !WITHOUT_PAIRS.contains(&name) && !seen.contains(name) {
                    unread.push(name.to_owned());
                }
            }
        }
        assert_eq!(unread, [""; 0]);
    }
}
