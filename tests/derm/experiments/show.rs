//! The table of experiments, and the comparison of two.

use std::process::Command;

use super::lab;
use crate::support::{Sandbox, binary};

fn some() -> Sandbox {
    let lab = lab();
    lab.derm(["exp", "run", "--temp", "-S", "train.lr=0.5,0.05", "-S", "train.epochs=6,7", "--name", "grid"]).success();
    lab.derm(["exp", "run", "--queue", "-S", "train.lr=0.01", "--name", "waits"]).success();
    lab
}

/// As a terminal of that width shows it.
fn on_terminal(lab: &Sandbox, columns: usize, args: &str) -> Vec<String> {
    let shell = format!("stty rows 50 cols {columns}; exec {} {args}", binary().display());
    let output = Command::new("script")
        .args(["-qec", &shell, "/dev/null"])
        .current_dir(lab.root())
        .env_remove("COLUMNS")
        .env("NO_COLOR", "1")
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn rows_stand_below_their_commit_and_the_best_is_marked() {
    let lab = some();
    let shown = lab.derm(["exp", "show"]).success().stdout;
    let lines: Vec<&str> = shown.lines().collect();
    let cells: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(cells[0], ["experiment", "created", "state", "accuracy", "loss", "lr", "epochs"]);
    assert_eq!(cells[1], ["workspace", "0.5500", "0.1000", "0.1", "5"]);
    assert_eq!((cells[2][0], &cells[2][3..]), ("main", &["0.5500", "0.1000", "0.1", "5"][..]));
    assert_eq!((&cells[3][..2], &cells[3][3..]), (&["├", "grid-1"][..], &["0.6500", "0.5000", "0.5", "6"][..]));
    assert_eq!((&cells[4][..2], &cells[4][3..]), (&["├", "grid-2"][..], &["0.7500*", "0.5000", "0.5", "7"][..]));
    assert_eq!((&cells[5][..2], &cells[5][3..]), (&["├", "grid-3"][..], &["0.6500", "0.0500*", "0.05", "6"][..]));
    assert_eq!((&cells[7][..2], &cells[7][3..]), (&["└", "waits"][..], &["queued", "-", "-", "0.01", "5"][..]));
    assert!(lines[9].contains("2 the same in all rows"), "{shown}");
}

#[test]
fn a_terminal_is_never_too_narrow() {
    let lab = some();
    for columns in [40, 60, 80, 200] {
        let lines = on_terminal(&lab, columns, "exp show");
        assert!(lines.iter().any(|line| line.contains("grid-4")), "{lines:?}");
        for line in &lines {
            assert!(line.chars().count() <= columns, "{columns} columns: {line}");
        }
        let says = lines.iter().any(|line| line.contains("not fit"));
        assert_eq!(says, columns < 80, "{lines:#?}");
    }
}

#[test]
fn sorted_filtered_and_for_programs() {
    let lab = some();
    let order = |args: &[&str]| -> Vec<String> {
        let all = [&["exp", "show", "--hide-queued", "--hide-workspace", "--json"], args].concat();
        let rows = lab.derm(all).success().json();
        rows["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).skip(1).collect()
    };
    assert_eq!(order(&["--sort-by", "accuracy"]), ["grid-2", "grid-4", "grid-1", "grid-3"]);
    assert_eq!(order(&["--sort-by", "loss"]), ["grid-3", "grid-4", "grid-1", "grid-2"]);
    assert_eq!(order(&["--sort-by", "loss", "--sort-order", "desc"]), ["grid-1", "grid-2", "grid-3", "grid-4"]);
    assert_eq!(order(&["--sort-by", "lr"]), ["grid-3", "grid-4", "grid-1", "grid-2"]);
    lab.derm(["exp", "show", "--sort-by", "acuracy"]).exits(2).complains(["did you mean `accuracy`?"]);
    let csv = lab.derm(["exp", "show", "--csv", "--drop", "size"]).success().stdout;
    assert_eq!(csv.lines().next(), Some("experiment,kind,commit,baseline,created,accuracy,val.loss,train.lr,train.epochs,unused"));
    assert_eq!(csv.lines().count(), 8);
    let changed = lab.derm(["exp", "show", "--csv", "--only-changed", "--keep", "unused"]).success().stdout;
    assert!(changed.starts_with("experiment,kind,commit,baseline,created,accuracy,val.loss,train.lr,train.epochs,unused\n"), "{changed}");
    let md = lab.derm(["exp", "show", "--md", "--drop", "loss", "--hide-workspace", "--hide-queued"]).success().stdout;
    assert!(md.starts_with("| experiment | created | accuracy | lr | epochs |\n| --- | --- | ---: | ---: | ---: |\n"), "{md}");
    assert!(md.contains("| **0.7500** | 0.5 | 7 |"), "{md}");
}

#[test]
fn two_are_compared_with_each_other_and_with_where_they_came_from() {
    let lab = some();
    let diff = lab.derm(["exp", "diff", "grid-1", "grid-4"]).success().stdout;
    let lines: Vec<Vec<&str>> = diff.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["metric", "grid-1", "grid-4", "change"]);
    assert_eq!(lines[1], ["accuracy", "0.65", "0.75", "+0.1"]);
    assert_eq!(lines[2], ["val.loss", "0.5", "0.05", "-0.45"]);
    assert_eq!(lines[5], ["train.lr", "0.5", "0.05", "-0.45"]);
    let json = lab.derm(["exp", "diff", "grid-2", "--json"]).success().json();
    assert_eq!((&json["metrics"][0]["a"], &json["metrics"][0]["b"]), (&0.55.into(), &0.75.into()));
    assert!(lab.derm(["exp", "diff"]).success().stdout.contains("no differences"));
    lab.derm(["exp", "diff", "grid-9"]).exits(2).complains(["grid-9"]);
}
