//! Names of files: what is unusual survives or is refused with a reason, and ignore rules are followed.

use std::fs;

use crate::support::Sandbox;

fn comes_back(sandbox: &Sandbox, path: &str) {
    let status = sandbox.derm(["status", "--json"]).success().json();
    assert_eq!(status["clean"], true, "{status}");
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read(path), "x");
}

#[test]
fn names_that_some_systems_take_for_one_are_told_once() {
    for (one, other) in [("Lesion.jpg", "lesion.jpg"), ("\u{e9}.jpg", "e\u{301}.jpg"), ("\u{c9}.jpg", "e\u{301}.jpg")] {
        let sandbox = Sandbox::repository();
        sandbox.write(&format!("data/{one}"), "x");
        sandbox.write(&format!("data/{other}"), "y");
        sandbox.write("data/third", "z");
        if fs::read_dir(sandbox.path("data")).unwrap().count() < 3 {
            return; // Such a system.
        }
        sandbox.derm(["add", "data"]).success().complains([one, other, "macOS and Windows"]);
        std::thread::sleep(std::time::Duration::from_millis(50));
        sandbox.derm(["status"]).success();
        let again = sandbox.derm(["add", "data"]).success();
        assert!(!again.stderr.contains("macOS"), "{}", again.stderr);
        comes_back(&sandbox, &format!("data/{one}"));
    }
}

#[cfg(unix)]
#[test]
fn a_name_with_a_line_end_survives() {
    let sandbox = Sandbox::repository();
    sandbox.git(["init", "-q"]);
    sandbox.write("data/one\ntwo", "x");
    sandbox.derm(["add", "data"]).success();
    comes_back(&sandbox, "data/one\ntwo");
    sandbox.write("top\nbottom", "x");
    sandbox.derm(["add", "top\nbottom"]).success();
    let untracked = sandbox.derm(["status", "--untracked", "--json"]).success().json()["untracked"].clone();
    assert_eq!(untracked, serde_json::json!([".gitignore"]), "git does not see the data");
    fs::remove_file(sandbox.path("top\nbottom")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("top\nbottom"), "x");
    sandbox.derm(["remove", "top\nbottom"]).success();
    assert!(!sandbox.read(".gitignore").contains("top"));
}

#[cfg(unix)]
#[test]
fn the_longest_names_survive_in_folders_and_are_refused_where_a_pointer_could_not_be() {
    let sandbox = Sandbox::repository();
    let longest = "n".repeat(255);
    sandbox.write(&format!("data/{longest}"), "x");
    sandbox.derm(["add", "data"]).success();
    comes_back(&sandbox, &format!("data/{longest}"));
    sandbox.write(&format!("data/{longest}"), "y");
    sandbox.derm(["add", &format!("data/{longest}")]).success();
    sandbox.write(&longest, "x");
    sandbox.derm(["add", &longest]).exits(2).complains(["too long", "rename it"]);
    let fits = "n".repeat(250);
    sandbox.write(&fits, "x");
    sandbox.derm(["add", &fits]).success();
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_refused_unless_it_is_left_out() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::repository();
    sandbox.write("data/a", "x");
    let strange = sandbox.path("data").join(std::ffi::OsStr::from_bytes(b"\xff\xfe.tmp"));
    fs::write(&strange, "y").unwrap();
    sandbox.derm(["add", "data"]).exits(2).complains(["not valid UTF-8", "list it in `.dermignore`"]);
    assert!(!sandbox.path("data.derm").exists());
    sandbox.write(".dermignore", "*.tmp\n");
    sandbox.derm(["add", "data"]).success();
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["data"][0]["recorded"]["files"], 1);
    assert!(strange.exists());
}

#[test]
fn both_kinds_of_ignore_files_count_and_ours_wins() {
    let sandbox = Sandbox::repository();
    for name in ["a.log", "keep.log", "b.tmp", "c"] {
        sandbox.write(&format!("data/{name}"), "x");
    }
    sandbox.write(".dvcignore", "*.log\n");
    sandbox.write(".dermignore", "*.tmp\n!keep.log\n");
    sandbox.derm(["add", "data"]).success();
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["data"][0]["recorded"]["files"], 2);
    sandbox.derm(["add", "data/a.log"]).exits(2).complains(["`.dvcignore`"]);
    // Pointers in a folder that is left out are not found, whichever file says so.
    sandbox.write("old/skin", "x");
    sandbox.derm(["add", "old/skin"]).success();
    sandbox.write(".dvcignore", "*.log\n/old/\n");
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn an_index_of_another_version_is_written_anew() {
    for version in [2, 4] {
        let sandbox = Sandbox::repository();
        sandbox.write("data/a", "x");
        sandbox.derm(["add", "data"]).success();
        std::thread::sleep(std::time::Duration::from_millis(50));
        sandbox.derm(["status"]).success();
        let mut index = fs::read(sandbox.path(".derm/index")).unwrap();
        assert_eq!(index[8], 3);
        index[8] = version;
        fs::write(sandbox.path(".derm/index"), index).unwrap();
        assert_eq!(sandbox.derm(["status", "--json"]).success().json()["clean"], true);
        assert_eq!(fs::read(sandbox.path(".derm/index")).unwrap()[8], 3);
    }
}
