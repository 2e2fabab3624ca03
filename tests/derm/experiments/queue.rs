//! The queue: what waits, stops, is killed and is taken up again.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{is_tidy, lab, names};
use crate::support::Sandbox;

/// A lab whose stage counts its starts in a file outside of all worktrees, and with `slow` waits until a file `go` is there.
fn slow() -> Sandbox {
    let lab = lab();
    let shared = lab.root();
    let script = format!(
        "echo $1 >> {0}/starts\nwhile [ ! -e {0}/go ]; do sleep 0.02; done\necho \"{{\\\"accuracy\\\": $1}}\" > metrics.json\necho $1 > model.bin\n",
        shared.display()
    );
    lab.write("train.sh", script);
    lab.write(".git/info/exclude", "/starts\n/go\n");
    lab.git(["add", "-A"]);
    lab.git(["commit", "--quiet", "-m", "slow"]);
    lab
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < limit, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn starts(lab: &Sandbox) -> Vec<String> {
    let text = std::fs::read_to_string(lab.path("starts")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn spawn(lab: &Sandbox, args: &[&str]) -> Child {
    let mut command = lab.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// Processes whose command line speaks of the folder.
fn working_below(folder: &Path) -> usize {
    let folder = folder.to_string_lossy().into_owned();
    let lines = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(&folder)).count()
}

#[test]
fn what_is_queued_runs_later_some_at_once() {
    let lab = lab();
    let queued = lab.derm(["exp", "run", "--queue", "-S", "train.lr=0.1,0.2,0.3", "--name", "q"]).success();
    assert!(queued.stdout.contains("3 experiments are in the queue: q-1, q-2, q-3"), "{}", queued.stdout);
    assert_eq!(names(&lab), [""; 0]);
    lab.derm(["exp", "run", "--queue", "-S", "train.lr=0.4", "--name", "q-1"]).exits(2).complains(["`q-1` already"]);
    // What waits does not change with the workspace.
    lab.write("params.yaml", "broken: [");
    lab.write("pipelines/p.yaml", "stages: {}\n");
    let report = lab.derm(["exp", "run", "--run-all", "-j", "2", "--json"]).success().json();
    let losses: Vec<f64> =
        report["experiments"].as_array().unwrap().iter().map(|one| one["metrics"][1]["value"].as_f64().unwrap()).collect();
    assert_eq!(losses, [0.1, 0.2, 0.3]);
    assert_eq!(names(&lab), ["q-1", "q-2", "q-3"]);
    assert!(is_tidy(&lab));
    lab.derm(["exp", "run", "--run-all"]).success().complains(["nothing waits"]);
}

#[test]
fn ctrl_c_ends_what_runs_and_it_waits_again() {
    let lab = slow();
    let child = spawn(&lab, &["exp", "run", "--temp", "-S", "train.lr=0.2", "--name", "long"]);
    until("the stage started", || starts(&lab).len() == 1);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("derm exp run --run-all` goes on"), "{stderr}");
    until("its processes are gone", || working_below(&lab.path(".derm/tmp/exps")) == 0);
    assert!(lab.derm(["exp", "show"]).success().stdout.contains("queued"));
    assert_eq!(names(&lab), [""; 0]);
    lab.write("go", "");
    lab.derm(["exp", "run", "--run-all"]).success();
    assert_eq!(names(&lab), ["long"]);
    assert!(is_tidy(&lab));
}

#[test]
fn a_killed_derm_leaves_a_queue_that_goes_on_to_the_same_result() {
    let lab = slow();
    let mut child = spawn(&lab, &["exp", "run", "-S", "train.lr=0.2,0.4,0.6", "--name", "k", "-j", "2"]);
    until("two stages started", || starts(&lab).len() == 2);
    assert!(lab.derm(["exp", "list"]).success().stdout.contains("running k-1"));
    // Two derms do not run the same.
    let other = lab.derm(["exp", "remove", "k-1"]).exits(1);
    other.complains(["another derm is running the experiment `k-1`"]);
    lab.derm(["gc", "-w"]).exits(1).complains(["experiments are running"]);
    signal(&child, "-KILL");
    child.wait().unwrap();
    until("the queue sees it", || !lab.derm(["exp", "list"]).success().stdout.contains("running"));
    lab.write("go", "");
    lab.derm(["exp", "run", "--run-all", "-j", "2"]).success();
    assert_eq!(names(&lab), ["k-1", "k-2", "k-3"]);
    assert!(is_tidy(&lab));
    let accuracy = |name: &str| {
        let rows = lab.derm(["exp", "show", "--json"]).success().json();
        rows["rows"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()["metrics"][0]["value"].as_f64().unwrap()
    };
    assert_eq!(["k-1", "k-2", "k-3"].map(accuracy), [0.2, 0.4, 0.6]);
    until("nobody is left", || working_below(&lab.path(".derm/tmp/exps")) == 0);
}

#[test]
fn what_waits_or_failed_can_be_given_up() {
    let lab = slow();
    let child = spawn(&lab, &["exp", "run", "--temp", "-S", "train.lr=0.2", "--name", "stuck"]);
    until("the stage started", || starts(&lab).len() == 1);
    signal(&child, "-KILL");
    child.wait_with_output().unwrap();
    lab.derm(["exp", "run", "--queue", "-S", "train.lr=0.3", "--name", "later"]).success();
    assert!(lab.derm(["exp", "remove", "stuck"]).success().stdout.contains("removed from the queue `stuck`"));
    until("its processes are gone", || working_below(&lab.path(".derm/tmp/exps")) == 0);
    lab.derm(["exp", "remove", "--queue"]).success();
    assert!(lab.derm(["exp", "list"]).success().stdout.contains("no experiments"));
    assert!(is_tidy(&lab));
    lab.derm(["exp", "remove", "nobody"]).exits(2).complains(["there is no experiment `nobody`"]);
    lab.derm(["exp", "remove"]).exits(2).complains(["--queue"]);
}

#[test]
fn what_waits_already_is_not_queued_twice() {
    let lab = lab();
    let queue = ["exp", "run", "--queue", "-S", "train.lr=0.1,0.2"];
    let first = lab.derm(queue).success().stdout;
    assert_eq!(lab.derm(queue).success().stdout, first);
    lab.derm(["exp", "run", "-S", "train.lr=0.1,0.2,0.3", "-j", "2"]).success();
    assert_eq!(names(&lab).len(), 3);
    assert!(is_tidy(&lab));
}
