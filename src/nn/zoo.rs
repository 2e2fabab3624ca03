//! The architectures that derm knows, with what must travel with their weights.
//!
//! One file a family; each builds a [`Graph`] whose parameter names are those of the published
//! state dict. The table below is the only place for input sizes, statistics, licences and sources.

mod efficientnet_lite;
mod resnet;
mod squeezenet;

use super::graph::Graph;
use super::preprocess::{Channels, Fit, Interpolation, Preprocess};
use super::{Error, error::Suggestion};

/// What is fixed about a network before it has weights.
#[derive(Debug)]
pub struct Architecture {
    /// The name that commands and files use; timm's where timm has it.
    pub name: &'static str,
    /// One line for tables.
    pub summary: &'static str,
    /// Repository and file on the hub, where weights under exactly these parameter names are published.
    pub hub: Option<(&'static str, &'static str)>,
    /// Licence of the published weights.
    pub licence: &'static str,
    /// The paper, or where structure and weights come from.
    pub source: &'static str,
    /// What the published weights expect, at the default input size.
    pub preprocess: Preprocess,
    /// Classes of the published weights.
    pub published_classes: usize,
    /// Name of the last layer with parameters.
    pub classifier: &'static str,
    /// Name of the first convolution.
    pub first_conv: &'static str,
    /// Builds the graph for a number of classes and a height and width.
    pub build: fn(classes: usize, size: [usize; 2]) -> Graph,
}

impl Architecture {
    /// The network with this many classes at the default input size.
    pub fn graph(&self, classes: usize) -> Graph {
        (self.build)(classes, [self.preprocess.height as usize, self.preprocess.width as usize])
    }

    /// The network with this many classes at another height and width; an error where the input is too small.
    pub fn graph_at(&self, classes: usize, height: usize, width: usize) -> Result<Graph, Error> {
        let graph = (self.build)(classes, [height, width]);
        match graph.empty_node() {
            Some(node) => Err(Error::InputTooSmall { architecture: self.name, height, width, node: node.name.clone() }),
            None => Ok(graph),
        }
    }
}

/// All of them, smallest first.
pub fn all() -> &'static [Architecture] {
    ALL
}

/// The one of this name.
pub fn find(name: &str) -> Result<&'static Architecture, Error> {
    ALL.iter()
        .find(|a| a.name == name)
        .ok_or_else(|| Error::UnknownArchitecture { name: name.to_owned(), suggestion: Suggestion::of(name, ALL.iter().map(|a| a.name)) })
}

/// One value in 0..=255 as the share of 255 that [`Preprocess`] is written in.
const fn byte(value: f32) -> f32 {
    value / 255.0
}

const ALL: &[Architecture] = &[
    Architecture {
        name: "squeezenet1_1",
        summary: "SqueezeNet 1.1: 1.2 M parameters, no batch norm",
        hub: None,
        licence: "BSD-2-Clause",
        source: "https://arxiv.org/abs/1602.07360 (DeepScale's weights, Caffe conventions)",
        preprocess: Preprocess {
            width: 224,
            height: 224,
            fit: Fit::ShortestCrop { crop_pct: 0.875 },
            interpolation: Interpolation::Bilinear,
            mean: [byte(103.939), byte(116.779), byte(123.68)],
            std: [byte(1.0); 3],
            channels: Channels::Bgr,
        },
        published_classes: 1000,
        classifier: "conv10",
        first_conv: "conv1",
        build: squeezenet::squeezenet1_1,
    },
    Architecture {
        name: "efficientnet_lite0",
        summary: "EfficientNet-Lite0: 4.7 M parameters, depthwise convolutions, ReLU6",
        hub: None,
        licence: "Apache-2.0",
        source: "https://arxiv.org/abs/1905.11946 (Lite: Google's weights for TPU, TensorFlow conventions)",
        preprocess: Preprocess {
            width: 224,
            height: 224,
            fit: Fit::ShortestCrop { crop_pct: 0.875 },
            interpolation: Interpolation::Bicubic,
            mean: [byte(127.0); 3],
            std: [byte(128.0); 3],
            channels: Channels::Rgb,
        },
        published_classes: 1000,
        classifier: "_fc",
        first_conv: "_conv_stem",
        build: efficientnet_lite::efficientnet_lite0,
    },
    Architecture {
        name: "resnet18",
        summary: "ResNet-18: 11.7 M parameters",
        hub: Some(("timm/resnet18.a1_in1k", "model.safetensors")),
        licence: "Apache-2.0",
        source: "https://arxiv.org/abs/1512.03385",
        preprocess: Preprocess::imagenet(224, Interpolation::Bicubic, 0.95),
        published_classes: 1000,
        classifier: "fc",
        first_conv: "conv1",
        build: resnet::resnet18,
    },
    Architecture {
        name: "ecaresnet18",
        summary: "ResNet-18 with efficient channel attention: 11.7 M parameters",
        hub: None,
        licence: "none published",
        source: "https://arxiv.org/abs/1910.03151",
        preprocess: Preprocess::imagenet(224, Interpolation::Bicubic, 0.95),
        published_classes: 1000,
        classifier: "fc",
        first_conv: "conv1",
        build: resnet::ecaresnet18,
    },
    Architecture {
        name: "seresnet18",
        summary: "ResNet-18 with squeeze-and-excitation: 11.8 M parameters",
        hub: None,
        licence: "none published",
        source: "https://arxiv.org/abs/1709.01507",
        preprocess: Preprocess::imagenet(224, Interpolation::Bicubic, 0.95),
        published_classes: 1000,
        classifier: "fc",
        first_conv: "conv1",
        build: resnet::seresnet18,
    },
];
