//! What a running trial says of itself: values by step, from a file that its stage writes or from derm's own run files.
//!
//! A file is CSV, TSV or JSON Lines by its ending; the value is a column or key of it, the step the column `step`, `epoch`
//! or `iteration`, else the number of the row. Rows that cannot be read, and a last line without its end, are left out. Of several
//! rows of one step the last holds. Without a file the newest run below the worktree's `.derm/runs/` is read: its
//! metric of that name, or the one with `val_` before it; the step is the epoch, where the run counts epochs.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Error;
use crate::relpath::RelPath;
use crate::tracking::runs;
use crate::workspace::Workspace;

/// Where a trial reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// The file; derm's own run files if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<RelPath>,
    /// The column, key or metric.
    pub key: String,
}

const STEPS: [&str; 5] = ["step", "epoch", "iteration", "iter", "Epoch"];

/// How the rows of a file are written.
#[derive(Clone, Copy)]
enum Format {
    Separated(u8),
    JsonLines,
}

fn format(file: &RelPath) -> Result<Format, Error> {
    let name = file.name().unwrap_or_default().to_ascii_lowercase();
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("csv") => Ok(Format::Separated(b',')),
        Some("tsv") => Ok(Format::Separated(b'\t')),
        Some("jsonl" | "ndjson") => Ok(Format::JsonLines),
        _ => Err(Error::BadWatch(file.to_string())),
    }
}

impl Watch {
    /// Whether its file can be read at all.
    ///
    /// # Errors
    /// A file of another kind.
    pub fn check(&self) -> Result<(), Error> {
        self.file.as_ref().map_or(Ok(()), |file| format(file).map(drop))
    }

    /// The values that are there, by step; nothing where nothing is yet.
    pub fn read(&self, worktree: &Path) -> BTreeMap<u64, f64> {
        match &self.file {
            Some(file) => match (std::fs::read(file.on_disk(worktree)), format(file)) {
                (Ok(bytes), Ok(format)) => rows(&bytes, format, &self.key),
                _ => BTreeMap::new(),
            },
            None => self.of_runs(worktree),
        }
    }

    fn of_runs(&self, worktree: &Path) -> BTreeMap<u64, f64> {
        let listing = Workspace::at(worktree).ok().and_then(|workspace| runs::list(&workspace).ok());
        let values = |run: &runs::Run| {
            let mut metrics = run.history().ok()?.metrics;
            let points = metrics.remove(&self.key).or_else(|| metrics.remove(&format!("val_{}", self.key)))?;
            let epochs = metrics.remove("epoch").unwrap_or_default();
            let epochs: BTreeMap<u64, u64> = epochs.iter().map(|point| (point.step, point.value as u64)).collect();
            Some(points.iter().map(|point| (epochs.get(&point.step).copied().unwrap_or(point.step), point.value)).collect())
        };
        listing.iter().flat_map(|listing| &listing.runs).find_map(values).unwrap_or_default()
    }
}

fn rows(bytes: &[u8], format: Format, key: &str) -> BTreeMap<u64, f64> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let bytes = &bytes[..whole];
    match format {
        Format::Separated(delimiter) => separated(bytes, delimiter, key).unwrap_or_default(),
        Format::JsonLines => json_lines(bytes, key),
    }
}

fn separated(bytes: &[u8], delimiter: u8, key: &str) -> Option<BTreeMap<u64, f64>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().ok()?.clone();
    let value = headers.iter().position(|name| name == key)?;
    let step = STEPS.iter().find_map(|wanted| headers.iter().position(|name| name == *wanted));
    let mut found = BTreeMap::new();
    for (row, record) in reader.records().flatten().enumerate() {
        let number = |column: usize| record.get(column)?.parse::<f64>().ok();
        let step = step.map_or(Some(row as f64 + 1.0), number).filter(|step| *step >= 0.0);
        if let (Some(step), Some(value)) = (step, number(value)) {
            found.insert(step as u64, value);
        }
    }
    Some(found)
}

fn json_lines(bytes: &[u8], key: &str) -> BTreeMap<u64, f64> {
    let mut found = BTreeMap::new();
    for (row, line) in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
        let value = crate::pipeline::value::Value::from(&value);
        let number = |key: &str| match value.select(key) {
            Some(crate::pipeline::value::Value::Int(number)) => Some(*number as f64),
            Some(crate::pipeline::value::Value::Float(number)) => Some(*number),
            _ => None,
        };
        let step = STEPS.iter().find_map(|name| number(name)).unwrap_or(row as f64 + 1.0);
        if let Some(value) = number(key).filter(|_| step >= 0.0) {
            found.insert(step as u64, value);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_every_format() {
        let csv = rows(b"epoch,loss,acc\n1,0.5,0.1\n2,oops,0.2\n3,0.3,0.4\n4,0.2,0.5", Format::Separated(b','), "acc");
        assert_eq!(csv, BTreeMap::from([(1, 0.1), (2, 0.2), (3, 0.4)]));
        assert_eq!(rows(b"x\tacc\n9\t0.1\n9\t0.2\n", Format::Separated(b'\t'), "acc"), BTreeMap::from([(1, 0.1), (2, 0.2)]));
        let lines = b"{\"step\": 10, \"val\": {\"acc\": 0.5}}\nnot json\n{\"step\": 20, \"val\": {\"acc\": 1}}\n{\"step\": 30";
        assert_eq!(rows(lines, Format::JsonLines, "val.acc"), BTreeMap::from([(10, 0.5), (20, 1.0)]));
        assert!(rows(b"epoch,loss\n1,2\n", Format::Separated(b','), "acc").is_empty());
    }
}
