//! A plot's values as numbers that can be drawn: lines, dots, bars or counts of pairs.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::{Plot, Series, Template};
use crate::pipeline::value::Value;

/// Points of a line that are drawn; of more, the least and the greatest of neighbours.
pub const DRAWN: usize = 1000;

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Lines over x.
    Lines(Vec<Line>),
    /// Dots.
    Dots(Vec<Line>),
    /// Bars: names, and by series a length for each name.
    Bars(Vec<String>, Vec<(String, Vec<f64>)>),
    /// How often each pair of values occurs, one table a series: values of x, values of y, counts `[y][x]`.
    Counts(Vec<(String, Counts)>),
}

/// One line or cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// What is drawn of it.
    pub points: Vec<(f64, f64)>,
    /// How many values it has.
    pub of: usize,
    /// Values that are no numbers, and so not drawn.
    pub skipped: usize,
}

/// A table of counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Values of x.
    pub columns: Vec<String>,
    /// Values of y.
    pub rows: Vec<String>,
    /// `[row][column]`.
    pub counts: Vec<Vec<u64>>,
}

/// What of a plot is drawn.
pub fn of(plot: &Plot) -> Shape {
    let names = names(&plot.series);
    let series = || names.iter().cloned().zip(&plot.series);
    match plot.template {
        Template::Confusion | Template::ConfusionNormalized => {
            Shape::Counts(series().map(|(name, series)| (name, count(series))).collect())
        }
        Template::BarHorizontal | Template::BarHorizontalSorted => bars(plot, &names),
        Template::Scatter => Shape::Dots(series().map(|(name, series)| line(name, series, &plot.template)).collect()),
        _ => Shape::Lines(series().map(|(name, series)| line(name, series, &plot.template)).collect()),
    }
}

/// Names that tell the series apart: place, and file or column where those differ.
fn names(series: &[Series]) -> Vec<String> {
    let several = |all: IndexSet<&str>| all.len() > 1;
    let places = several(series.iter().map(|one| one.place.as_str()).collect());
    let files = several(series.iter().map(|one| one.file.as_str()).collect());
    let fields = several(series.iter().map(|one| one.field.as_str()).collect());
    let name = |one: &Series| {
        let mut parts = Vec::new();
        if places || (!files && !fields) {
            parts.push(one.place.as_str());
        }
        if files {
            parts.push(one.file.as_str());
        }
        if fields {
            parts.push(one.field.as_str());
        }
        parts.join(" · ")
    };
    series.iter().map(name).collect()
}

fn line(name: String, series: &Series, template: &Template) -> Line {
    // Where x is no number the rows are counted.
    let counted = series.points.iter().any(|(x, _)| number(x).is_none() && *x != Value::Null);
    let numbers = series.points.iter().enumerate().map(|(index, (x, y))| (if counted { Some(index as f64) } else { number(x) }, number(y)));
    let points: Vec<(f64, f64)> = numbers.filter_map(|(x, y)| Some((x?, y?))).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let skipped = series.points.len() - points.len();
    let points = match template {
        Template::Smooth => thin(smooth(points)),
        Template::Scatter => thin_cloud(points),
        _ => thin(points),
    };
    Line { name, points, of: series.points.len(), skipped }
}

/// A number, also of a text that is one.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Text(text) => text.trim().parse().ok(),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        value => value.number(),
    }
}

/// The least and the greatest of each run of neighbours, so that no peak is lost.
fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= DRAWN {
        return points;
    }
    let size = points.len().div_ceil(DRAWN / 2);
    let mut kept = Vec::with_capacity(DRAWN + 2);
    for run in points.chunks(size) {
        let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (Some(least), Some(greatest)) = (run.iter().min_by(by_y), run.iter().max_by(by_y)) else { continue };
        let (first, second) = if least.0 <= greatest.0 { (least, greatest) } else { (greatest, least) };
        kept.push(*first);
        if first != second {
            kept.push(*second);
        }
    }
    kept
}

/// One dot for each place of a grid that is as fine as the drawing.
fn thin_cloud(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= DRAWN {
        return points;
    }
    let range =
        |values: &mut dyn Iterator<Item = f64>| values.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    let (x, y) = (range(&mut points.iter().map(|point| point.0)), range(&mut points.iter().map(|point| point.1)));
    let cell = |value: f64, (lo, hi): (f64, f64), cells: f64| if hi > lo { ((value - lo) / (hi - lo) * cells) as i32 } else { 0 };
    let mut seen = IndexMap::new();
    for point in points {
        seen.entry((cell(point.0, x, 60.0), cell(point.1, y, 40.0))).or_insert(point);
    }
    seen.into_values().collect()
}

/// Means of each value and its neighbours, a tenth of the line wide.
fn smooth(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let half = (points.len() / 20).max(1);
    let mut sums = vec![0.0];
    for (_, y) in &points {
        sums.push(sums.last().copied().unwrap_or(0.0) + y);
    }
    let mean = |index: usize| {
        let (from, to) = (index.saturating_sub(half), (index + half + 1).min(points.len()));
        (sums[to] - sums[from]) / (to - from) as f64
    };
    points.iter().enumerate().map(|(index, (x, _))| (*x, mean(index))).collect()
}

/// As DVC draws them: x is the length, y the name.
fn bars(plot: &Plot, names: &[String]) -> Shape {
    let mut labels: IndexMap<String, f64> = IndexMap::new();
    for (x, y) in plot.series.iter().flat_map(|series| &series.points) {
        let longest = labels.entry(y.python()).or_insert(f64::NEG_INFINITY);
        *longest = longest.max(number(x).unwrap_or(f64::NEG_INFINITY));
    }
    if plot.template == Template::BarHorizontalSorted {
        labels.sort_by(|_, a, _, b| b.total_cmp(a));
    }
    let lengths = |series: &Series| {
        let mut lengths = vec![f64::NAN; labels.len()];
        for (x, y) in &series.points {
            if let (Some(index), Some(length)) = (labels.get_index_of(&y.python()), number(x)) {
                lengths[index] = length;
            }
        }
        lengths
    };
    let groups = names.iter().cloned().zip(plot.series.iter().map(lengths)).collect();
    Shape::Bars(labels.into_keys().collect(), groups)
}

fn count(series: &Series) -> Counts {
    let values = |pick: fn(&(Value, Value)) -> &Value| -> BTreeMap<String, usize> {
        let all: std::collections::BTreeSet<String> = series.points.iter().map(|point| pick(point).python()).collect();
        all.into_iter().enumerate().map(|(index, value)| (value, index)).collect()
    };
    let (columns, rows) = (values(|point| &point.0), values(|point| &point.1));
    let mut counts = vec![vec![0; columns.len()]; rows.len()];
    for (x, y) in &series.points {
        if let (Some(column), Some(row)) = (columns.get(&x.python()), rows.get(&y.python())) {
            counts[*row][*column] += 1;
        }
    }
    Counts { columns: columns.into_keys().collect(), rows: rows.into_keys().collect(), counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_thinned_and_keep_their_peaks() {
        let points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), if i == 77_777 { 9.0 } else { f64::from(i % 2) })).collect();
        let kept = thin(points.clone());
        assert!(kept.len() <= DRAWN + 2 && kept.contains(&(77_777.0, 9.0)), "{}", kept.len());
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(thin_cloud(points).len() <= 61 * 41);
    }

    #[test]
    fn means_of_a_constant_are_the_constant() {
        let points: Vec<(f64, f64)> = (0..100).map(|i| (f64::from(i), 2.0)).collect();
        assert!(smooth(points).iter().all(|(_, y)| (y - 2.0).abs() < 1e-12));
    }
}
