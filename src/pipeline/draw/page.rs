//! The graph as an HTML page that needs nothing else: boxes in layers, and below them what each stage runs, reads and makes.

use std::collections::HashMap;

use super::Drawing;
use super::layers::{self, Node};
use crate::pipeline::Project;
use crate::pipeline::plan::{Next, Planned};
use crate::pipeline::reason::Reason;
use crate::report::html::{Page, Section};
use crate::report::svg::{Graph, GraphBox, Mood};
use crate::text;

/// Width of a page's column: a graph that is not wider needs no scrolling.
const COLUMN: f64 = 1000.0;
/// Height of a box; its width follows its name.
const HEIGHT: f64 = 38.0;
/// Between two boxes of a layer, and between layers.
const GAPS: (f64, f64) = (16.0, 56.0);
/// Paths, members and reasons that are named one by one.
const NAMED: usize = 12;

/// The page of a drawing whose boxes stand for `members`, stages of the project; `planned` tells how they stand, where that is known.
pub fn page(project: &Project, drawing: &Drawing, members: &[Vec<usize>], planned: &[Planned]) -> String {
    let by_stage: HashMap<usize, &Planned> = planned.iter().map(|planned| (planned.stage, planned)).collect();
    let standing = |stage: usize| by_stage.get(&stage).copied();
    let moods: Vec<(Mood, String)> = members.iter().map(|members| mood(project, members, &standing)).collect();
    let graph = graph(project, &drawing.reduced(), members, &moods);
    let stages: usize = members.iter().map(Vec::len).sum();
    let subtitle = text::count(stages, "stage", "stages");
    let about =
        "Each box needs those that lead to it; arrows that others imply are left out. A box leads to what it runs, reads and makes.";
    let mut list = Section::new("stages", "Stages");
    for (at, name) in drawing.names.iter().enumerate() {
        list = list.entry(&format!("s{at}"), name, &facts(project, drawing, at, &members[at], &moods[at].1, &standing));
    }
    let drawn = Section::new("graph", "").text(about).wide_plot(&graph.svg());
    Page::new("Pipeline").subtitle(subtitle).section(drawn).section(list).footer("Made by derm.").render()
}

fn mood<'p>(project: &Project, members: &[usize], standing: &impl Fn(usize) -> Option<&'p Planned>) -> (Mood, String) {
    let count =
        |wanted: fn(Next) -> bool| members.iter().filter(|stage| standing(**stage).is_some_and(|planned| wanted(planned.next))).count();
    let of = |n: usize, word: &str| if members.len() == 1 { word.to_owned() } else { format!("{n} {word}") };
    if members.iter().all(|stage| project.stages[*stage].frozen) {
        return (Mood::Still, "frozen".to_owned());
    }
    if members.iter().all(|stage| standing(*stage).is_none()) {
        return (Mood::Plain, String::new());
    }
    let fresh = count(|next| next == Next::Fresh);
    match members.len() - fresh {
        0 => (Mood::Good, "fresh".to_owned()),
        stale => (Mood::Changed, of(stale, "stale")),
    }
}

fn graph(project: &Project, drawing: &Drawing, members: &[Vec<usize>], moods: &[(Mood, String)]) -> Graph {
    let wide = |index: usize| (drawing.names[index].chars().count() as f64 * 7.3 + 26.0).clamp(84.0, 260.0);
    let down = layers::layout(drawing, wide, 8.0, GAPS.0);
    let end = |layer: &Vec<Node>| layer.last().map_or(0.0, |node| node.middle + node.width / 2.0);
    let sideways = down.iter().map(end).fold(0.0, f64::max) > COLUMN;
    let layers = if sideways { layers::layout(drawing, |_| HEIGHT, 8.0, GAPS.0) } else { down };
    // Where each layer begins and how deep it is.
    let mut begins = Vec::new();
    let mut free = 4.0;
    for layer in &layers {
        let widest = layer.iter().filter_map(|node| node.item).map(wide).fold(40.0, f64::max);
        let deep = if sideways { widest } else { HEIGHT };
        begins.push((free, deep));
        free += deep + GAPS.1;
    }
    let turned = |across: f64, along: f64| if sideways { (across, along + 4.0) } else { (along + 4.0, across) };
    let mut boxes = Vec::new();
    let mut arrows = Vec::new();
    for (depth, layer) in layers.iter().enumerate() {
        for node in layer {
            let (begin, deep) = begins[depth];
            for above in &node.above {
                let from = &layers[depth - 1][*above];
                let (above_begin, above_deep) = begins[depth - 1];
                let leaves = above_begin + from.item.map_or(above_deep, |item| if sideways { wide(item) } else { HEIGHT });
                let mut way = vec![turned(leaves, from.middle), turned(begin, node.middle)];
                if leaves < above_begin + above_deep {
                    way.insert(1, turned(above_begin + above_deep, from.middle));
                }
                arrows.push((way, node.item.is_some()));
            }
            match node.item {
                None => arrows.push((vec![turned(begin, node.middle), turned(begin + deep, node.middle)], false)),
                Some(item) => {
                    let size = (wide(item), HEIGHT);
                    let corner =
                        if sideways { (begin, node.middle + 4.0 - HEIGHT / 2.0) } else { (node.middle + 4.0 - size.0 / 2.0, begin) };
                    boxes.push(GraphBox {
                        corner,
                        size,
                        name: drawing.names[item].clone(),
                        detail: moods[item].1.clone(),
                        mood: moods[item].0,
                        link: format!("s{item}"),
                        tip: tip(project, &members[item]),
                    });
                }
            }
        }
    }
    let edges = drawing.needs.iter().map(Vec::len).sum::<usize>();
    Graph {
        title: "Stages and what they need".to_owned(),
        description: format!("{} and {}.", text::count(boxes.len(), "box", "boxes"), text::count(edges, "arrow", "arrows")),
        boxes,
        arrows,
        sideways,
    }
}

fn tip(project: &Project, members: &[usize]) -> String {
    let Some(stage) = members.first().map(|first| &project.stages[*first]) else { return String::new() };
    let paths = |paths: Vec<String>| if paths.is_empty() { "nothing".to_owned() } else { text::some_of(&paths, 6).replace('`', "") };
    let deps = paths(stage.deps.iter().map(ToString::to_string).collect());
    let outs = paths(stage.outs.iter().map(|out| out.path.to_string()).collect());
    let more = if members.len() > 1 { format!("\n… and {} more", members.len() - 1) } else { String::new() };
    format!("{}\nreads {deps}\nmakes {outs}{more}", stage.cmd.shown())
}

fn facts<'p>(
    project: &Project,
    drawing: &Drawing,
    at: usize,
    members: &[usize],
    mood: &str,
    standing: &impl Fn(usize) -> Option<&'p Planned>,
) -> Vec<(String, String)> {
    let Some(first) = members.first().copied() else { return Vec::new() };
    let stage = &project.stages[first];
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |name: &str, values: Vec<String>| {
        let more = values.len().saturating_sub(NAMED);
        let mut shown = values.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        if more > 0 {
            shown += &format!(" and {more} more");
        }
        if !shown.is_empty() {
            facts.push((name.to_owned(), shown));
        }
    };
    fact("what it is for", stage.desc.iter().cloned().collect());
    fact("runs", vec![stage.cmd.shown()]);
    if members.len() > 1 {
        fact("stages", members.iter().map(|index| project.stages[*index].name.clone()).collect());
    }
    fact("after", drawing.needs[at].iter().map(|need| drawing.names[*need].clone()).collect());
    fact("reads", stage.deps.iter().map(ToString::to_string).collect());
    let params = stage.params.iter().map(|params| match &params.keys {
        Some(keys) => format!("{}: {}", params.file, keys.join(", ")),
        None => params.file.to_string(),
    });
    fact("parameters", params.collect());
    fact("makes", stage.outs.iter().map(|out| out.path.to_string()).collect());
    fact("status", if mood.is_empty() { Vec::new() } else { vec![mood.to_owned()] });
    let reasons = members.iter().filter_map(|index| standing(*index)).flat_map(|planned| &planned.reasons);
    fact("why", reasons.map(Reason::text).collect());
    facts
}
