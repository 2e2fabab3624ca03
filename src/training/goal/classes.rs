//! Which class an image is of.

use candle_core::Tensor;

use super::{Judgement, Table};
use crate::dataset::Dataset;
use crate::evaluation::metrics::{Confusion, Metric};
use crate::nn::loss::{self, Loss};
use crate::training::config::{ClassWeights, Config, balanced_weights};
use crate::training::error::Error;
use crate::training::examples::Examples;
use crate::training::mixing::mixed_targets;

/// Metrics of the validation images that are recorded besides the watched one.
const RECORDED: [Metric; 4] = [Metric::LogLoss, Metric::Accuracy, Metric::BalancedAccuracy, Metric::MacroAuc];

/// One of several classes.
#[derive(Clone, Debug)]
pub struct Classes {
    pub names: Vec<String>,
    /// The metric that is watched.
    pub metric: Metric,
    /// How much each class counts in the loss; all alike without.
    pub weights: Option<Vec<f32>>,
}

impl Classes {
    pub(super) fn new(config: &Config, data: &Dataset) -> Result<Self, Error> {
        Ok(Self { names: data.classes().to_vec(), metric: config.monitor.parse()?, weights: None })
    }

    /// Weighs the classes as the settings say, by how often they are among the training images.
    pub(super) fn weigh(&mut self, config: &Config, train: &Examples) {
        self.weights = match config.class_weights {
            ClassWeights::None => None,
            ClassWeights::Balanced => Some(balanced_weights(&train.labels, self.names.len())),
        };
    }

    pub(super) fn loss(&self, config: &Config, logits: &Tensor, labels: &[u32], own: Option<f32>) -> Result<Loss, Error> {
        let (weights, smoothing) = (self.weights.as_deref(), config.label_smoothing as f32);
        Ok(match own {
            Some(own) => loss::cross_entropy_of_shares(logits, &mixed_targets(labels, self.names.len(), own), weights, smoothing)?,
            None if config.focal_gamma > 0.0 => loss::focal(logits, labels, weights, config.focal_gamma as f32)?,
            None => loss::cross_entropy(logits, labels, weights, smoothing)?,
        })
    }

    /// Judges probabilities, one row an image.
    pub fn judge(&self, labels: &[u32], probabilities: &[Vec<f64>]) -> Judgement {
        let labels: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
        let classes = self.names.len();
        let finite = |metric: Metric| metric.compute(&labels, probabilities, classes).filter(|value| value.is_finite());
        let metrics = RECORDED.into_iter().chain([self.metric]).map(|metric| (metric.name().to_owned(), finite(metric))).collect();
        let confusion = Confusion::of(&labels, probabilities, classes);
        let values = |class| vec![confusion.recall(class), confusion.precision(class), confusion.f1(class)];
        let rows = self.names.iter().enumerate().map(|(class, name)| (name.clone(), values(class))).collect();
        Judgement { metrics, table: Table { of: "class", columns: &["recall", "precision", "F1"], rows } }
    }
}
