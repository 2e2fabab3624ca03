//! `plots` and `artifacts` of a whole file: checked here, shown elsewhere.

use super::Reader;
use crate::pipeline::template::{self, Scope};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{Entry, Node};

const PLOT: &[&str] = &["x", "y", "x_label", "y_label", "title", "template"];
const ARTIFACT: &[&str] = &["path", "type", "desc", "labels", "meta"];

impl Reader<'_, '_> {
    /// `plots:` of a file: a list of paths and of maps; or one map, as DVC 2 wrote it. Each with what is said of it.
    pub(super) fn top_plots(&mut self, node: &Node, scope: &Scope) -> Vec<(String, Value)> {
        let node = template::fill(node, scope, false, &mut self.problems);
        let items = match node.entries() {
            Some(_) => vec![node],
            None => self.list(&node, "`plots`").unwrap_or_default().to_vec(),
        };
        let mut plots = Vec::new();
        for item in items {
            match (item.as_text(), item.entries()) {
                (Some(path), _) => plots.push((path.to_owned(), Value::Null)),
                (None, Some(entries)) => plots.extend(entries.iter().map(|entry| self.plot(entry))),
                (None, None) => self.wrong(&item, "a plot", "a path or a map"),
            }
        }
        plots
    }

    fn plot(&mut self, entry: &Entry) -> (String, Value) {
        if !entry.value.is_null() {
            let what = format!("plot `{}`", entry.key);
            if let Some(entries) = self.map(&entry.value, &what) {
                self.known(entries, &what, PLOT);
            }
        }
        (entry.key.clone(), entry.value.to_value())
    }

    /// `artifacts:` of a file: names with a path each, and what people and registries know them by.
    pub(super) fn artifacts(&mut self, node: &Node) {
        for entry in self.map(node, "`artifacts`").unwrap_or_default() {
            let what = format!("artifact `{}`", entry.key);
            let Some(entries) = self.map(&entry.value, &what) else { continue };
            self.known(entries, &what, ARTIFACT);
            match entry.value.get("path") {
                Some(path) => drop(self.text(path, "a path")),
                None => self.problems.add(entry.mark, format!("{what} has no `path`")),
            }
        }
    }
}
