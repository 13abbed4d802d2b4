//! `fenshui book dispute`.

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value as Json, json};

use crate::app::book::{
    self, Access, BookPlace, Ending, Form, Gathered, Judge, Matter, Objection, Owed, OwedChange,
    OwedMade, Resolved, Shaken,
};
use crate::book::{Book, BookError, Verdict};
use crate::diagnostics::{Words, pictured, pictured_lines};
use crate::report::table::{Align, Table};

use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::entries::EntriesArgs;
use super::other::{self, OtherArgs};
use super::{AnswerFormat, Failed, owed, secret};

#[derive(Debug, Args)]
pub(super) struct DisputeArgs {
    #[command(subcommand)]
    verb: DisputeVerb,
}

#[derive(Debug, Subcommand)]
enum DisputeVerb {
    /// Object to entries, as a party
    Raise(RaiseArgs),
    /// List disputes, and how they stand
    List(ListArgs),
    /// Show a dispute with the explanation of its entries, and what the party would have
    Show(ShowArgs),
    /// Settle a dispute
    Resolve(ResolveArgs),
}

#[derive(Debug, Args)]
struct RaiseArgs {
    #[command(flatten)]
    entries: EntriesArgs,
    /// The party
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    by: String,
    /// Why, in the party's own words
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,
    /// What the party holds instead: a reading, a scenario, rules
    #[arg(long, value_name = "TEXT")]
    holds: Option<String>,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only those that are open
    #[arg(long)]
    open: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The entry of the dispute
    dispute: u64,
    /// The rules that the party holds to, a file or an edition of the book
    #[arg(long, value_name = "RULES")]
    with: Option<String>,
    #[command(flatten)]
    other: OtherArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

#[derive(Debug, Args)]
struct ResolveArgs {
    /// The entry of the dispute
    dispute: u64,
    /// How it ends
    #[arg(long, value_enum)]
    verdict: HowItEnds,
    /// Who settles it
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,
    /// The rules by which the entries are corrected: a file or an edition of the book
    #[arg(long, value_name = "RULES", required_if_eq("verdict", "corrected"))]
    with: Option<String>,
    #[command(flatten)]
    other: OtherArgs,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HowItEnds {
    /// The entries stand
    Upheld,
    /// The entries are corrected
    Corrected,
    /// The party takes it back
    Withdrawn,
}

pub(super) fn run(
    console: &Console,
    place: &BookPlace,
    args: &DisputeArgs,
) -> Result<Exit, Failed> {
    match &args.verb {
        DisputeVerb::Raise(own) => raise(console, place, own),
        DisputeVerb::List(own) => list(console, place, own),
        DisputeVerb::Show(own) => show(console, place, own),
        DisputeVerb::Resolve(own) => resolve(console, place, own),
    }
}

fn raise(console: &Console, place: &BookPlace, args: &RaiseArgs) -> Result<Exit, Failed> {
    let mut open = place.open(Access::Write)?;
    let mut against = args.entries.numbers(console, &mut open)?;
    against.sort_unstable();
    against.dedup();
    let objection = Objection {
        by: args.by.clone(),
        against,
        reason: args.reason.clone(),
        holds: args.holds.clone(),
    };
    let entry = book::raise(&mut open, objection, secret::now)?;
    let words = Words::new(format!("dispute: entry {entry}\n"), format!("异议：第 {entry} 条\n"));
    console.print_kept(&match args.format {
        AnswerFormat::Table => words.in_language(console.language).to_owned(),
        AnswerFormat::Json => format!("{}\n", Json::Object(record_of(&mut open, entry)?)),
    })?;
    Ok(Exit::Done)
}

fn list(console: &Console, place: &BookPlace, args: &ListArgs) -> Result<Exit, Failed> {
    let mut matters = book::matters(&mut place.open(Access::Read)?)?;
    matters.retain(|it| !args.open || it.resolution.is_none());
    let text = match args.format {
        AnswerFormat::Table => table(console, &matters),
        AnswerFormat::Json => {
            matters.iter().map(|it| format!("{}\n", Json::Object(record(it)))).collect()
        }
    };
    console.print(&text)?;
    Ok(Exit::Done)
}

fn table(console: &Console, matters: &[Matter]) -> String {
    let mut table = Table::headed(
        console.language,
        [
            ("entry", "条", Align::Right),
            ("party", "一方", Align::Left),
            ("against", "针对", Align::Left),
            ("reason", "理由", Align::Left),
            ("stands", "状态", Align::Left),
        ],
    );
    for it in matters {
        let against: Vec<String> = it.dispute.against.iter().map(u64::to_string).collect();
        table.add([
            it.entry.to_string(),
            it.dispute.by.clone(),
            against.join(", "),
            it.dispute.reason.clone(),
            stands(console, it),
        ]);
    }
    table.draw()
}

fn stands(console: &Console, matter: &Matter) -> String {
    match matter.resolution.as_ref().map(|(entry, it)| (entry, &it.verdict)) {
        None => console.pick("open", "未决").to_owned(),
        Some((entry, Verdict::Upheld)) => {
            format!("{} ({entry})", console.pick("upheld", "维持"))
        }
        Some((entry, Verdict::Withdrawn)) => {
            format!("{} ({entry})", console.pick("withdrawn", "撤回"))
        }
        Some((entry, Verdict::Corrected { by })) => {
            let by: Vec<String> = by.iter().map(u64::to_string).collect();
            format!("{} {} ({entry})", console.pick("corrected by", "更正于"), by.join(", "))
        }
    }
}

/// How a dispute stands.
fn record_of(open: &mut Book, dispute: u64) -> Result<Map<String, Json>, Failed> {
    let matters = book::matters(open)?;
    let matter = matters.iter().find(|it| it.entry == dispute);
    Ok(record(matter.ok_or(BookError::NoDispute { of: dispute })?))
}

fn record(matter: &Matter) -> Map<String, Json> {
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Upheld => "upheld",
        Verdict::Corrected { .. } => "corrected",
        Verdict::Withdrawn => "withdrawn",
    };
    let corrected_by = |verdict: &Verdict| match verdict {
        Verdict::Corrected { by } => json!(by),
        Verdict::Upheld | Verdict::Withdrawn => Json::Null,
    };
    let resolution = matter.resolution.as_ref();
    let record = [
        ("entry", json!(matter.entry)),
        ("by", json!(matter.dispute.by)),
        ("against", json!(matter.dispute.against)),
        ("reason", json!(matter.dispute.reason)),
        ("holds", json!(matter.dispute.holds)),
        ("verdict", json!(resolution.map(|(_, it)| verdict(&it.verdict)))),
        ("corrected_by", json!(resolution.map(|(_, it)| corrected_by(&it.verdict)))),
        ("resolved_in", json!(resolution.map(|(entry, _)| entry))),
    ];
    Map::from_iter(record.map(|(name, value)| (name.to_owned(), value)))
}

fn show(console: &Console, place: &BookPlace, args: &ShowArgs) -> Result<Exit, Failed> {
    let mut open = place.open(Access::Read)?;
    let rules = match &args.with {
        Some(with) => Some(other::read(console, &mut open, with, &args.other)?),
        None => None,
    };
    let party = rules.as_ref().map(|rules| rules.other(console, None));
    let form = match args.format {
        AnswerFormat::Table => Form::Text,
        AnswerFormat::Json => Form::Json,
    };
    let (party, told) = (party.as_ref(), (console.language, form));
    let gathered = book::gather(&mut open, args.dispute, party, told)?;
    console.print(&match args.format {
        AnswerFormat::Table => page(console, &gathered),
        AnswerFormat::Json => format!("{}\n", gathered_record(&gathered)),
    })?;
    Ok(Exit::Done)
}

fn gathered_record(gathered: &Gathered) -> Json {
    let explained = gathered.explained.iter().map(|(entry, told)| {
        let told: Json = serde_json::from_str(told).unwrap_or_default();
        json!({ "entry": entry, "explanation": told })
    });
    let mut record = record(&gathered.matter);
    record.insert("explained".to_owned(), explained.collect());
    let changes = |owed: &Owed| owed.changes.iter().map(owed::change).collect::<Json>();
    record.insert("changes".to_owned(), json!(gathered.owed.as_ref().map(changes)));
    let undisputed = gathered.owed.as_ref().map(|_| &gathered.undisputed);
    let undisputed = undisputed.map(|all| all.iter().map(owed::change).collect::<Json>());
    record.insert("undisputed".to_owned(), json!(undisputed));
    Json::Object(record)
}

fn page(console: &Console, gathered: &Gathered) -> String {
    let mut out = table(console, std::slice::from_ref(&gathered.matter));
    if let Some(holds) = &gathered.matter.dispute.holds {
        out.push_str(&format!("{}{holds}\n", console.pick("the party holds: ", "主张：")));
    }
    for (entry, text) in &gathered.explained {
        let words = Words::new(format!("\nentry {entry}\n"), format!("\n第 {entry} 条\n"));
        out.push_str(words.in_language(console.language));
        out.push_str(text);
    }
    if let Some(owed) = &gathered.owed {
        out.push_str(console.pick("\nby the party's rules\n", "\n按该方主张\n"));
        if owed.changes.is_empty() {
            out.push_str(console.pick("the same\n", "结果相同\n"));
        }
        for change in &owed.changes {
            out.push_str(&format!("{}: {}\n", change.entry, apart_text(console, change)));
        }
        out.push_str(&undisputed_text(console, &gathered.undisputed));
    }
    pictured_lines(&out).into_owned()
}

fn resolve(console: &Console, place: &BookPlace, args: &ResolveArgs) -> Result<Exit, Failed> {
    if args.verdict != HowItEnds::Corrected && args.with.is_some() {
        return Err(Stop::error(
            Words::new(
                "`--with` names the rules of a correction, and this verdict corrects nothing",
                "--with 指定更正所依的规则，而此裁决不作更正",
            ),
            Some(Words::new(
                "say `--verdict corrected`, or leave `--with` out",
                "请用 --verdict corrected，或去掉 --with",
            )),
        )
        .into());
    }
    let mut open = place.open(Access::Write)?;
    let rules = match &args.with {
        Some(with) => Some(other::read_to_post(console, &mut open, with, &args.other)?),
        None => None,
    };
    let other = rules.as_ref().map(|rules| rules.other(console, None));
    let ending = match (args.verdict, &other) {
        (HowItEnds::Upheld, _) => Ending::Upheld,
        (HowItEnds::Withdrawn, _) => Ending::Withdrawn,
        (HowItEnds::Corrected, Some(other)) => Ending::Corrected(other),
        (HowItEnds::Corrected, None) => {
            let words = Words::new("corrected by which rules? `--with RULES`", "按何规则更正？");
            return Err(Stop::error(words, None).into());
        }
    };
    let judge = Judge {
        by: args.by.clone(),
        reason: args.reason.clone(),
        clock: secret::now,
        language: console.language,
        folder: std::env::temp_dir(),
    };
    let resolved = book::resolve(&mut open, args.dispute, &judge, &ending)?;
    if args.format == AnswerFormat::Json {
        let mut record = record_of(&mut open, args.dispute)?;
        let undisputed = resolved.undisputed.iter().map(owed::change).collect::<Json>();
        record.insert("undisputed".to_owned(), undisputed);
        record.insert("shaken".to_owned(), json!(resolved.shaken.as_ref().map(shaken_record)));
        console.print_kept(&format!("{}\n", Json::Object(record)))?;
    } else {
        console.print_kept(&resolved_text(console, &resolved))?;
    }
    if !resolved.undisputed.is_empty() {
        console.message(&undisputed_text(console, &resolved.undisputed));
    }
    if let Some(shaken) = &resolved.shaken {
        console.message(&shaken_text(console, shaken));
    }
    Ok(Exit::Done)
}

fn resolved_text(console: &Console, Resolved { entry, corrections, .. }: &Resolved) -> String {
    let mut text = String::new();
    for correction in corrections {
        let words = Words::new(
            format!("correction: entry {correction}\n"),
            format!("更正：第 {correction} 条\n"),
        );
        text.push_str(words.in_language(console.language));
    }
    let words =
        Words::new(format!("resolution: entry {entry}\n"), format!("裁决：第 {entry} 条\n"));
    text.push_str(words.in_language(console.language));
    text
}

fn shaken_record(Shaken { edition, readings, changes, made }: &Shaken) -> Json {
    let changes = changes.iter().map(owed::change).collect::<Json>();
    let made = made.iter().map(owed::made).collect::<Json>();
    json!({ "edition_entry": edition, "readings": readings, "changes": changes, "made": made })
}

/// In what an event comes out otherwise: in its amounts, and in what else.
fn apart_text(console: &Console, change: &OwedChange) -> String {
    let ((before, after), besides) = (change.lines(), &change.besides);
    let after = match change.after {
        Some(_) => after,
        None => console.pick("(not made)", "（不再生成）"),
    };
    let amounts = (before != after).then(|| format!("{before} → {after}"));
    let besides = besides.iter().map(|it| format!("{} {} → {}", it.what, it.stored, it.now));
    let apart: Vec<String> = amounts.into_iter().chain(besides).collect();
    apart.join("; ")
}

/// What nobody sends and comes into being.
fn made_text(console: &Console, made: &[OwedMade]) -> String {
    const SHOWN_MAX: usize = 10;
    if made.is_empty() {
        return String::new();
    }
    let mut names: Vec<String> = made
        .iter()
        .take(SHOWN_MAX)
        .map(|it| format!("{} {}", it.kind, pictured(&it.key)))
        .collect();
    if made.len() > SHOWN_MAX {
        names.push("…".to_owned());
    }
    let (count, names) = (made.len(), names.join(", "));
    let words = Words::new(
        format!("note: the next posting makes what nobody sends ({count}): {names}\n"),
        format!("说明：下次过账将生成 {count} 条无人报送的事项：{names}\n"),
    );
    pictured_lines(words.in_language(console.language)).into_owned()
}

/// Changes, each in a line.
fn changes_text(console: &Console, changes: &[OwedChange]) -> String {
    const SHOWN_MAX: usize = 10;
    let mut text = String::new();
    for change in changes.iter().take(SHOWN_MAX) {
        let (of, end) = (console.pick("entry", "第"), console.pick("", " 条"));
        let (entry, key) = (change.entry, pictured(&change.key));
        let line = format!("  {of} {entry}{end} ({key}): {}\n", apart_text(console, change));
        text.push_str(&pictured_lines(&line));
    }
    if let Some(more @ 1..) = changes.len().checked_sub(SHOWN_MAX) {
        let words = Words::new(format!("  and {more} more\n"), format!("  另有 {more} 条\n"));
        text.push_str(words.in_language(console.language));
    }
    text
}

/// What a ruling leaves as it is and finds in totals as its rules give it.
fn undisputed_text(console: &Console, undisputed: &[OwedChange]) -> String {
    if undisputed.is_empty() {
        return String::new();
    }
    let note = console.pick(
        "note: by these rules other entries come out otherwise too. Nobody disputes them, so they keep what \
         they have; the running totals of a ruling by these rules hold what the rules give:\n",
        "说明：按此规则，下列各条结果亦不同；无人异议，故维持现状；而依此规则裁决时，台账所计为按此规则的结果：\n",
    );
    let help = console.pick(
        "help: a cap on such a total is kept by what these rules give, not by what stands: dispute them \
         together, if all are to go by these rules\n",
        "提示: 此类台账的限额以按此规则的结果为准，而非以现状为准；若均应依此规则，请一并提出异议\n",
    );
    format!("{note}{}{help}", changes_text(console, undisputed))
}

/// What was posted before and comes out otherwise now.
fn shaken_text(console: &Console, shaken: &Shaken) -> String {
    let Shaken { edition, readings, changes, made } = shaken;
    let made = made_text(console, made);
    if changes.is_empty() {
        return made;
    }
    let mut text = console
        .pick(
            "warning: entries posted before come out otherwise now; until they are corrected, nothing \
             can be posted that shares running totals with them\n",
            "警告：此前过账的下列各条结果随之不同；更正之前，与其共用台账的事项不能过账\n",
        )
        .to_owned();
    text.push_str(&changes_text(console, changes));
    let flags: String = readings.iter().map(|it| format!(" --reading {it}")).collect();
    let flags = format!(" --with {edition}{flags}");
    let words = Words::new(
        format!(
            "help: `fenshui book replay{flags} --corrections FILE` writes their corrections, and \
             `fenshui book correct{flags} --corrections FILE --because TEXT` posts them\n"
        ),
        format!(
            "提示: 用 fenshui book replay{flags} --corrections 文件 生成其更正，\
             再用 fenshui book correct{flags} --corrections 文件 --because 理由 过账\n"
        ),
    );
    text.push_str(words.in_language(console.language));
    text + &made
}
