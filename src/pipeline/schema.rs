//! What may stand in a pipeline file, and what it means.
//!
//! The schema is that of dvc.yaml (<https://dvc.org/doc/user-guide/project-structure/dvcyaml-files>) plus
//! `env`, `timeout`, `retry`, `resources`, `executor` and `shell`. Unknown keys and wrong types are
//! problems with a place; `live:` and `checkpoint:`, gone from DVC 3, are accepted with a warning.
//! A null list (`deps:` with nothing after it) is a problem, an empty one and an empty `stages:` are not.

mod executor;
mod expand;
mod output;
mod read;
mod settings;
mod stage;
mod top;
mod vars;

use super::paramfile::ParamFiles;
use super::problem::{Problem, Problems, Source};
use super::stage::{Pipeline, Stage};
use super::template::{self, Scope};
use super::yaml::{self, Node};
use crate::relpath::RelPath;

/// A pipeline file with its stages.
#[derive(Debug)]
pub struct Definition {
    /// The file.
    pub pipeline: Pipeline,
    /// Its stages in the order of the file; [`Stage::pipeline`] is 0 in all of them.
    pub stages: Vec<Stage>,
    /// What was accepted although it has no effect.
    pub warnings: Vec<String>,
}

const TOP: &[&str] = &["stages", "vars", "params", "metrics", "plots", "artifacts", "datasets"];

/// What every reader below needs.
struct Reader<'p, 's> {
    problems: Problems<'p>,
    files: &'s ParamFiles,
    /// Problems in files that this one names, such as `vars` files.
    elsewhere: Vec<Problem>,
}

/// Reads a pipeline file.
///
/// # Errors
/// Every problem of the file; or, if parameter files that it draws from cannot be read, the problems of those alone.
pub fn read(source: &Source, pipeline: Pipeline, files: &ParamFiles) -> Result<Definition, Vec<Problem>> {
    let root = yaml::parse(source)?;
    let mut reader = Reader { problems: Problems::new(source), files, elsewhere: Vec::new() };
    let (pipeline, stages) = reader.file(&root, pipeline);
    if !reader.elsewhere.is_empty() {
        // Without those values `${…}` cannot be judged, nor what it stands in.
        return Err(reader.elsewhere);
    }
    let (problems, warnings) = reader.problems.finish_in(&root);
    if problems.is_empty() { Ok(Definition { pipeline, stages, warnings }) } else { Err(problems) }
}

impl Reader<'_, '_> {
    fn file(&mut self, root: &Node, mut pipeline: Pipeline) -> (Pipeline, Vec<Stage>) {
        if root.is_null() {
            return (pipeline, Vec::new());
        }
        let Some(entries) = self.map(root, "a pipeline file") else { return (pipeline, Vec::new()) };
        for entry in entries {
            if entry.key == "datasets" {
                self.problems.warn(entry.mark, "`datasets` has no effect; name their files in `deps:`");
            } else if !TOP.contains(&entry.key.as_str()) {
                self.problems.unknown_key(entry.mark, &entry.key, "a pipeline file", TOP);
            }
        }
        let scope = self.scope(root.get("vars"), &pipeline.base);
        if let Some(node) = root.get("params") {
            pipeline.params = self.top_paths(node, &scope, &pipeline.base, "params");
        }
        if let Some(node) = root.get("metrics") {
            pipeline.metrics = self.top_paths(node, &scope, &pipeline.base, "metrics");
        }
        if let Some(node) = root.get("plots") {
            pipeline.plots = self.top_plots(node, &scope);
        }
        if let Some(node) = root.get("artifacts") {
            self.artifacts(node);
        }
        let stages = root.get("stages").map(|node| self.stages(node, &scope, &pipeline.base)).unwrap_or_default();
        (pipeline, stages)
    }

    /// `params:` or `metrics:` of a file: a list of paths.
    fn top_paths(&mut self, node: &Node, scope: &Scope, base: &RelPath, what: &str) -> Vec<RelPath> {
        let node = template::fill(node, scope, false, &mut self.problems);
        let items = self.list(&node, &format!("`{what}`")).unwrap_or_default();
        items.iter().filter_map(|item| self.path(item, base)).collect()
    }

    fn stages(&mut self, node: &Node, scope: &Scope, base: &RelPath) -> Vec<Stage> {
        if node.is_null() {
            return Vec::new();
        }
        let mut stages = Vec::new();
        for entry in self.map(node, "`stages`").unwrap_or_default() {
            if entry.key.is_empty() || entry.key.contains(['@', ':']) {
                self.problems.add(entry.mark, format!("`{}` is no name for a stage: it may not hold `@` or `:`", entry.key));
                continue;
            }
            self.expand(entry, scope, base, &mut stages);
        }
        stages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_text(text: &str) -> Result<Definition, Vec<Problem>> {
        let file = RelPath::new("pipelines/x.yaml").unwrap();
        let source = Source { path: file.clone(), text: text.into() };
        let pipeline =
            Pipeline { lock: file.clone(), file, base: RelPath::root(), params: Vec::new(), metrics: Vec::new(), plots: Vec::new() };
        read(&source, pipeline, &ParamFiles::new("/nonexistent"))
    }

    /// Pieces of pipeline files, so that random joins get past the first line.
    const PIECES: &[&str] = &[
        "stages:",
        "\n",
        "\n  ",
        "\n    ",
        "\n      ",
        "s",
        ": ",
        "cmd",
        "deps",
        "outs",
        "params",
        "foreach",
        "do",
        "matrix",
        "vars",
        "wdir",
        "metrics",
        "plots",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "${",
        "${item}",
        "${a.b[0]}",
        "\\${",
        "&a ",
        "*a",
        "<<",
        "|",
        ">",
        "\"",
        "'",
        "#",
        "\t",
        "null",
        "true",
        "1e3",
        "..",
        "/",
        "~",
        "é",
        "\u{feff}",
        "--- ",
        "!!str ",
        "timeout",
        "resources",
        "env",
        "0",
        "x: 1",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn random_files_never_panic_and_places_lie_inside(parts in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
            let text: String = parts.concat();
            if let Err(problems) = read_text(&text) {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(problem.place.line >= 1 && problem.place.line <= text.lines().count() + 1, "{text:?}: {problem:?}");
                }
            }
        }

        #[test]
        fn random_text_never_panics(text in "\\PC*|.*") {
            let _ = read_text(&text);
        }
    }

    #[test]
    fn expansion_takes_time_in_proportion() {
        let items: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
        let text = format!(
            "stages:\n  s:\n    foreach: [{}]\n    do:\n      cmd: run ${{item}}\n      outs: [\"o/${{item}}\"]\n",
            items.join(", ")
        );
        let definition = read_text(&text).unwrap();
        assert_eq!(definition.stages.len(), 5000);
        assert_eq!(definition.stages[4999].outs[0].path.as_str(), "o/4999");
    }
}
