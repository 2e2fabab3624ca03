//! Stages that misbehave, disks that are full, locks that are damaged: told, and nothing is harmed.

use std::fs;
use std::process::Stdio;

use super::{actions, project, reasons, repro, until};
use crate::support::{Ran, Sandbox};

/// Every object of the cache has the bytes of its name.
fn objects_are_whole(sandbox: &Sandbox) {
    for shard in fs::read_dir(sandbox.path(".derm/cache/b3")).into_iter().flatten().flatten() {
        for entry in fs::read_dir(shard.path()).unwrap().flatten() {
            let name = format!("{}{}", shard.file_name().to_string_lossy(), entry.file_name().to_string_lossy());
            assert_eq!(blake3::hash(&fs::read(entry.path()).unwrap()).to_hex().to_string(), name);
        }
    }
}

fn alive(sandbox: &Sandbox, file: &str) -> bool {
    let pid = fs::read_to_string(sandbox.path(file)).ok().and_then(|text| text.trim().parse().ok());
    pid.and_then(rustix::process::Pid::from_raw).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

#[test]
fn a_stage_that_deletes_its_own_input_stays_stale() {
    let sandbox = project("stages:\n  s:\n    cmd: mv in out\n    deps: [in]\n    outs: [out]\n");
    sandbox.write("in", "1");
    repro(&sandbox, []).success().complains(["`in` changed while `s` ran: it stays stale"]);
    assert_eq!(reasons(&sandbox, "s"), ["dependency `in` is missing", "`in` changed while it ran"]);
    sandbox.derm(["repro"]).exits(1).complains(["depends on `in`, which does not exist"]);
    assert_eq!(sandbox.read("out"), "1", "nothing is lost");
    sandbox.write("in", "2");
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
}

#[test]
fn background_children_keep_nobody_waiting_and_go_with_a_stop() {
    let sandbox = project("stages:\n  s:\n    cmd: sleep 600 & echo $! > pid; echo 1 > out\n    outs: [out]\n");
    repro(&sandbox, []).success();
    assert!(alive(&sandbox, "pid"), "who leaves it behind wants it: a server, a database");
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(sandbox.read("pid").trim().parse().unwrap()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    let hangs = project("stages:\n  s:\n    cmd: sleep 600 & echo $! > pid; sleep 600\n    timeout: 0.3\n");
    hangs.derm(["repro"]).exits(1).complains(["timeout"]);
    until("the child ends with its stage", || !alive(&hangs, "pid"));
}

#[test]
fn ctrl_c_says_what_was_saved_and_what_was_put_back() {
    let sandbox = project(
        "stages:\n  a:\n    cmd: echo a > a\n    outs: [a]\n  b:\n    cmd: echo half > b; touch started; sleep 600 & echo $! > pid; wait\n    deps: [a, in]\n    outs: [b]\n  c:\n    cmd: cp b c\n    deps: [b]\n    outs: [c]\n",
    );
    for json in [false, true] {
        let _ = fs::remove_file(sandbox.path("started"));
        let _ = fs::remove_file(sandbox.path("a"));
        let _ = fs::remove_dir_all(sandbox.path(".derm/cache"));
        sandbox.write("in", "1");
        let args: &[&str] = if json { &["repro", "--json"] } else { &["repro"] };
        let child = sandbox.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("the stage starts", || sandbox.path("started").exists() && sandbox.path("pid").exists());
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap()).exits(130);
        until("the whole group ends", || !alive(&sandbox, "pid"));
        assert!(!sandbox.path("b").exists());
        if json {
            let report = ran.json();
            assert_eq!(report["interrupted"], true);
            assert_eq!(report["stages"][0]["action"], "ran");
            assert_eq!(report["stages"][1]["undone"]["removed"][0], "b");
        } else {
            ran.complains(["saved and recorded: `a`", "half made, and removed: `b`", "not run: `b` and `c`"]);
        }
        let _ = fs::remove_file(sandbox.path("pid"));
    }
    assert_eq!(actions(&sandbox, ["a"]), ["a: fresh"], "what was saved stays saved");
}

#[test]
fn a_stage_that_prints_without_end_of_line_or_a_lot_is_heard_in_bounded_memory() {
    let sandbox =
        project("stages:\n  s:\n    cmd: head -c 60000000 /dev/zero | tr '\\0' 'x'; yes | head -c 60000000; echo; echo last >&2; exit 9\n");
    let command = format!("ulimit -v 600000; exec '{}' repro -q", crate::support::binary().display());
    let output = sandbox.command(["x"]).get_program().to_owned();
    drop(output);
    let ran = std::process::Command::new("sh").arg("-c").arg(command).current_dir(sandbox.root()).output().unwrap();
    let ran = Ran::from(ran).exits(1);
    assert!(ran.stderr.contains("last") && ran.stderr.contains("exit status 9"), "{}", &ran.stderr[..ran.stderr.len().min(2000)]);
}

#[test]
fn a_stage_that_writes_to_anothers_output_is_found_out() {
    for link in ["copy", "hardlink", "symlink"] {
        let sandbox = project(
            "stages:\n  a:\n    cmd: echo good > a\n    outs: [a]\n  b:\n    cmd: rm -f a; echo bad > a; echo b > b\n    deps: [in]\n    outs: [b]\n",
        );
        sandbox.write(".derm/config", format!("[cache]\nlink = [\"{link}\"]\n"));
        sandbox.write("in", "1");
        repro(&sandbox, ["a"]).success();
        repro(&sandbox, ["b"]).success();
        assert_eq!(reasons(&sandbox, "a"), ["output `a` was modified"], "{link}");
        objects_are_whole(&sandbox);
        assert_eq!(actions(&sandbox, ["a"]), ["a: restored"]);
        assert_eq!(sandbox.read("a"), "good\n");
    }
}

#[test]
fn writing_into_a_linked_output_in_place_harms_no_object() {
    let sandbox = project(
        "stages:\n  a:\n    cmd: echo good > a\n    outs: [a]\n  b:\n    cmd: (echo bad > a) || true; echo b > b\n    deps: [a]\n    outs: [b]\n",
    );
    sandbox.write(".derm/config", "[cache]\nlink = [\"copy\"]\n");
    repro(&sandbox, []).success().complains(["`a` changed while `b` ran"]);
    objects_are_whole(&sandbox);
    assert!(!reasons(&sandbox, "b").is_empty(), "b read what was not what it is recorded to have read");
    assert_eq!(reasons(&sandbox, "a"), ["output `a` was modified"]);
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    // A file that is made without writing, so that only the cache hits the limit.
    let sandbox = project(
        "stages:\n  small:\n    cmd: echo 1 > small\n    outs: [small]\n  big:\n    cmd: mv big.new big\n    deps: [small]\n    outs: [big]\n",
    );
    sandbox.write(".derm/config", "[cache]\nlink = [\"copy\"]\n");
    sandbox.write("big", "old");
    sandbox.write("big.new", vec![7u8; 3 << 20]);
    let script = "trap '' XFSZ; ulimit -f 512; exec \"$0\" repro";
    let run = || {
        let mut command = std::process::Command::new("sh");
        command.arg("-c").arg(script).arg(crate::support::binary()).current_dir(sandbox.root());
        Ran::from(command.output().unwrap())
    };
    run().exits(1).complains(["cannot write"]);
    objects_are_whole(&sandbox);
    assert_eq!(sandbox.read("big"), "old");
    assert!(!sandbox.read("pipelines/p.lock").contains("  big:\n"));
    assert_eq!(actions(&sandbox, ["small"]), ["small: fresh"]);
    sandbox.write("big.new", vec![7u8; 3 << 20]);
    assert_eq!(actions(&sandbox, []), ["small: fresh", "big: ran"]);
    objects_are_whole(&sandbox);
}

#[test]
fn a_damaged_lock_stops_everything_and_is_not_touched() {
    let sandbox = project("stages:\n  s:\n    cmd: echo 1 > out\n    outs: [out]\n");
    repro(&sandbox, []).success();
    let good = sandbox.read("pipelines/p.lock");
    let conflict = format!("{}<<<<<<< ours\n  s:\n=======\n  s:\n>>>>>>> theirs\n", &good[..good.find("  s:").unwrap()]);
    for bad in [conflict.as_str(), "\0\0\0", "schema: 1\nstages:\n  s: {cmd: [}\n", &good[..good.len() / 2]] {
        sandbox.write("pipelines/p.lock", bad);
        sandbox.derm(["repro"]).exits(2).complains(["pipelines/p.lock:"]);
        assert_eq!(sandbox.read("pipelines/p.lock"), bad);
    }
    fs::remove_file(sandbox.path("pipelines/p.lock")).unwrap();
    assert_eq!(actions(&sandbox, []), ["s: ran"]);
}

/// Four stages in two chains.
fn chains() -> Sandbox {
    let text = "stages:\n  a:\n    cmd: sleep 0.03; cp in a\n    deps: [in]\n    outs: [a]\n  b:\n    cmd: sleep 0.03; cat a a > b\n    deps: [a]\n    outs: [b]\n  c:\n    cmd: sleep 0.03; mkdir c; cp in c/x; cp in c/y\n    deps: [in]\n    outs: [c]\n  d:\n    cmd: sleep 0.03; cat c/x b > d\n    deps: [c, b]\n    outs: [d]\n";
    let sandbox = project(text);
    sandbox.write("in", "1\n");
    sandbox
}

#[test]
fn a_child_that_is_killed_at_any_moment_fails_its_stage_and_no_more() {
    let calm = chains();
    repro(&calm, []).success();
    for kill in 0..10u64 {
        let sandbox = chains();
        let child = sandbox.command(["repro", "-j", "2"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let derm = child.id();
        std::thread::sleep(std::time::Duration::from_millis(5 + kill * 13));
        let children = fs::read_to_string(format!("/proc/{derm}/task/{derm}/children")).unwrap_or_default();
        for pid in children.split_whitespace().filter_map(|pid| pid.parse().ok()).filter_map(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        child.wait_with_output().unwrap();
        repro(&sandbox, []).success();
        for path in ["pipelines/p.lock", "a", "b", "c/x", "d"] {
            assert_eq!(sandbox.read(path), calm.read(path), "kill {kill}: {path}");
        }
        objects_are_whole(&sandbox);
    }
}
