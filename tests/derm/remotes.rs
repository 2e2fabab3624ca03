//! Remotes: what is pushed comes back, whatever happens on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::dav::{Dav, Fault};
use crate::support::{Sandbox, noise};

/// A repository with a folder of `files` small files, a sub-folder, an empty folder, a link and an executable, under git.
fn with_data(files: usize) -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.git(["init", "-q"]);
    for n in 0..files {
        let mut level = noise(n);
        sandbox.write(&format!("data/skin/{}/{n:04}.bin", n % 3), (0..2000 + n).map(|_| level()).collect::<Vec<u8>>());
    }
    let mut level = noise(99);
    sandbox.write("data/skin/large.bin", (0..20_000_000u32).map(|_| level()).collect::<Vec<u8>>());
    fs::create_dir_all(sandbox.path("data/skin/empty")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::os::unix::fs::symlink("0/0000.bin", sandbox.path("data/skin/link")).unwrap();
        let script = sandbox.write("data/skin/run.sh", "#!/bin/sh\n");
        fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox.derm(["add", "data/skin"]).success();
    sandbox
}

/// Commits everything and clones it: a machine without data.
fn clone(sandbox: &Sandbox) -> Sandbox {
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-q", "--allow-empty", "-m", "data"]);
    let other = Sandbox::empty();
    let from = sandbox.root().display().to_string();
    other.git(["clone", "-q", &from, "."]);
    other
}

/// Every path below a folder with its bytes, its executable bit or its target.
fn content(folder: &Path) -> Vec<(PathBuf, String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(&here).unwrap().flatten() {
            let (path, meta) = (entry.path(), entry.path().symlink_metadata().unwrap());
            let name = path.strip_prefix(folder).unwrap().to_owned();
            if meta.is_symlink() {
                found.push((name, format!("link to {}", fs::read_link(&path).unwrap().display()), Vec::new()));
            } else if meta.is_dir() {
                found.push((name, "folder".to_owned(), Vec::new()));
                folders.push(path);
            } else {
                found.push((name, format!("file {}", is_executable(&meta)), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[cfg(unix)]
fn is_executable(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

fn same(a: &Sandbox, b: &Sandbox) {
    assert!(content(&a.path("data/skin")) == content(&b.path("data/skin")), "other files or bytes");
}

/// A repository whose remote is a server.
fn on_a_server(files: usize) -> (Sandbox, Dav) {
    let (sandbox, dav) = (with_data(files), Dav::start());
    sandbox.derm(["remote", "add", "dav", &dav.url]).success();
    sandbox.derm(["remote", "modify", "dav", "timeout", "2"]).success();
    (sandbox, dav)
}

#[test]
fn a_folder_remote_gives_back_what_was_pushed() {
    let (sandbox, store) = (with_data(40), Sandbox::empty());
    let place = store.path("remote").display().to_string();
    sandbox.derm(["remote", "add", "nas", &place]).success();
    let before = sandbox.derm(["status", "--remote", "nas", "--exit-code", "--json"]).exits(3).json();
    assert_eq!(before["remote"]["paths"][0], "data/skin");
    let pushed = sandbox.derm(["push", "--json"]).success().json();
    let objects = pushed["remotes"][0]["objects"].as_u64().unwrap();
    assert!(objects > 42, "{pushed}");
    assert_eq!(fs::read_to_string(store.path("remote/derm-remote")).unwrap(), "format: 1\n");
    sandbox.derm(["status", "--remote", "--exit-code"]).success();
    let again = sandbox.derm(["push", "--json"]).success().json();
    assert_eq!(again["remotes"][0]["objects"], 0);
    assert_eq!(again["remotes"][0]["present"], objects);
    let other = clone(&sandbox);
    let pulled = other.derm(["pull", "--json"]).success().json();
    assert_eq!(pulled["remotes"][0]["objects"], objects);
    same(&sandbox, &other);
    other.derm(["status", "--exit-code"]).success();
    other.derm(["fsck"]).success();
}

#[test]
fn a_server_gives_back_what_was_pushed_in_packs() {
    let (sandbox, dav) = on_a_server(60);
    sandbox.derm(["push"]).success();
    let files = dav.files();
    assert_eq!(files.iter().filter(|path| path.ends_with(".pack")).count(), 1, "{files:?}");
    assert!(files.len() < 12, "60 small files are not 60 requests: {files:?}");
    let other = clone(&sandbox);
    other.derm(["pull"]).success();
    same(&sandbox, &other);
    assert_eq!(other.derm(["push", "--json"]).success().json()["remotes"][0]["objects"], 0);
}

#[test]
fn a_part_of_a_folder_comes_alone() {
    let (sandbox, dav) = on_a_server(60);
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    other.derm(["pull", "data/skin/1"]).success();
    assert!(other.path("data/skin/1/0001.bin").exists() && !other.path("data/skin/0").exists());
    other.derm(["pull", "data/skin/0/0000.bin"]).success();
    assert_eq!(fs::read_dir(other.path("data/skin/0")).unwrap().count(), 1);
    let before = dav.count("GET");
    other.derm(["fetch"]).success();
    assert!(!other.path("data/skin/2").exists(), "a fetch leaves the workspace alone");
    assert!(dav.count("GET") > before);
    let after = dav.count("GET");
    other.derm(["checkout"]).success();
    same(&sandbox, &other);
    assert_eq!(dav.count("GET"), after, "a checkout asks no remote");
}

#[test]
fn data_of_other_commits_travels_when_asked_for() {
    let (sandbox, store) = (Sandbox::repository(), Sandbox::empty());
    sandbox.git(["init", "-q"]);
    sandbox.derm(["remote", "add", "nas", &store.path("r").display().to_string()]).success();
    for (n, text) in ["one", "two", "three"].iter().enumerate() {
        sandbox.write("data.txt", text);
        sandbox.derm(["add", "data.txt"]).success();
        sandbox.git(["add", "."]);
        sandbox.git(["commit", "-q", "-m", text]);
        if n == 0 {
            sandbox.git(["tag", "v1"]);
        }
    }
    let sent =
        |words: &[&str]| sandbox.derm([&["push", "--json"], words].concat()).success().json()["remotes"][0]["objects"].as_u64().unwrap();
    assert_eq!(sent(&[]), 1);
    assert_eq!(sent(&["--all-tags"]), 1);
    let dry = sandbox.derm(["push", "--dry", "-A", "--json"]).success().json();
    assert_eq!((&dry["remotes"][0]["objects"], &dry["remotes"][0]["paths"][0]), (&1.into(), &"data.txt".into()));
    assert_eq!(sent(&["--rev", "HEAD~1"]), 1);
    assert_eq!(sent(&["-A"]), 0);
}

#[test]
fn what_must_not_leave_stays_and_outputs_go_where_they_say() {
    let (sandbox, store) = (Sandbox::repository(), Sandbox::empty());
    for name in ["a", "b"] {
        sandbox.derm(["remote", "add", name, &store.path(name).display().to_string()]).success();
    }
    sandbox.derm(["remote", "default", "a"]).success();
    let outs = "[{kept.txt: {push: false}}, {far.txt: {remote: b}}, near.txt]";
    sandbox.write(
        "pipelines/p.yaml",
        format!("stages:\n  s:\n    cmd: echo k > kept.txt; echo f > far.txt; echo n > near.txt\n    outs: {outs}\n"),
    );
    sandbox.derm(["repro"]).success();
    sandbox.derm(["push"]).success();
    let has = |remote: &str, bytes: &[u8]| {
        let hex = blake3::hash(bytes).to_hex().to_string();
        store.path(remote).join("b3").join(&hex[..2]).join(&hex[2..]).exists()
    };
    assert!(has("a", b"n\n") && has("b", b"f\n"));
    assert!(!has("a", b"k\n") && !has("b", b"k\n") && !has("a", b"f\n"));
    fs::remove_dir_all(sandbox.path(".derm/cache")).unwrap();
    fs::remove_file(sandbox.path("far.txt")).unwrap();
    sandbox.derm(["pull", "far.txt"]).success();
    assert_eq!(sandbox.read("far.txt"), "f\n");
}

#[test]
fn data_can_go_to_the_remote_alone() {
    let (sandbox, dav) = on_a_server(0);
    for n in 0..20 {
        sandbox.write(&format!("data/more/{n}.txt"), format!("number {n}"));
    }
    sandbox.derm(["add", "--to-remote", "data/more"]).success();
    let hex = blake3::hash(b"number 7").to_hex().to_string();
    assert!(!sandbox.path(&format!(".derm/cache/b3/{}/{}", &hex[..2], &hex[2..])).exists(), "the cache has it too");
    assert!(!dav.files().is_empty());
    let other = clone(&sandbox);
    other.derm(["pull", "data/more"]).success();
    assert_eq!(other.read("data/more/7.txt"), "number 7");
}

#[test]
fn servers_that_fail_for_a_while_are_asked_again() {
    let (sandbox, dav) = on_a_server(60);
    for (method, fault) in
        [("PUT", Fault::Status(500)), ("PUT", Fault::Status(503)), ("PROPFIND", Fault::Status(503)), ("GET", Fault::Status(500))]
    {
        dav.fails(method, "", fault, 2);
    }
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    dav.fails("GET", "b3", Fault::Break, 2);
    dav.fails("GET", ".pack", Fault::Break, 1);
    dav.fails("GET", ".pack", Fault::Stall(Duration::from_secs(3)), 1);
    dav.fails("HEAD", "", Fault::Status(503), 1);
    other.derm(["pull"]).success();
    same(&sandbox, &other);
}

#[test]
fn what_a_server_does_not_take_is_not_called_sent() {
    let (sandbox, dav) = on_a_server(60);
    dav.fails("PUT", "", Fault::Status(404), 1000);
    sandbox.derm(["push"]).exits(1).complains(["the remote `dav` failed", "404"]);
    dav.recovers();
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    other.derm(["pull"]).success();
    same(&sandbox, &other);
}

#[test]
fn refusals_are_told_at_once_and_what_came_before_is_kept() {
    let (sandbox, dav) = on_a_server(60);
    dav.fails("PUT", "", Fault::Status(403), 1000);
    let told = sandbox.derm(["push"]).exits(1).complains(["the remote `dav` failed", "denied"]);
    assert!(!told.stderr.contains("sig="), "{}", told.stderr);
    dav.recovers();
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    dav.fails("GET", "packs", Fault::Status(401), 1000);
    other.derm(["pull"]).exits(1).complains(["denied"]);
    dav.recovers();
    // The large file is refused: the small ones are not asked for again.
    let large = blake3::hash(&fs::read(sandbox.path("data/skin/large.bin")).unwrap()).to_hex().to_string();
    dav.fails("GET", large[2..].to_owned().leak(), Fault::Status(403), 1000);
    other.derm(["pull"]).exits(1).complains(["denied"]);
    dav.recovers();
    dav.fails("GET", ".pack", Fault::Status(403), 1000);
    other.derm(["pull"]).success();
    same(&sandbox, &other);
}

#[test]
fn a_server_that_stalls_does_not_hold_derm_for_ever() {
    let (sandbox, dav) = on_a_server(3);
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    other.derm(["remote", "modify", "dav", "timeout", "1"]).success();
    dav.fails("GET", "", Fault::Stall(Duration::from_secs(20)), 1000);
    other.derm(["pull"]).exits(1).complains(["the remote `dav` failed"]);
    dav.recovers();
    other.derm(["pull"]).success();
    same(&sandbox, &other);
}

#[test]
fn bytes_that_lie_are_never_kept() {
    let (sandbox, dav) = on_a_server(60);
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    dav.fails("GET", ".pack", Fault::Lie, 1000);
    dav.fails("GET", "b3", Fault::Lie, 1000);
    other.derm(["pull"]).exits(1).complains(["not everything could be fetched", "does not have `data/skin`"]);
    let kept = other.path(".derm/cache/b3");
    assert!(!kept.exists() || fs::read_dir(kept).unwrap().flatten().all(|shard| fs::read_dir(shard.path()).unwrap().count() == 0));
    dav.recovers();
    other.derm(["pull"]).success();
    same(&sandbox, &other);
}

#[test]
fn a_large_file_goes_on_where_it_was_stopped() {
    let (sandbox, dav) = on_a_server(0);
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    // 20 MB come in blocks of 8 MiB: the last one is refused.
    dav.fails("GET", "b3", Fault::Status(404), 0);
    let whole = fs::read(sandbox.path("data/skin/large.bin")).unwrap();
    let hex = blake3::hash(&whole).to_hex().to_string();
    let partial = other.path(&format!(".derm/cache/partial/{hex}"));
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    fs::write(&partial, &whole[..8 << 20]).unwrap();
    let before = dav.count("GET");
    other.derm(["pull"]).success();
    same(&sandbox, &other);
    let first = dav.count("GET") - before;
    assert!(!partial.exists());
    // A part with other bytes costs time, never truth.
    let third = clone(&sandbox);
    let partial = third.path(&format!(".derm/cache/partial/{hex}"));
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    fs::write(&partial, vec![7; 8 << 20]).unwrap();
    let before = dav.count("GET");
    third.derm(["pull"]).success();
    same(&sandbox, &third);
    assert!(dav.count("GET") - before > first, "a wrong part is fetched again");
}

#[test]
fn a_remote_that_lost_something_is_repaired_by_pushing() {
    let (sandbox, dav) = on_a_server(60);
    sandbox.derm(["push"]).success();
    let pack = dav.files().into_iter().find(|path| path.ends_with(".pack")).unwrap();
    let large = dav.files().into_iter().find(|path| path.starts_with("b3")).unwrap();
    dav.change(&pack, |bytes| bytes.truncate(1000));
    dav.lose(&large);
    let told = sandbox.derm(["fsck", "--in-remote", "--json"]).exits(3).json();
    assert!(told["absent"].as_array().unwrap().len() > 60, "{told}");
    sandbox.derm(["push"]).success();
    let other = clone(&sandbox);
    other.derm(["pull"]).success();
    same(&sandbox, &other);
}

#[test]
fn damage_is_healed_from_the_workspace_and_from_the_remote() {
    let (sandbox, dav) = on_a_server(10);
    sandbox.derm(["push"]).success();
    let objects = |sandbox: &Sandbox| -> Vec<PathBuf> {
        let shards = fs::read_dir(sandbox.path(".derm/cache/b3")).unwrap().flatten();
        shards.flat_map(|shard| fs::read_dir(shard.path()).unwrap().flatten().map(|entry| entry.path())).collect()
    };
    let damage = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[0] ^= 1;
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    };
    damage(&objects(&sandbox)[0]);
    let told = sandbox.derm(["fsck", "--json"]).exits(3).json();
    assert_eq!((told["damaged"].as_array().unwrap().len(), &told["missing"][0]), (1, &"data/skin".into()));
    let requests = dav.count("GET");
    let healed = sandbox.derm(["fsck", "--heal", "--json"]).success().json();
    assert_eq!(healed["healed"][0], "data/skin");
    assert_eq!(dav.count("GET"), requests, "the workspace has it: no need to ask");
    fs::remove_dir_all(sandbox.path("data/skin")).unwrap();
    objects(&sandbox).iter().step_by(3).for_each(|path| damage(path));
    sandbox.derm(["fsck", "--heal"]).success();
    sandbox.derm(["checkout"]).success();
    sandbox.derm(["status", "--exit-code"]).success();
}

#[test]
fn a_remote_cannot_write_outside_of_the_workspace() {
    let (sandbox, store) = (Sandbox::repository(), Sandbox::empty());
    // Others may have a file of this name there.
    let beside = || sandbox.root().with_file_name("x").symlink_metadata().and_then(|meta| meta.modified()).ok();
    let before = beside();
    let place = store.path("remote");
    sandbox.derm(["remote", "add", "evil", &place.display().to_string()]).success();
    // Listings that name their parent, an absolute path, a path with a slash, one name twice, and an unknown kind.
    let item = |kind: u8, name: &str| {
        let mut out = vec![kind];
        out.extend((name.len() as u16).to_le_bytes());
        out.extend(name.as_bytes());
        out.extend(5u64.to_le_bytes());
        out.extend(blake3::hash(b"hello").as_bytes());
        out
    };
    let node = |items: &[Vec<u8>]| [b"dermtree\x01".to_vec(), (items.len() as u32).to_le_bytes().to_vec(), items.concat()].concat();
    let nodes = [
        node(&[item(1, "..")]),
        node(&[item(1, "/etc/x")]),
        node(&[item(1, "a/../../x")]),
        node(&[item(1, "a"), item(1, "a")]),
        node(&[item(9, "a")]),
        node(&[item(1, "b"), item(1, "a")]),
        b"dermtree\x02\0\0\0\0".to_vec(),
        b"dermtree\x00\0\0\0\0".to_vec(),
    ];
    let put = |bytes: &[u8]| {
        let hex = blake3::hash(bytes).to_hex().to_string();
        let folder = place.join("b3").join(&hex[..2]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&hex[2..]), bytes).unwrap();
        hex
    };
    put(b"hello");
    for bytes in &nodes {
        let hex = put(bytes);
        sandbox.write("data/skin.derm", format!("schema: 1\npath: skin\nhash: {hex}\nkind: tree\nsize: 5\nfiles: 1\n"));
        sandbox.derm(["pull"]).exits(1);
        assert!(!sandbox.path("data/skin").exists() && !sandbox.path("data/x").exists() && !sandbox.path("x").exists());
    }
    assert_eq!(beside(), before);
}

#[test]
fn a_newer_remote_is_refused_and_an_unknown_file_passed_over() {
    let (sandbox, dav) = on_a_server(10);
    sandbox.derm(["push"]).success();
    dav.put("packs/readme.txt", "hello");
    dav.put("packs/00.index", "hello");
    dav.put("b3/xx/yy", "hello");
    sandbox.derm(["push"]).success();
    let pack = dav.files().into_iter().find(|path| path.ends_with(".pack"));
    assert!(pack.is_some());
    dav.put("derm-remote", "format: 2\n");
    for command in ["push", "pull", "fetch"] {
        let other = clone(&sandbox);
        let ran = if command == "push" { sandbox.derm(["push"]) } else { other.derm([command]) };
        ran.exits(1).complains(["was written by another version of derm"]);
    }
}

#[test]
fn a_plain_server_serves_a_pushed_folder_for_reading() {
    let (sandbox, store) = (with_data(12), Sandbox::empty());
    sandbox.derm(["push", "-r", &store.path("r").display().to_string()]).success();
    let dav = Dav::start();
    let mut folders = vec![store.path("r")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                dav.put(entry.path().strip_prefix(store.path("r")).unwrap().to_str().unwrap(), fs::read(entry.path()).unwrap());
            }
        }
    }
    dav.fails("PROPFIND", "", Fault::Status(405), 100_000);
    let other = clone(&sandbox);
    other.derm(["pull", "-r", &dav.url]).success();
    same(&sandbox, &other);
}

#[test]
fn what_nothing_needs_goes_from_a_remote_too() {
    let (sandbox, dav) = on_a_server(30);
    sandbox.derm(["push"]).success();
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-q", "-m", "one"]);
    for n in 0..30 {
        sandbox.write(&format!("data/skin/new/{n}.txt"), format!("new {n}"));
    }
    fs::remove_file(sandbox.path("data/skin/large.bin")).unwrap();
    sandbox.derm(["add", "data/skin"]).success();
    sandbox.derm(["push"]).success();
    let before = dav.files();
    let kept = sandbox.derm(["gc", "-A", "-r", "dav", "--grace", "0", "--json"]).success().json();
    assert_eq!(kept["remote"]["removed"]["count"], 0, "{kept}");
    assert_eq!(dav.files(), before);
    let dry = sandbox.derm(["gc", "-w", "-r", "dav", "--grace", "0", "--dry", "--json"]).success().json();
    assert!(dry["remote"]["removed"]["bytes"].as_u64().unwrap() >= 20_000_000, "{dry}");
    assert_eq!(dav.files(), before);
    sandbox.derm(["gc", "-w", "-r", "dav", "--grace", "0"]).success();
    assert!(dav.files().len() < before.len());
    let other = clone(&sandbox);
    other.derm(["pull"]).success();
    same(&sandbox, &other);
}

#[test]
fn remotes_and_settings_from_the_command_line() {
    let sandbox = Sandbox::repository();
    sandbox.derm(["push"]).exits(2).complains(["no remote is chosen", "derm remote add"]);
    sandbox.derm(["remote", "add", "lab", "s3://bucket/ham"]).success();
    sandbox.derm(["remote", "add", "lab", "s3://bucket/ham"]).exits(2).complains(["already"]);
    fs::create_dir(sandbox.path("sub")).unwrap();
    sandbox.derm(["--cd", "sub", "remote", "add", "nas", "../../nas"]).success();
    sandbox.derm(["remote", "modify", "lab", "region", "eu-central-1"]).success();
    sandbox.derm(["remote", "modify", "lab", "jobs", "many"]).exits(2).complains(["whole number"]);
    sandbox.derm(["remote", "modify", "lab", "password", "x"]).exits(2).complains(["no setting `password`"]);
    sandbox.derm(["remote", "add", "ssh", "ssh://host/x"]).exits(2).complains(["sshfs"]);
    sandbox.derm(["remote", "add", "mine", "https://me:secret@host/x"]).exits(2).complains(["passwords"]);
    sandbox.derm(["push"]).exits(2).complains(["no remote is chosen", "known are `lab` and `nas`"]);
    sandbox.derm(["remote", "default", "nas", "--local"]).success();
    assert_eq!(sandbox.derm(["remote", "default"]).success().stdout.trim(), "nas");
    assert_eq!(sandbox.derm(["config", "remote.nas.url"]).success().stdout.trim(), "../nas");
    assert_eq!(sandbox.derm(["config", "core.remote", "--json"]).success().json()["settings"][0]["origin"], ".derm/config.local");
    sandbox.derm(["remote", "rename", "nas", "store"]).success();
    sandbox.derm(["remote", "remove", "lab"]).success();
    let listed = sandbox.derm(["remote", "list", "--json"]).success().json();
    assert_eq!(listed["remotes"].as_array().unwrap().len(), 1);
    assert!(sandbox.read(".derm/config").starts_with("# Settings of this repository."));
    sandbox.derm(["config", "cache.link", "hardlink,copy"]).success();
    assert_eq!(sandbox.derm(["config", "cache.link"]).success().stdout.trim(), "hardlink, copy");
    sandbox.derm(["config", "cache.link", "magic"]).exits(2);
    sandbox.derm(["config", "--unset", "cache.link"]).success();
    sandbox.derm(["config", "cache.colour"]).exits(2).complains(["no setting"]);
    sandbox.derm(["push", "-r", "nosuch"]).exits(2).complains(["no remote `nosuch`", "known are `store`"]);
}

#[test]
fn credentials_come_from_where_the_tools_have_them() {
    let sandbox = Sandbox::repository();
    sandbox.write("a.txt", "a");
    sandbox.derm(["add", "a.txt"]).success();
    sandbox.derm(["remote", "add", "lab", "s3://bucket/ham"]).success();
    sandbox.derm(["push"]).exits(1).complains(["no credentials", "~/.aws/credentials"]);
    sandbox.derm(["remote", "modify", "lab", "profile", "mine"]).success();
    sandbox.derm(["push"]).exits(1).complains(["the profile `mine` has none"]);
    sandbox.write(".home/.aws/config", "[profile mine]\ncredential_process = echo nothing\n");
    sandbox.derm(["push"]).exits(1).complains(["`credential_process` printed no credentials"]);
    sandbox.write(".home/.aws/credentials", "[mine]\naws_access_key_id = KEYID\naws_secret_access_key = VERYSECRET\n");
    // Keys are found; nobody listens there.
    sandbox.derm(["remote", "modify", "lab", "endpoint", "http://127.0.0.1:9"]).success();
    sandbox.derm(["remote", "modify", "lab", "timeout", "1"]).success();
    let told = sandbox.derm(["push", "-v"]).exits(1);
    assert!(!told.stderr.contains("VERYSECRET") && !told.stderr.contains("KEYID"), "{}", told.stderr);
    assert!(!told.stderr.contains("no credentials"), "{}", told.stderr);
}
