//! `fenshui book post`.

use clap::Args;
use serde_json::json;

use crate::app::book::{self, Access, Already, BookPlace, Changed, Post, PostReport};
use crate::diagnostics::{Words, pictured, pictured_lines};

use super::super::args::JobArgs;
use super::super::console::Console;
use super::super::exit::{Exit, Stop};
use super::super::job::{Prepared, prepare, say_remarks};
use super::super::set_aside::{SetAsideFile, say_first};
use super::{AnswerFormat, secret};

#[derive(Debug, Args)]
pub(super) struct PostArgs {
    #[command(flatten)]
    job: JobArgs,
    /// Who posts, for the book to name
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Post events that come late, and correct the entries after them
    #[arg(long)]
    recompute_late: bool,
    /// Say what would be posted, and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Run a second, plain evaluator first, and stop at the first difference
    #[arg(long)]
    cross_check: bool,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: AnswerFormat,
}

pub(super) fn run(console: &Console, place: &BookPlace, args: &PostArgs) -> Result<Exit, Stop> {
    let prepared = prepare(console, &args.job)?;
    let mut open = match place.open(Access::Write) {
        Ok(open) => open,
        Err(trouble) => return super::said(console, trouble),
    };
    let post = asked(console, &prepared, place, args);
    console.mind_interrupts();
    let report = match book::post(&mut open, &post) {
        Ok(report) => report,
        Err(refusal) => {
            // What was appended has been taken back: no entry of the batch is left.
            return super::refused(console, post.job.through, refusal).map_err(|stop| match stop {
                Stop::Interrupted(_) => Stop::Interrupted(Words::new(
                    "interrupted; nothing was posted",
                    "已中断，未过账",
                )),
                other => other,
            });
        }
    };
    let text = match args.format {
        AnswerFormat::Table => answer(console, args, &report),
        AnswerFormat::Json => format!("{:#}\n", record(args, &report)),
    };
    match args.dry_run {
        true => console.print(&text)?,
        false => console.print_kept(&text)?,
    }
    if let (Some(before), Some(_)) = (report.other_edition, report.receipt.batch) {
        console.note(&Words::new(
            format!("these rules are another edition than those of batch {before}"),
            format!("此规则与批次 {before} 的规则不是同一版"),
        ));
    }
    say_remarks(console, &report.remarks);
    let first = (report.first_aside.as_slice(), report.totals.set_aside);
    say_first(console, first, None, SetAsideFile::InBook);
    if !console.quiet && report.receipt.entries > 0 {
        console.message(&report.totals.draw_posted(report.receipt.already, console.language));
    }
    let came_aside = report.corrected.iter().any(|it| it.aside.is_some());
    let aside = report.totals.set_aside + report.already_aside > 0 || came_aside;
    let failed = aside || !report.totals.balance();
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

fn asked<'a>(
    console: &'a Console,
    prepared: &'a Prepared,
    place: &BookPlace,
    args: &PostArgs,
) -> Post<'a> {
    Post {
        job: prepared.job(console),
        loaded: &prepared.loaded,
        by: args.by.clone(),
        clock: secret::now,
        recompute_late: args.recompute_late,
        dry_run: args.dry_run,
        cross_check: args.cross_check,
        folder: place.folder().unwrap_or_else(std::env::temp_dir),
        large: bytes_of(prepared) >= LARGE_BYTES,
    }
}

/// Files of so many bytes, some hundred thousand events, are written into the book in less time if nobody
/// reads it meanwhile.
const LARGE_BYTES: u64 = 1 << 24;

fn bytes_of(prepared: &Prepared) -> u64 {
    let files = prepared.events.iter().filter_map(|file| file.input.path());
    files.filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len()).sum()
}

fn answer(console: &Console, args: &PostArgs, report: &PostReport) -> String {
    let mut out = String::new();
    let receipt = &report.receipt;
    for Already { key, entry, aside } in &report.already {
        let key = pictured(key);
        let words = match aside {
            None => Words::new(
                format!("{key}: already posted, entry {entry}\n"),
                format!("{key}：已过账，第 {entry} 条\n"),
            ),
            Some(code) => Words::new(
                format!("{key}: already in the book, set aside [{code}], entry {entry}\n"),
                format!("{key}：已在账簿，搁置 [{code}]，第 {entry} 条\n"),
            ),
        };
        out.push_str(words.in_language(console.language));
    }
    let told = u64::try_from(report.already.len()).unwrap_or(0);
    if let Some(more) = receipt.already.checked_sub(told).filter(|more| *more > 0) {
        out.push_str(&format!(
            "{more} {}\n",
            console.pick("more already in the book", "条亦已在账簿")
        ));
    }
    if let Some(agreed) = report.agreed {
        let words = console.pick("events on which both evaluators agree", "条事项两个求值器一致");
        out.push_str(&format!("{agreed} {words}\n"));
    }
    if report.late > 0 || !report.corrected.is_empty() {
        let corrected = report.corrected.len();
        let words = match report.late {
            // What a stage or a calendar made is made anew.
            0 => Words::new(
                format!("entries corrected: {corrected}\n"),
                format!("更正条数：{corrected}\n"),
            ),
            late => Words::new(
                format!(
                    "{late} {} came late; entries corrected: {corrected}\n",
                    if late == 1 { "event" } else { "events" },
                ),
                format!("{late} 条事项来迟；更正条数：{corrected}\n"),
            ),
        };
        out.push_str(words.in_language(console.language));
        out.push_str(&super::changes_text(console, &report.corrected));
    }
    if !report.settled.is_empty() {
        out.push_str(console.pick(
            "left as disputes were settled, though they would come out otherwise\n",
            "下列各条依异议裁决维持现状，虽按规则结果不同\n",
        ));
        out.push_str(&super::changes_text(console, &report.settled));
    }
    let words = match (receipt.batch, args.dry_run) {
        (None, _) => Words::new("nothing new", "没有新内容"),
        (Some(_), true) => Words::new(
            match receipt.entries {
                1 => "a trial: 1 entry would be posted, none was".to_owned(),
                more => format!("a trial: {more} entries would be posted, none was"),
            },
            format!("试算：将过账 {} 条，未写入", receipt.entries),
        ),
        (Some(batch), false) => Words::new(
            format!("batch {batch}: the book has {} entries", receipt.size),
            format!("批次 {batch}：账簿现有 {} 条", receipt.size),
        ),
    };
    out.push_str(&format!("{}\n", words.in_language(console.language)));
    if receipt.batch.is_some() && !args.dry_run {
        out.push_str(&format!("{} {}\n", console.pick("root", "树根"), receipt.root));
    }
    pictured_lines(&out).into_owned()
}

fn record(args: &PostArgs, report: &PostReport) -> serde_json::Value {
    let receipt = &report.receipt;
    let changed = |it: &Changed| {
        let accounts = it.accounts.iter();
        let accounts =
            accounts.map(|it| json!({ "account": it.account, "before": it.had, "after": it.has }));
        let set_aside = it.aside.as_ref().map(|it| it.code);
        let accounts = accounts.collect::<serde_json::Value>();
        let besides = it.besides.iter();
        let besides = besides
            .map(|(what, said, says)| json!({ "what": what, "before": said, "after": says }))
            .collect::<serde_json::Value>();
        json!({
            "entry": it.entry, "key": it.key, "accounts": accounts, "besides": besides,
            "set_aside": set_aside,
        })
    };
    let corrected = report.corrected.iter().map(changed);
    let settled = report.settled.iter().map(changed);
    json!({
        "dry_run": args.dry_run,
        "batch": receipt.batch.filter(|_| !args.dry_run),
        "entries": receipt.entries,
        "already": receipt.already,
        "already_set_aside": report.already_aside,
        "size": receipt.size,
        "root": (!args.dry_run).then(|| receipt.root.to_string()),
        "allocated": report.totals.allocated,
        "set_aside": report.totals.set_aside,
        "late": report.late,
        "corrected": corrected.collect::<serde_json::Value>(),
        "settled": settled.collect::<serde_json::Value>(),
        "agreed": report.agreed,
    })
}
