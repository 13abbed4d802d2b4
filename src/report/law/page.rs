//! Rules as one page of HTML: the prose and the program side by side, with the law beneath.
//!
//! The page needs nothing beside itself: no script, no picture, no style from elsewhere. What the
//! prose writes as HTML stays text, and a link leads to the web or into the page, nowhere else.

use std::fmt::Write;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream, html};

use crate::base::{FileId, LineIndex, Span};
use crate::diagnostics::Words;
use crate::report::Sources;
use crate::report::names::Label;

use super::code::{Mark, anchor, code};
use super::{Instrument, Law, Mention};

/// A file of rules to print.
#[derive(Debug, Clone)]
pub struct PageFile {
    /// Which of the sources.
    pub id: FileId,
    /// Prose with the program in fenced blocks; else all of it is program.
    pub literate: bool,
    /// The module, with its labels.
    pub title: Label,
    /// Everything it names that has a label, in the order of the text: what it is, its name, where.
    pub names: Vec<(Words, Label, Span)>,
}

/// Prints files of rules, the instruments they rest on, the questions these leave open, and what is
/// unverified.
///
/// # Example: a citation leads to its instrument
/// ```
/// use fenshui::base::FileId;
/// use fenshui::report::law::{Law, PageFile, page};
/// use fenshui::report::{Sources, names::Label};
///
/// let mut sources = Sources::default();
/// let id = sources.add("a.fen.md", "# *A* <b>\n\n```fen\nmodule a # why\n```\n");
/// let title = Label::plain("a");
/// let files = [PageFile { id, literate: true, title, names: Vec::new() }];
/// let out = page(&files, &Law::default(), &sources);
/// assert!(out.contains("<h1><em>A</em> &lt;b&gt;</h1>"));
/// assert!(out.contains("module a <i># why</i>"));
/// ```
pub fn page(files: &[PageFile], law: &Law, sources: &Sources) -> String {
    let page = Page { files, law, sources };
    let title = match files {
        [one] => one.title.text.clone(),
        _ => "Fenshui 分税".to_owned(),
    };
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n\
         <style>\n{}</style>\n</head>\n<body>\n",
        escape(&title),
        include_str!("page.css"),
    );
    page.contents(&mut out);
    for at in 0..files.len() {
        page.file(&mut out, at);
    }
    page.instruments(&mut out);
    page.readings(&mut out);
    page.unverified(&mut out);
    out.push_str("</body>\n</html>\n");
    out
}

/// A text inside an element or an attribute.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

struct Page<'p> {
    files: &'p [PageFile],
    law: &'p Law,
    sources: &'p Sources,
}

impl Page<'_> {
    fn contents(&self, out: &mut String) {
        out.push_str("<nav>\n");
        for (at, file) in self.files.iter().enumerate() {
            let _ = writeln!(out, "<a href=\"#m{at}\">{}</a>", heading(&file.title));
        }
        out.push_str(
            "<a href=\"#instruments\">Instruments 法规</a>\n\
             <a href=\"#readings\">Readings 释义</a>\n\
             <a href=\"#unverified\">Unverified 未核实</a>\n</nav>\n",
        );
    }

    fn file(&self, out: &mut String, at: usize) {
        let Some(file) = self.files.get(at) else { return };
        let text = self.sources.text(file.id);
        let marks = self.marks(file);
        let name = escape(self.sources.name(file.id));
        let _ = writeln!(out, "<article id=\"m{at}\">\n<p class=\"file\">{name}</p>");
        if file.literate {
            self.literate(out, at, text, &marks);
        } else {
            let block = code(at, text, 0..text.len(), 1, &marks);
            let _ = writeln!(out, "<section class=\"row\"><div></div>{block}</section>");
        }
        self.names(out, file);
        out.push_str("</article>\n");
    }

    /// The prose, each stretch beside the block of program that follows it.
    fn literate(&self, out: &mut String, at: usize, text: &str, marks: &[Mark]) {
        let mut prose: Vec<Event<'_>> = Vec::new();
        let mut block: Option<Range<usize>> = None;
        let parser = Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter();
        for (event, place) in parser {
            match (&event, &mut block) {
                (Event::Start(Tag::CodeBlock(kind)), _) if is_fen(kind) => {
                    block = Some(place.end..place.end);
                }
                (Event::Text(_), Some(block)) => {
                    *block = block.start.min(place.start)..place.end;
                }
                (Event::End(TagEnd::CodeBlock), Some(_)) => {
                    let block = block.take().unwrap_or_default();
                    let before = text.get(..block.start).unwrap_or_default();
                    let line = before.matches('\n').count() + 1;
                    let block = code(at, text, block, line, marks);
                    self.row(out, std::mem::take(&mut prose), &block);
                }
                // A picture would have to come from elsewhere: its words stand for it.
                (Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image), None) => {}
                (_, None) => prose.push(safe(event)),
                (_, Some(_)) => {}
            }
        }
        self.row(out, prose, "");
    }

    fn row(&self, out: &mut String, prose: Vec<Event<'_>>, block: &str) {
        if prose.is_empty() && block.is_empty() {
            return;
        }
        let mut words = String::new();
        let mut inside = 0_u32;
        let linked = TextMergeStream::new(prose.into_iter()).map(|event| match event {
            Event::Start(Tag::Link { .. } | Tag::CodeBlock(_)) => {
                inside += 1;
                event
            }
            Event::End(TagEnd::Link | TagEnd::CodeBlock) => {
                inside = inside.saturating_sub(1);
                event
            }
            Event::Text(text) if inside == 0 => Event::InlineHtml(self.linked(&text).into()),
            other => other,
        });
        html::push_html(&mut words, linked);
        let _ = writeln!(out, "<section class=\"row\"><div>{words}</div>{block}</section>");
    }

    /// A text in which the number of an instrument leads to its entry.
    fn linked(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        loop {
            let found = self.law.instruments.iter().enumerate().filter_map(|(at, instrument)| {
                let number = instrument.number.as_str();
                // A short name in Latin letters may be part of any word.
                let telling = number.contains(|letter: char| letter.is_ascii_digit());
                let start = rest.find(number).filter(|_| telling)?;
                Some((start, number, at))
            });
            let first = found.min_by_key(|(start, number, _)| (*start, usize::MAX - number.len()));
            let Some((start, number, at)) = first else { break };
            let before = rest.get(..start).unwrap_or_default();
            let _ = write!(out, "{}{}", escape(before), link(at, number));
            rest = rest.get(start + number.len()..).unwrap_or_default();
        }
        out + &escape(rest)
    }

    /// What is shown in its own way in the program of a file.
    fn marks(&self, file: &PageFile) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        for mention in self.law.mentions.iter().filter(|mention| mention.span.file == file.id) {
            let class = if mention.unverified { " class=\"unverified\"" } else { "" };
            let open = match mention.instrument {
                Some(at) => format!("<a{class} href=\"#i{at}\">"),
                // A value marked by itself may reach over a citation; the list names its line.
                None => continue,
            };
            marks.push(Mark { at: mention.span.range(), open, close: "</a>" });
        }
        for (kind, name, span) in &file.names {
            let title = format!("{} {}: {}", kind.en, kind.zh, both(name));
            let open = format!("<b title=\"{}\">", escape(&title));
            marks.push(Mark { at: span.range(), open, close: "</b>" });
        }
        marks.sort_by_key(|mark| (mark.at.start, mark.at.end));
        marks
    }

    /// Names with their labels in both languages.
    fn names(&self, out: &mut String, file: &PageFile) {
        if file.names.is_empty() {
            return;
        }
        out.push_str(
            "<details><summary>Names 名称</summary>\n<table><tr><th></th><th>name 名称</th>\
             <th>中文</th><th>English</th><th></th></tr>\n",
        );
        for (kind, name, span) in &file.names {
            let label = |label: &Option<String>| escape(label.as_deref().unwrap_or_default());
            let _ = writeln!(
                out,
                "<tr><td>{} {}</td><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                kind.en,
                kind.zh,
                escape(&name.text),
                label(&name.zh),
                label(&name.en),
                self.place(*span)
            );
        }
        out.push_str("</table></details>\n");
    }

    fn instruments(&self, out: &mut String) {
        out.push_str("<article id=\"instruments\">\n<h2>Instruments 法规</h2>\n");
        for (at, instrument) in self.law.instruments.iter().enumerate() {
            let _ = writeln!(out, "<div class=\"instrument\" id=\"i{at}\">");
            self.instrument(out, instrument);
            out.push_str("<ul>\n");
            for mention in self.law.citations(at) {
                let clause = words(&mention.clause);
                let _ = writeln!(out, "<li>{clause} {} {}</li>", what(mention), self.at(mention));
            }
            out.push_str("</ul>\n</div>\n");
        }
        out.push_str("</article>\n");
    }

    fn instrument(&self, out: &mut String, instrument: &Instrument) {
        let _ = write!(out, "<h3>{}</h3>\n<p>", escape(&instrument.number));
        if !instrument.title.is_empty() {
            let _ = write!(out, "{}<br>", escape(&instrument.title));
        }
        if let Some(issued) = instrument.issued {
            let _ = write!(out, "issued 发布 {issued}; ");
        }
        if instrument.unverified {
            out.push_str("<span class=\"unverified\">unverified 未核实</span>; ");
        }
        let _ = write!(out, "<code>{}</code>", escape(&instrument.name));
        for span in &instrument.declared {
            let _ = write!(out, " {}", self.place(*span));
        }
        out.push_str("</p>\n");
    }

    fn readings(&self, out: &mut String) {
        out.push_str("<article id=\"readings\">\n<h2>Readings 释义</h2>\n<dl>\n");
        for reading in &self.law.readings {
            let clause = self.law.clause(reading.instrument, &reading.clause);
            let _ = writeln!(
                out,
                "<dt>{} {} {}</dt>",
                heading(&reading.name),
                words(&clause),
                self.place(reading.span)
            );
            for (at, option) in reading.options.iter().enumerate() {
                let taken = if at == reading.default { " — default 默认" } else { "" };
                let _ = writeln!(out, "<dd>{}{taken}</dd>", heading(option));
            }
            if !reading.because.is_empty() {
                let _ = writeln!(out, "<dd><i>{}</i></dd>", escape(&reading.because));
            }
        }
        out.push_str("</dl>\n</article>\n");
    }

    fn unverified(&self, out: &mut String) {
        out.push_str("<article id=\"unverified\">\n<h2>Unverified 未核实</h2>\n<ul>\n");
        for mention in self.law.mentions.iter().filter(|mention| mention.unverified) {
            let clause = words(&self.law.clause(mention.instrument, &mention.clause));
            let place = self.place(mention.span);
            let _ = writeln!(out, "<li>{} {clause} {place}</li>", what(mention));
        }
        out.push_str("</ul>\n</article>\n");
    }

    fn at(&self, mention: &Mention) -> String {
        let place = self.place(mention.span);
        match mention.unverified {
            true => format!("{place} <span class=\"unverified\">unverified 未核实</span>"),
            false => place,
        }
    }

    /// A place in the rules: a link, where the file is on the page.
    fn place(&self, span: Span) -> String {
        let name = escape(&self.sources.line(span));
        let Some(at) = self.files.iter().position(|file| file.id == span.file) else {
            return format!("<code>{name}</code>");
        };
        let line = LineIndex::new(self.sources.text(span.file)).line_column(span.start).line;
        let id = anchor(at, usize::try_from(line).unwrap_or(0));
        format!("<a href=\"#{id}\"><code>{name}</code></a>")
    }
}

fn is_fen(kind: &CodeBlockKind<'_>) -> bool {
    match kind {
        CodeBlockKind::Fenced(words) => words.split_whitespace().next() == Some("fen"),
        CodeBlockKind::Indented => false,
    }
}

/// The same event, without HTML of the author's and without links that do more than lead somewhere.
fn safe(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let scheme = dest_url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
            let leads = match scheme.as_deref() {
                None => true,
                Some(scheme) => ["http", "https", "mailto"].contains(&scheme),
            };
            let dest_url = if leads { dest_url } else { "#".into() };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    }
}

fn link(at: usize, number: &str) -> String {
    format!("<a href=\"#i{at}\">{}</a>", escape(number))
}

/// Name and labels, for a heading.
fn heading(label: &Label) -> String {
    format!("<code>{}</code> {}", escape(&label.text), escape(&both(label)))
}

/// The labels, each once.
fn both(label: &Label) -> String {
    match (&label.zh, &label.en) {
        (Some(zh), Some(en)) if zh != en => format!("{zh} · {en}"),
        (Some(one), _) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    }
}

fn words(words: &Words) -> String {
    if words.en == words.zh {
        return escape(&words.en);
    }
    format!("{} · {}", escape(&words.en), escape(&words.zh))
}

fn what(mention: &Mention) -> String {
    let kind = mention.of.words();
    format!("{} {} {}", kind.en, kind.zh, heading(&mention.name))
}
