//! One entry of `stages:` to one stage, or to many by `foreach` or `matrix`.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::Reader;
use crate::pipeline::stage::Stage;
use crate::pipeline::template::{self, Scope};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{Data, Entry, Node};
use crate::relpath::RelPath;

/// Stages that one entry may expand to.
const MAX_STAGES: usize = 100_000;

impl Reader<'_, '_> {
    pub(super) fn expand(&mut self, entry: &Entry, scope: &Scope, base: &RelPath, stages: &mut Vec<Stage>) {
        let what = format!("stage `{}`", entry.key);
        let Some(entries) = self.map(&entry.value, &what) else { return };
        let foreach = entry.value.get("foreach");
        let matrix = entry.value.get("matrix");
        match (foreach, matrix) {
            (Some(_), Some(node)) => self.problems.add(node.mark, format!("{what} has both `foreach` and `matrix`")),
            (Some(items), None) => {
                self.known(entries, &format!("{what} with `foreach`"), &["foreach", "do"]);
                let Some(template) = entry.value.get("do") else {
                    self.problems.add(entry.mark, format!("{what} has `foreach` but no `do`"));
                    return;
                };
                if self.map(template, &format!("`do` of {what}")).is_some() {
                    let items = self.foreach(items, scope, &what);
                    self.group(entry, template, items, scope, base, stages);
                }
            }
            (None, Some(axes)) => {
                let rest = entries.iter().filter(|inner| inner.key != "matrix").cloned().collect();
                let template = Node { mark: entry.value.mark, data: Data::Map(rest) };
                let items = self.matrix(axes, scope, &what);
                self.group(entry, &template, items, scope, base, stages);
            }
            (None, None) => {
                self.check_keys(&entry.value, &what);
                stages.extend(self.stage(entry.key.clone(), None, entry.mark, &entry.value, scope, base));
            }
        }
    }

    fn group(&mut self, entry: &Entry, template: &Node, items: Vec<Item>, scope: &Scope, base: &RelPath, stages: &mut Vec<Stage>) {
        self.check_keys(template, &format!("stage `{}`", entry.key));
        let mut seen = HashSet::new();
        let mut scope = scope.clone();
        for item in items {
            if !seen.insert(item.name.clone()) {
                continue;
            }
            let name = format!("{}@{}", entry.key, item.name);
            let mut inner = vec![("item", item.value)];
            if item.has_key {
                inner.push(("key", Value::Text(item.name)));
            }
            scope.set_inner(inner);
            stages.extend(self.stage(name, Some(entry.key.clone()), entry.mark, template, &scope, base));
        }
    }

    /// A list of plain values (its values are the names), a list with maps or lists in it (the indexes are),
    /// a map (its keys are), or a `${…}` that is one of these.
    fn foreach(&mut self, node: &Node, scope: &Scope, what: &str) -> Vec<Item> {
        let filled = template::fill(node, scope, false, &mut self.problems);
        match filled.to_value() {
            Value::List(values) => {
                let compound = values.iter().any(is_compound);
                let name = |index: usize, value: &Value| if compound { index.to_string() } else { name_of(value, node, index) };
                values.into_iter().enumerate().map(|(i, value)| Item { name: name(i, &value), value, has_key: false }).collect()
            }
            Value::Map(map) => map.into_iter().map(|(name, value)| Item { name, value, has_key: true }).collect(),
            _ => {
                self.wrong(&filled, &format!("`foreach` of {what}"), "a list or a map");
                Vec::new()
            }
        }
    }

    /// Every combination of the axes, the last axis running fastest.
    fn matrix(&mut self, node: &Node, scope: &Scope, what: &str) -> Vec<Item> {
        let filled = template::fill(node, scope, false, &mut self.problems);
        let Some(axes) = self.map(&filled, &format!("`matrix` of {what}")) else { return Vec::new() };
        if axes.is_empty() {
            self.problems.add(node.mark, format!("`matrix` of {what} has no axes"));
            return Vec::new();
        }
        let mut combined: Vec<(Vec<String>, IndexMap<String, Value>)> = vec![(Vec::new(), IndexMap::new())];
        for (number, axis) in axes.iter().enumerate() {
            let written = node.entries().and_then(|entries| entries.get(number)).map_or(node, |entry| &entry.value);
            let Some(values) = self.list(&axis.value, &format!("axis `{}` of {what}", axis.key)) else { return Vec::new() };
            if combined.len() * values.len() > MAX_STAGES {
                self.problems.add(axis.mark, format!("{what} expands to more than {MAX_STAGES} stages"));
                return Vec::new();
            }
            let mut next = Vec::with_capacity(combined.len() * values.len());
            for (names, item) in &combined {
                for (i, value) in values.iter().map(Node::to_value).enumerate() {
                    let mut names = names.clone();
                    names.push(if is_compound(&value) { format!("{}{i}", axis.key) } else { name_of(&value, written, i) });
                    let mut item = item.clone();
                    item.insert(axis.key.clone(), value);
                    next.push((names, item));
                }
            }
            combined = next;
        }
        combined.into_iter().map(|(names, item)| Item { name: names.join("-"), value: Value::Map(item), has_key: true }).collect()
    }
}

/// One stage of a group.
struct Item {
    /// What stands after the `@`.
    name: String,
    /// `${item}`.
    value: Value,
    /// Whether there is a `${key}`.
    has_key: bool,
}

/// A value in the name of a stage. What a `${…}` brought prints as Python's `str` does, what is written out as `${…}` in a text
/// would: the two differ for truth values. `written`: the list, or the `${…}` that is one.
fn name_of(value: &Value, written: &Node, index: usize) -> String {
    let item = written.items().and_then(|items| items.get(index));
    let by_reference = item.unwrap_or(written).as_text().is_some_and(template::is_template);
    match value {
        Value::Bool(true) if by_reference => "True".to_owned(),
        Value::Bool(false) if by_reference => "False".to_owned(),
        value => value.python(),
    }
}

fn is_compound(value: &Value) -> bool {
    matches!(value, Value::List(_) | Value::Map(_))
}
