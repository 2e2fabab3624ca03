use std::path::Path;

use serde::Deserialize;

use super::*;

fn settings(text: &str) -> Settings {
    Settings::from_text(Path::new("params.yaml"), text, None).unwrap()
}

fn refused(text: &str) -> String {
    Settings::from_text(Path::new("params.yaml"), text, None).unwrap_err().to_string()
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Adamw,
    Sgd,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Optimizer {
    kind: Kind,
    #[serde(default)]
    momentum: f32,
}

#[test]
fn specs_split_at_the_last_colon() {
    let split = |spec: &str| Settings::parse_spec(spec);
    assert_eq!(split("params.yaml:train"), ("params.yaml".into(), Some("train".into())));
    assert_eq!(split("a/b.yaml:x.y"), ("a/b.yaml".into(), Some("x.y".into())));
    assert_eq!(split("params.yaml"), ("params.yaml".into(), None));
    assert_eq!(split("C:\\data\\params.yaml"), ("C:\\data\\params.yaml".into(), None));
}

#[test]
fn takes_typed_values_by_the_core_schema_of_yaml_1_2() {
    let mut s = settings("a: 3\nb: 1e-3\nc: yes\nd: [1, 2.5]\ne: 0x1f\nf: ~\ng: 1.10\nh: '3'\ni: true\nj: 0o17\nk: -.inf\n");
    assert_eq!(s.take::<u32>("a").unwrap(), Some(3));
    assert_eq!(s.take::<f32>("b").unwrap(), Some(1e-3));
    assert_eq!(s.take::<String>("c").unwrap(), Some("yes".into()));
    assert_eq!(s.take::<Vec<f64>>("d").unwrap(), Some(vec![1.0, 2.5]));
    assert_eq!(s.take::<u8>("e").unwrap(), Some(31));
    assert_eq!(s.take::<u8>("f").unwrap(), None);
    assert_eq!(s.take::<String>("g").unwrap(), Some("1.10".into()));
    assert_eq!(s.take::<String>("h").unwrap(), Some("3".into()));
    assert_eq!(s.take::<bool>("i").unwrap(), Some(true));
    assert_eq!(s.take::<i64>("j").unwrap(), Some(15));
    assert_eq!(s.take::<f64>("k").unwrap(), Some(f64::NEG_INFINITY));
    assert_eq!(s.take::<f64>("absent").unwrap(), None);
    s.finish().unwrap();
}

#[test]
fn wrong_types_name_the_place_and_both_sides() {
    let mut s = settings("train:\n  epochs: many\n").section("train").unwrap().unwrap();
    let error = s.take::<u32>("epochs").unwrap_err();
    assert_eq!(error.to_string(), "params.yaml:2:11: `train.epochs` must be a whole number, 0 or more, not the text `many`");
    let mut s = settings("lr: -1\nsizes: [1, x]\nflag: 3\n");
    assert!(s.take::<u32>("lr").unwrap_err().to_string().ends_with("must be a whole number, 0 or more, not `-1`"));
    assert!(s.take::<Vec<u32>>("sizes").unwrap_err().to_string().starts_with("params.yaml:2:12: `sizes` must be"));
    assert!(s.take::<bool>("flag").unwrap_err().to_string().ends_with("must be `true` or `false`, not `3`"));
}

#[test]
fn unknown_keys_are_listed_with_what_is_meant() {
    let mut s = settings("epochs: 3\nepoch: 4\nlearning-rate: 1\n");
    s.take::<u32>("epochs").unwrap();
    s.take::<f32>("learning_rate").unwrap();
    let Error::Unknown { place, keys, known } = s.finish().unwrap_err() else { panic!() };
    assert_eq!((place.line, place.column), (2, 1));
    assert_eq!(keys[0].suggestion.as_deref(), Some("epochs"));
    assert_eq!(keys[1].suggestion.as_deref(), Some("learning_rate"));
    assert_eq!(known, ["epochs", "learning_rate"]);
}

#[test]
fn structs_and_enums_keep_the_innermost_place() {
    let mut s = settings("optimizer:\n  kind: sgd\n  momentum: 0.9\n");
    assert_eq!(s.take::<Optimizer>("optimizer").unwrap(), Some(Optimizer { kind: Kind::Sgd, momentum: 0.9 }));
    let mut s = settings("optimizer:\n  kind: adam\n");
    let error = s.take::<Optimizer>("optimizer").unwrap_err().to_string();
    assert_eq!(error, "params.yaml:2:9: `optimizer` is `adam`, which is none of `adamw` and `sgd`; is `adamw` meant?");
    let mut s = settings("optimizer:\n  kind: sgd\n  momentun: 1\n");
    let Error::Unknown { place, keys, .. } = s.take::<Optimizer>("optimizer").unwrap_err() else { panic!() };
    assert_eq!((place.line, place.column), (3, 3));
    assert_eq!((keys[0].key.as_str(), keys[0].suggestion.as_deref()), ("optimizer.momentun", Some("momentum")));
}

#[test]
fn damaged_yaml_is_refused_with_its_place() {
    assert_eq!(refused("a: 1\nb: 2\na: 3\n"), "params.yaml:3:1: `a` is given twice");
    assert_eq!(refused("train:\n\tepochs: 3\n"), "params.yaml:2:1: a tab is used for indentation");
    assert!(refused("a: [1, 2\nb: 3\n").starts_with("params.yaml:"));
    assert!(refused("a: 1\n---\nb: 2\n").contains("second document"));
    assert!(refused("- 1\n- 2\n").contains("must be a map of options, not a list"));
}

#[test]
fn sections_are_found_by_dotted_keys() {
    let text = "train:\n  optimizer:\n    momentum: 0.9\nempty:\n";
    let at = |key| Settings::from_text(Path::new("p.yaml"), text, Some(key));
    assert_eq!(at("train.optimizer").unwrap().take::<f32>("momentum").unwrap(), Some(0.9));
    at("empty").unwrap().finish().unwrap();
    let Error::NoSection { key, suggestion, .. } = at("trian").unwrap_err() else { panic!() };
    assert_eq!((key.as_str(), suggestion.as_deref()), ("trian", Some("train")));
}

#[test]
fn aliases_and_merge_keys_fill_in() {
    let mut s = settings("base: &base\n  a: 1\n  b: 2\nuse:\n  <<: *base\n  b: 3\n").section("use").unwrap().unwrap();
    assert_eq!((s.take::<u8>("a").unwrap(), s.take::<u8>("b").unwrap()), (Some(1), Some(3)));
    s.finish().unwrap();
}

#[test]
fn aliases_of_aliases_cannot_grow_without_end() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..9 {
        let alias = format!("*a{}", i - 1);
        text.push_str(&format!("a{i}: &a{i} [{}]\n", vec![alias; 10].join(", ")));
    }
    assert!(refused(&text).contains("more than 200000 values"));
    let deep = "[".repeat(200) + &"]".repeat(200);
    assert!(refused(&deep).contains("inside each other") || refused(&deep).starts_with("params.yaml"));
}

#[test]
fn checked_values_are_refused_at_their_place() {
    let mut s = settings("a: 1\nval: 1.5\n");
    let outside = |v: &f64| (*v > 1.0).then(|| "must lie between 0 and 1".to_owned());
    let error = s.take_checked("val", outside).unwrap_err().to_string();
    assert_eq!(error, "params.yaml:2:6: `val` must lie between 0 and 1");
    assert!(s.take_checked("a", outside).unwrap().is_some());
}
