//! From the text of a file to its tree.

use pest::Parser;

use crate::base::{FileId, Span};
use crate::diagnostics::{Diagnostic, Words};

use super::ast::{File, Item};
use super::build::{Builder, Odd};
use super::grammar::{Grammar, Pair, Rule};
use super::hints::{distance, opening_word};
use super::keywords::keywords;
use super::scan::{Piece, is_word, piece};
use super::{codes, fences, nesting, unexpected};

/// Reads the text of a file into its tree, and says what is wrong with its spelling.
///
/// In literate Fen (`literate`, files that end in `.fen.md`) the program is in the fenced blocks that
/// say `fen`; places are those of the whole file in either case. There is always a tree: a
/// declaration that cannot be read is missing from it and costs one error. Diagnostics come in the
/// order of their places.
///
/// # Example: one broken declaration of two
/// ```
/// use fenshui::base::FileId;
/// use fenshui::syntax::parse;
///
/// let text = "account central \"中央国库\"\npool local per\n";
/// let (file, diagnostics) = parse(FileId(0), text, false);
/// assert_eq!(file.items.len(), 1);
/// assert_eq!(diagnostics.len(), 1);
/// assert_eq!(diagnostics[0].code.0, "F0101");
/// ```
pub fn parse(file: FileId, text: &str, literate: bool) -> (File, Vec<Diagnostic>) {
    let whole = 0..text.len();
    let (blocks, mut diagnostics) =
        if literate { fences::blocks(file, text) } else { (vec![whole], Vec::new()) };
    let mut items = Vec::new();
    let mut broken = Vec::new();
    for block in blocks {
        let program = text.get(block.clone()).unwrap_or_default();
        let mut builder = Builder::new(file, block.start);
        let tree = parse_program(&mut builder, file, block.start, program, &mut broken);
        items.extend(tree);
        diagnostics.append(&mut builder.diagnostics);
    }
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    (File { items, broken }, diagnostics)
}

/// The declarations of one block of the file.
fn parse_program(
    builder: &mut Builder,
    file: FileId,
    offset: usize,
    program: &str,
    broken: &mut Vec<String>,
) -> Vec<Item> {
    let (shown, mut too_deep) = nesting::limit(file, offset, program, &starts_item);
    builder.diagnostics.append(&mut too_deep);
    let Ok(mut pairs) = Grammar::parse(Rule::program, &shown) else {
        // `junk` takes whatever is no declaration, so a program always parses.
        let at = u32::try_from(offset).unwrap_or(u32::MAX);
        builder.diagnostics.push(internal(Span::new(file, at, at), "program"));
        return Vec::new();
    };
    let items = pairs.next().map(Pair::into_inner).into_iter().flatten();
    let mut tree = Vec::new();
    for item in items.filter(|pair| pair.as_rule() == Rule::item) {
        for part in item.into_inner() {
            match part.as_rule() {
                Rule::declaration => tree.extend(built(builder, part)),
                Rule::junk => {
                    for (at, text) in pieces(part.as_str()) {
                        let start = offset + part.as_span().start() + at;
                        let item = reread(builder, file, start, text);
                        if item.is_none() {
                            broken.extend(words_of(text));
                        }
                        tree.extend(item);
                    }
                }
                _ => {}
            }
        }
    }
    tree
}

/// Cuts a broken text where a line begins with what is nearly the word of a declaration, so that a
/// declaration with a misspelt word costs an error of its own.
fn pieces(junk: &str) -> Vec<(usize, &str)> {
    let mut pieces = vec![(0, junk)];
    let mut at = 0;
    for line in junk.split_inclusive('\n') {
        if at > 0
            && nearly_starts_item(line)
            && let Some((start, piece)) = pieces.pop()
        {
            let (before, after) = piece.split_at(at - start);
            pieces.extend([(start, before), (at, after)]);
        }
        at += line.len();
    }
    pieces
}

/// The words of a text that could not be read. Which of them it meant to declare is not known; the
/// trees of regions and taxes also declare a type.
fn words_of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some((kind, length)) = text.get(at..).and_then(piece) {
        let word = text.get(at..at + length).unwrap_or_default();
        let is_name = kind == Piece::Word && !word.starts_with(|c: char| c.is_ascii_digit());
        if is_name && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
        at += length;
    }
    for (opening, types) in
        [(["regions", "地区"], ["Region", "地区"]), (["taxes", "税种"], ["Tax", "税种"])]
    {
        if words.first().is_some_and(|first| opening.contains(&first.as_str())) {
            words.extend(types.map(str::to_owned));
        }
    }
    words
}

/// Whether a line in the first column opens with a misspelt word of a declaration.
fn nearly_starts_item(line: &str) -> bool {
    let word = line.split(|c| !is_word(c)).next().unwrap_or_default();
    let near = |spelling: &str| distance(word, spelling).is_some() && starts_item(spelling);
    let mut spellings = keywords().iter().flat_map(|keyword| keyword.en.iter().chain(&keyword.zh));
    !word.is_empty()
        && (opening_word(word).is_some_and(starts_item) || spellings.any(|spelling| near(spelling)))
}

/// Reads a broken declaration alone, for the exact place of its error.
fn reread(builder: &mut Builder, file: FileId, start: usize, junk: &str) -> Option<Item> {
    match Grammar::parse(Rule::single, junk) {
        Ok(mut pairs) => {
            let mut parts = pairs.next()?.into_inner();
            let declaration = parts.find(|part| part.as_rule() == Rule::declaration)?;
            let mut alone = Builder::new(file, start);
            let item = built(&mut alone, declaration);
            builder.diagnostics.append(&mut alone.diagnostics);
            item
        }
        Err(error) => {
            builder.diagnostics.push(unexpected::explain(file, start, junk, &error));
            None
        }
    }
}

fn built(builder: &mut Builder, declaration: Pair<'_>) -> Option<Item> {
    match builder.item(declaration) {
        Ok(item) => Some(item),
        Err(Odd { kind, span }) => {
            builder.diagnostics.push(internal(span, &format!("{kind:?}")));
            None
        }
    }
}

/// Whether a text begins with a word that opens a declaration.
pub(super) fn starts_item(text: &str) -> bool {
    Grammar::parse(Rule::item_word, text).is_ok()
}

/// What cannot happen, and did.
pub(super) fn internal(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        codes::INTERNAL,
        span,
        Words::new(
            format!("the reader of Fen contradicted itself here (`{what}`)"),
            format!("程序读取此处时自相矛盾（「{what}」）"),
        ),
    )
    .with_help(Words::new(
        "this is a bug: please report it with this declaration",
        "这是程序的错误：请附上此声明反馈",
    ))
}
