//! Running experiments in the workspace and beside it.

use super::{git, is_tidy, lab, names};
use crate::support::Sandbox;

#[test]
fn in_the_workspace_the_result_becomes_a_commit_beside_the_branch() {
    let lab = lab();
    let head = git(&lab, ["rev-parse", "HEAD"]);
    let report = lab.derm(["exp", "run", "-S", "train.lr=0.5", "--name", "fast", "-m", "half\n\nas much", "--json"]).success().json();
    assert_eq!(report["experiments"][0]["state"], "done");
    assert_eq!(report["experiments"][0]["metrics"][1]["value"], 0.5);
    assert_eq!(lab.read("params.yaml"), "# the settings\ntrain:\n  lr: 0.5    # how fast\n  epochs: 5\nunused: 1\n");
    assert_eq!(git(&lab, ["rev-parse", "HEAD"]), head, "the branch stays");
    assert_eq!(git(&lab, ["diff", "--cached", "--name-only"]), "", "nothing is staged");
    let reference = format!("refs/derm/exps/{}/{}/fast", &head[..2], head[2..].trim());
    assert_eq!(git(&lab, ["rev-parse", &format!("{reference}^")]), head);
    assert_eq!(git(&lab, ["diff", "--name-only", "HEAD", &reference]), "metrics.json\nparams.yaml\npipelines/p.lock\n");
    let message = git(&lab, ["log", "-1", "--format=%B", &reference]);
    assert!(
        message.starts_with(
            "derm experiment fast\n\nhalf\n\nas much\n\nDerm-Experiment: {\"schema\":1,\"overrides\":[{\"file\":\"params.yaml\""
        ),
        "{message}"
    );
}

#[test]
fn beside_the_workspace_nothing_of_it_changes() {
    let lab = lab();
    lab.write("notes.txt", "untracked");
    lab.write("staged.txt", "staged");
    git(&lab, ["add", "staged.txt"]);
    lab.write("params.yaml", "train:\n  lr: 0.2\n  epochs: 6\nunused: 1\n");
    let before = (git(&lab, ["status", "--short"]), std::fs::read(lab.path(".git/index")).unwrap());
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.7", "--name", "side"]).success();
    assert_eq!((git(&lab, ["status", "--short"]), std::fs::read(lab.path(".git/index")).unwrap()), before);
    assert_eq!(lab.read("model.bin"), "weights 0.1 5\n");
    let of = |path: &str| {
        git(&lab, ["show", &format!("{}:{path}", git(&lab, ["for-each-ref", "--format=%(refname)", "refs/derm/exps"]).trim())])
    };
    assert_eq!(of("params.yaml"), "train:\n  lr: 0.7\n  epochs: 6\nunused: 1\n", "it starts from the workspace as it is");
    assert_eq!(of("staged.txt"), "staged");
    assert!(
        !git(&lab, ["ls-tree", "-r", "--name-only", git(&lab, ["for-each-ref", "--format=%(refname)", "refs/derm/exps"]).trim()])
            .contains("notes")
    );
    assert!(is_tidy(&lab));
}

#[test]
fn a_worktree_has_only_what_its_stages_read() {
    let lab = lab();
    let list = "find . -path ./.git -prune -o -type f -print > $DERM_EXP_LIST";
    lab.write(
        "pipelines/p.yaml",
        format!("stages:\n  look:\n    cmd: {list}\n    deps: [data/in.txt]\n    outs: [out.txt]\n").replace("$DERM_EXP_LIST", "out.txt"),
    );
    lab.derm(["exp", "run", "--temp", "--name", "look"]).success();
    lab.derm(["exp", "apply", "--force", "look"]).success();
    let files = lab.read("out.txt");
    assert!(files.contains("./data/in.txt\n") && files.contains("./data/unused.bin.derm\n"), "{files}");
    assert!(!files.contains("unused.bin\n"), "data that nothing reads was brought:\n{files}");
}

#[test]
fn several_values_make_all_their_combinations() {
    let lab = lab();
    let args = ["exp", "run", "-S", "train.lr=0.1,0.2", "-S", "train.epochs=range(6,8)", "-j", "2", "--name", "grid", "--json"];
    let report = lab.derm(args).success().json();
    let lines: Vec<String> = report["experiments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {} {}", one["name"].as_str().unwrap(), one["overrides"][0]["value"].as_str().unwrap(), one["metrics"][0]["value"])
        })
        .collect();
    assert_eq!(lines, ["grid-1 0.1 0.65", "grid-2 0.1 0.75", "grid-3 0.2 0.65", "grid-4 0.2 0.75"]);
    assert!(is_tidy(&lab));
    assert_eq!(lab.read("model.bin"), "weights 0.1 5\n");
}

#[test]
fn what_was_run_anywhere_is_not_run_again() {
    let lab = lab();
    // What has an output without a cache is always run: nothing could bring that output back.
    lab.write("pipelines/p.yaml", "stages:\n  train:\n    cmd: sh train.sh ${train.lr} 5\n    deps: [data/in.txt, train.sh]\n    params: [train.lr]\n    outs: [model.bin, metrics.json]\n");
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.3", "--name", "one"]).success();
    let again = lab.derm(["exp", "run", "-S", "train.lr=0.3"]).success();
    assert!(again.stderr.contains("restored from the cache"), "{}", again.stderr);
    assert!(again.stdout.contains("the result is that of the experiment `one`"), "{}", again.stdout);
    assert_eq!(names(&lab), ["one"]);
}

#[test]
fn a_failure_is_no_experiment_and_says_what_stays() {
    let lab = lab();
    lab.write("fail", "");
    lab.derm(["exp", "run", "-S", "train.lr=0.9"]).exits(1).complains([
        "the oven is cold",
        "no experiment was saved",
        "`git diff` shows how",
    ]);
    assert!(lab.read("params.yaml").contains("lr: 0.9"));
    assert_eq!(lab.read("model.bin"), "weights 0.1 5\n");
    git(&lab, ["checkout", "params.yaml"]);
    // An untracked file is not where the experiment runs, unless it is taken along.
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.9", "--name", "warm"]).success();
    let ran = lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.8", "--name", "cold", "-C", "fail"]).exits(1);
    ran.complains(["the oven is cold", "1 experiment failed", ".derm/exps/logs/cold.log"]);
    assert_eq!(names(&lab), ["warm"]);
    assert!(lab.derm(["exp", "list"]).success().stdout.contains("failed  cold"));
    assert!(lab.read(".derm/exps/logs/cold.log").contains("the oven is cold"));
}

#[test]
fn names_are_given_or_made_and_never_taken_twice() {
    let lab = lab();
    lab.derm(["exp", "run", "-S", "train.lr=0.5", "--temp", "-n", "same"]).success();
    lab.derm(["exp", "run", "-S", "train.lr=0.6", "--temp", "-n", "same"])
        .exits(2)
        .complains(["there is an experiment `same` already", "--force"]);
    lab.derm(["exp", "run", "-S", "train.lr=0.6", "--temp", "-n", "same", "-f"]).success();
    assert_eq!(names(&lab), ["same"]);
    for bad in ["a b", "a/b", "..", "a~1", "-x", ""] {
        lab.derm(["exp", "run", "--temp", &format!("--name={bad}")]).exits(2).complains(["is no name for an experiment"]);
    }
    lab.derm(["exp", "run", "-S", "train.lr=0.7", "--temp"]).success();
    lab.derm(["exp", "run", "-S", "train.lr=0.8"]).success();
    let names = names(&lab);
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|name| name == "same" || name.split('-').count() == 2), "{names:?}");
}

#[test]
fn wrong_parameters_targets_and_inputs_are_told_before_anything_runs() {
    let lab = lab();
    for where_ in ["--temp", "--force"] {
        lab.derm(["exp", "run", where_, "-S", "train.lrr=1"]).exits(2).complains(["train.lrr", "did you mean `train.lr`?"]);
        lab.derm(["exp", "run", where_, "-S", "train.lr"]).exits(2).complains(["train.lr"]);
        lab.derm(["exp", "run", where_, "trainn"]).exits(2).complains(["trainn"]);
    }
    lab.write("raw/big.txt", vec![b'x'; 2_000_000]);
    lab.write("pipelines/q.yaml", "stages:\n  raw:\n    cmd: cp raw/big.txt out.txt\n    deps: [raw/big.txt]\n    outs: [out.txt]\n");
    lab.derm(["exp", "run", "--temp", "raw"]).exits(2).complains([
        "neither git nor derm tracks",
        "--copy-paths raw/big.txt",
        "derm add raw/big.txt",
    ]);
    lab.derm(["exp", "run", "--temp", "raw", "-C", "raw", "--name", "copied"]).success();
    assert!(is_tidy(&lab));
    assert!(!lab.derm(["exp", "list"]).success().stdout.contains("failed"), "what could not be started is not kept");
    assert_eq!(names(&lab), ["copied"]);
}

#[test]
fn pipelines_and_code_that_git_does_not_know_yet_take_part() {
    let lab = lab();
    lab.write("new.sh", "echo '{\"score\": 1}' > score.json\n");
    lab.write("pipelines/new.yaml", "stages:\n  new:\n    cmd: sh new.sh\n    deps: [new.sh]\n    metrics: [score.json: {cache: false}]\n");
    let report = lab.derm(["exp", "run", "--temp", "--name", "new", "--json"]).success().json();
    let scores = report["experiments"][0]["metrics"].as_array().unwrap().iter().filter(|leaf| leaf["key"] == "score").count();
    assert_eq!(scores, 1);
    assert!(git(&lab, ["status", "--short"]).contains("?? new.sh"));
}

#[test]
fn a_folder_of_a_larger_git_repository_and_a_place_elsewhere() {
    let outer = Sandbox::empty();
    let scratch = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(outer.path("lab/pipelines")).unwrap();
    outer.git(["init", "--quiet"]);
    outer.write("shared.txt", "outside of derm's root\n");
    outer.derm(["init", "lab"]).success();
    outer.write("lab/params.yaml", "x: 1\n");
    outer.write(
        "lab/pipelines/p.yaml",
        "stages:\n  a:\n    cmd: cat ../shared.txt > out.txt && echo ${x} >> out.txt\n    params: [x]\n    outs: [out.txt]\n",
    );
    outer.derm(["--cd", "lab", "config", "exp.dir", &scratch.path().to_string_lossy()]).success();
    outer.git(["add", "-A"]);
    outer.git(["commit", "--quiet", "-m", "start"]);
    outer.derm(["--cd", "lab", "exp", "run", "--temp", "-S", "x=2", "--name", "two"]).success();
    outer.derm(["--cd", "lab", "exp", "apply", "two"]).success();
    assert_eq!(outer.read("lab/out.txt"), "outside of derm's root\n2\n");
    assert_eq!(outer.read("lab/params.yaml"), "x: 2\n");
}

#[test]
fn without_git_or_a_commit_it_says_so() {
    let bare = Sandbox::repository();
    bare.write("pipelines/p.yaml", "stages:\n  a:\n    cmd: echo 1 > a\n    outs: [a]\n");
    for args in
        [&["exp", "run"][..], &["exp", "run", "--temp"], &["exp", "show"], &["exp", "list"], &["exp", "save"], &["exp", "apply", "x"]]
    {
        bare.derm(args).exits(2).complains(["is not under git", "git init"]);
    }
    bare.git(["init", "--quiet"]);
    for args in [&["exp", "run"][..], &["exp", "run", "--temp"], &["exp", "show"], &["exp", "list"]] {
        bare.derm(args).exits(2).complains(["there is no commit yet", "git commit"]);
    }
    assert!(!bare.path("a").exists(), "nothing ran");
}

#[test]
fn runs_that_an_experiment_records_outlive_its_worktree() {
    let lab = lab();
    let cmd = "mkdir -p .derm/runs/skin/r1 && echo $DERM_EXP_NAME > .derm/runs/skin/r1/name && echo 1 > m.bin";
    lab.write("pipelines/p.yaml", format!("stages:\n  a:\n    cmd: {cmd}\n    params: [train]\n    outs: [m.bin]\n"));
    lab.derm(["exp", "run", "--temp", "--name", "kept"]).success();
    assert_eq!(lab.read(".derm/runs/skin/r1/name"), "kept\n");
}
