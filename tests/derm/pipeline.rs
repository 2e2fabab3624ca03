//! repro, dag, params, metrics, status: the real binary with small shell stages.

mod bad_input; // files that cannot be understood, stages that fail
mod commands; // what the commands show, as text and as JSON
mod faults; // stages that misbehave, full disks, damaged locks
mod options; // what the options of repro mean
mod reports; // parameters, metrics and plots of several revisions; graphs of many stages
mod resuming; // what a try left, for the next one
mod running; // order, environment, failure, interruption, what is put back
mod schema; // foreach, matrix, vars, wdir, nested dvc.yaml
mod sharing; // several derm repro at once, and the journal
mod slurm; // stages that run as jobs of Slurm
mod stages; // stage add and list, freeze, unfreeze, lock show and merge
mod stale; // when a stage runs, and why
mod watching; // repro --watch

use std::time::{Duration, Instant};

use crate::support::{Ran, Sandbox};

/// Waits until `condition` holds; a minute is more than enough on the slowest machine.
#[track_caller]
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A repository with one pipeline file, `pipelines/p.yaml`.
fn project(pipeline: &str) -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.write("pipelines/p.yaml", pipeline);
    sandbox
}

/// Runs `derm repro --json ARGS` and gives `stage: action` for each stage.
#[track_caller]
fn actions<const N: usize>(sandbox: &Sandbox, args: [&str; N]) -> Vec<String> {
    let ran = repro(sandbox, args);
    let report = ran.json();
    assert_eq!(report["kind"], "repro", "{}\n{}", ran.stdout, ran.stderr);
    let stages = report["stages"].as_array().unwrap();
    stages.iter().map(|stage| format!("{}: {}", stage["stage"].as_str().unwrap(), stage["action"].as_str().unwrap())).collect()
}

fn repro<const N: usize>(sandbox: &Sandbox, args: [&str; N]) -> Ran {
    sandbox.derm(["--json", "repro"].into_iter().chain(args))
}

/// The reasons of a stage in words, from `derm status --json`.
#[track_caller]
fn reasons(sandbox: &Sandbox, stage: &str) -> Vec<String> {
    let report = sandbox.derm(["--json", "status"]).success().json();
    let stages = report["stages"].as_array().unwrap();
    let found = stages.iter().find(|found| found["stage"] == stage).unwrap_or_else(|| panic!("no stage {stage} in {report}"));
    found["reasons"].as_array().unwrap().iter().map(|reason| reason["text"].as_str().unwrap().to_owned()).collect()
}
