//! DVC's decision table, seen from outside. The rules themselves are tested without files in `src/pipeline/decide_test.rs`.

use super::{actions, project, reasons, repro};
use crate::support::Sandbox;

/// `a` copies `in.txt` to `a.txt`, `b` writes how many bytes `a.txt` has.
fn chain() -> Sandbox {
    let sandbox = project(
        "stages:\n  a:\n    cmd: cp in.txt a.txt\n    deps: [in.txt]\n    outs: [a.txt]\n  b:\n    cmd: wc -c < a.txt > b.txt\n    deps: [a.txt]\n    params: [lr]\n    outs: [b.txt]\n",
    );
    sandbox.write("in.txt", "one\n");
    sandbox.write("params.yaml", "lr: 0.1\n");
    assert_eq!(actions(&sandbox, []), ["a: ran", "b: ran"]);
    sandbox
}

#[test]
fn a_second_run_does_nothing_and_says_so() {
    let sandbox = chain();
    assert_eq!(actions(&sandbox, []), ["a: fresh", "b: fresh"]);
    let ran = sandbox.derm(["repro"]).success();
    assert_eq!(ran.stdout, "everything is up to date (2 stages)\n");
    assert_eq!(ran.stderr, "");
}

#[test]
fn times_and_bytes_of_parameter_files_are_no_reason() {
    let sandbox = chain();
    sandbox.write("in.txt", "one\n");
    sandbox.write("params.yaml", "# a comment\nother: 1\nlr: 0.10\n");
    assert_eq!(actions(&sandbox, []), ["a: fresh", "b: fresh"]);
}

#[test]
fn what_changed_is_named() {
    let sandbox = chain();
    sandbox.write("in.txt", "changed\n");
    sandbox.write("params.yaml", "lr: 0.2\n");
    assert_eq!(reasons(&sandbox, "a"), ["dependency `in.txt` was modified"]);
    assert_eq!(reasons(&sandbox, "b"), ["parameter `lr` changed from 0.1 to 0.2", "`a` will run first"]);
    assert_eq!(actions(&sandbox, ["--dry"]), ["a: would-run", "b: would-run"]);
    assert_eq!(actions(&sandbox, []), ["a: ran", "b: ran"]);
}

#[test]
fn changed_files_of_a_folder_are_named() {
    let sandbox = project("stages:\n  s:\n    cmd: ls data > list.txt\n    deps: [data]\n    outs: [list.txt]\n");
    sandbox.write("data/a.txt", "1");
    sandbox.write("data/b.txt", "2");
    // Both listings must be known for a comparison: the old one is in the cache because the folder is added.
    sandbox.derm(["add", "data"]).success();
    actions(&sandbox, []);
    sandbox.write("data/b.txt", "other");
    sandbox.write("data/c.txt", "3");
    assert_eq!(reasons(&sandbox, "s"), ["dependency `data` was modified: ~b.txt, +c.txt"]);
}

#[test]
fn a_stage_that_makes_the_same_again_stops_the_chain() {
    let sandbox = chain();
    // Another input of the same length: `a` differs, `b` counts the same bytes, and so on.
    sandbox.write("pipelines/q.yaml", "stages:\n  c:\n    cmd: cp b.txt c.txt\n    deps: [b.txt]\n    outs: [c.txt]\n");
    actions(&sandbox, []);
    sandbox.write("in.txt", "two\n");
    assert_eq!(actions(&sandbox, ["--dry"]), ["a: would-run", "b: may-run", "c: may-run"]);
    assert_eq!(actions(&sandbox, []), ["a: ran", "b: ran", "c: fresh"]);
}

#[test]
fn going_back_to_earlier_inputs_restores_what_they_made() {
    let sandbox = chain();
    sandbox.write("in.txt", "longer than before\n");
    assert_eq!(actions(&sandbox, []), ["a: ran", "b: ran"]);
    sandbox.write("in.txt", "one\n");
    assert_eq!(actions(&sandbox, []), ["a: restored", "b: restored"]);
    assert_eq!(sandbox.read("a.txt"), "one\n");
    assert_eq!(actions(&sandbox, []), ["a: fresh", "b: fresh"]);
}

#[test]
fn missing_and_edited_outputs_are_restored_and_edits_are_kept() {
    let sandbox = chain();
    std::fs::remove_file(sandbox.path("a.txt")).unwrap();
    assert_eq!(actions(&sandbox, ["--dry"]), ["a: would-restore", "b: fresh"]);
    assert_eq!(actions(&sandbox, []), ["a: restored", "b: fresh"]);
    let edit = "edited by hand\n";
    std::fs::remove_file(sandbox.path("a.txt")).unwrap();
    sandbox.write("a.txt", edit);
    let ran = sandbox.derm(["repro"]).success().complains(["kept in the cache as "]);
    assert_eq!(sandbox.read("a.txt"), "one\n");
    let id = blake3::hash(edit.as_bytes()).to_hex().to_string();
    assert!(ran.stderr.contains(&id), "{}", ran.stderr);
    assert_eq!(sandbox.read(&format!(".derm/cache/b3/{}/{}", &id[..2], &id[2..])), edit);
}

#[test]
fn a_lost_cache_makes_the_stage_run_again() {
    let sandbox = chain();
    std::fs::remove_dir_all(sandbox.path(".derm/cache")).unwrap();
    assert_eq!(reasons(&sandbox, "a"), ["output `a.txt` is not in the cache"]);
    assert_eq!(actions(&sandbox, []), ["a: ran", "b: ran"]);
}

#[test]
fn force_single_and_targets_choose_what_runs() {
    let sandbox = chain();
    assert_eq!(actions(&sandbox, ["-f", "-s", "a"]), ["a: ran"]);
    assert_eq!(actions(&sandbox, ["--force"]), ["a: ran", "b: ran"]);
    assert_eq!(actions(&sandbox, ["a.txt"]), ["a: fresh"]);
    assert_eq!(actions(&sandbox, ["b"]), ["a: fresh", "b: fresh"]);
    assert_eq!(actions(&sandbox, ["--downstream", "b"]), ["b: fresh"]);
    assert_eq!(actions(&sandbox, ["pipelines/p.yaml"]), ["a: fresh", "b: fresh"]);
    assert_eq!(actions(&sandbox, ["pipelines/p.yaml:a"]), ["a: fresh"]);
}

#[test]
fn always_changed_and_callbacks_run_every_time() {
    let sandbox = project(
        "stages:\n  hello:\n    cmd: echo hello\n  always:\n    cmd: echo x > x.txt\n    outs: [x.txt]\n    always_changed: true\n",
    );
    assert_eq!(actions(&sandbox, []), ["hello: ran", "always: ran"]);
    assert_eq!(actions(&sandbox, []), ["hello: ran", "always: ran"]);
    assert_eq!(reasons(&sandbox, "hello"), ["it has neither inputs nor outputs, so it runs every time"]);
}

#[test]
fn frozen_stages_never_run_and_cut_what_is_before_them() {
    let sandbox = chain();
    let text = sandbox.read("pipelines/p.yaml");
    sandbox.write("pipelines/p.yaml", text.replace("  b:\n", "  b:\n    frozen: true\n"));
    sandbox.write("in.txt", "something longer\n");
    assert_eq!(actions(&sandbox, ["b"]), ["b: fresh"]);
    assert_eq!(actions(&sandbox, []), ["a: ran", "b: fresh"]);
    assert_eq!(actions(&sandbox, ["--force", "--single", "b"]), ["b: fresh"]);
    // Another command makes it stale: the record follows, nothing runs.
    let text = sandbox.read("pipelines/p.yaml");
    sandbox.write("pipelines/p.yaml", text.replace("wc -c < a.txt > b.txt", "false"));
    assert_eq!(actions(&sandbox, ["b"]), ["b: recorded"]);
    std::fs::remove_file(sandbox.path("b.txt")).unwrap();
    std::fs::remove_dir_all(sandbox.path(".derm/cache")).unwrap();
    sandbox.derm(["repro", "b"]).exits(1).complains(["`b` is frozen", "`b.txt` does not exist"]);
}

#[test]
fn uncached_outputs_stay_with_git_and_persistent_ones_stay_in_place() {
    let sandbox = project(
        "stages:\n  s:\n    cmd: echo line >> log.txt; echo 1 > m.json\n    deps: [in.txt]\n    outs:\n    - log.txt:\n        persist: true\n    metrics:\n    - m.json:\n        cache: false\n",
    );
    sandbox.write("in.txt", "1");
    actions(&sandbox, []);
    sandbox.write("in.txt", "2");
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
    assert_eq!(sandbox.read("log.txt"), "line\nline\n");
    let ignored = sandbox.read(".gitignore");
    assert!(ignored.contains("/log.txt") && !ignored.contains("m.json"), "{ignored}");
    assert_eq!(actions(&sandbox, []), ["s: fresh"]);
}

#[test]
fn an_input_edited_while_its_stage_runs_leaves_it_stale() {
    let sandbox = project("stages:\n  s:\n    cmd: cp in.txt out.txt; echo more >> in.txt\n    deps: [in.txt]\n    outs: [out.txt]\n");
    sandbox.write("in.txt", "1\n");
    sandbox.derm(["repro"]).success().complains(["`in.txt` changed while `s` ran"]);
    let why = reasons(&sandbox, "s");
    assert_eq!(why, ["dependency `in.txt` was modified", "`in.txt` changed while it ran"]);
    // Putting the input back is not enough: what was used is not known.
    sandbox.write("in.txt", "1\n");
    assert_eq!(reasons(&sandbox, "s"), ["`in.txt` changed while it ran"]);
    assert!(sandbox.read("pipelines/p.lock").contains("    changed:\n    - in.txt\n"));
}

#[test]
fn a_fresh_clone_can_be_planned() {
    let sandbox = chain();
    for path in ["a.txt", "b.txt", "pipelines/p.lock"] {
        std::fs::remove_file(sandbox.path(path)).unwrap();
    }
    std::fs::remove_dir_all(sandbox.path(".derm/cache")).unwrap();
    assert_eq!(actions(&sandbox, ["--dry"]), ["a: would-run", "b: would-run"]);
    assert!(!sandbox.path("a.txt").exists() && !sandbox.path("pipelines/p.lock").exists());
    // With the lock alone, too.
    actions(&sandbox, []);
    std::fs::remove_file(sandbox.path("a.txt")).unwrap();
    std::fs::remove_dir_all(sandbox.path(".derm/cache")).unwrap();
    assert_eq!(actions(&sandbox, ["--dry"]), ["a: would-run", "b: may-run"]);
}

#[test]
fn a_command_counts_after_templating() {
    let sandbox = project("stages:\n  s:\n    cmd: echo ${lr} > out.txt\n    outs: [out.txt]\n");
    sandbox.write("params.yaml", "lr: 1e-5\n");
    repro(&sandbox, []).success();
    assert_eq!(sandbox.read("out.txt"), "1e-05\n");
    sandbox.write("params.yaml", "lr: 0.00001\n");
    assert_eq!(actions(&sandbox, []), ["s: fresh"]);
    sandbox.write("params.yaml", "lr: 0.5\n");
    assert_eq!(reasons(&sandbox, "s"), ["command changed from `echo 1e-05 > out.txt` to `echo 0.5 > out.txt`"]);
}

#[test]
fn a_key_that_left_a_file_taken_in_whole_is_a_reason() {
    let sandbox = project("stages:\n  s:\n    cmd: echo 1 > x\n    params: [{p.json: }]\n    outs: [x]\n");
    sandbox.write("p.json", "{\"a\": 1, \"b\": 2}");
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
    sandbox.write("p.json", "{\"b\": 2.0}");
    assert_eq!(reasons(&sandbox, "s"), ["parameter `p.json:a` is missing"]);
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
    assert_eq!(actions(&sandbox, []), ["s: fresh"]);
}
