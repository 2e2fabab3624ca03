//! Stored files of another version, older and newer: refused where people keep them, made again where derm can.

use std::fs;

use crate::dav::Dav;
use crate::support::Sandbox;

fn with_file() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.write("data/a.txt", "hello");
    sandbox.derm(["add", "data"]).success();
    sandbox
}

#[test]
fn pointers_of_another_schema_are_refused_and_left_alone() {
    let sandbox = with_file();
    let pointer = sandbox.read("data.derm");
    for number in ["0", "2", "99"] {
        let other = pointer.replace("schema: 1", &format!("schema: {number}"));
        sandbox.write("data.derm", &other);
        for command in [["status"].as_slice(), &["checkout"], &["add", "data"], &["push"], &["gc", "-w"]] {
            sandbox.derm(command).exits(2).complains(["data.derm:1", &format!("schema {number}")]);
        }
        assert_eq!(sandbox.read("data.derm"), other);
    }
}

#[test]
fn locks_of_another_schema_are_refused() {
    let sandbox = Sandbox::repository();
    sandbox.write("pipelines/p.yaml", "stages:\n  s:\n    cmd: echo x > x.txt\n    outs: [x.txt]\n");
    sandbox.derm(["repro"]).success();
    let lock = sandbox.read("pipelines/p.lock");
    for number in ["0", "2"] {
        let other = lock.replace("schema: 1", &format!("schema: {number}"));
        sandbox.write("pipelines/p.lock", &other);
        sandbox.derm(["repro"]).exits(2).complains([&format!("schema {number}")]);
        assert_eq!(sandbox.read("pipelines/p.lock"), other);
    }
}

#[test]
fn settings_of_another_format_are_refused() {
    let sandbox = with_file();
    sandbox.write(".derm/config", "format = 1\n");
    sandbox.derm(["status"]).success();
    for number in ["0", "2"] {
        sandbox.write(".derm/config", format!("format = {number}\n"));
        sandbox.derm(["status"]).exits(2).complains([".derm/config:1", &format!("format {number}")]);
    }
}

#[test]
fn an_index_of_another_version_is_made_again() {
    let sandbox = with_file();
    // A file that was written a moment ago is not recorded yet.
    std::thread::sleep(std::time::Duration::from_millis(60));
    sandbox.derm(["add", "data"]).success();
    let index = fs::read(sandbox.path(".derm/index")).unwrap();
    for number in [0u8, 99] {
        let mut other = index.clone();
        other[8] = number;
        fs::write(sandbox.path(".derm/index"), &other).unwrap();
        sandbox.derm(["status", "--exit-code"]).success();
        // It is written when there is something new to say.
        sandbox.write("data/b.txt", format!("more {number}"));
        std::thread::sleep(std::time::Duration::from_millis(60));
        sandbox.derm(["add", "data"]).success();
        assert_eq!(fs::read(sandbox.path(".derm/index")).unwrap()[8], index[8]);
    }
}

#[test]
fn listings_of_another_version_are_reported() {
    let sandbox = with_file();
    for number in [0u8, 2] {
        let bytes = [b"dermtree".as_slice(), &[number], &0u32.to_le_bytes()].concat();
        let hex = blake3::hash(&bytes).to_hex().to_string();
        sandbox.write(&format!(".derm/cache/b3/{}/{}", &hex[..2], &hex[2..]), bytes);
        sandbox.write("other.derm", format!("schema: 1\npath: other\nhash: {hex}\nkind: tree\nsize: 0\nfiles: 0\n"));
        sandbox.derm(["checkout", "other"]).exits(1).complains(["no folder listing", "version"]);
        assert!(!sandbox.path("other").exists());
    }
}

#[test]
fn packs_of_another_version_count_as_absent() {
    let (sandbox, dav) = (Sandbox::repository(), Dav::start());
    for n in 0..30 {
        sandbox.write(&format!("data/{n}.txt"), format!("file {n}"));
    }
    sandbox.derm(["add", "data"]).success();
    sandbox.derm(["remote", "add", "dav", &dav.url]).success();
    sandbox.derm(["push"]).success();
    for number in [0u8, 2] {
        let index = dav.files().into_iter().find(|path| path.ends_with(".index")).unwrap();
        // Under the name of its own bytes, as a derm of that version would write it.
        let mut bytes = Vec::new();
        dav.change(&index, |old| {
            old[8] = number;
            bytes = old.clone();
        });
        let old = index.trim_start_matches("packs/").trim_end_matches(".index").to_owned();
        let new = blake3::hash(&bytes).to_hex().to_string();
        let mut pack = Vec::new();
        dav.change(&format!("packs/{old}.pack"), |bytes| pack = bytes.clone());
        for kind in ["index", "pack"] {
            dav.lose(&format!("packs/{old}.{kind}"));
        }
        dav.put(&format!("packs/{new}.index"), bytes);
        dav.put(&format!("packs/{new}.pack"), pack);
        let sent = sandbox.derm(["push", "--json"]).success().json();
        assert!(sent["remotes"][0]["objects"].as_u64().unwrap() >= 30, "{sent}");
        dav.lose(&format!("packs/{new}.index"));
        dav.lose(&format!("packs/{new}.pack"));
    }
}

#[test]
fn remotes_of_another_format_are_refused() {
    let (sandbox, store) = (with_file(), Sandbox::empty());
    let place = store.path("r").display().to_string();
    sandbox.derm(["push", "-r", &place]).success();
    for number in ["0", "2"] {
        store.write("r/derm-remote", format!("format: {number}\n"));
        sandbox.derm(["push", "-r", &place]).exits(1).complains(["another version of derm"]);
    }
}
