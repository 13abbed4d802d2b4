//! How each word and sign is written.

use crate::diagnostics::Language;
use crate::syntax::build::half_width;
use crate::syntax::grammar::Rule;
use crate::syntax::keywords::keyword;

use super::tokens::Token;

/// The one way we write a token; keywords in the tongue asked for, or their own.
pub(super) fn spelling(
    kind: Rule,
    written: &str,
    to: Option<Language>,
    before: Option<&Token>,
) -> String {
    if let Some(text) = sign(kind, written) {
        return text.to_owned();
    }
    match kind {
        Rule::COMMENT => comment(written),
        Rule::text => quoted(written),
        Rule::number
        | Rule::date_literal
        | Rule::month_literal
        | Rule::quarter_literal
        | Rule::leg_number => half_width(written),
        Rule::cite_number => half_width(written).replace('（', "(").replace('）', ")"),
        _ => word(kind, written, to, before).unwrap_or_else(|| written.to_owned()),
    }
}

/// The half-width twin.
fn sign(kind: Rule, written: &str) -> Option<&'static str> {
    Some(match kind {
        Rule::semi => ";",
        Rule::comma => ",",
        Rule::colon => ":",
        Rule::lbrace => "{",
        Rule::rbrace => "}",
        Rule::lparen => "(",
        Rule::rparen => ")",
        Rule::lbracket => "[",
        Rule::rbracket => "]",
        Rule::dot => ".",
        Rule::equals => "=",
        Rule::question => "?",
        Rule::percent => "%",
        Rule::plus => "+",
        Rule::minus => "-",
        Rule::star => "*",
        Rule::slash => "/",
        Rule::range_open => "..",
        Rule::range_closed => "..=",
        Rule::compare => match written {
            "≤" | "＜＝" | "<=" => "<=",
            "≥" | "＞＝" | ">=" => ">=",
            "≠" | "！＝" | "!=" => "!=",
            "＜" | "<" => "<",
            "＞" | ">" => ">",
            _ => "=",
        },
        _ => return None,
    })
}

fn comment(written: &str) -> String {
    let text = written.trim_start_matches(['#', '＃']).trim_end();
    let marks = written.chars().take_while(|c| matches!(c, '#' | '＃')).count();
    format!("{}{text}", "#".repeat(marks))
}

/// `“…”` as `"…"`.
fn quoted(written: &str) -> String {
    if written.starts_with('"') {
        return written.to_owned();
    }
    let mut inner = written.chars();
    inner.next();
    inner.next_back();
    format!("\"{}\"", inner.as_str().replace('\\', "\\\\").replace('"', "\\\""))
}

/// The spelling of a keyword; none for other words.
fn word(kind: Rule, written: &str, to: Option<Language>, before: Option<&Token>) -> Option<String> {
    let own = if written.is_ascii() { Language::English } else { Language::Chinese };
    let tongue = to.unwrap_or(own);
    if kind == Rule::k_agreement_bare {
        // `agreement of` without its members is `agreement`; in Chinese both are one word.
        let spelling = keyword("agreement")?.spelling(tongue);
        return spelling.split(' ').next().map(str::to_owned);
    }
    let name = format!("{kind:?}");
    let keyword = keyword(name.strip_prefix("k_")?)?;
    let one = before.is_some_and(|token| token.kind == Rule::number && token.text == "1");
    let counted = matches!(kind, Rule::k_years | Rule::k_quarters | Rule::k_months | Rule::k_days);
    if counted && one && tongue == Language::English {
        return keyword.en.last().map(|singular| (*singular).to_owned());
    }
    Some(keyword.spelling(tongue).to_owned())
}
