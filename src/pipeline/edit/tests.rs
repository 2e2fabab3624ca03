use indexmap::IndexMap;
use proptest::prelude::*;

use super::*;
use crate::relpath::RelPath;

fn source(name: &str, text: &str) -> Source {
    Source { path: RelPath::new(name).unwrap(), text: text.into() }
}

fn value(yaml: &str) -> Value {
    paramfile::parse(&source("x.yaml", yaml)).unwrap().value
}

/// `KEY=YAML`, with `+`, `++` or `~` before it.
fn edit(written: &str) -> Edit {
    let (key, given) = written.split_once('=').map_or((written, None), |(key, given)| (key, Some(value(given))));
    let given_or_null = given.clone().unwrap_or(Value::Null);
    let (key, action) = match (key.strip_prefix("++"), key.strip_prefix('+'), key.strip_prefix('~')) {
        (Some(key), ..) => (key, Action::Put(given_or_null)),
        (_, Some(key), _) => (key, Action::Add(given_or_null)),
        (.., Some(key)) => (key, Action::Remove(given)),
        _ => (key, Action::Set(given_or_null)),
    };
    Edit { key: key.to_owned(), action }
}

fn edited(name: &str, text: &str, edits: &[&str]) -> Result<String, Error> {
    let edits: Vec<Edit> = edits.iter().map(|written| edit(written)).collect();
    apply(&source(name, text), &edits).map(|edited| edited.text)
}

#[track_caller]
fn becomes(text: &str, edits: &[&str], expected: &str) {
    match edited("params.yaml", text, edits) {
        Ok(text) => assert_eq!(text, expected, "{edits:?}"),
        Err(error) => panic!("{edits:?}: {error:?}"),
    }
}

const FILE: &str = "\
# What is learnt.
train:
  lr: 0.001   # the rate
  net: \"resnet18\"
  'name': 'it''s'   # quoted
  layers: [1, 2, 3]

  # How long.
  epochs: 10
list:
- a   # first
- b
deep: {x: 1, y: {z: two}}
nothing:
";

#[test]
fn a_value_changes_and_nothing_else() {
    let with = |from: &str, to: &str| FILE.replace(from, to);
    for (edit, from, to) in [
        ("train.lr=0.01", "0.001", "0.01"),
        ("train.lr=1e-5", "0.001", "1.0e-05"),
        ("train.lr=null", "0.001", "null"),
        ("train.lr=fast", "0.001", "fast"),
        ("train.net=vit", "\"resnet18\"", "\"vit\""),
        ("train.net=3", "\"resnet18\"", "3"),
        ("train.name=\"ok's\"", "'it''s'", "'ok''s'"),
        ("train.layers=[1, 2]", "[1, 2, 3]", "[1, 2]"),
        ("train.layers=[1, 5, 3, 4]", "[1, 2, 3]", "[1, 5, 3, 4]"),
        ("train.layers.1=5", "[1, 2, 3]", "[1, 5, 3]"),
        ("train.layers=[]", "[1, 2, 3]", "[]"),
        ("train.epochs=20", "epochs: 10", "epochs: 20"),
        ("train={epochs: 20}", "epochs: 10", "epochs: 20"),
        ("list.0=z", "- a ", "- z "),
        ("list=[a]", "- b\n", ""),
        ("list=[a, b, c d]", "- b\n", "- b\n- c d\n"),
        ("list=x", "list:\n- a   # first\n- b\n", "list: x\n"),
        ("deep.y.z=\"a, b\"", "two", "\"a, b\""),
        ("deep.x=[1, {k: v}]", "x: 1", "x: [1, {k: v}]"),
        ("nothing=5", "nothing:", "nothing: 5"),
        ("train=7", FILE, &FILE.replace(&FILE[FILE.find("train").unwrap()..FILE.find("list").unwrap()], "train: 7\n")),
        ("+train.new=1", "epochs: 10\n", "epochs: 10\n  new: 1\n"),
        ("+train.a.b.c=1", "epochs: 10\n", "epochs: 10\n  a:\n    b:\n      c: 1\n"),
        ("+top=x", "nothing:\n", "nothing:\ntop: x\n"),
        ("+deep.y.w=1", "{z: two}", "{z: two, w: 1}"),
        ("+deep.y.w=\"[\"", "{z: two}", "{z: two, w: \"[\"}"),
        ("+nothing.inner=1", "nothing:", "nothing: {inner: 1}"),
        ("+list.2=c", "- b\n", "- b\n- c\n"),
        ("+train.text=\"a\\nb\\n\"", "epochs: 10\n", "epochs: 10\n  text: |\n    a\n    b\n"),
        ("~train.lr", "  lr: 0.001   # the rate\n", ""),
        ("~deep.x", "x: 1, ", ""),
        ("~deep.y", ", y: {z: two}", ""),
        ("~deep.y.z", "{z: two}", "{}"),
        ("~nothing", "nothing:\n", ""),
        ("~list.0", "- a   # first\n- b\n", "- b   # first\n"),
    ] {
        becomes(FILE, &[edit], &with(from, to));
    }
}

#[test]
fn several_edits_hold_one_after_the_other() {
    let expected = FILE.replace("0.001", "1").replace("  epochs: 10\n", "  epochs: 10\n  new: {a: 1}\n  b: 2\n");
    let expected = expected.replace("  new: {a: 1}\n", "  new:\n    a: 1\n").replace("nothing:\n", "nothing:\ntop: 1\n");
    becomes(FILE, &["train.lr=1", "+train.new={a: 1}", "+train.b=2", "+top=1"], &expected);
}

#[test]
fn anchors_stay_where_they_are() {
    let text = "base: &b {lr: 1, wd: 2}\none:\n  <<: *b\n  lr: 3\ntwo: *b\nn: &n 5\nm: *n\n";
    becomes(text, &["one.lr=4"], &text.replace("lr: 3", "lr: 4"));
    becomes(text, &["one.wd=4"], &text.replace("  lr: 3\n", "  lr: 3\n  wd: 4\n"));
    becomes(text, &["two.lr=4"], &text.replace("two: *b", "two: {lr: 4, wd: 2}"));
    becomes(text, &["m=6"], &text.replace("*n", "6"));
    for shared in ["base.lr=2", "n=6", "~one.wd"] {
        let error = edited("params.yaml", text, &[shared]).unwrap_err();
        assert!(matches!(error, Error::Unwritable { .. }), "{shared}: {error:?}");
    }
    becomes("a: &x 1\nb: 2\n", &["a=3"], "a: &x 3\nb: 2\n");
}

#[test]
fn odd_layouts_are_kept() {
    becomes("a: 1\r\nb:\r\n  c: 2\r\n", &["b.c=3", "+b.d=4"], "a: 1\r\nb:\r\n  c: 3\r\n  d: 4\r\n");
    becomes("\u{feff}a: 1\n", &["a=2", "+b=3"], "\u{feff}a: 2\nb: 3\n");
    becomes("a: 1", &["+b=2", "+c=3"], "a: 1\nb: 2\nc: 3");
    becomes("", &["+a.b=2"], "a:\n  b: 2\n");
    becomes("# only a remark\n", &["+a=2"], "# only a remark\na: 2\n");
    becomes("é: {ü: 1}\n", &["é.ü=2"], "é: {ü: 2}\n");
    becomes("a: !!str 5\n", &["a=6"], "a: 6\n");
    becomes("- a: 1\n  b: 2\n- c\n", &["0.a=5", "1=7"], "- a: 5\n  b: 2\n- 7\n");
    becomes("l:\n  - a: 1\n    b: 2\n", &["~l.0.a"], "l:\n  - b: 2\n");
    becomes("l:\n  - a: 1\n    b: 2\n", &["+l.0.c=3"], "l:\n  - a: 1\n    b: 2\n    c: 3\n");
    becomes("t: |\n  one\n  two\nu: 1\n", &["t=\"x\\ny\\n\""], "t: |\n  x\n  y\nu: 1\n");
    becomes("t: >-\n  one\n  two\nu: 1\n", &["t=x"], "t: x\nu: 1\n");
    becomes("a: {\n  b: 1,\n  c: 2\n}\n", &["+a.d=3"], "a: {\n  b: 1,\n  c: 2,\n  d: 3\n}\n");
    becomes("a.b: 1\na:\n  b: 2\n", &["a.b=3"], "a.b: 3\na:\n  b: 2\n");
    becomes("a:\n  b: 1\n  # end\nc: 1\n", &["+a.d=2"], "a:\n  b: 1\n  d: 2\n  # end\nc: 1\n");
    becomes("a: [x, y]\n", &["a.0=null"], "a: [null, y]\n");
    becomes("1: {true: 2}\n", &["1.true=3"], "1: {true: 3}\n");
    becomes("a: plain\n  goes on\nb: 1\n", &["a=x"], "a: x\nb: 1\n");
}

#[test]
fn json_keeps_its_indentation() {
    let text = "{\n    \"train\": {\n        \"lr\": 1e-3,\n        \"net\": \"a\\u0062\"\n    },\n    \"list\": [1, 2]\n}\n";
    let done = edited("params.json", text, &["train.lr=0.5", "+train.new={a: [1]}", "list.1=x", "~train.net"]);
    let expected = "{\n    \"train\": {\n        \"lr\": 0.5,\n        \"new\": {\"a\": [1]}\n    },\n    \"list\": [1, \"x\"]\n}\n";
    assert_eq!(done.unwrap(), expected);
    assert_eq!(edited("p.json", "{}", &["+a.b=1"]).unwrap(), "{\"a\": {\"b\": 1}}");
    assert!(matches!(edited("p.json", "{\"a\": 1}", &["a=.nan"]), Err(Error::Unwritable { .. })));
}

#[test]
fn toml_keeps_its_comments() {
    let text = "# top\n[train]\nlr = 0.001 # the rate\nnet = \"a\"\n\n[[runs]]\nx = 1\n";
    let done = edited("p.toml", text, &["train.lr=0.5", "+train.new=[1, 2]", "runs.0.x=2", "~train.net"]).unwrap();
    assert_eq!(done, "# top\n[train]\nlr = 0.5 # the rate\nnew = [1, 2]\n\n[[runs]]\nx = 2\n");
    assert!(matches!(edited("p.toml", text, &["train.lr=null"]), Err(Error::Unwritable { .. })));
}

#[test]
fn what_is_refused() {
    let refused = |written: &str| edited("params.yaml", FILE, &[written]).unwrap_err();
    match refused("train.lrr=1") {
        Error::Missing { key, near, .. } => assert_eq!((key.as_str(), near.as_deref()), ("train.lrr", Some("train.lr"))),
        other => panic!("{other:?}"),
    }
    match refused("train={lr: 1, epoch: 2}") {
        Error::Missing { key, near, .. } => assert_eq!((key.as_str(), near.as_deref()), ("train.epoch", Some("train.epochs"))),
        other => panic!("{other:?}"),
    }
    match refused("+train.lr=1") {
        Error::Exists { value, place, .. } => assert_eq!((value.as_str(), place.unwrap().line), ("0.001", 3)),
        other => panic!("{other:?}"),
    }
    match refused("+train.lr.deeper=1") {
        Error::NotAMap { parent, place, .. } => assert_eq!((parent.as_str(), place.unwrap().line), ("train.lr", 3)),
        other => panic!("{other:?}"),
    }
    assert!(matches!(refused("~train.lrr"), Error::Missing { .. }));
    assert!(matches!(refused("~train.lr=5"), Error::OtherValue { .. }));
    assert!(matches!(refused("+list.7=5"), Error::Missing { .. }));
    assert!(matches!(edited("p.yaml", "a: [", &["a=1"]), Err(Error::Definition(_))));
    assert!(edited("params.yaml", FILE, &["+nothing=1"]).is_ok());
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::Int(n.into())),
        any::<f64>().prop_filter("JSON has none", |x| x.is_finite()).prop_map(Value::Float),
        "[a-z ,:#\\[\\]{}&*!|>'\"%@`-]{0,8}|\\PC{0,6}|(a|b|\n| )*".prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let map = prop::collection::vec(("[a-c]|x y|[#:,-]|1", inner.clone()), 0..4);
        let map = map.prop_map(|pairs| Value::Map(pairs.into_iter().collect::<IndexMap<_, _>>()));
        prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::List), map]
    })
}

/// As people write it: blocks, with a remark behind each scalar.
fn blocks(value: &Value, indent: usize, out: &mut String) {
    let margin = " ".repeat(indent);
    let mut entry = |head: String, inner: &Value| match inner {
        Value::Map(map) if !map.is_empty() => {
            out.push_str(&format!("{margin}{head}\n"));
            blocks(inner, indent + 2, out);
        }
        Value::List(items) if !items.is_empty() => {
            out.push_str(&format!("{margin}{head}\n"));
            blocks(inner, indent + 2, out);
        }
        scalar => out.push_str(&format!("{margin}{head} {}  # remark\n", words::flow(scalar, words::Dialect::Yaml).unwrap())),
    };
    match value {
        Value::Map(map) => map.iter().for_each(|(key, inner)| entry(format!("{}:", words::text(key, words::Dialect::Yaml, false)), inner)),
        Value::List(items) => items.iter().for_each(|inner| entry("-".to_owned(), inner)),
        _ => {}
    }
}

/// Drawn once: the lines of a block stood no further in than the dash.
#[test]
fn several_lines_in_a_list() {
    let source = source("p.yaml", "k:\n  - []\nz: 1\n");
    let old = paramfile::parse(&source).unwrap().value;
    let list = Value::List(vec![Value::Text("a\na".to_owned())]);
    let new = Value::Map([("k".to_owned(), list), ("z".to_owned(), Value::Int(1))].into_iter().collect());
    assert_eq!(rewrite(&source, &old, &new).unwrap(), "k:\n  - \"a\\na\"\nz: 1\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any map becomes any other, in blocks, on one line and as JSON: `apply` itself reads back.
    #[test]
    fn any_map_becomes_any_other(old in any_value(), new in any_value()) {
        let wrap = |value: &Value| Value::Map([("k".to_owned(), value.clone()), ("z".to_owned(), Value::Int(1))].into_iter().collect());
        let (old, new) = (wrap(&old), wrap(&new));
        let mut block = String::new();
        blocks(&old, 0, &mut block);
        for (name, text) in [
            ("p.yaml", block),
            ("p.yaml", words::flow(&old, words::Dialect::Yaml).unwrap()),
            ("p.json", words::flow(&old, words::Dialect::Json).unwrap()),
        ] {
            let source = source(name, &text);
            let read = paramfile::parse(&source).unwrap_or_else(|problems| panic!("{text:?}: {problems:?}")).value;
            let Some(out) = rewrite(&source, &read, &new) else { panic!("{text:?} cannot become {new:?}") };
            let again = paramfile::parse(&Source { text: out.as_str().into(), ..source }).map(|read| read.value);
            prop_assert!(again.as_ref().is_ok_and(|again| identical(again, &new)), "{text:?}\n->\n{out:?}\n{again:?}\nnot {new:?}");
        }
    }
}
