//! A look at text without its grammar: quoted texts, comments and brackets.

/// A piece of text in which a bracket or a word is only itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Comment,
    Text,
    Blank,
    Sign(char),
    Word,
}

/// The kind and the length of the piece a text begins with; none at its end.
pub(super) fn piece(rest: &str) -> Option<(Piece, usize)> {
    let c = rest.chars().next()?;
    Some(match c {
        '#' | '＃' => (Piece::Comment, rest.find(['\n', '\r']).unwrap_or(rest.len())),
        '"' | '＂' | '“' | '「' | '『' => (Piece::Text, text_length(rest, c).0),
        _ if is_word(c) => (Piece::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
        _ if c.is_whitespace() => {
            (Piece::Blank, rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()))
        }
        _ => (Piece::Sign(c), c.len_utf8()),
    })
}

/// Whether a character may be part of a name or a number.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a text with its quotation marks, and whether it closes; one that never does ends with
/// its line.
pub(super) fn text_length(rest: &str, open: char) -> (usize, bool) {
    let close = match open {
        '＂' => '＂',
        '“' => '”',
        '「' => '」',
        '『' => '』',
        _ => '"',
    };
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' | '\r' => return (at, false),
            _ if escaped => escaped = false,
            '\\' if open == '"' => escaped = true,
            _ if c == close => return (at + c.len_utf8(), true),
            _ => {}
        }
    }
    (rest.len(), false)
}

/// The brackets still open at the end of a text, the innermost last.
pub(super) fn open_brackets(text: &str) -> Vec<(usize, char)> {
    let mut open = Vec::new();
    let mut at = 0;
    while let Some((kind, length)) = text.get(at..).and_then(piece) {
        match kind {
            Piece::Sign(sign) if opens(sign) => open.push((at, sign)),
            Piece::Sign(sign) if closes(sign) => {
                open.pop();
            }
            _ => {}
        }
        at += length;
    }
    open
}

pub(super) fn opens(sign: char) -> bool {
    matches!(sign, '(' | '（' | '[' | '［' | '【' | '{' | '｛')
}

pub(super) fn closes(sign: char) -> bool {
    matches!(sign, ')' | '）' | ']' | '］' | '】' | '}' | '｝')
}

/// Where the last word or sign of a text ends, comments and blanks aside.
pub(super) fn end_of_code(text: &str) -> usize {
    let mut end = 0;
    let mut at = 0;
    while let Some((kind, length)) = text.get(at..).and_then(piece) {
        at += length;
        if !matches!(kind, Piece::Comment | Piece::Blank) {
            end = at;
        }
    }
    end
}
