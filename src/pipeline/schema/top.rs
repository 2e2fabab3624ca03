//! `plots` and `artifacts` of a whole file: checked here, shown elsewhere.

use super::Reader;
use crate::pipeline::yaml::{Entry, Node};

const PLOT: &[&str] = &["x", "y", "x_label", "y_label", "title", "template"];
const ARTIFACT: &[&str] = &["path", "type", "desc", "labels", "meta"];

impl Reader<'_, '_> {
    /// `plots:` of a file: a list of paths and of maps; or one map, as DVC 2 wrote it.
    pub(super) fn top_plots(&mut self, node: &Node) {
        if let Some(entries) = node.entries() {
            entries.iter().for_each(|entry| self.plot(entry));
            return;
        }
        for item in self.list(node, "`plots`").unwrap_or_default() {
            match item.entries() {
                Some(entries) => entries.iter().for_each(|entry| self.plot(entry)),
                None if item.as_text().is_none() => self.wrong(item, "a plot", "a path or a map"),
                None => {}
            }
        }
    }

    fn plot(&mut self, entry: &Entry) {
        if entry.value.is_null() {
            return;
        }
        let what = format!("plot `{}`", entry.key);
        if let Some(entries) = self.map(&entry.value, &what) {
            self.known(entries, &what, PLOT);
        }
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
