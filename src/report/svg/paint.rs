//! Elements, text and numbers of a drawing.

use std::fmt::Write;

/// A finished drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Svg {
    width: u32,
    height: u32,
    title: String,
    description: String,
    body: String,
}

/// The style sheet of drawings, for light and dark surroundings.
///
/// `--s0` … `--s7` are the colours of series; `.line0` … `.line7` draw with them, `.fill0` … fill with them.
pub const STYLE: &str = include_str!("style.css");

/// How many series differ in colour; the next ones begin again, with other dashes.
pub(super) const COLOURS: usize = 8;

/// Lengths of dash and gap, by series, so that lines differ without colour.
const DASHES: [&str; 8] = ["", "7 3", "2 3", "9 3 2 3", "4 2", "12 3", "1 2", "6 2 1 2 1 2"];

impl Svg {
    /// The drawing for a page that carries [`STYLE`].
    pub fn inline(&self) -> String {
        self.element("")
    }

    /// The drawing as a file of its own.
    pub fn standalone(&self) -> String {
        let open = self.element(" xmlns=\"http://www.w3.org/2000/svg\"");
        let (head, rest) = open.split_once("</desc>").unwrap_or((&open, ""));
        format!("{head}</desc><style>{STYLE} svg.plot{{background:var(--paper)}}</style>{rest}\n")
    }

    /// Width in units (CSS pixels at full size).
    pub fn width(&self) -> u32 {
        self.width
    }

    fn element(&self, attributes: &str) -> String {
        let (w, h) = (self.width, self.height);
        format!(
            "<svg{attributes} class=\"plot\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\"><title>{}</title><desc>{}</desc>{}</svg>",
            escape(&self.title),
            escape(&self.description),
            self.body
        )
    }
}

/// Collects the elements of a drawing.
#[derive(Debug, Default)]
pub(super) struct Canvas(String);

/// Where a text stands on its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Canvas {
    pub(super) fn finish(self, width: u32, height: u32, title: &str, description: &str) -> Svg {
        Svg { width, height, title: title.to_owned(), description: description.to_owned(), body: self.0 }
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (n(from.0), n(from.1), n(to.0), n(to.1));
        let _ = write!(self.0, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
    }

    /// An open line through points, in the colour and dashes of series `index`.
    pub(super) fn path(&mut self, index: usize, points: &[(f64, f64)]) {
        let dash = DASHES[(index + index / COLOURS) % DASHES.len()];
        let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
        let _ = write!(self.0, "<path class=\"line line{}\"{dash} d=\"{}\"/>", index % COLOURS, path_data(points));
    }

    /// A closed shape in a faint tint of series `index`.
    pub(super) fn tint(&mut self, index: usize, points: &[(f64, f64)]) {
        let _ = write!(self.0, "<path class=\"tint fill{}\" d=\"{}z\"/>", index % COLOURS, path_data(points));
    }

    /// A dot with the text that shows when pointed at.
    pub(super) fn dot(&mut self, index: usize, at: (f64, f64), radius: f64, tip: &str) {
        let (x, y, r, i) = (n(at.0), n(at.1), n(radius), index % COLOURS);
        let _ = write!(self.0, "<circle class=\"dot fill{i}\" cx=\"{x}\" cy=\"{y}\" r=\"{r}\"><title>{}</title></circle>", escape(tip));
    }

    /// A rectangle with an optional opacity of its fill.
    pub(super) fn rect(&mut self, class: &str, corner: (f64, f64), size: (f64, f64), opacity: Option<f64>, tip: &str) {
        let (x, y, w, h) = (n(corner.0), n(corner.1), n(size.0.max(0.0)), n(size.1.max(0.0)));
        let opacity = opacity.map(|o| format!(" fill-opacity=\"{:.3}\"", o.clamp(0.0, 1.0))).unwrap_or_default();
        let _ = write!(self.0, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"{opacity}>");
        if !tip.is_empty() {
            let _ = write!(self.0, "<title>{}</title>", escape(tip));
        }
        self.0.push_str("</rect>");
    }

    /// A curve through points with a head at its end.
    pub(super) fn arrow(&mut self, points: &[(f64, f64)], sideways: bool) {
        let Some((first, rest)) = points.split_first() else { return };
        let mut data = format!("M{} {}", n(first.0), n(first.1));
        let mut from = *first;
        for to in rest {
            let half = if sideways { (to.0 - from.0) / 2.0 } else { (to.1 - from.1) / 2.0 };
            let (a, b) =
                if sideways { ((from.0 + half, from.1), (to.0 - half, to.1)) } else { ((from.0, from.1 + half), (to.0, to.1 - half)) };
            let _ = write!(data, "C{} {} {} {} {} {}", n(a.0), n(a.1), n(b.0), n(b.1), n(to.0), n(to.1));
            from = *to;
        }
        let _ = write!(self.0, "<path class=\"edge\" d=\"{data}\"/>");
    }

    /// The head of an arrow that ends at a point.
    pub(super) fn head(&mut self, (x, y): (f64, f64), sideways: bool) {
        let (a, b) = if sideways { ((x - 7.0, y - 3.5), (x - 7.0, y + 3.5)) } else { ((x - 3.5, y - 7.0), (x + 3.5, y - 7.0)) };
        let _ = write!(self.0, "<path class=\"head\" d=\"M{} {}L{} {}L{} {}z\"/>", n(x), n(y), n(a.0), n(a.1), n(b.0), n(b.1));
    }

    /// What follows leads to a part of the page.
    pub(super) fn open_link(&mut self, id: &str, tip: &str) {
        let _ = write!(self.0, "<a href=\"#{}\"><title>{}</title>", escape(id), escape(tip));
    }

    /// Until here.
    pub(super) fn close_link(&mut self) {
        self.0.push_str("</a>");
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let _ = write!(self.0, "<text class=\"{class}\" x=\"{}\" y=\"{}\"{}>{}</text>", n(at.0), n(at.1), anchored(anchor), escape(text));
    }

    /// Text turned a quarter to the left.
    pub(super) fn upright(&mut self, class: &str, at: (f64, f64), text: &str) {
        let (x, y) = (n(at.0), n(at.1));
        let _ = write!(
            self.0,
            "<text class=\"{class}\" transform=\"translate({x} {y}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            escape(text)
        );
    }
}

fn anchored(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    }
}

/// `M x y L x y …`, leaving out points that fall on the one before.
fn path_data(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    let mut last = String::new();
    for (x, y) in points.iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
        let here = format!("{} {}", n(*x), n(*y));
        if here != last {
            out.push(if out.is_empty() { 'M' } else { 'L' });
            out.push_str(&here);
            last = here;
        }
    }
    out
}

/// A coordinate, to a tenth of a unit.
pub(super) fn n(value: f64) -> String {
    let text = format!("{:.1}", if value.is_finite() { value } else { 0.0 });
    let short = text.strip_suffix(".0").unwrap_or(&text);
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// Text that means itself in SVG and HTML; control characters, which XML forbids, become `�`.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The text cut to `max` characters, with `…` for what is lost.
pub(super) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max { text.to_owned() } else { text.chars().take(max.saturating_sub(1)).chain(['…']).collect() }
}
