//! What a network is to learn: which class an image is of, which labels it has, or which of its pixels belong to what.
//!
//! | goal | outputs of the network | loss | metrics of the validation images |
//! | --- | --- | --- | --- |
//! | [`Classes`] | a logit a class | cross-entropy or focal, weighted, of shares where images are mixed | of [`metrics`](crate::evaluation::metrics) |
//! | [`Labels`] | a logit a label | binary cross-entropy, weighted, of shares where images are mixed | of [`labels`](crate::evaluation::labels) |
//! | [`Masks`] | a logit a mask and pixel | binary cross-entropy and soft Dice | Dice, Jaccard and thresholded Jaccard, means over images |

mod classes;
mod labels;
mod masks;

use std::collections::BTreeMap;

use candle_core::Tensor;

pub use classes::Classes;
pub use labels::{Labels, shares_of};
pub use masks::{MaskMetric, Masks};

use super::config::Config;
use super::error::Error;
use super::examples::Examples;
use crate::dataset::Dataset;
use crate::evaluation::metrics::{Direction, Metric};
use crate::nn::loss::Loss;

/// What a network is to learn.
#[derive(Clone, Debug)]
pub enum Goal {
    Classes(Classes),
    Labels(Labels),
    Masks(Masks),
}

/// What the images of a batch show.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// The class of each image. `own`: how much of it is its own, where images are mixed in pairs.
    Classes { labels: Vec<u32>, own: Option<f32> },
    /// How much of each label each image has, from 0 to 1, `[n, labels]`.
    Labels(Vec<f32>),
    /// 0 or 1, `[n, height, width, masks]`.
    Masks(Vec<u8>),
}

/// How well the validation images were told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// By name; `None` where undefined.
    pub metrics: BTreeMap<String, Option<f64>>,
    /// For each output by itself.
    pub table: Table,
}

/// Values for each class or mask.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What the rows are: `class`, `label` or `mask`.
    pub of: &'static str,
    /// Names of the values.
    pub columns: &'static [&'static str],
    /// Name and values.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
}

impl Goal {
    /// Of a network that gives masks, or else of what the dataset has: one label an image, or any number.
    ///
    /// # Errors
    ///
    /// A watched metric that is not one of this goal.
    pub fn new(config: &Config, data: &Dataset, gives_masks: bool) -> Result<Self, Error> {
        Ok(match (gives_masks, data.info.is_multi_label()) {
            (true, _) => Self::Masks(Masks::new(config, data)?),
            (false, true) => Self::Labels(Labels::new(config, data)?),
            (false, false) => Self::Classes(Classes::new(config, data)?),
        })
    }

    /// What the network's outputs mean, in their order.
    pub fn outputs(&self) -> &[String] {
        match self {
            Self::Classes(classes) => &classes.names,
            Self::Labels(labels) => &labels.names,
            Self::Masks(masks) => &masks.names,
        }
    }

    /// The images among `rows` that can be learnt from.
    pub fn examples(&self, data: &Dataset, rows: Vec<usize>) -> Examples {
        match self {
            Self::Classes(_) => Examples::labelled(data, rows),
            Self::Labels(_) => Examples::with_labels(data, rows),
            Self::Masks(_) => Examples::masked(data, rows),
        }
    }

    /// Whether an image has any number of what is learnt.
    pub fn is_multi_label(&self) -> bool {
        matches!(self, Self::Labels(_))
    }

    /// Weighs what is learnt as the settings say, by the training images.
    pub fn weigh(&mut self, config: &Config, train: &Examples) {
        match self {
            Self::Classes(classes) => classes.weigh(config, train),
            Self::Labels(labels) => labels.weigh(config, train),
            Self::Masks(_) => {}
        }
    }

    /// Whether masks are learnt.
    pub fn is_masks(&self) -> bool {
        matches!(self, Self::Masks(_))
    }

    /// The name of the watched metric.
    pub fn metric(&self) -> &'static str {
        match self {
            Self::Classes(classes) => classes.metric.name(),
            Self::Labels(labels) => labels.metric.name(),
            Self::Masks(masks) => masks.metric.name(),
        }
    }

    /// Where better is.
    pub fn direction(&self) -> Direction {
        match self {
            Self::Classes(classes) => classes.metric.direction(),
            Self::Labels(labels) => labels.metric.direction(),
            Self::Masks(_) => Direction::Maximize,
        }
    }

    /// The metric that is shown beside the watched one, where it is another.
    pub fn shown(&self) -> &'static str {
        match self {
            Self::Classes(_) | Self::Labels(_) => Metric::LogLoss.name(),
            Self::Masks(_) => MaskMetric::Jaccard.name(),
        }
    }

    /// The loss of a batch's logits.
    pub fn loss(&self, config: &Config, logits: &Tensor, targets: &Targets) -> Result<Loss, Error> {
        match (self, targets) {
            (Self::Classes(classes), Targets::Classes { labels, own }) => classes.loss(config, logits, labels, *own),
            (Self::Labels(of), Targets::Labels(shares)) => of.loss(config, logits, shares),
            (Self::Masks(masks), Targets::Masks(targets)) => masks.loss(config, logits, targets),
            _ => unreachable!("targets are made for the goal"),
        }
    }
}
