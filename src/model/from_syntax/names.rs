//! Which names a module sees: its own and those of the modules it uses, directly or through others.

use std::collections::BTreeMap;

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast;

use super::{Reported, Resolved, Resolver, words};
use crate::model::ModuleId;

/// What a name may stand for. Each kind is a space of its own: a tally and a field may share a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Law,
    Enumeration,
    Account,
    Pool,
    Event,
    Register,
    Parameter,
    Schedule,
    Reading,
    Tally,
    Carry,
    Rule,
    Levy,
    Figure,
}

#[derive(Debug, Clone, Copy)]
struct Declared {
    module: ModuleId,
    id: u32,
    span: Span,
}

/// All declared names of a compilation.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    declared: BTreeMap<(Kind, String), Vec<Declared>>,
    /// For each module, the modules whose names it sees, itself first.
    pub(super) visible: Vec<Vec<ModuleId>>,
    /// The key of each carry as written.
    pub(super) carry_keys: Vec<Vec<&'a ast::Expr>>,
    /// Module names, by id.
    pub(super) modules: Vec<&'a ast::Name>,
}

impl<'a> Resolver<'a> {
    /// Enters a name; one declared twice in a module is reported.
    pub(super) fn enter(&mut self, kind: Kind, module: ModuleId, name: &ast::Name, id: u32) {
        self.enter_as(kind, module, &name.text, name.span, id);
    }

    pub(super) fn enter_as(
        &mut self,
        kind: Kind,
        module: ModuleId,
        text: &str,
        span: Span,
        id: u32,
    ) {
        let entries = self.names.declared.entry((kind, text.to_owned())).or_default();
        if let Some(first) = entries.iter().find(|entry| entry.module == module) {
            let first = first.span;
            let what = words::kind(kind);
            self.report(
                Diagnostic::error(
                    words::DECLARED_TWICE,
                    span,
                    Words::new(
                        format!("{} `{text}` is declared twice", what.en),
                        format!("{}「{text}」声明了两次", what.zh),
                    ),
                )
                .with_note(first, Words::new("first declared here", "首次声明在这里")),
            );
            return;
        }
        entries.push(Declared { module, id, span });
    }

    /// What a name stands for in a module, if anything.
    pub(super) fn find(&self, kind: Kind, module: ModuleId, text: &str) -> Option<u32> {
        let (path, last) = match text.rsplit_once('.') {
            Some((path, last)) => (Some(path), last),
            None => (None, text),
        };
        let entries = self.names.declared.get(&(kind, last.to_owned()))?;
        let visible = self.names.visible.get(module.index())?;
        visible
            .iter()
            .filter(|seen| path.is_none_or(|path| self.module_name(**seen) == Some(path)))
            .find_map(|seen| entries.iter().find(|entry| entry.module == *seen))
            .map(|entry| entry.id)
    }

    fn module_name(&self, module: ModuleId) -> Option<&str> {
        self.names.modules.get(module.index()).map(|name| name.text.as_str())
    }

    /// What a name stands for, or a report with the nearest known one.
    pub(super) fn need(&mut self, kind: Kind, module: ModuleId, name: &ast::Name) -> Resolved<u32> {
        match self.find(kind, module, &name.text) {
            Some(id) => Ok(id),
            None => {
                let known = self.known(&[kind], module);
                Err(self.unknown(&words::kind(kind), name, &known))
            }
        }
    }

    /// All names of some kinds that a module sees.
    pub(super) fn known(&self, kinds: &[Kind], module: ModuleId) -> Vec<String> {
        let Some(visible) = self.names.visible.get(module.index()) else { return Vec::new() };
        self.names
            .declared
            .iter()
            .filter(|((kind, _), entries)| {
                kinds.contains(kind) && entries.iter().any(|entry| visible.contains(&entry.module))
            })
            .map(|((_, text), _)| text.clone())
            .collect()
    }

    /// Reports an unknown name with the nearest known one.
    pub(super) fn unknown(&mut self, what: &Words, name: &ast::Name, known: &[String]) -> Reported {
        let text = &name.text;
        let mut diagnostic = Diagnostic::error(
            words::UNKNOWN_NAME,
            name.span,
            Words::new(
                format!("there is no {} named `{text}` here", what.en),
                format!("这里没有名为「{text}」的{}", what.zh),
            ),
        );
        match nearest(text, known) {
            Some(near) => {
                diagnostic = diagnostic
                    .with_help(Words::new(
                        format!("did you mean `{near}`?"),
                        format!("是否想写「{near}」？"),
                    ))
                    .with_fix(name.span, near);
            }
            None if !known.is_empty() && known.len() <= 12 => {
                diagnostic = diagnostic.with_help(Words::new(
                    format!("known here: {}", quoted(known, "`", "`", ", ")),
                    format!("此处可用：{}", quoted(known, "「", "」", "、")),
                ));
            }
            None => {}
        }
        self.report(diagnostic)
    }
}

fn quoted(names: &[String], open: &str, close: &str, between: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{open}{name}{close}")).collect();
    quoted.join(between)
}

/// The known name a misspelt one most likely meant.
pub(super) fn nearest<'n>(text: &str, known: &'n [String]) -> Option<&'n str> {
    let length = text.chars().count();
    let allowed = if length <= 3 { 1 } else { 1 + length / 4 };
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(text, name), name.as_str()))
        .filter(|(distance, name)| *distance <= allowed && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name)
}
