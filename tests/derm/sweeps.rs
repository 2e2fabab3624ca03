//! `derm sweep`: what is tried, what is ended early, and the same table after kills.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Ran, Sandbox};

/// Three epochs that report, and a metric that is best for a rate of 0.01 and the network `a`.
const TRAIN: &str = r#"
echo "epoch,acc" > history.csv
test "$2" = bad && { echo "no such network" >&2; exit 1; }
for epoch in 1 2 3; do
    awk -v lr=$1 -v net=$2 -v epoch=$epoch -v seed=$3 'BEGIN {
        d = log(lr / 0.01) / log(10)
        printf "%d,%.6f\n", epoch, 0.9 - 0.1 * d * d - (net == "b" ? 0.05 : 0) + 0.01 * seed - 0.1 / epoch
    }' >> history.csv
    sleep $4
done
tail -n 1 history.csv | sed 's/.*,/{"acc": /; s/$/}/' > metrics.json
"#;

const PIPELINE: &str = "\
stages:
  train:
    cmd: sh train.sh ${train.lr} ${train.net} ${train.seed} ${pause}
    deps: [train.sh]
    params: [train]
    metrics: [{metrics.json: {cache: false}}]
    outs: [{history.csv: {cache: false}}]
";

fn project(pause: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.git(["init", "-q"]);
    sandbox.derm(["init"]).success();
    sandbox.write("params.yaml", format!("# What is learnt.\ntrain:\n  lr: 0.1   # the rate\n  net: a\n  seed: 0\npause: {pause}\n"));
    sandbox.write("train.sh", TRAIN);
    sandbox.write("pipelines/toy.yaml", PIPELINE);
    sandbox.git(["add", "-A"]);
    sandbox.git(["commit", "-qm", "start"]);
    sandbox
}

fn sweep(sandbox: &Sandbox, args: &[&str]) -> Ran {
    sandbox.derm(["sweep", "--metric", "acc", "--goal", "max"].iter().chain(args))
}

/// What must not depend on when and how often a sweep was run: all but times and commits.
fn table(ran: &Ran) -> Vec<String> {
    let row = |row: &Value| {
        format!("{} {} {} {} {} {}", row["configuration"], row["params"], row["state"], row["value"], row["step"], row["best"])
    };
    ran.json()["rows"].as_array().unwrap().iter().map(row).collect()
}

fn show(sandbox: &Sandbox, name: &str) -> Vec<String> {
    table(&sandbox.derm(["sweep", "show", name, "--json"]).success())
}

fn journal(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(&format!(".derm/sweeps/{name}/trials.jsonl"))).unwrap_or_default()
}

#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..6000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

fn begin(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = sandbox.command(["sweep", "--metric", "acc", "--goal", "max"].iter().chain(args));
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_grid_tries_everything_once_and_marks_the_best() {
    let sandbox = project("0");
    let args = ["-S", "train.lr=0.1,0.01", "-S", "train.net=a,b", "-j", "2"];
    let ran = sweep(&sandbox, &args).success();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    // 0.9 - 0.1 * d² - 0.05 for b - 0.1 / 3, by hand.
    let wanted =
        [("0.8667", "0.01", "a", "003"), ("0.8167", "0.01", "b", "004"), ("0.7667", "0.1", "a", "001"), ("0.7167", "0.1", "b", "002")];
    for (line, (acc, lr, net, number)) in lines[1..5].iter().zip(wanted) {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert!(words.contains(&acc) && words.contains(&lr) && words.contains(&net) && line.contains(&format!("-{number}")), "{line}");
        assert_eq!(words[0] == "*", number == "003", "{line}");
    }
    let best = ran.stdout.lines().last().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert!(sandbox.derm(["exp", "list"]).success().stdout.contains(&best));
    // The workspace is as it was, and the same command has nothing left to do.
    assert!(sandbox.read("params.yaml").contains("lr: 0.1   # the rate"));
    let again = sweep(&sandbox, &args).success();
    assert_eq!(again.stdout, ran.stdout);
    assert!(!again.stderr.contains("starts"), "{}", again.stderr);
    sandbox.derm(["exp", "apply", &best]).success();
    assert!(sandbox.read("params.yaml").contains("lr: 0.01   # the rate"), "{}", sandbox.read("params.yaml"));
    let listed = sandbox.derm(["sweep", "list"]).success().stdout;
    assert!(listed.contains("finished") && listed.contains("4 of 4"), "{listed}");
    let md = sandbox.derm(["sweep", "show", best.trim_end_matches("-003"), "--md"]).success().stdout;
    assert!(md.starts_with("|  | configuration | state | acc |") && md.contains("| --- |"), "{md}");
}

#[test]
fn a_seed_decides_what_is_tried() {
    let sandbox = project("0");
    let run = |name: &str, seed: &str, jobs: &str| {
        let args = [
            "-S",
            "train.lr=loguniform(1e-4,1)",
            "--search",
            "random",
            "--trials",
            "4",
            "--name",
            name,
            "--seed",
            seed,
            "-j",
            jobs,
            "--json",
        ];
        table(&sweep(&sandbox, &args).success())
    };
    let first = run("one", "7", "1");
    assert_eq!(first, run("two", "7", "2"));
    assert_ne!(first, run("three", "8", "1"));
    // Of four combinations none is tried twice.
    let args = ["-S", "train.lr=0.1,0.01", "-S", "train.net=a,b", "--search", "random", "--trials", "9", "--json"];
    let all: BTreeSet<String> =
        sweep(&sandbox, &args).success().json()["rows"].as_array().unwrap().iter().map(|row| row["params"].to_string()).collect();
    assert_eq!(all.len(), 4);
}

#[test]
fn losing_trials_are_ended_early() {
    let sandbox = project("0.4");
    let args =
        ["-S", "train.lr=0.01,0.1,1,1e-5", "--stop", "asha(min=1,eta=2,max=3)", "--watch", "history.csv:acc", "--name", "halved", "--json"];
    let ran = sweep(&sandbox, &args).success();
    let states: Vec<String> = ran.json()["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {}", row["configuration"], row["state"], row["step"]))
        .collect();
    // The first is best on both rungs; the others are not among the better half of the first.
    assert_eq!(states, ["1 \"done\" null", "2 \"stopped\" 1", "3 \"stopped\" 1", "4 \"stopped\" 1"]);
    assert!(ran.stderr.contains("halved-002 falls behind and is ended at step 1"), "{}", ran.stderr);
    let value = ran.json()["rows"][1]["value"].as_f64().unwrap();
    assert!((value - 0.7).abs() < 1e-6, "{value}");
    let listed = sandbox.derm(["exp", "list"]).success().stdout;
    assert!(listed.contains("halved-001") && !listed.contains("halved-002"), "{listed}");
}

/// Runs a sweep that is killed when this many trials have ended, each time the whole of it, then to its end.
fn killed(args: &[&str], at: [usize; 2]) -> (Sandbox, Vec<String>) {
    let sandbox = project("0.15");
    for ended in at {
        let mut child = begin(&sandbox, args);
        wait_until("some trials have ended", || {
            journal(&sandbox, "s").matches("\"ended\"").count() >= ended || child.try_wait().unwrap().is_some()
        });
        signal(&child, "-KILL");
        child.wait().unwrap();
    }
    sandbox.derm(["sweep", "--resume", "s", "-j", "2"]).success();
    let shown = show(&sandbox, "s");
    (sandbox, shown)
}

#[test]
fn killed_twice_it_ends_with_the_same_table() {
    let tpe = [
        "-S",
        "train.lr=loguniform(1e-4,1)",
        "-S",
        "train.net=a,b",
        "--trials",
        "8",
        "--startup",
        "3",
        "--search",
        "tpe",
        "--name",
        "s",
        "-j",
        "2",
    ];
    let halving = [&tpe[..], &["--stop", "asha(eta=2,max=3)", "--watch", "history.csv:acc"]].concat();
    for args in [&tpe[..], &halving[..]] {
        let whole = project("0.15");
        sweep(&whole, args).success();
        let (sandbox, shown) = killed(args, [2, 5]);
        assert_eq!(shown, show(&whole, "s"));
        // No worktree is left, and no trial was counted twice.
        let trials = fs::read_dir(sandbox.path(".derm/tmp/exps")).map_or(0, Iterator::count);
        assert_eq!(trials, 0);
        assert_eq!(journal(&sandbox, "s").matches("\"ended\"").count(), 8);
    }
}

#[test]
fn a_torn_line_of_the_journal_is_cut_off() {
    let sandbox = project("0");
    let args = ["-S", "train.lr=0.1,0.01,0.001", "--name", "torn", "--json"];
    let whole = table(&sweep(&sandbox, &args).success());
    let path = sandbox.path(".derm/sweeps/torn/trials.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    for cut in [text.len() - 3, text.len() / 2, 10] {
        fs::write(&path, &text[..cut]).unwrap();
        assert_eq!(table(&sweep(&sandbox, &args).success()), whole);
    }
    fs::write(&path, text.replacen("0.1\"", "0.3\"", 1)).unwrap();
    sweep(&sandbox, &args).exits(1).complains(["configuration 1 is not what the search asks for", "derm sweep remove"]);
}

#[test]
fn a_failed_trial_ends_no_sweep() {
    let sandbox = project("0");
    let ran = sweep(&sandbox, &["-S", "train.net=bad,a", "--name", "half"]).success();
    assert!(ran.stdout.contains("1 done, 1 failed"), "{}", ran.stdout);
    assert!(ran.stderr.contains("half-001 failed") && ran.stderr.contains(".derm/exps/logs/half-001.log"), "{}", ran.stderr);
    assert!(sandbox.read(".derm/exps/logs/half-001.log").contains("no such network"));
    sweep(&sandbox, &["-S", "train.net=bad", "-S", "train.lr=1,2"]).exits(1);
}

#[test]
fn interrupted_it_leaves_nothing_running_and_goes_on() {
    let sandbox = project("30");
    let args = ["-S", "train.lr=0.1,0.01", "--name", "slow", "-j", "2"];
    let child = begin(&sandbox, &args);
    let started = || {
        fs::read_dir(sandbox.path(".derm/tmp/exps"))
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().join("tree/history.csv").exists())
            .count()
    };
    wait_until("both trials run", || started() == 2);
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("derm sweep --resume slow"), "{said}");
    assert!(sandbox.derm(["sweep", "show", "slow"]).success().stdout.contains("2 to come"));
    // While one derm runs it, another does not.
    let mut child = begin(&sandbox, &args);
    wait_until("it is gone on with", || sandbox.derm(["sweep", "show", "slow", "--json"]).json()["state"] == "running");
    sandbox.derm(["sweep", "--resume", "slow"]).exits(1).complains(["another derm is running the sweep `slow`"]);
    signal(&child, "-INT");
    child.wait().unwrap();
    sandbox.derm(["sweep", "remove", "slow"]).success();
    assert!(sandbox.derm(["sweep", "list"]).success().stdout.contains("no sweeps"));
}

#[test]
fn folds_are_shown_as_mean_and_deviation() {
    let sandbox = project("0");
    let ran =
        sweep(&sandbox, &["-S", "train.lr=0.1,0.01", "--folds", "train.seed=0..2", "--name", "folded", "-j", "2", "--json"]).success();
    let best = &ran.json()["rows"][0];
    // 0.866667, 0.876667, 0.886667: mean 0.876667, sample deviation 0.01.
    let number = |key: &str| best[key].as_f64().unwrap();
    assert!((number("value") - 0.876_667).abs() < 1e-9 && (number("sd") - 0.01).abs() < 1e-9 && number("n") == 3.0, "{best}");
    assert_eq!(best["experiments"], serde_json::json!(["folded-002-seed0", "folded-002-seed1", "folded-002-seed2"]));
    let shown = sandbox.derm(["sweep", "show", "folded"]).success().stdout;
    assert!(shown.contains("± sd") && shown.contains("0.8767  0.01  3"), "{shown}");
    sweep(&sandbox, &["-S", "train.lr=1,2", "--folds", "train.seed=0..2", "--stop", "asha"]).exits(2).complains(["folds"]);
}

#[test]
fn a_file_says_the_same_as_options() {
    let sandbox = project("0");
    sandbox.write(
        "sweep.yaml",
        "params:\n  train:\n    lr: [0.1, 0.01]\n  train.net: a,b\nmetric: metrics.json:acc\ngoal: max\nname: filed\n",
    );
    let filed = table(&sandbox.derm(["sweep", "--config", "sweep.yaml", "--json"]).success());
    assert_eq!(filed, table(&sweep(&sandbox, &["-S", "train.lr=0.1,0.01", "-S", "train.net=a,b", "--json"]).success()));
    sandbox.write("wrong.yaml", "metrik: acc\n");
    sandbox.derm(["sweep", "--config", "wrong.yaml"]).exits(2).complains(["unknown key `metrik`", "did you mean `metric`?"]);
}

#[test]
fn what_is_wrong_is_said_before_anything_runs() {
    let sandbox = project("0");
    let axis = ["-S", "train.lr=1,2"];
    sandbox.derm(["sweep", "-S", "train.lr=1,2"]).exits(2).complains(["no metric to compare by", "--metric"]);
    sandbox.derm(["sweep", "-S", "train.lr=1,2", "--metric", "acc"]).exits(2).complains(["--goal max"]);
    sweep(&sandbox, &["-S", "train.lr=1"]).exits(2).complains(["no parameter is given several values"]);
    sweep(&sandbox, &["-S", "train.lr=uniform(0,1)", "--search", "grid"]).exits(2).complains(["a grid needs values", "`train.lr`"]);
    sweep(&sandbox, &["-S", "train.lrr=1,2"]).exits(2).complains(["no parameter `train.lrr`", "did you mean `train.lr`?"]);
    sweep(&sandbox, &["-S", "train.lr=unifrom(1,2)"]).exits(2).complains(["no function `unifrom`", "^"]);
    sweep(&sandbox, &[&axis[..], &["--stop", "halving"]].concat()).exits(2).complains(["asha(min=STEP"]);
    sweep(&sandbox, &[&axis[..], &["--stop", "asha", "--watch", "train.log:acc"]].concat()).exits(2).complains([".jsonl"]);
    sandbox.derm(["sweep", "--resume", "nothing"]).exits(2).complains(["there is no sweep `nothing`"]);
    let wrong = sandbox.derm(["sweep", "-S", "train.lr=1,2", "--metric", "acd", "--goal", "max"]).exits(1);
    wrong.complains(["its metrics have no `acd`, but `acc`"]);
    sweep(&sandbox, &[&axis[..], &["--name", "taken"]].concat()).success();
    sweep(&sandbox, &["-S", "train.lr=1,3", "--name", "taken"]).exits(2).complains(["list of parameters is another", "--resume taken"]);
}
