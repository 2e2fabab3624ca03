//! `derm repro --watch`.

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use super::{project, until};
use crate::support::Sandbox;

/// A derm that watches, and what it has said so far.
struct Watching {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Watching {
    fn start(sandbox: &Sandbox) -> Self {
        let mut child = sandbox.command(["repro", "--watch"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (mut stderr, heard) = (child.stderr.take().unwrap(), said.clone());
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(n @ 1..) = stderr.read(&mut block) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&block[..n]));
            }
        });
        Self { child, said }
    }

    /// Waits until it has said this so many times.
    #[track_caller]
    fn hears(&self, text: &str, times: usize) {
        until(&format!("it says `{text}` {times} times"), || self.said.lock().unwrap().matches(text).count() >= times);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_change_runs_what_it_makes_stale_until_ctrl_c() {
    let sandbox = project("stages:\n  s:\n    cmd: cat in data/* > out\n    deps: [in, data]\n    params: [lr]\n    outs: [out]\n");
    sandbox.write("in", "1");
    sandbox.write("data/a", "a");
    sandbox.write("params.yaml", "lr: 1\n");
    let mut watching = Watching::start(&sandbox);
    watching.hears("waiting for changes", 1);
    assert_eq!(sandbox.read("out"), "1a");
    sandbox.write("in", "2");
    watching.hears("`in` changed", 1);
    watching.hears("waiting for changes", 2);
    assert_eq!(sandbox.read("out"), "2a");
    sandbox.write("data/b", "b");
    watching.hears("`data` changed", 1);
    watching.hears("waiting for changes", 3);
    assert_eq!(sandbox.read("out"), "2ab");
    // A file that cannot be understood is told, and the next change heard.
    let good = sandbox.read("pipelines/p.yaml");
    sandbox.write("pipelines/p.yaml", "stages: [\n");
    watching.hears("pipelines/p.yaml:", 1);
    watching.hears("waiting for changes", 4);
    sandbox.write("pipelines/p.yaml", good.replace("cat in data/*", "cat data/* in"));
    watching.hears("waiting for changes", 5);
    assert_eq!(sandbox.read("out"), "ab2");
    // So is a stage that fails.
    sandbox.write("pipelines/p.yaml", good.replace("cat in", "exit 4; cat in"));
    watching.hears("exit status 4", 1);
    watching.hears("waiting for changes", 6);
    sandbox.write("params.yaml", "lr: 2\n");
    watching.hears("`params.yaml` changed", 1);
    watching.hears("waiting for changes", 7);
    rustix::process::kill_process(rustix::process::Pid::from_child(&watching.child), rustix::process::Signal::INT).unwrap();
    assert_eq!(watching.child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_stage_that_changes_its_input_does_not_run_for_ever() {
    let sandbox = project("stages:\n  s:\n    cmd: echo x >> in; echo x >> runs; cp in out\n    deps: [in]\n    outs: [out]\n");
    sandbox.write("in", "1");
    let watching = Watching::start(&sandbox);
    watching.hears("waiting for changes", 1);
    assert_eq!(sandbox.read("runs"), "x\nx\n");
}
