//! One line a stage, with lines from each to those that need it, as `git log --graph` shows commits: for graphs that are too
//! wide to be drawn with boxes.

use super::Drawing;

/// Lanes up to which one can follow them.
const LANES: usize = 24;

/// The drawing; `None` when too many lines would run side by side.
pub fn draw(drawing: &Drawing) -> Option<String> {
    let count = drawing.names.len();
    let mut last_use = vec![None; count];
    for (index, needs) in drawing.needs.iter().enumerate() {
        needs.iter().for_each(|need| last_use[*need] = Some(index));
    }
    // Which stage's line runs in each lane.
    let mut lanes: Vec<Option<usize>> = Vec::new();
    let mut rows: Vec<(String, &str)> = Vec::new();
    for index in 0..count {
        let needs = &drawing.needs[index];
        let comes_from: Vec<usize> = (0..lanes.len()).filter(|lane| lanes[*lane].is_some_and(|stage| needs.contains(&stage))).collect();
        let ends = |lane: usize, lanes: &[Option<usize>]| lanes[lane].is_some_and(|stage| last_use[stage] == Some(index));
        let free = comes_from.iter().copied().find(|lane| ends(*lane, &lanes));
        let after = comes_from.first().copied().unwrap_or(0);
        let free = free.or_else(|| (after..lanes.len()).find(|lane| lanes[*lane].is_none()));
        let own = free.unwrap_or_else(|| {
            lanes.push(None);
            lanes.len() - 1
        });
        if lanes.len() > LANES {
            return None;
        }
        rows.push((line(&lanes, own, &comes_from, |lane| ends(lane, &lanes)), &drawing.names[index]));
        for lane in comes_from {
            if ends(lane, &lanes) {
                lanes[lane] = None;
            }
        }
        lanes[own] = last_use[index].map(|_| index);
    }
    let mut out = String::new();
    for (line, name) in rows {
        out.push_str(&format!("{} {name}\n", line.trim_end()));
    }
    Some(out)
}

fn line(lanes: &[Option<usize>], own: usize, comes_from: &[usize], ends: impl Fn(usize) -> bool) -> String {
    let first = comes_from.iter().copied().chain([own]).min().unwrap_or(own);
    let last = comes_from.iter().copied().chain([own]).max().unwrap_or(own);
    let mut out = String::new();
    for (lane, runs) in lanes.iter().enumerate() {
        let inside = (first..last).contains(&lane);
        let mark = if lane == own {
            '●'
        } else if comes_from.contains(&lane) {
            match (ends(lane), lane == first, lane == last) {
                (false, true, _) => '├',
                (false, _, true) => '┤',
                (false, ..) => '┼',
                (true, true, _) => '╰',
                (true, _, true) => '╯',
                (true, ..) => '┴',
            }
        } else if runs.is_some() {
            '│'
        } else if inside && lane > first {
            '─'
        } else {
            ' '
        };
        out.push(mark);
        out.push(if inside { '─' } else { ' ' });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_run_from_needs_to_those_that_need_them() {
        let names = ["ingest", "split", "train", "report", "evaluate"].map(str::to_owned).to_vec();
        let needs = vec![vec![], vec![0], vec![0, 1], vec![], vec![1, 2]];
        let text = draw(&Drawing { names, needs }).unwrap();
        assert_eq!(text, "● ingest\n├─● split\n●─┤ train\n│ │ ● report\n●─╯ evaluate\n");
    }

    #[test]
    fn too_many_lanes_are_no_help() {
        let names = (0..60).map(|i| i.to_string()).collect();
        let needs = (0..60).map(|i| if i == 59 { (0..59).collect() } else { Vec::new() }).collect();
        assert_eq!(draw(&Drawing { names, needs }), None);
    }
}
