//! One self-contained page: sections of text, tiles, facts, drawings, tables and pictures.
//!
//! Everything handed in is plain text and is escaped; there is no way to put markup into a page. The
//! page's content security policy forbids every resource but `data:` pictures, its own style sheet and,
//! where a table can be sorted, the one script below, named by its hash. Printed, or read without
//! scripts, it shows the same.

mod block;
mod table;

use sha2::{Digest, Sha256};

pub use block::{Picture, Tile, Tone};
pub use table::{Cell, Table};

use super::base64;
use super::svg::{STYLE as SVG_STYLE, Svg};
use crate::report::svg::escape;

const STYLE: &str = include_str!("html/style.css");
const SORT: &str = include_str!("html/sort.js");

/// A page under construction.
#[derive(Clone, Debug, Default)]
pub struct Page {
    title: String,
    subtitle: String,
    sections: Vec<Section>,
    footer: String,
}

/// A part of a page with a heading of its own.
#[derive(Clone, Debug, Default)]
pub struct Section {
    id: String,
    heading: String,
    body: String,
    sortable: bool,
}

impl Page {
    /// An empty page.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// A line under the title.
    #[must_use]
    pub fn subtitle(mut self, text: impl Into<String>) -> Self {
        self.subtitle = text.into();
        self
    }

    /// Adds a section; those with a heading are listed at the top of the page.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        self.sections.push(section);
        self
    }

    /// A line at the end.
    #[must_use]
    pub fn footer(mut self, text: impl Into<String>) -> Self {
        self.footer = text.into();
        self
    }

    /// The finished HTML document.
    pub fn render(&self) -> String {
        let script = self.sections.iter().any(|section| section.sortable);
        let allow = if script { format!("; script-src 'sha256-{}'", base64::encode(&Sha256::digest(SORT))) } else { String::new() };
        let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        out += &format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'{allow}\">\n"
        );
        out += "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n";
        out += &format!(
            "<title>{}</title>\n<style>\n{SVG_STYLE}{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{0}</h1>\n",
            escape(&self.title)
        );
        if !self.subtitle.is_empty() {
            out += &format!("<p class=\"subtitle\">{}</p>\n", escape(&self.subtitle));
        }
        out += &self.contents();
        out += "</header>\n<main>\n";
        for section in &self.sections {
            out += &section.render();
        }
        out += "</main>\n";
        if !self.footer.is_empty() {
            out += &format!("<footer>{}</footer>\n", escape(&self.footer));
        }
        if script {
            out += &format!("<script>{SORT}</script>\n");
        }
        out + "</body>\n</html>\n"
    }

    fn contents(&self) -> String {
        let named: Vec<&Section> = self.sections.iter().filter(|section| !section.heading.is_empty()).collect();
        if named.len() < 3 {
            return String::new();
        }
        let links = named.iter().map(|s| format!("<a href=\"#{}\">{}</a>", escape(&s.id), escape(&s.heading)));
        format!("<nav aria-label=\"Sections\">{}</nav>\n", links.collect::<Vec<_>>().join(" "))
    }
}

impl Section {
    /// An empty section; `id` is its anchor. Without a heading it stands outside the list of sections.
    pub fn new(id: impl Into<String>, heading: impl Into<String>) -> Self {
        Self { id: id.into(), heading: heading.into(), ..Self::default() }
    }

    /// A paragraph.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.body += &format!("<p>{}</p>\n", escape(text));
        self
    }

    /// A paragraph that stands out.
    #[must_use]
    pub fn note(mut self, tone: Tone, text: &str) -> Self {
        self.body += &format!("<p class=\"note {}\"><b>{}</b> {}</p>\n", tone.class(), tone.word(), escape(text));
        self
    }

    /// Large numbers side by side.
    #[must_use]
    pub fn tiles(mut self, tiles: &[Tile]) -> Self {
        self.body += &block::tiles(tiles);
        self
    }

    /// Names and their values.
    #[must_use]
    pub fn facts(mut self, facts: &[(String, String)]) -> Self {
        self.body += &block::facts(facts);
        self
    }

    /// Drawings side by side where there is room.
    #[must_use]
    pub fn plots(mut self, plots: &[Svg]) -> Self {
        let drawn: String = plots.iter().map(|plot| format!("<figure>{}</figure>\n", plot.inline())).collect();
        self.body += &format!("<div class=\"plots\">\n{drawn}</div>\n");
        self
    }

    /// Drawings, and beside them, where there is room, a table of what they show.
    #[must_use]
    pub fn plots_with(mut self, plots: &[Svg], table: &Table) -> Self {
        self.sortable |= table.is_sortable();
        let drawn: String = plots.iter().map(|plot| format!("<figure>{}</figure>\n", plot.inline())).collect();
        self.body += &format!("<div class=\"plots\">\n{drawn}{}</div>\n", table.render());
        self
    }

    /// A table.
    #[must_use]
    pub fn table(mut self, table: &Table) -> Self {
        self.sortable |= table.is_sortable();
        self.body += &table.render();
        self
    }

    /// Pictures with captions.
    #[must_use]
    pub fn pictures(mut self, pictures: &[Picture]) -> Self {
        self.body += &block::pictures(pictures, "pictures");
        self
    }

    /// Larger pictures with captions, whole whatever their shape.
    #[must_use]
    pub fn large_pictures(mut self, pictures: &[Picture]) -> Self {
        self.body += &block::pictures(pictures, "pictures large");
        self
    }

    fn render(&self) -> String {
        let heading = if self.heading.is_empty() { String::new() } else { format!("<h2>{}</h2>\n", escape(&self.heading)) };
        format!("<section id=\"{}\">\n{heading}{}</section>\n", escape(&self.id), self.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::svg;

    fn page() -> Page {
        let mut table = Table::new("Per class").text_column("class").number_column("recall");
        table.row([Cell::text("<b>mel</b>"), Cell::number(0.5, "0.500")]).row([Cell::text("nv"), Cell::number(1.0, "1.000")]);
        let section = Section::new("a", "A & B").text("<script>alert(1)</script>").note(Tone::Caution, "few \"rows\"");
        let section = section.plots(&[svg::sparkline(&[1.0, 2.0], "loss <by> epoch")]).table(&table);
        let pictures =
            [Picture { mime: "image/png", bytes: vec![1, 2, 3], caption: vec!["it's".to_owned()], alt: "\" onload=x".to_owned() }];
        Page::new("T<i>tle").section(section.pictures(&pictures))
    }

    #[test]
    fn no_text_becomes_markup_and_nothing_is_remote() {
        let html = page().render();
        for bad in ["<script>alert", "<b>mel", "T<i>", "<by>", "\" onload", "http:", "https:", "url("] {
            assert!(!html.replace("http-equiv", "").contains(bad), "{bad}");
        }
        assert!(html.contains("&lt;b&gt;mel&lt;/b&gt;") && html.contains("src=\"data:image/png;base64,AQID\""));
        assert_eq!(html, page().render());
    }

    #[test]
    fn the_script_is_there_only_for_tables_and_named_by_its_hash() {
        let hash = base64::encode(&Sha256::digest(SORT));
        assert!(page().render().contains(&format!("script-src 'sha256-{hash}'")));
        let plain = Page::new("x").section(Section::new("s", "S").text("t")).render();
        assert!(!plain.contains("script"));
    }
}
