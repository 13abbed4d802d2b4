//! A foreign table held against the rules, as tables for people and as JSON for machines.

use serde_json::{Map, Value as Json, json};

use crate::base::Money;
use crate::desk::{
    AccountTotal, Amounts, Audit, AuditRow, Digits, Illegible, Meant, Missing, Verdict,
};
use crate::diagnostics::{Language, Words};

use super::names::{Currency, Names, Table as EventTable};
use super::reasons::reason_words;
use super::table::{Align, Table};
use super::unreadable::{unreadable_hint, unreadable_words};
use super::values::{money_label, some_accounts};

/// Counts, explanations, totals, and the first rows off and events without one, so many of each.
pub fn audit_text(audit: &Audit, names: &Names, rows_max: usize, language: Language) -> String {
    let drawer = Drawer { audit, names, language };
    let mut out = drawer.counts();
    out.push_str(&drawer.explained());
    out.push_str(&drawer.totals());
    out.push_str(&drawer.rows(rows_max));
    out.push_str(&drawer.missing(rows_max));
    out
}

struct Drawer<'a> {
    audit: &'a Audit,
    names: &'a Names,
    language: Language,
}

impl Drawer<'_> {
    fn say<'s>(&self, en: &'s str, zh: &'s str) -> &'s str {
        match self.language {
            Language::English => en,
            Language::Chinese => zh,
        }
    }

    fn table(&self, heads: &[(&str, &str, Align)]) -> Table {
        let heads = heads.iter();
        Table::new(heads.map(|(en, zh, align)| (self.say(en, zh).to_owned(), *align)))
    }

    fn counts(&self) -> String {
        let count = |is: &dyn Fn(&Verdict) -> bool| {
            self.audit.rows.iter().filter(|row| is(&row.verdict)).count()
        };
        let made = self.audit.without_row.iter();
        let made = made.filter(|it| !kind_of(it, self.names).is_some_and(|it| it.sent)).count();
        let by_a_unit = count(&|verdict| matches!(verdict, Verdict::Off { by_a_unit: true }));
        let lines = [
            ("agree", "相符", count(&|verdict| *verdict == Verdict::Agrees)),
            ("off", "不符", count(&|verdict| matches!(verdict, Verdict::Off { .. }))),
            ("  by no more than a unit", "  其中仅差一个单位", by_a_unit),
            ("set aside by the rules", "规则予以搁置", {
                count(&|verdict| matches!(verdict, Verdict::SetAside(_)))
            }),
            ("no such event", "无此事项", count(&|verdict| *verdict == Verdict::NoEvent)),
            ("listed again", "重复列出", {
                count(&|verdict| matches!(verdict, Verdict::Again { .. }))
            }),
            ("rows of totals", "合计行", {
                count(&|verdict| matches!(verdict, Verdict::Total { .. }))
            }),
            ("several events", "对应多笔事项", count(&|verdict| *verdict == Verdict::Several)),
            ("not readable", "无法读取", {
                count(&|verdict| matches!(verdict, Verdict::Unreadable { .. }))
            }),
            ("events without a row", "表中没有的事项", self.audit.without_row.len()),
            ("  made by a calendar or a stage", "  其中由日历或阶段产生", made),
        ];
        let count = count(&|verdict| !matches!(verdict, Verdict::Total { .. })).to_string();
        let mut table = self.table(&[
            ("events in the table", "表中事项", Align::Left),
            (&count, &count, Align::Right),
        ]);
        for (en, zh, count) in lines.into_iter().filter(|(_, _, count)| *count > 0) {
            table.add([self.say(en, zh).to_owned(), count.to_string()]);
        }
        format!("{}{}", table.draw(), self.digits())
    }

    /// How closely amounts were held, if not to the unit.
    fn digits(&self) -> String {
        let Some(Digits { unit, decimals }) = self.audit.digits else { return String::new() };
        let last = Money::from_minor(1).format(decimals);
        match self.language {
            Language::English => format!(
                "amounts are in {unit}, and agree where they differ by no more than half of the last \
                 digit, {last}\n"
            ),
            Language::Chinese => {
                format!("金额单位：{unit}；相差不超过末位（{last}）之半者为相符\n")
            }
        }
    }

    fn explained(&self) -> String {
        let off = self.audit.rows.iter().any(|row| matches!(row.verdict, Verdict::Off { .. }));
        if !off {
            return String::new();
        }
        let mut table = self.table(&[
            ("what explains the rows off", "可解释不符之处的做法", Align::Left),
            ("rows", "行数", Align::Right),
            ("beyond those above", "以上未能解释者", Align::Right),
            ("of all rows it gives", "全表相符", Align::Right),
        ]);
        for best in &self.audit.best {
            let Some(tried) = self.audit.tried.get(best.variant) else { continue };
            table.add([
                tried.variant.in_language(self.language).to_owned(),
                tried.explains.to_string(),
                best.more.to_string(),
                tried.agrees.to_string(),
            ]);
        }
        for untried in &self.audit.untried {
            let (variant, blank) = (untried.variant.in_language(self.language), String::new);
            let untried = self.say(": not tried", "：未能试算");
            table.add([format!("{variant}{untried}"), blank(), blank(), blank()]);
        }
        let unexplained = self.audit.unexplained.to_string();
        table.add([
            self.say("nothing", "无法解释").to_owned(),
            unexplained.clone(),
            unexplained,
            String::new(),
        ]);
        format!("\n{}", table.draw())
    }

    fn totals(&self) -> String {
        let accounts = &self.audit.accounts;
        let first = accounts.first().map(|it| it.currency);
        let several = accounts.iter().any(|it| Some(it.currency) != first);
        let mut headings = vec![
            ("account", "账户", Align::Left),
            ("by the table", "据表", Align::Right),
            ("by the rules", "据规则", Align::Right),
            ("difference", "差额", Align::Right),
        ];
        if several {
            headings.insert(1, ("currency", "币种", Align::Left));
        }
        let mut table = self.table(&headings);
        let nothing =
            |it: &AccountTotal| (it.given, it.due) == (Some(Money::ZERO), Some(Money::ZERO));
        // A column of amounts has all currencies, and most accounts have one.
        for account in accounts.iter().filter(|it| !several || !nothing(it)) {
            let Currency { code, scale } = self.names.currency(account.currency);
            let label = |amount: Option<Money>| {
                let beyond = self.say("beyond the range", "超出范围");
                amount.map_or_else(|| beyond.to_owned(), |amount| money_label(amount, scale))
            };
            let difference = account.given.zip(account.due);
            let difference = difference.and_then(|(given, due)| given.checked_sub(due));
            let mut cells = vec![
                account.name.clone(),
                label(account.given),
                label(account.due),
                label(difference),
            ];
            if several {
                cells.insert(1, code);
            }
            table.add(cells);
        }
        format!("\n{}", table.draw())
    }

    fn rows(&self, rows_max: usize) -> String {
        let mut wrong: Vec<&AuditRow> =
            self.audit.rows.iter().filter(|row| row.verdict != Verdict::Agrees).collect();
        if wrong.is_empty() || rows_max == 0 {
            return String::new();
        }
        // What nobody can hold against the rules is told beside the table too.
        if wrong.len() > rows_max {
            wrong.sort_by_key(|row| {
                matches!(row.verdict, Verdict::SetAside(_) | Verdict::Unreadable { .. })
            });
        }
        let mut table = self.table(&[
            ("line", "行", Align::Right),
            ("event", "事项", Align::Left),
            ("account", "账户", Align::Left),
            ("by the table", "据表", Align::Right),
            ("by the rules", "据规则", Align::Right),
            ("difference", "差额", Align::Right),
            ("explained by", "可解释为", Align::Left),
        ]);
        for row in wrong.iter().take(rows_max) {
            self.row(row, &mut table);
        }
        let mut helps = String::new();
        for help in wrong.iter().take(rows_max).filter_map(|row| verdict_help(row, self.names)) {
            let (word, help) = (self.say("help", "提示"), help.in_language(self.language));
            let line = format!("{word}: {help}\n");
            // What is wrong with several rows is mended alike.
            if !helps.contains(&line) {
                helps.push_str(&line);
            }
        }
        format!("\n{}{}{helps}", table.draw(), self.left(wrong.len(), rows_max))
    }

    /// How many more there are than are shown.
    fn left(&self, count: usize, rows_max: usize) -> String {
        match (count.saturating_sub(rows_max), self.language) {
            (0, _) => String::new(),
            (left, Language::English) => {
                format!("and {left} more: `--rows` shows more of them\n")
            }
            (left, Language::Chinese) => format!("另有 {left} 行：用 --rows 可多列\n"),
        }
    }

    /// The events that the table does not have, with what is due to them.
    fn missing(&self, rows_max: usize) -> String {
        let missing = &self.audit.without_row;
        if missing.is_empty() || rows_max == 0 {
            return String::new();
        }
        let mut table = self.table(&[
            ("event without a row", "表中没有的事项", Align::Left),
            ("account", "账户", Align::Left),
            ("by the rules", "据规则", Align::Right),
        ]);
        for event in missing.iter().take(rows_max) {
            let named = missing_words(event, self.names);
            let named = named.in_language(self.language);
            if event.amounts.is_empty() {
                table.add([named]);
            }
            for (place, amounts) in event.amounts.iter().enumerate() {
                let account = self.audit.accounts.get(amounts.account);
                table.add([
                    if place == 0 { named.to_owned() } else { String::new() },
                    account.map_or_else(String::new, |account| account.name.clone()),
                    money_label(amounts.due, event.scale),
                ]);
            }
        }
        format!("\n{}{}", table.draw(), self.left(missing.len(), rows_max))
    }

    fn row(&self, row: &AuditRow, table: &mut Table) {
        let lines: Vec<String> = row.lines.iter().map(u64::to_string).collect();
        let (lines, event) = (lines.join(","), row.event.clone().unwrap_or_default());
        if let Some(words) = verdict_words(row, self.names) {
            let blank = String::new;
            let why = words.in_language(self.language).to_owned();
            table.add([lines, event, why, blank(), blank(), blank(), blank()]);
            return;
        }
        let off = row.amounts.iter().filter(|amounts| !amounts.agree);
        for (place, amounts) in off.enumerate() {
            let in_first = |text: &str| if place == 0 { text.to_owned() } else { String::new() };
            let account = self.audit.accounts.get(amounts.account);
            let difference = amounts.given.checked_sub(amounts.due);
            table.add([
                in_first(&lines),
                in_first(&event),
                account.map_or_else(String::new, |account| account.name.clone()),
                money_label(amounts.given, row.scale),
                money_label(amounts.due, row.scale),
                difference.map_or_else(String::new, |it| money_label(it, row.scale)),
                in_first(&self.explanation(row)),
            ]);
        }
    }

    /// The first variant that explains a row, and how many more do.
    fn explanation(&self, row: &AuditRow) -> String {
        let best = self.audit.best.iter().map(|best| best.variant);
        let first = best.clone().find(|variant| row.explained_by.contains(variant));
        let first = first.and_then(|variant| self.audit.tried.get(variant));
        match (first, &row.verdict) {
            (Some(tried), _) => tried.variant.in_language(self.language).to_owned(),
            (None, Verdict::Off { by_a_unit: true }) => {
                self.say("rounded otherwise?", "或为舍入不同").to_owned()
            }
            (None, _) => String::new(),
        }
    }
}

fn kind_of<'n>(event: &Missing, names: &'n Names) -> Option<&'n EventTable> {
    usize::try_from(event.kind).ok().and_then(|at| names.events.get(at))
}

/// An event that the table does not have: its kind and its key.
pub fn missing_words(event: &Missing, names: &Names) -> Words {
    let kind = |language| kind_of(event, names).map_or("", |it| it.name.in_language(language));
    let named = |language| format!("{} {}", kind(language), event.key);
    Words::new(named(Language::English), named(Language::Chinese))
}

/// Why an event could not be held against the rules; nothing if it could.
pub fn verdict_words(row: &AuditRow, names: &Names) -> Option<Words> {
    Some(match &row.verdict {
        Verdict::Agrees | Verdict::Off { .. } => return None,
        Verdict::NoEvent => Words::new(
            "no such event, or none that can be read",
            "无此事项，或该行无法作为事项读取",
        ),
        Verdict::Again { line } => Words::new(
            format!("line {line} gives this event already"),
            format!("第 {line} 行已列此事项"),
        ),
        Verdict::Several => Words::new("several events have this key", "多笔事项使用此键值"),
        Verdict::SetAside(reason) => {
            let words = reason_words(reason, Some(row.kind), names);
            Words::new(
                format!("set aside[{}]: {}", words.code, words.what.en),
                format!("已搁置[{}]：{}", words.code, words.what.zh),
            )
        }
        Verdict::Total { word } => Words::new(
            format!("`{word}` is what a row of totals is called: it counts on neither side"),
            format!("「{word}」是合计行的字样：两边均不计入"),
        ),
        Verdict::Unreadable { column, value, why: Illegible::Cell(why) } => {
            unreadable_words(*why, Some(column.as_str()).filter(|it| !it.is_empty()), value)
        }
        Verdict::Unreadable { column, value, why: Illegible::NoAccount } if value.is_empty() => {
            Words::new(
                format!("column `{column}`: an account is wanted, and nothing stands here"),
                format!("「{column}」列：此处应为账户，而未填写"),
            )
        }
        Verdict::Unreadable { column, value, why: Illegible::OtherMoney } => Words::new(
            format!("column `{column}`: `{value}` is not the currency of the event"),
            format!("「{column}」列：「{value}」不是该事项的币种"),
        ),
        Verdict::Unreadable { column, value, why: Illegible::NoAccount } => Words::new(
            format!("column `{column}`: `{value}` is no account of the rules"),
            format!("「{column}」列：「{value}」不是规则中的账户"),
        ),
    })
}

/// What to do about a row that cannot be read.
pub fn verdict_help(row: &AuditRow, names: &Names) -> Option<Words> {
    let Verdict::Unreadable { value, why, .. } = &row.verdict else { return None };
    Some(match why {
        Illegible::Cell(why) => unreadable_hint(*why, value, None),
        Illegible::OtherMoney => {
            let code = names.currency(row.kind).code;
            Words::new(
                format!("by the rules the event is in {code}"),
                format!("按规则该事项的币种为 {code}"),
            )
        }
        Illegible::NoAccount => {
            let (en, zh) = (some_accounts(names, ", "), some_accounts(names, "、"));
            Words::new(
                format!("write an account by its name, label or code ({en})"),
                format!("请写账户的名称、标签或代码（{zh}）"),
            )
        }
    })
}

/// What became of an event, in one word for files.
fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Agrees => "agrees",
        Verdict::Off { .. } => "off",
        Verdict::NoEvent => "no_event",
        Verdict::Again { .. } => "listed_again",
        Verdict::Several => "several_events",
        Verdict::SetAside(_) => "set_aside",
        Verdict::Total { .. } => "total",
        Verdict::Unreadable { .. } => "unreadable",
    }
}

/// What came of one event, as a column of a table says it.
pub fn verdict_label(verdict: &Verdict) -> Words {
    let zh = match verdict {
        Verdict::Agrees => "相符",
        Verdict::Off { .. } => "不符",
        Verdict::NoEvent => "无此事项",
        Verdict::Again { .. } => "重复列出",
        Verdict::Several => "对应多笔事项",
        Verdict::SetAside(_) => "已搁置",
        Verdict::Total { .. } => "合计行",
        Verdict::Unreadable { .. } => "无法读取",
    };
    Words::new(verdict_name(verdict), zh)
}

/// The verdict on an event that the table does not have.
pub fn missing_label() -> Words {
    Words::new("no_row", "表中没有")
}

/// What somebody may have meant, by the names of the rules: the same in every language.
fn meant_json(meant: &Meant) -> Json {
    match meant {
        Meant::Reading { name, option } => {
            json!({ "kind": "reading", "name": name, "option": option })
        }
        Meant::Scenario { name } => json!({ "kind": "scenario", "name": name }),
        Meant::Settlement { name } => json!({ "kind": "settlement", "name": name }),
        Meant::Edition { entry, digest, readings } => {
            let readings = readings.iter().map(|(name, option)| (name.clone(), json!(option)));
            let readings = readings.collect::<Map<String, Json>>();
            json!({ "kind": "edition", "entry": entry, "digest": digest, "readings": readings })
        }
    }
}

/// The code of why the rules set an event aside, as the set-asides have it.
fn code_of(row: &AuditRow, names: &Names) -> Option<&'static str> {
    match &row.verdict {
        Verdict::SetAside(reason) => Some(reason_words(reason, Some(row.kind), names).code),
        _ => None,
    }
}

/// The whole audit as one JSON object; amounts are strings.
pub fn audit_json(audit: &Audit, names: &Names, language: Language) -> Json {
    let variant = |at: &usize| {
        let tried = audit.tried.get(*at);
        Json::from(tried.map_or("", |tried| tried.variant.in_language(language)))
    };
    let amounts = |of: &[Amounts], scale: u8| -> Json {
        let told = of.iter().map(|amounts| {
            let account = audit.accounts.get(amounts.account);
            json!({
                "account": account.map(|account| account.account.as_str()),
                "given": amounts.given.format(scale),
                "due": amounts.due.format(scale),
                "agree": amounts.agree,
            })
        });
        told.collect()
    };
    let row = |row: &AuditRow| {
        json!({
            "lines": row.lines,
            "event": row.event,
            "verdict": verdict_name(&row.verdict),
            "why": verdict_words(row, names).map(|words| words.in_language(language).to_owned()),
            "help": verdict_help(row, names).map(|it| it.in_language(language).to_owned()),
            "code": code_of(row, names),
            "amounts": amounts(&row.amounts, row.scale),
            "explained_by": row.explained_by.iter().map(variant).collect::<Vec<_>>(),
            "explained_by_tried": row.explained_by,
        })
    };
    let account = |account: &crate::desk::AccountTotal| {
        let currency = names.currency(account.currency);
        let text = |amount: Option<Money>| amount.map(|amount| amount.format(currency.scale));
        json!({
            "account": account.account,
            "called": account.name,
            "currency": currency.code,
            "given": text(account.given),
            "due": text(account.due),
        })
    };
    let tried = |(at, tried): (usize, &crate::desk::Tried)| {
        let best = audit.best.iter().find(|best| best.variant == at);
        json!({
            "variant": tried.variant.in_language(language),
            "meant": meant_json(&tried.meant),
            "agrees": tried.agrees,
            "explains": tried.explains,
            "more": best.map_or(0, |best| best.more),
        })
    };
    let untried = |untried: &crate::desk::Untried| {
        let text = |words: &Words| words.in_language(language).to_owned();
        json!({
            "variant": text(&untried.variant),
            "meant": meant_json(&untried.meant),
            "why": text(&untried.why),
        })
    };
    let missing = |event: &Missing| {
        let table = kind_of(event, names);
        json!({
            "event": table.map(|table| table.name.text.as_str()),
            "key": event.key,
            "amounts": amounts(&event.amounts, event.scale),
        })
    };
    json!({
        "rows": audit.rows.iter().map(row).collect::<Vec<_>>(),
        "accounts": audit.accounts.iter().map(account).collect::<Vec<_>>(),
        "tried": audit.tried.iter().enumerate().map(tried).collect::<Vec<_>>(),
        "untried": audit.untried.iter().map(untried).collect::<Vec<_>>(),
        "unexplained": audit.unexplained,
        "without_row": audit.without_row.iter().map(missing).collect::<Vec<_>>(),
        "unit": audit.digits.map(|digits| digits.unit),
        "decimals": audit.digits.map(|digits| digits.decimals),
    })
}
