//! What is noted in an experiment's commit message.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Set;
use crate::clock::Timestamp;

/// What the line begins with.
const KEY: &str = "Derm-Experiment: ";
/// What the first line begins with.
const TITLE: &str = "derm experiment ";

/// What an experiment was made of, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// 1.
    pub schema: u32,
    /// Parameters that were set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Set>,
    /// Stages that were asked for, as typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it was saved.
    pub ended: Timestamp,
    /// The machine.
    #[serde(default)]
    pub host: String,
    /// The version of derm.
    #[serde(default)]
    pub derm: String,
    /// For whoever made it: the sweep it belongs to, the fold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What the user said.
    #[serde(skip)]
    pub message: Option<String>,
}

impl Note {
    /// For an experiment that ends now.
    pub fn now(overrides: Vec<Set>, targets: Vec<String>, started: Timestamp) -> Self {
        let host = sysinfo::System::host_name().unwrap_or_default();
        Self {
            schema: 1,
            overrides,
            targets,
            started,
            ended: Timestamp::now(),
            host,
            derm: env!("CARGO_PKG_VERSION").to_owned(),
            labels: BTreeMap::new(),
            message: None,
        }
    }

    /// The commit message.
    pub fn to_message(&self, name: &str) -> String {
        let said = self.message.as_deref().map(|text| format!("{}\n\n", text.trim())).unwrap_or_default();
        format!("{TITLE}{name}\n\n{said}{KEY}{}\n", serde_json::to_string(self).unwrap_or_default())
    }

    /// From a commit message; `None` where there is no note that this derm understands.
    pub fn parse(message: &str) -> Option<Self> {
        let line = message.lines().rev().find_map(|line| line.strip_prefix(KEY))?;
        let mut note: Self = serde_json::from_str(line).ok().filter(|note: &Self| note.schema == 1)?;
        let body: Vec<&str> = message.lines().filter(|line| !line.starts_with(KEY)).collect();
        let said = body.get(1..).unwrap_or_default().join("\n").trim().to_owned();
        note.message = Some(said).filter(|said| !said.is_empty());
        Some(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_comes_back_from_its_message() {
        let mut note = Note::now(Vec::new(), vec!["train".into()], Timestamp(5));
        for said in [None, Some("warmer start\n\nsecond paragraph".to_owned())] {
            note.message = said;
            assert_eq!(Note::parse(&note.to_message("tall-oak")), Some(note.clone()));
        }
        assert_eq!(Note::parse("a commit of a person's\n"), None);
        assert_eq!(Note::parse("x\n\nDerm-Experiment: {\"schema\":2}\n"), None);
    }
}
