//! What a definition of a plot says.

use crate::pipeline::revision::Snapshot;
use crate::pipeline::stage::Role;
use crate::pipeline::value::Value;
use crate::relpath::RelPath;
use crate::store::Store;

/// A plot as it is defined at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// What it is called: the path, or the name that the definition gives.
    pub id: String,
    /// The file that is plotted; `None` when `y` names files.
    pub file: Option<RelPath>,
    /// The pipeline file.
    pub defined_in: RelPath,
    /// Everything else.
    pub settings: Settings,
}

/// How a plot is drawn, and of which columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The kind of plot.
    pub template: Option<Template>,
    /// Columns along the horizontal axis.
    pub x: Axis,
    /// Columns along the vertical axis.
    pub y: Axis,
    /// In words.
    pub x_label: Option<String>,
    /// In words.
    pub y_label: Option<String>,
    /// Shown above.
    pub title: Option<String>,
    /// Whether the first row of a CSV or TSV file names its columns.
    pub header: bool,
}

/// Columns, of the plot's own file or of others.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Axis {
    /// Not said.
    #[default]
    None,
    /// Columns of the plot's file, or of every file of the other axis.
    Columns(Vec<String>),
    /// Columns of these files.
    Files(Vec<(RelPath, Vec<String>)>),
}

/// The kinds of plots, by DVC's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Template {
    /// Lines.
    #[default]
    Linear,
    /// Lines, and nothing else.
    Simple,
    /// Lines through running means.
    Smooth,
    /// Dots.
    Scatter,
    /// Lying bars.
    BarHorizontal,
    /// The same, longest first.
    BarHorizontalSorted,
    /// How often each pair of values occurs.
    Confusion,
    /// The same as shares of the values of `y`.
    ConfusionNormalized,
    /// Somebody's own, which derm draws as lines.
    Other(String),
}

impl Template {
    /// By its name.
    pub fn named(name: &str) -> Self {
        match name {
            "linear" => Self::Linear,
            "simple" => Self::Simple,
            "smooth" => Self::Smooth,
            "scatter" | "scatter_jitter" => Self::Scatter,
            "bar_horizontal" => Self::BarHorizontal,
            "bar_horizontal_sorted" => Self::BarHorizontalSorted,
            "confusion" => Self::Confusion,
            "confusion_normalized" => Self::ConfusionNormalized,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Linear => "linear",
            Self::Simple => "simple",
            Self::Smooth => "smooth",
            Self::Scatter => "scatter",
            Self::BarHorizontal => "bar_horizontal",
            Self::BarHorizontalSorted => "bar_horizontal_sorted",
            Self::Confusion => "confusion",
            Self::ConfusionNormalized => "confusion_normalized",
            Self::Other(name) => name,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { template: None, x: Axis::None, y: Axis::None, x_label: None, y_label: None, title: None, header: true }
    }
}

impl Settings {
    /// From the map of a definition; paths in it start at `base`.
    pub fn from_value(value: &Value, base: &RelPath) -> Self {
        let text = |key: &str| match value.select_here(key) {
            Some(Value::Null) | None => None,
            Some(value) => Some(value.python()),
        };
        let axis = |key: &str| value.select_here(key).map(|value| Axis::from_value(value, base)).unwrap_or_default();
        Self {
            template: text("template").map(|name| Template::named(&name)),
            x: axis("x"),
            y: axis("y"),
            x_label: text("x_label"),
            y_label: text("y_label"),
            title: text("title"),
            header: !matches!(value.select_here("header"), Some(Value::Bool(false))),
        }
    }

    /// With what `over` says instead.
    #[must_use]
    pub fn with(self, over: &Settings) -> Self {
        let axis = |own: Axis, over: &Axis| if *over == Axis::None { own } else { over.clone() };
        Self {
            template: over.template.clone().or(self.template),
            x: axis(self.x, &over.x),
            y: axis(self.y, &over.y),
            x_label: over.x_label.clone().or(self.x_label),
            y_label: over.y_label.clone().or(self.y_label),
            title: over.title.clone().or(self.title),
            header: self.header && over.header,
        }
    }
}

impl Axis {
    fn from_value(value: &Value, base: &RelPath) -> Self {
        let names = |value: &Value| match value {
            Value::Null => Vec::new(),
            Value::List(items) => items.iter().map(Value::python).collect(),
            value => vec![value.python()],
        };
        match value {
            Value::Null => Axis::None,
            Value::Map(files) => {
                let file = |(path, value): (&String, &Value)| Some((RelPath::resolve(base, path).ok()?, names(value)));
                Axis::Files(files.iter().filter_map(file).collect())
            }
            value => Axis::Columns(names(value)),
        }
    }
}

impl Value {
    /// The value under a key of this map; dots mean nothing.
    fn select_here(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(map) => map.get(key),
            _ => None,
        }
    }
}

/// The plots that a place defines, all or those that `targets` name: by id, by path, or by a folder above it. A target that no
/// definition has and that is a file there is a plot of its own.
pub fn of(place: &Snapshot, store: &Store, targets: &[String]) -> Vec<Definition> {
    let mut found: Vec<Definition> = Vec::new();
    for pipeline in &place.pipelines {
        let paths: Vec<RelPath> = pipeline.plots.iter().filter_map(|(id, _)| RelPath::resolve(&pipeline.base, id).ok()).collect();
        for (id, value) in &pipeline.plots {
            let settings = Settings::from_value(value, &pipeline.base);
            if matches!(settings.y, Axis::Files(_)) {
                let taken = found.iter().any(|other| other.id == *id);
                let id = if taken { format!("{}::{id}", pipeline.file) } else { id.clone() };
                found.push(Definition { id, file: None, defined_in: pipeline.file.clone(), settings });
            } else if let Ok(path) = RelPath::resolve(&pipeline.base, id) {
                for file in files(place, store, &path) {
                    // A folder may have settings of its own for what lies deeper in it.
                    let nearest = paths.iter().filter(|other| file.is_within(other)).max_by_key(|other| other.as_str().len());
                    if nearest == Some(&path) {
                        add(&mut found, file, &pipeline.file, settings.clone());
                    }
                }
            }
        }
    }
    for stage in &place.stages {
        for out in stage.outs.iter().filter(|out| out.role == Role::Plot) {
            let pipeline = &place.pipelines[stage.pipeline];
            let settings = Settings::from_value(&out.notes, &pipeline.base);
            for file in files(place, store, &out.path) {
                add(&mut found, file, &pipeline.file, settings.clone());
            }
        }
    }
    if targets.is_empty() {
        return found;
    }
    let named = |definition: &Definition, target: &str| {
        let path = RelPath::new(target).ok();
        definition.id == target || path.is_some_and(|path| definition.file.as_ref().is_some_and(|file| file.is_within(&path)))
    };
    let mut wanted: Vec<Definition> = found.iter().filter(|one| targets.iter().any(|target| named(one, target))).cloned().collect();
    for target in targets.iter().filter(|target| !found.iter().any(|one| named(one, target))) {
        let Ok(path) = RelPath::new(target) else { continue };
        for file in place.files_at(store, &path) {
            add(&mut wanted, file.clone(), &file, Settings::default());
        }
    }
    wanted
}

/// A file is plotted once: what the top of a file says of it comes before what its stage says, which fills the gaps.
fn add(found: &mut Vec<Definition>, file: RelPath, defined_in: &RelPath, settings: Settings) {
    match found.iter_mut().find(|other| other.file.as_ref() == Some(&file)) {
        Some(known) => known.settings = settings.with(&known.settings),
        None => {
            found.push(Definition { id: file.to_string(), file: Some(file), defined_in: defined_in.clone(), settings });
        }
    }
}

/// The files of a folder, or the path itself, whether it is there or not.
fn files(place: &Snapshot, store: &Store, path: &RelPath) -> Vec<RelPath> {
    let found = place.files_at(store, path);
    if found.is_empty() { vec![path.clone()] } else { found }
}
