//! Where `${…}` takes its values from: `params.yaml` beside the file, then `vars`.

use indexmap::IndexMap;

use super::Reader;
use crate::pipeline::template::{self, Scope};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::Node;
use crate::relpath::RelPath;

/// The parameters that are always there.
const DEFAULT: &str = "params.yaml";

impl Reader<'_, '_> {
    /// The values for a whole file.
    pub(super) fn scope(&mut self, vars: Option<&Node>, base: &RelPath) -> Scope {
        let mut scope = Scope::default();
        let default = base.join(DEFAULT);
        match self.files.read(&default) {
            Ok(Some(file)) => {
                if let Value::Map(map) = &file.value {
                    // Into an empty scope nothing can be overwritten.
                    let _ = scope.merge(map);
                }
            }
            Ok(None) => {}
            Err(problems) => self.elsewhere.extend(problems),
        }
        if let Some(vars) = vars {
            self.add_vars(vars, base, Some(&default), &mut scope);
        }
        scope
    }

    /// Adds a `vars:` list. `loaded`: a file that was taken in whole already and may be named again.
    pub(super) fn add_vars(&mut self, vars: &Node, base: &RelPath, loaded: Option<&RelPath>, scope: &mut Scope) {
        for item in self.list(vars, "`vars`").unwrap_or_default() {
            let added = match item.as_text() {
                Some(text) if template::is_template(text) => {
                    self.problems.add(item.mark, "`vars` cannot hold `${…}`");
                    continue;
                }
                Some(text) => self.vars_file(item, text, base, loaded),
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
    fn vars_file(&mut self, item: &Node, text: &str, base: &RelPath, loaded: Option<&RelPath>) -> Option<IndexMap<String, Value>> {
        let (name, keys) = text.split_once(':').map_or((text, None), |(name, keys)| (name, Some(keys)));
        let path = self.resolve(item, base, name)?;
        let file = match self.files.read(&path) {
            Ok(Some(file)) => file,
            Ok(None) if loaded == Some(&path) => return None,
            Ok(None) => {
                self.problems.add(item.mark, format!("there is no file `{path}`"));
                return None;
            }
            Err(problems) => {
                self.elsewhere.extend(problems);
                return None;
            }
        };
        if loaded == Some(&path) {
            if keys.is_some() {
                self.problems.add(item.mark, format!("`{path}` is taken in whole already; it cannot be taken in part again"));
            }
            return None;
        }
        let Value::Map(map) = &file.value else {
            self.problems.add(item.mark, format!("`{path}` does not hold a map"));
            return None;
        };
        let Some(keys) = keys else { return Some(map.clone()) };
        let mut chosen = IndexMap::new();
        for key in keys.split(',').map(str::trim) {
            match map.get(key) {
                Some(value) => drop(chosen.insert(key.to_owned(), value.clone())),
                None => self.problems.add(item.mark, format!("`{path}` has no key `{key}`")),
            }
        }
        Some(chosen)
    }
}
