//! The architectures that derm knows, and the weights that are published for them.
//!
//! One file a family under [`FAMILIES`]; each builds [`Graph`]s whose parameter names are those of the published state
//! dicts (timm's, where timm has the network) and exports its rows of the table, `ALL`. The rows are the only place for input
//! sizes, statistics, licences and sources; what networks cost is counted from their graphs.

mod convnext;
mod densenet;
mod edgenext;
mod efficientnet;
mod efficientnet_lite;
mod eva;
mod legacy_seresnet;
mod licence;
mod mobile;
mod mobilenet_v2;
mod mobilenet_v3;
mod mobilenet_v4;
mod resnet;
mod select;
mod squeezenet;
mod swin;
mod unet;
mod unet_classic;
mod vgg;
mod vit;

pub use licence::{Licence, Restriction};
pub use select::{Choice, find, select};

use super::Error;
use super::graph::{Fusion, Graph};
use super::preprocess::Preprocess;

/// What is fixed about a network before it has weights.
#[derive(Debug)]
pub struct Architecture {
    /// The name that commands and files use: timm's without a tag where timm has the network, `unet_ENCODER` for U-Nets.
    pub name: &'static str,
    /// One line for tables, without what can be counted.
    pub summary: &'static str,
    /// The paper, or where the structure comes from.
    pub source: &'static str,
    /// What its input is where nobody's weights say otherwise, at the default input size.
    pub preprocess: Preprocess,
    /// Weights that can be had, the usual ones first.
    pub published: &'static [Published],
    /// Name of the last layer with parameters.
    pub classifier: &'static str,
    /// Name of the first convolution.
    pub first_conv: &'static str,
    /// Builds the graph for a number of classes and a height and width.
    pub build: fn(classes: usize, size: [usize; 2]) -> Graph,
}

/// Weights that somebody published under exactly an architecture's parameter names.
#[derive(Debug)]
pub struct Published {
    /// What timm writes after the architecture's name and a dot: how and on what they were trained.
    pub tag: &'static str,
    /// The repository on the hub whose `model.safetensors` they are; none where they are only published elsewhere.
    pub repo: Option<&'static str>,
    /// On what terms.
    pub licence: Licence,
    /// Classes of their head; 0 where they have none.
    pub classes: usize,
    /// What they expect, at the size they were trained at.
    pub preprocess: Preprocess,
}

impl Published {
    /// Those of a repository of timm's: Apache licence, ImageNet's 1000 classes.
    const fn timm(tag: &'static str, repo: &'static str, preprocess: Preprocess) -> Self {
        Self { tag, repo: Some(repo), licence: Licence::APACHE, classes: 1000, preprocess }
    }

    /// The same on other terms.
    const fn licensed(self, licence: Licence) -> Self {
        Self { licence, ..self }
    }

    /// The same without a head.
    const fn headless(self) -> Self {
        Self { classes: 0, ..self }
    }
}

impl Architecture {
    /// The network with this many classes at the default input size.
    pub fn graph(&self, classes: usize) -> Graph {
        (self.build)(classes, [self.preprocess.height as usize, self.preprocess.width as usize])
    }

    /// Whether it has residual branches that can be left out in training.
    pub fn has_branches(&self) -> bool {
        self.graph(2).has_branches()
    }

    /// Whether its outputs are masks, one for each of what would else be classes.
    pub fn gives_masks(&self) -> bool {
        self.graph(2).gives_masks()
    }

    /// [`graph_at`](Self::graph_at) this height and width, with metadata as a second input where there is a fusion.
    pub fn fused_graph(&self, classes: usize, fusion: Option<Fusion>, [height, width]: [usize; 2]) -> Result<Graph, Error> {
        let graph = self.graph_at(classes, height, width)?;
        match fusion {
            None => Ok(graph),
            Some(fusion) => graph.fused(fusion).ok_or(Error::NoFusion { architecture: self.name }),
        }
    }

    /// The network with this many classes at another height and width; an error where the input is too small or cannot be halved
    /// as often as the network does it.
    pub fn graph_at(&self, classes: usize, height: usize, width: usize) -> Result<Graph, Error> {
        let graph = (self.build)(classes, [height, width]);
        let multiple = graph.multiple();
        if [height, width].iter().any(|side| !side.is_multiple_of(multiple)) {
            return Err(Error::InputMultiple { architecture: self.name, height, width, multiple });
        }
        match graph.empty_node() {
            Some(node) => Err(Error::InputTooSmall { architecture: self.name, height, width, node: node.name.clone() }),
            None => Ok(graph),
        }
    }
}

/// A line a family, its networks from small to large.
#[rustfmt::skip] // A line each merges without conflicts.
pub const FAMILIES: &[&[Architecture]] = &[
    squeezenet::ALL,
    mobilenet_v3::ALL,
    mobilenet_v4::ALL,
    efficientnet_lite::ALL,
    efficientnet::ALL,
    resnet::ALL,
    legacy_seresnet::ALL,
    densenet::ALL,
    vgg::ALL,
    convnext::ALL,
    edgenext::ALL,
    vit::ALL,
    eva::ALL,
    swin::ALL,
    unet_classic::ALL,
    unet::ALL,
];

/// All of them, family by family.
pub fn all() -> impl Iterator<Item = &'static Architecture> + Clone {
    FAMILIES.iter().copied().flatten()
}

/// One value in 0..=255 as the share of 255 that [`Preprocess`] is written in.
const fn byte(value: f32) -> f32 {
    value / 255.0
}

#[cfg(test)]
mod tests;
