//! Data of other repositories and of URLs.

use std::fs;

use crate::dav::{Dav, Fault};
use crate::support::Sandbox;

/// A repository with a folder of data, a file that git keeps, and two commits.
fn theirs() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.git(["init", "-q"]);
    for name in ["a.txt", "b.txt", "deep/c.txt"] {
        sandbox.write(&format!("data/skin/{name}"), format!("one {name}"));
    }
    sandbox.write("notes.md", "one");
    sandbox.derm(["add", "data/skin"]).success();
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-q", "-m", "one"]);
    sandbox.git(["tag", "v1"]);
    sandbox
}

fn second_version(sandbox: &Sandbox) {
    sandbox.write("data/skin/a.txt", "two a.txt");
    sandbox.write("notes.md", "two");
    sandbox.derm(["add", "data/skin"]).success();
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-q", "-m", "two"]);
}

#[test]
fn get_copies_without_tracking_also_outside_of_a_repository() {
    let (theirs, here) = (theirs(), Sandbox::empty());
    second_version(&theirs);
    let url = theirs.root().display().to_string();
    here.derm(["get", &url, "data/skin"]).success();
    assert_eq!(here.read("skin/a.txt"), "two a.txt");
    assert_eq!(here.read("skin/deep/c.txt"), "one deep/c.txt");
    here.derm(["get", &url, "data/skin"]).exits(2).complains(["is there already", "--force"]);
    here.derm(["get", &url, "data/skin/deep", "-o", "part", "--rev", "v1"]).success();
    assert_eq!(here.read("part/c.txt"), "one deep/c.txt");
    here.derm(["get", &url, "notes.md", "--rev", "v1"]).success();
    assert_eq!(here.read("notes.md"), "one");
    here.derm(["get", &url, "data/nothing"]).exits(2).complains(["has no `data/nothing`", "derm ls"]);
    here.derm(["get", &url, "data/skin", "--rev", "v9", "-o", "x"]).exits(2).complains(["v9"]);
    let left: Vec<_> = fs::read_dir(here.root()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".derm")), "{left:?}");
}

#[test]
fn an_import_is_tracked_and_follows_its_source() {
    let (theirs, ours) = (theirs(), Sandbox::repository());
    let url = theirs.root().display().to_string();
    ours.derm(["import", &url, "data/skin", "-o", "data/theirs"]).success();
    assert_eq!(ours.read("data/theirs/a.txt"), "one a.txt");
    let pointer = ours.read("data/theirs.derm");
    assert!(pointer.contains("import:") && pointer.contains("path: data/skin"), "{pointer}");
    assert!(ours.read("data/.gitignore").contains("/theirs"));
    assert_eq!(ours.derm(["update", "--json"]).success().json()["imported"][0]["changed"], false);
    second_version(&theirs);
    assert_eq!(ours.derm(["update", "--json"]).success().json()["imported"][0]["changed"], true);
    assert_eq!(ours.read("data/theirs/a.txt"), "two a.txt");
    ours.derm(["status", "--exit-code"]).success();
    // A change of one's own is not thrown away.
    ours.write("data/theirs/b.txt", "mine");
    ours.derm(["update", "data/theirs", "--rev", "v1"]).exits(1).complains(["destroy"]);
    assert_eq!(ours.read("data/theirs/b.txt"), "mine");
    ours.derm(["update", "data/theirs", "--rev", "v1", "--force"]).success();
    assert_eq!(ours.read("data/theirs/a.txt"), "one a.txt");
    assert!(ours.read("data/theirs.derm").contains("rev: v1"));
    ours.derm(["import", &url, "data/skin", "-o", "data/theirs"]).exits(2).complains(["`data/theirs` is tracked already", "derm update"]);
}

#[test]
fn data_comes_from_their_remote_when_their_cache_is_not_here() {
    let (theirs, store, ours) = (theirs(), Sandbox::empty(), Sandbox::repository());
    theirs.derm(["remote", "add", "nas", &store.path("r").display().to_string()]).success();
    theirs.git(["add", "."]);
    theirs.git(["commit", "-q", "-m", "remote"]);
    let url = theirs.root().display().to_string();
    fs::rename(theirs.path(".derm/cache"), theirs.path(".derm/elsewhere")).unwrap();
    ours.derm(["import", &url, "data/skin"]).exits(1).complains(["cannot be had", "derm push"]);
    fs::rename(theirs.path(".derm/elsewhere"), theirs.path(".derm/cache")).unwrap();
    theirs.derm(["push"]).success();
    fs::remove_dir_all(theirs.path(".derm/cache")).unwrap();
    ours.derm(["import", &url, "data/skin"]).success();
    assert_eq!(ours.read("skin/deep/c.txt"), "one deep/c.txt");
}

#[test]
fn a_clone_is_kept_and_serves_when_its_source_is_gone() {
    let (theirs, ours) = (theirs(), Sandbox::repository());
    // A URL that is no path on this machine for git2, so that it has to be cloned.
    let moved = theirs.root();
    let url = format!("file://localhost{}", moved.display());
    let bare = ours.derm(["ls", &url, "--json"]).success().json();
    assert_eq!(bare["entries"][0]["path"], "data/skin");
    assert_eq!(fs::read_dir(ours.path(".derm/tmp/clones")).unwrap().count(), 1);
    fs::rename(theirs.path(".git"), theirs.path("git-gone")).unwrap();
    let told = ours.derm(["ls", &url]).success().complains(["no news"]);
    assert!(told.stdout.contains("data/skin"));
}

#[test]
fn files_of_urls_are_imported_and_renewed() {
    let (dav, ours) = (Dav::start(), Sandbox::repository());
    dav.put("meta.csv", "image,label\n1,nv\n");
    let url = format!("{}/meta.csv", dav.url);
    dav.fails("GET", "meta", Fault::Break, 1);
    ours.derm(["import", &url, "-o", "data/meta.csv"]).success();
    assert_eq!(ours.read("data/meta.csv"), "image,label\n1,nv\n");
    assert_eq!(ours.derm(["update", "--json"]).success().json()["imported"][0]["changed"], false);
    dav.put("meta.csv", "image,label\n1,nv\n2,mel\n");
    assert_eq!(ours.derm(["update", "--json"]).success().json()["imported"][0]["changed"], true);
    assert_eq!(ours.read("data/meta.csv"), "image,label\n1,nv\n2,mel\n");
    ours.derm(["get", &format!("{}/nothing.csv", dav.url)]).exits(2).complains(["nothing is at"]);
    ours.derm(["get", &url, "-o", "copy.csv"]).success();
    assert_eq!(ours.read("copy.csv"), ours.read("data/meta.csv"));
    for name in ["x/1.txt", "x/2.txt", "x/y/3.txt"] {
        dav.put(&format!("many/{name}"), name);
    }
    ours.derm(["import", &format!("{}/many", dav.url), "-o", "data/many"]).success();
    assert_eq!(ours.read("data/many/x/y/3.txt"), "x/y/3.txt");
}

#[test]
fn a_folder_of_this_machine_is_imported() {
    let (there, ours) = (Sandbox::empty(), Sandbox::repository());
    there.write("scans/1.txt", "one");
    there.write("scans/deep/2.txt", "two");
    ours.derm(["import", &there.path("scans").display().to_string(), "-o", "data/scans"]).success();
    assert_eq!(ours.read("data/scans/deep/2.txt"), "two");
    ours.derm(["status", "--exit-code"]).success();
}

#[test]
fn ls_lists_what_is_tracked() {
    let theirs = theirs();
    let names = |words: &[&str]| -> Vec<String> {
        let listed = theirs.derm([&["ls", "--json"], words].concat()).success().json();
        listed["entries"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&[]), ["data/skin"]);
    assert_eq!(names(&["-R"]), ["data/skin/a.txt", "data/skin/b.txt", "data/skin/deep/c.txt"]);
    assert_eq!(names(&[".", "data/skin/deep", "-R"]), ["data/skin/deep/c.txt"]);
    assert_eq!(names(&["--rev", "v1"]), ["data/skin"]);
}
