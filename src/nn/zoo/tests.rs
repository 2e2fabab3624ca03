use std::collections::HashSet;

use super::*;

#[test]
fn names_tags_and_repositories_are_unique_and_can_be_typed() {
    let mut seen = HashSet::new();
    for architecture in all() {
        assert!(seen.insert(architecture.name), "{} twice", architecture.name);
        assert!(!architecture.name.contains(['.', '/', '@', ':', ' ']), "{}", architecture.name);
        assert!(std::ptr::eq(find(architecture.name).unwrap(), architecture));
        for published in architecture.published {
            let name = format!("{}.{}", architecture.name, published.tag);
            let choice = select(&name).unwrap();
            assert_eq!(choice.name(), name);
            assert!(std::ptr::eq(choice.published.unwrap(), published), "{name}: two have this tag");
            assert!(published.repo.is_none_or(|repo| seen.insert(repo)), "{name}: a repository of two");
        }
    }
}

#[test]
fn what_stands_in_the_table_is_in_the_graph() {
    for architecture in all() {
        let graph = architecture.graph(3);
        let mut names = HashSet::new();
        for param in graph.params() {
            assert!(names.insert(param.name.clone()), "{}: {} twice", architecture.name, param.name);
        }
        for layer in [architecture.classifier, architecture.first_conv] {
            assert!(names.contains(&format!("{layer}.weight")), "{}: {layer}", architecture.name);
        }
        assert!(!architecture.summary.is_empty() && architecture.source.starts_with("https://"), "{}", architecture.name);
    }
}

#[test]
fn other_input_sizes_do_or_say_why_not() {
    for name in ["resnet50", "ecaresnet50t", "legacy_seresnet18", "densenet121", "tf_efficientnetv2_b0", "mobilenetv4_conv_small", "vgg16"]
    {
        for size in [[256, 320], [231, 225]] {
            assert!(find(name).unwrap().graph_at(3, size[0], size[1]).is_ok(), "{name} {size:?}");
        }
    }
    let error = |name: &str, size: usize| find(name).unwrap().graph_at(3, size, size).unwrap_err().to_string();
    assert!(error("vgg16", 128).contains("too few for `vgg16`"), "{}", error("vgg16", 128));
    assert!(error("unet_resnet18", 100).contains("multiples of 32"), "{}", error("unet_resnet18", 100));
    assert!(error("unet_classic_f16", 40).contains("multiples of 16"));
    for name in ["unet_resnet18", "unet_vgg16_bn", "unet_densenet121", "unet_mobilenetv4_conv_medium"] {
        let graph = find(name).unwrap().graph_at(2, 96, 160).unwrap();
        assert_eq!((graph.node(graph.output()).shape.as_slice(), graph.gives_masks()), ([2, 96, 160].as_slice(), true), "{name}");
    }
}

#[test]
fn a_name_chooses_weights_and_their_preprocessing() {
    let plain = select("resnet50").unwrap();
    assert!(plain.published.is_none() && plain.licence().is_none(), "two licences: nobody knows which");
    assert_eq!(plain.on_hub().unwrap().1, "timm/resnet50.a1_in1k");
    let tagged = select("resnet50.tv_in1k").unwrap();
    assert_eq!((tagged.on_hub().unwrap().1, tagged.licence().unwrap().name), ("timm/resnet50.tv_in1k", "BSD-3-Clause"));
    assert_ne!(tagged.preprocess(), plain.preprocess());
    assert!(select("squeezenet1_1").unwrap().on_hub().is_none());
}

#[test]
fn a_tag_that_nobody_published_is_refused_with_those_that_are() {
    let error = select("resnet18.a9_in1k").unwrap_err().to_string();
    assert!(error.contains("resnet18") && error.contains("a9_in1k"), "{error}");
    assert!(select("resnet81.a1_in1k").unwrap_err().to_string().contains("resnet81"));
}
