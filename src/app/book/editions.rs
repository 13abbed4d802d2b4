//! The editions of rules by which batches of a book were worked out, ready to be run on other data.

use crate::base::Digest;
use crate::book::{Batch, Book, BookError, Edition, Entry, Schema};
use crate::check::Checked;
use crate::diagnostics::{Language, Words};
use crate::plan::Choices;
use crate::report::names::{Names, chosen_in_chinese};
use crate::rows::RegisterTable;

use super::super::load::Loaded;
use super::BookTrouble;
use super::edition::{Rules, edition};
use super::replay::{choices_of, registers_of};
use super::translate::get;

/// An edition as batches used it: with the readings they chose.
#[derive(Debug)]
pub(in crate::app) struct Used {
    /// Its entry.
    pub(in crate::app) entry: u64,
    /// Its digest.
    pub(in crate::app) digest: Digest,
    /// The readings chosen, each with its option.
    pub(in crate::app) readings: Vec<(String, String)>,
    /// What it is called.
    pub(in crate::app) title: Words,
    /// The rules, or why they do not compile with this version.
    pub(in crate::app) rules: Result<UsedRules, BookTrouble>,
}

/// The rules of an edition.
#[derive(Debug)]
pub(in crate::app) struct UsedRules {
    pub(in crate::app) checked: Checked,
    pub(in crate::app) names: Names,
    pub(in crate::app) choices: Choices,
    /// What its entries are told by.
    pub(in crate::app) schema: Schema,
    /// The registers of the last batch that used it so.
    pub(in crate::app) registers: Vec<(u32, RegisterTable)>,
}

/// The editions that batches of a book used, each with the readings they chose, in the order of their
/// first batch; the rules at hand are left out.
///
/// # Errors
/// The book cannot be read.
pub(in crate::app) fn used(
    book: &mut Book,
    (loaded, checked, choices): (&Loaded, &Checked, &Choices),
    language: Language,
) -> Result<Vec<Used>, BookTrouble> {
    let mut batches: Vec<Batch> = Vec::new();
    for (_, entry) in book.entries_of(&["batch"])? {
        if let Entry::Batch(batch) = entry {
            let same = |it: &Batch| it.edition == batch.edition && it.readings == batch.readings;
            match batches.iter_mut().find(|it| same(it)) {
                Some(known) => known.registers = batch.registers,
                None => batches.push(batch),
            }
        }
    }
    let own: Digest = edition(loaded, checked.rule_set()).digest();
    batches.retain(|it| it.edition != own || choices_of(it) != *choices);
    let mut found = Vec::new();
    for batch in batches {
        let Entry::Edition(edition) = book.entry(batch.edition_entry)? else {
            return Err(BookError::Damaged { entry: batch.edition_entry }.into());
        };
        let (entry, digest) = (batch.edition_entry, edition.digest());
        let readings = readings(&batch, &edition);
        let registers = registers_of(book, &batch)?;
        let rules = Rules::of(&edition, language);
        let labels =
            rules.as_ref().map_or_else(|_| Vec::new(), |rules| labels(&batch, &rules.names));
        let title = title(&edition, entry, (&readings, &labels));
        let rules = rules.map(|rules| UsedRules {
            checked: rules.checked,
            names: rules.names,
            choices: choices_of(&batch),
            schema: edition.schema,
            registers,
        });
        found.push(Used { entry, digest, readings, title, rules });
    }
    Ok(found)
}

/// The readings that a batch chose.
fn readings(batch: &Batch, edition: &Edition) -> Vec<(String, String)> {
    let chosen = batch.readings.iter().filter_map(|it| {
        let reading = get(&edition.schema.readings, it.reading)?;
        Some((reading.name.clone(), get(&reading.members, it.option)?.clone()))
    });
    chosen.collect()
}

/// The readings that a batch chose, as people call them in Chinese.
fn labels(batch: &Batch, names: &Names) -> Vec<String> {
    let chosen = batch.readings.iter().filter_map(|it| {
        let (reading, options) = get(&names.readings, it.reading)?;
        Some(chosen_in_chinese(reading, options.get(it.option)?))
    });
    chosen.collect()
}

/// `edition of entry 1 (small 086a0b3910bc)`, and the readings chosen, by their names and their labels.
fn title(
    edition: &Edition,
    entry: u64,
    (readings, labels): (&[(String, String)], &[String]),
) -> Words {
    let digest = edition.digest().to_string();
    let short = digest.get(..12).unwrap_or_default();
    let mut words = Words::new(
        format!("edition of entry {entry} ({} {short})", edition.name),
        format!("账簿第 {entry} 条的规则版本（{} {short}）", edition.name),
    );
    let chosen = readings.iter().map(|(name, option)| format!("{name} = {option}"));
    let chosen: Vec<String> = chosen.collect();
    if !chosen.is_empty() {
        let labels = if labels.is_empty() { &chosen } else { labels };
        words.en.push_str(&format!(", {}", chosen.join(", ")));
        words.zh.push_str(&format!("，{}", labels.join("，")));
    }
    words
}
