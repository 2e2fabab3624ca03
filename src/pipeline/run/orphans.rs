//! Commands that outlive a derm that was killed.
//!
//! `kill -9` of `derm repro` cannot reach the stage's own processes: they go on and write to the outputs. Whoever undoes what the
//! killed run has left ends them first. On Linux they are known by the variable `DERM_TRY` in their environment, which is
//! another one for every run of a stage; elsewhere by the process group of each command and the second in which it was started, which
//! guards against a number that another program has by now: the stage's claim notes both. What a stage that succeeded left behind
//! on purpose, such as a server, is nobody's business.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use crate::store::Work;

/// The variable that tells the processes of one run of a stage from all others.
pub const TRY: &str = "DERM_TRY";
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

fn is_ours(group: u32, started: u64) -> bool {
    let Ok(mut system) = sysinfo::System::new() else { return false };
    let pid = sysinfo::Pid::from_u32(group);
    system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[pid]), true);
    system.process(pid).is_some_and(|process| process.start_time().abs_diff(started) <= SLACK)
}

/// Ends all processes of one run of a stage, as far as they can be known.
pub fn end_try(id: &str, work: &Work<'_>) {
    let mark = format!("{TRY}={id}");
    let mut told = false;
    let until = Instant::now() + PATIENCE;
    loop {
        let left = marked(&mark);
        if left.is_empty() {
            return;
        }
        let patient = Instant::now() < until;
        if !std::mem::replace(&mut told, true) {
            let numbers: Vec<String> = left.iter().map(|pid| pid.as_raw_nonzero().to_string()).collect();
            let processes = if numbers.len() == 1 { "process" } else { "processes" };
            let message = format!("a command of a run that was killed is still running ({processes} {}): ending it", numbers.join(", "));
            work.observer.warn(&message);
            left.iter().for_each(|pid| kill_process(*pid, Signal::TERM).unwrap_or_default());
        }
        if !patient {
            left.iter().for_each(|pid| kill_process(*pid, Signal::KILL).unwrap_or_default());
        }
        if Instant::now() > until + PATIENCE {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Processes that have the mark in their environment; none where that cannot be read.
fn marked(mark: &str) -> Vec<Pid> {
    let has_mark = |folder: &std::path::Path| {
        std::fs::read(folder.join("environ")).is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == mark.as_bytes()))
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<i32>().ok()?, entry.path())));
    numbers.filter(|(_, folder)| has_mark(folder)).filter_map(|(number, _)| Pid::from_raw(number)).collect()
}
