//! What a training will do, decided once: from [`Choices`] (what was said) to [`Config`] (what holds).
//!
//! A `Config` has no undecided field; its JSON form is part of the training key and of a bundle's
//! provenance. Defaults follow published fine-tuning practice for small networks: AdamW (Loshchilov and
//! Hutter, 2019, <https://arxiv.org/abs/1711.05101>) with a cosine schedule after a short warm-up, a
//! backbone that learns ten times slower than a new head when it starts from given weights, gradients
//! clipped at norm 1, and a loss weighted by class frequency because skin diseases are rare and common.

use serde::{Deserialize, Serialize};

use super::augment::{Augment, Strength};
use super::schedule::Schedule;

/// How weights are moved along their gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// Adam with decoupled weight decay.
    AdamW,
    /// Stochastic gradient descent with momentum.
    Sgd,
}

/// Weights of the classes in the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// Every image counts alike.
    None,
    /// Every class counts alike: n / (classes * n of the class), as scikit-learn's `balanced`.
    Balanced,
}

/// Which weights stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Freeze {
    /// All weights are trained.
    None,
    /// Only the head is trained, on features that the backbone computes once.
    Backbone,
}

/// Where tensors live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// An NVIDIA card; needs the feature `cuda`.
    Cuda,
    /// An Apple GPU; needs the feature `metal`.
    Metal,
}

impl DeviceKind {
    /// Its name on the command line, which is also the name of the feature.
    pub fn word(self) -> &'static str {
        match self {
            DeviceKind::Cpu => "cpu",
            DeviceKind::Cuda => "cuda",
            DeviceKind::Metal => "metal",
        }
    }
}

/// What was said on the command line and in a parameter file; `None` means nothing was said.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    pub network: Option<String>,
    pub image_size: Option<u32>,
    pub epochs: Option<usize>,
    pub batch_size: Option<usize>,
    pub grad_checkpointing: Option<bool>,
    pub optimizer: Option<OptimizerKind>,
    pub lr: Option<f64>,
    pub backbone_lr_factor: Option<f64>,
    pub weight_decay: Option<f64>,
    pub momentum: Option<f64>,
    pub warmup_epochs: Option<f64>,
    pub final_lr_fraction: Option<f64>,
    pub grad_clip: Option<f64>,
    pub class_weights: Option<ClassWeights>,
    pub label_smoothing: Option<f64>,
    pub augment: Option<Strength>,
    pub flips: Option<bool>,
    pub rotation: Option<f64>,
    pub crop: Option<f64>,
    pub colour_jitter: Option<f64>,
    pub hue: Option<f64>,
    pub freeze: Option<Freeze>,
    pub monitor: Option<String>,
    pub patience: Option<usize>,
    pub seed: Option<u64>,
    pub fold: Option<u32>,
    pub device: Option<DeviceKind>,
}

/// Everything that a training was told, decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Name in the zoo, with the tag of published weights where images are to be prepared as for those.
    pub network: String,
    /// Side of the square that images are brought to, in pixels; 0 means the network's own input size.
    pub image_size: u32,
    pub epochs: usize,
    /// Images in a step.
    pub batch_size: usize,
    /// Run parts of the network twice to keep less in memory; the result is the same to the bit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grad_checkpointing: bool,
    pub optimizer: OptimizerKind,
    /// The learning rate of the head over the steps.
    pub schedule: Schedule,
    /// The backbone's learning rate as a part of the head's, from 0 to 1.
    pub backbone_lr_factor: f64,
    /// Decay of weights (not of biases and normalisation), decoupled from the gradient.
    pub weight_decay: f64,
    /// Momentum of SGD; AdamW ignores it.
    pub momentum: f64,
    /// The largest norm of all gradients together; 0 means no limit.
    pub grad_clip: f64,
    pub class_weights: ClassWeights,
    /// Part of the target that is spread over all classes, from 0 to 1.
    pub label_smoothing: f64,
    pub augment: Augment,
    pub freeze: Freeze,
    /// The validation metric that decides which epoch is the best.
    pub monitor: String,
    /// Stop after this many epochs without a better value; 0 means never.
    pub patience: usize,
    pub seed: u64,
    /// The fold of a split with folds.
    pub fold: Option<u32>,
    pub device: DeviceKind,
}

/// A choice that cannot hold.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{name}` is {value}, and must be {range}")]
pub struct BadChoice {
    /// The option's name as in a parameter file.
    pub name: &'static str,
    pub value: String,
    /// What would be right: "above 0".
    pub range: &'static str,
}

impl Choices {
    /// Takes every choice of `self` and, where nothing was said, of `fallback`.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            network: self.network.or(fallback.network),
            image_size: self.image_size.or(fallback.image_size),
            epochs: self.epochs.or(fallback.epochs),
            batch_size: self.batch_size.or(fallback.batch_size),
            grad_checkpointing: self.grad_checkpointing.or(fallback.grad_checkpointing),
            optimizer: self.optimizer.or(fallback.optimizer),
            lr: self.lr.or(fallback.lr),
            backbone_lr_factor: self.backbone_lr_factor.or(fallback.backbone_lr_factor),
            weight_decay: self.weight_decay.or(fallback.weight_decay),
            momentum: self.momentum.or(fallback.momentum),
            warmup_epochs: self.warmup_epochs.or(fallback.warmup_epochs),
            final_lr_fraction: self.final_lr_fraction.or(fallback.final_lr_fraction),
            grad_clip: self.grad_clip.or(fallback.grad_clip),
            class_weights: self.class_weights.or(fallback.class_weights),
            label_smoothing: self.label_smoothing.or(fallback.label_smoothing),
            augment: self.augment.or(fallback.augment),
            flips: self.flips.or(fallback.flips),
            rotation: self.rotation.or(fallback.rotation),
            crop: self.crop.or(fallback.crop),
            colour_jitter: self.colour_jitter.or(fallback.colour_jitter),
            hue: self.hue.or(fallback.hue),
            freeze: self.freeze.or(fallback.freeze),
            monitor: self.monitor.or(fallback.monitor),
            patience: self.patience.or(fallback.patience),
            seed: self.seed.or(fallback.seed),
            fold: self.fold.or(fallback.fold),
            device: self.device.or(fallback.device),
        }
    }

    /// Decides what was left open. `pretrained`: training starts from given weights.
    pub fn resolve(self, pretrained: bool) -> Result<Config, BadChoice> {
        let freeze = self.freeze.unwrap_or(Freeze::None);
        let frozen = freeze == Freeze::Backbone;
        let optimizer = self.optimizer.unwrap_or(OptimizerKind::AdamW);
        let sgd = optimizer == OptimizerKind::Sgd;
        let epochs = self.epochs.unwrap_or(if frozen { 60 } else { 20 });
        let augment = if frozen { Augment::NONE } else { self.augmentation() };
        let config = Config {
            network: self.network.unwrap_or_else(|| "resnet18".to_owned()),
            image_size: self.image_size.unwrap_or(0),
            epochs,
            batch_size: self.batch_size.unwrap_or(if frozen { 128 } else { 32 }),
            grad_checkpointing: self.grad_checkpointing.unwrap_or(false),
            optimizer,
            schedule: Schedule {
                peak: self.lr.unwrap_or(if sgd { 0.02 } else { 1e-3 }),
                warmup_epochs: self.warmup_epochs.unwrap_or((epochs as f64 * 0.05).clamp(0.5, 5.0)),
                final_fraction: self.final_lr_fraction.unwrap_or(0.01),
            },
            backbone_lr_factor: self.backbone_lr_factor.unwrap_or(if pretrained { 0.1 } else { 1.0 }),
            weight_decay: self.weight_decay.unwrap_or(if sgd { 5e-4 } else { 0.05 }),
            momentum: self.momentum.unwrap_or(0.9),
            grad_clip: self.grad_clip.unwrap_or(1.0),
            class_weights: self.class_weights.unwrap_or(ClassWeights::Balanced),
            label_smoothing: self.label_smoothing.unwrap_or(0.0),
            augment,
            freeze,
            monitor: self.monitor.unwrap_or_else(|| "balanced_accuracy".to_owned()),
            patience: self.patience.unwrap_or(0),
            seed: self.seed.unwrap_or(0),
            fold: self.fold,
            device: self.device.unwrap_or(DeviceKind::Cpu),
        };
        config.check()?;
        Ok(config)
    }

    /// Whether augmentation was asked for, be it by name or by a single setting.
    pub fn asks_for_augmentation(&self) -> bool {
        !self.augmentation().is_none() && (self.augment.is_some() || self.flips.is_some() || self.rotation.is_some() || self.crop.is_some())
            || self.colour_jitter.is_some_and(|jitter| jitter > 0.0)
            || self.hue.is_some_and(|hue| hue > 0.0)
    }

    fn augmentation(&self) -> Augment {
        let preset = Augment::preset(self.augment.unwrap_or(Strength::Medium));
        Augment {
            flips: self.flips.unwrap_or(preset.flips),
            rotation: self.rotation.unwrap_or(preset.rotation),
            crop: self.crop.unwrap_or(preset.crop),
            jitter: self.colour_jitter.unwrap_or(preset.jitter),
            hue: self.hue.unwrap_or(preset.hue),
        }
    }
}

impl Config {
    fn check(&self) -> Result<(), BadChoice> {
        let rules: [(&'static str, f64, bool, &'static str); 16] = [
            ("image_size", f64::from(self.image_size), self.image_size == 0 || (16..=4096).contains(&self.image_size), "from 16 to 4096"),
            ("epochs", self.epochs as f64, (1..=1_000_000).contains(&self.epochs), "from 1 to 1000000"),
            ("batch_size", self.batch_size as f64, (1..=65_536).contains(&self.batch_size), "from 1 to 65536"),
            ("lr", self.schedule.peak, self.schedule.peak > 0.0 && self.schedule.peak.is_finite(), "above 0"),
            ("warmup_epochs", self.schedule.warmup_epochs, (0.0..=1e6).contains(&self.schedule.warmup_epochs), "0 or more"),
            ("final_lr_fraction", self.schedule.final_fraction, unit(self.schedule.final_fraction), "from 0 to 1"),
            ("backbone_lr_factor", self.backbone_lr_factor, unit(self.backbone_lr_factor), "from 0 to 1"),
            ("weight_decay", self.weight_decay, (0.0..=1e3).contains(&self.weight_decay), "0 or more"),
            ("momentum", self.momentum, (0.0..1.0).contains(&self.momentum), "0 or more and below 1"),
            ("grad_clip", self.grad_clip, (0.0..=1e9).contains(&self.grad_clip), "0 (no limit) or more"),
            ("label_smoothing", self.label_smoothing, (0.0..1.0).contains(&self.label_smoothing), "0 or more and below 1"),
            ("rotation", self.augment.rotation, (0.0..=180.0).contains(&self.augment.rotation), "from 0 to 180 degrees"),
            ("crop", self.augment.crop, (0.01..=1.0).contains(&self.augment.crop), "from 0.01 to 1"),
            ("colour_jitter", self.augment.jitter, unit(self.augment.jitter), "from 0 to 1"),
            ("hue", self.augment.hue, (0.0..=180.0).contains(&self.augment.hue), "from 0 to 180 degrees"),
            ("patience", self.patience as f64, self.patience <= 1_000_000, "0 (never stop early) or more"),
        ];
        if let Some((name, value, _, range)) = rules.into_iter().find(|(_, _, holds, _)| !holds) {
            return Err(BadChoice { name, value: value.to_string(), range });
        }
        // On other devices candle's operations keep what they need: there is nothing to leave out.
        if self.grad_checkpointing && self.device != DeviceKind::Cpu {
            return Err(BadChoice { name: "grad_checkpointing", value: "true".to_owned(), range: "false on any device but `cpu`" });
        }
        Ok(())
    }
}

fn unit(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

/// Weight of each class for [`ClassWeights::Balanced`]: n / (k * n of the class) over the k classes that occur; 0 for a class without images.
pub fn balanced_weights(labels: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![0usize; classes];
    for &label in labels {
        if let Some(count) = counts.get_mut(label as usize) {
            *count += 1;
        }
    }
    let present = counts.iter().filter(|&&count| count > 0).count();
    let weight = |count: usize| if count == 0 { 0.0 } else { (labels.len() as f64 / (present * count) as f64) as f32 };
    counts.into_iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_weights_are_scikit_learns() {
        // sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 1, 2, 2]) = [2/3, 2, 1]
        assert_eq!(balanced_weights(&[0, 0, 0, 1, 2, 2], 3), [2.0 / 3.0, 2.0, 1.0]);
        assert_eq!(balanced_weights(&[0, 0, 1], 3), [0.75, 1.5, 0.0]);
    }

    #[test]
    fn what_was_said_wins_over_the_file_and_the_file_over_defaults() {
        let said = Choices { lr: Some(0.5), ..Choices::default() };
        let file = Choices { lr: Some(0.1), epochs: Some(3), ..Choices::default() };
        let config = said.or(file).resolve(false).unwrap();
        assert_eq!((config.schedule.peak, config.epochs, config.batch_size), (0.5, 3, 32));
        assert_eq!(config.backbone_lr_factor, 1.0);
        assert_eq!(Choices::default().resolve(true).unwrap().backbone_lr_factor, 0.1);
    }

    #[test]
    fn a_frozen_backbone_sees_images_as_they_are() {
        let choices = Choices { freeze: Some(Freeze::Backbone), augment: Some(Strength::Strong), ..Choices::default() };
        assert!(choices.asks_for_augmentation());
        assert!(choices.resolve(true).unwrap().augment.is_none());
        assert!(!Choices::default().asks_for_augmentation());
    }

    #[test]
    fn impossible_values_are_named_with_their_range() {
        let bad = Choices { lr: Some(-1.0), ..Choices::default() }.resolve(false).unwrap_err();
        assert_eq!(bad.to_string(), "`lr` is -1, and must be above 0");
        assert!(Choices { epochs: Some(0), ..Choices::default() }.resolve(false).is_err());
        assert!(Choices { crop: Some(f64::NAN), ..Choices::default() }.resolve(false).is_err());
    }

    #[test]
    fn the_json_form_reads_back() {
        let config = Choices::default().resolve(false).unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    }
}
