//! How much of the images the masks cover.

use rayon::prelude::*;
use serde::Serialize;

use super::{Numbers, numbers};
use crate::dataset::{Dataset, Error, Work, check, masks};
use crate::observer::Unit;

/// What the masks show of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Foreground {
    /// The mask class.
    pub class: String,
    /// Masks that show it.
    pub images: usize,
    /// The share of a mask's pixels that show it, 0 to 1, over all masks.
    pub share: Numbers,
}

/// Reads every mask; empty if there are none.
pub(super) fn foreground(dataset: &Dataset, work: Work<'_>) -> Result<Vec<Foreground>, Error> {
    let classes = dataset.mask_classes();
    let paths: Vec<_> = dataset.rows.iter().filter_map(|row| dataset.mask_path(row)).collect();
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let task = work.observer.begin("measuring masks", Some(paths.len() as u64), Unit::Items("masks"));
    let shares = paths.par_iter().map(|path| {
        check(work)?;
        let mask = masks::open(path, classes.len())?;
        task.advance(1);
        let pixels = (mask.data.len() / mask.channels).max(1) as f64;
        Ok((0..mask.channels).map(|c| mask.plane(c).iter().map(|on| f64::from(*on)).sum::<f64>() / pixels).collect())
    });
    let shares: Vec<Vec<f64>> = shares.collect::<Result<_, Error>>()?;
    let describe = |(at, class): (usize, String)| Foreground {
        class,
        images: shares.iter().filter(|mask| mask[at] > 0.0).count(),
        share: numbers(shares.iter().map(|mask| Some(mask[at])).collect()),
    };
    Ok(classes.into_iter().enumerate().map(describe).collect())
}
