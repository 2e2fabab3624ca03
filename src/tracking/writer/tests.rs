use super::*;
use crate::tracking::runs::{list, open};

fn workspace() -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::init(folder.path(), false).unwrap();
    (folder, workspace)
}

fn start(experiment: &str) -> Start {
    let params = BTreeMap::from([("train.lr".to_owned(), serde_json::json!(0.001))]);
    Start { experiment: experiment.into(), command: vec!["derm".into(), "train".into()], params, ..Start::default() }
}

#[test]
fn a_run_reads_back_as_it_was_written() {
    let (_folder, workspace) = workspace();
    let run = RunWriter::start(&workspace, start("skin"));
    run.metrics(1, &[("val/loss", 0.5), ("val/accuracy", 0.25)]);
    assert_eq!(open(&workspace, "last").unwrap().record.status, Status::Running);
    run.metrics(2, &[("val/loss", 0.25)]);
    run.tag("why", "a test");
    let file = workspace.root().join("report.html");
    std::fs::write(&file, "<p>").unwrap();
    run.artifact("report.html", &file);
    run.finish(Status::Finished, None);
    run.tag("late", "not kept");
    assert_eq!(run.problems(), Vec::<String>::new());

    let read = open(&workspace, &run.id().as_str()[..20]).unwrap();
    assert_eq!((read.record.status, &read.record.id, read.record.experiment.as_str()), (Status::Finished, run.id(), "skin"));
    assert_eq!(read.metrics()["val/loss"].last, 0.25);
    assert_eq!(read.record.tags, BTreeMap::from([("why".to_owned(), "a test".to_owned())]));
    assert_eq!((read.record.artifacts[0].size, read.record.artifacts[0].files), (3, 1));
    assert_eq!(read.history().unwrap().metrics["val/loss"].len(), 2);
    assert_eq!(read.environment().unwrap().derm, env!("CARGO_PKG_VERSION"));
    assert!(!read.dir.join("alive").exists());
}

#[test]
fn a_writer_that_vanishes_leaves_a_crashed_run_that_can_be_taken_up() {
    let (_folder, workspace) = workspace();
    let run = RunWriter::start(&workspace, start("skin"));
    run.metrics(1, &[("loss", 1.0)]);
    let id = run.id().clone();
    drop(run);
    let crashed = open(&workspace, "last").unwrap();
    assert_eq!((crashed.record.status, crashed.metrics()["loss"].last), (Status::Crashed, 1.0));

    let log = crashed.dir.join("metrics.log");
    let torn = std::fs::read_to_string(&log).unwrap() + "1700000000000\t2\tlo";
    std::fs::write(&log, torn).unwrap();
    let again = RunWriter::resume(&workspace, &id, start("skin"));
    assert_eq!(again.id(), &id);
    again.metrics(2, &[("loss", 0.5)]);
    again.finish(Status::Interrupted, Some("Ctrl-C"));
    let read = open(&workspace, id.as_str()).unwrap();
    assert_eq!((read.record.status, read.record.resumed.len()), (Status::Interrupted, 1));
    assert_eq!((read.metrics()["loss"].count, read.history().unwrap().skipped), (2, 0));
}

#[test]
fn a_run_that_is_being_written_is_not_taken_up() {
    let (_folder, workspace) = workspace();
    let run = RunWriter::start(&workspace, start("skin"));
    let other = RunWriter::resume(&workspace, run.id(), start("skin"));
    assert_ne!(run.id(), other.id());
    assert!(other.problems()[0].contains("still being written"));
    let gone = RunWriter::resume(&workspace, &RunId::new(), start("skin"));
    assert!(gone.problems()[0].contains("cannot take up"));
}

#[test]
fn nothing_of_tracking_stops_the_work() {
    let (_folder, workspace) = workspace();
    std::fs::write(workspace.derm_dir().join("runs"), "a file where the folder should be").unwrap();
    let run = RunWriter::start(&workspace, start("../../outside"));
    run.metrics(1, &[("loss", 1.0)]);
    run.artifact("../x", Path::new("/nowhere"));
    run.finish(Status::Finished, None);
    let problems = run.problems();
    assert!(problems[0].contains("no name for an experiment") && problems[1].contains("not recorded"), "{problems:?}");
    assert_eq!(problems.len(), 2);
}

#[test]
fn forbidden_names_are_mended_and_told() {
    let (_folder, workspace) = workspace();
    let run = RunWriter::start(&workspace, start("a/b"));
    run.metrics(1, &[("bad\tkey", 1.0), ("good", 2.0)]);
    run.artifact("../../escape", &workspace.derm_dir().join("config"));
    run.finish(Status::Finished, None);
    assert_eq!(run.problems().len(), 3, "{:?}", run.problems());
    let read = open(&workspace, "last").unwrap();
    assert_eq!(read.record.experiment, "a_b");
    assert_eq!(read.metrics().keys().collect::<Vec<_>>(), ["bad_key", "good"]);
    assert!(!workspace.derm_dir().join("escape").exists());
}

#[test]
fn one_bad_run_does_not_hide_the_others() {
    let (_folder, workspace) = workspace();
    let ids: Vec<RunId> = (0..4)
        .map(|_| {
            let run = RunWriter::start(&workspace, start("skin"));
            run.finish(Status::Finished, None);
            run.id().clone()
        })
        .collect();
    let file = |i: usize| runs::folder(&workspace).join("skin").join(ids[i].as_str()).join("run.json");
    std::fs::write(file(1), "").unwrap();
    std::fs::write(file(3), "{\"schema\": 1}").unwrap();
    let newer = std::fs::read_to_string(file(2)).unwrap().replace("\"schema\": 1", "\"schema\": 99");
    std::fs::write(file(2), newer).unwrap();
    let listing = list(&workspace).unwrap();
    assert_eq!(listing.runs.iter().map(|run| &run.record.id).collect::<Vec<_>>(), [&ids[0]]);
    assert_eq!(listing.broken.len(), 3);
    assert!(listing.broken.iter().any(|(_, why)| why.contains("schema 99")));
    assert_eq!(open(&workspace, "last").unwrap().record.id, ids[0]);
}

#[test]
fn fields_of_later_versions_survive_a_rewrite() {
    let (_folder, workspace) = workspace();
    let run = RunWriter::start(&workspace, start("skin"));
    let id = run.id().clone();
    drop(run);
    let path = open(&workspace, "last").unwrap().dir.join("run.json");
    let mut value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    value["note"] = "from the future".into();
    std::fs::write(&path, value.to_string()).unwrap();
    RunWriter::resume(&workspace, &id, start("skin")).finish(Status::Finished, None);
    assert!(std::fs::read_to_string(&path).unwrap().contains("from the future"));
}

#[test]
fn references_are_unique_prefixes() {
    let (_folder, workspace) = workspace();
    assert!(matches!(open(&workspace, "last"), Err(crate::tracking::Error::NoRuns)));
    for _ in 0..2 {
        RunWriter::start(&workspace, start("skin")).finish(Status::Finished, None);
    }
    assert!(matches!(open(&workspace, "0"), Err(crate::tracking::Error::Ambiguous { .. })));
    for bad in ["", "fff", "../skin", "zz"] {
        assert!(matches!(open(&workspace, bad), Err(crate::tracking::Error::NotFound(_))), "{bad}");
    }
}
