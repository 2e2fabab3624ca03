//! Experiments: commits beside the user's own, run in the workspace or in worktrees, compared, applied, shared.

mod apply;
mod queue;
mod run;
mod share;
mod show;

use std::process::Command;

use crate::support::Sandbox;

/// A repository with one commit: a stage whose metrics follow from two parameters and an input, and data that nothing reads.
pub fn lab() -> Sandbox {
    let lab = Sandbox::repository();
    lab.write("params.yaml", "# the settings\ntrain:\n  lr: 0.1    # how fast\n  epochs: 5\nunused: 1\n");
    lab.write(
        "train.sh",
        "set -e\n\
         test ! -e fail || { echo 'the oven is cold'; exit 3; }\n\
         echo \"training with $1\"\n\
         echo \"{\\\"accuracy\\\": 0.${2}5, \\\"val\\\": {\\\"loss\\\": $1}, \\\"size\\\": $(wc -c < data/in.txt)}\" > metrics.json\n\
         echo \"weights $1 $2\" > model.bin\n",
    );
    lab.write(
        "pipelines/p.yaml",
        "stages:\n  train:\n    cmd: sh train.sh ${train.lr} ${train.epochs}\n    deps: [data/in.txt, train.sh]\n    params: [train]\n    \
         outs: [model.bin]\n    metrics:\n      - metrics.json: {cache: false}\n",
    );
    lab.write("data/in.txt", "seven\n");
    lab.write("data/unused.bin", vec![7; 100_000]);
    lab.derm(["add", "data/in.txt", "data/unused.bin"]).success();
    lab.derm(["repro"]).success();
    lab.git(["init", "--quiet"]);
    lab.git(["add", "-A"]);
    lab.git(["commit", "--quiet", "-m", "start"]);
    lab
}

/// What git prints.
pub fn git<const N: usize>(lab: &Sandbox, args: [&str; N]) -> String {
    let output = Command::new("git").args(args).current_dir(lab.root()).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The names of all experiments, sorted.
pub fn names(lab: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = lab.derm(["exp", "list", "-A", "--name-only"]).success().stdout.lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// Whether nothing is left of trials: no worktree here and none that git knows of.
pub fn is_tidy(lab: &Sandbox) -> bool {
    let trials = std::fs::read_dir(lab.path(".derm/tmp/exps")).into_iter().flatten().count();
    trials == 0 && git(lab, ["worktree", "list"]).lines().count() == 1 && git(lab, ["for-each-ref", "refs/derm/snapshots"]).is_empty()
}
