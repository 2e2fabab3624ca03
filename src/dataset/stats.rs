//! What a dataset is made of: classes, people, sizes, colours.

mod foreground;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::tint::Tint;
use super::{Dataset, Error, Row, Split, Subset, Work, check, decode};
use crate::observer::Unit;

pub use foreground::Foreground;

/// The description of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Images.
    pub images: usize,
    /// With a mask.
    pub masks: usize,
    /// Different lesions.
    pub groups: usize,
    /// Different patients.
    pub patients: usize,
    /// What the masks show; empty when no pixels were asked for or there are no masks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreground: Vec<Foreground>,
    /// Images of every class; empty for a segmentation dataset.
    pub classes: Vec<ClassStats>,
    /// Images by how many labels they have, of a multi-label dataset.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels_per_image: BTreeMap<usize, usize>,
    /// Images in each subset; empty without a split.
    pub subsets: BTreeMap<Subset, usize>,
    /// Years.
    pub age: Numbers,
    /// Images by the patient's sex; `unknown` is a row of its own.
    pub sex: BTreeMap<String, usize>,
    /// Images by site.
    pub site: BTreeMap<String, usize>,
    /// Images by recorded skin type.
    pub skin_type: BTreeMap<String, usize>,
    /// Images by `width x height`, most frequent first, at most ten.
    pub sizes: Vec<(String, usize)>,
    /// Different sizes in all.
    pub different_sizes: usize,
    /// Per channel; absent when no pixels were asked for.
    pub colour: Option<Colour>,
}

/// Images of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassStats {
    /// The class.
    pub class: String,
    /// Images.
    pub images: usize,
    /// Share of the labelled images, 0 to 1; shares of labels that go together add up to more than 1.
    pub share: f64,
    /// By subset; empty without a split.
    pub subsets: BTreeMap<Subset, usize>,
}

/// A column of numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Numbers {
    /// Values.
    pub known: usize,
    /// Images without.
    pub unknown: usize,
    /// Smallest.
    pub min: Option<f64>,
    /// Lower quartile (linear interpolation).
    pub q1: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Upper quartile.
    pub q3: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
    /// Mean.
    pub mean: Option<f64>,
}

/// Mean and standard deviation of red, green and blue over all pixels of all images, 0 to 1: what networks are normalised with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Colour {
    /// Means.
    pub mean: [f64; 3],
    /// Standard deviations.
    pub sd: [f64; 3],
    /// A remark when the colours are not those of skin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
}

/// Describes a dataset; `pixels`: decode every image for its colours.
pub fn stats(dataset: &Dataset, split: Option<&Split>, pixels: bool, work: Work<'_>) -> Result<Stats, Error> {
    let rows = &dataset.rows;
    let sizes = sizes(rows);
    Ok(Stats {
        images: rows.len(),
        masks: rows.iter().filter(|row| row.mask.is_some()).count(),
        groups: different(rows, |row| row.group.as_ref()),
        patients: different(rows, |row| row.patient.as_ref()),
        foreground: if pixels { foreground::foreground(dataset, work)? } else { Vec::new() },
        classes: classes(dataset, split),
        labels_per_image: labels_per_image(dataset),
        subsets: subsets(split, (0..rows.len()).collect()),
        age: numbers(rows.iter().map(|row| row.age.map(f64::from)).collect()),
        sex: tally(rows, |row| row.sex.as_ref()),
        site: tally(rows, |row| row.site.as_ref()),
        skin_type: tally(rows, |row| row.skin_type.as_ref()),
        different_sizes: sizes.len(),
        sizes: sizes.into_iter().take(10).collect(),
        colour: if pixels { Some(colour(dataset, work)?) } else { None },
    })
}

fn different<'a>(rows: &'a [Row], id: impl Fn(&'a Row) -> Option<&'a String>) -> usize {
    rows.iter().filter_map(id).collect::<std::collections::HashSet<_>>().len()
}

/// Counts by value; empty if no image has one.
fn tally<'a>(rows: &'a [Row], value: impl Fn(&'a Row) -> Option<&'a String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(value(row).cloned().unwrap_or_else(|| "unknown".to_owned())).or_insert(0) += 1;
    }
    if counts.keys().all(|name| name == "unknown") { BTreeMap::new() } else { counts }
}

fn subsets(split: Option<&Split>, rows: Vec<usize>) -> BTreeMap<Subset, usize> {
    let mut counts = BTreeMap::new();
    for part in rows.into_iter().filter_map(|row| split?.part(row)) {
        *counts.entry(part.subset).or_insert(0) += 1;
    }
    counts
}

fn classes(dataset: &Dataset, split: Option<&Split>) -> Vec<ClassStats> {
    let mut members = vec![Vec::new(); dataset.label_classes().len()];
    for (at, row) in dataset.rows.iter().enumerate() {
        for &label in row.shown().unwrap_or_default() {
            members[label].push(at);
        }
    }
    let labelled = dataset.rows.iter().filter(|row| row.shown().is_some()).count().max(1) as f64;
    let describe = |(class, rows): (&String, Vec<usize>)| ClassStats {
        class: class.clone(),
        images: rows.len(),
        share: rows.len() as f64 / labelled,
        subsets: subsets(split, rows),
    };
    dataset.label_classes().iter().zip(members).map(describe).collect()
}

fn labels_per_image(dataset: &Dataset) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for labels in dataset.rows.iter().filter_map(|row| row.labels.as_ref()) {
        *counts.entry(labels.len()).or_insert(0) += 1;
    }
    counts
}

fn sizes(rows: &[Row]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for row in rows {
        if let (Some(width), Some(height)) = (row.width, row.height) {
            *counts.entry((width, height)).or_insert(0) += 1;
        }
    }
    let mut sizes: Vec<_> = counts.into_iter().collect();
    sizes.sort_by_key(|(size, count)| (std::cmp::Reverse(*count), *size));
    sizes.into_iter().map(|((width, height), count)| (format!("{width} x {height}"), count)).collect()
}

/// Describes values.
pub fn numbers(values: Vec<Option<f64>>) -> Numbers {
    let all = values.len();
    let mut known: Vec<f64> = values.into_iter().flatten().collect();
    known.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let at = q * known.len().checked_sub(1)? as f64;
        let (low, high) = (known[at.floor() as usize], known[at.ceil() as usize]);
        Some(low + (high - low) * at.fract())
    };
    Numbers {
        known: known.len(),
        unknown: all - known.len(),
        min: quantile(0.0),
        q1: quantile(0.25),
        median: quantile(0.5),
        q3: quantile(0.75),
        max: quantile(1.0),
        mean: (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64),
    }
}

/// Sums of a picture: pixels, then per channel the sum and the sum of squares. Whole numbers, so that their order does not matter.
type Sums = (u64, [u64; 3], [u64; 3]);

fn colour(dataset: &Dataset, work: Work<'_>) -> Result<Colour, Error> {
    let task = work.observer.begin("measuring colours", Some(dataset.rows.len() as u64), Unit::Items("images"));
    let sums = dataset.rows.par_iter().map(|row| {
        check(work)?;
        let image = decode::decode(&dataset.image_path(row))?;
        task.advance(1);
        Ok::<Sums, Error>(sums(&image))
    });
    let (n, sum, squares) = sums.try_reduce(|| (0, [0; 3], [0; 3]), |a, b| Ok(add(a, b)))?;
    let n = n.max(1) as f64;
    let mean = sum.map(|sum| sum as f64 / n / 255.0);
    let sd = [0, 1, 2].map(|c| (squares[c] as f64 / n / 65025.0 - mean[c] * mean[c]).max(0.0).sqrt());
    let warning = Tint::new(sum[0], sum[2]).warning();
    Ok(Colour { mean, sd, warning })
}

fn sums(image: &image::RgbImage) -> Sums {
    let (mut sum, mut squares) = ([0; 3], [0; 3]);
    for pixel in image.pixels() {
        for c in 0..3 {
            let value = u64::from(pixel.0[c]);
            sum[c] += value;
            squares[c] += value * value;
        }
    }
    (u64::from(image.width()) * u64::from(image.height()), sum, squares)
}

fn add(a: Sums, b: Sums) -> Sums {
    (a.0 + b.0, [0, 1, 2].map(|c| a.1[c] + b.1[c]), [0, 1, 2].map(|c| a.2[c] + b.2[c]))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn quartiles_are_interpolated_as_numpy_does() {
        // numpy.percentile([1, 2, 4, 10], [25, 50, 75]) = 1.75, 3, 5.5
        let stats = numbers(vec![Some(4.0), None, Some(1.0), Some(10.0), Some(2.0)]);
        assert_eq!((stats.q1, stats.median, stats.q3), (Some(1.75), Some(3.0), Some(5.5)));
        assert_eq!((stats.known, stats.unknown, stats.mean), (4, 1, Some(4.25)));
        assert_eq!(numbers(vec![None]).median, None);
    }
}
