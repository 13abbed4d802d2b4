//! The set-aside file: rows that were not allocated, whole, with the reason and what to do.
//!
//! While the run goes on only the place and the reason are kept, in a temporary file. At the end the
//! inputs are read again and each row is written as it stood, so that it can be mended and sent
//! again as it is. A row that does not fit the columns stands whole in the column `row`; one that is
//! no text with `\xE5` for each byte that is none (`Encoding::shown`).

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};

use crate::diagnostics::Language;
use crate::report::ReasonWords;
use crate::rows::Origin;

use super::error::FormatsError;
use super::input::Input;
use super::output::Output;
use super::raw::{RawRow, RawRows};
use super::records::{Records, ResultColumn, ResultLayout};

/// Collects rows that are set aside.
#[derive(Debug)]
pub struct SetAsides {
    kept: std::io::BufWriter<std::fs::File>,
    /// Where each row stands, and where its reason stands in the temporary file.
    places: Vec<(Origin, u64)>,
    bytes: u64,
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
}

/// The columns that the file adds to a row's own.
const ADDED: [&str; 7] = ["file", "line", "event", "code", "reason", "hint", "row"];

impl SetAsides {
    /// Starts with none.
    ///
    /// # Errors
    /// There is no room for a temporary file.
    pub fn new() -> Result<SetAsides, FormatsError> {
        let file = tempfile::tempfile().map_err(temporary)?;
        Ok(SetAsides { kept: std::io::BufWriter::new(file), places: Vec::new(), bytes: 0 })
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
    pub fn add(
        &mut self,
        origin: Origin,
        aside: &SetAside,
        language: Language,
    ) -> Result<(), FormatsError> {
        let reason = &aside.reason;
        let cells = [
            aside.event.as_str(),
            &aside.key,
            reason.code,
            reason.what.in_language(language),
            reason.hint.in_language(language),
        ];
        let mut line = serde_json::to_string(&cells).unwrap_or_default();
        line.push('\n');
        self.kept.write_all(line.as_bytes()).map_err(temporary)?;
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
        self.kept.flush().map_err(temporary)?;
        let file = self.kept.into_inner().map_err(|error| temporary(error.into_error()))?;
        let mut reasons = BufReader::new(file);
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
    reasons: &mut BufReader<std::fs::File>,
    records: &mut Records,
) -> Result<(), FormatsError> {
    let Some(input) = input else {
        // Events that the run made itself stand in no file.
        for (origin, at) in places {
            own.iter().for_each(|_| records.missing());
            add_reason(None, *origin, *at, None, reasons, records)?;
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
            let whole = write_own(&row, &header, own, records);
            add_reason(Some(input), *origin, *at, whole, reasons, records)?;
        }
    }
    // INVARIANT: a row that was read once is read again; if the file has been cut meanwhile, its
    // reason is still written.
    for (origin, at) in places {
        own.iter().for_each(|_| records.missing());
        add_reason(Some(input), *origin, *at, None, reasons, records)?;
    }
    Ok(())
}

/// Writes a row's own cells; gives its text where they cannot hold it.
fn write_own(
    row: &RawRow<'_>,
    header: &[String],
    own: &[String],
    records: &mut Records,
) -> Option<String> {
    match row {
        RawRow::Cells(cells) => {
            let mut places: Vec<Option<&str>> = vec![None; own.len()];
            for (name, cell) in header.iter().zip(cells.iter()) {
                let at = own.iter().enumerate().position(|(at, own)| {
                    own == name && places.get(at).is_some_and(Option::is_none)
                });
                if let Some(place) = at.and_then(|at| places.get_mut(at)) {
                    *place = Some(cell);
                }
            }
            for place in places {
                match place {
                    Some(cell) => records.text(cell),
                    None => records.missing(),
                }
            }
            (cells.len() != header.len()).then(|| cells.text().to_owned())
        }
        RawRow::Values { cells, .. } => {
            for name in own {
                let at = header.iter().position(|column| column == name);
                match at.and_then(|at| cells.get(at)) {
                    Some(held) => records.text(&held.text()),
                    None => records.missing(),
                }
            }
            None
        }
        RawRow::Record { record, text, .. } => {
            let mut repeated = false;
            for name in own {
                let mut values = record.0.iter().filter(|(own, _)| own == name);
                match values.next() {
                    Some((_, raw)) => match super::json::value(raw) {
                        super::json::JsonValue::Text(text) => records.text(&text),
                        super::json::JsonValue::Null => records.missing(),
                        _ => records.text(raw.get()),
                    },
                    None => records.missing(),
                }
                repeated |= values.next().is_some();
            }
            repeated.then(|| (*text).to_owned())
        }
        RawRow::Broken { text, .. } => {
            own.iter().for_each(|_| records.missing());
            Some(text.clone())
        }
    }
}

fn add_reason(
    input: Option<&Input>,
    origin: Origin,
    at: u64,
    whole: Option<String>,
    reasons: &mut BufReader<std::fs::File>,
    records: &mut Records,
) -> Result<(), FormatsError> {
    let mut line = String::new();
    reasons.seek(SeekFrom::Start(at)).map_err(temporary)?;
    reasons.read_line(&mut line).map_err(temporary)?;
    let cells: Vec<String> = serde_json::from_str(&line).unwrap_or_default();
    let cell = |at: usize| cells.get(at).map_or("", String::as_str);
    match input {
        Some(input) => {
            records.text(input.name());
            records.bare(&origin.line.to_string());
        }
        None => {
            records.missing();
            records.missing();
        }
    }
    records.text(cell(0));
    for at in 2..5 {
        records.text(cell(at));
    }
    match whole {
        Some(text) => records.text(&text),
        None if input.is_none() => records.text(cell(1)),
        None => records.missing(),
    }
    records.end_row()
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
        while let Some(row) = rows.next()? {
            let line = row.line();
            if let (RawRow::Record { record, .. }, Ok(_)) = (row, lines.binary_search(&line)) {
                for (name, _) in record.0 {
                    if !own.iter().any(|known| *known == name) {
                        own.push(name.into_owned());
                    }
                }
            }
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
            name.insert_str(0, "set_aside_");
        }
        name
    };
    ADDED.iter().map(name).collect()
}

fn temporary(error: std::io::Error) -> FormatsError {
    FormatsError::writing("a temporary file", error)
}
