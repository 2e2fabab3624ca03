//! commit: what is there becomes what is recorded, and nothing is run.

use std::fs;

use crate::support::Sandbox;

/// `make` copies `in` to `out` and notes each run in `runs`.
fn with_stage() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.write("in", "one");
    sandbox.write("params.yaml", "lr: 1\n");
    let stages = "stages:\n  make:\n    cmd: cat in > out && echo x >> runs\n    deps: [in]\n    params: [lr]\n    outs: [out]\n";
    sandbox.write("pipelines/p.yaml", stages);
    sandbox
}

fn runs(sandbox: &Sandbox) -> usize {
    fs::read_to_string(sandbox.path("runs")).map_or(0, |text| text.lines().count())
}

#[test]
fn tracked_paths_are_recorded_as_they_are() {
    let sandbox = Sandbox::repository();
    sandbox.write("data/a", "a");
    sandbox.write("other", "o");
    sandbox.derm(["add", "data", "other"]).success();
    sandbox.write("data/a", "aa");
    sandbox.write("other", "oo");
    let done = sandbox.derm(["commit", "data", "--json"]).success().json();
    assert_eq!((&done["paths"][0]["path"], &done["paths"][0]["changed"]), (&"data".into(), &true.into()));
    let status = sandbox.derm(["status", "--json"]).success().json();
    assert_eq!(status["data"][0]["changes"], serde_json::json!([]));
    assert_eq!(status["data"][1]["changes"][0]["change"], "modified", "`other` was not asked for");
    sandbox.derm(["commit"]).success();
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["clean"], true);
    assert!(sandbox.derm(["commit"]).success().stdout.contains("nothing to do"));
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("data/a"), "aa");
}

#[test]
fn what_is_not_tracked_is_refused() {
    let sandbox = Sandbox::repository();
    sandbox.write("data", "x");
    sandbox.derm(["commit", "data"]).exits(2).complains(["data"]);
    assert!(!sandbox.path("data.derm").exists());
}

#[test]
fn a_stage_is_up_to_date_without_having_run() {
    let sandbox = with_stage();
    sandbox.derm(["repro"]).success();
    assert_eq!(runs(&sandbox), 1);
    sandbox.write("in", "one, with a comment");
    sandbox.write("params.yaml", "lr: 2\n");
    sandbox.write("out", "made by hand");
    let done = sandbox.derm(["commit", "make", "--json"]).success().json();
    assert_eq!((&done["stages"][0]["stage"], &done["stages"][0]["changed"]), (&"make".into(), &true.into()));
    sandbox.derm(["repro"]).success();
    assert_eq!((runs(&sandbox), sandbox.read("out").as_str()), (1, "made by hand"));
    let lock = sandbox.read("pipelines/p.lock");
    assert!(lock.contains("lr: 2") && lock.contains(&blake3::hash(b"made by hand").to_hex().to_string()), "{lock}");
    // The output is in the cache, and the run cache did not learn that it follows from these inputs.
    fs::remove_file(sandbox.path("out")).unwrap();
    sandbox.derm(["checkout", "out"]).success();
    assert_eq!(sandbox.read("out"), "made by hand");
    fs::remove_file(sandbox.path("pipelines/p.lock")).unwrap();
    sandbox.derm(["repro"]).success();
    assert_eq!((runs(&sandbox), sandbox.read("out").as_str()), (2, "one, with a comment"));
}

#[test]
fn a_stage_that_never_ran_is_recorded_when_all_is_there() {
    let sandbox = with_stage();
    sandbox.derm(["commit", "make"]).exits(1).complains(["output `out` does not exist", "derm repro make"]);
    sandbox.derm(["commit"]).success().complains(["`make` is left alone"]);
    assert!(!sandbox.path("pipelines/p.lock").exists());
    sandbox.write("out", "brought from elsewhere");
    sandbox.derm(["commit", "out"]).success();
    sandbox.derm(["repro"]).success();
    assert_eq!((runs(&sandbox), sandbox.read("out").as_str()), (0, "brought from elsewhere"));
    assert!(sandbox.read(".gitignore").contains("/out\n"));
    fs::remove_file(sandbox.path("in")).unwrap();
    sandbox.derm(["commit", "make"]).exits(1).complains(["depends on `in`"]);
}
