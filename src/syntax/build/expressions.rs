//! Expressions, from the loosest sign to the tightest; what stands alone is in `operands`.

use super::{Builder, Built, Odd};
use crate::base::{Rounding, Span};
use crate::diagnostics::{Diagnostic, Language, Words};
use crate::syntax::ast::{Expr, ExprKind, Operator};
use crate::syntax::codes;
use crate::syntax::function_name;
use crate::syntax::grammar::{Pair, Rule};
use crate::syntax::keywords::keyword;

/// The word between two conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    And,
    Or,
}

impl Builder {
    pub(super) fn expr(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let value = match parts.accept(Rule::choice) {
            Some(choice) => self.choice(choice)?,
            None => return self.operand(parts.any()?),
        };
        let Some(rounding) = parts.accept(Rule::rounding) else {
            return Ok(value);
        };
        let mut parts = self.parts(rounding);
        parts.need(Rule::k_rounded)?;
        let mode = self.rounding_mode(parts.need(Rule::mode)?)?;
        parts.has(Rule::k_to);
        let unit = parts.accept(Rule::number).map(|number| self.number(&number)).transpose()?;
        Ok(Expr { kind: ExprKind::Rounded { value: Box::new(value), mode, unit }, span })
    }

    fn rounding_mode(&self, pair: Pair<'_>) -> Built<Rounding> {
        let mode = self.only(pair)?;
        match mode.as_rule() {
            Rule::k_half_up => Ok(Rounding::HalfUp),
            Rule::k_half_down => Ok(Rounding::HalfDown),
            Rule::k_half_even => Ok(Rounding::HalfEven),
            Rule::k_half_odd => Ok(Rounding::HalfOdd),
            Rule::k_half_ceiling => Ok(Rounding::HalfCeiling),
            Rule::k_half_floor => Ok(Rounding::HalfFloor),
            Rule::k_down => Ok(Rounding::Down),
            Rule::k_up => Ok(Rounding::Up),
            Rule::k_ceiling => Ok(Rounding::Ceiling),
            Rule::k_floor => Ok(Rounding::Floor),
            _ => Err(self.odd(&mode)),
        }
    }

    fn choice(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        if let Some(logic) = parts.accept(Rule::logic) {
            return self.logic(logic);
        }
        parts.need(Rule::k_if)?;
        let condition = self.expr(parts.need(Rule::expr)?)?;
        parts.need(Rule::k_then)?;
        let yes = self.expr(parts.need(Rule::expr)?)?;
        parts.need(Rule::k_else)?;
        let no = self.expr(parts.need(Rule::expr)?)?;
        let kind = ExprKind::If(Box::new(condition), Box::new(yes), Box::new(no));
        Ok(Expr { kind, span })
    }

    fn logic(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut operands: Vec<(Expr, &str)> = Vec::new();
        let mut joints: Vec<Joint> = Vec::new();
        let mut tongue = Language::English;
        for part in self.parts(pair) {
            match part.as_rule() {
                Rule::logic_word => {
                    if !part.as_str().is_ascii() {
                        tongue = Language::Chinese;
                    }
                    joints.push(match self.only(part)?.as_rule() {
                        Rule::k_or => Joint::Or,
                        _ => Joint::And,
                    });
                }
                _ => {
                    let text = self.written(&part);
                    operands.push((self.negation(part)?, text));
                }
            }
        }
        if joints.contains(&Joint::And) && joints.contains(&Joint::Or) {
            let texts: Vec<&str> = operands.iter().map(|(_, text)| *text).collect();
            self.diagnostics.push(mixed(span, &texts, &joints, tongue));
        }
        // `and` first, as most readers would; where both stand the answer is an error anyway.
        let mut rows: Vec<Vec<Expr>> = Vec::new();
        let mut words = std::iter::once(Joint::Or).chain(joints);
        for (operand, _) in operands {
            match (words.next(), rows.last_mut()) {
                (Some(Joint::And), Some(row)) => row.push(operand),
                _ => rows.push(vec![operand]),
            }
        }
        let ands = rows.into_iter().map(|row| joined(row, ExprKind::And)).collect();
        Ok(joined(ands, ExprKind::Or))
    }

    fn negation(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let mut nots = 0;
        while parts.has(Rule::k_not) {
            nots += 1;
        }
        let mut value = self.comparison(parts.need(Rule::comparison)?)?;
        if self.fits_row(nots, span) {
            for _ in 0..nots {
                value = Expr { kind: ExprKind::Not(Box::new(value)), span };
            }
        }
        Ok(value)
    }

    fn comparison(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let left = Box::new(self.additive(parts.need(Rule::additive)?)?);
        let Some(next) = parts.next() else {
            return Ok(*left);
        };
        let kind = match next.as_rule() {
            Rule::compare => {
                let operator = self.operator(&next);
                let right = Box::new(self.additive(parts.need(Rule::additive)?)?);
                ExprKind::Binary(operator, left, right)
            }
            Rule::membership => {
                let mut parts = self.parts(next);
                let negated = parts.has(Rule::k_not);
                parts.need(Rule::k_in)?;
                let within = parts.any()?;
                let within = Box::new(match within.as_rule() {
                    Rule::set => self.set(within)?,
                    _ => self.range(within)?,
                });
                ExprKind::In { value: left, within, negated }
            }
            Rule::binding => {
                let mut parts = self.parts(next);
                parts.need(Rule::k_as)?;
                ExprKind::Bind(left, self.need_name(&mut parts)?)
            }
            _ => return Err(self.odd(&next)),
        };
        Ok(Expr { kind, span })
    }

    fn operator(&mut self, pair: &Pair<'_>) -> Operator {
        let written = pair.as_str();
        let (operator, ours) = match written {
            "<=" | "≤" | "＜＝" => return Operator::LessEqual,
            ">=" | "≥" | "＞＝" => return Operator::GreaterEqual,
            "<" | "＜" => return Operator::Less,
            ">" | "＞" => return Operator::Greater,
            "!=" | "≠" | "！＝" => return Operator::NotEqual,
            "==" => (Operator::Equal, "="),
            "<>" => (Operator::NotEqual, "!="),
            _ => return Operator::Equal,
        };
        let span = self.span(pair);
        self.diagnostics.push(foreign_sign(span, written, ours));
        operator
    }

    fn set(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        Ok(Expr { kind: ExprKind::Set(self.exprs(pair)?), span })
    }

    fn range(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let from = self.additive(parts.need(Rule::additive)?)?;
        let Some(sign) = parts.next() else {
            return Ok(from);
        };
        let closed = sign.as_rule() == Rule::range_closed;
        let to = Box::new(self.additive(parts.need(Rule::additive)?)?);
        Ok(Expr { kind: ExprKind::Range { from: Box::new(from), to, closed }, span })
    }

    pub(super) fn additive(&mut self, pair: Pair<'_>) -> Built<Expr> {
        self.row(pair, Builder::multiplicative)
    }

    fn multiplicative(&mut self, pair: Pair<'_>) -> Built<Expr> {
        self.row(pair, Builder::unary)
    }

    /// `a + b - c`, grouped from the left.
    fn row(
        &mut self,
        pair: Pair<'_>,
        operand: fn(&mut Builder, Pair<'_>) -> Built<Expr>,
    ) -> Built<Expr> {
        let whole = self.span(&pair);
        let mut parts = self.parts(pair);
        let first = parts.any()?;
        let mut defaulted = bare_default(&first);
        let mut before = first.clone();
        let mut value = operand(self, first)?;
        let mut count = 1;
        while let Some(sign) = parts.next() {
            if let Some(pair) = defaulted.take() {
                let span = self.span(&pair);
                self.diagnostics.push(open_default(span, pair.as_str().trim_end(), sign.as_str()));
            }
            let operator = match sign.as_rule() {
                Rule::plus => Operator::Add,
                Rule::minus => Operator::Subtract,
                Rule::star => Operator::Multiply,
                Rule::slash => Operator::Divide,
                _ => return Err(self.odd(&sign)),
            };
            count += 1;
            if !self.fits_row(count, whole) {
                break;
            }
            let next = parts.any()?;
            defaulted = bare_default(&next);
            if is_ratio_per_cent(&before, &sign, &next) {
                let span = self.span(&before).join(self.span(&next));
                self.diagnostics.push(ratio_per_cent(span, before.as_str(), next.as_str()));
            }
            before = next.clone();
            let right = operand(self, next)?;
            let span = value.span.join(right.span);
            let kind = ExprKind::Binary(operator, Box::new(value), Box::new(right));
            value = Expr { kind, span };
        }
        Ok(value)
    }

    fn unary(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let mut signs = 0;
        while parts.has(Rule::minus) {
            signs += 1;
        }
        let mut value = self.defaulted(parts.need(Rule::defaulted)?)?;
        if self.fits_row(signs, span) {
            for _ in 0..signs {
                value = Expr { kind: ExprKind::Negate(Box::new(value)), span };
            }
        }
        Ok(value)
    }

    fn defaulted(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let value = self.dated_value(parts.need(Rule::dated_value)?)?;
        if !parts.has(Rule::k_otherwise) {
            return Ok(value);
        }
        let other = Box::new(self.other(parts.need(Rule::other)?)?);
        Ok(Expr { kind: ExprKind::Otherwise(Box::new(value), other), span })
    }

    /// What stands behind `otherwise`: one value, perhaps with a sign, or a ratio of two numbers.
    fn other(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let mut signs = 0;
        while parts.has(Rule::minus) {
            signs += 1;
        }
        let value = parts.any()?;
        let mut value = match value.as_rule() {
            Rule::ratio => {
                let numbers = self.parts(value).filter(|part| part.as_rule() == Rule::number);
                let mut literals: Vec<Box<Expr>> = Vec::new();
                for number in numbers {
                    let kind = ExprKind::Number { value: self.number(&number)?, as_rate: false };
                    literals.push(Box::new(Expr { kind, span: self.span(&number) }));
                }
                let (Some(right), Some(left)) = (literals.pop(), literals.pop()) else {
                    return Err(Odd { kind: Rule::ratio, span });
                };
                Expr { kind: ExprKind::Binary(Operator::Divide, left, right), span }
            }
            _ => self.dated_value(value)?,
        };
        if self.fits_row(signs, span) {
            for _ in 0..signs {
                value = Expr { kind: ExprKind::Negate(Box::new(value)), span };
            }
        }
        Ok(value)
    }

    pub(super) fn dated_value(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let span = self.span(&pair);
        let mut parts = self.parts(pair);
        let value = self.chain(parts.need(Rule::chain)?)?;
        if !parts.has(Rule::k_at) {
            return Ok(value);
        }
        let day = Box::new(self.chain(parts.need(Rule::chain)?)?);
        Ok(Expr { kind: ExprKind::At(Box::new(value), day), span })
    }

    fn chain(&mut self, pair: Pair<'_>) -> Built<Expr> {
        let whole = self.span(&pair);
        let mut parts = self.parts(pair);
        let mut value = self.primary(parts.need(Rule::primary)?)?;
        let mut count = 1;
        for link in parts {
            count += 1;
            if !self.fits_row(count, whole) {
                break;
            }
            let span = value.span.join(self.span(&link));
            let value_before = Box::new(value);
            let kind = match link.as_rule() {
                Rule::index => ExprKind::Index(value_before, self.exprs(link)?),
                Rule::arguments => ExprKind::Call(callee(value_before), self.exprs(link)?),
                Rule::access => {
                    let name = self.need_name(&mut self.parts(link))?;
                    ExprKind::Access(value_before, name)
                }
                _ => return Err(self.odd(&link)),
            };
            value = Expr { kind, span };
        }
        Ok(value)
    }
}

/// What is called: a built-in function goes by its English name in either tongue.
fn callee(mut called: Box<Expr>) -> Box<Expr> {
    if let ExprKind::Name(name) = &mut called.kind
        && let Some((english, _)) = function_name(name)
    {
        english.clone_into(name);
    }
    called
}

/// One operand stays as it is; several become a row.
fn joined(mut operands: Vec<Expr>, kind: fn(Vec<Expr>) -> ExprKind) -> Expr {
    let span = operands.iter().map(|operand| operand.span).reduce(Span::join).unwrap_or_default();
    match (operands.len(), operands.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            operands.extend(last);
            Expr { kind: kind(operands), span }
        }
    }
}

/// A comparison as other languages write it.
fn foreign_sign(span: Span, written: &str, ours: &str) -> Diagnostic {
    Diagnostic::error(
        codes::FOREIGN_SIGN,
        span,
        Words::new(
            format!("`{written}` is not a sign of Fen"),
            format!("Fen 没有符号「{written}」"),
        ),
    )
    .with_help(Words::new(format!("write `{ours}`"), format!("请写「{ours}」")))
    .with_fix(span, ours)
}

/// The `x otherwise y` without brackets at the end of an operand.
fn bare_default<'p>(operand: &Pair<'p>) -> Option<Pair<'p>> {
    let inner = operand.clone().into_inner();
    match operand.as_rule() {
        Rule::multiplicative | Rule::unary => inner.last().and_then(|last| bare_default(&last)),
        Rule::defaulted => {
            let is_default = inner.into_iter().any(|part| part.as_rule() == Rule::k_otherwise);
            is_default.then(|| operand.clone())
        }
        _ => None,
    }
}

/// `x otherwise y + z`, which can be read in two ways.
fn open_default(span: Span, written: &str, sign: &str) -> Diagnostic {
    Diagnostic::error(
        codes::OPEN_DEFAULT,
        span,
        Words::new(
            format!("`{sign}` behind `otherwise` can be read in two ways"),
            format!("「缺省为」之后的「{sign}」有两种读法"),
        ),
    )
    .with_help(Words::new(
        format!(
            "set brackets: `({written}) {sign} …`, or around all that stands behind `otherwise`"
        ),
        format!("请加括号：「({written}) {sign} …」，或把「缺省为」之后的全部括起来"),
    ))
}

/// Whether a number, a stroke and a number in percent stand close together: `2/3%`.
fn is_ratio_per_cent(before: &Pair<'_>, sign: &Pair<'_>, next: &Pair<'_>) -> bool {
    let digits = |text: &str| text.chars().all(|it| it.is_ascii_digit() || it == '.');
    let per_cent = next.as_str().trim_end().strip_suffix(['%', '％', '‰']);
    sign.as_rule() == Rule::slash
        && sign.as_span().end() == next.as_span().start()
        && digits(before.as_str())
        && per_cent.is_some_and(digits)
}

/// `2/3%`, which can be read in two ways.
fn ratio_per_cent(span: Span, before: &str, next: &str) -> Diagnostic {
    let next = next.trim_end();
    Diagnostic::error(
        codes::RATIO_PER_CENT,
        span,
        Words::new(
            format!("`{before}/{next}` can be read in two ways"),
            format!("「{before}/{next}」有两种读法"),
        ),
    )
    .with_help(Words::new(
        format!(
            "write `{before} / {next}` for a quotient, or the ratio without a sign, such as `1/150`"
        ),
        format!("求商请写「{before} / {next}」；比例请写成不带百分号的分数，如「1/150」"),
    ))
}

/// `and` beside `or`, with both ways to read it.
fn mixed(span: Span, operands: &[&str], joints: &[Joint], tongue: Language) -> Diagnostic {
    let first = reading(operands, joints, Joint::And, tongue);
    let second = reading(operands, joints, Joint::Or, tongue);
    let word = |name: &str| keyword(name).map_or("", |keyword| keyword.spelling(tongue));
    let [and, or, all_of, any_of] = ["and", "or", "all_of", "any_of"].map(word);
    Diagnostic::error(
        codes::AND_OR_MIXED,
        span,
        Words::new(
            format!("`{and}` and `{or}` stand side by side, which can be read in two ways"),
            format!("「{and}」与「{or}」并列，有两种读法"),
        ),
    )
    .with_help(Words::new(
        format!("write `{first}` or `{second}`, or use `{all_of} {{ … }}` and `{any_of} {{ … }}`"),
        format!("请写「{first}」或「{second}」，也可用「{all_of} {{ … }}」「{any_of} {{ … }}」"),
    ))
}

/// The row with brackets around what `tight` joins.
fn reading(operands: &[&str], joints: &[Joint], tight: Joint, tongue: Language) -> String {
    let word = |joint: Joint| {
        let name = match joint {
            Joint::And => "and",
            Joint::Or => "or",
        };
        format!(" {} ", keyword(name).map_or(name, |keyword| keyword.spelling(tongue)))
    };
    let mut rows: Vec<(Option<Joint>, Vec<String>)> = Vec::new();
    let words = std::iter::once(None).chain(joints.iter().copied().map(Some));
    for (joint, operand) in words.zip(operands.iter().map(|operand| shorten(operand))) {
        match rows.last_mut() {
            Some((_, row)) if joint == Some(tight) => row.push(operand),
            _ => rows.push((joint, vec![operand])),
        }
    }
    let mut text = String::new();
    for (joint, row) in rows {
        text.extend(joint.map(word));
        match row.as_slice() {
            [only] => text.push_str(only),
            several => text.push_str(&format!("({})", several.join(&word(tight)))),
        }
    }
    text
}

/// Enough of a condition to know it again.
fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    if line.chars().count() <= 40 && line.len() == text.len() {
        return line.to_owned();
    }
    let head: String = line.chars().take(38).collect();
    format!("{}…", head.trim_end())
}
