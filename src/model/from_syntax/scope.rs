//! What an expression can see: the module's names, the event's fields, the names bound so far.

use std::collections::BTreeSet;

use crate::model::{EventId, Local, LocalIx, ModuleId, Name, ShapeId, Type};

/// The names in reach of an expression.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub module: ModuleId,
    /// The event at hand, if any.
    pub event: Option<EventId>,
    /// While fields are being worked out: only those before this one are known.
    pub fields_known: Option<usize>,
    /// The row whose `let` is being worked out, and the position of that `let`.
    pub own: Option<(ShapeId, usize)>,
    /// In the condition of a calendar event's selection: its day is known, though no event is at hand.
    pub knows_day: bool,
    /// Every name ever bound; positions are final.
    pub locals: Vec<Local>,
    /// Those visible now, innermost last.
    visible: Vec<LocalIx>,
    /// Rows whose fields may be named without the row, innermost last.
    pub rows: Vec<LocalIx>,
    /// Rows bound by a selection with weights: `share` knows them.
    pub weighted: BTreeSet<LocalIx>,
}

impl Scope {
    /// Nothing but the module's names.
    pub fn bare(module: ModuleId) -> Scope {
        Scope {
            module,
            event: None,
            fields_known: None,
            own: None,
            knows_day: false,
            locals: Vec::new(),
            visible: Vec::new(),
            rows: Vec::new(),
            weighted: BTreeSet::new(),
        }
    }

    /// The fields of an event.
    pub fn event(module: ModuleId, event: EventId) -> Scope {
        Scope { event: Some(event), ..Scope::bare(module) }
    }

    /// The fields of a row before a position.
    pub fn row(module: ModuleId, shape: ShapeId, position: usize) -> Scope {
        Scope { own: Some((shape, position)), ..Scope::bare(module) }
    }

    /// Binds a name.
    pub fn bind(&mut self, name: &str, ty: Type) -> LocalIx {
        let local = LocalIx::next(self.locals.len());
        self.locals.push(Local { name: name.to_owned(), en: None, zh: None, ty });
        self.visible.push(local);
        local
    }

    /// Binds a name with a label.
    pub fn bind_labelled(&mut self, name: &Name, ty: Type) -> LocalIx {
        let bound = self.bind(&name.text, ty);
        if let Some(local) = self.locals.last_mut() {
            local.en.clone_from(&name.en);
            local.zh.clone_from(&name.zh);
        }
        bound
    }

    /// The innermost visible local of a name.
    pub fn local(&self, name: &str) -> Option<(LocalIx, &Local)> {
        self.visible.iter().rev().find_map(|ix| {
            let local = self.locals.get(ix.index())?;
            (local.name == name && !name.is_empty()).then_some((*ix, local))
        })
    }

    /// Names of the visible locals.
    pub fn local_names(&self) -> Vec<String> {
        self.visible
            .iter()
            .filter_map(|ix| self.locals.get(ix.index()))
            .map(|local| local.name.clone())
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// Remembers which names are visible.
    pub fn mark(&self) -> (usize, usize) {
        (self.visible.len(), self.rows.len())
    }

    /// Forgets the names bound since a mark.
    pub fn reset(&mut self, (visible, rows): (usize, usize)) {
        self.visible.truncate(visible);
        self.rows.truncate(rows);
    }
}
