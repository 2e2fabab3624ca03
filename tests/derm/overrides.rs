//! `derm params set`: parameter files change where they should, and nowhere else.

use crate::support::Sandbox;

const PARAMS: &str = "# What is learnt.\ntrain:\n  lr: 0.001   # the rate\n  net: \"resnet18\"\n  layers: [1, 2]\n";

fn project() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.write("params.yaml", PARAMS);
    sandbox
}

#[test]
fn values_change_and_comments_stay() {
    let sandbox = project();
    let ran = sandbox.derm(["params", "set", "train.lr=1e-2", "train.net=vit", "train.layers.0=7"]).success();
    assert!(ran.stdout.contains("params.yaml: train.lr: 0.001 -> 0.01"), "{}", ran.stdout);
    let expected = PARAMS.replace("0.001", "0.01").replace("resnet18", "vit").replace("[1, 2]", "[7, 2]");
    assert_eq!(sandbox.read("params.yaml"), expected);
    sandbox.derm(["params", "set", "--add", "train.warmup=5"]).success();
    sandbox.derm(["params", "set", "~train.warmup"]).success();
    assert_eq!(sandbox.read("params.yaml"), expected);
}

#[test]
fn other_files_are_named_and_looked_for_from_where_one_is() {
    let sandbox = project();
    sandbox.write("sub/model.json", "{\n  \"depth\": 3\n}\n");
    sandbox.write("sub/own.toml", "# top\nwidth = 1 # narrow\n");
    sandbox.derm(["params", "set", "sub/model.json:depth=4", "train.lr=5"]).success();
    assert_eq!(sandbox.read("sub/model.json"), "{\n  \"depth\": 4\n}\n");
    sandbox.derm(["--cd", "sub", "params", "set", "own.toml:width=2", "train.lr=6"]).success();
    assert_eq!(sandbox.read("sub/own.toml"), "# top\nwidth = 2 # narrow\n");
    assert!(sandbox.read("params.yaml").contains("lr: 6   # the rate"));
}

#[test]
fn json_says_what_was_and_what_is() {
    let sandbox = project();
    let json = sandbox.derm(["params", "set", "--dry", "--json", "train.lr=1", "+train.new={a: [x]}", "~train.net"]).success().json();
    let params = json["params"].as_array().unwrap();
    assert_eq!((params[0]["old"].as_f64(), params[0]["new"].as_i64()), (Some(0.001), Some(1)));
    assert_eq!((&params[1]["added"], params[1]["new"]["a"][0].as_str()), (&serde_json::json!(true), Some("x")));
    assert_eq!(params[2]["removed"], serde_json::json!(true));
    assert_eq!(sandbox.read("params.yaml"), PARAMS, "--dry changes nothing");
}

#[test]
fn what_is_refused_changes_nothing() {
    let sandbox = project();
    sandbox.write("anchored.yaml", "a: &x 1\nb: *x\n");
    sandbox.write("code.py", "lr = 1\n");
    for (args, says) in [
        (&["train.lr=5", "train.lrr=1"][..], "did you mean `train.lr`?"),
        (&["+train.lr=1"], "params.yaml:3:3"),
        (&["train.lr.deep=1", "--add"], "`train.lr` is a number, not a map"),
        (&["train.lr=1,2"], "is given several values"),
        (&["train.lr=[1"], "the list is not closed"),
        (&["train.lr"], "there is no `=`"),
        (&["none.yaml:a=1"], "there is no parameter file `none.yaml`"),
        (&["anchored.yaml:a=2"], "anchored.yaml:1:1"),
    ] {
        sandbox.derm(["params", "set"].iter().chain(args)).exits(2).complains([says]);
        assert_eq!(sandbox.read("params.yaml"), PARAMS);
    }
    sandbox.derm(["params", "set", "anchored.yaml:b=2"]).success();
    assert_eq!(sandbox.read("anchored.yaml"), "a: &x 1\nb: 2\n");
}
