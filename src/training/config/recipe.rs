//! Named presets of settings, each of which can still be set one by one.

use serde::{Deserialize, Serialize};

use super::{Choices, ClassWeights, Freeze, OptimizerKind, Sampler};
use crate::training::augment::Strength;
use crate::training::schedule::Shape;

/// What has worked for a kind of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recipe {
    /// A convolutional network from published weights: the head alone for an epoch, then all with a slower backbone, averaged weights.
    CnnFinetune,
    /// A transformer from published weights, as PanDerm's authors tune theirs (Yan et al. 2024, <https://arxiv.org/abs/2410.15038>): a
    /// rate that falls from block to block, mixed images, classes drawn alike.
    VitFinetune,
    /// A new head on features that stay: the cheapest baseline.
    LinearProbe,
    /// A network without published weights.
    FromScratch,
    /// A network that draws masks.
    Unet,
    /// A network that draws masks, with nnU-Net's optimiser, schedule and deep supervision (Isensee et al. 2021, <https://arxiv.org/abs/1904.08128>), its thousand
    /// epochs brought down to a hundred.
    Nnunet,
}

impl Recipe {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::CnnFinetune => "cnn-finetune",
            Self::VitFinetune => "vit-finetune",
            Self::LinearProbe => "linear-probe",
            Self::FromScratch => "from-scratch",
            Self::Unet => "unet",
            Self::Nnunet => "nnunet",
        }
    }

    /// Whether it is for networks that give masks, rather than classes.
    pub fn is_for_masks(self) -> bool {
        matches!(self, Self::Unet | Self::Nnunet)
    }

    /// What it says; the rest is as ever.
    pub(super) fn choices(self) -> Choices {
        match self {
            Self::CnnFinetune => Choices {
                epochs: Some(25),
                batch_size: Some(32),
                optimizer: Some(OptimizerKind::AdamW),
                lr: Some(1e-3),
                backbone_lr_factor: Some(0.1),
                head_epochs: Some(1),
                weight_decay: Some(0.05),
                ema: Some(0.999),
                label_smoothing: Some(0.05),
                mixup: Some(0.2),
                augment: Some(Strength::Medium),
                ..Choices::default()
            },
            Self::VitFinetune => Choices {
                epochs: Some(50),
                batch_size: Some(128),
                optimizer: Some(OptimizerKind::AdamW),
                lr: Some(5e-4),
                warmup_epochs: Some(10.0),
                backbone_lr_factor: Some(1.0),
                layer_decay: Some(0.65),
                weight_decay: Some(0.05),
                sampler: Some(Sampler::Balanced),
                class_weights: Some(ClassWeights::None),
                mixup: Some(0.8),
                cutmix: Some(1.0),
                drop_path: Some(0.2),
                augment: Some(Strength::Medium),
                ..Choices::default()
            },
            Self::LinearProbe => Choices { freeze: Some(Freeze::Backbone), epochs: Some(60), batch_size: Some(128), ..Choices::default() },
            Self::FromScratch => Choices {
                epochs: Some(100),
                batch_size: Some(128),
                optimizer: Some(OptimizerKind::Sgd),
                lr: Some(0.1),
                momentum: Some(0.9),
                nesterov: Some(true),
                weight_decay: Some(5e-4),
                schedule: Some(Shape::OneCycle),
                backbone_lr_factor: Some(1.0),
                ema: Some(0.999),
                augment: Some(Strength::Medium),
                ..Choices::default()
            },
            Self::Unet => Choices {
                epochs: Some(40),
                batch_size: Some(16),
                optimizer: Some(OptimizerKind::AdamW),
                lr: Some(1e-3),
                backbone_lr_factor: Some(1.0),
                weight_decay: Some(1e-4),
                ema: Some(0.99),
                dice_weight: Some(1.0),
                augment: Some(Strength::Medium),
                ..Choices::default()
            },
            Self::Nnunet => Choices {
                epochs: Some(100),
                batch_size: Some(12),
                optimizer: Some(OptimizerKind::Sgd),
                lr: Some(0.01),
                momentum: Some(0.99),
                nesterov: Some(true),
                weight_decay: Some(3e-5),
                schedule: Some(Shape::Poly),
                warmup_epochs: Some(0.0),
                backbone_lr_factor: Some(1.0),
                grad_clip: Some(12.0),
                dice_weight: Some(1.0),
                deep_supervision: Some(true),
                augment: Some(Strength::Medium),
                ..Choices::default()
            },
        }
    }
}
