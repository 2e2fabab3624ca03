//! ResNets (He et al. 2015, <https://arxiv.org/abs/1512.03385>) and what was made of them: ResNeXt (Xie et al. 2016,
//! <https://arxiv.org/abs/1611.05431>), squeeze-and-excitation (Hu et al. 2017, <https://arxiv.org/abs/1709.01507>) and ECA (Wang et
//! al. 2019, <https://arxiv.org/abs/1910.03151>), with timm's names and details.

mod body;

pub(super) use body::{Gate, ResNet, Stem};

use super::{Architecture, Graph, Licence, Published};
use crate::nn::preprocess::{Fit, Interpolation, Preprocess};

const RESIDUAL: &str = "https://arxiv.org/abs/1512.03385";
const SQUEEZE: &str = "https://arxiv.org/abs/1709.01507";
const EFFICIENT: &str = "https://arxiv.org/abs/1910.03151";

/// "ResNet strikes back", <https://arxiv.org/abs/2110.00476>.
const A1: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.95);
/// timm's older recipes.
const RA: Preprocess = Preprocess::imagenet(224, Interpolation::Bicubic, 0.875);
/// torchvision's.
const TV: Preprocess = Preprocess::imagenet(224, Interpolation::Bilinear, 0.875);

const PLAIN: ResNet = ResNet { depths: [2, 2, 2, 2], bottleneck: false, stem: Stem::Wide, mean_first: false, gate: Gate::None, groups: 1 };
pub(super) const RESNET18: ResNet = PLAIN;
const RESNET18_SMALL: ResNet = ResNet { stem: Stem::Small, ..RESNET18 };
pub(super) const RESNET34: ResNet = ResNet { depths: [3, 4, 6, 3], ..PLAIN };
pub(super) const RESNET50: ResNet = ResNet { bottleneck: true, ..RESNET34 };
pub(super) const RESNET101: ResNet = ResNet { depths: [3, 4, 23, 3], ..RESNET50 };
/// 32 groups of 4 channels in the first stage.
pub(super) const RESNEXT50: ResNet = ResNet { groups: 32, ..RESNET50 };
const SERESNET18: ResNet = ResNet { gate: Gate::SqueezeExcite, ..RESNET18 };
const SERESNET50: ResNet = ResNet { gate: Gate::SqueezeExcite, ..RESNET50 };
const SERESNEXT50: ResNet = ResNet { gate: Gate::SqueezeExcite, ..RESNEXT50 };
const ECARESNET18: ResNet = ResNet { gate: Gate::Efficient, ..RESNET18 };
const ECARESNET26T: ResNet = ResNet { depths: [2, 2, 2, 2], ..ECARESNET50T };
const ECARESNETLIGHT: ResNet = ResNet { depths: [1, 1, 11, 3], stem: Stem::Wide, ..ECARESNET50D };
const ECARESNET50D: ResNet = ResNet { stem: Stem::Deep([32, 32]), mean_first: true, gate: Gate::Efficient, ..RESNET50 };
const ECARESNET50T: ResNet = ResNet { stem: Stem::Deep([24, 32]), ..ECARESNET50D };

const fn resnet(
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    published: &'static [Published],
    build: fn(usize, [usize; 2]) -> Graph,
) -> Architecture {
    // Where nobody published any, images are prepared as for the latest recipe.
    let preprocess = if published.is_empty() { A1 } else { published[0].preprocess };
    Architecture { name, summary, source, preprocess, published, classifier: "fc", first_conv: "conv1", build }
}

/// With a stem of three convolutions.
const fn deep(architecture: Architecture) -> Architecture {
    Architecture { first_conv: "conv1.0", ..architecture }
}

/// For small images.
const fn small(architecture: Architecture) -> Architecture {
    Architecture { preprocess: Preprocess { fit: Fit::Squash, ..A1.at_size(28, 28) }, ..architecture }
}

pub const ALL: &[Architecture] = &[
    resnet("resnet18", "ResNet-18", RESIDUAL, &[Published::timm("a1_in1k", "timm/resnet18.a1_in1k", A1)], |classes, size| {
        RESNET18.graph(classes, size)
    }),
    small(resnet(
        "resnet18_small",
        "ResNet-18 for images of 28 or 32 pixels, as MedMNIST's baselines are",
        RESIDUAL,
        &[],
        |classes, size| RESNET18_SMALL.graph(classes, size),
    )),
    resnet("seresnet18", "ResNet-18 with squeeze-and-excitation", SQUEEZE, &[], |classes, size| SERESNET18.graph(classes, size)),
    resnet("ecaresnet18", "ResNet-18 with efficient channel attention", EFFICIENT, &[], |classes, size| ECARESNET18.graph(classes, size)),
    resnet("resnet34", "ResNet-34", RESIDUAL, &[Published::timm("a1_in1k", "timm/resnet34.a1_in1k", A1)], |classes, size| {
        RESNET34.graph(classes, size)
    }),
    resnet(
        "resnet50",
        "ResNet-50",
        RESIDUAL,
        &[
            Published::timm("a1_in1k", "timm/resnet50.a1_in1k", A1),
            Published::timm("tv_in1k", "timm/resnet50.tv_in1k", TV).licensed(Licence::BSD_3),
        ],
        |classes, size| RESNET50.graph(classes, size),
    ),
    resnet(
        "resnext50_32x4d",
        "ResNeXt-50: ResNet-50 in 32 groups of channels",
        "https://arxiv.org/abs/1611.05431",
        &[Published::timm("a1_in1k", "timm/resnext50_32x4d.a1_in1k", A1)],
        |classes, size| RESNEXT50.graph(classes, size),
    ),
    resnet(
        "seresnet50",
        "ResNet-50 with squeeze-and-excitation",
        SQUEEZE,
        &[Published::timm("a1_in1k", "timm/seresnet50.a1_in1k", A1), Published::timm("ra2_in1k", "timm/seresnet50.ra2_in1k", RA)],
        |classes, size| SERESNET50.graph(classes, size),
    ),
    resnet(
        "seresnext50_32x4d",
        "ResNeXt-50 with squeeze-and-excitation",
        SQUEEZE,
        &[Published::timm("racm_in1k", "timm/seresnext50_32x4d.racm_in1k", RA)],
        |classes, size| SERESNEXT50.graph(classes, size),
    ),
    deep(resnet(
        "ecaresnet26t",
        "ResNet-26-T with efficient channel attention",
        EFFICIENT,
        &[Published::timm("ra2_in1k", "timm/ecaresnet26t.ra2_in1k", RA.at_size(256, 256))],
        |classes, size| ECARESNET26T.graph(classes, size),
    )),
    deep(resnet(
        "ecaresnet50d",
        "ResNet-50-D with efficient channel attention",
        EFFICIENT,
        &[Published::timm("miil_in1k", "timm/ecaresnet50d.miil_in1k", RA)],
        |classes, size| ECARESNET50D.graph(classes, size),
    )),
    deep(resnet(
        "ecaresnet50t",
        "ResNet-50-T with efficient channel attention",
        EFFICIENT,
        &[
            Published::timm("a1_in1k", "timm/ecaresnet50t.a1_in1k", A1),
            Published::timm("ra2_in1k", "timm/ecaresnet50t.ra2_in1k", RA.at_size(256, 256)),
        ],
        |classes, size| ECARESNET50T.graph(classes, size),
    )),
    resnet(
        "ecaresnetlight",
        "ResNet-50-D light with efficient channel attention",
        EFFICIENT,
        &[Published::timm("miil_in1k", "timm/ecaresnetlight.miil_in1k", RA)],
        |classes, size| ECARESNETLIGHT.graph(classes, size),
    ),
    resnet("resnet101", "ResNet-101", RESIDUAL, &[Published::timm("a1_in1k", "timm/resnet101.a1_in1k", A1)], |classes, size| {
        RESNET101.graph(classes, size)
    }),
];
