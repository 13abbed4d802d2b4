//! The control totals of a run: what came in is what went out.

use crate::base::Exact;
use crate::diagnostics::Language;

use super::names::Currency;
use super::values::grouped;

/// Counts and sums of a run.
#[derive(Debug, Clone)]
pub struct ControlTotals {
    /// Events in the data, those that cannot be read included.
    pub read: u64,
    /// Events that the run made itself: of the calendar, and stages.
    pub made: u64,
    /// Events allocated.
    pub allocated: u64,
    /// Events set aside.
    pub set_aside: u64,
    /// Of these, those of which it is not known what they would have brought.
    pub set_aside_unknown: u64,
    /// Money, by currency.
    pub currencies: Vec<CurrencyTotals>,
    /// Units given or withheld by settlements.
    pub residue_units: u64,
    /// Open items without amount.
    pub open_items: u64,
}

/// The money of a currency, in minor units.
#[derive(Debug, Clone)]
pub struct CurrencyTotals {
    /// Which currency.
    pub currency: Currency,
    /// What events brought.
    pub inflow: Exact,
    /// What accounts got.
    pub allocated: Exact,
    /// What nobody got yet.
    pub undetermined: Exact,
    /// What events set aside would have brought, where that is known.
    pub set_aside: Exact,
    /// The account and year furthest from what it was owed, settled minus entitled; none where all got
    /// what they were owed.
    pub drift: Option<Drift>,
}

/// How far an account is from what it was owed in a year.
#[derive(Debug, Clone)]
pub struct Drift {
    /// Which account.
    pub account: String,
    /// Which year.
    pub year: i32,
    /// How far, in minor units.
    pub amount: Exact,
}

impl CurrencyTotals {
    /// No money yet.
    pub fn new(currency: Currency) -> CurrencyTotals {
        let [inflow, allocated, undetermined, set_aside] = [Exact::ZERO; 4];
        CurrencyTotals { currency, inflow, allocated, undetermined, set_aside, drift: None }
    }

    /// Whether what came in is what was allocated, is undetermined, or was set aside.
    pub fn balances(&self) -> bool {
        let sum = self.allocated.add(&self.undetermined).and_then(|sum| sum.add(&self.set_aside));
        sum.is_ok_and(|sum| sum == self.inflow)
    }

    fn drift_text(&self, language: Language) -> String {
        let Some(Drift { account, year, amount }) = &self.drift else { return "0".into() };
        let major = amount.mul(&Exact::from_scaled(1, self.currency.scale));
        let amount = major.map_or_else(|_| String::new(), |major| signed(&major));
        match language {
            Language::English => format!("{amount} ({account}, {year})"),
            Language::Chinese => format!("{amount}（{account}，{year}年）"),
        }
    }
}

impl ControlTotals {
    /// Whether the money of every currency balances.
    pub fn balance(&self) -> bool {
        self.currencies.iter().all(CurrencyTotals::balances)
    }

    /// The block that ends a run.
    pub fn draw(&self, language: Language) -> String {
        let mut lines = self.lines(language);
        let drift = match language {
            Language::English => "greatest drift",
            Language::Chinese => "最大偏差",
        };
        match self.currencies.as_slice() {
            [] => lines.push((drift.into(), "0".into())),
            [only] => lines.push((drift.into(), only.drift_text(language))),
            several => lines.extend(several.iter().map(|totals| {
                (format!("{drift} {}", totals.currency.code), totals.drift_text(language))
            })),
        }
        self.drawn(&lines, language)
    }

    /// The block that ends a posting, which knows of no drift, and of events that were there before.
    pub fn draw_posted(&self, already: u64, language: Language) -> String {
        let mut lines = self.lines(language);
        if already > 0 {
            let name = match language {
                Language::English => "events already in the book",
                Language::Chinese => "已在账簿的事项",
            };
            lines.insert(1, (name.to_owned(), grouped(&already.to_string())));
        }
        self.drawn(&lines, language)
    }

    fn lines(&self, language: Language) -> Vec<(String, String)> {
        let pick = |en: &str, zh: &str| match language {
            Language::English => en.to_owned(),
            Language::Chinese => zh.to_owned(),
        };
        let count = |count: u64| grouped(&count.to_string());
        let mut lines = vec![(pick("events read", "读入事项"), count(self.read))];
        if self.made > 0 {
            lines.push((
                pick("events made by the calendar and stages", "历日与清算生成的事项"),
                count(self.made),
            ));
        }
        lines.push((pick("events allocated", "已分配事项"), count(self.allocated)));
        lines.push((pick("events set aside", "搁置事项"), count(self.set_aside)));
        for totals in &self.currencies {
            let code = match self.currencies.len() {
                0 | 1 => String::new(),
                _ => format!(" {}", totals.currency.code),
            };
            let scale = totals.currency.scale;
            let mut add = |name: String, minor: &Exact| {
                lines.push((format!("{name}{code}"), money(minor, scale)));
            };
            add(pick("money in", "金额流入"), &totals.inflow);
            add(pick("  allocated", "  已分配"), &totals.allocated);
            add(pick("  undetermined", "  待定"), &totals.undetermined);
            add(pick("  set aside", "  搁置"), &totals.set_aside);
        }
        if self.set_aside_unknown > 0 {
            let name = pick("set aside with no known amount", "金额不明的搁置事项");
            lines.push((name, count(self.set_aside_unknown)));
        }
        if self.open_items > 0 {
            lines.push((
                pick("open items without amount", "无金额的待定事项"),
                count(self.open_items),
            ));
        }
        lines.push((
            pick("units moved by settlement", "尾差调整的最小单位数"),
            count(self.residue_units),
        ));
        lines
    }

    fn drawn(&self, lines: &[(String, String)], language: Language) -> String {
        let mut text = aligned(lines);
        if !self.balance() {
            text.push_str(match language {
                Language::English => {
                    "internal error: the money does not balance; please report it\n"
                }
                Language::Chinese => "内部错误：金额不平；请报告此问题\n",
            });
        }
        text
    }
}

/// An exact amount, shortened to where it stops mattering.
fn signed(major: &Exact) -> String {
    if let Some(text) = major.to_decimal_string(0).filter(|text| text.len() <= 14) {
        return text;
    }
    let unit = Exact::from_scaled(1, 6);
    let near = major.rounded(crate::base::Rounding::HalfEven, &unit).ok();
    let near = near.and_then(|near| near.to_decimal_string(0));
    near.map_or_else(|| major.to_string(), |near| format!("≈{near}"))
}

fn money(minor: &Exact, scale: u8) -> String {
    let major = minor.mul(&Exact::from_scaled(1, scale)).ok();
    let text = major.and_then(|major| major.to_decimal_string(scale));
    grouped(&text.unwrap_or_else(|| minor.to_string()))
}

/// Names to the left, numbers to the right, both in line.
fn aligned(lines: &[(String, String)]) -> String {
    use unicode_width::UnicodeWidthStr;
    let width = |text: &str| text.width();
    let numbers = |text: &str| text.split(['(', '（']).next().map_or(0, |n| width(n.trim_end()));
    let names = lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    let amounts = lines.iter().map(|(_, amount)| numbers(amount)).max().unwrap_or(0);
    let mut out = String::new();
    for (name, amount) in lines {
        let blanks = names - width(name) + 2 + amounts - numbers(amount);
        out.push_str(name);
        out.push_str(&" ".repeat(blanks));
        out.push_str(amount);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals() -> ControlTotals {
        let mut yuan = CurrencyTotals::new(Currency { code: "CNY".into(), scale: 2 });
        yuan.inflow = Exact::from(123_456_789_i64);
        yuan.allocated = Exact::from(123_400_000_i64);
        yuan.set_aside = Exact::from(56_789_i64);
        let amount = Exact::from_ratio(-1, 3).unwrap();
        yuan.drift = Some(Drift { account: "central".into(), year: 2018, amount });
        ControlTotals {
            read: 12_000,
            made: 0,
            allocated: 11_990,
            set_aside: 10,
            set_aside_unknown: 2,
            currencies: vec![yuan],
            residue_units: 345,
            open_items: 0,
        }
    }

    #[test]
    fn drawn_in_both_languages() {
        insta::assert_snapshot!(totals().draw(Language::English));
        insta::assert_snapshot!(totals().draw(Language::Chinese));
    }

    #[test]
    fn currencies_are_told_apart() {
        let mut totals = totals();
        let mut yen = CurrencyTotals::new(Currency { code: "JPY".into(), scale: 0 });
        let amount = Exact::from_ratio(1, 3).unwrap();
        yen.drift = Some(Drift { account: "upper".into(), year: 2018, amount });
        totals.currencies.push(yen);
        let drawn = totals.draw(Language::English);
        let drift: Vec<&str> = drawn.lines().filter(|line| line.contains("drift")).collect();
        assert!(drift[0].contains("CNY") && drift[0].contains("-0.003"), "{drift:?}");
        assert!(drift[1].contains("JPY") && drift[1].contains("0.333"), "{drift:?}");
    }

    #[test]
    fn what_does_not_balance_says_so() {
        let mut totals = totals();
        totals.currencies[0].allocated = Exact::ZERO;
        assert!(totals.draw(Language::English).contains("does not balance"));
    }
}
