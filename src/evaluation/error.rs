//! What can be wrong with a table of predictions.

use std::path::PathBuf;

use crate::dataset::labels;
use crate::text::{self, Place};

/// Why an evaluation is impossible.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading or writing a file failed.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// `read`, `write`, …
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A cell, row or heading of a predictions table is wrong.
    #[error("{problem}")]
    Table {
        /// Where.
        place: Place,
        /// What.
        problem: TableProblem,
    },
    /// Rows made in memory do not fit the classes.
    #[error("row {row} (`{image}`) has {found} probabilities for {classes} classes")]
    Shape {
        /// Index of the row, from 0.
        row: usize,
        /// Its image.
        image: String,
        /// How many probabilities it has.
        found: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A probability made in memory is not in [0, 1].
    #[error("the model gave `{image}` the probability {value} for class `{class}`: not a number in [0, 1]")]
    Probability {
        /// The image.
        image: String,
        /// The class.
        class: String,
        /// The value.
        value: f64,
    },
    /// Fewer than two classes.
    #[error("there is nothing to tell apart: the predictions have {} ({})", text::count(classes.len(), "class", "classes"), text::quoted_list(classes))]
    TooFewClasses {
        /// The classes that there are.
        classes: Vec<String>,
    },
    /// No row has a label.
    #[error("no row has a label ({} without)", text::count(*rows, "row", "rows"))]
    NoLabels {
        /// How many rows there are.
        rows: usize,
    },
    /// None of a table's images is in the dataset beside it.
    #[error("none of the predicted images is in the dataset `{}`", dataset.display())]
    Stranger {
        /// The first image of the table.
        image: String,
        /// The dataset.
        dataset: PathBuf,
    },
    /// An image's class in the dataset is not a class of the table.
    #[error("`{image}` is of class `{class}`, which the predictions do not have: {}", text::quoted_list(classes))]
    ForeignClass {
        /// The class in the dataset.
        class: String,
        /// The image.
        image: String,
        /// The classes of the table.
        classes: Vec<String>,
    },
    /// A metric's name is not known.
    #[error("there is no metric called `{name}`")]
    UnknownMetric {
        /// The name as it was given.
        name: String,
    },
    /// No metric of labels is called that.
    #[error("no metric of images with any number of labels is called `{name}`")]
    UnknownLabelMetric {
        /// The name as it was given.
        name: String,
    },
    /// Predictions of one label an image, and a dataset of several, or the other way round.
    #[error("the predictions say {} an image, the dataset has {}", labels::how_many(*several), labels::how_many(!*several))]
    OtherTask {
        /// Whether the predictions say any number of labels.
        several: bool,
    },
    /// A metric has no value on these rows.
    #[error("`{name}` has no value on these {}", text::count(*rows, "row", "rows"))]
    Undefined {
        /// The metric.
        name: &'static str,
        /// How many rows there are.
        rows: usize,
    },
    /// No pair of masks.
    #[error("there are no masks to compare")]
    NoMasks,
    /// Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

/// What is wrong at a place of a predictions table.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum TableProblem {
    /// The file has no heading line.
    #[error("the table is empty: its first line must name the columns")]
    Empty,
    /// Bytes that are not UTF-8.
    #[error("the file is not UTF-8 text")]
    Encoding,
    /// A needed column is missing.
    #[error("there is no `{name}` column; the columns are {}", text::quoted_list(found))]
    MissingColumn {
        /// The name that is needed.
        name: &'static str,
        /// The names that are there.
        found: Vec<String>,
    },
    /// Two columns of one name.
    #[error("the column `{name}` comes twice")]
    RepeatedColumn {
        /// The name.
        name: String,
    },
    /// Fewer than two class columns.
    #[error("the table has {} of probabilities ({}); two are needed", text::count(found.len(), "column", "columns"), if found.is_empty() { "none".to_owned() } else { text::quoted_list(found) })]
    TooFewClasses {
        /// The class columns that are there.
        found: Vec<String>,
    },
    /// A row with another number of cells than the heading.
    #[error("this row has {}, the heading has {heading}", text::count(*found, "cell", "cells"))]
    Width {
        /// Cells of the row.
        found: usize,
        /// Cells of the heading.
        heading: usize,
    },
    /// A quote that is not closed, or the like.
    #[error("this row cannot be read as CSV: {reason}")]
    Csv {
        /// The parser's reason.
        reason: String,
    },
    /// A probability that is no number.
    #[error("`{text}` in column `{column}` is not a number")]
    NotANumber {
        /// The cell.
        text: String,
        /// The column's name.
        column: String,
    },
    /// A probability outside [0, 1].
    #[error("the probability {text} in column `{column}` is not in [0, 1]")]
    OutOfRange {
        /// The cell.
        text: String,
        /// The column's name.
        column: String,
    },
    /// A label that is no class.
    #[error("the label `{label}` is not a class of this table: {}", text::quoted_list(classes))]
    UnknownLabel {
        /// The label.
        label: String,
        /// The classes.
        classes: Vec<String>,
    },
    /// A cell of several labels.
    #[error("{reason}")]
    Labels {
        /// What is wrong.
        reason: String,
    },
    /// An empty image name.
    #[error("the image has no name")]
    NoImage,
    /// An image that has come before.
    #[error("the image `{image}` is already on line {first}")]
    Duplicate {
        /// The image.
        image: String,
        /// The line on which it comes first.
        first: usize,
    },
}
