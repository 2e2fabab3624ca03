//! gc: what anything in the scope needs stays, and nothing is removed before that is known.

use std::fs;
use std::path::PathBuf;

use crate::support::Sandbox;

/// Whether the cache has the object of these bytes.
fn has(sandbox: &Sandbox, bytes: &[u8]) -> bool {
    object(sandbox, bytes).exists()
}

fn object(sandbox: &Sandbox, bytes: &[u8]) -> PathBuf {
    let hex = blake3::hash(bytes).to_hex().to_string();
    sandbox.path(&format!(".derm/cache/b3/{}/{}", &hex[..2], &hex[2..]))
}

/// A repository under git with three versions of `data`, each committed; `v1` is a tag, `side` a branch at the second.
fn with_history() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.git(["init", "-q"]);
    for (version, content) in ["one", "two", "three"].into_iter().enumerate() {
        sandbox.write("data/changing", content);
        sandbox.write("data/same", "same");
        sandbox.derm(["add", "data"]).success();
        sandbox.git(["add", "."]);
        sandbox.git(["commit", "-qm", content]);
        match version {
            0 => sandbox.git(["tag", "v1"]),
            1 => sandbox.git(["branch", "side"]),
            _ => {}
        }
    }
    sandbox
}

fn versions(sandbox: &Sandbox) -> [bool; 3] {
    [b"one".as_slice(), b"two", b"three"].map(|bytes| has(sandbox, bytes))
}

#[test]
fn the_scope_decides_what_stays() {
    for (scope, stay) in [
        (&["-w"][..], [false, false, true]),
        (&["-T"], [true, false, true]),
        (&["-a"], [false, true, true]),
        (&["--rev", "HEAD~1", "--rev", "v1"], [true, true, true]),
        (&["-A"], [true, true, true]),
    ] {
        let sandbox = with_history();
        sandbox.derm([&["gc", "--grace", "0"], scope].concat()).success();
        assert_eq!(versions(&sandbox), stay, "{scope:?}");
        assert!(has(&sandbox, b"same"));
        fs::remove_dir_all(sandbox.path("data")).unwrap();
        sandbox.derm(["checkout"]).success();
        assert_eq!(sandbox.read("data/changing"), "three");
    }
}

#[test]
fn a_scope_is_required_and_young_objects_stay() {
    let sandbox = with_history();
    sandbox.derm(["gc"]).exits(2).complains(["needs to know what to keep", "--workspace"]);
    let young = sandbox.derm(["gc", "-w", "--json"]).success().json();
    assert_eq!((&young["removed"]["count"], &young["young"]["count"]), (&0.into(), &4.into()), "two files and two listings");
    assert_eq!(versions(&sandbox), [true; 3]);
    let dry = sandbox.derm(["gc", "-w", "--grace", "0", "--dry", "--json"]).success().json();
    assert_eq!(dry["removed"]["count"], 4);
    assert_eq!(versions(&sandbox), [true; 3], "--dry removes nothing");
    let done = sandbox.derm(["gc", "-w", "--grace", "0", "--json"]).success().json();
    assert_eq!(dry["removed"], done["removed"]);
    // Two files and their listing.
    assert_eq!((&done["kept"]["count"], &done["kept"]["bytes"]), (&3.into(), &(9 + 13 + 51 + 47).into()));
    sandbox.derm(["gc", "-w", "--grace", "soon"]).exits(2).complains(["30min"]);
}

#[test]
fn what_cannot_be_read_stops_it_before_anything_is_removed() {
    let stray = |sandbox: &Sandbox| {
        sandbox.write("other", "stray");
        sandbox.derm(["add", "other"]).success();
        fs::remove_file(sandbox.path("other.derm")).unwrap();
    };
    let stops = |sandbox: &Sandbox, code, words| {
        sandbox.derm(["gc", "-w", "--grace", "0"]).exits(code).complains([words]);
        assert!(has(sandbox, b"stray"));
    };
    let sandbox = with_history();
    stray(&sandbox);
    let pointer = sandbox.read("data.derm");
    sandbox.write("data.derm", format!("<<<<<<< HEAD\n{pointer}"));
    stops(&sandbox, 2, "not a pointer");
    sandbox.write("data.derm", &pointer);
    sandbox.write("pipelines/p.yaml", "stages: {}\n");
    sandbox.write("pipelines/p.lock", "schema: 1\nstages: [\n");
    stops(&sandbox, 2, "p.lock");
    fs::remove_file(sandbox.path("pipelines/p.lock")).unwrap();
    // A damaged listing: found at once, and again when it lies aside already.
    let hash = pointer.lines().find_map(|line| line.strip_prefix("hash: ")).unwrap().to_owned();
    let listing = sandbox.path(&format!(".derm/cache/b3/{}/{}", &hash[..2], &hash[2..]));
    fs::remove_file(&listing).unwrap();
    fs::write(&listing, "rot").unwrap();
    stops(&sandbox, 1, "damaged");
    stops(&sandbox, 1, "damaged");
    sandbox.derm(["add", "data"]).success();
    sandbox.derm(["gc", "-w", "--grace", "0"]).success();
    assert!(!has(&sandbox, b"stray") && versions(&sandbox)[2]);
}

#[cfg(unix)]
#[test]
fn links_and_their_targets_come_back_after_it() {
    let sandbox = Sandbox::repository();
    sandbox.write("data/file", "file");
    std::os::unix::fs::symlink("file", sandbox.path("data/link")).unwrap();
    sandbox.derm(["add", "data"]).success();
    sandbox.derm(["gc", "-w", "--grace", "0"]).success();
    // Replacing the link loses nothing only as long as its target is an object.
    fs::remove_file(sandbox.path("data/link")).unwrap();
    std::os::unix::fs::symlink("file", sandbox.path("data/link2")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert!(sandbox.path("data/link").is_symlink() && !sandbox.path("data/link2").is_symlink());
}

#[cfg(unix)]
#[test]
fn files_that_are_symbolic_links_into_the_cache_keep_their_content() {
    let sandbox = Sandbox::repository();
    sandbox.write(".derm/config", "[cache]\nlink = [\"symlink\"]\n");
    sandbox.write("data/a", "first");
    sandbox.derm(["add", "data"]).success();
    let first = sandbox.read("data.derm");
    fs::remove_file(sandbox.path("data/a")).unwrap();
    sandbox.write("data/a", "second");
    sandbox.derm(["add", "data"]).success();
    let second = sandbox.read("data.derm");
    sandbox.write("data.derm", &first);
    sandbox.derm(["gc", "-w", "--grace", "0"]).success();
    assert_eq!(sandbox.read("data/a"), "second", "what stands in the workspace is there");
    sandbox.write("data.derm", second);
    assert_eq!(sandbox.derm(["status", "--json"]).success().json()["clean"], true);
}

#[test]
fn outputs_of_stages_stay_and_results_without_objects_are_forgotten() {
    let sandbox = Sandbox::repository();
    let pipeline = |word: &str| format!("stages:\n  make:\n    cmd: cat in > out\n    deps: [in]\n    outs: [out]\n    desc: {word}\n");
    sandbox.write("pipelines/p.yaml", pipeline("x"));
    for content in ["old", "new"] {
        sandbox.write("in", content);
        sandbox.derm(["repro"]).success();
    }
    let swept = sandbox.derm(["gc", "-w", "--grace", "0", "--json"]).success().json();
    assert_eq!(swept["runs"], 1, "the result of the old run went with its output");
    assert!(has(&sandbox, b"new") && !has(&sandbox, b"old"));
    fs::remove_file(sandbox.path("out")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("out"), "new");
    sandbox.write("in", "old");
    sandbox.derm(["repro"]).success();
    assert_eq!(sandbox.read("out"), "old");
}

#[test]
fn a_shared_cache_keeps_what_all_its_repositories_need() {
    let world = Sandbox::empty();
    for name in ["a", "b"] {
        world.derm(["init", name]).success();
        world.write(&format!("{name}/.derm/config"), "[cache]\ndir = \"../shared\"\n");
        world.write(&format!("{name}/data"), name);
        world.derm(["--cd", name, "add", "data"]).success();
    }
    let gc = |extra: &[&str]| world.derm([&["--cd", "a", "gc", "-w", "--grace", "0"], extra].concat());
    let has = |bytes: &[u8]| {
        let hex = blake3::hash(bytes).to_hex().to_string();
        world.path(&format!("shared/b3/{}/{}", &hex[..2], &hex[2..])).exists()
    };
    gc(&[]).exits(2).complains(["outside of this repository", "--projects", "--force"]);
    gc(&["-p", "../b"]).success();
    assert!(has(b"a") && has(b"b"));
    world.derm(["init", "c"]).success();
    gc(&["-p", "../b", "../c"]).exits(2).complains(["another cache"]);
    gc(&["--force"]).success();
    assert!(has(b"a") && !has(b"b"));
}

#[test]
fn leftovers_go() {
    let sandbox = with_history();
    sandbox.write(".derm/cache/damaged/0011", "rot");
    sandbox.write(".derm/cache/partial/2233", "half");
    let young = sandbox.derm(["gc", "-A", "--json"]).success().json();
    assert_eq!(young["leftovers"]["count"], 0);
    let swept = sandbox.derm(["gc", "-A", "--grace", "0", "--json"]).success().json();
    assert_eq!((&swept["leftovers"]["count"], &swept["leftovers"]["bytes"]), (&2.into(), &7.into()));
    assert!(!sandbox.path(".derm/cache/damaged/0011").exists() && !sandbox.path(".derm/cache/partial/2233").exists());
}

#[cfg(unix)]
#[test]
fn beside_adds_and_killed_it_loses_nothing() {
    let sandbox = Sandbox::repository();
    for round in 0..6 {
        // The content of the round before becomes garbage, and is added again two rounds later.
        for n in 0..300 {
            sandbox.write(&format!("data/{n}"), format!("{} {n}", round % 2));
        }
        let quiet = |args: &[&str]| {
            let mut command = sandbox.command(args);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
        };
        let mut add = quiet(&["add", "data"]);
        let mut gc = quiet(&["gc", "-w", "--grace", "0"]);
        if round % 2 == 1 {
            std::thread::sleep(std::time::Duration::from_millis(10 * round));
            let _ = gc.kill();
        }
        assert!(add.wait().unwrap().success());
        gc.wait().unwrap();
        let status = sandbox.derm(["status", "--json"]).success().json();
        assert_eq!((&status["clean"], &status["data"][0]["in_cache"]), (&true.into(), &true.into()));
    }
    sandbox.derm(["doctor", "--verify"]).success();
}
