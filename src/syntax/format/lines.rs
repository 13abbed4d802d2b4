//! The row of tokens as lines: indented, spaced, and with the targets of legs in one column.

use unicode_width::UnicodeWidthStr;

use crate::syntax::grammar::Rule;

use super::tokens::{Entry, Stream, Token};

/// A longer leg keeps its `to` to itself: it would push the others off the page.
const COLUMN_MAX: usize = 36;
/// Blanks a level.
const INDENT: usize = 2;

/// One line of the result.
#[derive(Debug, Default)]
struct Line {
    /// Whether an empty line stands before it.
    gap: bool,
    level: usize,
    text: String,
    /// The block of its one leg, and where the `to` of that leg stands in `text`.
    leg: Option<(Option<usize>, usize)>,
}

/// Prints a text, with an end to its last line.
pub(super) fn print(stream: &Stream) -> String {
    let mut lines = Lines::new(stream).collect();
    align(&mut lines);
    let mut text = String::new();
    for line in &lines {
        if line.gap {
            text.push('\n');
        }
        text.extend(std::iter::repeat_n(' ', INDENT * line.level));
        text.push_str(&line.text);
        text.push('\n');
    }
    text
}

/// A bracket that is open, and the level of the line that opened it.
struct Open {
    token: usize,
    level: usize,
}

struct Lines<'s> {
    stream: &'s Stream,
    lines: Vec<Line>,
    open: Vec<Open>,
    /// For each entry, the level of the line it begins on.
    levels: Vec<usize>,
}

impl<'s> Lines<'s> {
    fn new(stream: &'s Stream) -> Lines<'s> {
        let levels = vec![0; stream.entries.len()];
        Lines { stream, lines: Vec::new(), open: Vec::new(), levels }
    }

    fn collect(mut self) -> Vec<Line> {
        let mut before: Option<&Token> = None;
        for (at, token) in self.stream.tokens.iter().enumerate() {
            if self.is_spare(at, token) {
                continue;
            }
            let next_line = before.is_none() || self.breaks_before(at) > 0;
            if next_line {
                let gap = self.breaks_before(at) > 1
                    && !before.is_none_or(|before| opens(before.kind))
                    && !closes(token.kind);
                self.lines.push(Line { gap, level: self.level(at, token), ..Line::default() });
            }
            self.write(at, token, if next_line { None } else { before });
            before = Some(token);
        }
        self.lines
    }

    fn write(&mut self, at: usize, token: &Token, before: Option<&Token>) {
        let Some(line) = self.lines.last_mut() else {
            return;
        };
        if let Some(before) = before {
            let fraction = is_fraction(self.stream, at);
            line.text.push_str(if fraction { "" } else { between(before, token) });
        }
        mark_leg(line, at, token, self.stream, before.is_none());
        line.text.push_str(&token.text);
        let mut begun = token.entry;
        while let Some(index) = begun
            && let Some(entry) = self.stream.entries.get(index)
            && entry.first == at
        {
            if let Some(level) = self.levels.get_mut(index) {
                *level = line.level;
            }
            begun = entry.parent;
        }
        if opens(token.kind) {
            self.open.push(Open { token: at, level: line.level });
        } else if closes(token.kind) {
            self.open.pop();
        }
    }

    /// The line ends before a token, those before spare signs included.
    fn breaks_before(&self, at: usize) -> usize {
        let tokens = &self.stream.tokens;
        let mut breaks = tokens.get(at).map_or(0, |token| token.breaks);
        for earlier in (0..at).rev() {
            match tokens.get(earlier) {
                Some(token) if self.is_spare(earlier, token) => breaks += token.breaks,
                _ => break,
            }
        }
        breaks
    }

    /// A `;` that divides nothing: at the end of a line, before a bracket closes, or after another.
    fn is_spare(&self, at: usize, token: &Token) -> bool {
        if token.kind != Rule::semi {
            return false;
        }
        let mut rest = self.stream.tokens.iter().skip(at + 1);
        let ends_line = match rest.find(|next| next.kind != Rule::semi || next.breaks > 0) {
            None => true,
            Some(next) => next.breaks > 0 || closes(next.kind) || next.kind == Rule::COMMENT,
        };
        let doubled = token.breaks > 0
            || at
                .checked_sub(1)
                .and_then(|before| self.stream.tokens.get(before))
                .is_some_and(|before| before.kind == Rule::semi || opens(before.kind));
        // Between outcomes a line end divides nothing, so there the sign stays.
        (ends_line || doubled) && token.parent != Rule::expected
    }

    /// How far in a line that begins with this token stands.
    fn level(&self, at: usize, token: &Token) -> usize {
        let (at, token) = if token.kind == Rule::COMMENT {
            let mut following = self.stream.tokens.iter().enumerate().skip(at + 1);
            match following.find(|(_, next)| next.kind != Rule::COMMENT) {
                Some(next) => next,
                None => return 0,
            }
        } else if closes(token.kind) {
            return self.open.last().map_or(0, |open| open.level);
        } else {
            (at, token)
        };
        if closes(token.kind) {
            // A comment before the bracket that closes belongs to the content.
            return self.open.last().map_or(0, |open| open.level + 1);
        }
        let mut owner = token.entry.and_then(|entry| self.entry(entry));
        while let Some((_, entry)) = owner
            && entry.first == at
        {
            owner = entry.parent.and_then(|parent| self.entry(parent));
        }
        match (owner, self.open.last()) {
            (None, _) => 0,
            (Some((_, entry)), Some(open)) if open.token >= entry.first => open.level + 1,
            (Some((index, _)), _) => self.levels.get(index).copied().unwrap_or(0) + 1,
        }
    }

    fn entry(&self, index: usize) -> Option<(usize, Entry)> {
        self.stream.entries.get(index).map(|entry| (index, *entry))
    }
}

/// Notes where the `to` stands on a line that is one leg from its first token on.
fn mark_leg(line: &mut Line, at: usize, token: &Token, stream: &Stream, begins: bool) {
    let leg = token.entry.and_then(|index| stream.entries.get(index));
    let Some(leg) = leg.filter(|entry| entry.kind == Rule::leg) else {
        return;
    };
    let first_of_leg = leg.first == at;
    if begins {
        line.leg = first_of_leg.then_some((leg.parent, usize::MAX));
        return;
    }
    match line.leg {
        Some((parent, to)) if parent == leg.parent => {
            if first_of_leg || token.kind == Rule::k_among {
                line.leg = None;
            } else if token.kind == Rule::k_to && token.parent == Rule::target && to == usize::MAX {
                line.leg = Some((parent, line.text.len()));
            }
        }
        _ => {}
    }
}

/// Puts the targets of legs on successive lines into one column.
fn align(lines: &mut [Line]) {
    let mut rest = lines;
    while let Some(first) = rest.first() {
        let key = |line: &Line| line.leg.filter(|(_, to)| *to != usize::MAX).map(|leg| leg.0);
        let group = match key(first) {
            None => 1,
            parent => {
                let level = first.level;
                let more = rest
                    .iter()
                    .skip(1)
                    .take_while(|line| !line.gap && line.level == level && key(line) == parent)
                    .count();
                let (group, _) = rest.split_at_mut(more + 1);
                pad(group);
                more + 1
            }
        };
        rest = rest.split_at_mut(group).1;
    }
}

fn pad(group: &mut [Line]) {
    let width = |line: &Line| {
        let to = line.leg.map_or(0, |(_, to)| to);
        line.text.get(..to).unwrap_or_default().width()
    };
    let widest = group.iter().map(width).filter(|width| *width <= COLUMN_MAX).max().unwrap_or(0);
    for line in group {
        let missing = widest.saturating_sub(width(line));
        if let Some((_, to)) = line.leg {
            line.text.insert_str(to, &" ".repeat(missing));
        }
    }
}

fn opens(kind: Rule) -> bool {
    matches!(kind, Rule::lbrace | Rule::lparen | Rule::lbracket)
}

fn closes(kind: Rule) -> bool {
    matches!(kind, Rule::rbrace | Rule::rparen | Rule::rbracket)
}

/// What stands between two tokens of a line.
fn between(before: &Token, token: &Token) -> &'static str {
    let tight = match (before.kind, token.kind) {
        (_, Rule::COMMENT) => return "  ",
        (Rule::lbrace, Rule::rbrace) => true,
        (Rule::lbrace, _) | (_, Rule::rbrace) => {
            before.parent == Rule::set && before.kind == Rule::lbrace
                || token.parent == Rule::set && token.kind == Rule::rbrace
        }
        (_, Rule::comma | Rule::semi | Rule::dot | Rule::question) => true,
        (_, Rule::percent | Rule::permille | Rule::rparen | Rule::rbracket) => true,
        (Rule::dot | Rule::lparen | Rule::lbracket, _) => true,
        (_, Rule::colon) => matches!(token.parent, Rule::amend_leg | Rule::expected),
        (_, Rule::lparen) => token.parent != Rule::parens,
        (_, Rule::lbracket) => !matches!(token.parent, Rule::list | Rule::given_list),
        (Rule::minus, _) => before.parent == Rule::unary,
        _ => false,
    };
    if tight { "" } else { " " }
}

/// Whether a token is the sign or the lower number of a fraction such as `1/3`.
fn is_fraction(stream: &Stream, at: usize) -> bool {
    let is = |at: usize, kind: Rule| stream.tokens.get(at).is_some_and(|token| token.kind == kind);
    let slash = if is(at, Rule::slash) { Some(at) } else { at.checked_sub(1) };
    slash.is_some_and(|slash| {
        is(slash, Rule::slash)
            && slash.checked_sub(1).is_some_and(|over| is(over, Rule::number))
            && is(slash + 1, Rule::number)
    })
}
