//! `metrics.log`: its lines, and what they add up to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use super::record::MetricSummary;
use crate::clock::Timestamp;

/// One value of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When it was written.
    pub time: Timestamp,
    /// The step.
    pub step: u64,
    /// The value.
    pub value: f64,
}

/// All metrics of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The points of each metric by rising step, one a step.
    pub metrics: BTreeMap<String, Vec<Point>>,
    /// Lines that were skipped because they do not parse.
    pub skipped: usize,
}

/// Appends one line to `out`. `key` holds no tab and no line end.
pub(super) fn push_line(out: &mut String, time: Timestamp, step: u64, key: &str, value: f64) {
    // `{:?}` of a float is its shortest form that reads back to the same bits.
    let _ = writeln!(out, "{}\t{step}\t{key}\t{value:?}", time.0);
}

fn parse_line(line: &str) -> Option<(&str, Point)> {
    let mut fields = line.split('\t');
    let time = Timestamp(fields.next()?.parse().ok()?);
    let step = fields.next()?.parse().ok()?;
    let key = fields.next().filter(|key| !key.is_empty())?;
    let value = fields.next()?.parse().ok()?;
    fields.next().is_none().then_some((key, Point { time, step, value }))
}

impl History {
    /// Reads a log; a missing file is an empty history.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self::parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str) -> Self {
        let mut history = Self::default();
        for line in text.split_inclusive('\n') {
            // Without its end the last line may lack digits: `0.1` of `0.125`.
            match line.strip_suffix('\n').and_then(parse_line) {
                Some((key, point)) => match history.metrics.get_mut(key) {
                    Some(points) => points.push(point),
                    None => {
                        history.metrics.insert(key.to_owned(), vec![point]);
                    }
                },
                None => history.skipped += 1,
            }
        }
        history.metrics.values_mut().for_each(keep_latest);
        history
    }

    /// The metrics in short.
    pub fn summary(&self) -> BTreeMap<String, MetricSummary> {
        self.metrics.iter().filter_map(|(key, points)| Some((key.clone(), summarise(points)?))).collect()
    }
}

/// Sorts by step and keeps the line written last of each.
fn keep_latest(points: &mut Vec<Point>) {
    if points.is_sorted_by(|a, b| a.step < b.step) {
        return;
    }
    points.reverse();
    points.sort_by_key(|point| point.step);
    points.dedup_by_key(|point| point.step);
}

fn summarise(points: &[Point]) -> Option<MetricSummary> {
    let (first, last) = (points.first()?, points.last()?);
    let better = |best: &Point, point: &Point, less: bool| {
        (best.value.is_nan() && !point.value.is_nan()) || if less { point.value < best.value } else { point.value > best.value }
    };
    let pick = |less| points.iter().fold(first, |best, point| if better(best, point, less) { point } else { best });
    let (min, max) = (pick(true), pick(false));
    let mean = points.iter().map(|point| point.value).sum::<f64>() / points.len() as f64;
    Some(MetricSummary {
        count: points.len() as u64,
        last: last.value,
        last_step: last.step,
        min: min.value,
        min_step: min.step,
        max: max.value,
        max_step: max.step,
        mean,
    })
}

/// Cuts a last line without its end, so that new lines do not run into it. Returns whether there was one.
pub(super) fn cut_torn_tail(path: &Path) -> io::Result<bool> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    if whole == bytes.len() {
        return Ok(false);
    }
    fs::OpenOptions::new().write(true).open(path)?.set_len(whole as u64)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(rows: &[(u64, &str, f64)]) -> String {
        let mut text = String::new();
        for (step, key, value) in rows {
            push_line(&mut text, Timestamp(1_700_000_000_000), *step, key, *value);
        }
        text
    }

    #[test]
    fn lines_read_back_to_the_same_bits() {
        let values = [0.1, 1e300, -1.5e-310, f64::INFINITY, f64::NEG_INFINITY, 0.0, 123_456_789.125, f64::MIN_POSITIVE];
        let rows: Vec<(u64, &str, f64)> = values.iter().enumerate().map(|(i, v)| (i as u64, "val/loss", *v)).collect();
        let history = History::parse(&log(&rows));
        let read: Vec<u64> = history.metrics["val/loss"].iter().map(|p| p.value.to_bits()).collect();
        assert_eq!(read, values.map(f64::to_bits));
        assert!(History::parse(&log(&[(0, "x", f64::NAN)])).metrics["x"][0].value.is_nan());
    }

    #[test]
    fn a_log_cut_at_any_byte_loses_at_most_its_last_line() {
        let whole = log(&[(0, "loss", 0.75), (1, "loss", 0.125), (2, "loss", 0.0625)]);
        for cut in 0..whole.len() {
            let history = History::parse(&whole[..cut]);
            let lines = whole[..cut].matches('\n').count();
            assert_eq!(history.metrics.get("loss").map_or(0, Vec::len), lines);
            assert_eq!(history.skipped, usize::from(!whole[..cut].is_empty() && !whole[..cut].ends_with('\n')));
        }
    }

    #[test]
    fn summary_by_hand() {
        let history = History::parse(&log(&[(1, "a", 2.0), (2, "a", f64::NAN), (3, "a", 5.0), (4, "a", 2.0), (1, "b", 7.0)]));
        let a = &history.summary()["a"];
        assert_eq!((a.count, a.last, a.last_step), (4, 2.0, 4));
        assert_eq!((a.min, a.min_step, a.max, a.max_step), (2.0, 1, 5.0, 3));
        assert!(a.mean.is_nan());
        assert_eq!(history.summary()["b"].mean, 7.0);
    }

    #[test]
    fn a_repeated_step_counts_once_with_its_later_value() {
        let history = History::parse(&log(&[(1, "a", 1.0), (2, "a", 2.0), (2, "a", 3.0), (1, "a", 4.0)]));
        let values: Vec<f64> = history.metrics["a"].iter().map(|p| p.value).collect();
        assert_eq!(values, [4.0, 3.0]);
    }

    #[test]
    fn only_a_torn_tail_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.log");
        assert!(!cut_torn_tail(&path).unwrap());
        let whole = log(&[(0, "a", 1.0)]);
        fs::write(&path, format!("{whole}17000000\t1\ta")).unwrap();
        assert!(cut_torn_tail(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        assert!(!cut_torn_tail(&path).unwrap());
    }
}
