//! Entries as lines of a log, and one entry as a page.

use crate::base::{Money, in_brackets};
use crate::book::{
    Account, Batch, Because, Entry, Event, FigureValue, KeyChange, Leaf, Outcome, Verdict,
};
use crate::diagnostics::{Language, pictured, pictured_lines};
use crate::report::names::{Currency, Kind, Names};
use crate::report::reason_words;
use crate::report::table::{Align, Table};
use crate::report::values::{account_label, grouped, money_label, person_text};
use crate::rows::{Allocation, Cell, Origin};

use super::entry_json::{account_name, get, is_made, key, leg_name, plain_text};

/// What an entry's positions are called, and where its rows come from.
#[derive(Debug, Clone, Copy)]
pub struct EntryNames<'n> {
    /// The names of its edition.
    pub names: &'n Names,
    /// The batch it belongs to, if it does.
    pub batch: Option<&'n Batch>,
    /// What a correction is of.
    pub corrected: Option<&'n CorrectedEvent>,
}

/// The event that a correction is of.
#[derive(Debug)]
pub struct CorrectedEvent {
    /// The event as it was posted.
    pub event: Event,
    /// What its kind is called in files.
    pub kind: String,
    /// Its money.
    pub currency: Currency,
}

impl<'n> EntryNames<'n> {
    /// Decimals of the money that a correction moves.
    pub(super) fn correction_scale(&self) -> u8 {
        self.corrected.map_or(2, |it| it.currency.scale)
    }

    /// The file and the line of a row.
    pub(super) fn source(&self, origin: Origin) -> (Option<&'n str>, Option<u64>) {
        if is_made(origin) {
            return (None, None);
        }
        let source = self.batch.and_then(|batch| get(&batch.sources, origin.file));
        (source.map(|it| it.name.as_str()), Some(origin.line))
    }
}

/// What a log says of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its number.
    pub entry: u64,
    /// Its kind.
    pub kind: &'static str,
    /// The batch it belongs to.
    pub batch: Option<u64>,
    /// The day of an event, or the moment when the book learnt of it.
    pub when: String,
    /// The key of an event.
    pub key: String,
    /// What an event brought, as files write it.
    pub amount: String,
    /// The rest in a line.
    pub what: String,
}

/// How accounts are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// As files write them.
    InFiles,
    /// By their labels, as in the tables of a run.
    ByPeople,
}

/// The line of an entry.
pub fn log_line(
    number: u64,
    entry: &Entry,
    of: EntryNames<'_>,
    (language, called): (Language, Called),
) -> LogLine {
    let kind = Entry::kind_name(entry.kind()).unwrap_or_default();
    let blank = LogLine {
        entry: number,
        kind,
        batch: None,
        when: String::new(),
        key: String::new(),
        amount: String::new(),
        what: String::new(),
    };
    match entry {
        Entry::Event(event) => event_line(event, of, (language, called), blank),
        Entry::Unread(row) => {
            let words = reason_words(&row.reason, row.kind, of.names);
            let (file, line) = of.source(row.origin);
            let place = format!("{}:{}", file.unwrap_or_default(), line.unwrap_or_default());
            let what = format!("{place} [{}] {}", words.code, words.what.in_language(language));
            let table = row.kind.and_then(|kind| get(&of.names.events, kind));
            let scale = table.map_or(2, |table| table.currency.scale);
            let amount = row.inflow.map_or_else(String::new, |inflow| inflow.format(scale));
            LogLine { batch: Some(row.batch), amount, what, ..blank }
        }
        Entry::Correction(it) => {
            let scale = of.correction_scale();
            let became = it.outcome.as_ref();
            let became =
                became.map(|it| outcome_text(it, None, scale, of.names, (language, called)));
            let mut became =
                became.unwrap_or_else(|| pick(language, "withdrawn", "撤回").to_owned());
            for said in it.said.iter().flat_map(|said| &said.figures) {
                became.push_str(if became.is_empty() { "" } else { "; " });
                became.push_str(&figure_text(said, of.names, language));
            }
            let because = because_text(&it.because, language);
            let what = match language {
                Language::English => format!("corrects {}, {because}: {became}", it.of),
                Language::Chinese => format!("更正第 {} 条（{because}）：{became}", it.of),
            };
            let key = of.corrected.map_or_else(String::new, |it| key(&it.event));
            let (batch, when) = (Some(it.batch), it.booked.to_string());
            LogLine { batch, when, key, what, ..blank }
        }
        Entry::Close(it) => {
            let mut what = counted(language, it.entries, ("entry", "entries", "条"));
            if it.corrections > 0 {
                what.push_str(pick(language, ", ", "，"));
                let corrections = ("correction", "corrections", "条更正");
                what.push_str(&counted(language, it.corrections, corrections));
            }
            LogLine { batch: Some(it.batch), what, ..blank }
        }
        other => matter_line(other, of, language, blank),
    }
}

/// The line of an entry that is no part of a batch, or begins one.
fn matter_line(entry: &Entry, of: EntryNames<'_>, language: Language, blank: LogLine) -> LogLine {
    let (when, what) = match entry {
        Entry::Opening(it) => (it.learnt.to_string(), it.origin.clone()),
        Entry::Edition(it) => {
            let digest = it.digest().to_string();
            let short = digest.get(..12).unwrap_or_default();
            let count = u64::try_from(it.texts.len()).unwrap_or(u64::MAX);
            let texts = counted(language, count, ("text", "texts", "个文本"));
            (String::new(), format!("{} {short} ({texts})", it.name))
        }
        Entry::Register(it) => {
            let name = get(&of.names.registers, it.register);
            let name = name.map_or("", |it| it.name.in_language(language));
            let count = u64::try_from(it.rows.len()).unwrap_or(u64::MAX);
            let rows = counted(language, count, ("row", "rows", "行"));
            (String::new(), format!("{name}: {rows}"))
        }
        Entry::Batch(it) => {
            let files: Vec<&str> = it.sources.iter().map(|it| it.name.as_str()).collect();
            let by = it.by.as_deref().map(|by| format!("{by}: ")).unwrap_or_default();
            let rules = it.edition_entry;
            let readings: String = readings_text(it, of.names)
                .iter()
                .map(|reading| format!("{}{reading}", pick(language, ", ", "，")))
                .collect();
            let files: String = match language {
                Language::English => files.iter().map(|file| format!("{file}, ")).collect(),
                Language::Chinese => files.iter().map(|file| format!("{file}，")).collect(),
            };
            let what = match language {
                Language::English => {
                    format!("{by}{files}by the rules of entry {rules}{readings}")
                }
                Language::Chinese => format!("{by}{files}规则见第 {rules} 条{readings}"),
            };
            (it.learnt.to_string(), what)
        }
        Entry::Dispute(it) => {
            let against: Vec<String> = it.against.iter().map(u64::to_string).collect();
            let against = against.join(", ");
            let word = pick(language, "against", "针对");
            let colon = pick(language, ": ", "：");
            (it.learnt.to_string(), format!("{} {word} {against}{colon}{}", it.by, it.reason))
        }
        Entry::Resolution(it) => {
            let word = pick(language, "dispute", "异议");
            let verdict = match it.verdict {
                Verdict::Upheld => pick(language, "upheld", "维持"),
                Verdict::Corrected { .. } => pick(language, "corrected", "更正"),
                Verdict::Withdrawn => pick(language, "withdrawn", "撤回"),
            };
            let what = match language {
                Language::English => format!("{word} {}: {verdict}; {}", it.dispute, it.reason),
                Language::Chinese => format!("{word} {}：{verdict}；{}", it.dispute, it.reason),
            };
            (it.learnt.to_string(), what)
        }
        Entry::Checkpoint(it) => {
            let size = it.note.lines().nth(1).unwrap_or_default();
            let by: Vec<&str> = it.note.lines().filter_map(signer).collect();
            let (of, by) = (pick(language, "of", "条数"), by.join(", "));
            (it.learnt.to_string(), format!("{of} {size}: {by}"))
        }
        Entry::Signer(it) => {
            let change = match it.change {
                KeyChange::Added => pick(language, "added", "启用"),
                KeyChange::Retired => pick(language, "retired", "停用"),
            };
            (it.learnt.to_string(), format!("{change} {}", it.key))
        }
        Entry::Event(_) | Entry::Unread(_) | Entry::Correction(_) | Entry::Close(_) => {
            return blank;
        }
    };
    LogLine { when, what, ..blank }
}

/// The readings that a batch chose, each with its option.
pub fn readings_text(batch: &Batch, names: &Names) -> Vec<String> {
    let readings = batch.readings.iter().filter_map(|it| {
        let (label, options) = get(&names.readings, it.reading)?;
        Some(format!("{}={}", label.text, options.get(it.option)?.text))
    });
    readings.collect()
}

/// The name in a line of a signature.
fn signer(line: &str) -> Option<&str> {
    line.strip_prefix("— ")?.split(' ').next()
}

/// So many of something, called as one and as several.
fn counted(language: Language, count: u64, (one, several, zh): (&str, &str, &str)) -> String {
    format!("{count} {}", pick(language, if count == 1 { one } else { several }, zh))
}

fn event_line(
    event: &Event,
    of: EntryNames<'_>,
    (language, called): (Language, Called),
    blank: LogLine,
) -> LogLine {
    let table = get(&of.names.events, event.kind);
    let scale = table.map_or(2, |table| table.currency.scale);
    let amount = match &event.outcome {
        Outcome::Allocated { inflow, .. } => Some(*inflow),
        Outcome::SetAside { inflow, .. } => *inflow,
    };
    let (late, after) = (pick(language, "late", "迟到"), pick(language, "; ", "；"));
    let said = (language, called);
    let outcome = outcome_text(&event.outcome, Some(event.kind), scale, of.names, said);
    let what = match (event.late, outcome.is_empty()) {
        (false, _) => outcome,
        (true, true) => late.to_owned(),
        (true, false) => format!("{late}{after}{outcome}"),
    };
    LogLine {
        batch: Some(event.batch),
        when: event.date.to_string(),
        key: key(event),
        amount: amount.map(|it| it.format(scale)).unwrap_or_default(),
        what,
        ..blank
    }
}

/// Who gets what, or why nobody does, in a line.
pub fn outcome_text(
    outcome: &Outcome,
    kind: Option<u32>,
    scale: u8,
    names: &Names,
    (language, called): (Language, Called),
) -> String {
    match outcome {
        Outcome::SetAside { reason, .. } => {
            let words = reason_words(reason, kind, names);
            let word = pick(language, "set aside", "搁置");
            format!("{word}[{}]: {}", words.code, words.what.in_language(language))
        }
        Outcome::Allocated { leaves, .. } => {
            let sums = sums(leaves, names, (language, called));
            let text =
                |(name, sum): &(String, Money)| format!("{name} {}", money_label(*sum, scale));
            sums.iter().map(text).collect::<Vec<String>>().join("; ")
        }
    }
}

/// What became of an event: in a line for people, in parts for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeTold {
    /// The line.
    pub text: String,
    /// Who gets what, by what accounts are called in files.
    pub amounts: Vec<(String, String)>,
    /// Under which code it is set aside, if it is.
    pub set_aside: Option<&'static str>,
}

/// Who gets what, or why nobody does.
pub fn outcome_told(
    outcome: &Outcome,
    kind: Option<u32>,
    scale: u8,
    names: &Names,
    language: Language,
) -> OutcomeTold {
    let said = (language, Called::InFiles);
    let (amounts, set_aside) = match outcome {
        // In files everything is called alike in every language.
        Outcome::Allocated { leaves, .. } => {
            (sums(leaves, names, (Language::English, Called::InFiles)), None)
        }
        Outcome::SetAside { reason, .. } => {
            (Vec::new(), Some(reason_words(reason, kind, names).code))
        }
    };
    OutcomeTold {
        text: outcome_text(outcome, kind, scale, names, said),
        amounts: amounts.into_iter().map(|(to, sum)| (to, sum.format(scale))).collect(),
        set_aside,
    }
}

/// What each account gets, in the order of its first amount.
fn sums(leaves: &[Leaf], names: &Names, said: (Language, Called)) -> Vec<(String, Money)> {
    let mut sums: Vec<(Option<&Account>, Money)> = Vec::new();
    for leaf in leaves {
        let account = leaf.account.as_ref();
        match sums.iter_mut().find(|(other, _)| *other == account) {
            Some((_, sum)) => {
                *sum = Money::from_minor(sum.minor().saturating_add(leaf.amount.minor()))
            }
            None => sums.push((account, leaf.amount)),
        }
    }
    sums.into_iter().map(|(account, sum)| (payee_text(account, names, said), sum)).collect()
}

/// A figure by its name, and its value.
fn figure_text(said: &FigureValue, names: &Names, language: Language) -> String {
    let declared = get(&names.figures, said.figure);
    let kind = declared.map_or(&Kind::Number, |it| &it.kind);
    let mut text = declared.map_or("", |it| it.name.in_language(language)).to_owned();
    if !said.key.is_empty() {
        let key: Vec<String> = said.key.iter().map(plain_text).collect();
        text.push_str(&format!("[{}]", in_brackets(&key, ", ")));
    }
    text.push_str(" = ");
    text.push_str(&person_text(&said.value, kind, names, language));
    text
}

fn because_text(because: &Because, language: Language) -> String {
    match (because, language) {
        (Because::Late { entry }, Language::English) => format!("since entry {entry} came"),
        (Because::Late { entry }, Language::Chinese) => format!("因第 {entry} 条入账"),
        (Because::Dispute { entry }, Language::English) => format!("after dispute {entry}"),
        (Because::Dispute { entry }, Language::Chinese) => format!("因第 {entry} 条异议"),
        (Because::Stated { reason }, _) => reason.clone(),
    }
}

/// What happens to a key, in a word.
pub(super) fn change_name(change: KeyChange) -> &'static str {
    match change {
        KeyChange::Added => "added",
        KeyChange::Retired => "retired",
    }
}

/// Lines as a table.
pub fn log_table(lines: &[LogLine], language: Language) -> String {
    let mut table = Table::headed(
        language,
        [
            ("entry", "条", Align::Right),
            ("kind", "种类", Align::Left),
            ("when", "日期", Align::Left),
            ("key", "键", Align::Left),
            ("amount", "金额", Align::Right),
            ("what", "内容", Align::Left),
        ],
    );
    for line in lines {
        let kind = kind_label(line.kind, language).to_owned();
        let amount = grouped(&line.amount);
        let when = line.when.clone();
        table.add([
            line.entry.to_string(),
            kind,
            when,
            pictured(&line.key).into_owned(),
            amount,
            line.what.clone(),
        ]);
    }
    table.draw()
}

/// A kind of entry for a person.
fn kind_label(kind: &'static str, language: Language) -> &'static str {
    let zh = match kind {
        "opening" => "开簿",
        "edition" => "规则版本",
        "register" => "登记簿",
        "batch" => "批次",
        "event" => "事项",
        "unread" => "不可读行",
        "correction" => "更正",
        "close" => "批次结束",
        "dispute" => "异议",
        "resolution" => "裁决",
        "checkpoint" => "检查点",
        "signer" => "签名密钥",
        other => other,
    };
    pick(language, kind, zh)
}

/// An entry as a page: what it says, and for an allocation a line a leg.
pub fn entry_page(number: u64, entry: &Entry, of: EntryNames<'_>, language: Language) -> String {
    let line = log_line(number, entry, of, (language, Called::ByPeople));
    let kind = kind_label(line.kind, language);
    let head = pick(language, "entry", "第");
    let mut out = format!("{head} {number}{} {kind}\n", pick(language, ",", " 条"));
    match entry {
        Entry::Event(event) => out.push_str(&event_page(event, of, language)),
        Entry::Correction(it) => {
            out.push_str(&format!("{}\n", line.what));
            if let Some(outcome) = &it.outcome {
                out.push_str(&leaves_table(outcome, of.correction_scale(), of, language));
            }
        }
        Entry::Edition(it) => {
            out.push_str(&format!("{}\nsha256 {}\n", it.name, it.digest()));
            for text in &it.texts {
                out.push_str(&format!("\n--- {} sha256 {}\n{}", text.path, text.digest, text.text));
            }
        }
        Entry::Checkpoint(it) => out.push_str(&it.note),
        _ => out.push_str(&format!("{}\n", format!("{} {}", line.when, line.what).trim_start())),
    }
    pictured_lines(&out).into_owned()
}

fn event_page(event: &Event, of: EntryNames<'_>, language: Language) -> String {
    let table = get(&of.names.events, event.kind);
    let scale = table.map_or(2, |table| table.currency.scale);
    let mut out = String::new();
    let mut fields = Table::new([(String::new(), Align::Left), (String::new(), Align::Left)]);
    let declared = table.map_or(&[][..], |table| &table.fields);
    for (cell, field) in event.fields.iter().zip(declared) {
        if *cell != Cell::Missing {
            let value = person_text(cell, &field.kind, of.names, language);
            fields.add([field.name.in_language(language).to_owned(), value]);
        }
    }
    let kind = table.map_or("", |table| table.name.in_language(language));
    let place = match of.source(event.origin) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        _ => pick(language, "made by the run", "由运行生成").to_owned(),
    };
    let batch = pick(language, "batch", "批次");
    let (key, number) = (key(event), event.batch);
    out.push_str(&match language {
        Language::English => format!("{kind} {key} ({place}; {batch} {number})\n"),
        Language::Chinese => format!("{kind} {key}（{place}；{batch} {number}）\n"),
    });
    out.push_str(fields.draw().trim_start_matches('\n'));
    out.push_str(&leaves_table(&event.outcome, scale, of, language));
    for figure in &event.figures {
        out.push_str(&figure_text(figure, of.names, language));
        out.push('\n');
    }
    out
}

fn leaves_table(outcome: &Outcome, scale: u8, of: EntryNames<'_>, language: Language) -> String {
    let Outcome::Allocated { leaves, .. } = outcome else {
        let said = (language, Called::ByPeople);
        return format!("{}\n", outcome_text(outcome, None, scale, of.names, said));
    };
    let mut table = Table::headed(
        language,
        [
            ("account", "账户", Align::Left),
            ("amount", "金额", Align::Right),
            ("rule", "规则", Align::Left),
            ("leg", "分项", Align::Left),
            ("clause", "依据", Align::Left),
        ],
    );
    for leaf in leaves {
        let (_, place, clause) = leg_name(leaf.leg, of.names);
        let rule = leg_label(leaf.leg, of.names, language);
        let account = payee_text(leaf.account.as_ref(), of.names, (language, Called::ByPeople));
        let amount = money_label(leaf.amount, scale);
        table.add([account, amount, rule.to_owned(), place.to_owned(), clause.to_owned()]);
    }
    table.draw()
}

/// Who gets an amount.
pub(super) fn payee_text(
    account: Option<&Account>,
    names: &Names,
    (language, called): (Language, Called),
) -> String {
    match (account, called) {
        (None, _) => pick(language, "undetermined", "待定").to_owned(),
        (some, Called::InFiles) => account_name(some, names),
        (Some(account), Called::ByPeople) => get(&names.accounts, account.family)
            .map_or_else(String::new, |it| account_label(it, &account.key, names, language)),
    }
}

/// What a person calls the rule of a leg.
pub(super) fn leg_label(at: u32, names: &Names, language: Language) -> &str {
    match at {
        Allocation::BY_SETTLEMENT => pick(language, "settlement", "尾差结算"),
        Allocation::BY_CLOSING => pick(language, "closing", "清算"),
        Allocation::BY_RULING => pick(language, "ruling", "裁决"),
        at => get(&names.legs, at).map_or("", |leg| leg.owner.in_language(language)),
    }
}

pub(super) fn pick<'t>(language: Language, en: &'t str, zh: &'t str) -> &'t str {
    match language {
        Language::English => en,
        Language::Chinese => zh,
    }
}
