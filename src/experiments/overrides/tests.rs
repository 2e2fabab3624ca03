use indexmap::IndexMap;
use proptest::prelude::*;

use super::*;
use crate::pipeline::edit::identical;

fn given(typed: &str) -> Given {
    match Override::parse(&format!("k={typed}")) {
        Ok(Override { given: Some(given), .. }) => given,
        other => panic!("{typed}: {other:?}"),
    }
}

fn one(typed: &str) -> Value {
    match given(typed) {
        Given::One(value) => value,
        other => panic!("{typed}: {other:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// The right sides are what `dvc exp run -S k=…` (3.67.1, hydra-core 1.3) writes.
#[test]
fn values_are_what_dvc_takes_them_for() {
    for (typed, value) in [
        ("1e-3", Value::Float(0.001)),
        ("1e5", Value::Float(100_000.0)),
        ("1_000", Value::Int(1000)),
        ("+5", Value::Int(5)),
        ("0x10", text("0x10")),
        ("01", text("01")),
        ("00.5", text("00.5")),
        (".5", Value::Float(0.5)),
        ("5.", Value::Float(5.0)),
        ("-inf", Value::Float(f64::NEG_INFINITY)),
        ("NaN", Value::Float(f64::NAN)),
        ("yes", text("yes")),
        ("True", Value::Bool(true)),
        ("NULL", Value::Null),
        ("", text("")),
        ("\"\"", text("")),
        ("  x ", text("x")),
        ("tr ue", text("tr ue")),
        ("a:b", text("a:b")),
        ("a/b-c_d.e%f+g@h?i|j", text("a/b-c_d.e%f+g@h?i|j")),
        ("$x", text("$x")),
        ("*", text("*")),
        ("\\,", text(",")),
        ("a\\,b", text("a,b")),
        ("\"a b\"", text("a b")),
        ("'a b'", text("a b")),
        ("\"a\\\"b\"", text("a\"b")),
        ("'it\\'s'", text("it's")),
        ("\"12\"", text("12")),
        ("1..5", text("1..5")),
        ("[]", Value::List(vec![])),
        ("{}", Value::Map(IndexMap::new())),
        ("int(\"3\")", Value::Int(3)),
        ("str(3)", text("3")),
        ("float(\"3\")", Value::Float(3.0)),
    ] {
        assert!(identical(&one(typed), &value), "{typed}: {:?}", one(typed));
    }
    assert_eq!(one("[1, [2,3], {a: b}]").json(), r#"[1, [2, 3], {"a": "b"}]"#);
    assert_eq!(one("{a:1,b:{c:[x]}}").json(), r#"{"a": 1, "b": {"c": ["x"]}}"#);
}

#[test]
fn sweeps_are_what_hydras_sweeper_runs() {
    let all = |typed: &str| given(typed).values().unwrap().iter().map(Value::json).collect::<Vec<_>>().join(" ");
    for (typed, values) in [
        ("1,2", "1 2"),
        ("choice(a,b)", "\"a\" \"b\""),
        ("choice(1)", "1"),
        ("range(1,4)", "1 2 3"),
        ("range(4)", "0 1 2 3"),
        ("range(1,10,3)", "1 4 7"),
        ("range(start=1,stop=3)", "1 2"),
        ("range(0.0,1.0,0.5)", "0.0 0.5"),
        ("range(5,1,-2)", "5 3"),
        ("[1,2],[3]", "[1, 2] [3]"),
        ("choice([1,2],{a:3})", "[1, 2] {\"a\": 3}"),
        ("\"x,y\",z", "\"x,y\" \"z\""),
        ("null,x", "null \"x\""),
    ] {
        assert_eq!(all(typed), values, "{typed}");
    }
    assert_eq!(given("loguniform(1e-5, 1e-2)"), Given::Uniform { low: 1e-5, high: 1e-2, log: true });
    assert_eq!(given("interval(0,1)"), Given::Uniform { low: 0.0, high: 1.0, log: false });
    assert_eq!(given("int(1,8)"), Given::Int { low: 1, high: 8 });
    let both: Vec<Override> = ["a=1,2", "b=x,y"].iter().map(|typed| Override::parse(typed).unwrap()).collect();
    let runs: Vec<String> = product(&both).unwrap().iter().map(|run| format!("{} {}", run[0], run[1])).collect();
    assert_eq!(runs, ["a=1 b=x", "a=1 b=y", "a=2 b=x", "a=2 b=y"]);
    assert!(matches!(product(&[Override::parse("a=uniform(0,1)").unwrap()]), Err(Error::Unbounded { .. })));
    let many = Override::parse("a=range(1000)").unwrap();
    assert!(matches!(product(&[many.clone(), many]), Err(Error::TooMany)));
}

#[test]
fn heads_name_file_key_and_rule() {
    let head = |typed: &str| {
        let read = Override::parse(typed).unwrap();
        (read.file().to_owned(), read.key, read.how)
    };
    assert_eq!(head("train.lr=1"), ("params.yaml".into(), "train.lr".into(), How::Set));
    assert_eq!(head("p/other.json:a.b=1"), ("p/other.json".into(), "a.b".into(), How::Set));
    assert_eq!(head("+a=1"), ("params.yaml".into(), "a".into(), How::Add));
    assert_eq!(head("x.yaml:++a=1:2"), ("x.yaml".into(), "a".into(), How::Put));
    assert_eq!(head("~a"), ("params.yaml".into(), "a".into(), How::Remove));
    assert_eq!(head("x.toml:~a=3"), ("x.toml".into(), "a".into(), How::Remove));
    assert_eq!(head("a.b =1"), ("params.yaml".into(), "a.b".into(), How::Set));
}

#[test]
fn mistakes_are_pointed_at() {
    for (typed, at, says) in [
        ("a", 1, "no `=`"),
        ("=1", 0, "name"),
        ("x.=1", 0, "name"),
        (".x=1", 0, "name"),
        ("train.layers[0]=5", 12, "does not hold"),
        ("a=[", 3, "no value"),
        ("a=[1", 2, "not closed"),
        ("a={a}", 4, "no `:`"),
        ("a=\"", 2, "not closed"),
        ("a=(a)", 2, "not expected"),
        ("a=b=c", 3, "not expected"),
        ("a=1,", 4, "no value"),
        ("a=[1]x", 5, "not expected"),
        ("a=${b}", 2, "not resolved"),
        ("a=glob(*)", 2, "Hydra"),
        ("a=unifrom(1,2)", 2, "no function `unifrom`"),
        ("a=uniform(2,1)", 2, "less"),
        ("a=loguniform(0,1)", 2, "above 0"),
        ("a=int(1.5,2)", 2, "needs"),
        ("a=range(3,1)", 2, "empty"),
        ("a=range(0,1,0)", 2, "step"),
        ("a=1,uniform(0,1)", 4, "alone"),
        ("~a=1,2", 0, "once"),
    ] {
        match Override::parse(typed) {
            Err(Error::Syntax { at: found, message, .. }) => {
                assert!(found == at && message.contains(says), "{typed}: {found} {message}");
            }
            other => panic!("{typed}: {other:?}"),
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::Int(n.into())),
        any::<f64>().prop_map(Value::Float),
        "\\PC{0,8}|[a-z0-9.,:\"'\\\\ =(){}\\[\\]$-]{0,10}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let map = prop::collection::vec(("[a-z ,:\"]{1,4}", inner.clone()), 0..4);
        let map = map.prop_map(|pairs| Value::Map(pairs.into_iter().collect::<IndexMap<_, _>>()));
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::List), map]
    })
}

proptest! {
    #[test]
    fn every_value_reads_back(value in any_value()) {
        let typed = Override { file: None, key: "k".into(), how: How::Set, given: Some(Given::One(value.clone())) }.to_string();
        let read = Override::parse(&typed);
        let same = matches!(&read, Ok(Override { given: Some(Given::One(read)), .. }) if identical(read, &value));
        prop_assert!(same, "{typed:?}: {read:?} is not {value:?}");
    }

    #[test]
    fn no_text_breaks_it(typed in "\\PC{0,20}|[a-z=,(){}\\[\\]\"'\\\\ .:+~$]{0,20}") {
        if let Err(Error::Syntax { at, .. }) = Override::parse(&typed) {
            prop_assert!(at <= typed.chars().count());
        }
    }
}
