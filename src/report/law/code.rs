//! A block of Fen as HTML: a numbered line a line, citations as links.

use std::fmt::Write;
use std::ops::Range;

use super::page::escape;

/// A stretch of the text that is shown in its own way.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// Where, in bytes of the file.
    pub(super) at: Range<usize>,
    /// The element to put it in, opened and closed.
    pub(super) open: String,
    pub(super) close: &'static str,
}

/// The lines of a block, each with the anchor that lists of places point at.
///
/// `marks` are those of the file, in the order of their places; `first_line` is the number of the
/// block's first line.
pub(super) fn code(
    file: usize,
    text: &str,
    block: Range<usize>,
    first_line: usize,
    marks: &[Mark],
) -> String {
    let mut out = String::from("<pre class=\"fen\">");
    let mut start = block.start;
    for (number, line) in (first_line..).zip(text.get(block).unwrap_or_default().lines()) {
        let id = anchor(file, number);
        let _ = write!(out, "<span class=\"l\" id=\"{id}\"><a href=\"#{id}\">{number}</a>");
        let program = program(line);
        marked(&mut out, program, start, marks);
        if let Some(comment) = line.get(program.len()..).filter(|comment| !comment.is_empty()) {
            let _ = write!(out, "<i>{}</i>", escape(comment));
        }
        out.push_str("</span>\n");
        // `lines` takes away a line end of one byte, or of two.
        let ended = text.get(start + line.len()..).unwrap_or_default();
        start += line.len() + if ended.starts_with("\r\n") { 2 } else { 1 };
    }
    out.push_str("</pre>\n");
    out
}

/// The id of a line.
pub(super) fn anchor(file: usize, line: usize) -> String {
    format!("f{file}-l{line}")
}

fn marked(out: &mut String, program: &str, start: usize, marks: &[Mark]) {
    let end = start + program.len();
    let mut done = start;
    let first = marks.partition_point(|mark| mark.at.start < start);
    for mark in marks.get(first..).unwrap_or_default() {
        if mark.at.start >= end {
            break;
        }
        // A mark inside the one before would nest links.
        if mark.at.start < done {
            continue;
        }
        let stop = mark.at.end.min(end);
        let before = program.get(done - start..mark.at.start - start).unwrap_or_default();
        let inside = program.get(mark.at.start - start..stop - start).unwrap_or_default();
        let _ = write!(out, "{}{}{}{}", escape(before), mark.open, escape(inside), mark.close);
        done = stop;
    }
    out.push_str(&escape(program.get(done - start..).unwrap_or_default()));
}

/// The part of a line before its comment.
fn program(line: &str) -> &str {
    let mut closes = None;
    let mut escaped = false;
    for (at, letter) in line.char_indices() {
        match closes {
            Some('"') if escaped => escaped = false,
            Some('"') if letter == '\\' => escaped = true,
            Some(close) if letter == close => closes = None,
            Some(_) => {}
            None => match letter {
                '"' => closes = Some('"'),
                '“' => closes = Some('”'),
                '「' => closes = Some('」'),
                '『' => closes = Some('』'),
                '#' | '＃' => return line.get(..at).unwrap_or(line),
                _ => {}
            },
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sharp_in_a_text_opens_no_comment() {
        assert_eq!(program("a \"#1\" # why"), "a \"#1\" ");
        assert_eq!(program("a \"\\\"#\" “#” # why"), "a \"\\\"#\" “#” ");
        assert_eq!(program("plain"), "plain");
    }

    #[test]
    fn marks_stand_where_they_are_and_never_nest() {
        let text = "x per <a>\nb\n";
        let mark = |at: Range<usize>| Mark { at, open: "<b>".to_owned(), close: "</b>" };
        let out = code(1, text, 0..text.len(), 7, &[mark(2..9), mark(6..9), mark(10..11)]);
        let line = |number: u32| {
            format!("<span class=\"l\" id=\"f1-l{number}\"><a href=\"#f1-l{number}\">{number}</a>")
        };
        let wanted = format!(
            "<pre class=\"fen\">{}x <b>per &lt;a&gt;</b></span>\n{}<b>b</b></span>\n</pre>\n",
            line(7),
            line(8)
        );
        assert_eq!(out, wanted);
    }
}
