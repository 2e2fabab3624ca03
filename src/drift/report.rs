//! The whole report, as JSON and as a page.

use serde::Serialize;

use super::compare::{ColumnReport, Comparison, Verdict};
use super::features::NAMES;
use super::page;
use super::source::Facts;

/// The `schema` number of `drift.json`.
pub const SCHEMA: u32 = 1;

/// A comparison with what was compared.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was compared; empty when only tables of predictions were given.
    pub sides: Option<Sides>,
    /// What gave the predictions: a bundle's name or `tables`.
    pub predictions: Option<String>,
    /// The comparison.
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// Both sides.
#[derive(Clone, Debug, Serialize)]
pub struct Sides {
    /// The reference.
    pub reference: Facts,
    /// The current images.
    pub current: Facts,
}

impl Report {
    /// `drift.json`: the same inputs and settings give the same bytes.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let mut document = serde_json::Map::new();
        document.insert("schema".into(), SCHEMA.into());
        document.insert("kind".into(), "drift".into());
        document.insert("derm".into(), env!("CARGO_PKG_VERSION").into());
        if let serde_json::Value::Object(fields) = serde_json::to_value(self)? {
            document.extend(fields);
        }
        Ok(format!("{:#}\n", serde_json::Value::Object(document)))
    }

    /// `drift.html`: one file without links to others.
    pub fn to_html(&self) -> String {
        page::render(self)
    }

    /// `skin (train) against clinic`, or what stands for it without folders.
    pub fn subject(&self) -> String {
        let Some(sides) = &self.sides else { return "two tables of predictions".to_owned() };
        let name = |facts: &Facts| match &facts.subset {
            Some(subset) => format!("{} ({subset})", facts.name),
            None => facts.name.clone(),
        };
        format!("{} against {}", name(&sides.current), name(&sides.reference))
    }

    /// What the drifting columns may mean, each meaning once with its columns; the largest effect first.
    pub fn meanings(&self) -> Vec<(&'static str, Vec<&ColumnReport>)> {
        let mut found: Vec<(&'static str, Vec<&ColumnReport>)> = Vec::new();
        for column in by_effect(&self.comparison, |column| column.verdict == Verdict::Drift) {
            let hint = column.hint.unwrap_or_default();
            match found.iter_mut().find(|(known, _)| *known == hint) {
                Some((_, columns)) => columns.push(column),
                None => found.push((hint, vec![column])),
            }
        }
        found
    }

    /// A sentence when columns are missing much more often on one side: a change that no test of values sees.
    fn gaps(&self) -> Option<String> {
        let share = |n: usize, missing: usize| missing as f64 / (n + missing).max(1) as f64;
        let gap = |column: &&ColumnReport| {
            let (before, after) = (share(column.reference.n, column.reference.missing), share(column.current.n, column.current.missing));
            ((after - before).abs() >= 0.1 && column.verdict != Verdict::Missing).then(|| {
                format!("{} ({:.0} % of the reference, {:.0} % of the current images)", column.name, 100.0 * before, 100.0 * after)
            })
        };
        let gaps: Vec<String> = self.comparison.columns.iter().filter_map(|column| gap(&column)).collect();
        (!gaps.is_empty()).then(|| format!("missing much more often on one side: {}", gaps.join(", ")))
    }

    /// Sentences that a reader should see before any number.
    pub fn cautions(&self) -> Vec<String> {
        let mut out = Vec::new();
        let comparison = &self.comparison;
        let fewest = comparison.reference.images.min(comparison.current.images);
        if fewest < comparison.settings.min_rows {
            out.push(format!("only {fewest} images on one side: no column is tested below {}", comparison.settings.min_rows));
        } else if fewest < 100 {
            out.push(format!("only {fewest} images on one side: all but large shifts stay unseen"));
        }
        for facts in self.sides.iter().flat_map(|sides| [&sides.reference, &sides.current]) {
            if let Some((image, reason)) = facts.unreadable.first() {
                let count = crate::text::count(facts.unreadable.len(), "image", "images");
                out.push(format!("{count} of `{}` cannot be read and count as missing; the first is `{image}`: {reason}", facts.name));
            }
        }
        if comparison.settings.splits > 0 && comparison.false_alarms.is_none() {
            out.push("the reference has too few images to measure false alarms by splitting it".to_owned());
        }
        out.extend(self.gaps());
        let missing: Vec<&str> =
            comparison.columns.iter().filter(|column| column.verdict == Verdict::Missing).map(|column| column.name.as_str()).collect();
        if !missing.is_empty() {
            out.push(format!("without values on one side, hence not compared: {}", missing.join(", ")));
        }
        out
    }
}

/// Columns that fit, largest effect first, then by name.
pub fn by_effect(comparison: &Comparison, wanted: impl Fn(&ColumnReport) -> bool) -> Vec<&ColumnReport> {
    let effect = |column: &ColumnReport| column.outcome.map_or(-1.0, |outcome| outcome.effect.abs());
    let mut found: Vec<&ColumnReport> = comparison.columns.iter().filter(|column| wanted(column)).collect();
    found.sort_by(|a, b| effect(b).total_cmp(&effect(a)).then_with(|| a.name.cmp(&b.name)));
    found
}

/// What a column is, in words and with its unit.
pub fn describe(column: &str) -> Option<String> {
    let feature = NAMES.iter().find(|feature| feature.name == column);
    feature.map(|feature| format!("{} ({})", feature.what, feature.unit))
}

/// A p-value as text: `0.0123`, `3.1e-7`, `< 1e-60`.
pub fn p_text(p: f64) -> String {
    if p < 1e-60 {
        "< 1e-60".to_owned()
    } else if p < 0.001 {
        format!("{p:.1e}")
    } else {
        format!("{p:.3}")
    }
}
