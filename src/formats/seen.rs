//! How a spreadsheet lets a number be seen, by the format of its cell.

/// How the format of its cell lets a number be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// By its digits.
    Digits,
    /// Times a hundred, with a percent sign.
    Percent,
    /// As so many of a unit: `0.00"万元"`.
    Scaled,
    /// With a sign, a percent sign or digits that are none of it (`"-"0.00`), or without its sign or some
    /// of its digits: `0,` for thousands.
    Altered,
    /// With signs that are none of its digits, or without some of them.
    Otherwise,
}

/// A section of a format: there may be one for numbers above nought, one for those below it, and more.
#[derive(Debug, Default)]
struct Section {
    /// What is no text, with the places of digits.
    left: String,
    /// Text that stands for itself.
    literal: String,
    percent: bool,
    /// Whether it is shown in red, which is how many mark what is below nought.
    red: bool,
    /// Whether it says for which numbers it is.
    conditional: bool,
}

impl Seen {
    /// A number, below nought or not, by a format as Excel writes it.
    pub(super) fn by(format: &str, negative: bool) -> Seen {
        let sections = sections(format);
        let conditional = sections.iter().any(|section| section.conditional);
        match sections.as_slice() {
            // Such numbers are shown as this says, and their sign only if it does.
            [_, below, ..] if negative && !conditional => {
                let (unsigned, signed) = below.without_sign();
                if signed || below.red { unsigned.seen() } else { Seen::Altered }
            }
            [first, ..] if !format.is_empty() => first.seen(),
            _ => Seen::Digits,
        }
    }
}

fn sections(format: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut own = Section::default();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ';' => sections.push(std::mem::take(&mut own)),
            '%' => own.percent = true,
            '"' => own.literal.extend(letters.by_ref().take_while(|it| *it != '"')),
            // What follows stands for itself, or for the room that it takes.
            '\\' | '!' => own.literal.extend(letters.next().filter(|it| !it.is_whitespace())),
            '_' | '*' => drop(letters.next()),
            // A colour, a condition, a language or a currency.
            '[' => {
                let inside: String = letters.by_ref().take_while(|it| *it != ']').collect();
                own.red |= inside.eq_ignore_ascii_case("red") || inside.starts_with('红');
                own.conditional |= inside.starts_with(['<', '>', '=']);
                if inside.starts_with('$') && !inside.starts_with("$-") {
                    own.literal.push('$');
                }
            }
            other => own.left.push(other),
        }
    }
    sections.push(own);
    sections
}

impl Section {
    /// Without the sign that it gives what is below nought, and whether there is one.
    fn without_sign(&self) -> (Section, bool) {
        let (left, literal) = (self.left.replace(is_sign, ""), self.literal.replace(is_sign, ""));
        let signed = has_sign(&self.left) || self.literal.contains(is_sign);
        (Section { left, literal, ..*self }, signed)
    }

    fn seen(&self) -> Seen {
        let (left, literal) = (self.left.trim(), self.literal.as_str());
        let plain = left.eq_ignore_ascii_case("general") || left == "@";
        let shows_none = !plain && !left.contains(['0', '#', '?']);
        if shows_none
            || has_sign(left)
            || matches!(literal, "()" | "（）")
            || literal.contains(|it: char| it.is_ascii_digit() || "-−%‰％".contains(it))
            || in_thousands(left)
        {
            Seen::Altered
        } else if self.percent {
            Seen::Percent
        } else if literal.contains(['万', '萬', '亿', '億', '千', '仟', '百', '佰']) {
            Seen::Scaled
        } else if literal.is_empty() && (plain || ["", "0"].contains(&left.trim_start_matches('#')))
        {
            Seen::Digits
        } else {
            Seen::Otherwise
        }
    }
}

fn is_sign(letter: char) -> bool {
    "-−()（）".contains(letter)
}

/// Whether there is a sign beside the places of digits; that behind an `E` is the exponent's.
fn has_sign(left: &str) -> bool {
    left.replace("E-", "E").replace("e-", "e").contains(is_sign)
}

/// Whether a comma stands behind the digits of a format, which takes three of them away.
fn in_thousands(format: &str) -> bool {
    let is_digit = |it: &char| matches!(it, '0' | '#' | '?');
    let whole = format.split('.').next().unwrap_or_default();
    let scaled = |part: &str| {
        let behind = part.trim_end_matches(|it: char| it != ',' && !is_digit(&it));
        behind.ends_with(',') && behind.contains(|it: char| is_digit(&it))
    };
    scaled(whole) || scaled(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(formats: &[&str], negative: bool, wanted: Seen) {
        for format in formats {
            assert_eq!(Seen::by(format, negative), wanted, "{format}");
        }
    }

    #[test]
    fn a_format_lets_digits_be_seen_or_other_signs() {
        let digits = ["", "General", "general", "0", "#", "##0", "@", "0_ ", "[红色]0"];
        check(&digits, false, Seen::Digits);
        check(&digits, true, Seen::Digits);
        check(&["0_);[Red]\\(0\\)", "0;[Red]0", "0;-0", "0;;"], false, Seen::Digits);
        check(&["0%", "0.00%", "#,##0%;-0"], false, Seen::Percent);
        let otherwise = [
            "000000",
            "00",
            "0.00",
            "#,##0",
            "\"A\"0",
            "[$￥-804]0",
            "0.00E+00",
            "0.00E-00",
            "# ?/?",
            "0.00\"元\"",
            "0.00\"(元)\"",
            "+0.00",
        ];
        check(&otherwise, false, Seen::Otherwise);
        check(&otherwise, true, Seen::Otherwise);
        check(&["0.00\"万元\"", "0.0\\万"], false, Seen::Scaled);
        check(
            &["0,", "0.0,", "#,##0,", "#,##0.00,,", "0,\"K\"", "0!.0,\"万元\""],
            false,
            Seen::Altered,
        );
        check(&["\"-\"0.00", "0.0\"%\"", "\"5\"0", "0\\-0"], false, Seen::Altered);
    }

    /// A cell that shows 12.30 as -12.30 or (12.30), or -7 as 7, says another number than it holds.
    #[test]
    fn a_sign_is_that_of_the_number_or_it_is_altered() {
        let minus = ["-0.00", "[Red]-0.00", "[Red]-0.00;0.00", "-0.00;-0.00", "(0.00)", "\\(0\\)"];
        check(&minus, false, Seen::Altered);
        check(&["-0.00", "(0.00)"], true, Seen::Altered);
        check(&["0;0", "0.00;0.00", "0;\"x\"0", "[Blue]0;[Blue]0"], true, Seen::Altered);
        check(&["\"x\"", ";;;", "\"\""], false, Seen::Altered);
        check(&["\"x\"", ";;;", "0;;"], true, Seen::Altered);
        check(&["0;-0", "0_);(0)", "0;[Red]0", "0;[红色]0", "0;[Red]-0"], true, Seen::Digits);
        let usual = ["#,##0.00_);(#,##0.00)", "0.00;[Red]-0.00", "#,##0.00_);[Red]\\(#,##0.00\\)"];
        check(&usual, false, Seen::Otherwise);
        check(&usual, true, Seen::Otherwise);
        let accounts = "_(* #,##0.00_);_(* \\(#,##0.00\\);_(* \"-\"??_);_(@_)";
        check(
            &[accounts, "_-* #,##0.00_-;-* #,##0.00_-;_-* \"-\"??_-;_-@_-"],
            false,
            Seen::Otherwise,
        );
        check(
            &[accounts, "_-* #,##0.00_-;-* #,##0.00_-;_-* \"-\"??_-;_-@_-"],
            true,
            Seen::Otherwise,
        );
        check(&["0.00;-0.00\"万元\""], true, Seen::Scaled);
        check(&["0%;-0%"], true, Seen::Percent);
    }
}
