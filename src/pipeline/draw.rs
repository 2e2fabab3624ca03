//! The graph as text: a drawing for few stages, a list for many, DOT and Mermaid for other programs.

use std::collections::HashSet;

use super::Project;

mod ascii;

/// Stages up to which the drawing stays readable.
pub const DRAWN: usize = 20;

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

    /// For people: boxes and arrows while they are few and fit into `width` columns, else [`Drawing::list`].
    ///
    /// An arrow that others imply is not drawn: with `a -> b -> c`, `a -> c` says nothing about the order.
    pub fn text(&self, width: usize) -> String {
        if self.names.len() > DRAWN {
            return self.list();
        }
        let drawn = ascii::draw(&self.reduced());
        if drawn.lines().all(|line| line.chars().count() <= width) { drawn } else { self.list() }
    }

    /// Without the needs that are needs of needs (the transitive reduction).
    fn reduced(&self) -> Self {
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
