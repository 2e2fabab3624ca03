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
fn a_tag_that_nobody_published_is_refused_with_those_that_are() {
    let error = select("resnet18.a9_in1k").unwrap_err().to_string();
    assert!(error.contains("resnet18") && error.contains("a9_in1k"), "{error}");
    assert!(select("resnet81.a1_in1k").unwrap_err().to_string().contains("resnet81"));
}
