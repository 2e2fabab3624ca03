//! move, remove, unprotect, du, cache dir, checkout --relink: what is tracked is handled and never lost.

use std::fs;
use std::path::Path;

use crate::support::Sandbox;

/// Tracked `data` with two equal files and one other, with notes in its pointer, files linked by `link`.
fn with_data(link: &str) -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.write(".derm/config", format!("# ours\n[cache]\nlink = [\"{link}\"]\n"));
    for (name, content) in [("a", "same"), ("deep/b", "same"), ("c", "other")] {
        sandbox.write(&format!("data/{name}"), content);
    }
    sandbox.derm(["add", "data"]).success();
    let pointer = sandbox.read("data.derm");
    sandbox.write("data.derm", pointer + "desc: as delivered\n");
    sandbox
}

fn is_clean(sandbox: &Sandbox) -> bool {
    sandbox.derm(["status", "--json"]).success().json()["clean"] == true
}

#[cfg(unix)]
fn inode(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&path.symlink_metadata().unwrap())
}

#[test]
fn moved_data_keeps_its_pointer_and_notes() {
    for link in ["copy", "hardlink", "symlink"] {
        let sandbox = with_data(link);
        sandbox.derm(["move", "data", "sets/deeper/skin"]).success();
        assert!(!sandbox.path("data").exists() && !sandbox.path("data.derm").exists() && !sandbox.path(".gitignore").exists());
        assert_eq!(sandbox.read("sets/deeper/skin/deep/b"), "same", "{link}");
        let pointer = sandbox.read("sets/deeper/skin.derm");
        assert!(pointer.contains("path: skin\n") && pointer.contains("desc: as delivered"), "{pointer}");
        assert!(sandbox.read("sets/deeper/.gitignore").contains("/skin\n"));
        assert!(is_clean(&sandbox), "{link}");
        fs::create_dir(sandbox.path("into")).unwrap();
        sandbox.derm(["move", "sets/deeper/skin.derm", "into"]).success();
        assert_eq!(sandbox.read("into/skin/c"), "other");
        assert!(is_clean(&sandbox), "{link}");
    }
}

#[test]
fn a_move_that_would_lose_or_hide_something_is_refused() {
    let sandbox = with_data("copy");
    sandbox.write("file", "mine");
    sandbox.write("other", "x");
    sandbox.derm(["add", "other"]).success();
    sandbox.derm(["move", "data", "file"]).exits(2).complains(["`file` exists already"]);
    sandbox.derm(["move", "data", "data/deep"]).exits(2);
    sandbox.derm(["move", "other", "data/deep/other"]).exits(2).complains(["inside the tracked folder `data`"]);
    sandbox.derm(["move", "data/a", "b"]).exits(2).complains(["inside the tracked folder `data`"]);
    sandbox.derm(["move", "file", "b"]).exits(2).complains(["not tracked"]);
    sandbox.derm(["move", "data", ".git/x"]).exits(2);
    sandbox.derm(["move", "data", "../x"]).exits(2);
    assert!(is_clean(&sandbox));
    assert_eq!(sandbox.read("file"), "mine");
}

#[test]
fn a_move_that_was_killed_is_finished_by_the_next() {
    let sandbox = with_data("copy");
    let pointer = sandbox.read("data.derm").replace("path: data", "path: skin");
    sandbox.write("skin.derm", &pointer);
    sandbox.derm(["move", "data", "skin"]).success();
    assert!(is_clean(&sandbox) && sandbox.path("skin/a").exists());
    // Killed after the data was moved.
    sandbox.write("end.derm", pointer.replace("path: skin", "path: end"));
    fs::rename(sandbox.path("skin"), sandbox.path("end")).unwrap();
    sandbox.derm(["move", "skin", "end"]).success();
    assert!(is_clean(&sandbox) && sandbox.path("end/a").exists() && !sandbox.path("skin.derm").exists());
}

#[test]
fn stages_that_name_what_moved_are_told() {
    let sandbox = with_data("copy");
    sandbox.write("pipelines/p.yaml", "stages:\n  train:\n    cmd: cat data/a > out\n    deps: [data/a]\n    outs: [out]\n");
    sandbox.derm(["move", "data", "skin"]).success().complains(["`train` names `data`", "change it to `skin`"]);
}

#[test]
fn removing_a_pointer_leaves_the_data() {
    let sandbox = with_data("copy");
    sandbox.derm(["remove", "data"]).success();
    assert!(!sandbox.path("data.derm").exists() && !sandbox.path(".gitignore").exists());
    assert_eq!(sandbox.read("data/a"), "same");
    sandbox.derm(["remove", "data"]).exits(2).complains(["not tracked"]);
}

#[test]
fn removed_data_is_in_the_cache_or_stays() {
    let sandbox = with_data("copy");
    let pointer = sandbox.read("data.derm");
    sandbox.write("data/new", "nowhere else");
    sandbox.write("data/.DS_Store", "left out");
    sandbox.derm(["remove", "data/a"]).exits(2).complains(["inside the tracked folder"]);
    sandbox.derm(["remove", "--data", "data"]).exits(1).complains(["data/new"]);
    assert!(sandbox.path("data.derm").exists() && sandbox.path("data/a").exists());
    fs::remove_file(sandbox.path("data/new")).unwrap();
    let done = sandbox.derm(["remove", "--data", "data", "--json"]).success().json();
    assert_eq!(done["removed"][0]["files"], 3);
    assert!(!sandbox.path("data/a").exists() && !sandbox.path("data/deep").exists());
    assert_eq!(sandbox.read("data/.DS_Store"), "left out");
    sandbox.write("data.derm", pointer);
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("data/deep/b"), "same");
}

#[cfg(unix)]
#[test]
fn unprotected_files_can_be_edited_without_reaching_the_cache() {
    for link in ["hardlink", "symlink", "copy"] {
        let sandbox = with_data(link);
        let files = sandbox.derm(["unprotect", "data", "--json"]).success().json()["paths"][0]["files"].clone();
        assert_eq!(files, if link == "copy" { 0 } else { 3 }, "{link}");
        assert!(is_clean(&sandbox));
        sandbox.write("data/a", "edited");
        sandbox.derm(["doctor", "--verify"]).success();
        assert_eq!(sandbox.read("data/deep/b"), "same");
        sandbox.derm(["checkout", "--force"]).success();
        assert_eq!(sandbox.read("data/a"), "same");
    }
}

#[cfg(unix)]
#[test]
fn an_edit_through_a_link_is_kept_when_the_file_is_unprotected() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = with_data("hardlink");
    let file = sandbox.path("data/c");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&file, "forced").unwrap();
    sandbox.derm(["unprotect", "data"]).success();
    assert_eq!(sandbox.read("data/c"), "forced");
    assert_eq!(std::os::unix::fs::MetadataExt::nlink(&file.metadata().unwrap()), 1);
}

#[cfg(unix)]
#[test]
fn relink_follows_the_configured_type() {
    let sandbox = with_data("copy");
    let hex = blake3::hash(b"other").to_hex().to_string();
    let object = sandbox.path(&format!(".derm/cache/b3/{}/{}", &hex[..2], &hex[2..]));
    let kind = |sandbox: &Sandbox| {
        let file = sandbox.path("data/c");
        if file.is_symlink() {
            "symlink"
        } else if inode(&file) == inode(&object) {
            "hardlink"
        } else {
            "copy"
        }
    };
    for link in ["hardlink", "symlink", "copy", "symlink", "hardlink"] {
        sandbox.write(".derm/config", format!("[cache]\nlink = [\"{link}\"]\n"));
        sandbox.derm(["checkout"]).success();
        let relinked = |ran: crate::support::Ran| ran.json()["paths"][0]["relinked"].clone();
        assert_eq!(relinked(sandbox.derm(["checkout", "--relink", "--json"]).success()), 3, "{link}");
        assert_eq!(relinked(sandbox.derm(["checkout", "--relink", "--json"]).success()), 0, "{link}");
        assert_eq!(kind(&sandbox), link);
        assert!(is_clean(&sandbox));
    }
    sandbox.write("data/new", "changed");
    sandbox.derm(["checkout", "--relink"]).exits(1).complains(["data/new"]);
}

#[test]
fn du_counts_shared_content_once() {
    let sandbox = with_data("copy");
    sandbox.write("again", "same");
    sandbox.derm(["add", "again"]).success();
    let du = sandbox.derm(["du", "--json"]).success().json();
    let data = &du["paths"][1];
    assert_eq!((&data["path"], &data["files"], &data["bytes"]), (&"data".into(), &3.into(), &13.into()));
    assert_eq!((&data["objects"]["count"], &data["objects"]["bytes"]), (&2.into(), &9.into()));
    assert_eq!(
        (&du["total"]["bytes"], &du["total"]["objects"]["bytes"], &du["total"]["cached"]["bytes"]),
        (&17.into(), &9.into(), &9.into())
    );
    let hex = blake3::hash(b"same").to_hex().to_string();
    fs::remove_file(sandbox.path(&format!(".derm/cache/b3/{}/{}", &hex[..2], &hex[2..]))).unwrap();
    assert_eq!(sandbox.derm(["du", "--json", "data"]).success().json()["total"]["cached"]["bytes"], 5);
    assert!(sandbox.derm(["du"]).success().stdout.contains("together"));
}

#[test]
fn the_cache_folder_is_shown_and_set() {
    let sandbox = with_data("copy");
    let shown = sandbox.derm(["cache", "dir"]).success().stdout;
    assert_eq!(Path::new(shown.trim()), sandbox.path(".derm/cache"));
    let set = sandbox.derm(["cache", "dir", "--local", ".derm/elsewhere"]).success();
    assert!(set.stdout.contains("cp -a") && set.stdout.contains("Nothing was moved"), "{}", set.stdout);
    assert_eq!(sandbox.read(".derm/config.local"), "[cache]\ndir = \".derm/elsewhere\"\n");
    assert!(!is_clean(&sandbox), "the objects are still in the old folder");
    sandbox.derm(["cache", "dir", "--local", "--unset"]).success();
    assert!(is_clean(&sandbox));
    sandbox.derm(["cache", "dir", ".derm/big"]).success();
    assert_eq!(sandbox.read(".derm/config"), "# ours\n[cache]\nlink = [\"copy\"]\ndir = \".derm/big\"\n");
    sandbox.write("file", "x");
    for bad in ["", "file", ".", ".derm"] {
        sandbox.derm(["cache", "dir", bad]).exits(2);
    }
    sandbox.git(["init", "-q"]);
    sandbox.derm(["cache", "dir", "objects"]).exits(2).complains(["git would see"]);
}

#[test]
fn status_tells_what_is_committed_and_what_nobody_knows() {
    let sandbox = with_data("copy");
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["data"][0]["pointer"], serde_json::Value::Null);
    sandbox.git(["init", "-q"]);
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-qm", "first"]);
    let status = |args: &[&str]| sandbox.derm([&["status", "--json"], args].concat()).success().json();
    let first = status(&[]);
    assert_eq!((&first["data"][0]["pointer"], &first["removed"]), (&"committed".into(), &serde_json::json!([])));
    assert!(first.get("untracked").is_none());
    sandbox.write("data/a", "changed");
    sandbox.write("new", "x");
    sandbox.write("notes/today", "x");
    sandbox.write(".dvcignore", "*.tmp\n");
    sandbox.write("left.tmp", "x");
    sandbox.derm(["add", "data", "new"]).success();
    let second = status(&["--untracked"]);
    assert_eq!((&second["data"][0]["pointer"], &second["data"][1]["pointer"]), (&"uncommitted".into(), &"new".into()));
    assert_eq!(second["untracked"], serde_json::json!([".dvcignore", "notes/"]));
    sandbox.derm(["remove", "data"]).success();
    assert_eq!(status(&[])["removed"], serde_json::json!(["data"]));
    assert!(sandbox.derm(["status"]).success().stdout.contains("no longer tracked"));
}

#[test]
fn diff_is_a_table_for_a_ci() {
    let sandbox = with_data("copy");
    sandbox.git(["init", "-q"]);
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-qm", "first"]);
    assert_eq!(sandbox.derm(["diff", "--md"]).success().stdout, "");
    sandbox.write("data/a", "changed");
    fs::rename(sandbox.path("data/c"), sandbox.path("data/d")).unwrap();
    let table = "| change | path | size |\n| --- | --- | ---: |\n| modified | `data/a` | 7 B |\n| renamed | `data/c` → `data/d` | 5 B |\n";
    assert_eq!(sandbox.derm(["diff", "--md"]).success().stdout, table);
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    assert_ne!(sandbox.derm(["diff", "--md"]).success().stdout, "");
    assert_eq!(sandbox.derm(["diff", "--md", "--hide-missing"]).success().stdout, "");
}
