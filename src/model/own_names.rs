//! What data and results call the things that several modules call alike.

use std::collections::{BTreeMap, BTreeSet};

use super::{ModuleId, Name, RuleSet};

/// The names that several modules give to things of one kind.
pub fn shared_names<'m>(names: impl Iterator<Item = (&'m Name, ModuleId)>) -> BTreeSet<&'m str> {
    let mut modules = BTreeMap::new();
    let elsewhere =
        |(name, module): &(&'m Name, _)| *modules.entry(&*name.text).or_insert(*module) != *module;
    names.filter(elsewhere).map(|(name, _)| name.text.as_str()).collect()
}

impl RuleSet {
    /// The name of a thing, by that of its module too where it is shared.
    pub fn own_name(&self, (name, module): (&Name, ModuleId), shared: &BTreeSet<&str>) -> String {
        let is_shared = shared.contains(name.text.as_str());
        match self.modules.get(module.index()).filter(|_| is_shared) {
            Some(module) => format!("{}.{}", module.name.text, name.text),
            None => name.text.clone(),
        }
    }
}
