//! Findings about rules, drawn for a terminal or written for a program.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use crate::base::{FileId, LineIndex, Span};
use crate::diagnostics::{Diagnostic, Language, Severity};

/// The texts that findings speak of.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    name: String,
    text: String,
    lines: LineIndex,
}

/// How a finding is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Drawing {
    /// The language of its words.
    pub language: Language,
    /// Whether colours may be used.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Sources {
    /// Adds a text under the name the user knows it by, and gives the number it goes by.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let lines = LineIndex::new(&text);
        self.files.push(Source { name: name.into(), text, lines });
        FileId(u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX))
    }

    /// The name of a file.
    pub fn name(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.name)
    }

    /// The text of a file.
    pub fn text(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| &source.text)
    }

    /// The place as `file:line:column`.
    pub fn place(&self, span: Span) -> String {
        match self.get(span.file) {
            Some(source) => format!("{}:{}", source.name, source.lines.line_column(span.start)),
            None => String::new(),
        }
    }

    /// The place as `file:line`.
    pub fn line(&self, span: Span) -> String {
        match self.get(span.file) {
            Some(source) => {
                format!("{}:{}", source.name, source.lines.line_column(span.start).line)
            }
            None => String::new(),
        }
    }

    /// The words at a place.
    pub fn slice(&self, span: Span) -> &str {
        let (start, end) = (usize::try_from(span.start), usize::try_from(span.end));
        match (start, end) {
            (Ok(start), Ok(end)) => self.text(span.file).get(start..end).unwrap_or_default(),
            _ => "",
        }
    }

    fn get(&self, file: FileId) -> Option<&Source> {
        usize::try_from(file.0).ok().and_then(|at| self.files.get(at))
    }
}

/// Draws a finding: the source line, the place, what is wrong, and how to mend it.
pub fn draw(diagnostic: &Diagnostic, sources: &Sources, drawing: Drawing) -> String {
    let language = drawing.language;
    let level = match (diagnostic.severity, language) {
        (Severity::Error, Language::English) => Level::ERROR,
        (Severity::Error, Language::Chinese) => Level::ERROR.with_name("错误"),
        (Severity::Warning, Language::English) => Level::WARNING,
        (Severity::Warning, Language::Chinese) => Level::WARNING.with_name("警告"),
        (Severity::Note, Language::English) => Level::NOTE,
        (Severity::Note, Language::Chinese) => Level::NOTE.with_name("说明"),
    };
    let help = match language {
        Language::English => Level::HELP,
        Language::Chinese => Level::HELP.with_name("提示"),
    };
    let note = match language {
        Language::English => Level::NOTE.with_name("for example"),
        Language::Chinese => Level::NOTE.with_name("例如"),
    };
    let mut main = level
        .primary_title(diagnostic.message.in_language(language))
        .id(diagnostic.code.0)
        .elements(snippets(diagnostic, sources, language));
    if !diagnostic.witness.is_empty() {
        main = main.element(note.message(witness(diagnostic)));
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    match (&diagnostic.help, &diagnostic.fix) {
        (words, Some(fix)) => {
            let text = sources.text(fix.span.file);
            let words = words.as_ref().map(|words| words.in_language(language));
            let title = words.unwrap_or(match language {
                Language::English => "write",
                Language::Chinese => "请写成",
            });
            groups.push(main);
            let patch = Patch::new(clipped(fix.span, text), &fix.replacement);
            let snippet = Snippet::source(text).path(sources.name(fix.span.file)).patch(patch);
            groups.push(help.secondary_title(title).element(snippet));
        }
        (Some(words), None) => groups.push(main.element(help.message(words.in_language(language)))),
        (None, None) => groups.push(main),
    }
    let renderer = if drawing.color { Renderer::styled() } else { Renderer::plain() };
    let mut text = renderer.term_width(drawing.width).render(&groups);
    text.push('\n');
    text
}

/// A finding as one line of JSON, with byte offsets and lines and columns.
pub fn json(diagnostic: &Diagnostic, sources: &Sources, language: Language) -> serde_json::Value {
    let words = |words: &crate::diagnostics::Words| words.in_language(language).to_owned();
    let mut object = serde_json::json!({
        "code": diagnostic.code.0,
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        "message": words(&diagnostic.message),
        "place": place_json(diagnostic.span, sources),
    });
    let Some(map) = object.as_object_mut() else { return object };
    let mut add = |key: &str, value: serde_json::Value| {
        map.insert(key.to_owned(), value);
    };
    if let Some(label) = &diagnostic.label {
        add("label", words(label).into());
    }
    if !diagnostic.notes.is_empty() {
        let notes = diagnostic.notes.iter().map(|note| {
            serde_json::json!({ "message": words(&note.words), "place": place_json(note.span, sources) })
        });
        add("notes", notes.collect());
    }
    if !diagnostic.witness.is_empty() {
        let witness = diagnostic.witness.iter();
        let pairs = witness.map(|(field, value)| (field.clone(), value.clone().into()));
        add("witness", serde_json::Value::Object(pairs.collect()));
    }
    if let Some(help) = &diagnostic.help {
        add("help", words(help).into());
    }
    if let Some(fix) = &diagnostic.fix {
        let place = place_json(fix.span, sources);
        add("fix", serde_json::json!({ "place": place, "replacement": fix.replacement }));
    }
    object
}

/// A sentence after all findings: how many of each.
pub fn tally(diagnostics: &[Diagnostic], language: Language) -> String {
    let count = |severity| diagnostics.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match language {
        Language::English => {
            let plural = |count: usize, word: &str| {
                if count == 1 { format!("{count} {word}") } else { format!("{count} {word}s") }
            };
            format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"))
        }
        Language::Chinese => format!("{errors} 个错误，{warnings} 个警告"),
    }
}

fn snippets<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
    language: Language,
) -> Vec<Snippet<'a, Annotation<'a>>> {
    let file = diagnostic.span.file;
    let text = sources.text(file);
    let label = diagnostic.label.as_ref().map(|label| label.in_language(language));
    let primary = AnnotationKind::Primary.span(clipped(diagnostic.span, text)).label(label);
    let mut main = Snippet::source(text).path(sources.name(file)).annotation(primary);
    let mut others = Vec::new();
    for note in &diagnostic.notes {
        let text = sources.text(note.span.file);
        let annotation = AnnotationKind::Context
            .span(clipped(note.span, text))
            .label(note.words.in_language(language));
        if note.span.file == file {
            main = main.annotation(annotation);
        } else {
            let name = sources.name(note.span.file);
            others.push(Snippet::source(text).path(name).annotation(annotation));
        }
    }
    std::iter::once(main).chain(others).collect()
}

fn witness(diagnostic: &Diagnostic) -> String {
    let pairs = diagnostic.witness.iter().map(|(field, value)| format!("{field} {value}"));
    pairs.collect::<Vec<_>>().join("; ")
}

/// The range of a span inside its text, the line end at its end left out.
fn clipped(span: Span, text: &str) -> std::ops::Range<usize> {
    let range = span.range();
    let end = range.end.min(text.len());
    let start = range.start.min(end);
    let shown = text.get(start..end).map_or(0, |shown| shown.trim_end().len());
    start..(start + shown).max(start)
}

fn place_json(span: Span, sources: &Sources) -> serde_json::Value {
    let Some(source) = sources.get(span.file) else { return serde_json::Value::Null };
    let point = |offset| {
        let place = source.lines.line_column(offset);
        serde_json::json!({ "byte": offset, "line": place.line, "column": place.column })
    };
    serde_json::json!({
        "file": source.name,
        "start": point(span.start),
        "end": point(span.end),
    })
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::{Code, Words};

    use super::*;

    fn finding() -> (Diagnostic, Sources) {
        let mut sources = Sources::default();
        let text = "module a\naccount central \"中央国库\"\npool 地方分享 per\n";
        let file = sources.add("a.fen", text);
        let at = |part: &str| {
            let start = u32::try_from(text.find(part).unwrap()).unwrap();
            Span::new(file, start, start + u32::try_from(part.len()).unwrap())
        };
        let diagnostic = Diagnostic::error(
            Code("F0101"),
            at("per"),
            Words::new("a name is missing", "缺少名称"),
        )
        .with_label(Words::new("after this", "在此之后"))
        .with_note(at("地方分享"), Words::new("of this pool", "这个待分"))
        .with_witness(vec![("tax".into(), "vat".into())])
        .with_help(Words::new("write `per branch`", "请写「per branch」"));
        (diagnostic, sources)
    }

    #[test]
    fn drawn_in_english() {
        let (diagnostic, sources) = finding();
        let drawing = Drawing { language: Language::English, color: false, width: 100 };
        insta::assert_snapshot!(draw(&diagnostic, &sources, drawing));
    }

    #[test]
    fn drawn_in_chinese() {
        let (diagnostic, sources) = finding();
        let drawing = Drawing { language: Language::Chinese, color: false, width: 100 };
        insta::assert_snapshot!(draw(&diagnostic, &sources, drawing));
    }

    #[test]
    fn written_for_a_program() {
        let (diagnostic, sources) = finding();
        let json = json(&diagnostic, &sources, Language::English);
        assert_eq!(json["place"]["start"]["line"], 3);
        assert_eq!(json["place"]["start"]["column"], 11);
        assert_eq!(json["witness"]["tax"], "vat");
    }
}
