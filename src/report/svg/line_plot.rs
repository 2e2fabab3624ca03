//! Lines and dots over two axes: ROC, precision-recall, reliability, learning curves, densities.

use super::Svg;
use super::axis::Axis;
use super::paint::{Anchor, Canvas, shorten};

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stroke {
    /// Points joined by straight lines.
    #[default]
    Line,
    /// Each value holds until the next x.
    Steps,
    /// Dots alone, each with its coordinates as a tip.
    Dots,
    /// Dots joined by lines.
    DotsAndLine,
}

/// Points of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// (x, y) in the axes' units, in the order of drawing.
    pub points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub stroke: Stroke,
}

impl Series {
    /// A line.
    pub fn line(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, stroke: Stroke::Line }
    }
}

/// A band between two lines, such as an interval; it belongs to the series of the same index.
#[derive(Clone, Debug, PartialEq)]
pub struct Area {
    /// Index of the series that it belongs to.
    pub series: usize,
    /// (x, lower, upper).
    pub points: Vec<(f64, f64, f64)>,
}

/// Lines and dots over two linear axes.
#[derive(Clone, Debug, PartialEq)]
pub struct LinePlot {
    /// Shown above.
    pub title: String,
    /// For people who cannot see it: what is drawn and what it shows.
    pub description: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn.
    pub series: Vec<Series>,
    /// Bands beneath the lines.
    pub areas: Vec<Area>,
    /// A dashed line between two points, such as the diagonal.
    pub guide: Option<((f64, f64), (f64, f64))>,
}

const WIDTH: f64 = 460.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
const HEIGHT: f64 = 280.0;
const BELOW: f64 = 44.0;
const LEGEND: f64 = 18.0;

impl LinePlot {
    /// A plot without series.
    pub fn new(title: impl Into<String>, description: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), description: description.into(), x, y, series: Vec::new(), areas: Vec::new(), guide: None }
    }

    /// Draws it: 460 units wide, as high as its legend needs.
    pub fn svg(&self) -> Svg {
        let mut canvas = Canvas::default();
        canvas.text("title", (LEFT, 18.0), Anchor::Start, &self.title);
        axes(&mut canvas, &self.x, &self.y);
        if let Some((from, to)) = self.guide {
            canvas.line("guide", self.at(from), self.at(to));
        }
        for area in &self.areas {
            let upper = area.points.iter().map(|(x, _, hi)| self.at((*x, *hi)));
            let lower = area.points.iter().rev().map(|(x, lo, _)| self.at((*x, *lo)));
            canvas.tint(area.series, &upper.chain(lower).collect::<Vec<_>>());
        }
        for (i, series) in self.series.iter().enumerate() {
            self.draw(&mut canvas, i, series);
        }
        let rows = self.legend(&mut canvas);
        let height = TOP + HEIGHT + BELOW + rows as f64 * LEGEND + 6.0;
        canvas.finish(WIDTH as u32, height as u32, &self.title, &self.description)
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (LEFT + self.x.share(x) * (WIDTH - LEFT - RIGHT), TOP + (1.0 - self.y.share(y)) * HEIGHT)
    }

    fn draw(&self, canvas: &mut Canvas, index: usize, series: &Series) {
        let finite = series.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite());
        let points: Vec<(f64, f64)> = finite.collect();
        let mut line = Vec::with_capacity(points.len());
        for (i, point) in points.iter().enumerate() {
            if series.stroke == Stroke::Steps && i > 0 {
                line.push(self.at((point.0, points[i - 1].1)));
            }
            line.push(self.at(*point));
        }
        if series.stroke != Stroke::Dots && line.len() > 1 {
            canvas.path(index, &line);
        }
        if matches!(series.stroke, Stroke::Dots | Stroke::DotsAndLine) || line.len() == 1 {
            for point in &points {
                canvas.dot(index, self.at(*point), 4.0, &format!("{}: {:.3}, {:.3}", series.name, point.0, point.1));
            }
        }
    }

    /// Names below the plot, two a row; gives the number of rows.
    fn legend(&self, canvas: &mut Canvas) -> usize {
        let named: Vec<(usize, &Series)> = self.series.iter().enumerate().filter(|(_, s)| !s.name.is_empty()).collect();
        let half = (WIDTH - LEFT) / 2.0;
        for (place, (i, series)) in named.iter().enumerate() {
            let x = LEFT + (place % 2) as f64 * half;
            let y = TOP + HEIGHT + BELOW + (place / 2) as f64 * LEGEND + 8.0;
            if series.stroke == Stroke::Dots {
                canvas.dot(*i, (x + 12.0, y - 4.0), 4.0, &series.name);
            } else {
                canvas.path(*i, &[(x, y - 4.0), (x + 24.0, y - 4.0)]);
            }
            canvas.text("small", (x + 30.0, y), Anchor::Start, &shorten(&series.name, 28));
        }
        named.len().div_ceil(2)
    }
}

fn axes(canvas: &mut Canvas, x: &Axis, y: &Axis) {
    let (right, bottom) = (WIDTH - RIGHT, TOP + HEIGHT);
    for (value, text) in y.ticks() {
        let at = TOP + (1.0 - y.share(value)) * HEIGHT;
        canvas.line("rule", (LEFT, at), (right, at));
        canvas.text("tick", (LEFT - 6.0, at + 4.0), Anchor::End, &text);
    }
    for (value, text) in x.ticks() {
        let at = LEFT + x.share(value) * (right - LEFT);
        canvas.line("axis", (at, bottom), (at, bottom + 4.0));
        canvas.text("tick", (at, bottom + 17.0), Anchor::Middle, &text);
    }
    canvas.line("axis", (LEFT, bottom), (right, bottom));
    canvas.text("label", ((LEFT + right) / 2.0, bottom + 34.0), Anchor::Middle, &x.label);
    canvas.upright("label", (14.0, TOP + HEIGHT / 2.0), &y.label);
}
