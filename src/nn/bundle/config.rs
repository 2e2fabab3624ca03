//! `config.json`: timm's layout, plus a part `derm` for what timm has no word for.
//!
//! ```json
//! {
//!   "architecture": "resnet18", "num_classes": 2, "num_features": 512, "label_names": ["nevus", "melanoma"],
//!   "pretrained_cfg": {
//!     "input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.95, "crop_mode": "center",
//!     "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "num_classes": 2,
//!     "first_conv": "conv1", "classifier": "fc"
//!   },
//!   "derm": { "format": 1, "channels": "rgb", "weights": "BLAKE3 of model.safetensors, 64 digits" }
//! }
//! ```
//!
//! `crop_mode` is timm's: `center` cuts the centre after the shorter side was resized, `squash` stretches both sides. Where colours are made
//! constant, `derm` says `"colour_constancy": "shades-of-gray"`. Of a network that takes metadata `derm.metadata` is their encoding, such as
//! `[{"field": "age", "mean": 51.9, "sd": 17.0}, {"field": "sex", "values": ["female", "male"]}]`: see [`metadata`](crate::nn::metadata).
//! Of a network whose outputs are labels that do not exclude each other `derm.task` is `multi-label`: each has a probability of its own, the sigmoid of its logit.
//! With any of them the format is 2, so that a program that does not know them refuses the bundle.

use serde::{Deserialize, Serialize};

use crate::digest::ObjectId;
use crate::nn::graph::Fusion;
use crate::nn::metadata::Encoding;
use crate::nn::zoo::{self, Architecture};
use crate::nn::{Channels, ColourConstancy, Fit, Interpolation, Network, Preprocess};

/// What a bundle says about its network.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which network.
    pub architecture: &'static Architecture,
    /// Names of the classes, or of what the masks show, in the order of the logits.
    pub classes: Vec<String>,
    /// What its input must be.
    pub preprocess: Preprocess,
    /// How its second input is made, if it has one.
    pub metadata: Option<Encoding>,
    /// Whether an image has any number of the classes, so that each logit by itself becomes a probability.
    pub multi_label: bool,
}

impl Config {
    /// How the network takes metadata, if it does.
    pub fn fusion(&self) -> Option<Fusion> {
        // Nothing is left out of a network that is used.
        self.metadata.as_ref().map(|encoding| Fusion { inputs: encoding.width(), dropout: 0.0 })
    }
}

/// The format of bundles that look at an image as it is and at nothing else, to say one thing of it.
const FORMAT: u32 = 1;
/// The format of bundles with colour constancy, metadata or any number of labels, the last that this release reads.
const WITH_MORE: u32 = 2;

/// Longest side of an input that is believed.
const LARGEST: u32 = 4096;

/// The file's own shape.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    architecture: String,
    num_classes: usize,
    num_features: usize,
    label_names: Vec<String>,
    pretrained_cfg: Pretrained,
    derm: Own,
}

#[derive(Serialize, Deserialize)]
struct Pretrained {
    input_size: [u32; 3],
    interpolation: Interpolation,
    crop_pct: f32,
    crop_mode: CropMode,
    mean: [f32; 3],
    std: [f32; 3],
    num_classes: usize,
    first_conv: String,
    classifier: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CropMode {
    Center,
    Squash,
}

#[derive(Serialize, Deserialize)]
struct Own {
    format: u32,
    channels: Channels,
    #[serde(default, skip_serializing_if = "ColourConstancy::is_none")]
    colour_constancy: ColourConstancy,
    weights: ObjectId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Encoding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<Task>,
}

/// What the outputs mean, where the network does not say it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Task {
    MultiLabel,
}

impl Own {
    /// The format that a bundle has which says all this.
    fn expected_format(&self) -> u32 {
        if self.colour_constancy.is_none() && self.metadata.is_none() && self.task.is_none() { FORMAT } else { WITH_MORE }
    }
}

impl Stored {
    pub(super) fn new(config: &Config, network: &Network, weights: ObjectId) -> Self {
        let Preprocess { width, height, fit, interpolation, mean, std, channels, colour_constancy } = config.preprocess;
        let (crop_mode, crop_pct) = match fit {
            Fit::Squash => (CropMode::Squash, 1.0),
            Fit::ShortestCrop { crop_pct } => (CropMode::Center, crop_pct),
        };
        let num_classes = config.classes.len();
        let pretrained_cfg = Pretrained {
            input_size: [3, height, width],
            interpolation,
            crop_pct,
            crop_mode,
            mean,
            std,
            num_classes,
            first_conv: config.architecture.first_conv.to_owned(),
            classifier: config.architecture.classifier.to_owned(),
        };
        let mut derm = Own {
            format: FORMAT,
            channels,
            colour_constancy,
            weights,
            metadata: config.metadata.clone(),
            task: config.multi_label.then_some(Task::MultiLabel),
        };
        derm.format = derm.expected_format();
        Self {
            architecture: config.architecture.name.to_owned(),
            num_classes,
            num_features: network.graph().feature_count(),
            label_names: config.classes.clone(),
            pretrained_cfg,
            derm,
        }
    }

    /// The file's text.
    pub(super) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// The settings, and the hash that the weights must have, if everything makes sense together.
    pub(super) fn check(self) -> Result<(Config, ObjectId), String> {
        if self.derm.format != self.derm.expected_format() {
            return Err(format!(
                "its format is {}, this derm reads formats {FORMAT} and, with colour constancy, metadata or any number of labels, {WITH_MORE}",
                self.derm.format
            ));
        }
        let architecture = zoo::find(&self.architecture).map_err(|error| error.to_string())?;
        let count = self.label_names.len();
        let num_classes = self.num_classes;
        let wrong = || Err(format!("`num_classes` is {num_classes} with {count} `label_names`"));
        if count == 0 || count != self.num_classes || count != self.pretrained_cfg.num_classes {
            return wrong();
        }
        let preprocess = Preprocess { colour_constancy: self.derm.colour_constancy, ..self.pretrained_cfg.preprocess(self.derm.channels)? };
        let (height, width) = (preprocess.height as usize, preprocess.width as usize);
        if let Some(fault) = self.derm.metadata.as_ref().and_then(Encoding::fault) {
            return Err(fault);
        }
        let multi_label = self.derm.task == Some(Task::MultiLabel);
        let config = Config { architecture, classes: self.label_names, preprocess, metadata: self.derm.metadata, multi_label };
        let graph = architecture.fused_graph(count, config.fusion(), [height, width]).map_err(|error| error.to_string())?;
        if multi_label && graph.gives_masks() {
            return Err("`task` is `multi-label`, and the network gives masks".to_owned());
        }
        if count < graph.fewest_outputs() {
            return wrong();
        }
        Ok((config, self.derm.weights))
    }
}

impl Pretrained {
    fn preprocess(&self, channels: Channels) -> Result<Preprocess, String> {
        let [planes, height, width] = self.input_size;
        if planes != 3 || !(1..=LARGEST).contains(&height) || !(1..=LARGEST).contains(&width) {
            return Err(format!("`input_size` {:?} is not [3, height, width] of at most {LARGEST} pixels", self.input_size));
        }
        if !(self.crop_pct > 0.0 && self.crop_pct <= 1.0) {
            return Err(format!("`crop_pct` {} is not above 0 and at most 1", self.crop_pct));
        }
        if !self.mean.iter().all(|m| m.is_finite()) || !self.std.iter().all(|s| s.is_finite() && *s > 0.0) {
            return Err("`mean` must be finite and `std` above 0".into());
        }
        let fit = match self.crop_mode {
            CropMode::Squash => Fit::Squash,
            CropMode::Center => Fit::ShortestCrop { crop_pct: self.crop_pct },
        };
        Ok(Preprocess {
            width,
            height,
            fit,
            interpolation: self.interpolation,
            mean: self.mean,
            std: self.std,
            channels,
            colour_constancy: ColourConstancy::None,
        })
    }
}
