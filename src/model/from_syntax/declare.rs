//! First pass: modules in the order of use, and an id for every declaration.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::syntax::ast::{self, EnumerationKind, ItemKind};

use super::names::{Kind, nearest};
use super::{ModuleItems, Resolver, named, words};
use crate::model::{
    Account, AccountId, Enumeration, EnumerationId, FieldIx, Law, Level, LocalIx, Member, MemberIx,
    Module, ModuleId, Name, Parameter, Pool, Reading, Register, Schedule, Shape, ShapeId, Type,
};

/// One module as written, before it has an id.
struct Written<'a> {
    head: &'a ast::Module,
    uses: Vec<&'a ast::Name>,
    items: Vec<&'a ast::Item>,
}

impl<'a> Resolver<'a> {
    /// Gives every declaration its id and its name; modules used come before modules using.
    pub(super) fn declare(&mut self, files: &'a [ast::File]) -> Vec<ModuleItems<'a>> {
        let written = self.modules(files);
        let ordered = self.order(written);
        let mut modules = Vec::new();
        for (index, module) in ordered.iter().enumerate() {
            let id = ModuleId::next(index);
            self.names.modules.push(&module.head.name);
            self.set.modules.push(Module {
                name: named(&module.head.name, module.head.label.as_ref()),
                cite: None,
                authority: Level::National,
                uses: Vec::new(),
                covers_from: None,
                covers_until: None,
                settlement_cite: None,
            });
            self.settlements.push(None);
            let uses = self.used(module, &ordered, index);
            let mut visible = vec![id];
            for used in &uses {
                for seen in self.names.visible.get(used.index()).cloned().unwrap_or_default() {
                    if !visible.contains(&seen) {
                        visible.push(seen);
                    }
                }
            }
            self.names.visible.push(visible);
            if let Some(entry) = self.set.modules.get_mut(index) {
                entry.uses = uses;
            }
            modules.push(ModuleItems { id, head: module.head, items: module.items.clone() });
        }
        for module in &modules {
            for item in &module.items {
                self.declare_item(module.id, item);
            }
        }
        for module in &modules {
            for item in &module.items {
                self.declare_leg_tallies(module.id, item);
            }
        }
        for module in &modules {
            self.head(module);
        }
        modules
    }

    fn modules(&mut self, files: &'a [ast::File]) -> Vec<Written<'a>> {
        let mut written: Vec<Written<'a>> = Vec::new();
        for file in files {
            let mut inside = false;
            for item in &file.items {
                match (&item.kind, inside) {
                    (ItemKind::Module(head), _) => {
                        inside = true;
                        written.push(Written { head, uses: Vec::new(), items: Vec::new() });
                    }
                    // It may be what could not be read.
                    (_, false) if !file.broken.is_empty() => break,
                    (_, false) => {
                        self.error(
                            words::NO_MODULE,
                            item.span,
                            Words::new(
                                "a file starts with `module` and its name",
                                "文件须以「模块」及其名称开头",
                            ),
                        );
                        break;
                    }
                    (kind, true) => {
                        if let Some(module) = written.last_mut() {
                            if let ItemKind::Use(names) = kind {
                                module.uses.extend(names);
                            }
                            module.items.push(item);
                        }
                    }
                }
            }
        }
        written
    }

    /// Modules used before modules using; a circle is reported and cut.
    fn order(&mut self, written: Vec<Written<'a>>) -> Vec<Written<'a>> {
        let mut waiting = written;
        let mut ordered: Vec<Written<'a>> = Vec::new();
        while !waiting.is_empty() {
            let ready = waiting.iter().position(|module| {
                module
                    .uses
                    .iter()
                    .all(|used| !waiting.iter().any(|other| other.head.name.text == used.text))
            });
            if ready.is_none()
                && let Some(first) = waiting.first()
            {
                self.error(
                    words::MODULE_CYCLE,
                    first.head.name.span,
                    Words::new(
                        format!("module `{}` uses itself, through others", first.head.name.text),
                        format!("模块「{}」经由其他模块引用了自身", first.head.name.text),
                    ),
                );
            }
            let module = waiting.remove(ready.unwrap_or(0));
            if ordered.iter().any(|other| other.head.name.text == module.head.name.text) {
                let name = &module.head.name;
                self.error(
                    words::DECLARED_TWICE,
                    name.span,
                    Words::new(
                        format!("module `{}` is declared twice", name.text),
                        format!("模块「{}」声明了两次", name.text),
                    ),
                );
            }
            ordered.push(module);
        }
        ordered
    }

    fn used(&mut self, module: &Written<'a>, all: &[Written<'a>], index: usize) -> Vec<ModuleId> {
        let mut uses = Vec::new();
        for name in &module.uses {
            let found = all.iter().take(index).position(|other| other.head.name.text == name.text);
            match found {
                Some(position) => uses.push(ModuleId::next(position)),
                None if all.iter().any(|other| other.head.name.text == name.text) => {}
                None => {
                    let known: Vec<String> =
                        all.iter().map(|other| other.head.name.text.clone()).collect();
                    let mut diagnostic = Diagnostic::error(
                        words::UNKNOWN_MODULE,
                        name.span,
                        Words::new(
                            format!("module `{}` is not among the files read", name.text),
                            format!("读入的文件中没有模块「{}」", name.text),
                        ),
                    );
                    if let Some(near) = nearest(&name.text, &known) {
                        diagnostic = diagnostic.with_help(Words::new(
                            format!("did you mean `{near}`?"),
                            format!("是否想写「{near}」？"),
                        ));
                    } else {
                        diagnostic = diagnostic.with_help(Words::new(
                            "name the folder that holds it: `--library FOLDER`, or \
                             `library = [\"FOLDER\"]` in the project's `fenshui.toml`",
                            "请指明它所在的文件夹：「--library 文件夹」，或在项目的 fenshui.toml 中写 \
                             library = [\"文件夹\"]",
                        ));
                    }
                    self.missing.insert(name.span.file);
                    self.report(diagnostic);
                }
            }
        }
        uses
    }

    fn declare_item(&mut self, module: ModuleId, item: &'a ast::Item) {
        match &item.kind {
            ItemKind::Law(law) => {
                self.enter(Kind::Law, module, &law.name, count(&self.set.laws));
                self.set.laws.push(Law {
                    name: named(&law.name, None),
                    module,
                    titles: law.titles.clone(),
                    issued: law.issued,
                    unverified: law.unverified,
                });
            }
            ItemKind::Enumeration(enumeration) => {
                self.declare_enumeration(module, item.span, enumeration);
            }
            ItemKind::Account(account) => {
                let id = AccountId(count(&self.set.accounts));
                self.enter(Kind::Account, module, &account.name, id.0);
                self.set.accounts.push(Account {
                    id,
                    name: named(&account.name, account.label.as_ref()),
                    module,
                    keys: Vec::new(),
                    code: account.code.clone(),
                    holds: account.holds,
                    currency: self.assumed.of_account(id),
                });
            }
            ItemKind::Pool(pool) => {
                self.enter(Kind::Pool, module, &pool.name, count(&self.set.pools));
                self.set.pools.push(Pool {
                    name: named(&pool.name, pool.label.as_ref()),
                    module,
                    per: None,
                });
            }
            ItemKind::Register(_) | ItemKind::Parameter(_) | ItemKind::Schedule(_) => {
                self.declare_table(module, item);
            }
            ItemKind::Reading(reading) => self.declare_reading(module, reading),
            ItemKind::Event(_) | ItemKind::Calendar(_) | ItemKind::Stage(_) => {
                self.declare_event(module, item)
            }
            ItemKind::Tally(_) | ItemKind::Carry(_) => self.declare_state(module, item),
            ItemKind::Rule(_) | ItemKind::Levy(_) => self.declare_rule(module, item),
            ItemKind::Figure(figure) => self.declare_figure(module, figure),
            ItemKind::Currency { name, scale } => self.declare_currency(name, *scale),
            ItemKind::Module(_)
            | ItemKind::Authority(_)
            | ItemKind::Use(_)
            | ItemKind::Covers { .. }
            | ItemKind::Settlement { .. }
            | ItemKind::Delegates(_)
            | ItemKind::Example(_)
            | ItemKind::Scenario(_) => {}
        }
    }

    fn declare_table(&mut self, module: ModuleId, item: &'a ast::Item) {
        match &item.kind {
            ItemKind::Register(register) => {
                let shape = self.new_shape(&register.name.text);
                self.enter(Kind::Register, module, &register.name, count(&self.set.registers));
                self.set.registers.push(Register {
                    name: named(&register.name, register.label.as_ref()),
                    module,
                    cite: None,
                    shape,
                    keys: Vec::<FieldIx>::new(),
                    many: register.many,
                });
            }
            ItemKind::Parameter(parameter) => {
                self.enter(Kind::Parameter, module, &parameter.name, count(&self.set.parameters));
                self.set.parameters.push(Parameter {
                    name: named(&parameter.name, parameter.label.as_ref()),
                    module,
                    keys: Vec::new(),
                    ty: Type::Number,
                    timelines: std::collections::BTreeMap::new(),
                    span: item.span,
                });
            }
            ItemKind::Schedule(schedule) => {
                self.enter(Kind::Schedule, module, &schedule.name, count(&self.set.schedules));
                self.set.schedules.push(Schedule {
                    name: named(&schedule.name, schedule.label.as_ref()),
                    module,
                    keys: Vec::new(),
                    ty: Type::Number,
                    versions: Vec::new(),
                    span: item.span,
                });
            }
            _ => {}
        }
    }

    /// A currency of a new name is added; the yuan may be given another scale.
    fn declare_currency(&mut self, name: &ast::Name, scale: u8) {
        match self.set.currencies.iter_mut().find(|currency| currency.name == name.text) {
            Some(known) => known.scale = scale,
            None => {
                self.set.currencies.push(crate::model::Currency { name: name.text.clone(), scale });
            }
        }
    }

    pub(super) fn new_shape(&mut self, name: &str) -> ShapeId {
        let id = ShapeId(count(&self.set.shapes));
        self.set.shapes.push(Shape { name: name.to_owned(), fields: Vec::new() });
        id
    }

    fn declare_reading(&mut self, module: ModuleId, reading: &'a ast::Reading) {
        let default =
            reading.options.iter().position(|(name, _)| name.text == reading.default.text);
        if default.is_none() {
            let known: Vec<String> =
                reading.options.iter().map(|(name, _)| name.text.clone()).collect();
            self.unknown(&Words::new("option", "选项"), &reading.default, &known);
        }
        self.enter(Kind::Reading, module, &reading.name, count(&self.set.readings));
        self.set.readings.push(Reading {
            name: named(&reading.name, reading.label.as_ref()),
            module,
            cite: None,
            options: reading
                .options
                .iter()
                .map(|(name, label)| named(name, label.as_ref()))
                .collect(),
            default: u32::try_from(default.unwrap_or(0)).unwrap_or(0),
            because: reading.because.clone(),
        });
    }

    fn declare_enumeration(
        &mut self,
        module: ModuleId,
        span: Span,
        enumeration: &'a ast::Enumeration,
    ) {
        let id = EnumerationId(count(&self.set.enumerations));
        let (name, aliases): (Name, &[&str]) = match &enumeration.kind {
            EnumerationKind::Regions => (anonymous("Region", "地区", span), &["Region", "地区"]),
            EnumerationKind::Taxes => (anonymous("Tax", "税种", span), &["Tax", "税种"]),
            EnumerationKind::Named(name) => (named(name, enumeration.label.as_ref()), &[]),
        };
        if aliases.is_empty() {
            self.enter_as(Kind::Enumeration, module, &name.text, name.span, id.0);
        }
        for alias in aliases {
            self.enter_as(Kind::Enumeration, module, alias, span, id.0);
        }
        let mut members = Vec::new();
        self.flatten(&enumeration.members, None, &mut members);
        self.set.enumerations.push(Enumeration { name, module, members });
    }

    fn flatten(
        &mut self,
        written: &[ast::Member],
        parent: Option<MemberIx>,
        members: &mut Vec<Member>,
    ) {
        for member in written {
            if let Some(first) = members.iter().find(|other| other.name.text == member.name.text) {
                let first = first.name.span;
                self.report(
                    Diagnostic::error(
                        words::DECLARED_TWICE,
                        member.name.span,
                        Words::new(
                            format!("member `{}` is declared twice", member.name.text),
                            format!("枚举项「{}」声明了两次", member.name.text),
                        ),
                    )
                    .with_note(first, Words::new("first declared here", "首次声明在这里")),
                );
            }
            if let Some(code) = &member.code
                && let Some(other) = members.iter().find(|other| other.code.as_ref() == Some(code))
            {
                let (name, first) = (&other.name.text, other.name.span);
                self.report(
                    Diagnostic::error(
                        words::DECLARED_TWICE,
                        member.name.span,
                        Words::new(
                            format!("`{name}` and `{}` have the code `{code}`", member.name.text),
                            format!("「{name}」与「{}」的代码同为「{code}」", member.name.text),
                        ),
                    )
                    .with_note(first, Words::new("the first one", "第一个"))
                    .with_help(Words::new(
                        "data could not tell them apart: give each a code of its own",
                        "数据无法区分二者：请各给不同的代码",
                    )),
                );
            }
            let own = MemberIx(count(members));
            members.push(Member {
                name: named(&member.name, member.label.as_ref()),
                code: member.code.clone(),
                parent,
            });
            self.flatten(&member.members, Some(own), members);
        }
    }

    /// Authority, settlement, the days covered, and the module's own citation.
    fn head(&mut self, module: &ModuleItems<'a>) {
        let cite = self.cite_of(module.id, module.head.cite.as_ref());
        if let Some(entry) = self.set.modules.get_mut(module.id.index()) {
            entry.cite = cite;
        }
        let mut authority = None;
        for item in &module.items {
            match &item.kind {
                ItemKind::Authority(level) => authority = Some(self.level(module.id, level)),
                ItemKind::Covers { from, until } => {
                    self.days_in_order(Some(*from), *until, item.span);
                    if let Some(entry) = self.set.modules.get_mut(module.id.index()) {
                        entry.covers_from = Some(*from);
                        entry.covers_until = *until;
                    }
                }
                ItemKind::Settlement { kind, cite } => {
                    if let Some(slot) = self.settlements.get_mut(module.id.index()) {
                        *slot = Some(kind);
                    }
                    let cite = cite.as_ref().and_then(|cite| self.cite(module.id, cite));
                    if let Some(entry) = self.set.modules.get_mut(module.id.index()) {
                        entry.settlement_cite = cite;
                    }
                }
                _ => {}
            }
        }
        let name_span = self.names.modules.get(module.id.index()).map(|name| name.span);
        match (authority, name_span) {
            (Some(level), _) => {
                if let Some(entry) = self.set.modules.get_mut(module.id.index()) {
                    entry.authority = level;
                }
            }
            // What was written in its place could not be read, and that was said.
            (None, _) if self.is_broken("authority") || self.is_broken("权限") => {}
            (None, Some(span)) => {
                self.report(
                    Diagnostic::error(
                        words::NO_AUTHORITY,
                        span,
                        Words::new("a module names its authority", "模块须写明「权限」"),
                    )
                    .with_help(Words::new(
                        "add a line such as `authority national` or `authority province hebei`",
                        "加一行，例如「权限 中央」或「权限 省级 hebei」",
                    )),
                );
            }
            (None, None) => {}
        }
    }

    /// Whose law; regions are looked up among all regions the module sees.
    pub(super) fn level(&mut self, module: ModuleId, level: &ast::Level) -> Level {
        match level {
            ast::Level::National => Level::National,
            ast::Level::Province(name) => {
                Level::Province(name.as_ref().and_then(|name| self.region(module, name)))
            }
            ast::Level::City(name) => {
                Level::City(name.as_ref().and_then(|name| self.region(module, name)))
            }
            ast::Level::Agreement(names) => Level::Agreement(
                names.iter().filter_map(|name| self.region(module, name)).collect(),
            ),
        }
    }

    fn region(&mut self, module: ModuleId, name: &ast::Name) -> Option<(EnumerationId, MemberIx)> {
        let Some(id) = self.find(Kind::Enumeration, module, "Region") else {
            self.unknown(&Words::new("region", "地区"), name, &[]);
            return None;
        };
        let id = EnumerationId(id);
        let members: Vec<String> = self
            .set
            .enumerations
            .get(id.index())
            .map(|regions| regions.members.iter().map(|member| member.name.text.clone()).collect())
            .unwrap_or_default();
        match members.iter().position(|member| *member == name.text) {
            Some(position) => Some((id, MemberIx::next(position))),
            None => {
                self.unknown(&Words::new("region", "地区"), name, &members);
                None
            }
        }
    }
}

fn anonymous(en: &str, zh: &str, span: Span) -> Name {
    Name { text: en.to_owned(), en: None, zh: Some(zh.to_owned()), span }
}

/// How many entries a list has, as the next id.
pub(super) fn count<T>(list: &[T]) -> u32 {
    LocalIx::next(list.len()).0
}
