//! `fenshui check`.

use crate::app;
use crate::diagnostics::{Words, has_errors};
use crate::report;

use super::args::{CheckArgs, MessageFormat};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::rules;

pub(super) fn run(console: &Console, args: &CheckArgs) -> Result<Exit, Stop> {
    let loaded = rules::load(console, &args.rules)?;
    if args.unverified {
        return unverified(console, args, &loaded);
    }
    let findings = app::check(&loaded);
    match args.format {
        MessageFormat::Json => {
            let lines = findings.iter().map(|found| {
                format!("{}\n", report::json(found, &loaded.sources, console.language))
            });
            console.print(&lines.collect::<String>())?;
        }
        MessageFormat::Table => rules::say(console, &loaded, &findings),
    }
    if has_errors(&findings) {
        return Ok(Exit::RulesBroken);
    }
    let empty: Vec<String> = loaded
        .files
        .iter()
        .filter(|file| file.named && file.tree.items.is_empty())
        .map(|file| file.path.display().to_string())
        .collect();
    if !empty.is_empty() {
        let what = Words::new(
            format!("no rules in `{}`", empty.join("`, `")),
            format!("「{}」中没有规则", empty.join("」、「")),
        );
        let hint = Words::new(
            "in Markdown, rules stand between ```fen and ```, in small letters",
            "在 Markdown 中，规则写在 ```fen（小写）与 ``` 之间",
        );
        return Err(Stop::error(what, Some(hint)));
    }
    if findings.is_empty() && args.format == MessageFormat::Table {
        let files = loaded.files.iter().filter(|file| file.named).count();
        let what = if files == 1 { "file" } else { "files" };
        console.note(&Words::new(
            format!("nothing wrong in {files} {what}"),
            format!("{files} 个文件均无问题"),
        ));
    }
    Ok(Exit::Done)
}

fn unverified(console: &Console, args: &CheckArgs, loaded: &app::Loaded) -> Result<Exit, Stop> {
    let found = app::unverified(loaded);
    let mut out = String::new();
    for (span, what) in &found {
        let place = loaded.sources.place(*span);
        match args.format {
            MessageFormat::Table => out.push_str(&format!("{place}: {what}\n")),
            MessageFormat::Json => {
                let line = serde_json::json!({ "place": place, "what": what });
                out.push_str(&format!("{line}\n"));
            }
        }
    }
    console.print(&out)?;
    Ok(Exit::Done)
}
