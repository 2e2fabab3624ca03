//! The numbered blocks of EfficientNets and MobileNets.
//!
//! torchvision and segmentation-models-pytorch number blocks and layers; timm names layers by what they do and counts blocks within
//! stages. What a convolution does follows from its shape and place, and a stage is a run of blocks with the same number of output channels.

use std::collections::BTreeMap;

use super::Entry;

/// A layer of a numbered block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Module<'a> {
    /// The stage, where the name says it.
    pub stage: Option<usize>,
    /// The block's number, in its stage or in the network.
    pub block: usize,
    /// Its layer: all parameters of one layer have one, and they count up along the block.
    pub layer: [usize; 2],
    /// The two convolutions of squeeze-and-excitation: 1 reduces, 2 expands.
    pub squeeze: Option<usize>,
    /// The parameter's own name.
    pub leaf: &'a str,
}

type Block = BTreeMap<[usize; 2], Vec<usize>>;

/// timm's name of each entry that is part of a block.
///
/// With `tail` the convolution after the last block is a stage of its own, as in MobileNetV3.
pub(super) fn names<'a>(entries: &[Entry<'a>], read: fn(&'a str) -> Option<Module<'a>>, tail: bool) -> Vec<Option<String>> {
    let modules: Vec<Option<Module<'_>>> = entries.iter().map(|entry| read(entry.name)).collect();
    let mut blocks: BTreeMap<(Option<usize>, usize), Block> = BTreeMap::new();
    for (place, module) in modules.iter().enumerate().filter_map(|(place, module)| Some((place, module.as_ref()?))) {
        blocks.entry((module.stage, module.block)).or_default().entry(module.layer).or_default().push(place);
    }
    let mut names = vec![None; entries.len()];
    let mut counter = Counter::default();
    for ((stage, _), block) in &blocks {
        let kinds: Vec<Kind> = block.values().map(|places| kind(entries, &modules, places)).collect();
        let convs: Vec<&[usize]> = kinds.iter().filter_map(|kind| if let Kind::Conv(shape) = kind { Some(*shape) } else { None }).collect();
        let Some(roles) = roles(&convs) else { continue };
        let (stage, number) = counter.next(*stage, convs[convs.len() - 1][0]);
        let (mut conv, mut norm) = (0, 0);
        for (places, kind) in block.values().zip(&kinds) {
            let layer = match kind {
                Kind::Conv(_) => {
                    conv += 1;
                    roles[conv - 1].to_owned()
                }
                Kind::Norm => {
                    norm += 1;
                    format!("bn{norm}")
                }
                Kind::Squeeze(1) => "se.conv_reduce".to_owned(),
                Kind::Squeeze(_) => "se.conv_expand".to_owned(),
            };
            for &place in places {
                let leaf = modules[place].map_or("", |module| module.leaf);
                names[place] = Some(format!("blocks.{stage}.{number}.{layer}.{leaf}"));
            }
        }
    }
    if tail {
        for (name, entry) in names.iter_mut().zip(entries).filter(|(name, _)| name.is_none()) {
            *name = tail_name(entry.name, blocks.len(), counter.stages);
        }
    }
    names
}

enum Kind<'a> {
    Conv(&'a [usize]),
    Norm,
    Squeeze(usize),
}

fn kind<'a>(entries: &[Entry<'a>], modules: &[Option<Module<'_>>], places: &[usize]) -> Kind<'a> {
    let squeeze = places.iter().find_map(|&place| modules[place]?.squeeze);
    let kernel = places.iter().map(|&place| entries[place].shape).find(|shape| shape.len() == 4);
    match (squeeze, kernel) {
        (Some(part), _) => Kind::Squeeze(part),
        (None, Some(shape)) => Kind::Conv(shape),
        (None, None) => Kind::Norm,
    }
}

/// What timm calls a block's convolutions; `None` for a block that no such network has.
fn roles(convs: &[&[usize]]) -> Option<&'static [&'static str]> {
    let depthwise = convs.iter().position(|shape| shape[1] == 1 && shape[0] > 1);
    match (convs.len(), depthwise) {
        (3, Some(1)) => Some(&["conv_pw", "conv_dw", "conv_pwl"]),
        (2, Some(0)) => Some(&["conv_dw", "conv_pw"]),
        (2, None) => Some(&["conv_exp", "conv_pwl"]),
        (1, None) => Some(&["conv"]),
        _ => None,
    }
}

/// Numbers blocks within stages.
#[derive(Default)]
struct Counter {
    stages: usize,
    /// What the last block's stage is known by, and blocks in it.
    last: Option<(usize, usize)>,
}

impl Counter {
    /// Stage and number of the next block, which gives so many channels.
    fn next(&mut self, stage: Option<usize>, channels: usize) -> (usize, usize) {
        let key = stage.unwrap_or(channels);
        let number = match self.last {
            Some((last, number)) if last == key => number + 1,
            _ => {
                self.stages += 1;
                0
            }
        };
        self.last = Some((key, number));
        (self.stages - 1, number)
    }
}

/// `features.S.B.block.K.J.leaf`.
pub(super) fn torchvision_efficientnet(name: &str) -> Option<Module<'_>> {
    match name.split('.').collect::<Vec<_>>()[..] {
        ["features", stage, block, "block", layer, inner, leaf] => module(Some(stage), block, layer, inner, leaf),
        _ => None,
    }
}

/// `features.B.block.K.J.leaf`.
pub(super) fn torchvision_mobilenet_v3(name: &str) -> Option<Module<'_>> {
    match name.split('.').collect::<Vec<_>>()[..] {
        ["features", block, "block", layer, inner, leaf] => module(None, block, layer, inner, leaf),
        _ => None,
    }
}

/// `features.B.conv.K.J.leaf`, the last convolution and norm `features.B.conv.K.leaf`.
pub(super) fn torchvision_mobilenet_v2(name: &str) -> Option<Module<'_>> {
    match name.split('.').collect::<Vec<_>>()[..] {
        ["features", block, "conv", layer, inner, leaf] => module(None, block, layer, inner, leaf),
        ["features", block, "conv", layer, leaf] => module(None, block, layer, "0", leaf),
        _ => None,
    }
}

/// `_blocks.B.LAYER.leaf`.
pub(super) fn smp_efficientnet(name: &str) -> Option<Module<'_>> {
    const LAYERS: [&str; 8] = ["_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_se_reduce", "_se_expand", "_project_conv", "_bn2"];
    let ["_blocks", block, layer, leaf] = name.split('.').collect::<Vec<_>>()[..] else { return None };
    let place = LAYERS.iter().position(|&known| known == layer)?;
    let squeeze = place.checked_sub(3).filter(|part| (1..=2).contains(part));
    Some(Module { stage: None, block: block.parse().ok()?, layer: [place, 0], squeeze, leaf })
}

fn module<'a>(stage: Option<&str>, block: &str, layer: &str, inner: &str, leaf: &'a str) -> Option<Module<'a>> {
    let stage = stage.map(|stage| stage.parse().ok()).map_or(Some(None), |stage: Option<usize>| stage.map(Some))?;
    let squeeze = match inner {
        "fc1" => Some(1),
        "fc2" => Some(2),
        _ => None,
    };
    let inner = squeeze.map_or_else(|| inner.parse().ok(), Some)?;
    Some(Module { stage, block: block.parse().ok()?, layer: [layer.parse().ok()?, inner], squeeze, leaf })
}

/// `features.B+1.{0,1}.leaf` after B blocks.
fn tail_name(name: &str, blocks: usize, stages: usize) -> Option<String> {
    let ["features", number, layer, leaf] = name.split('.').collect::<Vec<_>>()[..] else { return None };
    let layer = match layer {
        "0" => "conv",
        "1" => "bn1",
        _ => return None,
    };
    (number.parse() == Ok(blocks + 1)).then(|| format!("blocks.{stages}.0.{layer}.{leaf}"))
}
