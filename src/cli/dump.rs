//! `fenshui dump`: the value of a stage, for whoever works on the program.

use crate::app;
use crate::model::Choice;
use crate::plan::{self, Choices};

use super::args::{DumpArgs, Stage};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::rules;

pub(super) fn run(console: &Console, args: &DumpArgs) -> Result<Exit, Stop> {
    let loaded = rules::load(console, &args.rules)?;
    match args.stage {
        Stage::Ast => {
            let trees = loaded.files.iter().map(|file| format!("{:#?}\n", file.tree));
            console.print(&trees.collect::<String>())?;
        }
        Stage::Plan => {
            let checked = rules::compile(console, &loaded, args.scenario.as_deref())?;
            console.print(&plan::print(&plan::from_checked(&checked, &Choices::default())))?;
        }
        Stage::Model => {
            let all: Vec<usize> = (0..loaded.files.len()).collect();
            let choice = Choice { scenario: args.scenario.clone() };
            let (rules, _) = app::resolve(&loaded, &all, &choice);
            console.print(&format!("{rules:#?}\n"))?;
        }
    }
    Ok(Exit::Done)
}
