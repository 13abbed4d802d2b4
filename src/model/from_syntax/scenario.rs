//! A scenario is a small difference: it is made to the tree before anything is resolved, so that the
//! amended rule set is checked like any other.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, Amendment, ItemKind, RuleBody, Target};

use super::{Choice, words};

/// The files with the chosen scenario's amendments made.
pub(super) fn amend(
    files: &[ast::File],
    choice: &Choice,
    found: &mut Vec<Diagnostic>,
) -> Vec<ast::File> {
    let mut files = files.to_vec();
    let Some(chosen) = &choice.scenario else { return files };
    let scenario = files.iter().flat_map(|file| &file.items).find_map(|item| match &item.kind {
        ItemKind::Scenario(scenario) if scenario.name.text == *chosen => Some(scenario.clone()),
        _ => None,
    });
    let Some(scenario) = scenario else {
        let known: Vec<String> = scenario_names(&files);
        found.push(
            Diagnostic::error(
                words::BAD_SCENARIO,
                Span::default(),
                Words::new(
                    format!("there is no scenario named `{chosen}`"),
                    format!("没有名为「{chosen}」的方案"),
                ),
            )
            .with_help(Words::new(
                format!("known scenarios: {}", known.join(", ")),
                format!("已有方案：{}", known.join("、")),
            )),
        );
        return files;
    };
    for amendment in &scenario.amendments {
        if !make(&mut files, &scenario.amends, amendment) {
            found.push(nothing_to_amend(&scenario, amendment));
        }
    }
    files
}

fn scenario_names(files: &[ast::File]) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| &file.items)
        .filter_map(|item| match &item.kind {
            ItemKind::Scenario(scenario) => Some(scenario.name.text.clone()),
            _ => None,
        })
        .collect()
}

fn nothing_to_amend(scenario: &ast::Scenario, amendment: &Amendment) -> Diagnostic {
    let name = match amendment {
        Amendment::Legs { rule, .. } => rule,
        Amendment::Parameter { name, .. }
        | Amendment::Schedule { name, .. }
        | Amendment::Reading { name, .. }
        | Amendment::Remove { name } => name,
        Amendment::AddRule(rule) => &rule.name,
        Amendment::AddLevy(levy) => &levy.name,
    };
    let (text, of) = (&name.text, &scenario.name.text);
    Diagnostic::error(
        words::BAD_SCENARIO,
        name.span,
        Words::new(
            format!("scenario `{of}` finds no `{text}` (or no such leg) in the modules it amends"),
            format!("方案「{of}」在所修订的模块中找不到「{text}」（或没有该分项）"),
        ),
    )
    .with_help(Words::new(
        "name the module that declares it after `amends`",
        "请在「修订」之后写明声明它的模块",
    ))
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
        return true;
    }
    set_leg(&mut leg.target, rest, value)
}
