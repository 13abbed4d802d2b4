//! Any text that parses resolves to a rule set or to findings, and prints.
#![no_main]

use fenshui::base::FileId;
use fenshui::model::{self, Choice};
use fenshui::syntax;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (tree, _) = syntax::parse(FileId(0), text, false);
    let (set, _) = model::from_syntax(&[tree], &Choice::default());
    let _ = set.digest();
});
