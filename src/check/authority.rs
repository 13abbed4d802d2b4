//! Whose law may do what: no rule reaches above its level or beyond its region.

use std::collections::BTreeSet;

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Body, Citation, CiteUnit, Delegated, Delegation, Event, EventId, Expr, ExprKind, FieldIx,
    Level, ModuleId, PoolId, Rule, RuleCase, RuleSet, Source,
};

use super::draws;
use super::guards::Guards;
use super::regions;
use super::space::{Formula, Found, Names};
use super::walk;

codes! {
    /// **What it finds.** A rule that overrides a rule of a higher level which was not handed down to it.
    ///
    /// **Why it matters.** A province cannot set aside what the nation decreed. Where the higher law
    /// leaves the matter to it, the module of that law says so: `delegates RULE to province per LAW`.
    ///
    /// **Not so:**
    /// ```fen
    /// module nation
    /// authority national
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// account central
    /// account treasury[Region]
    /// event receipt { id : text unique; date : date effective; place : Region; amount : money inflow }
    /// rule kept
    ///   split inflow
    ///     all  to treasury[place]
    ///
    /// module provincial
    /// authority province hebei
    /// use nation
    /// settlement largest remainder
    /// rule ours overrides kept
    ///   when place in hebei
    ///   split inflow
    ///     all  to treasury[hebei]
    /// ```
    /// **But so:**
    /// ```fen
    /// module nation
    /// authority national
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// account central
    /// account treasury[Region]
    /// event receipt { id : text unique; date : date effective; place : Region; amount : money inflow }
    /// rule kept
    ///   split inflow
    ///     all  to treasury[place]
    /// delegates kept to province
    ///
    /// module provincial
    /// authority province hebei
    /// use nation
    /// settlement largest remainder
    /// rule ours overrides kept
    ///   when place in hebei
    ///   split inflow
    ///     all  to treasury[hebei]
    /// ```
    OVERRIDES_HIGHER "F0370" "a higher level's rule overridden" "越权优先于上级规则";

    /// **What it finds.** A rule that divides a pool, or the inflow of an event, of a higher level which
    /// was not handed down to it.
    ///
    /// So is a transfer out of a higher level's account, a rule for a stage that empties one, and a levy
    /// into a higher level's pool. An account whose key names a region is that region's.
    ///
    /// **Why it matters.** What the higher law keeps to itself is not the lower level's to divide. A pool
    /// left to it is handed down by `delegates POOL to …`; a rule left to it, by `delegates RULE to …`.
    ///
    /// **Not so:**
    /// ```fen
    /// module nation
    /// authority national
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// account treasury[Region]
    /// pool local
    /// event receipt { id : text unique; date : date effective; place : Region; amount : money inflow }
    /// rule kept
    ///   split inflow
    ///     all  to local
    /// rule elsewhere
    ///   when place not in hebei
    ///   split local
    ///     all  to treasury[place]
    ///
    /// module provincial
    /// authority province hebei
    /// use nation
    /// settlement largest remainder
    /// rule ours
    ///   when place in hebei
    ///   split local
    ///     all  to treasury[hebei]
    /// ```
    /// **But so:**
    /// ```fen
    /// module nation
    /// authority national
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// account treasury[Region]
    /// pool local
    /// event receipt { id : text unique; date : date effective; place : Region; amount : money inflow }
    /// rule kept
    ///   split inflow
    ///     all  to local
    /// rule elsewhere
    ///   when place not in hebei
    ///   split local
    ///     all  to treasury[place]
    /// delegates local to province
    ///
    /// module provincial
    /// authority province hebei
    /// use nation
    /// settlement largest remainder
    /// rule ours
    ///   when place in hebei
    ///   split local
    ///     all  to treasury[hebei]
    /// ```
    DIVIDES_HIGHER "F0371" "a higher level's money divided" "越权分配上级款项";

    /// **What it finds.** A rule that uses a delegation in cases for which it was not given: the rule's
    /// conditions do not imply those of the delegation. The finding names such a case.
    ///
    /// **Why it matters.** Beyond its conditions a delegation gives no power.
    ///
    /// **Not so:**
    /// ```fen
    /// module nation
    /// authority national
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// taxes { vat; deed }
    /// account treasury[Region]
    /// event receipt {
    ///   id : text unique; date : date effective; tax : Tax; place : Region; amount : money inflow }
    /// rule kept
    ///   split inflow
    ///     all  to treasury[place]
    /// delegates kept to province when tax = deed
    ///
    /// module provincial
    /// authority province hebei
    /// use nation
    /// settlement largest remainder
    /// rule ours overrides kept
    ///   when place in hebei
    ///   split inflow
    ///     all  to treasury[hebei]
    /// ```
    /// **But so:**
    /// ```fen
    /// module nation
    /// authority national
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// taxes { vat; deed }
    /// account treasury[Region]
    /// event receipt {
    ///   id : text unique; date : date effective; tax : Tax; place : Region; amount : money inflow }
    /// rule kept
    ///   split inflow
    ///     all  to treasury[place]
    /// delegates kept to province when tax = deed
    ///
    /// module provincial
    /// authority province hebei
    /// use nation
    /// settlement largest remainder
    /// rule ours overrides kept
    ///   when place in hebei and tax = deed
    ///   split inflow
    ///     all  to treasury[hebei]
    /// ```
    BEYOND_DELEGATION "F0372" "beyond what was delegated" "超出下放的范围";
}

/// Every rule against the levels of what it overrides and divides, and against its region.
pub(super) fn check(rules: &RuleSet, found: &mut Vec<Diagnostic>) {
    for rule in &rules.rules {
        let Some(module) = rules.modules.get(rule.module.index()) else { continue };
        let power = Power { rules, rule, level: &module.authority };
        if power.rank() == 0 {
            continue;
        }
        power.check_overrides(found);
        for case in &rule.cases {
            power.check_source(case, found);
            let before = found.len();
            // Whoever was handed a rule may draw in its place on what the rule draws on.
            if power.overridden().is_empty() {
                draws::check_case(&power, case, found);
            }
            // Where the money is not its own, the region is no question any more.
            if found.len() == before {
                regions::check_case(&power, case, found);
            }
        }
    }
    for levy in &rules.levies {
        let Some(module) = rules.modules.get(levy.module.index()) else { continue };
        if rank(rules, &module.authority) == 0 {
            continue;
        }
        for case in &levy.cases {
            draws::check_levy(rules, &module.authority, levy, case, found);
            regions::check_levy(rules, &module.authority, levy, case, found);
        }
    }
}

/// One rule and whose law it is.
pub(super) struct Power<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) rule: &'a Rule,
    pub(super) level: &'a Level,
}

/// How far below the nation: a region without a parent is a province, any other a city.
fn rank(rules: &RuleSet, level: &Level) -> u8 {
    match level {
        Level::National => 0,
        Level::Province(_) => 1,
        Level::City(_) => 2,
        Level::Agreement(members) => {
            let provinces = members.iter().all(|(tree, member)| {
                let tree = rules.enumerations.get(tree.index());
                let member = tree.and_then(|tree| tree.members.get(member.index()));
                member.is_some_and(|member| member.parent.is_none())
            });
            if provinces { 1 } else { 2 }
        }
    }
}

/// Whether a module is the law of a higher level than another.
pub(super) fn is_above(rules: &RuleSet, module: ModuleId, level: &Level) -> bool {
    let module = rules.modules.get(module.index());
    module.is_some_and(|module| rank(rules, &module.authority) < rank(rules, level))
}

/// The delegations of a thing to a level, written by a module that had it to give.
pub(super) fn delegations<'a>(
    rules: &'a RuleSet,
    level: &Level,
    what: Delegated,
    owner: ModuleId,
) -> Vec<&'a Delegation> {
    let owner = rules.modules.get(owner.index());
    let owner = owner.map_or(0, |owner| rank(rules, &owner.authority));
    let gives = |delegation: &&Delegation| {
        let giver = rules.modules.get(delegation.module.index());
        giver.is_some_and(|giver| rank(rules, &giver.authority) <= owner)
    };
    let delegations = rules.delegations.iter();
    delegations
        .filter(|delegation| delegation.what == what && reaches(&delegation.to, level))
        .filter(gives)
        .collect()
}

impl<'a> Power<'a> {
    fn rank(&self) -> u8 {
        rank(self.rules, self.level)
    }

    pub(super) fn is_higher(&self, module: ModuleId) -> bool {
        is_above(self.rules, module, self.level)
    }

    fn delegations(&self, what: Delegated, owner: ModuleId) -> Vec<&'a Delegation> {
        delegations(self.rules, self.level, what, owner)
    }

    /// The rules of higher levels that the rule overrides, directly or through rules of its own level.
    /// What those override in turn is their affair.
    fn overridden(&self) -> Vec<&'a Rule> {
        let mut found: Vec<&Rule> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = self.rule.overrides.clone();
        while let Some(next) = open.pop() {
            let Some(other) = self.rules.rules.get(next.index()).filter(|_| seen.insert(next))
            else {
                continue;
            };
            if self.is_higher(other.module) {
                found.push(other);
            } else {
                open.extend(&other.overrides);
            }
        }
        found
    }

    fn check_overrides(&self, found: &mut Vec<Diagnostic>) {
        for other in self.overridden() {
            let given = self.delegations(Delegated::Rule(other.id), other.module);
            if given.is_empty() {
                let (own, name) = (&self.rule.name.text, &other.name.text);
                let words = Words::new(
                    format!("rule `{own}` overrides `{name}`, a rule of a higher level"),
                    format!("规则「{own}」优先于上级规则「{name}」"),
                );
                found.push(self.overreach(
                    OVERRIDES_HIGHER,
                    words,
                    other.name.span,
                    name,
                    &other.cite,
                ));
            } else {
                self.check_conditions(&given, found);
            }
        }
    }

    fn check_source(&self, case: &RuleCase, found: &mut Vec<Diagnostic>) {
        let Body::Split(split) = &case.body else { return };
        // Whoever was handed a rule may do in its place what the rule does.
        if !self.overridden().is_empty() {
            return;
        }
        match split.source {
            Source::Inflow => {
                let Some(event) = self.rules.events.get(case.event.index()) else { return };
                if self.is_higher(event.module) {
                    let (own, name) = (&self.rule.name.text, &event.name.text);
                    let words = Words::new(
                        format!(
                            "rule `{own}` divides the inflow of `{name}`, an event of a higher level"
                        ),
                        format!("规则「{own}」分配上级事项「{name}」的流入"),
                    );
                    let cite = &event.cite;
                    found.push(self.overreach(DIVIDES_HIGHER, words, event.name.span, name, cite));
                }
            }
            Source::Pool(pool) => self.check_pool(pool, found),
        }
    }

    fn check_pool(&self, id: PoolId, found: &mut Vec<Diagnostic>) {
        let Some(pool) = self.rules.pools.get(id.index()) else { return };
        if !self.is_higher(pool.module) {
            return;
        }
        let given = self.delegations(Delegated::Pool(id), pool.module);
        if given.is_empty() {
            let (own, name) = (&self.rule.name.text, &pool.name.text);
            let words = Words::new(
                format!("rule `{own}` divides `{name}`, a pool of a higher level"),
                format!("规则「{own}」分配上级待分「{name}」"),
            );
            let filler = self.rules.rules.iter().find(|rule| {
                rule.cases.iter().any(|case| super::guards::fills(&case.body).contains(&id))
            });
            let cite = filler.and_then(|rule| rule.cite.clone());
            found.push(self.overreach(DIVIDES_HIGHER, words, pool.name.span, name, &cite));
        } else {
            self.check_conditions(&given, found);
        }
    }

    /// A finding that names what is missing and the law it would have to rest on.
    fn overreach(
        &self,
        code: crate::diagnostics::Code,
        words: Words,
        at: Span,
        name: &str,
        cite: &Option<Citation>,
    ) -> Diagnostic {
        let help = Words::new(
            format!(
                "only its own module can hand it down: `delegates {name} to … per LAW article …`; \
                 what its own regions have received a rule may move without that: \
                 `transfer … from ACCOUNT[REGION] to …`"
            ),
            format!(
                "只有其所在模块可以下放：「下放 {name} 归 … 按 法规 第…条」；\
                 本地区已入库的款项则无须下放即可划转：「划转 … 自 账户[地区] 归 …」"
            ),
        );
        Diagnostic::error(code, self.rule.name.span, words)
            .with_note(at, law(self.rules, cite))
            .with_help(help)
    }

    /// The rule may use a delegation only where the delegation's conditions hold.
    fn check_conditions(&self, given: &[&Delegation], found: &mut Vec<Diagnostic>) {
        if given.iter().any(|delegation| delegation.when.is_none()) {
            return;
        }
        for case in &self.rule.cases {
            let (mut guards, applies, _) = self.applies(case);
            let allowed: Vec<Formula> = given
                .iter()
                .filter_map(|delegation| self.allowed(&mut guards, delegation, case.event))
                .collect();
            let beyond = Formula::all([applies, Formula::Any(allowed).not()]);
            let (Found::Certainly(witness) | Found::Perhaps(witness)) = guards.space.find(&beyond)
            else {
                continue;
            };
            let name = &self.rule.name.text;
            let words = Words::new(
                format!("rule `{name}` applies in a case for which nothing was delegated"),
                format!("规则「{name}」适用于未予下放的情形"),
            );
            let mut finding = Diagnostic::error(BEYOND_DELEGATION, self.rule.name.span, words)
                .with_witness(guards.space.pairs(Some(case.event), &witness))
                .with_help(Words::new(
                    "let its conditions imply those of the delegation",
                    "其条件应蕴含下放的条件",
                ));
            for delegation in given {
                let law = delegation.cite.as_ref().map(|cite| place(self.rules, cite));
                let words = match law {
                    Some((en, zh)) => Words::new(
                        format!("delegated under this condition by {en}"),
                        format!("依{zh}在此条件下下放"),
                    ),
                    None => Words::new("delegated under this condition", "在此条件下下放"),
                };
                finding = finding.with_note(delegation.span, words);
            }
            found.push(finding);
        }
    }

    /// When a rule really divides anything: it stands, and its source is filled.
    pub(super) fn applies(&self, case: &RuleCase) -> (Guards<'a>, Formula, Names<'a>) {
        let mut guards = Guards::new(self.rules, case.event);
        let (applies, names) = guards.rule(self.rule, case);
        let Body::Split(split) = &case.body else { return (guards, applies, names) };
        let money = guards.filled(split.source);
        let mut candidates = guards.candidates(split.source).into_iter();
        let own = candidates.find(|candidate| candidate.rule.id == self.rule.id);
        let prevails = own.map_or(applies, |candidate| candidate.prevails);
        (guards, Formula::all([money, prevails]), names)
    }

    /// A delegation's condition on an event kind; it was read on the kind it was first found to fit.
    fn allowed(
        &self,
        guards: &mut Guards<'a>,
        delegation: &Delegation,
        event: EventId,
    ) -> Option<Formula> {
        let formula = delegation.when.as_ref()?;
        let read_on = match delegation.what {
            Delegated::Rule(rule) => {
                self.rules.rules.get(rule.index())?.cases.first().map(|case| case.event)?
            }
            Delegated::Pool(_) | Delegated::Account(_) => {
                let fits = |event: &Event| fits(&formula.expr, event);
                EventId::next(self.rules.events.iter().position(fits)?)
            }
        };
        let (from, to) =
            (self.rules.events.get(read_on.index())?, self.rules.events.get(event.index())?);
        let moved = translated(&formula.expr, from, to)?;
        let mut names = Names::new(self.rules, Some(event));
        let unfolded = names.unfold(&moved);
        Some(guards.space.condition(&unfolded))
    }
}

/// The law that something of a higher level rests on, for a note.
pub(super) fn law(rules: &RuleSet, cite: &Option<Citation>) -> Words {
    cite.as_ref().map_or_else(
        || Words::new("declared here", "在此声明"),
        |cite| {
            let (en, zh) = place(rules, cite);
            Words::new(format!("rests on {en}"), format!("依据{zh}"))
        },
    )
}

/// Whether a delegation to one level reaches another: unnamed regions stand for any.
fn reaches(to: &Level, level: &Level) -> bool {
    match (to, level) {
        (Level::National, Level::National) => true,
        (Level::Province(to), Level::Province(own)) | (Level::City(to), Level::City(own)) => {
            to.is_none() || to == own
        }
        (Level::Agreement(to), Level::Agreement(own)) => {
            to.is_empty() || own.iter().all(|member| to.contains(member))
        }
        (Level::National | Level::Province(_) | Level::City(_) | Level::Agreement(_), _) => false,
    }
}

fn fits(expr: &Expr, event: &Event) -> bool {
    let mut fits = true;
    walk::each(expr, &mut |part| {
        if let ExprKind::Field(field) = part.kind {
            fits &= event.fields.get(field.index()).is_some_and(|field| field.ty == part.ty);
        }
    });
    fits
}

/// An expression about one event kind, about another with fields of the same names.
fn translated(expr: &Expr, from: &Event, to: &Event) -> Option<Expr> {
    let mut whole = true;
    let moved = super::space::map_fields(expr, &mut |field| {
        let name = from.fields.get(field.index()).map(|field| &field.name.text);
        let at = to.fields.iter().position(|field| Some(&field.name.text) == name);
        whole &= at.is_some();
        at.map_or(field, FieldIx::next)
    });
    whole.then_some(moved)
}

/// A place in a law, in both languages.
fn place(rules: &RuleSet, cite: &Citation) -> (String, String) {
    let law = cite.law.and_then(|law| rules.laws.get(law.index()));
    let title =
        law.map_or("", |law| law.titles.first().map_or(law.name.text.as_str(), String::as_str));
    let mut words = (title.to_owned(), title.to_owned());
    for (unit, number) in &cite.places {
        let (en, zh) = match unit {
            CiteUnit::Article => ("article", "条"),
            CiteUnit::Section => ("section", "款"),
            CiteUnit::Item => ("item", "项"),
            CiteUnit::Part => ("part", "部分"),
            CiteUnit::Table => ("table", "表"),
            CiteUnit::Annex => ("annex", "附件"),
        };
        words.0.push_str(&format!(" {en} {number}"));
        words.1.push_str(&format!(" 第{number}{zh}"));
    }
    words
}
