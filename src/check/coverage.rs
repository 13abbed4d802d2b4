//! One rule for every case: gaps, clashes and rules that never apply.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{Event, EventId, ModuleId, PoolId, Rule, RuleCase, RuleSet, Source, Step};

use super::covered::{self, Covered};
use super::guards::{Candidate, Guards, overrides};
use super::space::{Formula, Found, Witness};

codes! {
    /// **What it finds.** A case of an event, and a day, for which money lies in a pool (or comes in)
    /// and no rule empties it. The finding names one such event. Cases are told apart by what the
    /// rules ask: members of enumerations, regions, flags, days, and numbers against constants and
    /// parameter values. Days before a module's `covers` (without it: before the first day that
    /// anything in reach is dated) are no gap.
    ///
    /// **Why it matters.** The event would be set aside: the money is in no treasury, and nobody
    /// decided that.
    ///
    /// **Not so:**
    /// ```fen
    /// rule shared
    ///   when tax in {vat, cit}
    ///   split inflow
    ///     50%   to central
    ///     rest  to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule kept
    ///   split inflow
    ///     all   to treasury[destination]
    ///
    /// rule shared
    ///   overrides kept
    ///   when tax in {vat, cit}
    ///   split inflow
    ///     50%   to central
    ///     rest  to treasury[destination]
    /// ```
    GAP "F0310" "a case that no rule covers" "有情形无规则可用";

    /// **What it finds.** Two rules that both apply to one case of one pool, neither overriding the
    /// other. The finding names one such event.
    ///
    /// **Why it matters.** Two rules would divide the same money. Which of them is meant is a question
    /// of law, so no order is assumed: say which is the exception.
    ///
    /// **Not so:**
    /// ```fen
    /// rule ordinary
    ///   split inflow
    ///     all   to central
    ///
    /// rule of_hebei
    ///   when destination = hebei
    ///   split inflow
    ///     all   to treasury[hebei]
    /// ```
    /// **But so:**
    /// ```fen
    /// rule ordinary
    ///   split inflow
    ///     all   to central
    ///
    /// rule of_hebei
    ///   overrides ordinary
    ///   when destination = hebei
    ///   split inflow
    ///     all   to treasury[hebei]
    /// ```
    CLASH "F0311" "two rules that both apply" "两条规则同时适用";

    /// **What it finds.** A case that no rule may cover, depending on what a register holds, on a
    /// running total, or on how several fields stand to each other. The finding points to the
    /// conditions it could not decide.
    ///
    /// **Why it matters.** If such an event comes it is set aside, and reported. Where the register
    /// cannot hold such a row, nothing need be done; else a rule without the condition covers it.
    ///
    /// **Not so:**
    /// ```fen
    /// register parks by enterprise { enterprise : text; share : rate }
    ///
    /// rule in_park
    ///   when parks[enterprise] as p
    ///   split inflow
    ///     p.share   to treasury[origin]
    ///     rest      to treasury[destination]
    /// ```
    /// **But so:**
    /// ```fen
    /// register parks by enterprise { enterprise : text; share : rate }
    ///
    /// rule kept
    ///   split inflow
    ///     all   to treasury[destination]
    ///
    /// rule in_park
    ///   overrides kept
    ///   when parks[enterprise] as p
    ///   split inflow
    ///     p.share   to treasury[origin]
    ///     rest      to treasury[destination]
    /// ```
    GAP_PERHAPS "F0312" "a case that may be without a rule" "可能有情形无规则可用";

    /// **What it finds.** Two rules that may both apply, depending on what a register holds, on a
    /// running total, or on how several fields stand to each other.
    ///
    /// **Why it matters.** If such an event comes it is set aside, and reported. Where that cannot
    /// happen nothing need be done; else let one override the other.
    ///
    /// **Not so:**
    /// ```fen
    /// register parks by enterprise { enterprise : text; closed : bool }
    /// register moves by enterprise { enterprise : text }
    ///
    /// rule kept
    ///   split inflow
    ///     all   to treasury[destination]
    ///
    /// rule in_park
    ///   overrides kept
    ///   when parks[enterprise] as p
    ///   split inflow
    ///     all   to treasury[origin]
    ///
    /// rule moved
    ///   overrides kept
    ///   when moves[enterprise] as m
    ///   split inflow
    ///     all   to central
    /// ```
    /// **But so:**
    /// ```fen
    /// register parks by enterprise { enterprise : text; closed : bool }
    /// register moves by enterprise { enterprise : text }
    ///
    /// rule kept
    ///   split inflow
    ///     all   to treasury[destination]
    ///
    /// rule in_park
    ///   overrides kept
    ///   when parks[enterprise] as p
    ///   split inflow
    ///     all   to treasury[origin]
    ///
    /// rule moved
    ///   overrides in_park
    ///   when moves[enterprise] as m
    ///   split inflow
    ///     all   to central
    /// ```
    CLASH_PERHAPS "F0313" "two rules that may both apply" "两条规则可能同时适用";

    /// **What it finds.** More cases than can be tried: the rules of one pool tell too many things
    /// apart. What is said of the other pools holds; of this one gaps and clashes show at the run.
    ///
    /// **Why it matters.** An event that falls into a gap or a clash is set aside, and reported; but
    /// nobody knew beforehand.
    TOO_MANY "F0314" "too many cases to try" "情形过多，未能穷尽";

    /// **What it finds.** A rule or levy that never applies: its conditions contradict each other or
    /// its days, or another rule overrides it in every case, or its pool is empty whenever it could.
    ///
    /// **Why it matters.** Whoever reads the rules believes that it does something.
    ///
    /// **Not so:**
    /// ```fen
    /// rule kept
    ///   split inflow
    ///     all   to treasury[destination]
    ///
    /// rule special
    ///   overrides kept
    ///   when tax = vat and tax = cit
    ///   split inflow
    ///     all   to central
    /// ```
    /// **But so:**
    /// ```fen
    /// rule kept
    ///   split inflow
    ///     all   to treasury[destination]
    ///
    /// rule special
    ///   overrides kept
    ///   when tax in {vat, cit}
    ///   split inflow
    ///     all   to central
    /// ```
    NEVER_APPLIES "F0315" "a rule that never applies" "规则永不适用";
}

/// Gaps, clashes and unreachable rules, over every event kind and everything that can be filled on it.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    let mut reached = vec![None; rules.rules.len()];
    for (at, event) in rules.events.iter().enumerate() {
        for source in sources(rules, EventId::next(at), event) {
            question(rules, EventId::next(at), source, &mut reached, found);
        }
    }
    for (rule, why) in rules.rules.iter().zip(reached) {
        if let Some(Reach::Never(why)) = why {
            let words = Words::new(
                format!("rule `{}` never applies: {}", rule.name.text, why.en),
                format!("规则「{}」永不适用：{}", rule.name.text, why.zh),
            );
            found.push(Diagnostic::warning(NEVER_APPLIES, rule.name.span, words));
        }
    }
    levies(rules, found);
}

/// Whether a rule can apply on any event kind it serves.
#[derive(Debug, Clone)]
enum Reach {
    Sometimes,
    Never(Words),
}

/// What rules divide on an event kind: its inflow, and every pool with a rule for it.
fn sources(rules: &RuleSet, id: EventId, event: &Event) -> Vec<Source> {
    let inflow = event.inflow.map(|_| Source::Inflow);
    let pools = (0..rules.pools.len()).map(|at| Source::Pool(PoolId::next(at)));
    inflow
        .into_iter()
        .chain(pools)
        .filter(|source| super::guards::splitting(rules, id, *source).next().is_some())
        .collect()
}

fn question(
    rules: &RuleSet,
    event: EventId,
    source: Source,
    reached: &mut [Option<Reach>],
    found: &mut Vec<Diagnostic>,
) {
    let mut guards = Guards::new(rules, event);
    let filled = guards.filled(source);
    let candidates = guards.candidates(source);
    let days = guards.on_days(covered_days(rules, event, source, &candidates));
    let money = Formula::all([days, filled.clone()]);
    let asked = Question { guards, source, filled, money, candidates };
    asked.reach(reached);
    asked.gap(found);
    asked.clashes(found);
}

/// The days a source must be covered: those of the module that declares it; else of its rules.
fn covered_days(
    rules: &RuleSet,
    event: EventId,
    source: Source,
    candidates: &[Candidate<'_>],
) -> Covered {
    let owner = match source {
        Source::Inflow => rules.events.get(event.index()).map(|event| event.module),
        Source::Pool(pool) => rules.pools.get(pool.index()).map(|pool| pool.module),
    };
    let says = |module: &ModuleId| {
        rules
            .modules
            .get(module.index())
            .is_some_and(|module| module.covers_from.is_some() || module.covers_until.is_some())
    };
    match owner.filter(says) {
        Some(owner) => covered::of_module(rules, owner),
        None => {
            let mut modules: Vec<ModuleId> =
                candidates.iter().map(|candidate| candidate.rule.module).collect();
            modules.dedup();
            covered::of_modules(rules, &modules)
        }
    }
}

/// The rules of one source on one event kind.
struct Question<'a> {
    guards: Guards<'a>,
    source: Source,
    /// There is something to divide.
    filled: Formula,
    /// There is, and on a covered day.
    money: Formula,
    candidates: Vec<Candidate<'a>>,
}

impl Question<'_> {
    fn find(&self, parts: impl IntoIterator<Item = Formula>) -> Found {
        self.guards.space.find(&Formula::all(parts))
    }

    fn witness(&self, witness: &Witness) -> Vec<(String, String)> {
        self.guards.space.pairs(Some(self.guards.event), witness)
    }

    fn reach(&self, reached: &mut [Option<Reach>]) {
        for candidate in &self.candidates {
            let Some(place) = reached.get_mut(candidate.rule.id.index()) else { continue };
            if matches!(place, Some(Reach::Sometimes)) {
                continue;
            }
            let any = |formula: &Formula| self.guards.space.any(formula);
            let filled = Formula::all([self.filled.clone(), candidate.prevails.clone()]);
            // Mostly there is a case of all together, and one search shows it.
            let together = any(&filled);
            *place = Some(if together == Some(true) {
                Reach::Sometimes
            } else if any(&candidate.applies) == Some(false) {
                Reach::Never(Words::new(
                    "its conditions and days cannot hold together",
                    "其条件与期间不能同时成立",
                ))
            } else if any(&candidate.prevails) == Some(false) {
                Reach::Never(Words::new(
                    "wherever it would, a rule that overrides it applies",
                    "凡其可适用之处，均有优先于它的规则适用",
                ))
            } else if together == Some(false) {
                Reach::Never(Words::new(
                    "whenever it would, there is nothing to divide",
                    "凡其可适用之时，均无可分之款",
                ))
            } else {
                Reach::Sometimes
            });
        }
    }

    fn gap(&self, found: &mut Vec<Diagnostic>) {
        let none = self.candidates.iter().map(|candidate| candidate.applies.clone().not());
        let answer = self.find(std::iter::once(self.money.clone()).chain(none));
        let Some(first) = self.candidates.first() else { return };
        let span = first.rule.name.span;
        let (en, zh) = self.what();
        match answer {
            Found::Never => {}
            Found::Certainly(witness) => {
                let words = Words::new(
                    format!("no rule divides {en} in this case"),
                    format!("此情形下没有规则分配{zh}"),
                );
                let help = Words::new(
                    "write a rule for the case, or let a module begin later with `covers`",
                    "为此情形补写规则，或以「适用期」说明模块何时起适用",
                );
                let finding = Diagnostic::error(GAP, span, words)
                    .with_witness(self.witness(&witness))
                    .with_help(help);
                found.push(self.named(finding));
            }
            Found::Perhaps(witness) => {
                let words = Words::new(
                    format!("there may be cases in which no rule divides {en}"),
                    format!("可能有情形没有规则分配{zh}"),
                );
                let finding = Diagnostic::remark(GAP_PERHAPS, span, words)
                    .with_witness(self.witness(&witness));
                found.push(self.undecided(finding, &witness));
            }
            Found::TooMany => found.push(self.too_many()),
        }
    }

    fn clashes(&self, found: &mut Vec<Diagnostic>) {
        let rules = self.guards.rules;
        for (at, one) in self.candidates.iter().enumerate() {
            for two in self.candidates.iter().skip(at.saturating_add(1)) {
                let joined = overrides(rules, one.rule.id, two.rule.id)
                    || overrides(rules, two.rule.id, one.rule.id);
                if !joined {
                    self.clash(one, two, found);
                }
            }
        }
    }

    fn clash(&self, one: &Candidate<'_>, two: &Candidate<'_>, found: &mut Vec<Diagnostic>) {
        let both = [self.money.clone(), one.prevails.clone(), two.prevails.clone()];
        let span = two.rule.name.span;
        match self.find(both) {
            Found::Never => {}
            Found::Certainly(witness) => found.push(self.certain(one, two, &witness)),
            // Wherever one of the two applies at all, the other does too: no register can help.
            Found::Perhaps(witness)
                if witness.is_proven() && (self.always(one, two) || self.always(two, one)) =>
            {
                found.push(self.certain(one, two, &witness));
            }
            Found::Perhaps(witness) => {
                let (one, two) = (&one.rule.name, &two.rule.name);
                let words = Words::new(
                    format!("rules `{}` and `{}` may both apply", one.text, two.text),
                    format!("规则「{}」与「{}」可能同时适用", one.text, two.text),
                );
                let other = Words::new("the other rule", "另一条规则");
                let finding = Diagnostic::remark(CLASH_PERHAPS, span, words)
                    .with_note(one.span, other)
                    .with_witness(self.witness(&witness));
                found.push(self.undecided(finding, &witness));
            }
            Found::TooMany => found.push(self.too_many()),
        }
    }

    fn always(&self, one: &Candidate<'_>, two: &Candidate<'_>) -> bool {
        let alone = [self.money.clone(), one.prevails.clone(), two.prevails.clone().not()];
        self.guards.space.any(&Formula::all(alone)) == Some(false)
    }

    /// Whether a rule does not serve every event of the kind.
    fn asks(&self, rule: &Rule) -> bool {
        let mut cases = rule.cases.iter().filter(|case| case.event == self.guards.event);
        let asks = |case: &RuleCase| case.steps.iter().any(|step| matches!(step, Step::When(_)));
        rule.from.is_some() || rule.until.is_some() || cases.any(asks)
    }

    fn certain(&self, one: &Candidate<'_>, two: &Candidate<'_>, witness: &Witness) -> Diagnostic {
        // One that asks for something would never apply if it stood behind one that always does.
        let first_asks = self.asks(one.rule) && !self.asks(two.rule);
        let (one, two) = (&one.rule.name, &two.rule.name);
        let (narrower, other) = if first_asks { (one, two) } else { (two, one) };
        let (en, zh) = self.what();
        let words = Words::new(
            format!("rules `{}` and `{}` both divide {en}", one.text, two.text),
            format!("规则「{}」与「{}」都分配{zh}", one.text, two.text),
        );
        let help = Words::new(
            format!("say which stands before the other: `overrides {}`", other.text),
            format!("写明何者优先：「优先于 {}」", other.text),
        );
        Diagnostic::error(CLASH, narrower.span, words)
            .with_note(other.span, Words::new("the other rule", "另一条规则"))
            .with_witness(self.witness(witness))
            .with_help(help)
    }

    /// What is divided, in words.
    fn what(&self) -> (String, String) {
        let rules = self.guards.rules;
        let event = rules.events.get(self.guards.event.index());
        let event = event.map_or("", |event| event.name.text.as_str());
        match self.source {
            Source::Inflow => (format!("the inflow of `{event}`"), format!("「{event}」的流入")),
            Source::Pool(pool) => {
                let pool = rules.pools.get(pool.index());
                let pool = pool.map_or("", |pool| pool.name.text.as_str());
                (format!("pool `{pool}` on `{event}`"), format!("「{event}」的待分「{pool}」"))
            }
        }
    }

    /// Adds where the thing that is divided was declared.
    fn named(&self, finding: Diagnostic) -> Diagnostic {
        let rules = self.guards.rules;
        let span = match self.source {
            Source::Inflow => rules.events.get(self.guards.event.index()).map(|it| it.name.span),
            Source::Pool(pool) => rules.pools.get(pool.index()).map(|it| it.name.span),
        };
        match span {
            Some(span) => finding.with_note(span, Words::new("declared here", "在此声明")),
            None => finding,
        }
    }

    /// Adds what could not be decided, and where.
    fn undecided(&self, finding: Diagnostic, witness: &Witness) -> Diagnostic {
        let mut finding = finding;
        let leaning = self.guards.space.leaning_on(witness);
        // A condition is named once, not again for each part of it.
        let inside = |one: &Span, other: &Span| {
            one != other
                && one.file == other.file
                && other.start <= one.start
                && one.end <= other.end
        };
        let outermost = leaning.iter().filter(|one| !leaning.iter().any(|it| inside(one, it)));
        for span in outermost.copied().take(NOTES_MAX) {
            let words = if witness.is_proven() {
                Words::new(
                    "depends on this, which is not known before the run",
                    "取决于此，运行前无从得知",
                )
            } else {
                Words::new(
                    "depends on this, which could not be decided before the run",
                    "取决于此，运行前未能判定",
                )
            };
            finding = finding.with_note(span, words);
        }
        finding.with_help(Words::new(
            "such an event is set aside at the run; a rule for it would keep it from that",
            "运行时此类事项将被搁置；为其写明规则即可避免",
        ))
    }

    fn too_many(&self) -> Diagnostic {
        let span = self.candidates.first().map_or_else(Span::default, |it| it.rule.name.span);
        let (en, zh) = self.what();
        let words = Words::new(
            format!("the rules for {en} tell too many cases apart to try them all"),
            format!("分配{zh}的规则所分情形过多，未能逐一检验"),
        );
        Diagnostic::remark(TOO_MANY, span, words)
    }
}

/// How many undecided conditions one finding points to.
const NOTES_MAX: usize = 3;

fn levies(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for levy in &rules.levies {
        let never = levy.cases.iter().all(|case| {
            let mut guards = Guards::new(rules, case.event);
            let days = Covered { from: levy.from, until: levy.until };
            let raised = guards.levy(days, case).0;
            guards.space.any(&raised) == Some(false)
        });
        if never {
            let name = &levy.name.text;
            let words = Words::new(
                format!(
                    "levy `{name}` is never raised: its conditions and days exclude each other"
                ),
                format!("征收「{name}」永不发生：其条件与期间不能同时成立"),
            );
            found.push(Diagnostic::warning(NEVER_APPLIES, levy.name.span, words));
        }
    }
}
