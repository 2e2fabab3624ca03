//! Plots: which there are, and their data at several places of the history, side by side.
//!
//! A plot is defined as in DVC: by an output under `plots:` of a stage with its settings, or at the top of a pipeline file, as a path or
//! as a map of settings under a name. `x` and `y` name columns, of the plot's own file or of others. A folder is a plot for each file in
//! it. Without `y` the last column is shown, without `x` the rows are counted. Files that end as pictures do are shown as they are.
//!
//! Where several places have a plot, the settings of the first are used for all, so that their lines share their axes. Data is read by
//! [`data`], settings by [`mod@define`]; [`shape`] makes numbers of them that can be drawn, [`page`] an HTML page.

pub mod data;
pub mod define;
pub mod page;
pub mod shape;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;

use super::origin;
use super::problem::Problem;
use super::revision::{Content, Snapshot};
use super::value::Value;
use crate::relpath::RelPath;
use crate::store::Store;

use data::Rows;
pub use define::{Axis, Definition, Settings, Template};
pub use page::page;

/// A plot with its data.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it is called.
    pub id: String,
    /// How it is drawn.
    pub template: Template,
    /// Shown above.
    pub title: String,
    /// What the axes measure.
    pub x_label: String,
    /// The same of the other.
    pub y_label: String,
    /// Data, by place and in the order of `y`.
    pub series: Vec<Series>,
    /// A picture instead, by place: its ending and its bytes.
    pub pictures: IndexMap<String, Vec<u8>>,
}

/// What one column of one file holds at one place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// The place.
    #[serde(skip)]
    pub place: String,
    /// The file of `y`.
    pub file: RelPath,
    /// The column of `y`.
    pub field: String,
    /// Values with their x.
    pub points: Vec<(Value, Value)>,
}

/// Every plot of several places, and what could not be read.
#[derive(Debug, Default)]
pub struct Collected {
    /// In the order of the definitions.
    pub plots: Vec<Plot>,
    /// What is wrong in definitions and files.
    pub problems: Vec<Problem>,
    /// Files that are nowhere, by place.
    pub missing: BTreeSet<(String, RelPath)>,
    /// Files whose content is not in the cache, by place.
    pub not_in_cache: BTreeSet<(String, RelPath)>,
}

/// The endings of files that are shown as they are.
pub const PICTURES: &[&str] = &["jpg", "jpeg", "png", "gif", "svg"];

/// The plots of `places`, all of them or those that `targets` name; `over` takes the place of what definitions say.
pub fn collect(places: &[Snapshot], store: &Store, targets: &[String], over: &Settings) -> Collected {
    let mut collected = Collected::default();
    let mut merged: IndexMap<String, Definition> = IndexMap::new();
    let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, place) in places.iter().enumerate() {
        collected.problems.extend(place.problems.iter().cloned());
        for definition in define::of(place, store, targets) {
            owners.entry(definition.id.clone()).or_default().push(index);
            merged.entry(definition.id.clone()).or_insert(definition);
        }
    }
    for (id, definition) in merged {
        let definition = Definition { settings: definition.settings.with(over), ..definition };
        let mut files = Files { store, read: BTreeMap::new(), collected: &mut collected };
        let mut plot = Plot {
            template: definition.settings.template.clone().unwrap_or_default(),
            title: definition.settings.title.clone().unwrap_or_else(|| id.clone()),
            x_label: String::new(),
            y_label: String::new(),
            series: Vec::new(),
            pictures: IndexMap::new(),
            id,
        };
        for index in owners.get(&plot.id).into_iter().flatten() {
            files.add(&mut plot, &definition, &places[*index]);
        }
        if !plot.series.is_empty() || !plot.pictures.is_empty() {
            collected.plots.push(plot);
        }
    }
    collected.problems.dedup();
    collected
}

/// Reads the files of one plot, each once a place.
struct Files<'s> {
    store: &'s Store,
    read: BTreeMap<(String, RelPath), Option<Rows>>,
    collected: &'s mut Collected,
}

impl Files<'_> {
    fn add(&mut self, plot: &mut Plot, definition: &Definition, place: &Snapshot) {
        let settings = &definition.settings;
        if let Some(file) = definition.file.as_ref().filter(|file| is_picture(file)) {
            if let Some(bytes) = self.bytes(place, file) {
                plot.pictures.insert(place.name().to_owned(), bytes);
            }
            return;
        }
        let Some(ys) = self.columns(place, definition) else { return };
        let xs = match &settings.x {
            Axis::None => Vec::new(),
            Axis::Columns(names) => ys.iter().map(|(file, _)| (file.clone(), names.first().cloned().unwrap_or_default())).collect(),
            Axis::Files(files) => pairs(files),
        };
        if xs.len() > 1 && xs.len() != ys.len() {
            let message = format!("plot `{}` has {} columns for x and {} for y", plot.id, xs.len(), ys.len());
            self.collected.problems.extend(place.placed(origin::problem(&definition.defined_in, message)));
            return;
        }
        for (index, (file, field)) in ys.iter().enumerate() {
            let Some(y) = self.column(place, file, field, settings.header) else { continue };
            let points = match xs.get(if xs.len() > 1 { index } else { 0 }) {
                None => y.into_iter().enumerate().map(|(at, y)| (Value::Int(at as i128), y)).collect(),
                Some((x_file, x_field)) => {
                    let Some(x) = self.column(place, x_file, x_field, settings.header) else { continue };
                    if x.len() != y.len() {
                        let message = format!("`{x_field}` of `{x_file}` has {} rows, `{field}` of `{file}` has {}", x.len(), y.len());
                        self.collected.problems.extend(place.placed(origin::problem(file, message)));
                        continue;
                    }
                    x.into_iter().zip(y).collect()
                }
            };
            plot.series.push(Series { place: place.name().to_owned(), file: file.clone(), field: field.clone(), points });
        }
        if plot.y_label.is_empty() {
            plot.y_label = settings.y_label.clone().unwrap_or_else(|| one_name(&ys).unwrap_or("y").to_owned());
            plot.x_label = settings
                .x_label
                .clone()
                .unwrap_or_else(|| if xs.is_empty() { "step".to_owned() } else { one_name(&xs).unwrap_or("x").to_owned() });
        }
    }

    /// The files and columns of `y`.
    fn columns(&mut self, place: &Snapshot, definition: &Definition) -> Option<Vec<(RelPath, String)>> {
        let file = definition.file.clone().unwrap_or_default();
        match &definition.settings.y {
            Axis::Files(files) => Some(pairs(files)),
            Axis::Columns(names) => Some(names.iter().map(|name| (file.clone(), name.clone())).collect()),
            Axis::None => {
                let last = self.rows(place, &file, definition.settings.header)?.last_of_first.clone()?;
                Some(vec![(file, last)])
            }
        }
    }

    fn column(&mut self, place: &Snapshot, file: &RelPath, name: &str, header: bool) -> Option<Vec<Value>> {
        let rows = self.rows(place, file, header)?;
        if let Some(column) = rows.columns.get(name) {
            return Some(column.clone());
        }
        let names: Vec<&String> = rows.columns.keys().collect();
        let near = crate::text::suggest(name, names.iter().map(|name| name.as_str()));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let hint = hint.or_else(|| Some(format!("it has {}", crate::text::some_of(&names, 8))));
        let problems = origin::problem(file, format!("`{file}` has no column `{name}`"));
        let problems = problems.into_iter().map(|problem| Problem { hint: hint.clone(), ..problem }).collect();
        self.collected.problems.extend(place.placed(problems));
        None
    }

    fn rows(&mut self, place: &Snapshot, file: &RelPath, header: bool) -> Option<&Rows> {
        let key = (place.name().to_owned(), file.clone());
        if !self.read.contains_key(&key) {
            let rows = self.bytes(place, file).and_then(|bytes| match data::read(file, bytes, header) {
                Ok(rows) => Some(rows),
                Err(problems) => {
                    self.collected.problems.extend(place.placed(problems));
                    None
                }
            });
            self.read.insert(key.clone(), rows);
        }
        self.read.get(&key).and_then(Option::as_ref)
    }

    fn bytes(&mut self, place: &Snapshot, file: &RelPath) -> Option<Vec<u8>> {
        let key = || (place.name().to_owned(), file.clone());
        match place.content(self.store, file) {
            Ok(Content::Bytes(bytes)) => return Some(bytes),
            Ok(Content::Missing) => drop(self.collected.missing.insert(key())),
            Ok(Content::NotInCache) => drop(self.collected.not_in_cache.insert(key())),
            Err(problems) => self.collected.problems.extend(problems),
        }
        None
    }
}

/// Whether a file is shown as it is.
pub fn is_picture(file: &RelPath) -> bool {
    let name = file.name().unwrap_or_default().to_ascii_lowercase();
    name.rsplit_once('.').is_some_and(|(_, ending)| PICTURES.contains(&ending))
}

fn pairs(files: &[(RelPath, Vec<String>)]) -> Vec<(RelPath, String)> {
    files.iter().flat_map(|(file, names)| names.iter().map(|name| (file.clone(), name.clone()))).collect()
}

/// The name that all have.
fn one_name(columns: &[(RelPath, String)]) -> Option<&str> {
    let first = columns.first().map(|(_, name)| name.as_str())?;
    columns.iter().all(|(_, name)| name == first).then_some(first)
}
