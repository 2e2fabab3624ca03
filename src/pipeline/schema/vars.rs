//! Where `${…}` takes its values from: `params.yaml` beside the file, then `vars`.
//!
//! A file may be named again if it was taken in whole before, and in parts if the parts differ; nothing may be defined twice.

use indexmap::IndexMap;

use super::Reader;
use crate::pipeline::template::{self, Scope};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{Data, Entry, Mark, Node};
use crate::relpath::RelPath;

/// The parameters that are always there.
const DEFAULT: &str = "params.yaml";

impl Reader<'_, '_> {
    /// The values for a whole file.
    pub(super) fn scope(&mut self, vars: Option<&Node>, base: &RelPath) -> Scope {
        let mut scope = Scope::with_style(self.files.style);
        let default = base.join(DEFAULT);
        match self.files.read(&default) {
            Ok(Some(file)) => {
                let _ = scope.take(&default, None);
                if let Value::Map(map) = &file.value {
                    // Into an empty scope nothing can be overwritten.
                    let _ = scope.merge(map);
                }
            }
            Ok(None) => {}
            Err(problems) => self.elsewhere.extend(problems),
        }
        if let Some(vars) = vars {
            self.add_vars(vars, base, &mut scope);
        }
        scope
    }

    /// Adds a `vars:` list.
    pub(super) fn add_vars(&mut self, vars: &Node, base: &RelPath, scope: &mut Scope) {
        for item in self.list(vars, "`vars`").unwrap_or_default() {
            if let Some(mark) = template_in(item) {
                self.problems.add(mark, "`vars` cannot hold `${…}`");
                continue;
            }
            let added = match item.as_text() {
                Some(text) => self.vars_file(item, text, base, scope),
                None if item.entries().is_some() => match item.to_value() {
                    Value::Map(map) => Some(map),
                    _ => None,
                },
                None => {
                    self.wrong(item, "an item of `vars`", "a file or a map");
                    None
                }
            };
            if let Some(map) = added
                && let Err(key) = scope.merge(&map)
            {
                self.problems.add(item.mark, format!("`{key}` is defined already; `vars` cannot define it again"));
            }
        }
    }

    /// `file` or `file:key1,key2`.
    fn vars_file(&mut self, item: &Node, text: &str, base: &RelPath, scope: &mut Scope) -> Option<IndexMap<String, Value>> {
        let (name, keys) = text.split_once(':').unwrap_or((text, ""));
        let keys: Vec<String> = keys.split(',').map(str::trim).filter(|key| !key.is_empty()).map(str::to_owned).collect();
        let keys = (!keys.is_empty()).then_some(keys);
        let path = self.resolve(item, base, name)?;
        let file = match self.files.read(&path) {
            Ok(Some(file)) => file,
            Ok(None) => {
                self.problems.add(item.mark, format!("there is no file `{path}`"));
                return None;
            }
            Err(problems) => {
                self.elsewhere.extend(problems);
                return None;
            }
        };
        match scope.take(&path, keys.as_deref()) {
            Ok(true) => {}
            Ok(false) => return None,
            Err(why) => {
                self.problems.add(item.mark, format!("`{path}` {why}"));
                return None;
            }
        }
        let map = match &file.value {
            Value::Map(map) => map.clone(),
            // An empty file.
            Value::Null => IndexMap::new(),
            _ => {
                self.problems.add(item.mark, format!("`{path}` does not hold a map"));
                return None;
            }
        };
        let Some(keys) = keys else { return Some(map) };
        let mut chosen = IndexMap::new();
        for key in keys {
            match map.get(&key) {
                Some(value) => drop(chosen.insert(key, value.clone())),
                None => self.problems.add(item.mark, format!("`{path}` has no key `{key}`")),
            }
        }
        Some(chosen)
    }
}

/// Where a `${…}` stands in a value.
fn template_in(node: &Node) -> Option<Mark> {
    match &node.data {
        Data::Scalar(Value::Text(text)) => template::is_template(text).then_some(node.mark),
        Data::Scalar(_) => None,
        Data::List(items) => items.iter().find_map(template_in),
        Data::Map(entries) => {
            let key = |entry: &Entry| template::is_template(&entry.key).then_some(entry.mark);
            entries.iter().find_map(|entry| key(entry).or_else(|| template_in(&entry.value)))
        }
    }
}
