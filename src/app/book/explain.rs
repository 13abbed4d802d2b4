//! Why an entry came out as it did: its event worked out again, with every step told.

use crate::app::grounds::grounds;
use crate::book::{Book, BookError, Correction, Entry, Event};
use crate::diagnostics::{Language, Words};
use crate::engine::Wanted;
use crate::report::explanation::{Telling, explanation_json, explanation_text};
use crate::report::names::Names;
use crate::rows::{Cell, Explanation, Origin, Reason};

use super::BookTrouble;
use super::edition::Rules;
use super::replay::{BOOK_FILES, Contexts, GROUP_FILE, Rerun, is_copy_of_another, spans};
use super::standing::unfit;
use super::translate::{Translated, Translator, get};

/// A story, and the rules it is told by.
#[derive(Debug)]
pub(super) struct Told<'t> {
    pub(super) story: &'t Explanation,
    pub(super) rules: &'t Rules,
}

impl Told<'_> {
    /// For people.
    pub(super) fn text(&self, language: Language) -> String {
        let name = match language {
            Language::English => "book",
            Language::Chinese => "账簿",
        };
        self.with(language, name, |telling| explanation_text(self.story, telling))
    }

    /// For programs.
    pub(super) fn json(&self, language: Language) -> serde_json::Value {
        self.with(language, "book", |telling| explanation_json(self.story, telling))
    }

    fn with<T>(&self, language: Language, name: &str, tell: impl Fn(Telling<'_>) -> T) -> T {
        let rules = self.rules;
        let mut grounds = grounds(rules.checked.rule_set(), &rules.loaded.sources, language);
        // Events of the book are known by their entries, which are counted like records.
        grounds.files =
            BOOK_FILES.into_iter().map(|file| (file, (name.to_owned(), true))).collect();
        tell(Telling { names: &rules.names, grounds: &grounds, language })
    }
}

/// How an explanation is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// For programs, over several lines.
    Json,
    /// For programs, in one line.
    JsonLine,
}

/// Explains the entry of an event, or of a correction of one.
///
/// # Errors
/// It is neither; its rules do not compile with this version; the book cannot be read.
pub fn explain(
    book: &mut Book,
    number: u64,
    language: Language,
    form: Form,
) -> Result<String, BookTrouble> {
    if let Entry::Correction(Correction { of, outcome: None, .. }) = book.entry(number)? {
        return Err(withdrawn(number, of));
    }
    let (batch, entry, event) = event_behind(book, number)?;
    let spans = spans(book)?;
    let span = spans.iter().find(|span| span.begun.number == batch);
    let span = span.ok_or(BookError::Damaged { entry: batch })?;
    let context = Contexts::new(language).of(book, &span.begun)?;
    let range = span.begun.number..span.end;
    let entries = std::slice::from_ref(&range);
    let own = spans.iter().find(|span| span.begun.number == event.batch);
    let own = &own.ok_or(BookError::Damaged { entry })?.begun.edition.schema;
    // A correction may be by other rules than those by which the event was sent.
    let event = match Translator::new(own, &span.begun.edition.schema).event(&event) {
        Translated::Whole(event) => event,
        Translated::Unfit(field) => return Err(unfit(entry, &event, &field, own)),
        Translated::Unknown => return Err(BookError::NotCorrectable { of: number }.into()),
    };
    let story = match is_copy_of_another(book, &event, &span.begun.edition.schema)? {
        // Nothing is worked out of it.
        true => {
            let origin = Origin { file: GROUP_FILE, line: entry };
            let Event { kind, fields, date, .. } = event;
            Explanation::of_aside(kind, fields, origin, date, Reason::DuplicateKey)
        }
        false => {
            let wanted = wanted(&event, &context.rules.names).ok_or(BookError::NotPortable)?;
            let rerun = Rerun { context: &context, before: &spans, entries };
            let told = rerun.stories(book, &[(wanted, Some(entry))])?;
            let story = told.into_iter().next().flatten();
            story.ok_or(BookError::NotCorrectable { of: number })?
        }
    };
    let told = Told { story: &story, rules: &context.rules };
    Ok(match form {
        Form::Text => told.text(language),
        Form::Json => format!("{:#}\n", told.json(language)),
        Form::JsonLine => format!("{}\n", told.json(language)),
    })
}

/// Why there is nothing to be told of a correction by which an event that nobody sent is made no more.
fn withdrawn(number: u64, of: u64) -> BookTrouble {
    BookTrouble::said(
        Words::new(
            format!("entry {number} withdraws entry {of}: by its rules that is not made at all"),
            format!("第 {number} 条撤销第 {of} 条：按其规则不生成该事项"),
        ),
        Some(Words::new(
            format!("`fenshui book explain {of}` tells how it came out before"),
            format!("撤销前的结果可用 fenshui book explain {of} 查看"),
        )),
    )
}

/// The batch by whose rules an entry came out, and its event with the entry of that.
pub(super) fn event_behind(book: &mut Book, number: u64) -> Result<(u64, u64, Event), BookTrouble> {
    match book.entry(number)? {
        Entry::Event(event) => Ok((event.batch, number, event)),
        Entry::Correction(correction) if correction.of < number => {
            let (_, entry, event) = event_behind(book, correction.of)?;
            Ok((correction.batch, entry, event))
        }
        _ => Err(BookError::NotCorrectable { of: number }.into()),
    }
}

/// An event as the engine is asked for it.
pub(super) fn wanted(event: &Event, names: &Names) -> Option<Wanted> {
    let table = get(&names.events, event.kind)?;
    let part = |at: &usize| match event.fields.get(*at)? {
        Cell::Missing if table.effective == Some(*at) => Some(Cell::Date(event.date)),
        // A row is known by the parts of its own key.
        Cell::Record(cells) => {
            let crate::report::names::Kind::Record(shape) = &table.fields.get(*at)?.kind else {
                return None;
            };
            let shape = names.shapes.get(*shape)?;
            let key = shape.key.iter().map(|at| cells.get(*at).cloned());
            Some(Cell::List(key.collect::<Option<Vec<Cell>>>()?))
        }
        other => Some(other.clone()),
    };
    let key: Option<Vec<Cell>> = table.key.iter().map(part).collect();
    Some(Wanted { event: event.kind, key: key? })
}
