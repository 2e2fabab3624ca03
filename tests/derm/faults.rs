//! What disks, clocks and other programs do to data: told, repaired where possible, and never made worse.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::support::Sandbox;

fn with_data() -> Sandbox {
    let sandbox = Sandbox::repository();
    for name in ["a.txt", "b.txt", "deep/c.txt"] {
        sandbox.write(&format!("data/{name}"), format!("content of {name}"));
    }
    sandbox.derm(["add", "data"]).success();
    sandbox
}

fn object(sandbox: &Sandbox, bytes: &[u8]) -> PathBuf {
    let hex = blake3::hash(bytes).to_hex().to_string();
    sandbox.path(&format!(".derm/cache/b3/{}/{}", &hex[..2], &hex[2..]))
}

/// Every object of the cache has the bytes of its name.
fn objects_are_whole(sandbox: &Sandbox) {
    for shard in fs::read_dir(sandbox.path(".derm/cache/b3")).unwrap().flatten() {
        for entry in fs::read_dir(shard.path()).unwrap().flatten() {
            let name = format!("{}{}", shard.file_name().to_string_lossy(), entry.file_name().to_string_lossy());
            assert_eq!(blake3::hash(&fs::read(entry.path()).unwrap()).to_hex().to_string(), name);
        }
    }
}

/// Replaces a read-only object.
fn damage(path: &Path, bytes: Option<&[u8]>) {
    fs::remove_file(path).unwrap();
    if let Some(bytes) = bytes {
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn an_object_that_is_cut_flipped_empty_missing_or_a_folder() {
    let content = b"content of b.txt";
    let flipped: Vec<u8> = content.iter().map(|byte| byte ^ 1).collect();
    for bytes in [Some(&content[..5]), Some(&flipped), Some(b"".as_slice()), None] {
        let sandbox = with_data();
        damage(&object(&sandbox, content), bytes);
        fs::remove_dir_all(sandbox.path("data")).unwrap();
        let told = sandbox.derm(["checkout"]).exits(1).complains(["not everything could be checked out", "data/b.txt"]);
        assert!(told.stderr.contains(if bytes.is_some() { "damaged" } else { "not in the cache" }), "{}", told.stderr);
        assert_eq!(sandbox.read("data/deep/c.txt"), "content of deep/c.txt", "the rest came");
        assert!(!sandbox.path("data/b.txt").exists());
        objects_are_whole(&sandbox);
        // The file is still somewhere: adding it again makes everything whole.
        sandbox.write("data/b.txt", content);
        sandbox.derm(["add", "data"]).success();
        sandbox.derm(["fsck"]).success();
    }
    let sandbox = with_data();
    damage(&object(&sandbox, content), None);
    fs::create_dir(object(&sandbox, content)).unwrap();
    fs::remove_file(sandbox.path("data/b.txt")).unwrap();
    assert_ne!(sandbox.derm(["checkout"]).code, 0);
    assert!(!sandbox.path("data/b.txt").exists());
}

#[cfg(unix)]
#[test]
fn an_object_that_cannot_be_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = with_data();
    let path = object(&sandbox, b"content of b.txt");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        // Who may read everything (root) gets the data: nothing is wrong then.
        sandbox.derm(["fsck"]).success();
        return;
    }
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.derm(["checkout"]).exits(1).complains(["cannot read", "check who owns it"]);
}

#[test]
fn a_folder_becomes_a_file_and_a_folder_again() {
    let sandbox = with_data();
    fs::remove_dir_all(sandbox.path("data/deep")).unwrap();
    sandbox.write("data/deep", "a file now");
    let status = sandbox.derm(["status", "--json"]).success().json();
    let changes: Vec<&str> =
        status["data"][0]["changes"].as_array().unwrap().iter().map(|change| change["path"].as_str().unwrap()).collect();
    assert_eq!(changes, ["deep", "deep/c.txt"]);
    sandbox.derm(["checkout"]).exits(1).complains(["destroy"]);
    assert_eq!(sandbox.read("data/deep"), "a file now");
    let before = sandbox.read("data.derm");
    sandbox.derm(["add", "data"]).success();
    let after = sandbox.read("data.derm");
    for (pointer, path, text) in [
        (&before, "data/deep/c.txt", "content of deep/c.txt"),
        (&after, "data/deep", "a file now"),
        (&before, "data/deep/c.txt", "content of deep/c.txt"),
    ] {
        sandbox.write("data.derm", pointer);
        sandbox.derm(["checkout"]).success();
        assert_eq!(sandbox.read(path), text);
        sandbox.derm(["status", "--exit-code"]).success();
    }
}

#[test]
fn a_tracked_file_becomes_a_folder_and_a_file_again() {
    let sandbox = Sandbox::repository();
    sandbox.write("table.csv", "one");
    sandbox.derm(["add", "table.csv"]).success();
    let before = sandbox.read("table.csv.derm");
    fs::remove_file(sandbox.path("table.csv")).unwrap();
    sandbox.write("table.csv/part.csv", "two");
    sandbox.derm(["status", "--exit-code"]).exits(3);
    sandbox.derm(["add", "table.csv"]).success();
    sandbox.derm(["status", "--exit-code"]).success();
    sandbox.write("table.csv.derm", before);
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("table.csv"), "one");
}

#[test]
fn a_clock_that_goes_backwards_hides_no_change() {
    let sandbox = with_data();
    let path = sandbox.path("data/a.txt");
    let past = SystemTime::now() - Duration::from_secs(1_000_000_000);
    let future = SystemTime::now() + Duration::from_secs(1_000_000_000);
    for (n, time) in [past, future, past].into_iter().enumerate() {
        sandbox.write("data/a.txt", format!("content o{n} a.txt"));
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        sandbox.derm(["status", "--exit-code"]).exits(3);
        sandbox.derm(["add", "data"]).success();
        sandbox.derm(["status", "--exit-code"]).success();
        // The same length, the same time: only the change time of the file system tells.
        sandbox.write("data/a.txt", format!("content x{n} a.txt"));
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        sandbox.derm(["status", "--exit-code"]).exits(3);
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_never_gets_a_wrong_name() {
    let sandbox = Sandbox::repository();
    sandbox.write("data/busy.bin", vec![0u8; 30_000_000]);
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, path) = (stop.clone(), sandbox.path("data/busy.bin"));
    let writer = thread::spawn(move || {
        let mut file = fs::File::options().write(true).open(path).unwrap();
        let mut level = 0u8;
        while !stopped.load(Ordering::Relaxed) {
            level = level.wrapping_add(1);
            file.seek(SeekFrom::Start(u64::from(level) * 100_000)).unwrap();
            file.write_all(&[level; 1000]).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
    });
    let ran = sandbox.derm(["add", "data"]);
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    if ran.code != 0 {
        ran.exits(1).complains(["changes while it is being read", "wait until"]);
        assert!(!sandbox.path("data.derm").exists());
    }
    if sandbox.path(".derm/cache/b3").exists() {
        objects_are_whole(&sandbox);
    }
    sandbox.derm(["add", "data"]).success();
    sandbox.derm(["status", "--exit-code"]).success();
    objects_are_whole(&sandbox);
}

#[test]
fn many_processes_work_on_the_same_paths_at_once() {
    let sandbox = with_data();
    let store = Sandbox::empty();
    let remote = store.path("r").display().to_string();
    sandbox.derm(["remote", "add", "nas", &remote]).success();
    sandbox.derm(["push"]).success();
    let commands: [&[&str]; 7] = [&["add", "data"], &["status"], &["push"], &["fetch"], &["checkout"], &["gc", "-w"], &["pull"]];
    for _ in 0..3 {
        let running: Vec<_> = commands
            .iter()
            .chain(&commands)
            .map(|words| {
                let mut command = sandbox.command(*words);
                command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for (process, words) in running.into_iter().zip(commands.iter().chain(&commands)) {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        sandbox.derm(["status", "--exit-code"]).success();
        objects_are_whole(&sandbox);
    }
}

#[test]
fn pointers_with_the_marks_of_a_merge_or_a_wrong_hash_stop_what_would_rely_on_them() {
    let sandbox = with_data();
    let pointer = sandbox.read("data.derm");
    let conflict = format!("<<<<<<< ours\n{pointer}=======\n{pointer}>>>>>>> theirs\n");
    let short = pointer
        .lines()
        .map(|line| if line.starts_with("hash:") { "hash: abc".to_owned() } else { line.to_owned() } + "\n")
        .collect::<String>();
    for (text, place) in [(conflict, "data.derm:"), (short, "data.derm:3")] {
        sandbox.write("data.derm", &text);
        let store = sandbox.path("../remote-of-faults").display().to_string();
        for words in [&["status"][..], &["checkout"], &["push", "-r", &store], &["gc", "-w", "--grace", "0"], &["fsck"]] {
            sandbox.derm(words).exits(2).complains([place]);
        }
        assert_eq!(sandbox.read("data.derm"), text);
        assert!(object(&sandbox, b"content of a.txt").exists(), "gc removed what it could not understand");
    }
}
