//! Boxes and the arrows between them, at places that somebody else found.

use super::Svg;
use super::paint::{Anchor, Canvas, shorten};

/// What a box says of itself beside its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Nothing.
    Plain,
    /// All is well.
    Good,
    /// Something is to be done.
    Changed,
    /// It is left alone.
    Still,
}

/// A box.
#[derive(Clone, Debug, PartialEq)]
pub struct Box {
    /// Its upper left corner.
    pub corner: (f64, f64),
    /// Its size.
    pub size: (f64, f64),
    /// Its name.
    pub name: String,
    /// A second, smaller line; may be empty.
    pub detail: String,
    /// How it looks; the detail says the same in words.
    pub mood: Mood,
    /// The part of the page that a click leads to.
    pub link: String,
    /// What shows when it is pointed at.
    pub tip: String,
}

/// Boxes and arrows.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// For people who cannot see it.
    pub title: String,
    /// The same, longer.
    pub description: String,
    /// The boxes.
    pub boxes: Vec<Box>,
    /// Where each arrow goes, and whether it has a head there or another goes on.
    pub arrows: Vec<(Vec<(f64, f64)>, bool)>,
    /// Whether arrows leave sideways instead of downwards.
    pub sideways: bool,
}

impl Graph {
    /// Draws it, as large as its boxes need.
    pub fn svg(&self) -> Svg {
        let mut canvas = Canvas::default();
        for (way, _) in &self.arrows {
            canvas.arrow(way, self.sideways);
        }
        for end in self.arrows.iter().filter(|(_, head)| *head).filter_map(|(way, _)| way.last()) {
            canvas.head(*end, self.sideways);
        }
        for one in &self.boxes {
            let class = match one.mood {
                Mood::Plain => "box",
                Mood::Good => "box good",
                Mood::Changed => "box changed",
                Mood::Still => "box still",
            };
            canvas.open_link(&one.link, &one.tip);
            canvas.rect(class, one.corner, one.size, None, "");
            let middle = (one.corner.0 + one.size.0 / 2.0, one.corner.1 + one.size.1 / 2.0);
            let fits = (one.size.0 / 6.6) as usize;
            let up = if one.detail.is_empty() { -4.0 } else { 3.0 };
            canvas.text("name", (middle.0, middle.1 - up), Anchor::Middle, &shorten(&one.name, fits));
            if !one.detail.is_empty() {
                canvas.text("small", (middle.0, middle.1 + 12.0), Anchor::Middle, &shorten(&one.detail, fits));
            }
            canvas.close_link();
        }
        let right =
            self.boxes.iter().map(|one| one.corner.0 + one.size.0).chain(self.arrows.iter().flat_map(|(way, _)| way).map(|at| at.0));
        let bottom =
            self.boxes.iter().map(|one| one.corner.1 + one.size.1).chain(self.arrows.iter().flat_map(|(way, _)| way).map(|at| at.1));
        let (right, bottom) = (right.fold(0.0, f64::max), bottom.fold(0.0, f64::max));
        canvas.finish(right.ceil() as u32 + 8, bottom.ceil() as u32 + 8, &self.title, &self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_links_and_texts_are_escaped() {
        let one = Box {
            corner: (0.0, 0.0),
            size: (90.0, 36.0),
            name: "a<b".to_owned(),
            detail: "fresh".to_owned(),
            mood: Mood::Good,
            link: "s0".to_owned(),
            tip: "\"x\"".to_owned(),
        };
        let graph = Graph {
            title: "t".to_owned(),
            description: String::new(),
            boxes: vec![one],
            arrows: vec![(vec![(90.0, 18.0), (150.0, 40.0)], true)],
            sideways: true,
        };
        let drawn = graph.svg().inline();
        assert!(drawn.contains("<a href=\"#s0\"><title>&quot;x&quot;</title>") && drawn.contains("a&lt;b"), "{drawn}");
        assert!(drawn.contains("M90 18C"), "{drawn}");
    }
}
