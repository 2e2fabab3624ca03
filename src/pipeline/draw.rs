//! The graph as text: boxes where they fit, else a line a stage, DOT and Mermaid for other programs; [`page`] for a browser.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::Project;
use crate::relpath::RelPath;

mod ascii;
mod lanes;
pub mod layers;
pub mod page;

/// Boxes up to which the drawing stays readable.
pub const DRAWN: usize = 60;

/// Boxes up to which arrows that others imply are looked for: the search takes time with the square of them.
const REDUCED: usize = 2000;

/// The part of a graph that is drawn.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// What stands in the boxes, in an order in which needs come first.
    pub names: Vec<String>,
    /// For each box those it needs.
    pub needs: Vec<Vec<usize>>,
}

impl Drawing {
    /// The wanted stages of a project.
    pub fn of(project: &Project, wanted: &[bool]) -> Self {
        let order: Vec<usize> = project.graph.order.iter().copied().filter(|index| wanted[*index]).collect();
        let mut place = vec![usize::MAX; wanted.len()];
        order.iter().enumerate().for_each(|(at, index)| place[*index] = at);
        let needs =
            order.iter().map(|index| project.graph.needs[*index].iter().map(|need| place[*need]).filter(|at| *at != usize::MAX).collect());
        Self { names: order.iter().map(|index| project.label(*index).to_owned()).collect(), needs: needs.collect() }
    }

    /// With the stages of each `foreach` and `matrix` as one box, `name@… (12)`; also what each box stands for. Groups whose stages
    /// need each other by way of others stay apart: as one box they would be a circle.
    pub fn collapsed(project: &Project, wanted: &[bool]) -> (Self, Vec<Vec<usize>>) {
        let order: Vec<usize> = project.graph.order.iter().copied().filter(|index| wanted[*index]).collect();
        let mut apart: HashSet<(usize, &str)> = HashSet::new();
        loop {
            let mut boxes: IndexMap<(usize, Option<&str>, usize), Vec<usize>> = IndexMap::new();
            for &index in &order {
                let stage = &project.stages[index];
                let group = stage.group.as_deref().filter(|group| !apart.contains(&(stage.pipeline, *group)));
                boxes.entry((stage.pipeline, group, if group.is_some() { 0 } else { index })).or_default().push(index);
            }
            let mut place = vec![usize::MAX; project.stages.len()];
            boxes.values().enumerate().for_each(|(at, members)| members.iter().for_each(|index| place[*index] = at));
            let needs: Vec<Vec<usize>> = boxes
                .values()
                .enumerate()
                .map(|(own, members)| {
                    let needs = members.iter().flat_map(|index| &project.graph.needs[*index]).map(|need| place[*need]);
                    let mut needs: Vec<usize> = needs.filter(|at| *at != usize::MAX && *at != own).collect();
                    needs.sort_unstable();
                    needs.dedup();
                    needs
                })
                .collect();
            let Some(sorted) = sorted(&needs) else {
                // Whatever still waits is in a circle or below one.
                apart.extend(boxes.keys().filter_map(|(pipeline, group, _)| group.map(|group| (*pipeline, group))));
                continue;
            };
            let name = |members: &Vec<usize>| {
                let label = project.label(members[0]);
                match (&project.stages[members[0]].group, members.len()) {
                    (Some(group), count) if count > 1 => {
                        let file = label.strip_suffix(project.stages[members[0]].name.as_str()).unwrap_or_default();
                        format!("{file}{group}@… ({count})")
                    }
                    _ => label.to_owned(),
                }
            };
            let mut renamed = vec![0; sorted.len()];
            sorted.iter().enumerate().for_each(|(new, old)| renamed[*old] = new);
            let members: Vec<Vec<usize>> = boxes.into_values().collect();
            let drawing = Self {
                names: sorted.iter().map(|old| name(&members[*old])).collect(),
                needs: sorted
                    .iter()
                    .map(|old| {
                        let mut needs: Vec<usize> = needs[*old].iter().map(|need| renamed[*need]).collect();
                        needs.sort_unstable();
                        needs
                    })
                    .collect(),
            };
            return (drawing, sorted.iter().map(|old| members[*old].clone()).collect());
        }
    }

    /// The outputs of the wanted stages: each needs those outputs that its stage reads.
    pub fn outputs(project: &Project, wanted: &[bool]) -> Self {
        let order = project.graph.order.iter().copied().filter(|index| wanted[*index]);
        let mut drawing = Self::default();
        let mut made: HashMap<usize, Vec<(usize, &RelPath)>> = HashMap::new();
        for index in order {
            let stage = &project.stages[index];
            let touching = |out: &RelPath| stage.deps.iter().any(|dep| dep.is_within(out) || out.is_within(dep));
            let read = project.graph.needs[index].iter().filter_map(|need| made.get(need)).flatten();
            let needs: Vec<usize> = read.filter(|(_, out)| touching(out)).map(|(at, _)| *at).collect();
            for out in &stage.outs {
                made.entry(index).or_default().push((drawing.names.len(), &out.path));
                drawing.names.push(out.path.to_string());
                drawing.needs.push(needs.clone());
            }
        }
        drawing
    }

    /// For people: boxes and arrows while they are few and fit into `width` columns; else a line a stage with lines between them, or,
    /// where those were too many, [`Drawing::list`].
    ///
    /// An arrow that others imply is not drawn: with `a -> b -> c`, `a -> c` says nothing about the order.
    pub fn text(&self, width: usize) -> String {
        let reduced = self.reduced();
        if self.names.len() <= DRAWN {
            let drawn = ascii::draw(&reduced);
            if drawn.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= width) {
                return drawn;
            }
        }
        lanes::draw(&reduced).unwrap_or_else(|| self.list())
    }

    /// Without the needs that are needs of needs (the transitive reduction).
    pub(super) fn reduced(&self) -> Self {
        if self.names.len() > REDUCED {
            return self.clone();
        }
        // What each box needs, directly or not; needs come first in the order.
        let mut all: Vec<HashSet<usize>> = Vec::with_capacity(self.names.len());
        for needs in &self.needs {
            let indirect = needs.iter().flat_map(|need| all[*need].iter().copied());
            let reached = needs.iter().copied().chain(indirect).collect();
            all.push(reached);
        }
        let kept =
            |needs: &Vec<usize>| needs.iter().copied().filter(|need| !needs.iter().any(|other| all[*other].contains(need))).collect();
        Self { names: self.names.clone(), needs: self.needs.iter().map(kept).collect() }
    }

    /// One line a stage: its name and what it needs, each after what it needs.
    pub fn list(&self) -> String {
        let depth = self.depths();
        let mut out = String::new();
        for (at, name) in self.names.iter().enumerate() {
            let needs: Vec<&str> = self.needs[at].iter().map(|need| self.names[*need].as_str()).collect();
            let after = if needs.is_empty() { String::new() } else { format!("  <- {}", needs.join(", ")) };
            out.push_str(&format!("{}{name}{after}\n", "  ".repeat(depth[at].min(20))));
        }
        out
    }

    /// For Graphviz.
    pub fn dot(&self) -> String {
        let quoted = |name: &str| format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
        let mut out = "strict digraph {\n".to_owned();
        self.names.iter().for_each(|name| out.push_str(&format!("  {};\n", quoted(name))));
        for (need, at) in self.edges() {
            out.push_str(&format!("  {} -> {};\n", quoted(&self.names[need]), quoted(&self.names[at])));
        }
        out + "}\n"
    }

    /// For Mermaid, which GitHub draws inside Markdown.
    pub fn mermaid(&self) -> String {
        let mut out = "flowchart TD\n".to_owned();
        for (at, name) in self.names.iter().enumerate() {
            out.push_str(&format!("  n{at}[\"{}\"]\n", name.replace('"', "#quot;")));
        }
        self.edges().for_each(|(need, at)| out.push_str(&format!("  n{need} --> n{at}\n")));
        out
    }

    /// Pairs of a stage that is needed and the stage that needs it.
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.needs.iter().enumerate().flat_map(|(at, needs)| needs.iter().map(move |need| (*need, at)))
    }

    /// The longest way from a stage without needs.
    fn depths(&self) -> Vec<usize> {
        let mut depth = vec![0; self.names.len()];
        for at in 0..self.names.len() {
            depth[at] = self.needs[at].iter().map(|need| depth[*need] + 1).max().unwrap_or(0);
        }
        depth
    }
}

/// An order in which needs come first; `None` for a circle.
fn sorted(needs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut feeds = vec![Vec::new(); needs.len()];
    for (at, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|need| feeds[*need].push(at));
    }
    // The least index first, so that the order stays that of the files where it can.
    let ready = |(at, count): (usize, &usize)| (*count == 0).then_some(std::cmp::Reverse(at));
    let mut ready: std::collections::BinaryHeap<std::cmp::Reverse<usize>> = waiting.iter().enumerate().filter_map(ready).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(std::cmp::Reverse(at)) = ready.pop() {
        order.push(at);
        for feed in &feeds[at] {
            waiting[*feed] -= 1;
            if waiting[*feed] == 0 {
                ready.push(std::cmp::Reverse(*feed));
            }
        }
    }
    (order.len() == needs.len()).then_some(order)
}
