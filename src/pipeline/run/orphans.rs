//! Commands that outlive a derm that was killed.
//!
//! `kill -9` of `derm repro` cannot reach the stage's own processes: they go on and write to the outputs. A stage's claim notes
//! the process group of each command and the second in which it was started; whoever undoes what the killed run has left
//! ends what is still there. The time guards against a number that another program has by now.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

use crate::store::Work;

/// From SIGTERM to SIGKILL.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds by which clocks of the system and of its process table may differ.
const SLACK: u64 = 3;

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs())
}

/// Ends a command of a run that was killed, if it still runs.
pub fn end(group: u32, started: u64, work: &Work<'_>) {
    if !is_ours(group, started) {
        return;
    }
    work.observer.warn(&format!("a command of a run that was killed is still running (process {group}): ending it"));
    let Some(group) = i32::try_from(group).ok().and_then(Pid::from_raw) else { return };
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

/// Whether the group is still the command's: its shell lives, or, where the shell is gone, a process that it had started.
fn is_ours(group: u32, started: u64) -> bool {
    let Ok(mut system) = sysinfo::System::new() else { return false };
    let pid = sysinfo::Pid::from_u32(group);
    system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[pid]), true);
    match system.process(pid) {
        Some(process) => process.start_time().abs_diff(started) <= SLACK,
        None => has_stage(group),
    }
}

/// Whether a process of the group was started by a stage, as its environment says; known on Linux only.
fn has_stage(group: u32) -> bool {
    let is_one = |folder: std::path::PathBuf| {
        let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
        // The name stands in brackets and may hold anything; behind it come state, parent and group.
        let own = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(2)?.parse::<u32>().ok());
        let mark = format!("{}=", super::guard::STAGE);
        own == Some(group)
            && std::fs::read(folder.join("environ"))
                .is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one.starts_with(mark.as_bytes())))
    };
    std::fs::read_dir("/proc").into_iter().flatten().flatten().any(|entry| is_one(entry.path()))
}
