//! `kill -9` at random moments: the same command again ends where it would have ended, every object hashes to its name, and
//! nothing a user had is gone.
//!
//! `DERM_KILLS=200` kills each command so often; usually it is 20. The moments are drawn from a fixed seed, within the time
//! that the command takes. A command is tested by a [`Case`]: a state to start from, the command, and what counts.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use md5::Digest;

use crate::support::Sandbox;

/// A command to be killed.
struct Case {
    /// Makes the state that the command starts from.
    prepare: fn(&Sandbox),
    /// The command.
    args: &'static [&'static str],
    /// Whether what the workspace held before is held at every moment, byte for byte (not so for a checkout of another state).
    keeps: fn(&str) -> bool,
}

/// Content and executable bit by path, without what is derm's own business.
type State = BTreeMap<PathBuf, (bool, Vec<u8>)>;

fn state(root: &Path) -> State {
    let mut found = State::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let below = path.strip_prefix(root).unwrap().to_owned();
            let meta = path.symlink_metadata().unwrap();
            // What a killed process leaves behind is swept by a later one: no part of the result.
            let passing = below.file_name().unwrap().to_str().unwrap().starts_with(".derm-tmp-");
            if passing || [".derm/index", ".derm/lock", ".derm/tmp", ".derm/cache/tmp"].iter().any(|own| below == Path::new(own)) {
                continue;
            }
            if meta.is_dir() {
                folders.push(path);
            } else {
                let content = if meta.is_symlink() {
                    fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
                } else {
                    fs::read(&path).unwrap()
                };
                found.insert(below, (meta.permissions().mode() & 0o111 != 0, content));
            }
        }
    }
    found
}

/// Every object in the cache has the bytes of its name.
fn objects_are_whole(root: &Path, when: &str) {
    for shard in fs::read_dir(root.join(".derm/cache/b3")).into_iter().flatten() {
        let shard = shard.unwrap().path();
        for object in fs::read_dir(&shard).unwrap() {
            let object = object.unwrap().path();
            let name = format!("{}{}", shard.file_name().unwrap().to_str().unwrap(), object.file_name().unwrap().to_str().unwrap());
            assert_eq!(blake3::hash(&fs::read(&object).unwrap()).to_hex().to_string(), name, "{when}");
        }
    }
}

impl Case {
    fn start(&self) -> Sandbox {
        let sandbox = Sandbox::repository();
        (self.prepare)(&sandbox);
        sandbox
    }

    /// Kills the command once after each of the moments, runs it again and compares.
    fn run(&self) {
        let calm = self.start();
        let started = Instant::now();
        calm.derm(self.args).success();
        let mut length = started.elapsed();
        let wanted = state(&calm.root());
        let kills = std::env::var("DERM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
        let (mut drawn, mut killed) = (0x9e37_79b9_7f4a_7c15_u64, 0);
        for kill in 0..kills {
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let share = (drawn >> 40) as f64 / (1u64 << 24) as f64;
            let moment = length.mul_f64(share * 1.1);
            let when = format!("`derm {}`, kill {kill} after {moment:?} of {length:?}", self.args.join(" "));
            let sandbox = self.start();
            let before = state(&sandbox.root());
            match kill_after(&sandbox, self.args, moment) {
                true => killed += 1,
                // It was faster than when it was timed: later moments are drawn from a shorter time.
                false => length = length.min(moment).max(Duration::from_millis(2)),
            }
            let after = state(&sandbox.root());
            for (path, content) in before.iter().filter(|(path, _)| (self.keeps)(path.to_str().unwrap())) {
                assert!(after.get(path) == Some(content), "{when}: `{}` is gone or changed", path.display());
            }
            objects_are_whole(&sandbox.root(), &when);
            sandbox.derm(self.args).success();
            let end = state(&sandbox.root());
            let differ: Vec<&PathBuf> = wanted.keys().chain(end.keys()).filter(|path| wanted.get(*path) != end.get(*path)).collect();
            assert!(differ.is_empty(), "{when}: not as if never killed: {differ:?}");
            objects_are_whole(&sandbox.root(), &when);
        }
        assert!(killed > 0, "none of {kills} kills came before the end");
    }
}

/// Starts the command and kills it; `false` when it was done before.
fn kill_after(sandbox: &Sandbox, args: &[&str], moment: Duration) -> bool {
    let mut child = sandbox.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(moment);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Many small files, a large one, an executable and a link.
fn files(sandbox: &Sandbox, version: u8) {
    for i in 0..60u32 {
        let content: Vec<u8> = (0..i * 40).map(|byte| (byte as u8).wrapping_mul(i as u8).wrapping_add(version)).collect();
        sandbox.write(&format!("data/c{}/{i}.jpg", i % 7), content);
    }
    // Above 8 MiB a file is read in blocks.
    sandbox.write("data/large.bin", vec![version; (8 << 20) + 5]);
    let script = sandbox.write("data/run.sh", format!("#!/bin/sh\n# {version}\n"));
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    if version == 0 {
        std::os::unix::fs::symlink("run.sh", sandbox.path("data/link")).unwrap();
    }
}

fn data(path: &str) -> bool {
    path.starts_with("data/")
}

/// What is in the cache, and the pointers.
fn kept(path: &str) -> bool {
    path.starts_with(".derm/cache/b3") || path.ends_with(".derm")
}

#[test]
fn add() {
    Case { prepare: |sandbox| files(sandbox, 0), args: &["add", "data"], keeps: data }.run();
}

#[test]
fn add_with_hard_links() {
    let prepare = |sandbox: &Sandbox| {
        sandbox.write(".derm/config", "[cache]\nlink = [\"hardlink\"]\n");
        files(sandbox, 0);
    };
    // A hard link has no executable bit of its own to lose; content is what counts.
    Case { prepare, args: &["add", "data"], keeps: data }.run();
}

#[test]
fn add_of_a_changed_folder() {
    let prepare = |sandbox: &Sandbox| {
        files(sandbox, 0);
        sandbox.derm(["add", "data"]).success();
        files(sandbox, 1);
    };
    Case { prepare, args: &["add", "data"], keeps: |path| data(path) || path.starts_with(".derm/cache/b3") }.run();
}

#[test]
fn checkout_of_what_is_gone() {
    let prepare = |sandbox: &Sandbox| {
        files(sandbox, 0);
        sandbox.derm(["add", "data"]).success();
        fs::remove_dir_all(sandbox.path("data")).unwrap();
    };
    Case { prepare, args: &["checkout"], keeps: kept }.run();
}

#[test]
fn checkout_of_another_state() {
    let prepare = |sandbox: &Sandbox| {
        files(sandbox, 0);
        sandbox.derm(["add", "data"]).success();
        let pointer = sandbox.read("data.derm");
        files(sandbox, 1);
        fs::remove_dir_all(sandbox.path("data/c3")).unwrap();
        sandbox.derm(["add", "data"]).success();
        sandbox.write("data.derm", pointer);
    };
    Case { prepare, args: &["checkout"], keeps: kept }.run();
}

#[test]
fn checkout_keeps_what_is_in_no_cache() {
    let prepare = |sandbox: &Sandbox| {
        files(sandbox, 0);
        sandbox.derm(["add", "data"]).success();
        fs::remove_dir_all(sandbox.path("data/c3")).unwrap();
        sandbox.write("notes.txt", "mine");
        sandbox.write("beside/thesis.txt", "mine");
    };
    Case { prepare, args: &["checkout"], keeps: |path| kept(path) || path == "notes.txt" || path.starts_with("beside/") }.run();
}

/// A tracked folder, and a remote inside the sandbox, so that its state is compared too.
fn with_remote(sandbox: &Sandbox) {
    files(sandbox, 0);
    sandbox.derm(["add", "data"]).success();
    sandbox.derm(["remote", "add", "nas", "remote"]).success();
}

#[test]
fn push() {
    Case { prepare: with_remote, args: &["push"], keeps: |path| data(path) || kept(path) || path.starts_with("remote/b3") }.run();
}

#[test]
fn pull_into_an_empty_clone() {
    let prepare = |sandbox: &Sandbox| {
        with_remote(sandbox);
        sandbox.derm(["push"]).success();
        fs::remove_dir_all(sandbox.path(".derm/cache")).unwrap();
        fs::remove_dir_all(sandbox.path("data")).unwrap();
    };
    Case { prepare, args: &["pull"], keeps: |path| path.ends_with(".derm") || path.starts_with("remote/") }.run();
}

#[test]
fn commit() {
    let prepare = |sandbox: &Sandbox| {
        files(sandbox, 0);
        sandbox.derm(["add", "data"]).success();
        files(sandbox, 1);
    };
    Case { prepare, args: &["commit", "--force"], keeps: |path| data(path) || path.starts_with(".derm/cache/b3") }.run();
}

#[test]
fn gc_of_another_version() {
    let prepare = |sandbox: &Sandbox| {
        files(sandbox, 0);
        sandbox.derm(["add", "data"]).success();
        files(sandbox, 1);
        sandbox.derm(["add", "data"]).success();
    };
    Case { prepare, args: &["gc", "-w", "--grace", "0"], keeps: |path| data(path) || path.ends_with(".derm") }.run();
}

#[test]
fn migration_of_a_dvc_project() {
    let prepare = |sandbox: &Sandbox| {
        let mut lines = Vec::new();
        for i in 0..40u32 {
            let content: Vec<u8> = (0..i * 500).map(|byte| (byte * i) as u8).collect();
            let md5: String = md5::Md5::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
            let object = sandbox.write(&format!(".dvc/cache/files/md5/{}/{}", &md5[..2], &md5[2..]), &content);
            fs::set_permissions(object, fs::Permissions::from_mode(0o444)).unwrap();
            sandbox.write(&format!("data/{i:02}.jpg"), content);
            lines.push(format!("{{\"md5\": \"{md5}\", \"relpath\": \"{i:02}.jpg\"}}"));
        }
        let manifest = format!("[{}]", lines.join(", "));
        let md5: String = md5::Md5::digest(manifest.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        sandbox.write(&format!(".dvc/cache/files/md5/{}/{}.dir", &md5[..2], &md5[2..]), manifest);
        sandbox.write(".dvc/config", "[cache]\n    type = copy\n");
        sandbox.write("data.dvc", format!("outs:\n- md5: {md5}.dir\n  hash: md5\n  path: data\n"));
    };
    // All that was there stays, but for derm's own settings.
    Case { prepare, args: &["migrate", "dvc"], keeps: |path| path.starts_with(".dvc") || data(path) || path == "data.dvc" }.run();
}

/// Two chains that meet, one output a folder, one stage with a metric that git keeps.
fn stages(sandbox: &Sandbox, version: u8) {
    let text = "stages:\n  a:\n    cmd: cp in a\n    deps: [in]\n    outs: [a]\n  b:\n    cmd: cat a a > b; echo 2 > m.json\n    deps: [a]\n    outs: [b]\n    metrics:\n    - m.json: {cache: false}\n  c:\n    cmd: mkdir c; for i in 1 2 3 4 5 6 7 8 9; do cp in c/$i; done\n    deps: [in]\n    outs: [c]\n  d:\n    cmd: cat c/3 b > d\n    deps: [c, b]\n    outs: [d]\n  e:\n    cmd: echo part > e; sleep 0.05; cat d >> e\n    deps: [d]\n    outs: [e]\n";
    sandbox.write("pipelines/p.yaml", text);
    sandbox.write("in", vec![b'0' + version; 100_000]);
}

fn sources(path: &str) -> bool {
    path == "in" || path == "pipelines/p.yaml" || path.starts_with(".derm/cache/b3")
}

#[test]
fn repro() {
    Case { prepare: |sandbox| stages(sandbox, 0), args: &["repro", "-q", "-j", "3"], keeps: sources }.run();
}

#[test]
fn repro_with_hard_links_over_old_outputs() {
    let prepare = |sandbox: &Sandbox| {
        sandbox.write(".derm/config", "[cache]\nlink = [\"hardlink\"]\n");
        stages(sandbox, 0);
        sandbox.derm(["repro", "-q"]).success();
        stages(sandbox, 1);
    };
    Case { prepare, args: &["repro", "-q"], keeps: sources }.run();
}

#[test]
fn repro_beside_another() {
    // The other one shares the stages, and is the one that ends them.
    let kills = std::env::var("DERM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let calm = Sandbox::repository();
    stages(&calm, 0);
    calm.derm(["repro", "-q"]).success();
    for kill in 0..kills {
        let sandbox = Sandbox::repository();
        stages(&sandbox, 0);
        let other = sandbox.command(["repro", "-q"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let moment = Duration::from_millis(kill * 37 % 200);
        kill_after(&sandbox, &["repro", "-q", "-j", "2"], moment);
        let other = other.wait_with_output().unwrap();
        assert!(other.status.success(), "kill after {moment:?}: {}", String::from_utf8_lossy(&other.stderr));
        sandbox.derm(["repro", "-q"]).success();
        objects_are_whole(&sandbox.root(), &format!("kill after {moment:?}"));
        for path in ["pipelines/p.lock", "a", "b", "c/9", "d", "e", "m.json"] {
            assert_eq!(sandbox.read(path), calm.read(path), "kill after {moment:?}: {path}");
        }
    }
}
