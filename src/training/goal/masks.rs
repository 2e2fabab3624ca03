//! Which pixels belong to what.

use std::fmt;
use std::str::FromStr;

use candle_core::Tensor;
use rayon::prelude::*;

use super::{Judgement, Table};
use crate::dataset::Dataset;
use crate::evaluation::masks::Overlap;
use crate::nn::loss::{self, Loss};
use crate::training::config::Config;
use crate::training::error::Error;

/// One or more masks an image, which do not exclude each other.
#[derive(Clone, Debug)]
pub struct Masks {
    pub names: Vec<String>,
    /// The metric that is watched.
    pub metric: MaskMetric,
}

/// A mean over images and masks; of an image whose mask is empty 1 where nothing was drawn, else 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskMetric {
    /// `2 both / (truth + drawn)`.
    Dice,
    /// `both / either`.
    Jaccard,
    /// The Jaccard index where it is at least 0.65, else 0: the score of ISIC 2018, task 1.
    ThresholdedJaccard,
}

impl MaskMetric {
    /// All.
    pub const ALL: [Self; 3] = [Self::Dice, Self::Jaccard, Self::ThresholdedJaccard];

    /// As in parameter files and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dice => "dice",
            Self::Jaccard => "jaccard",
            Self::ThresholdedJaccard => "thresholded_jaccard",
        }
    }

    fn of(self, overlap: &Overlap) -> f64 {
        match self {
            Self::Dice => overlap.dice(),
            Self::Jaccard => overlap.jaccard(),
            Self::ThresholdedJaccard => overlap.thresholded_jaccard(),
        }
    }
}

impl fmt::Display for MaskMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for MaskMetric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|metric| metric.name() == name);
        found.ok_or_else(|| Error::UnknownMaskMetric { name: name.to_owned() })
    }
}

impl Masks {
    pub(super) fn new(config: &Config, data: &Dataset) -> Result<Self, Error> {
        Ok(Self { names: data.mask_classes(), metric: config.monitor.parse()? })
    }

    pub(super) fn loss(&self, config: &Config, logits: &Tensor, targets: &[u8]) -> Result<Loss, Error> {
        Ok(loss::deep_masks(logits, targets, self.names.len(), config.dice_weight as f32)?)
    }

    /// The overlaps of each image's masks: logits `[n, height, width, masks]`, drawn where above 0, and truth 0 or 1 in the same order.
    pub fn overlaps(&self, logits: &Tensor, truth: &[u8]) -> Result<Vec<Vec<Overlap>>, Error> {
        let masks = self.names.len();
        let (values, each) = (logits.flatten_all()?.to_vec1::<f32>()?, logits.elem_count() / logits.dims()[0].max(1));
        let image = |(logits, truth): (&[f32], &[u8])| {
            let pixels = |mask: usize| truth[mask..].iter().step_by(masks).zip(logits[mask..].iter().step_by(masks));
            (0..masks).map(|mask| Overlap::of(pixels(mask).map(|(truth, logit)| (*truth > 0, *logit > 0.0)))).collect()
        };
        Ok(values.par_chunks_exact(each.max(1)).zip(truth.par_chunks_exact(each.max(1))).map(image).collect())
    }

    /// Judges the overlaps of all validation images.
    pub fn judge(&self, overlaps: &[Vec<Overlap>]) -> Judgement {
        let mean = |mask: usize, metric: MaskMetric| {
            let sum: f64 = overlaps.iter().map(|image| metric.of(&image[mask])).sum();
            (!overlaps.is_empty()).then(|| sum / overlaps.len() as f64)
        };
        let all = |metric| {
            let means: Option<Vec<f64>> = (0..self.names.len()).map(|mask| mean(mask, metric)).collect();
            means.map(|means| means.iter().sum::<f64>() / means.len() as f64)
        };
        let row = |(mask, name): (usize, &String)| (name.clone(), MaskMetric::ALL.map(|metric| mean(mask, metric)).to_vec());
        Judgement {
            metrics: MaskMetric::ALL.into_iter().map(|metric| (metric.name().to_owned(), all(metric))).collect(),
            table: Table {
                of: "mask",
                columns: &["Dice", "Jaccard", "thresholded Jaccard"],
                rows: self.names.iter().enumerate().map(row).collect(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn scores_are_those_of_isic() {
        let masks = Masks { names: vec!["lesion".into()], metric: MaskMetric::Dice };
        // Both masks of four pixels each: three of four found and one too many, nothing there and nothing drawn, nothing there and one drawn.
        let logits = [[1.0f32, 1.0, 1.0, 1.0], [-1.0, -1.0, -1.0, -1.0], [-1.0, 2.0, -1.0, -1.0]];
        let truth = [[1u8, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]].concat();
        let logits = Tensor::new(&logits, &Device::Cpu).unwrap().reshape((3, 2, 2, 1)).unwrap();
        let judged = masks.judge(&masks.overlaps(&logits, &truth).unwrap());
        let third = |value: f64| Some(value / 3.0);
        assert_eq!(judged.metrics["dice"], third(6.0 / 7.0 + 1.0));
        assert_eq!(judged.metrics["jaccard"], third(0.75 + 1.0));
        assert_eq!(judged.metrics["thresholded_jaccard"], third(0.75 + 1.0));
    }
}
