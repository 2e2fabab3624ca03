//! Every naming of `../zoo` beside the data: all names and shapes of a library's file become those of timm's, and nothing is left.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;

use derm::nn::weights::names::{Entry, How, translate};
use serde_json::Value;

use super::support::real;

type Shapes = BTreeMap<String, Vec<usize>>;

fn keys(file: &str) -> Shapes {
    // Python writes numbers that JSON does not know.
    let text = fs::read_to_string(real(&format!("../zoo/{file}.keys.json"))).unwrap().replace("NaN", "null");
    let file: Value = serde_json::from_str(&text).unwrap();
    let entry = |key: &Value| {
        let shape = key[1].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        let float = key[2].as_str().unwrap().contains("float");
        float.then(|| (key[0].as_str().unwrap().to_owned(), shape))
    };
    file["keys"].as_array().unwrap().iter().filter_map(entry).collect()
}

/// Shapes under timm's names; a shape that differs by axes of one, or a linear layer's from its convolution's, is timm's.
fn translated(file: &Shapes, timm: &Shapes) -> (Option<&'static str>, String, Shapes) {
    let entries: Vec<Entry<'_>> = file.iter().map(|(name, shape)| Entry { name, shape }).collect();
    let wanted: HashSet<&str> = timm.keys().map(String::as_str).collect();
    let translation = translate(&entries, &wanted);
    let shape = |from: &[usize], how: How| {
        let mut shape = entries[from[0]].shape.to_vec();
        match how {
            How::Joined { .. } => shape[0] *= 3,
            How::WithoutFirstRow => shape[1] -= 1,
            How::Same | How::WithFirstRow => {}
        }
        shape
    };
    let mut shapes = Shapes::new();
    for one in &translation.renamed {
        let own = shape(&one.from, one.how);
        let same = |wanted: &&Vec<usize>| wanted.iter().product::<usize>() == own.iter().product::<usize>() && wanted[0] == own[0];
        assert!(shapes.insert(one.name.clone(), timm.get(&one.name).filter(same).cloned().unwrap_or(own)).is_none(), "{} twice", one.name);
    }
    (translation.naming, translation.prefix, shapes)
}

/// File, timm's file, naming, prefix, names that only the file has (`*` stands for a number), names that only timm's has.
const ALL: &[(&str, &str, Option<&str>, &str, &[&str], &[&str])] = &[
    ("torchvision.convnext_tiny", "convnext_tiny.in12k_ft_in1k", Some("torchvision ConvNeXt"), "", &[], &[]),
    ("torchvision.densenet121", "densenet121.tv_in1k", None, "", &[], &[]),
    ("torchvision.efficientnet_v2_s", "tf_efficientnetv2_s.in21k_ft_in1k", Some("torchvision EfficientNet"), "", &[], &[]),
    ("torchvision.mobilenet_v3_large", "mobilenetv3_large_100.ra_in1k", Some("torchvision MobileNetV3"), "", &[], &[]),
    ("torchvision.resnet18", "resnet18.a1_in1k", None, "", &[], &[]),
    ("torchvision.resnet50", "resnet50.tv_in1k", None, "", &[], &[]),
    ("torchvision.swin_t", "swin_tiny_patch4_window7_224.ms_in22k_ft_in1k", Some("torchvision Swin"), "", &[], &[]),
    ("torchvision.vgg16", "vgg16.tv_in1k", Some("torchvision VGG"), "", &[], &[]),
    ("torchvision.vgg16_bn", "vgg16_bn.tv_in1k", Some("torchvision VGG"), "", &[], &[]),
    ("torchvision.vit_b_16", "vit_base_patch16_224.augreg2_in21k_ft_in1k", Some("torchvision ViT"), "", &[], &[]),
    ("hf.facebook_convnext-tiny-224.v4", "convnext_tiny.fb_in22k_ft_in1k", Some("transformers ConvNeXt"), "", &[], &[]),
    ("hf.facebook_convnext-tiny-224", "convnext_tiny.fb_in22k_ft_in1k", Some("transformers ConvNeXt"), "", &[], &[]),
    ("hf.facebook_dinov2-small.v4", "vit_small_patch14_dinov2.lvd142m", Some("transformers DINOv2"), "", &["embeddings.mask_token"], &[]),
    ("hf.facebook_dinov2-small", "vit_small_patch14_dinov2.lvd142m", Some("transformers DINOv2"), "", &["embeddings.mask_token"], &[]),
    (
        "hf.facebook_dinov2-with-registers-small.v4",
        "vit_small_patch14_reg4_dinov2.lvd142m",
        Some("transformers DINOv2 with registers"),
        "",
        &["embeddings.mask_token"],
        &[],
    ),
    (
        "hf.facebook_dinov2-with-registers-small",
        "vit_small_patch14_reg4_dinov2.lvd142m",
        Some("transformers DINOv2 with registers"),
        "",
        &["embeddings.mask_token"],
        &[],
    ),
    // timm's network leaves the biases of queries and values out; its `qkvb` variant keeps them.
    (
        "hf.facebook_dinov3-vits16-pretrain-lvd1689m.v4",
        "vit_small_patch16_dinov3.lvd1689m",
        Some("transformers DINOv3"),
        "",
        &["embeddings.mask_token", "blocks.*.attn.qkv.bias"],
        &[],
    ),
    (
        "hf.facebook_dinov3-vits16-pretrain-lvd1689m",
        "vit_small_patch16_dinov3.lvd1689m",
        Some("transformers DINOv3"),
        "",
        &["embeddings.mask_token", "blocks.*.attn.qkv.bias"],
        &[],
    ),
    ("hf.google_vit-base-patch16-224.v4", "vit_base_patch16_224.augreg2_in21k_ft_in1k", Some("transformers ViT"), "", &[], &[]),
    ("hf.google_vit-base-patch16-224", "vit_base_patch16_224.augreg2_in21k_ft_in1k", Some("transformers ViT"), "", &[], &[]),
    (
        "hf.google_vit-base-patch16-224-in21k.v4",
        "vit_base_patch16_224.augreg2_in21k_ft_in1k",
        Some("transformers ViT"),
        "",
        &["pooler.dense.weight", "pooler.dense.bias"],
        &["head.weight", "head.bias"],
    ),
    (
        "hf.google_vit-base-patch16-224-in21k",
        "vit_base_patch16_224.augreg2_in21k_ft_in1k",
        Some("transformers ViT"),
        "",
        &["pooler.dense.weight", "pooler.dense.bias"],
        &["head.weight", "head.bias"],
    ),
    ("hf.microsoft_resnet-18.v4", "resnet18.a1_in1k", Some("transformers ResNet"), "", &[], &[]),
    ("hf.microsoft_resnet-18", "resnet18.a1_in1k", Some("transformers ResNet"), "", &[], &[]),
    (
        "hf.microsoft_swin-tiny-patch4-window7-224.v4",
        "swin_tiny_patch4_window7_224.ms_in22k_ft_in1k",
        Some("transformers Swin"),
        "",
        &[],
        &[],
    ),
    ("hf.microsoft_swin-tiny-patch4-window7-224", "swin_tiny_patch4_window7_224.ms_in22k_ft_in1k", Some("transformers Swin"), "", &[], &[]),
    ("smp.Unet.resnet18", "resnet18.a1_in1k", None, "encoder.", &[], &["fc.weight", "fc.bias"]),
    ("smp.Unet.resnet34", "resnet34.a1_in1k", None, "encoder.", &[], &["fc.weight", "fc.bias"]),
    ("smp.Unet.resnet50", "resnet50.a1_in1k", None, "encoder.", &[], &["fc.weight", "fc.bias"]),
    ("smp.UnetPlusPlus.resnet34", "resnet34.a1_in1k", None, "encoder.", &[], &["fc.weight", "fc.bias"]),
    ("smp.FPN.resnet34", "resnet34.a1_in1k", None, "encoder.", &[], &["fc.weight", "fc.bias"]),
    ("smp.DeepLabV3Plus.resnet34", "resnet34.a1_in1k", None, "encoder.", &[], &["fc.weight", "fc.bias"]),
    ("smp.Unet.se_resnet50", "legacy_seresnet50.in1k", None, "encoder.", &[], &["last_linear.weight", "last_linear.bias"]),
    (
        "smp.Unet.vgg16_bn",
        "vgg16_bn.tv_in1k",
        None,
        "encoder.",
        &[],
        &["pre_logits.fc1.weight", "pre_logits.fc1.bias", "pre_logits.fc2.weight", "pre_logits.fc2.bias", "head.fc.weight", "head.fc.bias"],
    ),
    (
        "smp.Unet.tu-mobilenetv3_large_100",
        "mobilenetv3_large_100.ra_in1k",
        None,
        "encoder.model.",
        &[],
        &["conv_head.weight", "conv_head.bias", "classifier.weight", "classifier.bias"],
    ),
    (
        "smp.Unet.efficientnet-b0",
        "efficientnet_b0.ra_in1k",
        Some("segmentation-models-pytorch EfficientNet"),
        "encoder.",
        &[],
        &["classifier.weight", "classifier.bias"],
    ),
];

/// Those without a network of timm's in the zoo.
const WITHOUT: &[(&str, &str)] = &[
    ("hf.google_siglip-base-patch16-224.vision", "no such network in the zoo"),
    ("hf.google_siglip-base-patch16-224.vision.v4", "no such network in the zoo"),
    ("hf.suinleelab_monet", "no such network in the zoo"),
    ("hf.suinleelab_monet.v4", "no such network in the zoo"),
    ("smp.Unet.mobilenet_v2", "its classifier is not in the zoo: below"),
];

#[test]
fn names_and_shapes_become_timms() {
    let numbers_out =
        |name: &str| name.split('.').map(|part| if part.parse::<usize>().is_ok() { "*" } else { part }).collect::<Vec<_>>().join(".");
    for (file, timm, naming, prefix, extra, lacking) in ALL {
        let timm = keys(timm);
        let (found, before, shapes) = translated(&keys(file), &timm);
        assert_eq!((found, before.as_str()), (*naming, *prefix), "{file}");
        let only = |some: &Shapes, others: &Shapes| some.keys().filter(|name| !others.contains_key(*name)).cloned().collect::<Vec<_>>();
        let beside = |name: &&String| !["decoder.", "segmentation_head."].iter().any(|part| name.starts_with(part));
        let more: BTreeSet<String> = only(&shapes, &timm).iter().filter(beside).map(|name| numbers_out(name)).collect();
        assert_eq!(more, extra.iter().map(|name| (*name).to_owned()).collect(), "{file}: what only the file has");
        let less: BTreeSet<String> = only(&timm, &shapes).into_iter().collect();
        assert_eq!(less, lacking.iter().map(|name| (*name).to_owned()).collect(), "{file}: what only timm has");
        for (name, shape) in &timm {
            // The heads differ by their classes alone.
            assert!(shapes.get(name).is_none_or(|own| own == shape), "{file}: `{name}` is {:?}, timm's is {shape:?}", shapes[name]);
        }
    }
}

/// Its own EfficientNet and timm's have other names in segmentation-models-pytorch; the decoder's are the same.
#[test]
fn a_unet_on_one_efficientnet_becomes_one_on_the_other() {
    let (file, encoder) = (keys("smp.Unet.efficientnet-b0"), keys("efficientnet_b0.ra_in1k"));
    let inner = encoder.iter().filter(|(name, _)| !name.starts_with("classifier"));
    let decoder = file.iter().filter(|(name, _)| !name.starts_with("encoder."));
    let wanted: Shapes = inner
        .map(|(name, shape)| (format!("encoder.model.{name}"), shape.clone()))
        .chain(decoder.map(|(n, s)| (n.clone(), s.clone())))
        .collect();
    let (naming, prefix, shapes) = translated(&file, &wanted);
    assert_eq!((naming, prefix.as_str()), (Some("segmentation-models-pytorch EfficientNet"), "encoder."));
    assert_eq!(shapes, wanted);
    // An encoder alone, under timm's names and under torchvision's.
    let resnet = keys("smp.Unet.resnet18");
    let (_, _, shapes) = translated(&keys("torchvision.resnet18"), &resnet);
    assert!(resnet.iter().filter(|(name, _)| name.starts_with("encoder.")).all(|(name, shape)| shapes.get(name) == Some(shape)));
}

#[test]
fn every_file_of_names_is_listed() {
    let listed: BTreeSet<&str> = ALL.iter().map(|row| row.0).chain(WITHOUT.iter().map(|row| row.0)).collect();
    let there = fs::read_dir(real("../zoo")).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap());
    let foreign = there.filter_map(|name| {
        let name = name.strip_suffix(".keys.json")?;
        ["torchvision.", "hf.", "smp."].iter().any(|library| name.starts_with(library)).then(|| name.to_owned())
    });
    let foreign: BTreeSet<String> = foreign.collect();
    assert_eq!(foreign, listed.into_iter().map(str::to_owned).collect());
}
