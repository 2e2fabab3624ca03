//! Tiles, facts, notes and pictures.

use crate::report::base64;
use crate::report::svg::escape;

/// How a note is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Worth knowing.
    Remark,
    /// A reason to doubt a number.
    Caution,
    /// A check that did not hold.
    Bad,
    /// A check that held.
    Good,
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Tone::Remark => "remark",
            Tone::Caution => "caution",
            Tone::Bad => "bad",
            Tone::Good => "good",
        }
    }

    /// The word that carries the tone without colour.
    pub(super) fn word(self) -> &'static str {
        match self {
            Tone::Remark => "Note.",
            Tone::Caution => "Caution.",
            Tone::Bad => "Not held.",
            Tone::Good => "Held.",
        }
    }
}

/// A number to be seen first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// What it is.
    pub name: String,
    /// The number.
    pub value: String,
    /// Lines under it: its interval, what to hold it against.
    pub detail: String,
}

/// A picture in the page itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `image/jpeg`, `image/png`.
    pub mime: &'static str,
    /// The encoded file; empty where there is no picture to show.
    pub bytes: Vec<u8>,
    /// What it shows, for people who cannot see it.
    pub alt: String,
    /// Lines under it.
    pub caption: Vec<String>,
}

pub(super) fn tiles(tiles: &[Tile]) -> String {
    let one = |t: &Tile| {
        let details: String =
            t.detail.lines().filter(|line| !line.is_empty()).map(|line| format!("<small>{}</small>", escape(line))).collect();
        format!("<div class=\"tile\"><dt>{}</dt><dd>{}{details}</dd></div>\n", escape(&t.name), escape(&t.value))
    };
    format!("<dl class=\"tiles\">\n{}</dl>\n", tiles.iter().map(one).collect::<String>())
}

pub(super) fn facts(facts: &[(String, String)]) -> String {
    let one = |(name, value): &(String, String)| format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value));
    format!("<dl class=\"facts\">\n{}</dl>\n", facts.iter().map(one).collect::<String>())
}

/// `class`: `pictures` (square, cropped) or `pictures large` (whole).
pub(super) fn pictures(pictures: &[Picture], class: &str) -> String {
    let one = |picture: &Picture| {
        let image = if picture.bytes.is_empty() {
            format!("<div class=\"none\" role=\"img\" aria-label=\"{}\">no picture</div>", escape(&picture.alt))
        } else {
            let data = base64::encode(&picture.bytes);
            format!("<img alt=\"{}\" loading=\"lazy\" src=\"data:{};base64,{data}\">", escape(&picture.alt), escape(picture.mime))
        };
        let lines: String = picture.caption.iter().map(|line| format!("<span>{}</span>", escape(line))).collect();
        format!("<figure>{image}<figcaption>{lines}</figcaption></figure>\n")
    };
    format!("<div class=\"{class}\">\n{}</div>\n", pictures.iter().map(one).collect::<String>())
}
