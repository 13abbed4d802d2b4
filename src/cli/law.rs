//! `fenshui law`: what the rules rest on, and rules printed beside their law.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::{self, Loaded};
use crate::diagnostics::{Language, Words};
use crate::formats::{Output, Records, ResultColumn, ResultLayout, write_text};
use crate::report::law::{Law, Reading, page};

use super::args::OutputFormat;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::{places, rules};

#[derive(Debug, Args)]
pub(super) struct LawArgs {
    /// A file or folder of rules [default: the library, the folder `rules`, or the folder at hand]
    rules: Option<PathBuf>,
    /// What cites an instrument, clause by clause: its name, its number, or a part of its title
    #[arg(long, value_name = "INSTRUMENT", conflicts_with_all = ["unverified", "readings", "html"])]
    cites: Option<String>,
    /// What the rules say without having seen it in a source
    #[arg(long, conflicts_with_all = ["readings", "html"])]
    unverified: bool,
    /// What the law leaves open, with the answers and the reason for the one taken
    #[arg(long, conflicts_with = "html")]
    readings: bool,
    /// Print prose, program and law as one page of HTML; `-` for the standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Layout of lists
    #[arg(long, value_enum, value_name = "LAYOUT")]
    format: Option<OutputFormat>,
}

pub(super) fn run(console: &Console, args: &LawArgs) -> Result<Exit, Stop> {
    let loaded = rules::load(console, &place(console, args))?;
    let law = match app::law(&loaded) {
        Ok(law) => law,
        Err(wrong) => {
            rules::say(console, &loaded, &wrong);
            return Ok(Exit::RulesBroken);
        }
    };
    let layout = places::layout(args.format, "-")?;
    let list = List { console, loaded: &loaded, law: &law, layout };
    match (&args.html, &args.cites) {
        (Some(out), _) => {
            let page = page(&app::pages(&loaded), &law, &loaded.sources);
            match out == Path::new("-") {
                true => console.print(&page)?,
                false => write_text(out, &page)?,
            }
        }
        (None, Some(wanted)) => list.cites(wanted)?,
        (None, None) if args.unverified => list.unverified()?,
        (None, None) if args.readings => list.readings()?,
        (None, None) => list.instruments()?,
    }
    Ok(Exit::Done)
}

fn place(console: &Console, args: &LawArgs) -> PathBuf {
    let library = || console.library.folders.first().cloned();
    let beside = || Some(PathBuf::from("rules")).filter(|folder| folder.is_dir());
    let named = args.rules.clone().or_else(library).or_else(beside);
    named.unwrap_or_else(|| PathBuf::from("."))
}

struct List<'a> {
    console: &'a Console,
    loaded: &'a Loaded,
    law: &'a Law,
    layout: ResultLayout,
}

/// Name of a column in files, and its headings.
type Column = (&'static str, &'static str, &'static str);

impl List<'_> {
    fn instruments(&self) -> Result<(), Stop> {
        let mut records = self.records(&[
            ("number", "number", "文号"),
            ("title", "title", "标题"),
            ("issued", "issued", "发布"),
            ("cited", "cited", "引用"),
            ("seen", "seen", "来源"),
            ("name", "name", "名称"),
            ("declared", "declared", "声明"),
        ])?;
        for (at, instrument) in self.law.instruments.iter().enumerate() {
            let places: Vec<String> =
                instrument.declared.iter().map(|span| self.loaded.sources.line(*span)).collect();
            records.text(&instrument.number);
            records.text(&instrument.title);
            records.text(&instrument.issued.map_or_else(String::new, |day| day.to_string()));
            records.bare(&self.law.citations(at).count().to_string());
            records.text(self.seen(instrument.unverified));
            records.text(&instrument.name);
            records.text(&places.join("; "));
            records.end_row()?;
        }
        Ok(records.finish()?)
    }

    fn cites(&self, wanted: &str) -> Result<(), Stop> {
        let found = self.law.find(wanted);
        if found.is_empty() {
            let known = self.law.instruments.iter();
            let known = known.flat_map(|it| [it.number.as_str(), it.name.as_str()]);
            let nearest = crate::report::names::nearest(wanted, known);
            let hint = nearest.map(|near| {
                Words::new(format!("did you mean `{near}`?"), format!("是否应为「{near}」？"))
            });
            let hint = hint.unwrap_or_else(|| {
                Words::new("`fenshui law` lists them all", "fenshui law 列出全部法规")
            });
            let words = Words::new(
                format!("no instrument of these rules is called `{wanted}`"),
                format!("这些规则的法规中没有「{wanted}」"),
            );
            return Err(Stop::error(words, Some(hint)));
        }
        let mut records = self.records(&[
            ("instrument", "instrument", "法规"),
            ("clause", "clause", "条款"),
            ("kind", "kind", "种类"),
            ("name", "name", "名称"),
            ("label", "label", "标签"),
            ("seen", "seen", "来源"),
            ("place", "place", "位置"),
        ])?;
        for at in found {
            let number = self.law.instruments.get(at).map_or("", |it| it.number.as_str());
            for mention in self.law.citations(at) {
                records.text(number);
                records.text(self.say(&mention.clause));
                records.text(self.say(&mention.of.words()));
                records.text(&mention.name.text);
                records.text(self.label(&mention.name));
                records.text(self.seen(mention.unverified));
                records.text(&self.loaded.sources.line(mention.span));
                records.end_row()?;
            }
        }
        Ok(records.finish()?)
    }

    fn unverified(&self) -> Result<(), Stop> {
        let mut records = self.records(&[
            ("kind", "kind", "种类"),
            ("name", "name", "名称"),
            ("label", "label", "标签"),
            ("clause", "clause", "条款"),
            ("place", "place", "位置"),
        ])?;
        let mut open: Vec<_> = self.law.mentions.iter().filter(|it| it.unverified).collect();
        open.sort_by_key(|mention| mention.span);
        for mention in open {
            let clause = self.law.clause(mention.instrument, &mention.clause);
            records.text(self.say(&mention.of.words()));
            records.text(&mention.name.text);
            records.text(self.label(&mention.name));
            records.text(self.say(&clause));
            records.text(&self.loaded.sources.line(mention.span));
            records.end_row()?;
        }
        Ok(records.finish()?)
    }

    /// For a person each reading is a paragraph: the reasons are sentences.
    fn readings(&self) -> Result<(), Stop> {
        if self.layout == ResultLayout::Table {
            let told: Vec<String> =
                self.law.readings.iter().map(|reading| self.told(reading)).collect();
            return self.console.print(&told.join("\n"));
        }
        let mut records = self.records(&[
            ("name", "name", "名称"),
            ("question", "question", "问题"),
            ("clause", "clause", "条款"),
            ("options", "options", "选项"),
            ("default", "default", "默认"),
            ("because", "because", "理由"),
            ("place", "place", "位置"),
        ])?;
        for reading in &self.law.readings {
            let options: Vec<&str> = reading.options.iter().map(|it| it.text.as_str()).collect();
            let default = reading.options.get(reading.default);
            records.text(&reading.name.text);
            records.text(self.label(&reading.name));
            records.text(self.say(&self.law.clause(reading.instrument, &reading.clause)));
            records.text(&options.join("; "));
            records.text(default.map_or("", |option| option.text.as_str()));
            records.text(&reading.because);
            records.text(&self.loaded.sources.line(reading.span));
            records.end_row()?;
        }
        Ok(records.finish()?)
    }

    fn told(&self, reading: &Reading) -> String {
        let clause = self.law.clause(reading.instrument, &reading.clause);
        let head = [
            reading.name.text.as_str(),
            self.label(&reading.name),
            self.say(&clause),
            &self.loaded.sources.line(reading.span),
        ];
        let head: Vec<&str> = head.into_iter().filter(|part| !part.is_empty()).collect();
        let mut out = format!("{}\n", head.join("  "));
        for (at, option) in reading.options.iter().enumerate() {
            let sign = if at == reading.default { "→" } else { " " };
            let label = self.label(option);
            let label = if label.is_empty() { String::new() } else { format!("  {label}") };
            out.push_str(&format!("  {sign} {}{label}\n", option.text));
        }
        if !reading.because.is_empty() {
            let because = self.console.pick("because", "理由");
            out.push_str(&format!("    {because}: {}\n", reading.because));
        }
        out
    }

    fn records(&self, columns: &[Column]) -> Result<Records, Stop> {
        let column = |(name, en, zh): &Column| {
            ResultColumn::new(name, self.console.pick(en, zh), *name == "cited")
        };
        let more = self.console.pick("… and {} more rows", "……另有 {} 行");
        let columns = columns.iter().map(column).collect();
        Ok(Records::new(Output::stdout(), self.layout, columns, more)?)
    }

    fn say<'w>(&self, words: &'w Words) -> &'w str {
        words.in_language(self.console.language)
    }

    /// The label in the reader's language, else in the other; empty where there is none.
    fn label<'n>(&self, name: &'n crate::report::names::Label) -> &'n str {
        let (own, other) = match self.console.language {
            Language::English => (&name.en, &name.zh),
            Language::Chinese => (&name.zh, &name.en),
        };
        own.as_deref().or(other.as_deref()).unwrap_or_default()
    }

    /// What a person reads is empty for the rule and says so for the exception.
    fn seen(&self, unverified: bool) -> &'static str {
        match (unverified, self.layout, self.console.language) {
            (false, ResultLayout::Table, _) => "",
            (false, _, _) => "seen",
            (true, ResultLayout::Table, Language::Chinese) => "未核实",
            (true, _, _) => "unverified",
        }
    }
}
