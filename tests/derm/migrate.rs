//! `derm migrate dvc`, on projects written by hand; `interop/migrate.py` does the same with DVC's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use md5::{Digest, Md5};
use serde_json::json;

use crate::support::Sandbox;

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts bytes into DVC's cache, in the layout of DVC 3 or of those before; a folder's manifest with `.dir` behind its name.
fn object(sandbox: &Sandbox, layout: &str, bytes: &[u8], end: &str) -> String {
    let name = format!("{}{end}", md5(bytes));
    let path = sandbox.write(&format!(".dvc/cache/{layout}{}/{}", &name[..2], &name[2..]), bytes);
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).unwrap();
    name
}

/// A project with a file, a folder that is only in the cache, and a pipeline of one stage that has run.
fn project() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.git(["init", "-q"]);
    sandbox.write(".dvc/config", "[core]\n    remote = lab\n['remote \"lab\"']\n    url = s3://bucket/skin\n");
    sandbox.write(".gitignore", "/weights.bin\n/raw\n/out.txt\n");
    let weights = md5(&fs::read(sandbox.write("weights.bin", vec![7; 3_000_000])).unwrap());
    sandbox.write(
        "weights.bin.dvc",
        format!("outs:\n- md5: {weights}\n  size: 3000000\n  hash: md5\n  path: weights.bin\n  labels: [big]\ndesc: of epoch 12\n"),
    );
    let a = object(&sandbox, "files/md5/", b"first", "");
    let b = object(&sandbox, "files/md5/", b"second", "");
    let manifest = format!("[{{\"md5\": \"{a}\", \"relpath\": \"a.jpg\"}}, {{\"md5\": \"{b}\", \"relpath\": \"nv/b.jpg\"}}]");
    let raw = object(&sandbox, "files/md5/", manifest.as_bytes(), ".dir");
    sandbox.write("raw.dvc", format!("outs:\n- md5: {raw}\n  size: 11\n  nfiles: 2\n  hash: md5\n  path: raw\n"));
    sandbox.write("params.yaml", "rate: 1e-3\n");
    sandbox.write(
        "dvc.yaml",
        "stages:\n  train:\n    cmd: cp weights.bin out.txt\n    deps: [weights.bin, raw]\n    params: [rate]\n    outs: [out.txt]\n",
    );
    sandbox.write("out.txt", "made");
    let out = object(&sandbox, "files/md5/", b"made", "");
    sandbox.write(
        "dvc.lock",
        format!(
            "schema: '2.0'\nstages:\n  train:\n    cmd: cp weights.bin out.txt\n    deps:\n    - path: raw\n      hash: md5\n      md5: {raw}\n      \
             size: 11\n      nfiles: 2\n    - path: weights.bin\n      hash: md5\n      md5: {weights}\n      size: 3000000\n    params:\n      \
             params.yaml:\n        rate: 0.001\n    outs:\n    - path: out.txt\n      hash: md5\n      md5: {out}\n      size: 4\n"
        ),
    );
    sandbox
}

#[test]
fn nothing_runs_again_and_content_comes_back() {
    let sandbox = project();
    let dry = sandbox.derm(["migrate", "dvc", "--dry", "--json"]).success().json();
    assert!(!sandbox.path(".derm").exists() && !sandbox.path("raw.derm").exists(), "--dry writes nothing");
    let done = sandbox.derm(["migrate", "dvc", "--json"]).success().json();
    for field in ["paths", "locks", "settings", "left_out", "remarks"] {
        assert_eq!(dry[field], done[field], "--dry says what is done");
    }
    assert_eq!(done["paths"].as_array().unwrap().len(), 2);
    assert_eq!(done["locks"][0]["new"], 1);
    let pointer = sandbox.read("weights.bin.derm");
    assert!(pointer.contains("desc: of epoch 12") && pointer.contains("- big"), "{pointer}");
    assert!(sandbox.read(".derm/config").contains("url = \"s3://bucket/skin\""));
    // The folder is not in place: it is brought back from derm's own cache.
    fs::rename(sandbox.path(".dvc/cache"), sandbox.path(".dvc/gone")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!((sandbox.read("raw/a.jpg"), sandbox.read("raw/nv/b.jpg")), ("first".into(), "second".into()));
    let status = sandbox.derm(["status", "--json"]).success().json();
    assert_eq!(status["clean"], true, "{status}");
    let steps = sandbox.derm(["repro", "--dry", "--json"]).success().json();
    assert_eq!(steps["stages"][0]["action"], "fresh");
    sandbox.write("params.yaml", "rate: 2e-3\n");
    let steps = sandbox.derm(["repro", "--dry", "--json"]).success().json();
    assert_eq!(steps["stages"][0]["action"], "would-run");
    assert_eq!(sandbox.read(".gitignore"), "/weights.bin\n/raw\n/out.txt\n");
}

#[test]
fn a_second_run_does_nothing_and_keeps_what_derm_has() {
    let sandbox = project();
    sandbox.derm(["migrate", "dvc"]).success();
    sandbox.write("weights.bin", "newer");
    sandbox.derm(["add", "weights.bin"]).success();
    let before = [sandbox.read("weights.bin.derm"), sandbox.read("derm.lock"), sandbox.read(".derm/config")];
    let again = sandbox.derm(["migrate", "dvc"]).success();
    assert!(again.stdout.contains("Nothing had to be done"), "{}", again.stdout);
    assert_eq!([sandbox.read("weights.bin.derm"), sandbox.read("derm.lock"), sandbox.read(".derm/config")], before);
}

#[test]
fn what_cannot_be_verified_is_named_and_the_rest_is_done() {
    let sandbox = project();
    let object = sandbox.path(&format!(".dvc/cache/files/md5/{}/{}", &md5(b"second")[..2], &md5(b"second")[2..]));
    fs::set_permissions(&object, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&object, "edited").unwrap();
    let done = sandbox.derm(["migrate", "dvc", "--json"]).exits(1).json();
    assert_eq!(done["left_out"].as_array().unwrap().len(), 1, "{done}");
    assert_eq!(done["left_out"][0]["path"], "raw/nv/b.jpg");
    assert!(!sandbox.path("raw.derm").exists() && sandbox.path("weights.bin.derm").exists());
    // The stage is not fresh: what it read cannot be told.
    let steps = sandbox.derm(["repro", "--dry", "--json"]).success().json();
    assert_eq!(steps["stages"][0]["action"], "would-run");
    fs::write(&object, "second").unwrap();
    let done = sandbox.derm(["migrate", "dvc", "--json"]).success().json();
    assert_eq!(done["left_out"], json!([]));
    sandbox.derm(["checkout"]).success();
    let steps = sandbox.derm(["repro", "--dry", "--json"]).success().json();
    assert_eq!(steps["stages"][0]["action"], "fresh");
}

#[test]
fn projects_of_dvc_2_count_text_with_either_line_end() {
    let sandbox = Sandbox::empty();
    sandbox.write(".dvc/config", "");
    let name = md5(b"x,y\n");
    // DVC's object has the one line end, the file in place the other: both are right, and what is in place stays.
    sandbox.write(&format!(".dvc/cache/{}/{}", &name[..2], &name[2..]), "x,y\n");
    sandbox.write("t.csv", "x,y\r\n");
    sandbox.write("t.csv.dvc", format!("outs:\n- md5: {name}\n  size: 4\n  path: t.csv\nfrozen: true\n"));
    sandbox.write("wrong.csv", "x,y\r\n");
    sandbox.write("wrong.csv.dvc", format!("outs:\n- md5: {}\n  path: wrong.csv\n", md5(b"\0")));
    sandbox.derm(["migrate", "dvc"]).exits(1);
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["clean"], true);
    assert!(sandbox.read("t.csv.derm").contains("frozen: true"));
    fs::remove_file(sandbox.path("t.csv")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("t.csv"), "x,y\r\n");
}

#[test]
fn wrong_files_are_told_with_their_place() {
    let sandbox = Sandbox::empty();
    sandbox.derm(["migrate", "dvc"]).exits(2).complains(["not inside a DVC project"]);
    sandbox.write(".dvc/config", "");
    sandbox.write("a.dvc", "outs: [\n");
    sandbox.write("b.dvc", "outs:\n- path: ../../etc/passwd\n  md5: d41d8cd98f00b204e9800998ecf8427e\n");
    sandbox.write("c.dvc", "outs:\n- path: c\n  md5: ../../../../etc/passwd\n");
    sandbox.write("d.dvc", "cmd: make\nouts:\n- path: d\n  md5: d41d8cd98f00b204e9800998ecf8427e\n");
    sandbox.write("dvc.yaml", "stages:\n  a:\n    cmd: [\n");
    let done = sandbox.derm(["migrate", "dvc", "--json"]).exits(1).json();
    let from: Vec<&str> = done["left_out"].as_array().unwrap().iter().map(|left| left["from"].as_str().unwrap()).collect();
    assert_eq!(from, ["a.dvc", "b.dvc", "c.dvc", "d.dvc", "dvc.yaml"]);
}
