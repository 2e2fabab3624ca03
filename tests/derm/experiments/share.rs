//! Experiments go to another git repository and come from it; their data through derm's remote.

use super::{git, lab, names};
use crate::support::Sandbox;

/// A lab with a bare repository `origin` and a folder remote, everything pushed, and a clone of it.
fn shared() -> (Sandbox, Sandbox) {
    let (lab, clone) = (lab(), Sandbox::empty());
    lab.write(".gitignore", "/origin.git\n/remote\n");
    git(&lab, ["init", "--quiet", "--bare", "origin.git"]);
    let origin = lab.path("origin.git").to_string_lossy().into_owned();
    lab.git(["remote", "add", "origin", &origin]);
    lab.derm(["remote", "add", "-d", "store", &lab.path("remote").to_string_lossy()]).success();
    lab.git(["add", "-A"]);
    lab.git(["commit", "--quiet", "-m", "remotes"]);
    lab.git(["push", "--quiet", "origin", "HEAD:main"]);
    git(&clone, ["clone", "--quiet", "-b", "main", &origin, "."]);
    (lab, clone)
}

#[test]
fn a_clone_gets_experiments_with_their_data() {
    let (lab, clone) = shared();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5,0.6", "--name", "e"]).success();
    let sent = lab.derm(["exp", "push", "origin", "e-1"]).success();
    assert!(sent.stdout.contains("Sent 1 experiment to `origin`: `e-1`"), "{}", sent.stdout);
    assert!(!git(&lab, ["ls-remote", "origin"]).contains("e-2"));
    clone.derm(["exp", "pull", "origin", "e-2"]).exits(2).complains(["did you mean `e-1`?"]);
    let brought = clone.derm(["exp", "pull", "origin"]).success();
    assert!(brought.stdout.contains("Brought 1 experiment from `origin`: `e-1`"), "{}", brought.stdout);
    assert_eq!(names(&clone), ["e-1"]);
    clone.derm(["exp", "apply", "e-1"]).success();
    assert_eq!(clone.read("model.bin"), "weights 0.5 5\n");
    // All of the commit.
    lab.derm(["exp", "push", "origin"]).success();
    clone.derm(["exp", "pull", "origin"]).success();
    assert_eq!(names(&clone), ["e-1", "e-2"]);
}

#[test]
fn only_references_where_only_they_are_wanted_and_no_experiment_is_replaced_unasked() {
    let (lab, clone) = shared();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5", "--name", "e"]).success();
    lab.derm(["exp", "push", "origin", "--no-data"]).success();
    assert!(!lab.path("remote").exists());
    let pulled = clone.derm(["exp", "pull", "origin"]);
    assert_ne!(pulled.code, 0, "{}{}", pulled.stdout, pulled.stderr);
    assert_eq!(names(&clone), ["e"]);
    clone.derm(["exp", "apply", "e"]).exits(1).complains(["model.bin"]);
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.7", "--name", "e", "-f"]).success();
    lab.derm(["exp", "push", "origin"]).exits(1).complains(["--force"]);
    lab.derm(["exp", "push", "origin", "--force"]).success();
    clone.derm(["exp", "pull", "origin"]).exits(1).complains(["--force"]);
    clone.derm(["exp", "pull", "origin", "--force"]).success();
    assert!(clone.derm(["exp", "show", "--csv"]).success().stdout.contains("0.7"));
    lab.derm(["exp", "push", "nowhere"]).exits(1).complains(["nowhere"]);
}
