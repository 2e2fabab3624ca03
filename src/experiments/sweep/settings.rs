//! What a sweep is to do: everything that decides its table.

use serde::{Deserialize, Serialize};

use super::{Error, Watch};
use crate::experiments::overrides::{Given, How, Override};
use crate::experiments::search::asha::Rungs;
use crate::experiments::search::{self, Algorithm, Search};
use crate::relpath::RelPath;

/// Whether more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Goal {
    /// Less is.
    Min,
    /// More is.
    Max,
}

impl Goal {
    /// The value as a search takes it: less is better.
    pub fn cost(self, value: f64) -> f64 {
        if self == Goal::Min { value } else { -value }
    }
}

/// The metric that trials are compared by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its file; any metric file if it is left out.
    pub file: Option<RelPath>,
    /// The dotted key.
    pub key: String,
}

/// Everything that decides what a sweep does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Overrides as text, in the order given: those with several values are the axes.
    pub params: Vec<String>,
    /// The override whose values are the folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<String>,
    /// What trials are compared by.
    pub metric: Target,
    /// Whether more is better.
    pub goal: Goal,
    /// Configurations at most.
    pub trials: usize,
    /// How points are chosen.
    #[serde(with = "algorithm")]
    pub search: Algorithm,
    /// Of all that is random.
    pub seed: u64,
    /// Points before TPE looks at results.
    pub startup: usize,
    /// Results that may be outstanding.
    pub lag: usize,
    /// When trials are ended early.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rungs")]
    pub stop: Option<Rungs>,
    /// Where trials report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// Targets of `repro`, as typed.
    pub targets: Vec<String>,
    /// The folder that targets are relative to.
    pub folder: RelPath,
}

mod algorithm {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::experiments::search::Algorithm;

    pub fn serialize<S: Serializer>(algorithm: &Algorithm, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match algorithm {
            Algorithm::Grid => "grid",
            Algorithm::Random => "random",
            Algorithm::Tpe => "tpe",
        })
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Algorithm, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "grid" => Ok(Algorithm::Grid),
            "random" => Ok(Algorithm::Random),
            "tpe" => Ok(Algorithm::Tpe),
            other => Err(serde::de::Error::custom(format!("unknown search `{other}`"))),
        }
    }
}

mod rungs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::experiments::search::asha::Rungs;

    #[derive(Serialize, Deserialize)]
    struct Written {
        min: u64,
        eta: u64,
        max: Option<u64>,
    }

    pub fn serialize<S: Serializer>(rungs: &Option<Rungs>, serializer: S) -> Result<S::Ok, S::Error> {
        rungs.map(|Rungs { min, eta, max }| Written { min, eta, max }).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rungs>, D::Error> {
        Ok(Option::<Written>::deserialize(deserializer)?.map(|Written { min, eta, max }| Rungs { min, eta, max }))
    }
}

/// Settings with their overrides read.
pub(super) struct Plan {
    /// The overrides that are the same for all.
    pub fixed: Vec<Override>,
    /// Those that are searched, in the order of a point's values.
    pub axes: Vec<Override>,
    /// One override for each trial of a configuration; a single `None` without folds.
    pub folds: Vec<Option<Override>>,
}

impl Settings {
    pub(super) fn plan(&self) -> Result<Plan, Error> {
        let read: Result<Vec<Override>, _> = self.params.iter().map(|typed| Override::parse(typed)).collect();
        let (axes, fixed): (Vec<_>, Vec<_>) =
            read?.into_iter().partition(|one| one.how != How::Remove && !matches!(one.given, None | Some(Given::One(_))));
        let folds = match &self.folds {
            None => vec![None],
            Some(typed) => {
                let one = Override::parse(typed)?;
                let values = one.given.as_ref().and_then(Given::values).unwrap_or_default();
                values.into_iter().map(|value| Some(one.with(value))).collect()
            }
        };
        Ok(Plan { fixed, axes, folds })
    }

    /// The search that these settings ask for.
    ///
    /// # Errors
    /// A grid without end; nothing to search.
    pub fn searcher(&self) -> Result<Box<dyn Search>, Error> {
        let axes = self.plan()?.axes;
        if axes.is_empty() {
            return Err(Error::NothingToSearch);
        }
        let space: search::Space = axes.iter().filter_map(|axis| axis.given.clone()).collect();
        let settings = search::Settings { algorithm: self.search, seed: self.seed, lag: self.lag, startup: self.startup };
        search::search(space, settings).ok_or_else(|| {
            let endless = axes.iter().find(|axis| axis.given.as_ref().is_some_and(|given| given.values().is_none()));
            Error::Endless { key: endless.map_or_else(String::new, |axis| axis.key.clone()) }
        })
    }

    /// What differs from other settings, in a word.
    pub(super) fn difference(&self, other: &Self) -> Option<&'static str> {
        let differs = [
            (self.params != other.params, "list of parameters"),
            (self.folds != other.folds, "list of folds"),
            (self.metric != other.metric || self.goal != other.goal, "metric"),
            (self.trials != other.trials, "number of trials"),
            (self.search != other.search || self.seed != other.seed || self.startup != other.startup, "search"),
            (self.stop != other.stop || self.watch != other.watch, "rule for ending trials"),
            (self.targets != other.targets || self.folder != other.folder, "list of targets"),
        ];
        differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }
}
