//! Which of several labels an image has, each a question of its own.

use candle_core::Tensor;

use super::{Judgement, Table};
use crate::dataset::Dataset;
use crate::evaluation::labels::{Columns, LabelMetric};
use crate::nn::loss::{self, Loss};
use crate::training::config::{ClassWeights, Config};
use crate::training::error::Error;
use crate::training::examples::Examples;

/// Metrics of the validation images that are recorded besides the watched one.
const RECORDED: [LabelMetric; 4] = [LabelMetric::LogLoss, LabelMetric::MacroAuc, LabelMetric::MacroAp, LabelMetric::MacroF1];

/// Any number of labels an image.
#[derive(Clone, Debug)]
pub struct Labels {
    pub names: Vec<String>,
    /// The metric that is watched.
    pub metric: LabelMetric,
    /// How much images with a label count in its loss, those without counting 1; all alike without.
    pub positives: Option<Vec<f32>>,
}

impl Labels {
    pub(super) fn new(config: &Config, data: &Dataset) -> Result<Self, Error> {
        Ok(Self { names: data.classes().to_vec(), metric: config.monitor.parse()?, positives: None })
    }

    /// Weighs images with a label as the settings say, by how many of the training images have it.
    pub(super) fn weigh(&mut self, config: &Config, train: &Examples) {
        self.positives = match config.class_weights {
            ClassWeights::None => None,
            ClassWeights::Balanced => Some(positive_weights(&train.sets, self.names.len())),
        };
    }

    pub(super) fn loss(&self, config: &Config, logits: &Tensor, shares: &[f32]) -> Result<Loss, Error> {
        let off = config.label_smoothing as f32 / self.names.len() as f32;
        let on = 1.0 - config.label_smoothing as f32 + off;
        let targets: Vec<f32> = shares.iter().map(|share| off + share * (on - off)).collect();
        Ok(loss::labels(logits, &targets, self.positives.as_deref())?)
    }

    /// Judges probabilities, one row an image.
    pub fn judge(&self, sets: &[Vec<usize>], probabilities: &[Vec<f64>]) -> Judgement {
        let columns = Columns::of(sets, probabilities, self.names.len());
        let finite = |metric: LabelMetric| metric.compute(&columns).filter(|value| value.is_finite());
        let metrics = RECORDED.into_iter().chain([self.metric]).map(|metric| (metric.name().to_owned(), finite(metric))).collect();
        let row = |(label, name): (usize, &String)| {
            let ((auc, ap), confusion) = (columns.ranking(label).areas(None), columns.confusion(label, None));
            (name.clone(), vec![auc, ap, confusion.recall(1), confusion.specificity(1), confusion.f1(1)])
        };
        let rows = self.names.iter().enumerate().map(row).collect();
        Judgement { metrics, table: Table { of: "label", columns: &["AUC", "AP", "recall", "specificity", "F1"], rows } }
    }
}

/// Of each label the images without it over those with it (torch's advice for `pos_weight`); 1 for a label that no image has.
fn positive_weights(sets: &[Vec<usize>], labels: usize) -> Vec<f32> {
    let weight = |label: usize| match sets.iter().filter(|set| set.contains(&label)).count() {
        0 => 1.0,
        with => ((sets.len() - with) as f64 / with as f64) as f32,
    };
    (0..labels).map(weight).collect()
}

/// A share for each label of each image, `[n * labels]`, where `own` of an image is its own and the rest its partner's: the one in its place
/// counted from the batch's end.
pub fn shares_of(sets: &[&[usize]], labels: usize, own: f32) -> Vec<f32> {
    let mut shares = vec![0.0; sets.len() * labels];
    for ((row, set), other) in shares.chunks_exact_mut(labels.max(1)).zip(sets).zip(sets.iter().rev()) {
        set.iter().for_each(|&label| row[label] += own);
        other.iter().for_each(|&label| row[label] += 1.0 - own);
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_images_have_shares_of_both_images_labels() {
        let sets: [&[usize]; 3] = [&[0, 1], &[], &[1]];
        assert_eq!(shares_of(&sets, 2, 1.0), [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(shares_of(&sets, 2, 0.75), [0.75, 1.0, 0.0, 0.0, 0.25, 1.0]);
    }

    #[test]
    fn rare_labels_weigh_as_much_as_their_absence() {
        let sets = [vec![0], vec![], vec![0], vec![0], vec![1, 0]];
        assert_eq!(positive_weights(&sets, 3), [0.25, 4.0, 1.0]);
    }
}
