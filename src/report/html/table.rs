//! Tables, which a click on a heading sorts.

use crate::report::svg::escape;

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    text: String,
    /// What is sorted by; the text itself where there is none.
    key: Option<f64>,
    /// A second, smaller text, such as an interval.
    detail: String,
    faint: bool,
}

impl Cell {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), key: None, detail: String::new(), faint: false }
    }

    /// A number: its value for sorting, its text for reading.
    pub fn number(value: f64, text: impl Into<String>) -> Self {
        Self { key: value.is_finite().then_some(value), ..Self::text(text) }
    }

    /// Adds a smaller text.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Makes it look like something to be taken with care.
    #[must_use]
    pub fn faint_if(mut self, faint: bool) -> Self {
        self.faint = faint;
        self
    }
}

/// Rows under headings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    caption: String,
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table with a caption.
    pub fn new(caption: impl Into<String>) -> Self {
        Self { caption: caption.into(), ..Self::default() }
    }

    /// Adds a column of text.
    #[must_use]
    pub fn text_column(mut self, name: impl Into<String>) -> Self {
        self.columns.push((name.into(), false));
        self
    }

    /// Adds a column of numbers, set to the right.
    #[must_use]
    pub fn number_column(mut self, name: impl Into<String>) -> Self {
        self.columns.push((name.into(), true));
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) -> &mut Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// Whether there is anything to sort.
    pub(super) fn is_sortable(&self) -> bool {
        self.rows.len() > 1
    }

    pub(super) fn render(&self) -> String {
        let sort = if self.is_sortable() { " class=\"sortable\"" } else { "" };
        let mut out = format!("<div class=\"scroll\"><table{sort}>\n");
        if !self.caption.is_empty() {
            out += &format!("<caption>{}</caption>\n", escape(&self.caption));
        }
        let align = |numeric: bool| if numeric { " class=\"num\"" } else { "" };
        let heads: String =
            self.columns.iter().map(|(name, numeric)| format!("<th scope=\"col\"{}>{}</th>", align(*numeric), escape(name))).collect();
        out += &format!("<thead><tr>{heads}</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            out += "<tr>";
            for (i, cell) in row.iter().enumerate() {
                out += &cell.render(self.columns.get(i).is_some_and(|(_, numeric)| *numeric), i == 0);
            }
            out += "</tr>\n";
        }
        out + "</tbody></table></div>\n"
    }
}

impl Cell {
    fn render(&self, numeric: bool, first: bool) -> String {
        let classes = [if numeric { "num" } else { "" }, if self.faint { "faint" } else { "" }];
        let classes = classes.iter().filter(|class| !class.is_empty()).copied().collect::<Vec<_>>().join(" ");
        let class = if classes.is_empty() { String::new() } else { format!(" class=\"{classes}\"") };
        let key = self.key.map(|key| format!(" data-key=\"{key}\"")).unwrap_or_default();
        let detail = if self.detail.is_empty() { String::new() } else { format!("<small>{}</small>", escape(&self.detail)) };
        let (open, close) = if first { ("th scope=\"row\"", "th") } else { ("td", "td") };
        format!("<{open}{class}{key}>{}{detail}</{close}>", escape(&self.text))
    }
}
