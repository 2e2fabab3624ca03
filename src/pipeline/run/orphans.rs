//! Commands that outlive a derm that was killed.
//!
//! `kill -9` of `derm repro` cannot reach the stage's own processes: they go on and write to the outputs. While a
//! command runs, `.derm/tmp/running/GROUP` (named by its process group) holds the second in which it was started;
//! the next run ends what is still there. The time guards against a number that another program has by now.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::store::Work;
use crate::workspace::Workspace;

/// From SIGTERM to SIGKILL.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds by which clocks of the system and of its process table may differ.
const SLACK: u64 = 3;

/// A note that a command runs; gone when dropped.
pub struct Running(PathBuf);

fn place(workspace: &Workspace) -> PathBuf {
    workspace.derm_dir().join("tmp").join("running")
}

impl Running {
    /// Notes that process group `group` was just started. Not being able to is no reason not to run.
    pub fn note(workspace: &Workspace, group: u32) -> Self {
        let folder = place(workspace);
        let path = folder.join(group.to_string());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let _ = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, now.to_string()));
        Self(path)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Ends commands of runs that were killed. Called by the only run there is.
pub fn end_all(workspace: &Workspace, work: Work<'_>) {
    let Ok(entries) = std::fs::read_dir(place(workspace)) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let group = path.file_name().and_then(|name| name.to_str()?.parse::<i32>().ok());
        let started = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u64>().ok());
        if let (Some(group), Some(started)) = (group, started)
            && is_ours(group, started)
        {
            work.observer.warn(&format!("a command of a run that was killed is still running (process {group}): ending it"));
            end(group);
        }
        let _ = std::fs::remove_file(&path);
    }
}

fn is_ours(group: i32, started: u64) -> bool {
    let Ok(number) = u32::try_from(group) else { return false };
    let Ok(mut system) = sysinfo::System::new() else { return false };
    let pid = sysinfo::Pid::from_u32(number);
    system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[pid]), true);
    system.process(pid).is_some_and(|process| process.start_time().abs_diff(started) <= SLACK)
}

fn end(group: i32) {
    let Some(group) = Pid::from_raw(group) else { return };
    let _ = kill_process_group(group, Signal::TERM);
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if test_kill_process_group(group).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = kill_process_group(group, Signal::KILL);
}
