//! Amounts that look like shares whose `%` was forgotten: `60 to a` beside `rest to b`.

use crate::base::Exact;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, ExprKind, Portion, RuleBody, Target};

use super::{Resolver, words};

impl Resolver<'_> {
    /// Warns of whole numbers up to a hundred, and of fractions, that a leg beside a `rest` takes as an
    /// amount. An amount written to the fen (`60.00`) is taken at its word.
    pub(super) fn bare_shares(&mut self, body: &RuleBody) {
        if let RuleBody::Split(split) = body {
            self.bare_in(&split.body);
        }
    }

    fn bare_in(&mut self, target: &Target) {
        match target {
            Target::To(_) | Target::Undetermined { .. } => {}
            Target::Among(among) => self.bare_in(&among.target),
            Target::Graded(graded) => {
                graded.slices.iter().for_each(|slice| self.bare_in(&slice.target));
            }
            Target::Block(block) | Target::InOrder(block) => {
                let beside_rest = block.legs.iter().any(|leg| leg.portion == Portion::Rest);
                for leg in &block.legs {
                    if let (Portion::Share(written), true) = (&leg.portion, beside_rest) {
                        self.found.extend(bare_share(written));
                    }
                    self.bare_in(&leg.target);
                }
            }
        }
    }
}

/// A bare number above one where a rate is meant: nobody can tell 700% from a forgotten `%`.
pub(super) fn bare_rate(written: &ast::Expr) -> Option<Diagnostic> {
    let ExprKind::Number { value, as_rate: false } = &written.kind else { return None };
    if *value <= Exact::ONE {
        return None;
    }
    let (digits, percent) = (value.to_string(), value.mul(&Exact::from_int(100)).ok()?);
    let words = Words::new(
        format!("a rate of {digits} is {percent}%"),
        format!("比率 {digits} 即 {percent}%"),
    );
    let help = Words::new(
        format!("write `{digits}%`, or `{percent}%` if that is meant"),
        format!("请写「{digits}%」；若确指如此，请写「{percent}%」"),
    );
    Some(Diagnostic::error(words::BARE_SHARE, written.span, words).with_help(help))
}

fn bare_share(written: &ast::Expr) -> Option<Diagnostic> {
    let ExprKind::Number { value, as_rate: false } = &written.kind else { return None };
    let digits = value.to_string();
    // With noughts behind the point it is written as money is.
    let as_money = usize::try_from(written.span.end - written.span.start).ok()? > digits.len();
    let hundred = Exact::from_int(100);
    if as_money || *value <= Exact::ZERO || *value > hundred {
        return None;
    }
    let share = if *value < Exact::ONE { value.mul(&hundred).ok()? } else { value.clone() };
    let words = Words::new(
        format!("this leg takes an amount of {digits}, not a share"),
        format!("此分项取金额 {digits}，而非比例"),
    );
    let amount = value.to_decimal_string(2)?;
    // It has to be written otherwise than it stands there.
    let amount = if amount == digits { format!("{amount}0") } else { amount };
    let help = Words::new(
        format!("write `{share}%` if a share is meant, and `{amount}` if an amount is"),
        format!("若指比例，请写「{share}%」；若指金额，请写「{amount}」"),
    );
    Some(Diagnostic::warning(words::BARE_SHARE, written.span, words).with_help(help))
}
