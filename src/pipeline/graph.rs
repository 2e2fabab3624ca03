//! Which stage must come before which.
//!
//! A stage that reads what another makes comes after it: the dependency equals the output, lies inside it, or
//! contains it. Found through a trie of path parts, so building takes time in proportion to the text of the
//! paths, not to the pairs of stages. Refused before anything runs, with the names and places: an output made
//! twice, an output inside another, a stage that reads its own output, and any circle.

mod order;
mod trie;

use super::problem::{Problem, Source};
use super::stage::{Pipeline, Stage};
use crate::text;
use trie::Trie;

/// The edges between stages, by index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// For each stage those it needs, sorted.
    pub needs: Vec<Vec<usize>>,
    /// For each stage those that need it, sorted.
    pub feeds: Vec<Vec<usize>>,
    /// All stages, each after those it needs; otherwise in the order of the files.
    pub order: Vec<usize>,
}

impl Graph {
    /// Connects the stages.
    ///
    /// # Errors
    /// Every overlapping output, or else one circle.
    pub fn build(stages: &[Stage], pipelines: &[Pipeline], sources: &[Source]) -> Result<Self, Vec<Problem>> {
        let files = Files { stages, pipelines, sources };
        let mut outs = Trie::default();
        let mut problems = Vec::new();
        for (index, stage) in stages.iter().enumerate() {
            for (number, out) in stage.outs.iter().enumerate() {
                if let Err((other, other_number)) = outs.insert(&out.path, (index, number)) {
                    problems.push(files.overlap((index, number), (other, other_number)));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut graph = Self { needs: vec![Vec::new(); stages.len()], feeds: vec![Vec::new(); stages.len()], order: Vec::new() };
        for (index, stage) in stages.iter().enumerate() {
            let params = stage.params.iter().map(|params| &params.file);
            for path in stage.deps.iter().chain(params) {
                outs.touching(path, &mut |(maker, _)| graph.needs[index].push(maker));
            }
            graph.needs[index].sort_unstable();
            graph.needs[index].dedup();
            for maker in &graph.needs[index] {
                graph.feeds[*maker].push(index);
            }
        }
        graph.order = order::sort(&graph.needs).map_err(|circle| vec![files.circle(&circle)])?;
        Ok(graph)
    }

    /// `start` and everything that `edges` lead to from there.
    pub fn closure(&self, start: &[usize], edges: &[Vec<usize>]) -> Vec<bool> {
        let mut reached = vec![false; self.needs.len()];
        let mut open: Vec<usize> = start.to_vec();
        while let Some(stage) = open.pop() {
            if !std::mem::replace(&mut reached[stage], true) {
                open.extend(&edges[stage]);
            }
        }
        reached
    }
}

struct Files<'a> {
    stages: &'a [Stage],
    pipelines: &'a [Pipeline],
    sources: &'a [Source],
}

impl Files<'_> {
    fn source(&self, stage: usize) -> &Source {
        &self.sources[self.stages[stage].pipeline]
    }

    fn overlap(&self, (stage, number): (usize, usize), (other, other_number): (usize, usize)) -> Problem {
        let (out, first) = (&self.stages[stage].outs[number], &self.stages[other].outs[other_number]);
        let (name, other_name) = (&self.stages[stage].name, &self.stages[other].name);
        let there = self.source(other).place(first.mark);
        let message = if out.path == first.path {
            format!("`{}` is an output of both `{other_name}` and `{name}`; first at {there}", out.path)
        } else {
            format!("output `{}` of `{name}` and output `{}` of `{other_name}` ({there}) lie inside each other", out.path, first.path)
        };
        Problem { place: self.source(stage).place(out.mark), message, hint: Some("each file is made by one stage".to_owned()) }
    }

    fn circle(&self, circle: &[usize]) -> Problem {
        let first = circle[0];
        let place = self.source(first).place(self.stages[first].mark);
        let names: Vec<String> = circle.iter().chain([&first]).map(|stage| format!("`{}`", self.stages[*stage].name)).collect();
        let message = match circle {
            [only] => format!("stage `{}` depends on its own output", self.stages[*only].name),
            _ => format!("stages need each other in a circle: {}", names.join(" needs ")),
        };
        let files: std::collections::BTreeSet<String> =
            circle.iter().map(|stage| self.pipelines[self.stages[*stage].pipeline].file.to_string()).collect();
        let spans = match files.len() {
            1 => String::new(),
            _ => format!("; the circle spans {}", text::quoted_list(&files.into_iter().collect::<Vec<_>>())),
        };
        Problem { place, message, hint: Some(format!("take one of these out of `deps:`, or give the output another path{spans}")) }
    }
}
