//! What the amounts of a file are counted in: `单位：万元` above a table means ten thousand of what its
//! digits say. Nothing is rounded: a digit stands for what it stands for in that unit.

/// A power of ten of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    name: &'static str,
    tens: u8,
}

/// The units in which Chinese tables are kept.
const UNITS: [Unit; 5] = [
    Unit { name: "元", tens: 0 },
    Unit { name: "千元", tens: 3 },
    Unit { name: "万元", tens: 4 },
    Unit { name: "百万元", tens: 6 },
    Unit { name: "亿元", tens: 8 },
];

impl Unit {
    /// The unit of a name such as `万元`.
    pub fn named(name: &str) -> Option<Unit> {
        UNITS.into_iter().find(|unit| unit.name == name)
    }

    /// What tables call it.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// How many tens are multiplied for it.
    pub fn tens(self) -> u8 {
        self.tens
    }

    /// An amount in this unit, in plain digits, as one of the currency; nothing if it is none.
    pub(super) fn plain(self, amount: &str) -> Option<String> {
        let (whole, fraction) = amount.split_once('.').unwrap_or((amount, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return None;
        }
        let tens = usize::from(self.tens);
        let fraction = format!("{fraction:0<tens$}");
        let (more, rest) = fraction.split_at_checked(tens)?;
        let whole = format!("{whole}{more}");
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        Some(if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_moves_and_no_digit_is_lost() {
        let plain = |name: &str, text: &str| Unit::named(name).unwrap().plain(text);
        for (name, text, wanted) in [
            ("万元", "123.46", Some("1234600")),
            ("万元", "123", Some("1230000")),
            ("万元", "0.00", Some("0")),
            ("万元", "0.0001", Some("1")),
            ("万元", "1.234567", Some("12345.67")),
            ("万元", "1.2345678", Some("12345.678")),
            ("亿元", "0.5", Some("50000000")),
            ("千元", "007.5", Some("7500")),
            ("元", "12.30", Some("12.30")),
            ("元", "12", Some("12.0")),
            ("万元", "12.", None),
            ("万元", ".5", None),
            ("万元", "1e3", None),
            ("万元", "15.00元", None),
            ("万元", "-1", None),
        ] {
            assert_eq!(plain(name, text).as_deref(), wanted, "{text} {name}");
        }
        assert_eq!(Unit::named("万"), None);
    }
}
