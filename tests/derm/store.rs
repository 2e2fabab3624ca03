//! init, add, checkout, diff, doctor: what is stored comes back, and nothing is ever lost.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Ran, Sandbox};

/// Every path below `folder` with what it is: a file's mode and bytes, a link's target, a folder.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let what = if meta.is_symlink() {
                format!("-> {}", fs::read_link(&path).unwrap().display())
            } else if meta.is_dir() {
                folders.push(path.clone());
                "folder".to_owned()
            } else {
                let executable = meta.permissions().mode() & 0o111 != 0;
                format!("{executable} {:?}", fs::read(&path).unwrap())
            };
            found.insert(path.strip_prefix(folder).unwrap().to_owned(), what);
        }
    }
    found
}

/// All objects of the cache.
fn objects(sandbox: &Sandbox) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for shard in fs::read_dir(sandbox.path(".derm/cache/b3")).into_iter().flatten() {
        found.extend(fs::read_dir(shard.unwrap().path()).unwrap().map(|entry| entry.unwrap().path()));
    }
    found.sort();
    found
}

/// The object of these bytes.
fn object(sandbox: &Sandbox, bytes: &[u8]) -> PathBuf {
    let hex = blake3::hash(bytes).to_hex().to_string();
    sandbox.path(&format!(".derm/cache/b3/{}/{}", &hex[..2], &hex[2..]))
}

/// Replaces an object's bytes behind derm's back.
fn damage(object: &Path, bytes: &[u8]) {
    fs::set_permissions(object, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(object, bytes).unwrap();
}

/// A tracked folder `data` with files, nested and empty folders, an executable and links.
fn with_data() -> Sandbox {
    let sandbox = Sandbox::repository();
    sandbox.write("data/a.jpg", "first");
    sandbox.write("data/b.jpg", "second");
    sandbox.write("data/nv/c.jpg", "third");
    sandbox.write("data/nv/d.jpg", "");
    let script = sandbox.write("data/tools/run.sh", "#!/bin/sh\n");
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(sandbox.path("data/empty/inner")).unwrap();
    symlink("nv/c.jpg", sandbox.path("data/link.jpg")).unwrap();
    symlink("nowhere", sandbox.path("data/dangling")).unwrap();
    sandbox.derm(["add", "data"]).success();
    sandbox
}

fn checkout_json(sandbox: &Sandbox) -> serde_json::Value {
    sandbox.derm(["checkout", "--json"]).success().json()
}

#[test]
fn init_is_idempotent_and_says_what_comes_next() {
    let sandbox = Sandbox::empty();
    assert!(sandbox.derm(["init", "--git"]).success().stdout.contains("derm add"));
    assert!(sandbox.path(".git").is_dir());
    sandbox.write(".derm/config", "[cache]\nlink = [\"copy\"]\n");
    let again = sandbox.derm(["init", "--json"]).success().json();
    assert_eq!(again["created"], false);
    assert_eq!(again["git"], true);
    let example = sandbox.derm(["init", "--example", "a folder"]).success().stdout;
    assert!(example.contains("cd 'a folder'") && example.contains("derm repro "), "{example}");
    assert!(sandbox.path("a folder/pipelines/skin.yaml").is_file());
    assert_eq!(sandbox.read(".derm/config"), "[cache]\nlink = [\"copy\"]\n");
}

#[test]
fn pointers_hold_the_published_hash_and_git_sees_only_them() {
    let sandbox = Sandbox::empty();
    sandbox.derm(["init", "--git"]).success();
    sandbox.write("data/hello.txt", "hello");
    sandbox.derm(["add", "data/hello.txt"]).success();
    // `printf hello | b3sum`
    let hash = "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f";
    let expected = format!("schema: 1\npath: hello.txt\nhash: {hash}\nkind: file\nsize: 5\nfiles: 1\n");
    assert_eq!(sandbox.read("data/hello.txt.derm"), expected);
    let stored = sandbox.path(&format!(".derm/cache/b3/ea/{}", &hash[2..]));
    assert_eq!(fs::read(&stored).unwrap(), b"hello");
    assert_eq!(fs::metadata(stored).unwrap().permissions().mode() & 0o222, 0, "objects are read-only");
    let listed = Command::new("git").args(["status", "--porcelain", "-uall"]).current_dir(sandbox.root()).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("data/hello.txt.derm") && listed.contains("data/.gitignore") && listed.contains(".derm/config"), "{listed}");
    assert!(!listed.contains("cache") && !listed.contains("hello.txt\n") && !listed.contains("index"), "{listed}");
}

#[test]
fn a_folder_comes_back_as_it_was() {
    for link in ["copy", "hardlink", "symlink", "reflink\", \"copy"] {
        let sandbox = Sandbox::repository();
        sandbox.write(".derm/config.local", format!("[cache]\nlink = [\"{link}\"]\n"));
        sandbox.write("data/big.bin", vec![7; 9 << 20]);
        sandbox.write("data/a/b.txt", "b");
        let script = sandbox.write("data/run.sh", "#!/bin/sh\n");
        fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(sandbox.path("data/empty/inner")).unwrap();
        symlink("a/b.txt", sandbox.path("data/link")).unwrap();
        symlink("/nowhere", sandbox.path("data/dangling")).unwrap();
        let content = |sandbox: &Sandbox| {
            // Through derm's own symbolic links, with the user's as they are.
            let all = snapshot(&sandbox.path("data")).into_iter();
            let ours = |path: &Path, what: &str| {
                what.contains("b3/").then(|| format!("false {:?}", fs::read(sandbox.path("data").join(path)).unwrap()))
            };
            all.map(|(path, what)| (path.clone(), ours(&path, &what).unwrap_or(what))).collect::<BTreeMap<_, _>>()
        };
        let before = content(&sandbox);
        let added = sandbox.derm(["add", "data"]).success();
        assert!(added.stderr.contains("1 symbolic link leads out of `data`"), "{}", added.stderr);
        assert_eq!(content(&sandbox), before, "{link}: add changed the data");
        fs::remove_dir_all(sandbox.path("data")).unwrap();
        let done = checkout_json(&sandbox);
        assert_eq!(done["paths"][0]["added"], 5, "{link}: {done}");
        assert_eq!(content(&sandbox), before, "{link}");
        let again = checkout_json(&sandbox);
        assert_eq!((&again["paths"][0]["added"], &again["paths"][0]["modified"]), (&0.into(), &0.into()), "{link}");
        let pointer = sandbox.read("data.derm");
        sandbox.derm(["add", "data"]).success();
        assert_eq!(sandbox.read("data.derm"), pointer, "{link}: what a link shows is the same content");
        assert!(pointer.contains("files: 5"), "{pointer}");
    }
}

#[test]
fn link_types_link() {
    let sandbox = Sandbox::repository();
    sandbox.write("data/a.jpg", "first");
    let linked = |link: &str| {
        sandbox.write(".derm/config.local", format!("[cache]\nlink = [\"{link}\"]\n"));
        sandbox.derm(["add", "data"]).success();
    };
    linked("copy");
    let file = sandbox.path("data/a.jpg");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o200, 0o200, "a copy can be edited");
    linked("hardlink");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o222, 0, "a link cannot");
    fs::remove_file(&file).unwrap();
    linked_checkout(&sandbox);
    linked("symlink");
    assert!(fs::read_link(&file).unwrap().starts_with("../.derm/cache/b3"));
    fs::remove_file(&file).unwrap();
    linked_checkout(&sandbox);
    assert!(file.is_symlink());
}

fn linked_checkout(sandbox: &Sandbox) {
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("data/a.jpg"), "first");
}

#[test]
fn an_edit_through_a_hard_link_is_found() {
    let sandbox = Sandbox::repository();
    sandbox.write(".derm/config.local", "[cache]\nlink = [\"hardlink\"]\n");
    sandbox.write("data/a.jpg", "first");
    sandbox.derm(["add", "data"]).success();
    damage(&sandbox.path("data/a.jpg"), b"drawn over");
    sandbox.derm(["doctor", "--verify"]).exits(3);
    sandbox.derm(["checkout"]).exits(1).complains(["a.jpg"]);
    assert_eq!(sandbox.read("data/a.jpg"), "drawn over", "the edit is not lost");
    sandbox.derm(["checkout", "--force"]).exits(1).complains(["not in the cache", "derm add"]);
}

#[test]
fn add_works_on_patterns_stdin_subfolders_and_parts() {
    let sandbox = with_data();
    sandbox.write("tables/x.csv", "1");
    sandbox.write("tables/y.csv", "2");
    sandbox.write("tables/z.txt", "3");
    let added = sandbox.derm(["--cd", "tables", "add", "*.csv", "--json"]).success().json();
    let paths: Vec<_> = added["added"].as_array().unwrap().iter().map(|added| added["path"].clone()).collect();
    assert_eq!(paths, ["tables/x.csv", "tables/y.csv"]);
    assert!(!sandbox.path("tables/z.txt.derm").exists());

    let mut child = sandbox.command(["add", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"tables/z.txt\n\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert!(sandbox.path("tables/z.txt.derm").exists());
    assert_eq!(sandbox.read("tables/.gitignore").lines().filter(|line| line.starts_with('/')).count(), 3);

    // A part of a tracked folder, with the rest of it gone.
    let whole = sandbox.derm(["add", "data"]).success().stdout;
    assert!(whole.contains("unchanged"), "{whole}");
    let before = snapshot(&sandbox.path("data"));
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.write("data/nv/new/e.jpg", "fifth");
    sandbox.derm(["add", "data/nv/new"]).success();
    assert!(!sandbox.path("data/nv/new.derm").exists(), "the folder's own pointer is updated");
    sandbox.derm(["checkout"]).success();
    let mut after = snapshot(&sandbox.path("data"));
    assert_eq!(after.remove(Path::new("nv/new/e.jpg")).unwrap(), format!("false {:?}", b"fifth"));
    after.remove(Path::new("nv/new")).unwrap();
    assert_eq!(after, before);
}

#[test]
fn checkout_takes_targets_of_every_kind() {
    let sandbox = with_data();
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.derm(["checkout", "data/nv/c.jpg"]).success();
    assert_eq!(snapshot(&sandbox.path("data")).len(), 2);
    sandbox.derm(["--cd", "data", "checkout", "nv"]).success();
    assert_eq!(snapshot(&sandbox.path("data")).len(), 3);
    sandbox.derm(["checkout", "data.derm"]).success();
    assert!(sandbox.path("data/empty/inner").is_dir());
    fs::remove_file(sandbox.path("data/a.jpg")).unwrap();
    sandbox.derm(["checkout", "."]).success();
    assert_eq!(sandbox.read("data/a.jpg"), "first");
    sandbox.derm(["checkout", "data/absent"]).exits(2).complains(["not tracked"]);
}

#[test]
fn hand_edited_files_are_never_lost() {
    let sandbox = with_data();
    let recorded = snapshot(&sandbox.path("data"));
    sandbox.write("data/a.jpg", "edited by hand");
    sandbox.write("data/nv/note.txt", "mine");
    fs::remove_file(sandbox.path("data/dangling")).unwrap();
    symlink("my/own", sandbox.path("data/dangling")).unwrap();
    fs::remove_file(sandbox.path("data/b.jpg")).unwrap();
    let edited = snapshot(&sandbox.path("data"));
    sandbox.derm(["checkout"]).exits(1).complains(["data/a.jpg", "data/nv/note.txt", "data/dangling", "--force"]);
    assert_eq!(snapshot(&sandbox.path("data")), edited, "a refused checkout touches nothing");
    sandbox.derm(["checkout", "--force"]).success();
    assert_eq!(snapshot(&sandbox.path("data")), recorded);
    // Content that is in the cache may be replaced without asking.
    sandbox.write("data/a.jpg", "second");
    fs::copy(sandbox.path("data/a.jpg"), sandbox.path("data/copy.jpg")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(snapshot(&sandbox.path("data")), recorded);
}

#[test]
fn a_checkout_moves_between_versions() {
    let sandbox = with_data();
    let (first, first_pointer) = (snapshot(&sandbox.path("data")), sandbox.read("data.derm"));
    fs::remove_dir_all(sandbox.path("data/nv")).unwrap();
    sandbox.write("data/nv", "a file where a folder was");
    fs::remove_file(sandbox.path("data/a.jpg")).unwrap();
    sandbox.write("data/a.jpg/inner.jpg", "a folder where a file was");
    fs::remove_dir_all(sandbox.path("data/empty")).unwrap();
    fs::set_permissions(sandbox.path("data/tools/run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    sandbox.derm(["add", "data"]).success();
    let (second, second_pointer) = (snapshot(&sandbox.path("data")), sandbox.read("data.derm"));
    for _ in 0..2 {
        sandbox.write("data.derm", &first_pointer);
        sandbox.derm(["checkout"]).success();
        assert_eq!(snapshot(&sandbox.path("data")), first);
        sandbox.write("data.derm", &second_pointer);
        sandbox.derm(["checkout"]).success();
        assert_eq!(snapshot(&sandbox.path("data")), second);
    }
}

#[test]
fn the_same_size_edit_in_the_same_instant_is_seen() {
    let sandbox = Sandbox::repository();
    for round in 0..20 {
        let text = format!("{round:04}");
        sandbox.write("data/x.txt", &text);
        sandbox.derm(["add", "data"]).success();
        assert_eq!(fs::read(object(&sandbox, text.as_bytes())).unwrap(), text.as_bytes());
    }
    let time = filetime::FileTime::from_unix_time(1_700_000_000, 0);
    sandbox.write("data/x.txt", "aaaa");
    filetime::set_file_mtime(sandbox.path("data/x.txt"), time).unwrap();
    sandbox.derm(["add", "data"]).success();
    std::thread::sleep(Duration::from_millis(30));
    sandbox.write("data/x.txt", "bbbb");
    filetime::set_file_mtime(sandbox.path("data/x.txt"), time).unwrap();
    sandbox.derm(["add", "data"]).success();
    assert!(object(&sandbox, b"bbbb").exists(), "a modification time set back does not deceive");
}

#[test]
fn a_damaged_index_is_rebuilt_without_a_word() {
    let sandbox = with_data();
    std::thread::sleep(Duration::from_millis(30));
    sandbox.derm(["add", "data"]).success();
    let pointer = sandbox.read("data.derm");
    for bytes in [b"".as_slice(), b"dermindx", &[0xff; 4096]] {
        sandbox.write(".derm/index", bytes);
        let ran = sandbox.derm(["add", "data"]).success();
        assert_eq!(ran.stderr, "");
        assert_eq!(sandbox.read("data.derm"), pointer);
    }
}

#[test]
fn ignored_files_are_left_out_and_left_alone() {
    let sandbox = with_data();
    let pointer = sandbox.read("data.derm");
    sandbox.write("data/.DS_Store", "finder");
    sandbox.write("data/nv/__pycache__/x.pyc", "python");
    sandbox.derm(["add", "data"]).success();
    assert_eq!(sandbox.read("data.derm"), pointer, "the default list");
    sandbox.write(".dermignore", "*.tmp\n");
    sandbox.write("data/nv/x.tmp", "mine");
    sandbox.derm(["add", "data"]).success();
    assert_eq!(sandbox.read("data.derm"), pointer, ".dermignore");
    sandbox.derm(["checkout", "--force"]).success();
    assert_eq!(sandbox.read("data/nv/x.tmp"), "mine");
    sandbox.derm(["add", "data/nv/x.tmp"]).exits(2).complains([".dermignore"]);
}

#[test]
fn diff_names_every_file_and_finds_renames() {
    let sandbox = Sandbox::empty();
    sandbox.derm(["init", "--git"]).success();
    sandbox.write("data/a.jpg", "first");
    sandbox.write("data/b.jpg", "second");
    sandbox.write("data/nv/c.jpg", "third");
    sandbox.write("one.csv", "1");
    sandbox.derm(["add", "data", "one.csv"]).success();
    sandbox.git(["add", "."]);
    sandbox.git(["commit", "-q", "-m", "one"]);
    sandbox.derm(["diff", "--exit-code"]).success();
    fs::rename(sandbox.path("data/a.jpg"), sandbox.path("data/nv/moved.jpg")).unwrap();
    sandbox.write("data/b.jpg", "second, edited");
    fs::remove_file(sandbox.path("data/nv/c.jpg")).unwrap();
    sandbox.write("data/new.jpg", "new");
    fs::remove_file(sandbox.path("one.csv")).unwrap();
    let expected = [
        ("data/b.jpg", "modified"),
        ("data/new.jpg", "added"),
        ("data/nv/c.jpg", "deleted"),
        ("data/nv/moved.jpg", "renamed"),
        ("one.csv", "deleted"),
    ];
    let listed = |ran: Ran| {
        let json = ran.json();
        let changes = json["changes"].as_array().unwrap().iter();
        changes.map(|c| (c["path"].as_str().unwrap().to_owned(), c["change"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let expected: Vec<_> = expected.map(|(path, change)| (path.to_owned(), change.to_owned())).to_vec();
    assert_eq!(listed(sandbox.derm(["diff", "--json", "--exit-code"]).exits(3)), expected);
    assert!(sandbox.derm(["diff"]).success().stdout.contains("data/a.jpg -> data/nv/moved.jpg"));
    // The same between two commits, with the data gone from the workspace.
    sandbox.derm(["add", "data"]).success();
    fs::remove_file(sandbox.path("one.csv.derm")).unwrap();
    sandbox.git(["add", "-A"]);
    sandbox.git(["commit", "-q", "-m", "two"]);
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    assert_eq!(listed(sandbox.derm(["diff", "HEAD~1", "HEAD", "--json"]).success()), expected);
    sandbox.derm(["diff", "nonsense"]).exits(2).complains(["nonsense", "no branch, tag or commit has this name"]);
    sandbox.derm(["diff", "HEAD~5"]).exits(2).complains(["the history of `HEAD` does not reach that far"]);
}

#[test]
fn add_says_what_git_needs_where_one_stands() {
    let sandbox = Sandbox::repository();
    sandbox.write("sub/my images/a.jpg", "one");
    let add = |folder: &str, path: &str| {
        let output = sandbox.command(["add", path]).current_dir(sandbox.path(folder)).output().unwrap();
        let ran = Ran::from(output).success();
        ran.stdout.lines().last().unwrap().to_owned()
    };
    assert_eq!(add("sub", "my images"), "To commit: git add .gitignore 'my images.derm'");
    sandbox.write("sub/my images/b.jpg", "two");
    assert_eq!(add("sub/my images", "."), "To commit: git add '../my images.derm'");
    let output = sandbox.command(["--cd", sandbox.root().to_str().unwrap(), "add", "sub/my images"]).current_dir("/").output().unwrap();
    assert!(!Ran::from(output).success().stdout.contains("To commit"), "nothing changed");
}

#[test]
fn damaged_objects_are_found_and_set_aside() {
    for (how, bytes) in [("flipped", b"firsT".as_slice()), ("cut", b"fir"), ("emptied", b"")] {
        let sandbox = with_data();
        damage(&object(&sandbox, b"first"), bytes);
        fs::remove_dir_all(sandbox.path("data")).unwrap();
        sandbox.derm(["checkout"]).exits(1).complains(["damaged in the cache", "data/a.jpg", "derm add"]);
        assert!(!sandbox.path("data/a.jpg").exists(), "{how}: damaged bytes never reach the workspace");
        assert_eq!(sandbox.read("data/b.jpg"), "second", "{how}: the rest is checked out");
        assert!(!object(&sandbox, b"first").exists());
        sandbox.derm(["checkout"]).exits(1).complains(["not in the cache", "data/a.jpg"]);
        sandbox.write("data/a.jpg", "first");
        sandbox.derm(["add", "data"]).success();
        sandbox.derm(["checkout"]).success();
        sandbox.derm(["doctor", "--verify"]).success();
    }
}

#[test]
fn a_damaged_listing_is_found() {
    let sandbox = with_data();
    let hash = sandbox.read("data.derm").lines().find_map(|line| line.strip_prefix("hash: ").map(str::to_owned)).unwrap();
    let tree = sandbox.path(&format!(".derm/cache/b3/{}/{}", &hash[..2], &hash[2..]));
    let bytes = fs::read(&tree).unwrap();
    damage(&tree, &bytes[..bytes.len() - 3]);
    let doctor = sandbox.derm(["doctor", "--verify", "--json"]).exits(3).json();
    assert!(doctor["checks"].to_string().contains(&hash));
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.derm(["checkout"]).exits(1).complains(["not in the cache", "`data`"]);
    // What was set aside earlier is still missed, by name, until somebody puts it back.
    let doctor = sandbox.derm(["doctor", "--json"]).exits(3).json();
    let tracked = doctor["checks"].as_array().unwrap().iter().find(|check| check["name"] == "tracked").unwrap();
    assert_eq!(tracked["outcome"], "failed");
    assert!(tracked["detail"].as_str().unwrap().contains("`data`"), "{tracked}");
}

#[test]
fn a_damaged_object_is_replaced_by_adding_the_file_again() {
    let sandbox = with_data();
    damage(&object(&sandbox, b"second"), b"SECOND");
    sandbox.write("other.jpg", "second");
    sandbox.derm(["add", "other.jpg"]).success();
    assert_eq!(fs::read(object(&sandbox, b"second")).unwrap(), b"second");
}

#[test]
fn two_processes_add_at_once() {
    let sandbox = Sandbox::repository();
    for i in 0..200 {
        sandbox.write(&format!("a/{i}"), format!("a{}", i / 2));
        sandbox.write(&format!("b/{i}"), format!("a{i}"));
    }
    let start = |path: &str| sandbox.command(["add", path]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children = [start("a"), start("b"), start("a")];
    for child in children {
        Ran::from(child.wait_with_output().unwrap()).success();
    }
    sandbox.derm(["doctor", "--verify"]).success();
    let before = snapshot(&sandbox.path("a"));
    fs::remove_dir_all(sandbox.path("a")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(snapshot(&sandbox.path("a")), before);
}

#[test]
fn a_waiting_process_names_the_holder() {
    let sandbox = Sandbox::repository();
    sandbox.write("a", "a");
    let lock = fs::File::options().write(true).create(true).truncate(true).open(sandbox.path(".derm/lock")).unwrap();
    lock.lock().unwrap();
    std::io::Write::write_all(&mut &lock, b"`derm repro` (process 4711)\n").unwrap();
    let mut child = sandbox.command(["add", "a"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // Until it says so, however long it takes to get there.
    let mut said = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap())).map(|line| line.unwrap());
    let waits = said.find(|line| line.contains("waiting for"));
    assert!(!sandbox.path("a.derm").exists());
    drop(lock);
    assert!(waits.is_some_and(|line| line.contains("waiting for `derm repro` (process 4711)")));
    said.for_each(drop);
    assert!(child.wait().unwrap().success() && sandbox.path("a.derm").exists());
}

#[test]
fn killed_at_any_moment_add_leaves_nothing_half_written() {
    let sandbox = Sandbox::repository();
    for i in 0..600 {
        sandbox.write(&format!("data/{}/{i}.jpg", i % 7), vec![(i % 251) as u8; 500 + i]);
    }
    let before = snapshot(&sandbox.path("data"));
    let links = ["copy", "hardlink", "symlink"];
    for attempt in 0..15u64 {
        sandbox.write(".derm/config.local", format!("[cache]\nlink = [\"{}\"]\n", links[attempt as usize % 3]));
        let mut child = sandbox.command(["add", "data"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(3 + attempt * 5));
        let _ = child.kill();
        child.wait().unwrap();
        for object in objects(&sandbox) {
            let name: String = object.iter().rev().take(2).collect::<Vec<_>>().iter().rev().map(|part| part.to_str().unwrap()).collect();
            assert_eq!(blake3::hash(&fs::read(&object).unwrap()).to_hex().as_str(), name, "attempt {attempt}");
        }
        for (path, what) in &before {
            let file = sandbox.path("data").join(path);
            assert!(what == "folder" || *what == format!("false {:?}", fs::read(file).unwrap()), "attempt {attempt}: {}", path.display());
        }
    }
    sandbox.write(".derm/config.local", "[cache]\nlink = [\"copy\"]\n");
    sandbox.derm(["add", "data"]).success();
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(snapshot(&sandbox.path("data")), before);
}

#[test]
fn a_killed_checkout_is_completed_by_the_next() {
    let sandbox = Sandbox::repository();
    for i in 0..800 {
        sandbox.write(&format!("data/{i}.jpg"), vec![(i % 251) as u8; 500 + i]);
    }
    sandbox.derm(["add", "data"]).success();
    let before = snapshot(&sandbox.path("data"));
    for attempt in 0..6u64 {
        fs::remove_dir_all(sandbox.path("data")).unwrap();
        let mut child = sandbox.command(["checkout"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(4 + attempt * 8));
        let _ = child.kill();
        child.wait().unwrap();
        sandbox.derm(["checkout"]).success();
        assert_eq!(snapshot(&sandbox.path("data")), before, "attempt {attempt}");
    }
}

#[test]
fn a_cache_elsewhere_works() {
    let sandbox = Sandbox::repository();
    sandbox.write(".derm/config.local", "[cache]\ndir = \"elsewhere/cache\"\nlink = [\"symlink\"]\n");
    sandbox.write("a.bin", "a");
    sandbox.derm(["add", "a.bin"]).success();
    assert!(sandbox.path("elsewhere/cache/b3").is_dir());
    assert!(!sandbox.path(".derm/cache").exists());
    fs::remove_file(sandbox.path("a.bin")).unwrap();
    sandbox.derm(["checkout"]).success();
    assert_eq!(sandbox.read("a.bin"), "a");
}

#[test]
fn doctor_reports_the_machine_and_the_repository() {
    let sandbox = with_data();
    let report = sandbox.derm(["doctor", "--json"]).success().json();
    assert_eq!((&report["schema"], &report["kind"]), (&1.into(), &"doctor".into()));
    let names: Vec<_> = report["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap().to_owned()).collect();
    for name in ["cores", "memory", "devices", "config", "git", "links", "objects"] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
    assert!(!report.to_string().contains(sandbox.root().to_str().unwrap()), "no absolute paths");
    Sandbox::empty().derm(["doctor"]).success();
    Sandbox::empty().derm(["doctor", "--verify"]).exits(2).complains(["derm init"]);
}

mod bad_input {
    use super::*;

    /// Nothing was tracked by a failed `add`.
    #[track_caller]
    fn nothing_tracked(sandbox: &Sandbox, path: &str) {
        assert!(!sandbox.path(&format!("{path}.derm")).is_file(), "a pointer was left");
        assert!(!sandbox.path(".gitignore").exists(), "a line in .gitignore was left");
    }

    #[test]
    fn outside_a_repository() {
        let sandbox = Sandbox::empty();
        sandbox.write("x", "x");
        for command in [["add", "x"], ["checkout", "x"], ["diff", "x"]] {
            sandbox.derm(command).exits(2).complains(["not inside a derm repository", "derm init"]);
        }
    }

    #[test]
    fn paths_that_cannot_be_added() {
        let sandbox = Sandbox::repository();
        sandbox.write("real/x", "x");
        symlink("real", sandbox.path("linked")).unwrap();
        symlink("real/x", sandbox.path("link")).unwrap();
        for (path, words) in [
            ("absent.jpg", ["does not exist", "spelling"]),
            ("../x", ["outside the repository", "copy"]),
            ("/etc/passwd", ["outside the repository", "copy"]),
            (".derm/config", ["belongs to `.derm`", "cannot track"]),
            (".", ["whole repository", "name a file"]),
            ("linked/x", ["`linked` is a symbolic link", "copy the data"]),
            ("link", ["symbolic link", "copy the data"]),
            ("*.jpg", ["nothing matches", "*.jpg"]),
            ("", ["whole repository", "name a file"]),
        ] {
            let ran = sandbox.derm(["add", path]).exits(2).complains(words);
            assert_eq!(ran.stdout, "");
            nothing_tracked(&sandbox, path.trim_start_matches('/'));
        }
        sandbox.derm(["add", "real/x", "absent.jpg"]).exits(2);
        nothing_tracked(&sandbox, "real/x");
    }

    #[test]
    fn paths_that_git_or_another_pointer_has() {
        let sandbox = Sandbox::empty();
        sandbox.derm(["init", "--git"]).success();
        sandbox.write("data/a.csv", "1");
        sandbox.git(["add", "data/a.csv"]);
        sandbox.derm(["add", "data"]).exits(2).complains(["tracked by git", "git rm -r --cached data"]);
        sandbox.derm(["add", "data/a.csv"]).exits(2).complains(["git rm --cached data/a.csv"]);
        sandbox.write("other/b.csv", "2");
        sandbox.derm(["add", "other/b.csv"]).success();
        sandbox.derm(["add", "other"]).exits(2).complains(["other/b.csv", "tracked already"]);
        sandbox.derm(["add", "other/b.csv.derm"]).exits(2).complains(["is a pointer"]);
        sandbox.write("hidden/c.csv", "3");
        sandbox.write(".gitignore", "/hidden/\n");
        sandbox.derm(["add", "hidden/c.csv"]).exits(2).complains(["git ignores `hidden/c.csv.derm`"]);
        assert!(!sandbox.path("hidden/c.csv.derm").exists());
    }

    #[test]
    fn special_files() {
        let sandbox = Sandbox::repository();
        sandbox.write("data/a", "a");
        let made = Command::new("mkfifo").arg(sandbox.path("data/pipe")).status().unwrap();
        assert!(made.success());
        sandbox.derm(["add", "data"]).exits(2).complains(["data/pipe", "neither a file nor a folder"]);
        nothing_tracked(&sandbox, "data");
    }

    #[test]
    fn a_folder_that_cannot_be_written() {
        let sandbox = Sandbox::repository();
        sandbox.write("data/a", "a");
        let data = sandbox.path("data");
        fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
        // A superuser may write everywhere; then a folder stands where the pointer should go.
        let superuser = fs::write(data.join("probe"), "").is_ok();
        if superuser {
            fs::remove_file(data.join("probe")).unwrap();
            fs::create_dir(data.join("a.derm")).unwrap();
        }
        sandbox.derm(["add", "data/a"]).exits(1).complains(["cannot write", "data"]);
        fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(!sandbox.path("data/a.derm").is_file());
        assert!(!sandbox.path("data/.gitignore").exists());
        assert_eq!(sandbox.read("data/a"), "a");
    }

    #[test]
    fn a_full_disk() {
        let sandbox = Sandbox::repository();
        sandbox.write("small", "small");
        sandbox.derm(["add", "small"]).success();
        let pointer = sandbox.read("small.derm");
        sandbox.write("big", vec![1; 3 << 20]);
        sandbox.write("huge", vec![1; 9 << 20]);
        sandbox.write("small", "small, but changed");
        for (path, limit) in [("big", 1024), ("huge", 1024), ("small", 0)] {
            // With the signal ignored, a write beyond the limit fails like one on a full disk.
            let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" add {path}");
            let mut command = sandbox.command([""; 0]);
            let derm = command.get_program().to_owned();
            command = {
                let mut shell = Command::new("sh");
                shell.args(["-c", &script]).arg(derm).current_dir(sandbox.root()).env("HOME", sandbox.root());
                shell
            };
            Ran::from(command.output().unwrap()).exits(1).complains(["cannot write", "ulimit"]);
            assert!(!sandbox.path("big.derm").exists() && !sandbox.path("huge.derm").exists());
        }
        assert_eq!(sandbox.read("small.derm"), pointer, "the old pointer is as it was");
        sandbox.derm(["doctor", "--verify"]).success();
        let left = fs::read_dir(sandbox.path(".derm/cache/tmp")).unwrap().count();
        assert_eq!(left, 0, "unfinished objects are removed");
    }

    #[test]
    fn pointers_that_cannot_be_understood() {
        let sandbox = with_data();
        let good = sandbox.read("data.derm");
        for (bad, place, words) in [
            (good.replace("kind: tree", "kind: forest"), "data.derm:4", "forest"),
            (good.replace("size:", "sise:"), "data.derm:5", "sise"),
            (good.replace("schema: 1", "schema: 2"), "data.derm:1:1", "not known"),
            (good.replace("path: data", "path: date"), "data.derm:2:1", "date"),
            (good.replace("hash: ", "hash: zz"), "data.derm:3", "content hash"),
            (format!("<<<<<<< HEAD\n{good}=======\n{good}>>>>>>> other\n"), "data.derm:", "derm add"),
            (format!("{good}size: 3\n"), "data.derm:", "size"),
            ("\tschema: 1\n".to_owned(), "data.derm:1", "pointer"),
            (String::new(), "data.derm:", "pointer"),
        ] {
            sandbox.write("data.derm", &bad);
            sandbox.derm(["checkout"]).exits(2).complains([place, words]);
            sandbox.derm(["add", "data"]).exits(2).complains([place]);
            assert_eq!(sandbox.read("data.derm"), bad, "a broken pointer is the user's to mend");
        }
    }

    #[test]
    fn settings_that_cannot_be_understood() {
        let sandbox = Sandbox::repository();
        sandbox.write("x", "x");
        for (text, words) in [
            ("[cache]\nlinks = [\"copy\"]\n", [".derm/config:2:1", "links"]),
            ("[cache]\nlink = \"copy\"\n", [".derm/config:2:8", "the value of `cache.link`"]),
            ("[cache]\nlink = [\"magic\"]\n", [".derm/config:2:9", "magic"]),
            ("[cache\n", [".derm/config:1:7", ""]),
        ] {
            sandbox.write(".derm/config", text);
            sandbox.derm(["add", "x"]).exits(2).complains(words);
            let report = sandbox.derm(["doctor"]).exits(3);
            assert!(report.stdout.contains(words[0]), "{}", report.stdout);
        }
        sandbox.write(".derm/config", "");
        sandbox.write(".dermignore", "[z-a]\n");
        sandbox.derm(["add", "x"]).exits(2).complains([".dermignore:1:1"]);
    }

    #[test]
    fn a_revision_without_git() {
        let sandbox = Sandbox::repository();
        sandbox.derm(["diff"]).exits(2).complains(["not under git", "derm init --git"]);
    }

    #[test]
    fn errors_are_one_json_document() {
        let sandbox = with_data();
        sandbox.write("data/a.jpg", "edited");
        let error = sandbox.derm(["checkout", "--json"]).exits(1).json();
        assert_eq!(error["kind"], "error");
        assert_eq!(error["error"]["exit_code"], 1);
    }
}
