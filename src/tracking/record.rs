//! What `run.json` holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RunId;
use crate::clock::Timestamp;
use crate::digest::ObjectId;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It is at work.
    Running,
    /// It reached its end.
    Finished,
    /// It ended with an error.
    Failed,
    /// It was asked to stop, and stopped.
    Interrupted,
    /// It ended without a word. Never written, only concluded from a free lock.
    Crashed,
}

impl Status {
    /// The word in `run.json` and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Finished => "finished",
            Status::Failed => "failed",
            Status::Interrupted => "interrupted",
            Status::Crashed => "crashed",
        }
    }
}

/// One run, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this layout.
    pub schema: u32,
    /// The run.
    pub id: RunId,
    /// The experiment that it belongs to.
    pub experiment: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How far it has come.
    pub status: Status,
    /// Why it failed or stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// When it was taken up again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resumed: Vec<Timestamp>,
    /// The command line, program first.
    pub command: Vec<String>,
    /// The version of derm.
    pub derm: String,
    /// Who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    /// The run that this one is a part of, such as a sweep's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunId>,
    /// The parameters, by dotted name.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// Free labels.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The data.
    #[serde(default)]
    pub datasets: Vec<DatasetRef>,
    /// What it left under `artifacts/`.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// The hash of `env.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<ObjectId>,
    /// The metrics in short.
    #[serde(default)]
    pub metrics: BTreeMap<String, MetricSummary>,
    /// Fields of later versions, kept as they are.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, Value>,
}

impl Record {
    /// The version that this program writes.
    pub const SCHEMA: u32 = 1;
}

/// The state of the code when a run began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Git {
    /// The commit; none before the first.
    pub commit: Option<String>,
    /// The branch; none on a detached head.
    pub branch: Option<String>,
    /// Whether tracked files differed from the commit.
    pub dirty: bool,
}

/// Data that a run used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRef {
    /// Its path or name, such as `data/skin`.
    pub name: String,
    /// The hash of its content.
    pub digest: ObjectId,
    /// Numbers of images, such as by subset.
    #[serde(default)]
    pub counts: BTreeMap<String, u64>,
}

/// A file or folder that a run left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its path below `artifacts/`, with `/`.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Files.
    pub files: u64,
}

/// A metric over all steps. Not-a-number values count, and are the least and greatest only if there is nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricSummary {
    /// How many steps have a value.
    pub count: u64,
    /// The value at the greatest step.
    #[serde(with = "float")]
    pub last: f64,
    /// The greatest step.
    pub last_step: u64,
    /// The least value.
    #[serde(with = "float")]
    pub min: f64,
    /// Its first step.
    pub min_step: u64,
    /// The greatest value.
    #[serde(with = "float")]
    pub max: f64,
    /// Its first step.
    pub max_step: u64,
    /// The arithmetic mean.
    #[serde(with = "float")]
    pub mean: f64,
}

/// JSON has no word for infinities and NaN: they become `"inf"`, `"-inf"` and `"NaN"`.
mod float {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.collect_str(value) }
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Text(String),
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match Either::deserialize(deserializer)? {
            Either::Number(value) => Ok(value),
            Either::Text(text) => text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no number"))),
        }
    }
}
