//! What a training will do, decided once: from [`Choices`] (what was said) to [`Config`] (what holds).
//!
//! A `Config` has no undecided field; its JSON form is part of the training key and of a bundle's
//! provenance. Defaults follow published fine-tuning practice for small networks: AdamW (Loshchilov and
//! Hutter, 2019, <https://arxiv.org/abs/1711.05101>) with a cosine schedule after a short warm-up, a
//! backbone that learns ten times slower than a new head when it starts from given weights, gradients
//! clipped at norm 1, and a loss weighted by class frequency because skin diseases are rare and common.

mod choices;
mod metadata;
mod recipe;

pub use choices::Choices;
pub use metadata::{Fields, Metadata};
pub use recipe::Recipe;

use serde::{Deserialize, Serialize};

use super::augment::Augment;
use super::schedule::Schedule;
use crate::nn::{ColourConstancy, Precision};

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
    /// Every class counts alike: n / (classes * n of the class), as scikit-learn's `balanced`. Of labels that do not exclude each other the
    /// images with one count as much as those without it: torch's `pos_weight`.
    Balanced,
}

/// Which images an epoch sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampler {
    /// Every training image once, in a new order.
    #[default]
    Shuffled,
    /// As many draws as there are training images, each class as often as any other, images again and again.
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

/// Everything that a training was told, decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// The preset that its values come from where nothing else was said.
    pub recipe: Option<Recipe>,
    /// Name in the zoo, with the tag of published weights where images are to be prepared as for those.
    pub network: String,
    /// Side of the square that images are brought to, in pixels; 0 means the network's own input size.
    pub image_size: u32,
    /// What is done about the colour of the light; a part of the bundle's preprocessing.
    #[serde(default, skip_serializing_if = "ColourConstancy::is_none")]
    pub colour_constancy: ColourConstancy,
    pub epochs: usize,
    /// Images in a step.
    pub batch_size: usize,
    /// Run parts of the network twice to keep less in memory; the result is the same to the bit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub grad_checkpointing: bool,
    /// Of the factors of matrix products.
    #[serde(default, skip_serializing_if = "Precision::is_whole")]
    pub precision: Precision,
    pub optimizer: OptimizerKind,
    /// Batches whose gradients are averaged for one step of the optimizer.
    pub accumulate: usize,
    /// The learning rate of the head over the steps.
    pub schedule: Schedule,
    /// The backbone's learning rate as a part of the head's, from 0 to 1.
    pub backbone_lr_factor: f64,
    /// Each block's learning rate as a part of that of the block after it, above 0 and at most 1.
    pub layer_decay: f64,
    /// Epochs at the beginning in which the head learns alone.
    pub head_epochs: usize,
    /// Decay of weights (not of biases and normalisation), decoupled from the gradient.
    pub weight_decay: f64,
    /// Momentum of SGD; AdamW ignores it.
    pub momentum: f64,
    /// Whether SGD looks ahead along its momentum (Nesterov); AdamW ignores it.
    pub nesterov: bool,
    /// The largest norm of all gradients together; 0 means no limit.
    pub grad_clip: f64,
    /// How much of the averaged weights a step keeps (Polyak and Juditsky 1992); 0: they are not averaged.
    pub ema: f64,
    pub sampler: Sampler,
    pub class_weights: ClassWeights,
    /// The exponent of the focal loss (Lin et al. 2017, <https://arxiv.org/abs/1708.02002>); 0 is cross-entropy.
    pub focal_gamma: f64,
    /// Part of the target that is spread over all classes, from 0 to 1.
    pub label_smoothing: f64,
    pub augment: Augment,
    /// Images are mixed in pairs, by parts that follow Beta(mixup, mixup) (Zhang et al. 2017, <https://arxiv.org/abs/1710.09412>); 0: never.
    pub mixup: f64,
    /// A box of each image is another's, of an area that follows Beta(cutmix, cutmix) (Yun et al. 2019,
    /// <https://arxiv.org/abs/1905.04899>); 0: never. With both, a batch takes one or the other, each in half of the draws.
    pub cutmix: f64,
    /// Probability of leaving out the last block's residual branches for an image, those before it less (Huang et al. 2016,
    /// <https://arxiv.org/abs/1603.09382>); 0: never.
    #[serde(default)]
    pub drop_path: f64,
    /// How much the soft Dice loss counts beside the binary cross-entropy of masks; 0: not at all.
    #[serde(default)]
    pub dice_weight: f64,
    /// Whether masks are learnt at the coarser steps of the way up too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deep_supervision: bool,
    /// What the network reads beside the images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
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

/// What a training starts from, as far as it decides defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// It starts from given weights.
    pub pretrained: bool,
    /// The network gives masks.
    pub masks: bool,
    /// The images have any number of labels.
    pub multi_label: bool,
    /// The network has residual branches that can be left out.
    pub branches: bool,
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

impl Config {
    fn check(&self) -> Result<(), BadChoice> {
        let (dropout, missing) = self.metadata.as_ref().map_or((0.0, 0.0), |metadata| (metadata.dropout, metadata.missing));
        let rules: [(&'static str, f64, bool, &'static str); 27] = [
            ("accumulate", self.accumulate as f64, (1..=65_536).contains(&self.accumulate), "from 1 to 65536"),
            ("layer_decay", self.layer_decay, self.layer_decay > 0.0 && self.layer_decay <= 1.0, "above 0 and at most 1"),
            ("head_epochs", self.head_epochs as f64, self.head_epochs <= 1_000_000, "0 or more"),
            ("ema", self.ema, (0.0..1.0).contains(&self.ema), "0 (no average) or more and below 1"),
            ("focal_gamma", self.focal_gamma, (0.0..=10.0).contains(&self.focal_gamma), "from 0 (cross-entropy) to 10"),
            ("mixup", self.mixup, (0.0..=10.0).contains(&self.mixup), "from 0 (never) to 10"),
            ("cutmix", self.cutmix, (0.0..=10.0).contains(&self.cutmix), "from 0 (never) to 10"),
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
            ("drop_path", self.drop_path, (0.0..1.0).contains(&self.drop_path), "0 or more and below 1"),
            ("dice_weight", self.dice_weight, (0.0..=1e3).contains(&self.dice_weight), "0 or more"),
            ("metadata_dropout", dropout, (0.0..1.0).contains(&dropout), "0 or more and below 1"),
            ("metadata_missing", missing, unit(missing), "from 0 to 1"),
            ("patience", self.patience as f64, self.patience <= 1_000_000, "0 (never stop early) or more"),
        ];
        if let Some((name, value, _, range)) = rules.into_iter().find(|(_, _, holds, _)| !holds) {
            return Err(BadChoice { name, value: value.to_string(), range });
        }
        // On other devices candle's operations keep what they need: there is nothing to leave out.
        if self.grad_checkpointing && self.device != DeviceKind::Cpu {
            return Err(BadChoice { name: "grad_checkpointing", value: "true".to_owned(), range: "false on any device but `cpu`" });
        }
        // A focal loss asks how sure the network is of the one right class.
        if self.focal_gamma > 0.0 && (self.label_smoothing > 0.0 || self.mixup > 0.0 || self.cutmix > 0.0) {
            let value = self.focal_gamma.to_string();
            return Err(BadChoice { name: "focal_gamma", value, range: "0 with label_smoothing, mixup or cutmix" });
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
    use crate::nn::metadata::Field;
    use crate::training::augment::Strength;

    const RANDOM: Basis = Basis { pretrained: false, masks: false, multi_label: false, branches: true };
    const WEIGHTS: Basis = Basis { pretrained: true, masks: false, multi_label: false, branches: true };

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
        let config = said.or(file).resolve(RANDOM).unwrap();
        assert_eq!((config.schedule.peak, config.epochs, config.batch_size), (0.5, 3, 32));
        assert_eq!(config.backbone_lr_factor, 1.0);
        assert_eq!(Choices::default().resolve(WEIGHTS).unwrap().backbone_lr_factor, 0.1);
    }

    #[test]
    fn a_frozen_backbone_sees_images_as_they_are() {
        let choices = Choices { freeze: Some(Freeze::Backbone), augment: Some(Strength::Strong), ..Choices::default() };
        assert!(choices.asks_for_augmentation());
        assert!(choices.resolve(WEIGHTS).unwrap().augment.is_none());
        assert!(!Choices::default().asks_for_augmentation());
    }

    #[test]
    fn masks_are_learnt_without_what_is_about_classes() {
        let masks = Basis { masks: true, ..RANDOM };
        let config = Choices::default().resolve(masks).unwrap();
        assert_eq!((config.monitor.as_str(), config.dice_weight, config.class_weights), ("dice", 1.0, ClassWeights::None));
        for (choices, name) in [
            (Choices { mixup: Some(0.2), ..Choices::default() }, "mixup"),
            (Choices { sampler: Some(Sampler::Balanced), ..Choices::default() }, "sampler"),
            (Choices { class_weights: Some(ClassWeights::Balanced), ..Choices::default() }, "class_weights"),
            (Choices { freeze: Some(Freeze::Backbone), ..Choices::default() }, "freeze"),
            (Choices { metadata: Some(Fields::from_iter([Field::Age])), ..Choices::default() }, "metadata"),
            (Choices { recipe: Some(Recipe::CnnFinetune), ..Choices::default() }, "recipe"),
        ] {
            assert_eq!(choices.resolve(masks).unwrap_err().name, name);
        }
        assert_eq!(Choices { dice_weight: Some(1.0), ..Choices::default() }.resolve(RANDOM).unwrap_err().name, "dice_weight");
        assert_eq!(Choices { recipe: Some(Recipe::Unet), ..Choices::default() }.resolve(RANDOM).unwrap_err().name, "recipe");
        let deep = Choices { deep_supervision: Some(true), ..Choices::default() };
        assert_eq!(deep.clone().resolve(RANDOM).unwrap_err().name, "deep_supervision");
        assert!(deep.resolve(masks).unwrap().deep_supervision && !config.deep_supervision);
        assert!(Choices { recipe: Some(Recipe::Nnunet), ..Choices::default() }.resolve(masks).unwrap().deep_supervision);
    }

    #[test]
    fn labels_that_do_not_exclude_each_other_are_learnt_without_what_is_about_one_class() {
        let several = Basis { multi_label: true, ..WEIGHTS };
        let config = Choices::default().resolve(several).unwrap();
        assert_eq!((config.monitor.as_str(), config.class_weights), ("macro_auc", ClassWeights::None));
        for (choices, name) in [
            (Choices { sampler: Some(Sampler::Balanced), ..Choices::default() }, "sampler"),
            (Choices { focal_gamma: Some(2.0), ..Choices::default() }, "focal_gamma"),
            (Choices { dice_weight: Some(1.0), ..Choices::default() }, "dice_weight"),
        ] {
            assert_eq!(choices.resolve(several).unwrap_err().name, name);
        }
        let recipe = Choices { recipe: Some(Recipe::VitFinetune), ..Choices::default() }.resolve(several).unwrap();
        assert_eq!((recipe.sampler, recipe.mixup), (Sampler::Shuffled, 0.8), "a recipe's sampler of classes is left out");
        let weighted = Choices { class_weights: Some(ClassWeights::Balanced), ..Choices::default() };
        assert_eq!(weighted.resolve(several).unwrap().class_weights, ClassWeights::Balanced);
    }

    #[test]
    fn branches_are_left_out_where_there_are_any() {
        let said = |drop_path| Choices { recipe: Some(Recipe::VitFinetune), drop_path, ..Choices::default() };
        let none = Basis { branches: false, ..WEIGHTS };
        assert_eq!((said(None).resolve(WEIGHTS).unwrap().drop_path, said(None).resolve(none).unwrap().drop_path), (0.2, 0.0));
        assert_eq!(said(Some(0.1)).resolve(WEIGHTS).unwrap().drop_path, 0.1);
        assert_eq!(said(Some(0.1)).resolve(none).unwrap_err().name, "drop_path");
    }

    #[test]
    fn impossible_values_are_named_with_their_range() {
        let bad = Choices { lr: Some(-1.0), ..Choices::default() }.resolve(RANDOM).unwrap_err();
        assert_eq!(bad.to_string(), "`lr` is -1, and must be above 0");
        assert!(Choices { epochs: Some(0), ..Choices::default() }.resolve(RANDOM).is_err());
        assert!(Choices { crop: Some(f64::NAN), ..Choices::default() }.resolve(RANDOM).is_err());
    }

    #[test]
    fn metadata_come_with_the_winners_dropout_and_leave_no_trace_where_there_are_none() {
        let said = |fields: &[Field]| Choices { metadata: Some(fields.iter().copied().collect()), ..Choices::default() };
        let config = said(&[Field::Sex, Field::Age]).resolve(RANDOM).unwrap();
        let metadata = config.metadata.unwrap();
        assert_eq!((&*metadata.fields, metadata.dropout, metadata.missing), (&[Field::Age, Field::Sex][..], 0.3, 0.1));
        let none = said(&[]).resolve(RANDOM).unwrap();
        assert_eq!(none, Choices::default().resolve(RANDOM).unwrap());
        assert!(!serde_json::to_string(&none).unwrap().contains("metadata"), "earlier trainings keep their keys");
        let alone = Choices { metadata_dropout: Some(0.5), ..Choices::default() };
        assert_eq!(alone.resolve(RANDOM).unwrap_err().name, "metadata_dropout");
        let wrong = Choices { metadata_missing: Some(1.5), ..said(&[Field::Age]) };
        assert_eq!(wrong.resolve(RANDOM).unwrap_err().to_string(), "`metadata_missing` is 1.5, and must be from 0 to 1");
    }

    #[test]
    fn the_json_form_reads_back() {
        let config = Choices::default().resolve(RANDOM).unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    }
}
