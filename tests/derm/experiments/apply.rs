//! An experiment becomes the workspace, a branch, another name, or goes; its data stays as long as it does.

use super::{git, lab, names};

#[test]
fn apply_writes_files_and_data_and_nothing_else() {
    let lab = lab();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5", "--name", "half"]).success();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.6", "--name", "more"]).success();
    lab.write("notes.txt", "mine");
    lab.derm(["exp", "apply", "half"]).success();
    assert_eq!(lab.read("model.bin"), "weights 0.5 5\n");
    assert!(lab.read("params.yaml").contains("lr: 0.5    # how fast"));
    assert!(lab.derm(["status"]).success().stdout.contains("up to date"));
    assert_eq!(git(&lab, ["status", "--short"]), " M metrics.json\n M params.yaml\n M pipelines/p.lock\n?? notes.txt\n");
    // What is there now is an experiment: nothing would be lost.
    lab.derm(["exp", "apply", "more"]).success();
    assert_eq!(lab.read("model.bin"), "weights 0.6 5\n");
    assert!(lab.derm(["exp", "apply", "more"]).success().stdout.contains("already"));
    assert_eq!(lab.read("notes.txt"), "mine");
}

#[test]
fn uncommitted_changes_and_unsaved_data_are_not_overwritten() {
    let lab = lab();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5", "--name", "half"]).success();
    lab.write("params.yaml", "train:\n  lr: 0.1\n  epochs: 9\nunused: 1\n");
    lab.derm(["exp", "apply", "half"]).exits(1).complains(["uncommitted changes would be overwritten", "params.yaml", "derm exp save", "--force"]);
    assert!(lab.read("params.yaml").contains("epochs: 9"));
    assert_eq!(lab.read("model.bin"), "weights 0.1 5\n");
    git(&lab, ["checkout", "params.yaml"]);
    lab.write("model.bin", "by hand\n");
    lab.derm(["exp", "apply", "half"]).exits(1).complains(["model.bin"]);
    assert_eq!(lab.read("model.bin"), "by hand\n");
    assert!(lab.read("params.yaml").contains("lr: 0.1"), "the files stay when the data cannot be replaced");
    lab.derm(["exp", "apply", "half", "--force"]).success();
    assert_eq!(lab.read("model.bin"), "weights 0.5 5\n");
}

#[test]
fn an_untracked_file_in_the_way_is_kept() {
    let lab = lab();
    lab.write("new.sh", "echo 1 > new.out\n");
    lab.write("pipelines/new.yaml", "stages:\n  new:\n    cmd: sh new.sh\n    deps: [new.sh]\n    outs: [new.out]\n");
    lab.derm(["exp", "run", "--temp", "--name", "new"]).success();
    lab.write("new.sh", "echo 2 > new.out\n");
    lab.derm(["exp", "apply", "new"]).exits(1).complains(["new.sh"]);
    assert_eq!(lab.read("new.sh"), "echo 2 > new.out\n");
}

#[test]
fn an_experiment_of_an_older_commit_gives_only_what_it_changed() {
    let lab = lab();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5", "--name", "old"]).success();
    lab.write("README", "new since\n");
    lab.git(["add", "README"]);
    lab.git(["commit", "--quiet", "-m", "moved on"]);
    assert!(lab.derm(["exp", "list"]).success().stdout.contains("no experiments of this commit"));
    assert_eq!(names(&lab), ["old"]);
    assert!(!lab.derm(["exp", "show"]).success().stdout.contains("old"));
    assert!(lab.derm(["exp", "show", "-n", "2"]).success().stdout.contains("old"));
    assert!(lab.derm(["exp", "show", "--rev", "HEAD~1"]).success().stdout.contains("old"));
    lab.derm(["exp", "apply", "old"]).success().complains(["another commit than this"]);
    assert_eq!(lab.read("README"), "new since\n");
    assert_eq!(lab.read("model.bin"), "weights 0.5 5\n");
}

#[test]
fn branches_names_and_removal() {
    let lab = lab();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5", "--name", "half"]).success();
    lab.derm(["exp", "branch", "half", "good"]).success();
    lab.derm(["exp", "branch", "half", "good"]).exits(2).complains(["there is a branch `good` already"]);
    assert!(git(&lab, ["show", "good:params.yaml"]).contains("lr: 0.5"));
    lab.derm(["exp", "rename", "half", "middle"]).success();
    lab.derm(["exp", "apply", "half"]).exits(2).complains(["there is no experiment `half`"]);
    lab.derm(["exp", "apply", "midle"]).exits(2).complains(["did you mean `middle`?"]);
    lab.derm(["exp", "remove", "middle"]).success();
    assert_eq!(names(&lab), [""; 0]);
    assert!(git(&lab, ["show", "good:params.yaml"]).contains("lr: 0.5"), "the branch stays");
}

#[test]
fn the_workspace_can_be_saved_as_it_is() {
    let lab = lab();
    assert!(lab.derm(["exp", "save"]).success().stdout.contains("the result is that of the commit"));
    lab.write("params.yaml", "train:\n  lr: 0.4\n  epochs: 5\nunused: 1\n");
    lab.derm(["exp", "save", "--name", "kept", "-m", "by hand"]).success();
    git(&lab, ["checkout", "params.yaml"]);
    lab.derm(["exp", "apply", "kept"]).success();
    assert!(lab.read("params.yaml").contains("lr: 0.4"));
}

#[test]
fn gc_keeps_the_data_of_experiments_until_they_are_removed() {
    let lab = lab();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5", "--name", "half"]).success();
    lab.derm(["exp", "run", "--queue", "-S", "train.lr=0.7", "--name", "later"]).success();
    lab.derm(["gc", "-w", "--grace", "0"]).success();
    lab.derm(["exp", "apply", "half"]).success();
    assert_eq!(lab.read("model.bin"), "weights 0.5 5\n");
    git(&lab, ["checkout", "."]);
    lab.derm(["checkout", "--force"]).success();
    lab.derm(["exp", "remove", "half"]).success();
    let swept = lab.derm(["gc", "-w", "--grace", "0", "--json"]).success().json();
    assert_eq!(swept["removed"]["count"], 1, "{swept}");
}
