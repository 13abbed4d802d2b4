//! A scenario is a small difference: it is made to the tree before anything is resolved, so that the
//! amended rule set is checked like any other.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, Amendment, ItemKind, RuleBody, Target};

use super::names::{Kind, nearest};
use super::{Choice, Resolver, units, words};

/// The chosen scenario, as what is found later refers to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    /// Its name, and where it stands.
    scenario: Option<(String, Span)>,
    /// What it took out.
    removed: Vec<ast::Name>,
}

/// The files with the chosen scenario's amendments made.
pub(super) fn amend(
    files: &[ast::File],
    choice: &Choice,
    found: &mut Vec<Diagnostic>,
) -> (Vec<ast::File>, Chosen) {
    let mut files = files.to_vec();
    for scenario in scenarios(&files).filter(|scenario| scenario.amendments.is_empty()) {
        found.push(amends_nothing(scenario));
    }
    found.extend(named_by_examples(&files));
    let Some(chosen) = &choice.scenario else { return (files, Chosen::default()) };
    let scenario = scenarios(&files).find(|scenario| scenario.name.text == *chosen).cloned();
    let Some(scenario) = scenario else {
        found.push(no_such_scenario(&files, chosen, Span::default()));
        return (files, Chosen::default());
    };
    let mut removed = Vec::new();
    for amendment in &scenario.amendments {
        if let Some(refused) = changes_kind(&files, &scenario, amendment) {
            found.push(refused);
        } else if !make(&mut files, &scenario.amends, amendment) {
            found.extend(nothing_to_amend(&files, &scenario, amendment));
        } else if let Amendment::Remove { name } = amendment {
            removed.push(name.clone());
        }
    }
    (files, Chosen { scenario: Some((scenario.name.text, scenario.span)), removed })
}

impl Resolver<'_> {
    /// Whether something was written in the chosen scenario.
    pub(super) fn is_amended(&self, span: Span) -> bool {
        self.amended.scenario.as_ref().is_some_and(|(_, scenario)| {
            scenario.file == span.file && scenario.start <= span.start && span.end <= scenario.end
        })
    }

    /// A name that is unknown because the scenario took away what it stood for.
    pub(super) fn removed_by_scenario(&self, name: &ast::Name) -> Option<Diagnostic> {
        let (scenario, _) = self.amended.scenario.as_ref()?;
        let text = &name.text;
        let removed = self.amended.removed.iter().find(|removed| removed.text == *text)?;
        let words = Words::new(
            format!("scenario `{scenario}` removes `{text}`, which something else still names"),
            format!("方案「{scenario}」删除了「{text}」，但别处仍提到它"),
        );
        Some(
            Diagnostic::error(words::UNKNOWN_NAME, removed.span, words)
                .with_note(name.span, Words::new("named here", "此处提到"))
                .with_help(Words::new(
                    "remove what names it as well, and write it again without the name",
                    "请一并删除提到它的内容，再另写一条不提它的",
                )),
        )
    }
}

fn scenarios(files: &[ast::File]) -> impl Iterator<Item = &ast::Scenario> {
    files.iter().flat_map(|file| &file.items).filter_map(|item| match &item.kind {
        ItemKind::Scenario(scenario) => Some(scenario),
        _ => None,
    })
}

fn amends_nothing(scenario: &ast::Scenario) -> Diagnostic {
    let name = &scenario.name.text;
    let words = Words::new(
        format!("scenario `{name}` changes nothing"),
        format!("方案「{name}」没有任何修订"),
    );
    Diagnostic::warning(words::BAD_SCENARIO, scenario.name.span, words)
}

/// Whether a name, or the last word of a module's, stands in a declaration that could not be read.
fn is_broken(files: &[ast::File], name: &ast::Name) -> bool {
    let last = name.text.rsplit('.').next().unwrap_or_default();
    files.iter().any(|file| file.broken.iter().any(|word| word == last))
}

/// The scenarios that examples name and that are none.
fn named_by_examples(files: &[ast::File]) -> Vec<Diagnostic> {
    let known: Vec<&str> = scenarios(files).map(|it| it.name.text.as_str()).collect();
    let items = files.iter().flat_map(|file| &file.items);
    let named = items.filter_map(|item| match &item.kind {
        ItemKind::Example(example) => example.scenario.as_ref(),
        _ => None,
    });
    let unknown = named.filter(|it| !known.contains(&it.text.as_str()) && !is_broken(files, it));
    unknown.map(|it| no_such_scenario(files, &it.text, it.span)).collect()
}

fn no_such_scenario(files: &[ast::File], chosen: &str, span: Span) -> Diagnostic {
    let known: Vec<String> = scenarios(files).map(|scenario| scenario.name.text.clone()).collect();
    let words = Words::new(
        format!("there is no scenario named `{chosen}`"),
        format!("没有名为「{chosen}」的方案"),
    );
    let diagnostic = Diagnostic::error(words::BAD_SCENARIO, span, words);
    if known.is_empty() {
        return diagnostic;
    }
    diagnostic.with_help(Words::new(
        format!("known scenarios: {}", known.join(", ")),
        format!("已有方案：{}", known.join("、")),
    ))
}

/// Why an amendment found nothing: the module, the name or the leg is not there. Nothing is said of a
/// declaration that could not be read, for that was said already.
fn nothing_to_amend(
    files: &[ast::File],
    scenario: &ast::Scenario,
    amendment: &Amendment,
) -> Option<Diagnostic> {
    let (name, kind) = match amendment {
        Amendment::Legs { rule, .. } => (rule, words::kind(Kind::Rule)),
        Amendment::Parameter { name, .. } => (name, words::kind(Kind::Parameter)),
        Amendment::Schedule { name, .. } => (name, words::kind(Kind::Schedule)),
        Amendment::Reading { name, .. } => (name, words::kind(Kind::Reading)),
        Amendment::Remove { name } => (name, Words::new("rule or levy", "规则或征收")),
        Amendment::AddRule(rule) => (&rule.name, words::kind(Kind::Rule)),
        Amendment::AddLevy(levy) => (&levy.name, words::kind(Kind::Levy)),
    };
    if scenario.amends.iter().chain([name]).any(|name| is_broken(files, name)) {
        return None;
    }
    let (of, text) = (&scenario.name.text, &name.text);
    let modules: Vec<String> = files.iter().flat_map(module_names).collect();
    if let Some(module) = scenario.amends.iter().find(|module| !modules.contains(&module.text)) {
        let words = Words::new(
            format!("scenario `{of}` amends `{}`, and there is no such module", module.text),
            format!("方案「{of}」修订「{}」，但没有这个模块", module.text),
        );
        let found = Diagnostic::error(words::BAD_SCENARIO, module.span, words);
        return Some(did_you_mean(found, module, &modules));
    }
    let known = amendable(files, &scenario.amends, amendment);
    if let (Amendment::Legs { legs, .. }, true) = (amendment, known.contains(text)) {
        let at = legs.first().map_or(name.span, |(_, _, span)| *span);
        let words = Words::new(
            format!("scenario `{of}` changes a leg that rule `{text}` does not have"),
            format!("方案「{of}」修订的分项，规则「{text}」中没有"),
        );
        let help = Words::new(
            "legs count from 1 in written order, `2.1` is the first leg inside the second",
            "分项按书写次序自 1 起编号，「2.1」是第二项之内的第一项",
        );
        return Some(Diagnostic::error(words::BAD_SCENARIO, at, words).with_help(help));
    }
    let words = Words::new(
        format!("scenario `{of}` finds no {} `{text}` in the modules it amends", kind.en),
        format!("方案「{of}」在所修订的模块中找不到{}「{text}」", kind.zh),
    );
    let found = Diagnostic::error(words::BAD_SCENARIO, name.span, words);
    Some(did_you_mean(found, name, &known))
}

fn did_you_mean(found: Diagnostic, name: &ast::Name, known: &[String]) -> Diagnostic {
    match nearest(&name.text, known) {
        Some(near) => found
            .with_help(Words::new(
                format!("did you mean `{near}`?"),
                format!("是否想写「{near}」？"),
            ))
            .with_fix(name.span, near),
        None => found.with_help(Words::new(
            "name the module that declares it after `amends`",
            "请在「修订」之后写明声明它的模块",
        )),
    }
}

fn module_names(file: &ast::File) -> impl Iterator<Item = String> {
    file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Module(module) => Some(module.name.text.clone()),
        _ => None,
    })
}

/// The names in the amended modules that an amendment of this kind could have meant.
fn amendable(files: &[ast::File], amends: &[ast::Name], amendment: &Amendment) -> Vec<String> {
    let mut known = Vec::new();
    for file in files {
        let mut inside = false;
        for item in &file.items {
            let name = match (&item.kind, amendment) {
                (ItemKind::Module(module), _) => {
                    inside = amends.iter().any(|name| name.text == module.name.text);
                    continue;
                }
                (ItemKind::Rule(rule), Amendment::Legs { .. } | Amendment::Remove { .. }) => {
                    &rule.name
                }
                (ItemKind::Levy(levy), Amendment::Remove { .. }) => &levy.name,
                (ItemKind::Parameter(it), Amendment::Parameter { .. }) => &it.name,
                (ItemKind::Schedule(it), Amendment::Schedule { .. }) => &it.name,
                (ItemKind::Reading(it), Amendment::Reading { .. }) => &it.name,
                _ => continue,
            };
            if inside {
                known.push(name.text.clone());
            }
        }
    }
    known
}

/// A leg that took a rate, given a bare number: an amount, and most likely a forgotten `%`.
fn changes_kind(
    files: &[ast::File],
    scenario: &ast::Scenario,
    amendment: &Amendment,
) -> Option<Diagnostic> {
    let Amendment::Legs { rule: name, legs } = amendment else { return None };
    let rule = files.iter().flat_map(|file| &file.items).find_map(|item| match &item.kind {
        ItemKind::Rule(rule) if rule.name.text == name.text => Some(rule),
        _ => None,
    })?;
    let RuleBody::Split(split) = &rule.body else { return None };
    let (value, at) = legs.iter().find_map(|(path, value, at)| {
        let old = leg_at(&split.body, path)?;
        let was_rate = matches!(&old.portion, ast::Portion::Share(old) if units::has_rate(old));
        let is_amount = units::is_literal(value) && !units::has_rate(value);
        (was_rate && is_amount).then_some((value, *at))
    })?;
    let of = &scenario.name.text;
    let words = Words::new(
        format!("scenario `{of}` makes an amount of a leg that takes a rate"),
        format!("方案「{of}」把按比例的分项改成了金额"),
    );
    let help = match &value.kind {
        ast::ExprKind::Number { value, .. } => {
            Words::new(format!("write `{value}%`"), format!("请写「{value}%」"))
        }
        _ => Words::new("write a rate, such as `55%`", "请写比例，例如「55%」"),
    };
    Some(
        Diagnostic::error(words::BAD_SCENARIO, at, words)
            .with_note(rule.name.span, Words::new("the rule", "该规则"))
            .with_help(help),
    )
}

/// The leg at a path.
fn leg_at<'t>(target: &'t Target, path: &[u32]) -> Option<&'t ast::Leg> {
    let (first, rest) = path.split_first()?;
    let block = match target {
        Target::Block(block) | Target::InOrder(block) => block,
        Target::Among(among) => return leg_at(&among.target, path),
        Target::To(_) | Target::Undetermined { .. } | Target::Graded(_) => return None,
    };
    let leg = block.legs.get(usize::try_from(*first).ok()?.checked_sub(1)?)?;
    if rest.is_empty() { Some(leg) } else { leg_at(&leg.target, rest) }
}

/// Makes one amendment; says whether there was something to amend.
fn make(files: &mut [ast::File], amends: &[ast::Name], amendment: &Amendment) -> bool {
    let mut made = false;
    for file in files {
        let mut inside = false;
        let mut removed = None;
        let mut addition = None;
        for (position, item) in file.items.iter_mut().enumerate() {
            if let ItemKind::Module(module) = &item.kind {
                inside = amends.iter().any(|name| name.text == module.name.text);
                if inside && addition.is_none() {
                    addition = Some(position);
                }
            }
            if inside && !made {
                match amend_item(&mut item.kind, amendment) {
                    Amended::No => {}
                    Amended::Yes => made = true,
                    Amended::Remove => removed = Some(position),
                }
            }
        }
        if let Some(position) = removed {
            file.items.remove(position);
            made = true;
        }
        if let (Some(position), false) = (addition, made) {
            made = add(&mut file.items, position, amendment);
        }
    }
    made
}

enum Amended {
    No,
    Yes,
    Remove,
}

fn amend_item(item: &mut ItemKind, amendment: &Amendment) -> Amended {
    match (amendment, item) {
        (Amendment::Legs { rule: name, legs }, ItemKind::Rule(rule))
            if rule.name.text == name.text =>
        {
            let RuleBody::Split(split) = &mut rule.body else { return Amended::No };
            let all = legs.iter().all(|(path, value, _)| set_leg(&mut split.body, path, value));
            if all { Amended::Yes } else { Amended::No }
        }
        (Amendment::Parameter { name, version }, ItemKind::Parameter(parameter))
            if parameter.name.text == name.text =>
        {
            parameter.versions.push(version.clone());
            parameter.versions.sort_by_key(|version| version.effective.from);
            Amended::Yes
        }
        (Amendment::Schedule { name, version }, ItemKind::Schedule(schedule))
            if schedule.name.text == name.text =>
        {
            let from = version.effective.from;
            schedule.versions.retain(|old| old.effective.from != from);
            schedule.versions.push(version.clone());
            schedule.versions.sort_by_key(|version| version.effective.from);
            Amended::Yes
        }
        (Amendment::Reading { name, option }, ItemKind::Reading(reading))
            if reading.name.text == name.text =>
        {
            reading.default = option.clone();
            Amended::Yes
        }
        (Amendment::Remove { name }, ItemKind::Rule(rule)) if rule.name.text == name.text => {
            Amended::Remove
        }
        (Amendment::Remove { name }, ItemKind::Levy(levy)) if levy.name.text == name.text => {
            Amended::Remove
        }
        _ => Amended::No,
    }
}

fn add(items: &mut Vec<ast::Item>, module: usize, amendment: &Amendment) -> bool {
    let item = match amendment {
        Amendment::AddRule(rule) => {
            ast::Item { span: rule.span, kind: ItemKind::Rule(rule.clone()) }
        }
        Amendment::AddLevy(levy) => {
            ast::Item { span: levy.span, kind: ItemKind::Levy(levy.clone()) }
        }
        _ => return false,
    };
    // After the module's last declaration: before the next module, or at the end.
    let end = items
        .iter()
        .enumerate()
        .skip(module + 1)
        .find(|(_, item)| matches!(item.kind, ItemKind::Module(_)))
        .map_or(items.len(), |(position, _)| position);
    items.insert(end, item);
    true
}

/// Replaces the portion of the leg at a path; says whether there is one.
fn set_leg(target: &mut Target, path: &[u32], value: &ast::Expr) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    let block = match target {
        Target::Block(block) | Target::InOrder(block) => block,
        Target::Among(among) => return set_leg(&mut among.target, path, value),
        Target::To(_) | Target::Undetermined { .. } | Target::Graded(_) => return false,
    };
    let position = usize::try_from(*first).ok().and_then(|number| number.checked_sub(1));
    let Some(leg) = position.and_then(|position| block.legs.get_mut(position)) else {
        return false;
    };
    if rest.is_empty() {
        leg.portion = ast::Portion::Share(value.clone());
        // What is wrong with the leg now is the scenario's doing.
        leg.span = value.span;
        return true;
    }
    set_leg(&mut leg.target, rest, value)
}
