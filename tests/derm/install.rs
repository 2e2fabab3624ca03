//! `derm install` and the merge driver, with git's own merges.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use crate::support::{Sandbox, binary};

/// Runs git with derm on its PATH, as a fixed author.
fn git(sandbox: &Sandbox, args: &[&str]) -> Output {
    let path = format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]).args(args);
    command.current_dir(sandbox.root()).env("PATH", path).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    command.output().unwrap()
}

#[track_caller]
fn git_ok(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = git(sandbox, args);
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "git {args:?}: {text}");
    text
}

/// A repository with `install` done and a tracked folder, committed on `main`.
fn repository() -> Sandbox {
    let sandbox = Sandbox::empty();
    git_ok(&sandbox, &["init", "-q"]);
    sandbox.derm(["init"]).success();
    sandbox.derm(["install"]).success();
    for name in ["a", "b", "c", "deep/d", "deep/e"] {
        sandbox.write(&format!("data/{name}"), name);
    }
    sandbox.derm(["add", "data"]).success();
    commit(&sandbox, "start");
    sandbox
}

fn commit(sandbox: &Sandbox, message: &str) {
    git_ok(sandbox, &["add", "-A"]);
    git_ok(sandbox, &["commit", "-qm", message]);
}

/// Makes a change on a branch from where `main` is, and goes back.
fn on_branch(sandbox: &Sandbox, change: impl FnOnce(&Sandbox)) {
    git_ok(sandbox, &["checkout", "-qb", "side"]);
    change(sandbox);
    commit(sandbox, "side");
    git_ok(sandbox, &["checkout", "-q", "main"]);
}

fn record(name: &str, cmd: &str) -> String {
    format!("  {name}:\n    cmd: {cmd}\n")
}

fn lock(stages: &[(&str, &str)]) -> String {
    let head = "# What each stage last used and made. Written by `derm repro`; commit it, do not edit it.\nschema: 1\nstages:\n";
    stages.iter().fold(head.to_owned(), |text, (name, cmd)| text + &record(name, cmd))
}

#[test]
fn hooks_of_others_keep_what_they_do() {
    let sandbox = Sandbox::empty();
    git_ok(&sandbox, &["init", "-q"]);
    sandbox.derm(["init"]).success();
    let theirs = "#!/bin/bash\necho theirs\nexit 0\n";
    sandbox.write(".git/hooks/pre-commit", theirs);
    sandbox.write(".git/hooks/pre-push", "#!/usr/bin/env python3\nprint(1)\n");
    let before = sandbox.read(".git/config");
    let done = sandbox.derm(["install"]).exits(1);
    assert!(done.stdout.contains("no shell script") && done.stdout.contains("derm push"), "{}", done.stdout);
    let hook = sandbox.read(".git/hooks/pre-commit");
    assert!(hook.starts_with("#!/bin/bash\n# derm's block") && hook.ends_with("\necho theirs\nexit 0\n"), "{hook}");
    assert_eq!(sandbox.read(".git/hooks/pre-push"), "#!/usr/bin/env python3\nprint(1)\n");
    assert_eq!(fs::metadata(sandbox.path(".git/hooks/post-checkout")).unwrap().permissions().mode() & 0o111, 0o111);
    let again = sandbox.derm(["install", "--json"]).exits(1).json();
    assert!(again["parts"].as_array().unwrap().iter().all(|part| part["state"] != "changed"), "{again}");
    sandbox.derm(["install", "--remove"]).success();
    assert_eq!(sandbox.read(".git/hooks/pre-commit"), theirs);
    assert!(!sandbox.path(".git/hooks/post-checkout").exists() && !sandbox.path(".gitattributes").exists());
    assert!(!sandbox.read(".git/config").contains("merge-driver"), "was {before}");
}

#[test]
fn hooks_go_where_git_looks_for_them_and_name_the_root() {
    let sandbox = Sandbox::empty();
    git_ok(&sandbox, &["init", "-q"]);
    git_ok(&sandbox, &["config", "core.hooksPath", ".githooks"]);
    fs::create_dir(sandbox.path("sub dir")).unwrap();
    sandbox.derm(["--cd", "sub dir", "init"]).success();
    sandbox.derm(["--cd", "sub dir", "install"]).success();
    assert!(sandbox.read(".githooks/pre-commit").contains("derm --cd 'sub dir' status"));
    assert!(sandbox.read("sub dir/.gitattributes").contains("*.derm merge=derm"));
    git_ok(&sandbox, &["add", "-A"]);
    let said = git_ok(&sandbox, &["commit", "-m", "start"]);
    assert!(said.contains("no stages and no added data"), "{said}");
}

#[test]
fn a_branch_brings_its_data() {
    let sandbox = repository();
    on_branch(&sandbox, |sandbox| {
        sandbox.write("data/a", "other");
        sandbox.derm(["add", "data"]).success();
    });
    assert_eq!(sandbox.read("data/a"), "a");
    git_ok(&sandbox, &["checkout", "-q", "side"]);
    assert_eq!(sandbox.read("data/a"), "other");
}

#[test]
fn folders_are_merged_file_by_file() {
    let sandbox = repository();
    on_branch(&sandbox, |sandbox| {
        sandbox.write("data/a", "theirs");
        sandbox.write("data/deep/new", "theirs");
        fs::remove_file(sandbox.path("data/b")).unwrap();
        sandbox.derm(["add", "data"]).success();
    });
    sandbox.write("data/c", "ours");
    sandbox.write("data/deep/d", "ours");
    sandbox.write("data/deep/other", "ours");
    sandbox.derm(["add", "data"]).success();
    commit(&sandbox, "ours");
    git_ok(&sandbox, &["merge", "-qm", "merge", "side"]);
    sandbox.derm(["checkout"]).success();
    let read = ["a", "c", "deep/d", "deep/e", "deep/new", "deep/other"].map(|name| sandbox.read(&format!("data/{name}")));
    assert_eq!(read, ["theirs", "ours", "ours", "deep/e", "theirs", "ours"]);
    assert!(!sandbox.path("data/b").exists());
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["clean"], true);
}

#[test]
fn what_both_changed_is_named_and_ours_stays() {
    let sandbox = repository();
    on_branch(&sandbox, |sandbox| {
        sandbox.write("data/deep/d", "theirs");
        sandbox.derm(["add", "data"]).success();
    });
    sandbox.write("data/deep/d", "ours");
    sandbox.derm(["add", "data"]).success();
    commit(&sandbox, "ours");
    let ours = sandbox.read("data.derm");
    let output = git(&sandbox, &["merge", "side"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("data/deep/d") && said.contains("CONFLICT"), "{said}");
    assert_eq!(sandbox.read("data.derm"), ours);
    assert_eq!(sandbox.read("data/deep/d"), "ours");
}

#[test]
fn without_listings_a_merge_says_what_is_missing() {
    let sandbox = repository();
    on_branch(&sandbox, |sandbox| {
        sandbox.write("data/a", "theirs");
        sandbox.derm(["add", "data"]).success();
    });
    sandbox.write("data/c", "ours");
    sandbox.derm(["add", "data"]).success();
    commit(&sandbox, "ours");
    fs::remove_dir_all(sandbox.path(".derm/cache/b3")).unwrap();
    let output = git(&sandbox, &["merge", "side"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("not in the cache"), "{said}");
}

#[test]
fn locks_are_merged_stage_by_stage() {
    let sandbox = repository();
    let start = [("audit", "a"), ("split", "a"), ("train", "a")];
    sandbox.write("pipelines/skin.lock", lock(&start));
    commit(&sandbox, "lock");
    on_branch(&sandbox, |sandbox| {
        sandbox.write("pipelines/skin.lock", lock(&[("audit", "theirs"), ("new", "theirs"), ("split", "same"), ("train", "a")]));
    });
    sandbox.write("pipelines/skin.lock", lock(&[("audit", "a"), ("evaluate", "ours"), ("split", "same"), ("train", "ours")]));
    commit(&sandbox, "ours");
    git_ok(&sandbox, &["merge", "-qm", "merge", "side"]);
    let merged = [("audit", "theirs"), ("evaluate", "ours"), ("new", "theirs"), ("split", "same"), ("train", "ours")];
    assert_eq!(sandbox.read("pipelines/skin.lock"), lock(&merged));
}

#[test]
fn a_stage_that_both_ran_gets_the_marks_of_a_conflict() {
    let sandbox = repository();
    sandbox.write("derm.lock", lock(&[("audit", "a"), ("train", "a")]));
    commit(&sandbox, "lock");
    on_branch(&sandbox, |sandbox| {
        sandbox.write("derm.lock", lock(&[("audit", "theirs"), ("train", "theirs")]));
    });
    sandbox.write("derm.lock", lock(&[("audit", "a"), ("train", "ours")]));
    commit(&sandbox, "ours");
    let output = git(&sandbox, &["merge", "side"]);
    assert!(!output.status.success());
    let expected = format!(
        "{}<<<<<<< ours\n{}=======\n{}>>>>>>> theirs\n",
        lock(&[("audit", "theirs")]),
        record("train", "ours"),
        record("train", "theirs")
    );
    assert_eq!(sandbox.read("derm.lock"), expected);
}
