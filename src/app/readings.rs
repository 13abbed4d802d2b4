//! Readings chosen for a run: `three_years=by_fiscal_years`.

use crate::diagnostics::Words;
use crate::model::{ReadingId, RuleSet};
use crate::plan::Choices;
use crate::report::names::{folded, nearest};

/// Reads choices written `NAME=VALUE`, by name or label.
///
/// # Errors
/// There is no such reading, or it has no such option.
pub fn choices(rules: &RuleSet, written: &[String]) -> Result<Choices, Words> {
    let mut choices = Choices::default();
    for text in written {
        let (name, option) = text.split_once(['=', '＝']).ok_or_else(|| {
            Words::new(
                format!("`{text}` is no choice of a reading: write `NAME=VALUE`"),
                format!("「{text}」不是释义的选择：请写成 名称=取值"),
            )
        })?;
        let (id, position) = choice(rules, &folded(name), &folded(option))?;
        choices.readings.insert(id, position);
    }
    Ok(choices)
}

fn choice(rules: &RuleSet, name: &str, option: &str) -> Result<(ReadingId, u32), Words> {
    let spelled = |declared: &crate::model::Name, spelling: &str| {
        super::names::label(declared).spellings().any(|own| own == spelling)
    };
    let found = rules.readings.iter().position(|reading| spelled(&reading.name, name));
    let Some((at, reading)) = found.and_then(|at| Some((at, rules.readings.get(at)?))) else {
        let known = rules.readings.iter().map(|reading| reading.name.text.as_str());
        return Err(unknown(("reading", "释义"), name, known));
    };
    let position = reading.options.iter().position(|known| spelled(known, option));
    let Some(position) = position.and_then(|at| u32::try_from(at).ok()) else {
        let known = reading.options.iter().map(|option| option.text.as_str());
        return Err(unknown(("option", "选项"), option, known));
    };
    Ok((ReadingId::next(at), position))
}

/// Says that there is no such thing, and which there are.
pub fn unknown<'a>(
    kind: (&str, &str),
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Words {
    let listed: Vec<&str> = known.clone().collect();
    let (en, zh) = match (nearest(name, known), listed.as_slice()) {
        (Some(near), _) => (format!("did you mean `{near}`?"), format!("是否应为「{near}」？")),
        (None, []) => ("the rules have none".to_owned(), "规则中没有".to_owned()),
        (None, some) => {
            (format!("there are: {}", some.join(", ")), format!("现有：{}", some.join("、")))
        }
    };
    Words::new(
        format!("there is no {} `{name}`; {en}", kind.0),
        format!("没有{}「{name}」；{zh}", kind.1),
    )
}
