//! From trees to a rule set: every name looked up, every expression typed.
//!
//! Two passes. [`declare`] gives every declaration its id, so that the order of declaration never
//! matters; then the declarations are filled in, in the order in which one needs another's types:
//! enumerations, accounts and pools, shapes of registers and events, parameters and schedules,
//! computed fields, tallies and carries, rules and levies, figures and delegations, and last the examples.
//!
//! A rule without `of` is tried on every event kind and serves those for which it resolves. What is
//! said while trying is kept only if no event kind will do.

mod access;
mod bare_shares;
mod calls;
mod constant;
mod currencies;
mod data;
mod dated;
mod declare;
mod examples;
mod expr;
mod legs;
mod lets;
mod names;
mod otherwise;
mod rules;
mod scenario;
mod scope;
mod state;
mod total;
mod units;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{FileId, Span};
use crate::diagnostics::{Code, Diagnostic, Words};
use crate::syntax::ast;

use super::{Currency, LegId, LegOwner, ModuleId, Name, RuleSet, TallyId};
use currencies::Assumed;
use lets::LetOwner;
use names::Names;

pub use words::CODES;

/// Something was reported; there is nothing to hand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reported;

type Resolved<T> = Result<T, Reported>;

/// What a rule set is made with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The scenario whose amendments are made first.
    pub scenario: Option<String>,
}

/// Makes a rule set of the files of one compilation: each file a module (or several), and every
/// module they use among them.
///
/// Always gives a rule set, for an editor's sake; it is whole only if no diagnostic is an error.
pub fn from_syntax(files: &[ast::File], choice: &Choice) -> (RuleSet, Vec<Diagnostic>) {
    let mut found = Vec::new();
    let (files, amended) = scenario::amend(files, choice, &mut found);
    // What an account holds, and in what an event without an inflow moves money, is known from the
    // rules; what rules mean, from that. Each round comes closer, until one sees nothing new.
    let mut assumed = Assumed::default();
    loop {
        let (set, said) = resolve(&files, &amended, choice, assumed.clone(), found.clone());
        let seen = Assumed::seen(&set, &assumed);
        if set.currencies.len() == 1 || seen == assumed {
            return (set, said);
        }
        assumed = seen;
    }
}

fn resolve(
    files: &[ast::File],
    amended: &scenario::Chosen,
    choice: &Choice,
    assumed: Assumed,
    found: Vec<Diagnostic>,
) -> (RuleSet, Vec<Diagnostic>) {
    let mut resolver = Resolver {
        set: RuleSet { scenario: choice.scenario.clone(), ..RuleSet::default() },
        names: Names::default(),
        found,
        assumed,
        open_lets: BTreeSet::new(),
        asked_open: None,
        legs: BTreeMap::new(),
        open_tallies: BTreeSet::new(),
        tally_keys: Vec::new(),
        tally_types: Vec::new(),
        settlements: Vec::new(),
        amended: amended.clone(),
        broken: files.iter().flat_map(|file| file.broken.iter().cloned()).collect(),
        misread: BTreeSet::new(),
        missing: BTreeSet::new(),
    };
    resolver.set.currencies.push(Currency { name: "CNY".into(), scale: 2 });
    let modules = resolver.declare(files);
    resolver.fill(&modules);
    (resolver.set, resolver.found)
}

/// The work in progress.
struct Resolver<'a> {
    set: RuleSet,
    names: Names<'a>,
    found: Vec<Diagnostic>,
    /// What the round before saw.
    assumed: Assumed,
    /// Computed fields that are not worked out yet, and the first of them that was asked for.
    open_lets: BTreeSet<(LetOwner, usize)>,
    asked_open: Option<(LetOwner, usize)>,
    /// Legs already known, so that each case of a rule names the same leg alike.
    legs: BTreeMap<(LegOwner, Vec<u32>), LegId>,
    /// Tallies that a leg declares, of which no currency is known yet.
    open_tallies: BTreeSet<TallyId>,
    /// The key of each tally as written, which its readers evaluate among their own names.
    tally_keys: Vec<Vec<&'a ast::Expr>>,
    /// Types of a tally's key, known from its first feeder or reader on.
    tally_types: Vec<bool>,
    /// Each module's settlement as written.
    settlements: Vec<Option<&'a ast::SettlementKind>>,
    /// What the chosen scenario did.
    amended: scenario::Chosen,
    /// The words of declarations that could not be read: what they would have stood for is not known,
    /// and nothing is said of what refers to them.
    broken: BTreeSet<String>,
    /// Fields, and what has a key, whose type is not known: that was said, and nothing more is said of
    /// what uses them.
    misread: BTreeSet<String>,
    /// Files that use a module which was not read: what they name may be declared there.
    missing: BTreeSet<FileId>,
}

/// The declarations of one module, in written order.
struct ModuleItems<'a> {
    id: ModuleId,
    head: &'a ast::Module,
    items: Vec<&'a ast::Item>,
}

impl<'a> Resolver<'a> {
    fn fill(&mut self, modules: &[ModuleItems<'a>]) {
        for module in modules {
            self.fill_accounts(module);
        }
        for module in modules {
            self.fill_shapes(module);
        }
        for module in modules {
            self.fill_dated(module);
        }
        for module in modules {
            self.fill_state_types(module);
        }
        for module in modules {
            self.fill_leg_tallies(module);
        }
        self.fill_computed_fields(modules);
        for module in modules {
            self.fill_calendar(module);
        }
        for module in modules {
            self.fill_state(module);
        }
        for module in modules {
            self.fill_levies(module);
            self.fill_rules(module);
        }
        self.keep_to_covers();
        for module in modules {
            self.fill_figures(module);
        }
        for module in modules {
            self.fill_examples(module);
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) -> Reported {
        self.found.push(diagnostic);
        Reported
    }

    fn error(&mut self, code: Code, span: Span, message: Words) -> Reported {
        self.report(Diagnostic::error(code, span, message))
    }

    fn tally(&self, id: TallyId) -> Option<&super::Tally> {
        self.set.tallies.get(id.index())
    }
}

/// A declared name with its label.
fn named(name: &ast::Name, label: Option<&ast::Label>) -> Name {
    Name {
        text: name.text.clone(),
        en: label.and_then(|label| label.en.clone()),
        zh: label.and_then(|label| label.zh.clone()),
        span: name.span,
    }
}
