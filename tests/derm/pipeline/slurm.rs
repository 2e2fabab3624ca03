//! Stages that run as jobs of Slurm. Shell scripts stand in for Slurm's programs; `interop/slurm.sh` does the same with the real ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::support::{Ran, Sandbox};

const PROGRAMS: [(&str, &str); 4] = [
    ("sbatch", include_str!("slurm/sbatch")),
    ("squeue", include_str!("slurm/squeue")),
    ("scancel", include_str!("slurm/scancel")),
    ("start", include_str!("slurm/start")),
];

/// A repository with one pipeline, and a fake cluster beside it.
struct Cluster {
    sandbox: Sandbox,
    fake: tempfile::TempDir,
}

#[track_caller]
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Cluster {
    fn new(pipeline: &str) -> Self {
        let fake = tempfile::tempdir().unwrap();
        for folder in ["bin", "jobs"] {
            fs::create_dir(fake.path().join(folder)).unwrap();
        }
        for (name, text) in PROGRAMS {
            let path = fake.path().join("bin").join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { sandbox: super::project(pipeline), fake }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.fake.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args);
        let own = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(self.place("bin")).chain(std::env::split_paths(&own))).unwrap();
        command.env("PATH", path).env("FAKE_SLURM", self.fake.path()).env("SHELL", "/bin/sh");
        command
    }

    fn repro(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(&[&["repro"], args].concat()).output().unwrap())
    }

    /// Starts `derm repro` and waits until a file is there.
    fn begin(&self, file: &str) -> Child {
        let child = self.command(&["repro", "-q"]).stderr(fs::File::create(self.place("stderr")).unwrap()).spawn().unwrap();
        until("the job starts", || self.sandbox.path(file).exists());
        child
    }

    fn kill(&self, mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends a job in a way of Slurm's.
    fn slurm_ends(&self, id: &str, state: &str) {
        let done = Command::new(self.place("bin/scancel")).args([id, state]).env("FAKE_SLURM", self.fake.path()).status().unwrap();
        assert!(done.success());
    }

    /// What sbatch was called with, one line a call.
    fn submitted(&self) -> Vec<String> {
        fs::read_to_string(self.place("calls")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn cancelled(&self) -> String {
        fs::read_to_string(self.place("cancelled")).unwrap_or_default()
    }

    /// Nothing of any job is left in the repository.
    #[track_caller]
    fn is_clean(&self) {
        for folder in [".derm/tmp/jobs", ".derm/tmp/aside"] {
            let left: Vec<_> = fs::read_dir(self.sandbox.path(folder)).into_iter().flatten().flatten().collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A test that failed may have left jobs.
        for group in fs::read_dir(self.place("jobs")).into_iter().flatten().flatten().flat_map(|job| fs::read_dir(job.path())) {
            for task in group.flatten() {
                let number = fs::read_to_string(task.path().join("group")).ok().and_then(|text| text.trim().parse().ok());
                let live = fs::read_to_string(task.path().join("state")).is_ok_and(|state| state.trim() == "RUNNING");
                if let Some(group) = number.filter(|_| live).and_then(rustix::process::Pid::from_raw) {
                    let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                }
            }
        }
    }
}

/// Copies its input when it may: at once, or when the file `go` is there.
const COPIES: &str = "stages:\n  s:\n    cmd: echo run >> runs; cp in.txt out.txt; touch started; test -e quick || for i in $(seq 3000); do test -e go && break; sleep 0.02; done; echo finished\n    deps: [in.txt]\n    outs: [out.txt]\n    executor: slurm\n";

/// A cluster with [`COPIES`], run once, whose input is then another one.
fn copies() -> Cluster {
    let cluster = Cluster::new(COPIES);
    cluster.sandbox.write("in.txt", "old");
    cluster.sandbox.write("quick", "");
    cluster.repro(&[]).success();
    for file in ["quick", "started", "runs"] {
        fs::remove_file(cluster.sandbox.path(file)).unwrap();
    }
    fs::remove_file(cluster.place("calls")).unwrap();
    cluster.sandbox.write("in.txt", "new");
    cluster
}

#[test]
fn a_stage_is_a_job_with_its_resources_environment_and_folder() {
    let cluster = Cluster::new(
        "stages:\n  s:\n    wdir: sub\n    cmd:\n      - echo \"$DERM_STAGE, $COLOUR, $LOADED, $(command -v derm)\" > env.txt; cd /\n      - pwd > where.txt; echo printed; echo as-error >&2\n    outs: [env.txt, where.txt]\n    env: {COLOUR: \"it's\\nbrown\", odd-name: x}\n    timeout: 61s\n    resources: {cpus: 3, memory: 1GB, gpus: 2}\n    executor:\n      slurm: {partition: gpu, account: skin, qos: low, options: [--constraint=a100], setup: export LOADED=yes}\n",
    );
    fs::create_dir(cluster.sandbox.path("sub")).unwrap();
    cluster.repro(&[]).success().complains(["`s` is Slurm job 1", "> pwd > where.txt", "printed", "as-error"]);
    let call = cluster.submitted().join("\n");
    for word in
        ["--cpus-per-task=3", "--mem=954M", "--gres=gpu:2", "--time=2", "--partition=gpu", "--account=skin", "--qos=low", "--requeue"]
    {
        assert!(call.contains(word), "{word} is not in {call}");
    }
    assert!(call.find("--constraint=a100").unwrap() > call.find("--qos=low").unwrap(), "options come last: {call}");
    let derm = crate::support::binary().display();
    assert_eq!(cluster.sandbox.read("sub/env.txt"), format!("s, it's\nbrown, yes, {derm}\n"));
    assert_eq!(cluster.sandbox.read("sub/where.txt").trim(), cluster.sandbox.path("sub").to_str().unwrap());
    assert!(cluster.repro(&[]).success().stdout.contains("up to date"));
    cluster.is_clean();
}

#[test]
fn stages_of_a_group_are_one_array_and_take_nothing_of_this_machine() {
    let cluster = Cluster::new(
        "stages:\n  fold:\n    foreach: [a, b, c]\n    do:\n      cmd: echo $SLURM_ARRAY_TASK_ID > ${item}.txt\n      resources: {cpus: 64}\n      outs: [\"${item}.txt\"]\n      executor: slurm\n",
    );
    cluster.repro(&["-j", "3"]).success();
    let calls = cluster.submitted();
    assert!(calls.len() == 1 && calls[0].contains("--array=0-2"), "{calls:?}");
    assert_eq!(["a", "b", "c"].map(|name| cluster.sandbox.read(&format!("{name}.txt"))), ["0\n", "1\n", "2\n"]);
    cluster.is_clean();
}

#[test]
fn a_failed_job_says_which_line_failed_and_the_old_output_is_back() {
    let cluster = Cluster::new(
        "stages:\n  s:\n    cmd:\n      - cp in.txt out.txt\n      - echo last words; grep -q good in.txt\n      - touch never\n    deps: [in.txt]\n    outs: [out.txt]\n    executor: slurm\n",
    );
    cluster.sandbox.write("in.txt", "good");
    cluster.repro(&[]).success();
    fs::remove_file(cluster.sandbox.path("never")).unwrap();
    cluster.sandbox.write("in.txt", "bad");
    cluster.repro(&[]).exits(1).complains(["stage `s` failed: exit status 1", "grep -q good", "last words"]);
    assert_eq!(cluster.sandbox.read("out.txt"), "good");
    assert!(!cluster.sandbox.path("never").exists());
    cluster.is_clean();
}

#[test]
fn what_slurm_ends_is_told_in_words() {
    for (state, words) in [
        ("OUT_OF_MEMORY", "its job ran out of memory"),
        ("TIMEOUT", "its job was ended at its time limit"),
        ("CANCELLED", "its job was cancelled"),
    ] {
        let cluster = copies();
        let mut child = cluster.begin("started");
        cluster.slurm_ends("2", state);
        assert_eq!(child.wait().unwrap().code(), Some(1));
        let said = fs::read_to_string(cluster.place("stderr")).unwrap();
        assert!(said.contains(words), "{state}: {said}");
        assert_eq!(cluster.sandbox.read("out.txt"), "old");
        cluster.is_clean();
    }
}

#[test]
fn a_job_whose_node_failed_is_submitted_again() {
    let cluster = copies();
    let mut child = cluster.begin("started");
    cluster.slurm_ends("2", "NODE_FAIL");
    cluster.sandbox.write("go", "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(cluster.submitted().len(), 2);
    assert_eq!(cluster.sandbox.read("out.txt"), "new");
    cluster.is_clean();
}

#[test]
fn a_job_that_slurm_starts_again_begins_without_what_was_left() {
    let cluster = Cluster::new(
        "stages:\n  s:\n    cmd: test ! -e out.txt; echo half > out.txt; touch started; test -e go || sleep 600; echo whole > out.txt\n    outs: [out.txt]\n    executor: slurm\n",
    );
    let mut child = cluster.begin("started");
    cluster.slurm_ends("1", "PENDING");
    cluster.sandbox.write("go", "");
    let again = Command::new(cluster.place("bin/start")).arg(cluster.place("jobs/1/alone")).status().unwrap();
    assert!(again.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(cluster.sandbox.read("out.txt"), "whole\n");
    assert_eq!(cluster.submitted().len(), 1);
}

#[test]
fn an_interrupt_cancels_the_job_and_a_timeout_too() {
    let cluster = copies();
    let mut child = cluster.begin("started");
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(cluster.cancelled(), "2\n");
    assert_eq!(cluster.sandbox.read("out.txt"), "old");
    cluster.is_clean();
    cluster.sandbox.write("pipelines/p.yaml", COPIES.replace("executor: slurm", "executor: slurm\n    timeout: 0.5s"));
    cluster.repro(&[]).exits(1).complains(["stopped after its timeout of 500 ms"]);
    assert_eq!(cluster.cancelled(), "2\n3\n");
    assert_eq!(cluster.sandbox.read("out.txt"), "old");
    cluster.is_clean();
}

#[test]
fn after_a_kill_the_next_run_goes_on_with_the_job() {
    let cluster = copies();
    let child = cluster.begin("started");
    cluster.kill(child);
    // A run that does not want the stage leaves it alone.
    cluster.sandbox.write("pipelines/q.yaml", "stages:\n  other:\n    cmd: touch other\n    outs: [other]\n");
    cluster.repro(&["other"]).success();
    assert_eq!(cluster.cancelled(), "");
    let next = cluster.command(&["repro", "s"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    cluster.sandbox.write("go", "");
    let ran = Ran::from(next.wait_with_output().unwrap()).success();
    ran.complains(["`s` is Slurm job 2, which an earlier run had submitted", "finished"]);
    assert_eq!(cluster.sandbox.read("runs"), "run\n");
    assert_eq!(cluster.submitted().len(), 1);
    assert_eq!(cluster.sandbox.read("out.txt"), "new");
    assert!(cluster.repro(&["s"]).success().stdout.contains("up to date"));
    cluster.is_clean();
}

#[test]
fn a_job_that_ended_after_a_kill_counts_and_its_failure_too() {
    for (go, code, content) in [("", 0, "new"), ("exit 3", 1, "old")] {
        let cluster = copies();
        cluster.sandbox.write("pipelines/p.yaml", COPIES.replace("echo finished", "echo finished; sh go"));
        let child = cluster.begin("started");
        cluster.kill(child);
        cluster.sandbox.write("go.tmp", go);
        fs::rename(cluster.sandbox.path("go.tmp"), cluster.sandbox.path("go")).unwrap();
        let state = cluster.place("jobs/2/alone/state");
        until("the job ends", || fs::read_to_string(&state).unwrap().trim() != "RUNNING");
        cluster.repro(&[]).exits(code).complains(["which an earlier run had submitted", "finished"]);
        assert_eq!((cluster.sandbox.read("runs").as_str(), cluster.sandbox.read("out.txt").as_str()), ("run\n", content));
        assert_eq!(cluster.submitted().len(), 1);
        cluster.is_clean();
    }
}

#[test]
fn after_a_kill_a_job_of_other_inputs_or_of_no_stage_is_cancelled() {
    let cluster = copies();
    let child = cluster.begin("started");
    cluster.kill(child);
    cluster.sandbox.write("in.txt", "newer");
    cluster.sandbox.write("go", "");
    cluster.repro(&[]).success().complains(["it is of other inputs"]);
    assert_eq!(cluster.sandbox.read("out.txt"), "newer");
    cluster.is_clean();

    let cluster = copies();
    let child = cluster.begin("started");
    cluster.kill(child);
    cluster
        .sandbox
        .write("pipelines/p.yaml", "stages:\n  other:\n    cmd: cat out.txt > copy.txt\n    deps: [out.txt]\n    outs: [copy.txt]\n");
    cluster.repro(&[]).success().complains(["no longer defined"]);
    assert_eq!(cluster.cancelled(), "2\n");
    assert_eq!(cluster.sandbox.read("copy.txt"), "old");
    cluster.is_clean();
}

#[test]
fn a_derm_that_is_killed_while_it_submits_leaves_a_job_that_is_found_by_its_name() {
    let cluster = copies();
    fs::write(cluster.place("silent"), "").unwrap();
    let child = cluster.command(&["repro", "-q"]).spawn().unwrap();
    until("the job is taken", || cluster.place("silenced").exists());
    cluster.kill(child);
    fs::remove_file(cluster.place("silent")).unwrap();
    cluster.sandbox.write("go", "");
    cluster.repro(&[]).success().complains(["which an earlier run had submitted"]);
    assert_eq!((cluster.submitted().len(), cluster.sandbox.read("runs").as_str()), (1, "run\n"));
    assert_eq!(cluster.sandbox.read("out.txt"), "new");
    cluster.is_clean();
}

#[test]
fn a_derm_that_is_killed_at_any_moment_leaves_nothing_wrong() {
    for moment in 0..12 {
        let cluster = copies();
        cluster.sandbox.write("go", "");
        let child = cluster.command(&["repro", "-q"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(moment * moment * 3));
        cluster.kill(child);
        cluster.repro(&[]).success();
        assert_eq!(cluster.sandbox.read("out.txt"), "new", "killed at moment {moment}");
        assert!(cluster.repro(&[]).success().stdout.contains("up to date"));
        cluster.is_clean();
    }
}

#[test]
fn without_slurm_or_when_it_refuses_nothing_is_lost() {
    let cluster = copies();
    cluster.sandbox.write("pipelines/a.yaml", "stages:\n  before:\n    cmd: touch before\n    outs: [before]\n");
    let ran = cluster.command(&["repro"]).env("PATH", cluster.place("jobs")).output().unwrap();
    Ran::from(ran).exits(2).complains(["stage `s` runs on Slurm, but there is no `sbatch` on this machine", "executor: local"]);
    assert!(!cluster.sandbox.path("before").exists(), "something ran");
    fs::write(cluster.place("refuse"), "Invalid partition name specified").unwrap();
    cluster.repro(&["s"]).exits(1).complains(["Slurm did not take stage `s`: Batch job submission failed: Invalid partition name"]);
    assert_eq!(cluster.sandbox.read("out.txt"), "old");
    cluster.is_clean();
}

#[test]
fn a_fresh_stage_needs_no_slurm_and_where_it_runs_is_no_reason_to_run() {
    let cluster = copies();
    cluster.sandbox.write("in.txt", "old");
    let without = |cluster: &Cluster| Ran::from(cluster.command(&["repro"]).env("PATH", cluster.place("jobs")).output().unwrap());
    assert!(without(&cluster).success().stdout.contains("up to date"));
    for executor in ["local", "{slurm: {partition: other}}"] {
        cluster.sandbox.write("pipelines/p.yaml", COPIES.replace("executor: slurm", &format!("executor: {executor}")));
        assert!(without(&cluster).success().stdout.contains("up to date"));
    }
}

#[test]
fn a_retry_is_another_job() {
    let cluster = Cluster::new(
        "stages:\n  s:\n    cmd: echo x >> tries; test $(wc -l < tries) -ge 2 && echo 1 > out.txt\n    retry: 1\n    outs: [out.txt]\n    executor: slurm\n",
    );
    cluster.repro(&[]).success().complains(["trying again (1 of 1)"]);
    assert_eq!(cluster.submitted().len(), 2);
    cluster.is_clean();
}

#[test]
fn wrong_settings_have_their_places() {
    for (executor, words) in [
        ("kubernetes", "`executor` must be `local`, `slurm`"),
        ("{slurm: {partion: gpu}}", "partion"),
        ("{slurm: {time: tomorrow}}", "`tomorrow` is no time for Slurm"),
        ("{slurm: {options: [gpu]}}", "`gpu` is no option of `sbatch`"),
        ("{slurm: {options: [--array=1-3]}}", "is for derm to say"),
        ("{slurm: {partition: [a]}}", "`partition` must be a text"),
        ("{slurm: 3}", "`slurm` must be a map"),
    ] {
        let sandbox = super::project(&format!("stages:\n  s:\n    cmd: x\n    executor: {executor}\n"));
        sandbox.derm(["repro"]).exits(2).complains([words, "pipelines/p.yaml:4"]);
    }
}
