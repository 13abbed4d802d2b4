//! The set-aside file: rows that were not allocated, whole, with the reason and what to do.
//!
//! While the run goes on only the place and the reason are kept, in a temporary file. At the end the
//! inputs are read again and each row is written as it stood, so that it can be mended and sent
//! again as it is. A row whose cells, as texts in its columns, might be read as something else stands
//! whole in the column `row`, and its own columns are empty: sent again it is set aside again. One
//! that is no text stands there with `\xE5` for each byte that is none (`Encoding::shown`).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

use crate::diagnostics::{Language, Words};
use crate::report::{DUPLICATE_KEY, ReasonWords};
use crate::rows::Origin;

use super::error::FormatsError;
use super::held::Held;
use super::input::Input;
use super::json::{self, JsonValue};
use super::output::Output;
use super::raw::{RawRow, RawRows, column_names};
use super::records::{Records, ResultColumn, ResultLayout};
use super::shelf::waiting_in;

/// Collects rows that are set aside.
#[derive(Debug)]
pub struct SetAsides {
    kept: BufWriter<std::fs::File>,
    /// Where that file has no name.
    folder: PathBuf,
    /// Where each row stands, and where its reason stands in the temporary file.
    places: Vec<(Origin, u64)>,
    bytes: u64,
    /// Of events whose key another has, where that stands.
    firsts: BTreeMap<Origin, Origin>,
    language: Language,
}

/// Why one row is set aside, as the file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The event kind, where it is known.
    pub event: String,
    /// What identifies an event that no file holds, such as a stage's day; empty for others.
    pub key: String,
    /// The reason.
    pub reason: ReasonWords,
    /// Whether its cells must not be read again from their texts.
    pub lost: bool,
}

/// The same as it is kept while the run goes on.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Kept {
    event: String,
    key: String,
    /// Code, sentence and hint.
    reason: [String; 3],
    lost: bool,
}

/// The columns that the file adds to a row's own.
const ADDED: [&str; 7] = ["file", "line", "event", "code", "reason", "hint", "row"];

impl SetAsides {
    /// Starts with none; reasons are told in this language. They wait in a file without a name in this
    /// folder.
    ///
    /// # Errors
    /// There can be no such file.
    pub fn new(language: Language, folder: PathBuf) -> Result<SetAsides, FormatsError> {
        let kept = BufWriter::new(tempfile::tempfile_in(&folder).map_err(waiting_in(&folder))?);
        let (places, firsts) = (Vec::new(), BTreeMap::new());
        Ok(SetAsides { kept, folder, places, bytes: 0, firsts, language })
    }

    /// Takes in, for events whose key another has, where that one stands.
    pub fn tell_firsts(&mut self, firsts: BTreeMap<Origin, Origin>) {
        self.firsts = firsts;
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Keeps a row's place and reason.
    ///
    /// # Errors
    /// There is no room for the temporary file.
    pub fn add(&mut self, origin: Origin, aside: &SetAside) -> Result<(), FormatsError> {
        let (reason, language) = (&aside.reason, self.language);
        let (what, hint) = (&reason.what, &reason.hint);
        let kept = Kept {
            event: aside.event.clone(),
            key: aside.key.clone(),
            reason: [reason.code, what.in_language(language), hint.in_language(language)]
                .map(str::to_owned),
            lost: aside.lost,
        };
        let mut line = serde_json::to_string(&kept).unwrap_or_default();
        line.push('\n');
        self.kept.write_all(line.as_bytes()).map_err(waiting_in(&self.folder))?;
        self.places.push((origin, self.bytes));
        self.bytes += u64::try_from(line.len()).unwrap_or(0);
        Ok(())
    }

    /// Writes every row whole, in the order of the files and of their lines.
    ///
    /// # Errors
    /// An input can no longer be read, or the output cannot be written.
    pub fn write(
        mut self,
        inputs: &[Input],
        output: Output,
        layout: ResultLayout,
    ) -> Result<(), FormatsError> {
        self.kept.flush().map_err(waiting_in(&self.folder))?;
        let (folder, firsts, language) = (self.folder, self.firsts, self.language);
        let file = self.kept.into_inner();
        let file = file.map_err(|error| waiting_in(&folder)(error.into_error()))?;
        let mut reasons = Reasons { kept: BufReader::new(file), folder, inputs, firsts, language };
        let mut places = self.places;
        places.sort_unstable();
        let own = own_columns(inputs, &places)?;
        let added = added_names(&own);
        let distinct = matches!(layout, ResultLayout::Json | ResultLayout::Ndjson);
        let shown = if distinct { told_apart(&own) } else { own.clone() };
        let columns = shown.iter().map(String::as_str).chain(added.iter().map(String::as_str));
        let columns = columns.map(|name| ResultColumn::new(name, name, false)).collect();
        let mut records = Records::new(output, layout, columns, "… {}")?;
        let mut rest = places.as_slice();
        while let Some((first, _)) = rest.first() {
            let file = first.file;
            let count = rest.iter().take_while(|(origin, _)| origin.file == file).count();
            let (here, after) = rest.split_at(count);
            rest = after;
            let input = usize::try_from(file).ok().and_then(|at| inputs.get(at));
            write_file(input, here, &own, &mut reasons, &mut records)?;
        }
        records.finish()
    }
}

/// Writes the rows of one file.
fn write_file(
    input: Option<&Input>,
    places: &[(Origin, u64)],
    own: &[String],
    reasons: &mut Reasons<'_>,
    records: &mut Records,
) -> Result<(), FormatsError> {
    let Some(input) = input else {
        // Events that the run made itself stand in no file.
        for (origin, at) in places {
            let kept = reasons.of(*origin, *at)?;
            own.iter().for_each(|_| records.missing());
            add_reason(None, &kept, Some(&kept.key), records)?;
        }
        return Ok(());
    };
    let mut rows = RawRows::open(input)?;
    let header = rows.header.clone();
    let mut places = places.iter().peekable();
    while places.peek().is_some() {
        let Some(row) = rows.next()? else { break };
        let line = row.line();
        while let Some((origin, at)) = places.next_if(|(origin, _)| origin.line <= line) {
            let kept = reasons.of(*origin, *at)?;
            let whole = is_whole(&row, &kept);
            if whole {
                own.iter().for_each(|_| records.missing());
            } else {
                write_own(&row, &header, own, records);
            }
            let text = whole.then(|| row.text());
            add_reason(Some((input, origin.line)), &kept, text.as_deref(), records)?;
        }
    }
    // INVARIANT: a row that was read once is read again; if the file has been cut meanwhile, its
    // reason is still written.
    for (origin, at) in places {
        let kept = reasons.of(*origin, *at)?;
        own.iter().for_each(|_| records.missing());
        add_reason(Some((input, origin.line)), &kept, None, records)?;
    }
    Ok(())
}

/// Whether a row stands whole in a column of its own.
fn is_whole(row: &RawRow<'_>, kept: &Kept) -> bool {
    match row {
        RawRow::Broken { .. } => true,
        RawRow::Cells(_) => kept.lost,
        // Of an event that nobody knows nobody has read what is no text.
        RawRow::Values { .. } | RawRow::Record { .. } => kept.lost || kept.event.is_empty(),
    }
}

/// Writes a row's own cells.
fn write_own(row: &RawRow<'_>, header: &[String], own: &[String], records: &mut Records) {
    let texts: Vec<Cow<'_, str>> = match row {
        RawRow::Cells(cells) => cells.iter().map(Cow::Borrowed).collect(),
        RawRow::Values { cells, .. } => cells.iter().map(Held::text).collect(),
        RawRow::Record { .. } | RawRow::Broken { .. } => Vec::new(),
    };
    let mut cells: Vec<(&String, &Cow<'_, str>)> = header.iter().zip(&texts).collect();
    for name in own {
        // Of columns that are called alike each has its own cell.
        match cells.iter().position(|(column, _)| *column == name) {
            Some(at) => records.text(cells.remove(at).1),
            None => write_value(row, name, records),
        }
    }
}

/// Writes what a record has under a name.
fn write_value(row: &RawRow<'_>, name: &str, records: &mut Records) {
    let RawRow::Record { record, .. } = row else { return records.missing() };
    match record.0.iter().find(|(own, _)| own == name) {
        Some((_, raw)) => match json::value(raw) {
            JsonValue::Text(text) => records.text(&text),
            JsonValue::Null => records.missing(),
            _ => records.text(raw.get()),
        },
        None => records.missing(),
    }
}

/// Why rows were set aside.
struct Reasons<'i> {
    kept: BufReader<std::fs::File>,
    folder: PathBuf,
    inputs: &'i [Input],
    firsts: BTreeMap<Origin, Origin>,
    language: Language,
}

impl Reasons<'_> {
    /// That of a row whose reason was kept somewhere.
    fn of(&mut self, origin: Origin, at: u64) -> Result<Kept, FormatsError> {
        let mut line = String::new();
        self.kept.seek(SeekFrom::Start(at)).map_err(waiting_in(&self.folder))?;
        self.kept.read_line(&mut line).map_err(waiting_in(&self.folder))?;
        let mut kept: Kept = serde_json::from_str(&line).unwrap_or_default();
        let first = self.firsts.get(&origin);
        let input = first.and_then(|it| self.inputs.get(usize::try_from(it.file).ok()?));
        if let (Some(first), Some(input)) = (first, input) {
            let [_, what, _] = &mut kept.reason;
            let colon = Words::new(": ", "：");
            what.push_str(colon.in_language(self.language));
            what.push_str(input.place(first.line, None).in_language(self.language));
        }
        Ok(kept)
    }
}

/// Ends a row with what was added to it.
fn add_reason(
    place: Option<(&Input, u64)>,
    kept: &Kept,
    whole: Option<&str>,
    records: &mut Records,
) -> Result<(), FormatsError> {
    match place {
        Some((input, line)) => {
            records.text(input.name());
            records.bare(&line.to_string());
        }
        None => {
            records.missing();
            records.missing();
        }
    }
    records.text(&kept.event);
    kept.reason.iter().for_each(|text| records.text(text));
    match whole {
        Some(text) => records.text(text),
        None => records.missing(),
    }
    records.end_row()
}

/// In a file of rows set aside, how many were so because another event has their key, and the line of the
/// first.
///
/// # Errors
/// The file cannot be read.
pub fn repeated(input: &Input) -> Result<Option<(u64, u64)>, FormatsError> {
    let mut rows = RawRows::open(input)?;
    let is_csv = !rows.header.is_empty();
    let columns = if is_csv { rows.header.clone() } else { column_names(input)? };
    let added = added_columns(&columns);
    // Of several the last says why a row was set aside last.
    let code = columns
        .iter()
        .enumerate()
        .rfind(|(_, name)| added.contains(*name) && name.trim_start_matches(APART) == "code");
    let Some((at, name)) = code else { return Ok(None) };
    let (mut count, mut first) = (0, None);
    while let Some(row) = rows.next()? {
        if row.text_of(is_csv.then_some(at), name) == DUPLICATE_KEY {
            first = first.or(Some(row.line()));
            count += 1;
        }
    }
    Ok(first.map(|first| (count, first)))
}

/// The columns of all inputs that have a row set aside, each once, in order.
fn own_columns(inputs: &[Input], places: &[(Origin, u64)]) -> Result<Vec<String>, FormatsError> {
    let mut own: Vec<String> = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let file = u32::try_from(at).unwrap_or(u32::MAX);
        let lines: Vec<u64> = places
            .iter()
            .filter(|(origin, _)| origin.file == file)
            .map(|(origin, _)| origin.line)
            .collect();
        if lines.is_empty() {
            continue;
        }
        let mut rows = RawRows::open(input)?;
        for (at, name) in rows.header.iter().enumerate() {
            // A name that stands twice in a header keeps both its columns.
            let before = rows.header.iter().take(at + 1).filter(|other| *other == name).count();
            if own.iter().filter(|other| *other == name).count() < before {
                own.push(name.clone());
            }
        }
        if !rows.header.is_empty() {
            continue;
        }
        let mut add = |name: &str| {
            if !own.iter().any(|known| known == name) {
                own.push(name.to_owned());
            }
        };
        let mut any_read = false;
        while let Some(row) = rows.next()? {
            let line = row.line();
            if let (RawRow::Record { record, .. }, Ok(_)) = (row, lines.binary_search(&line)) {
                any_read = true;
                record.0.iter().for_each(|(name, _)| add(name));
            }
        }
        // Rows of which nothing can be read are filled in the columns of the others.
        if !any_read {
            column_names(input)?.iter().for_each(|name| add(name));
        }
    }
    Ok(own)
}

/// Names that stand twice in a header, as a record needs them: `x`, then `x (2)`.
fn told_apart(own: &[String]) -> Vec<String> {
    let mut apart: Vec<String> = Vec::new();
    for name in own {
        let mut own_name = name.clone();
        let mut count = 1;
        while apart.contains(&own_name) {
            count += 1;
            own_name = format!("{name} ({count})");
        }
        apart.push(own_name);
    }
    apart
}

/// The names of the added columns, set apart from a row's own.
fn added_names(own: &[String]) -> Vec<String> {
    let name = |added: &&str| {
        let mut name = (*added).to_owned();
        // Rows may come out of such a file themselves, and out of one made of that.
        while own.contains(&name) {
            name.insert_str(0, APART);
        }
        name
    };
    ADDED.iter().map(name).collect()
}

/// The columns that were added to a row's own, in a file of rows set aside, and in one made of that;
/// none in a file that does not have all of them.
pub(super) fn added_columns(columns: &[String]) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    loop {
        let place = |name: &String| {
            columns.iter().rposition(|column| column == name && !known.contains(column))
        };
        // Of those that are called so the added one stands last.
        let added = |name: &&str| {
            let first = Some((*name).to_owned());
            let names = std::iter::successors(first, |name| Some(format!("{APART}{name}")));
            names.map_while(|name| Some((place(&name)?, name))).max().map(|(_, name)| name)
        };
        match ADDED.iter().map(added).collect::<Option<Vec<String>>>() {
            Some(added) => known.extend(added),
            None => return known,
        }
    }
}

const APART: &str = "set_aside_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_columns_are_known_again() {
        let texts = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for own in [&["id", "amount"][..], &["reason", "id", "set_aside_line"], &[]] {
            let mut columns = texts(own);
            let first = added_names(&columns);
            columns.extend(first.clone());
            assert_eq!(added_columns(&columns), first.iter().cloned().collect());
            let second = added_names(&columns);
            columns.extend(second.clone());
            assert_eq!(added_columns(&columns), first.into_iter().chain(second).collect());
        }
        assert!(added_columns(&texts(&ADDED[..6])).is_empty());
    }
}
