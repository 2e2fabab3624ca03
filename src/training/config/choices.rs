//! What was said of a training, from several places, and the defaults for what was not.

use super::{BadChoice, Basis, ClassWeights, Config, DeviceKind, Fields, Freeze, Metadata, OptimizerKind, Recipe, Sampler};
use crate::nn::{ColourConstancy, Precision};
use crate::training::augment::{Augment, Strength};
use crate::training::schedule::{Schedule, Shape};

/// Defines [`Choices`]: each field an option that takes another place's value where nothing was said.
macro_rules! choices {
    ($($name:ident: $kind:ty,)*) => {
        /// What was said on the command line and in a parameter file; `None` means nothing was said.
        #[derive(Clone, Debug, Default)]
        pub struct Choices {
            $(#[allow(missing_docs, reason = "as in `Config`")] pub $name: Option<$kind>,)*
        }

        impl Choices {
            /// Takes every choice of `self` and, where nothing was said, of `fallback`.
            #[must_use]
            pub fn or(self, fallback: Self) -> Self {
                Self { $($name: self.$name.or(fallback.$name),)* }
            }
        }
    };
}

choices! {
    recipe: Recipe,
    network: String,
    image_size: u32,
    colour_constancy: ColourConstancy,
    epochs: usize,
    batch_size: usize,
    grad_checkpointing: bool,
    precision: Precision,
    optimizer: OptimizerKind,
    accumulate: usize,
    lr: f64,
    schedule: Shape,
    backbone_lr_factor: f64,
    layer_decay: f64,
    head_epochs: usize,
    weight_decay: f64,
    momentum: f64,
    nesterov: bool,
    warmup_epochs: f64,
    final_lr_fraction: f64,
    grad_clip: f64,
    ema: f64,
    sampler: Sampler,
    class_weights: ClassWeights,
    focal_gamma: f64,
    label_smoothing: f64,
    augment: Strength,
    flips: bool,
    rotation: f64,
    crop: f64,
    colour_jitter: f64,
    hue: f64,
    mixup: f64,
    cutmix: f64,
    drop_path: f64,
    dice_weight: f64,
    deep_supervision: bool,
    metadata: Fields,
    metadata_dropout: f64,
    metadata_missing: f64,
    freeze: Freeze,
    monitor: String,
    patience: usize,
    seed: u64,
    fold: u32,
    device: DeviceKind,
}

impl Choices {
    /// Decides what was left open: by the recipe that was named, else by the defaults.
    pub fn resolve(self, basis: Basis) -> Result<Config, BadChoice> {
        let Basis { pretrained, masks, multi_label, branches } = basis;
        self.check_goal(masks, multi_label)?;
        if let (Some(rate), false) = (self.drop_path.filter(|rate| *rate > 0.0), branches) {
            return Err(BadChoice {
                name: "drop_path",
                value: rate.to_string(),
                range: "0: the network has no residual branches to leave out",
            });
        }
        let recipe = self.recipe;
        let said = match recipe {
            Some(recipe) => self.or(recipe.choices()),
            None => self,
        };
        let freeze = said.freeze.unwrap_or(Freeze::None);
        let frozen = freeze == Freeze::Backbone;
        let optimizer = said.optimizer.unwrap_or(OptimizerKind::AdamW);
        let sgd = optimizer == OptimizerKind::Sgd;
        let epochs = said.epochs.unwrap_or(if frozen { 60 } else { 20 });
        let shape = said.schedule.unwrap_or_default();
        let warmup = (epochs as f64 * shape.usual_warmup()).clamp(0.5, if shape == Shape::OneCycle { f64::INFINITY } else { 5.0 });
        // A recipe's sampler may draw classes alike; images of several have no place there.
        let sampler = said.sampler.filter(|_| !multi_label).unwrap_or_default();
        let metadata = said.metadata()?;
        let config = Config {
            recipe,
            augment: if frozen { Augment::NONE } else { said.augmentation() },
            network: said.network.unwrap_or_else(|| "resnet18".to_owned()),
            image_size: said.image_size.unwrap_or(0),
            colour_constancy: said.colour_constancy.unwrap_or_default(),
            epochs,
            batch_size: said.batch_size.unwrap_or(if frozen { 128 } else { 32 }),
            grad_checkpointing: said.grad_checkpointing.unwrap_or(false),
            precision: said.precision.unwrap_or_default(),
            optimizer,
            accumulate: said.accumulate.unwrap_or(1),
            schedule: Schedule {
                shape,
                peak: said.lr.unwrap_or(if sgd { 0.02 } else { 1e-3 }),
                warmup_epochs: said.warmup_epochs.unwrap_or(warmup),
                final_fraction: said.final_lr_fraction.unwrap_or(0.01),
            },
            backbone_lr_factor: said.backbone_lr_factor.unwrap_or(if pretrained { 0.1 } else { 1.0 }),
            layer_decay: said.layer_decay.unwrap_or(1.0),
            head_epochs: said.head_epochs.unwrap_or(0),
            weight_decay: said.weight_decay.unwrap_or(if sgd { 5e-4 } else { 0.05 }),
            momentum: said.momentum.unwrap_or(0.9),
            nesterov: said.nesterov.unwrap_or(false),
            grad_clip: said.grad_clip.unwrap_or(1.0),
            ema: said.ema.unwrap_or(0.0),
            sampler,
            // Rare classes are drawn more often or weigh more, and not both.
            class_weights: said.class_weights.unwrap_or(match sampler {
                Sampler::Shuffled if !masks && !multi_label => ClassWeights::Balanced,
                _ => ClassWeights::None,
            }),
            focal_gamma: said.focal_gamma.unwrap_or(0.0),
            label_smoothing: said.label_smoothing.unwrap_or(0.0),
            mixup: if frozen { 0.0 } else { said.mixup.unwrap_or(0.0) },
            cutmix: if frozen { 0.0 } else { said.cutmix.unwrap_or(0.0) },
            drop_path: if branches && !frozen { said.drop_path.unwrap_or(0.0) } else { 0.0 },
            dice_weight: said.dice_weight.unwrap_or(if masks { 1.0 } else { 0.0 }),
            deep_supervision: said.deep_supervision.unwrap_or(false),
            metadata,
            freeze,
            monitor: said.monitor.unwrap_or_else(|| {
                let usual = match (masks, multi_label) {
                    (true, _) => "dice",
                    (false, true) => "macro_auc",
                    (false, false) => "balanced_accuracy",
                };
                usual.to_owned()
            }),
            patience: said.patience.unwrap_or(0),
            seed: said.seed.unwrap_or(0),
            fold: said.fold,
            device: said.device.unwrap_or(DeviceKind::Cpu),
        };
        config.check()?;
        Ok(config)
    }

    /// Refuses what has no meaning for masks, for classes, or for labels that do not exclude each other.
    fn check_goal(&self, masks: bool, multi_label: bool) -> Result<(), BadChoice> {
        const CLASSES: &str = "left out: the network gives masks";
        const MASKS: &str = "left out: the network gives classes";
        let above = |value: Option<f64>| value.filter(|value| *value > 0.0).map(|value| value.to_string());
        let word = |said: bool, word: &str| said.then(|| word.to_owned());
        let about_classes = [
            ("recipe", self.recipe.filter(|recipe| !recipe.is_for_masks()).map(|recipe| recipe.name().to_owned())),
            ("sampler", word(self.sampler == Some(Sampler::Balanced), "balanced")),
            ("class_weights", word(self.class_weights == Some(ClassWeights::Balanced), "balanced")),
            ("freeze", word(self.freeze == Some(Freeze::Backbone), "backbone")),
            ("focal_gamma", above(self.focal_gamma)),
            ("label_smoothing", above(self.label_smoothing)),
            ("metadata", self.metadata.as_ref().filter(|fields| !fields.is_empty()).map(|fields| fields.words(","))),
            ("mixup", above(self.mixup)),
            ("cutmix", above(self.cutmix)),
        ];
        let about_masks = [
            ("recipe", self.recipe.filter(|recipe| recipe.is_for_masks()).map(|recipe| recipe.name().to_owned())),
            ("dice_weight", above(self.dice_weight)),
            ("deep_supervision", word(self.deep_supervision == Some(true), "true")),
        ];
        let (refused, range): (&[_], _) = if masks { (&about_classes, CLASSES) } else { (&about_masks, MASKS) };
        if let Some((name, value)) = refused.iter().find_map(|(name, value)| Some((*name, value.clone()?))) {
            return Err(BadChoice { name, value, range });
        }
        let about_one_class =
            [("sampler", word(self.sampler == Some(Sampler::Balanced), "balanced")), ("focal_gamma", above(self.focal_gamma))];
        match about_one_class.into_iter().find_map(|(name, value)| Some((name, value.filter(|_| multi_label && !masks)?))) {
            Some((name, value)) => Err(BadChoice { name, value, range: "left out: an image has any number of labels" }),
            None => Ok(()),
        }
    }

    /// As the winners of ISIC 2020 (dropout) and 2019 (missing fields) read metadata, unless another share was asked for.
    fn metadata(&self) -> Result<Option<Metadata>, BadChoice> {
        let shares = [("metadata_dropout", self.metadata_dropout), ("metadata_missing", self.metadata_missing)];
        match (&self.metadata, shares.into_iter().find_map(|(name, share)| Some((name, share?)))) {
            (Some(fields), _) if !fields.is_empty() => Ok(Some(Metadata {
                fields: fields.clone(),
                dropout: self.metadata_dropout.unwrap_or(0.3),
                missing: self.metadata_missing.unwrap_or(0.1),
            })),
            (_, Some((name, share))) => Err(BadChoice { name, value: share.to_string(), range: "left out: there are no `metadata`" }),
            _ => Ok(None),
        }
    }

    /// Whether augmentation was asked for, be it by name or by a single setting.
    pub fn asks_for_augmentation(&self) -> bool {
        let above = |value: Option<f64>| value.is_some_and(|value| value > 0.0);
        !self.augmentation().is_none() && (self.augment.is_some() || self.flips.is_some() || self.rotation.is_some() || self.crop.is_some())
            || [self.colour_jitter, self.hue, self.mixup, self.cutmix].into_iter().any(above)
    }

    fn augmentation(&self) -> Augment {
        let preset = Augment::preset(self.augment.unwrap_or(Strength::Medium));
        Augment {
            flips: self.flips.unwrap_or(preset.flips),
            rotation: self.rotation.unwrap_or(preset.rotation),
            crop: self.crop.unwrap_or(preset.crop),
            jitter: self.colour_jitter.unwrap_or(preset.jitter),
            hue: self.hue.unwrap_or(preset.hue),
            isic2020: preset.isic2020,
        }
    }
}
