//! Columns of values about images, for one side of a comparison.

use serde::Serialize;

/// What a column is about. A verdict is given for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Properties of the images.
    Features,
    /// What the manifest says: label, age, sex, site, skin type.
    Metadata,
    /// What a model says.
    Predictions,
}

impl Level {
    /// All levels, in the order of reports.
    pub const ALL: [Level; 3] = [Level::Features, Level::Metadata, Level::Predictions];

    /// Its name in reports.
    pub fn title(self) -> &'static str {
        match self {
            Level::Features => "image features",
            Level::Metadata => "metadata",
            Level::Predictions => "predictions",
        }
    }
}

/// The values of a column, one a row; `None` where missing.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Finite numbers.
    Numbers(Vec<Option<f64>>),
    /// Names.
    Categories(Vec<Option<String>>),
}

impl Values {
    /// How many values are missing.
    pub fn missing(&self) -> usize {
        match self {
            Values::Numbers(values) => values.iter().filter(|value| value.is_none()).count(),
            Values::Categories(values) => values.iter().filter(|value| value.is_none()).count(),
        }
    }

    /// Whether a row has a value.
    pub fn present(&self, row: usize) -> bool {
        match self {
            Values::Numbers(values) => values.get(row).is_some_and(Option::is_some),
            Values::Categories(values) => values.get(row).is_some_and(Option::is_some),
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Values::Numbers(values) => values.len(),
            Values::Categories(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name, unique in a table.
    pub name: String,
    /// What it is about.
    pub level: Level,
    /// Its values.
    pub values: Values,
}

/// Rows are images; a group's rows are never parted when the reference is split.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// One group a row: rows of the same lesion or patient share it.
    pub groups: Vec<String>,
    /// The columns.
    pub columns: Vec<Column>,
}

impl Table {
    /// A table for images in these groups.
    pub fn new(groups: Vec<String>) -> Self {
        Self { groups, columns: Vec::new() }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.groups.len()
    }

    /// Adds a column of numbers; values that are not finite count as missing.
    pub fn numbers(&mut self, level: Level, name: impl Into<String>, values: Vec<Option<f64>>) {
        let values = values.into_iter().map(|value| value.filter(|v| v.is_finite())).collect();
        self.push(level, name.into(), Values::Numbers(values));
    }

    /// Adds a column of names; empty ones count as missing.
    pub fn categories(&mut self, level: Level, name: impl Into<String>, values: Vec<Option<String>>) {
        let values = values.into_iter().map(|value| value.filter(|v| !v.is_empty())).collect();
        self.push(level, name.into(), Values::Categories(values));
    }

    fn push(&mut self, level: Level, name: String, values: Values) {
        debug_assert_eq!(values.len(), self.rows(), "column `{name}` has as many values as the table has rows");
        self.columns.push(Column { name, level, values });
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
