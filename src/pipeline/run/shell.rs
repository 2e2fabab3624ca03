//! The commands of a stage, one after the other, each in a new shell.
//!
//! As in DVC a text of several lines is run line by line, so `cd` does not carry over, and there is no `set -e`: the
//! first line that fails ends the stage. The shell is the stage's `shell`, else `$SHELL`, else `/bin/sh`, without
//! its startup files. It gets the environment of derm, and:
//!
//! | variable | what |
//! | --- | --- |
//! | `PATH` | the folder of the running derm first, so `derm` in a command is this one |
//! | `DERM_STAGE`, `DVC_STAGE` | the stage |
//! | `DERM_ROOT`, `DVC_ROOT` | the repository's root, absolute |
//! | `DERM_TRY` | another text for every run of a stage |
//! | `CUDA_VISIBLE_DEVICES` | for a stage with `resources: {gpus: N}`: those that no other stage has, where they are known |
//!
//! and last what the stage says under `env`. Standard input is empty. What the commands print, on either stream, is
//! handed over in whole lines; where the caller shares its terminal they write to standard error themselves, so that
//! their progress bars live. They run in a process group of their own: on Ctrl-C and on a timeout all of it gets
//! SIGINT, after ten seconds SIGTERM, after five more SIGKILL.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process_group};

use super::claim::{Claim, Note};
use super::{guard, orphans};
use crate::observer::Interrupt;
use crate::pipeline::error::{Ended, Tail};
use crate::pipeline::stage::Stage;
use crate::workspace::Workspace;

/// Lines that an error shows.
pub const TAIL: usize = 12;
/// A line is handed over at this length even if it has no end.
const LONGEST: usize = 8 << 10;
/// From SIGINT to SIGTERM.
const PATIENCE: Duration = Duration::from_secs(10);
/// From SIGTERM to SIGKILL.
const LAST: Duration = Duration::from_secs(5);
/// A command that takes longer gets a thread that reads what it prints.
const SOON: Duration = Duration::from_millis(4);
/// How often it is looked whether such a command has ended although its pipe is open: a program that it left behind may hold it.
const LOOK: Duration = Duration::from_micros(500);
/// How long the end of a command is waited for without sleeping once it has closed its pipe.
const HURRY: Duration = Duration::from_micros(500);
/// How long a program that outlives its shell may still print.
const STRAGGLERS: Duration = Duration::from_secs(1);

/// What the commands of a stage run in.
pub struct Shell {
    program: PathBuf,
    options: &'static [&'static str],
    folder: PathBuf,
    env: Vec<(OsString, OsString)>,
    timeout: Option<Duration>,
    /// Commands write to derm's own standard error.
    shared: bool,
}

/// Why the commands did not succeed.
pub enum Failed {
    /// The shell could not be started.
    Start(std::io::Error),
    /// A command ended badly; the last lines it printed.
    Ended(Ended, Tail),
    /// The user stopped it.
    Interrupted,
}

impl Shell {
    /// For a stage called `label`. `shared`: its commands write to derm's own standard error.
    pub fn new(stage: &Stage, label: &str, workspace: &Workspace, shared: bool) -> Self {
        let root = workspace.root();
        let own = stage.how.shell.clone().map(OsString::from);
        let program = own.or_else(|| std::env::var_os("SHELL").filter(|shell| !shell.is_empty())).unwrap_or_else(|| "/bin/sh".into());
        let program = PathBuf::from(program);
        let mut env: Vec<(OsString, OsString)> = vec![
            (guard::STAGE.into(), label.into()),
            ("DVC_STAGE".into(), label.into()),
            (guard::ROOT.into(), root.into()),
            ("DVC_ROOT".into(), root.into()),
        ];
        env.extend(path_with_derm().map(|path| ("PATH".into(), path)));
        env.extend(stage.how.env.iter().map(|(key, value)| (key.into(), value.into())));
        let options = options(&program);
        let (folder, timeout) = (stage.wdir.on_disk(root), stage.how.timeout);
        Self { program, options, folder, env, timeout, shared }
    }

    /// Adds a variable, unless the stage sets it itself.
    pub fn default_env(&mut self, name: &str, value: &str) {
        self.env.insert(0, (name.into(), value.into()));
    }

    /// The shell, for messages.
    pub fn program(&self) -> String {
        self.program.display().to_string()
    }

    /// The folder that commands start in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program, its options before `-c`, and what it gets beside derm's own environment, but for the PATH.
    pub fn parts(&self) -> (&Path, &'static [&'static str], Vec<&(OsString, OsString)>) {
        let mut env: Vec<&(OsString, OsString)> = self.env.iter().collect();
        if let Some(ours) = env.iter().position(|(key, _)| key == "PATH") {
            env.remove(ours);
        }
        (&self.program, self.options, env)
    }

    /// When commands that start now must be done.
    pub fn deadline(&self) -> Option<(Instant, Duration)> {
        self.timeout.map(|limit| (Instant::now() + limit, limit))
    }

    /// Runs one command to its end.
    pub fn run(
        &self,
        line: &str,
        deadline: Option<(Instant, Duration)>,
        interrupt: &Interrupt,
        hear: &(dyn Fn(&str) + Sync),
        claim: &Claim,
    ) -> Result<Tail, Failed> {
        let (reader, writer) = std::io::pipe().map_err(Failed::Start)?;
        let mut command = Command::new(&self.program);
        command.args(self.options).arg("-c").arg(line).current_dir(&self.folder);
        command.envs(self.env.iter().map(|(key, value)| (key, value))).stdin(Stdio::null());
        if self.shared {
            // A background process group may write to its terminal unless `stty tostop` forbids it; the caller has looked.
            command.stdout(writer).stderr(Stdio::inherit());
        } else {
            command.stdout(writer.try_clone().map_err(Failed::Start)?).stderr(writer);
        }
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(Failed::Start)?;
        // Not being able to note it is no reason not to run.
        let group = child.id();
        let _ = claim.note(&Note::Started { group, at: orphans::now() });
        // The command holds the pipe's writing ends; while it lives the reader would never see the end.
        drop(command);
        let mut watch = Watch { blocks: None, hear, line: Vec::new(), tail: VecDeque::new(), open: true };
        let stopped = match watch.soon(&mut child, reader) {
            Some(status) => Stop::Ended(status),
            None => watch.until_end(&mut child, deadline, interrupt),
        };
        watch.last();
        let _ = claim.note(&Note::Ended { group });
        let tail = Tail { lines: watch.tail.into(), only_stdout: self.shared };
        match stopped {
            Stop::Ended(status) if status.success() => Ok(tail),
            Stop::Ended(status) => Err(Failed::Ended(how(status), tail)),
            Stop::Timeout(limit) => Err(Failed::Ended(Ended::Timeout(limit), tail)),
            Stop::Interrupted => Err(Failed::Interrupted),
            Stop::Lost(error) => Err(Failed::Start(error)),
        }
    }
}

enum Stop {
    Ended(ExitStatus),
    Timeout(Duration),
    Interrupted,
    Lost(std::io::Error),
}

/// Looks after one running command.
struct Watch<'a> {
    /// What the thread that reads has read; none until there is one.
    blocks: Option<Receiver<Vec<u8>>>,
    hear: &'a (dyn Fn(&str) + Sync),
    /// The beginning of a line that has no end yet.
    line: Vec<u8>,
    tail: VecDeque<String>,
    /// Whether the command may still print.
    open: bool,
}

impl Watch<'_> {
    /// Waits for a command that ends at once, without a thread of its own; the others go on with one.
    fn soon(&mut self, child: &mut Child, mut reader: PipeReader) -> Option<ExitStatus> {
        let until = Instant::now() + SOON;
        let blocking = rustix::fs::fcntl_getfl(&reader).ok()?;
        let unblocked = rustix::fs::fcntl_setfl(&reader, blocking | OFlags::NONBLOCK).is_ok();
        let mut status = None;
        let mut block = [0; 4096];
        while unblocked && self.open && status.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            // As a rule the end of the pipe is the end of the command, and wakes this up.
            let patience = Timespec::try_from(left.min(LOOK)).ok();
            let _ = rustix::event::poll(&mut [PollFd::new(&reader, PollFlags::IN)], patience.as_ref());
            // Asked before the pipe is read: what it printed last is in there then.
            status = child.try_wait().ok().flatten();
            loop {
                match reader.read(&mut block) {
                    Ok(0) => break self.open = false,
                    Ok(n) => self.take(&block[..n]),
                    Err(_) => break,
                }
            }
        }
        // Who has closed the pipe is about to end, and need not be waited for in steps of a thread's sleep.
        let hurry = Instant::now() + HURRY;
        while !self.open && status.is_none() && Instant::now() < hurry {
            std::thread::yield_now();
            status = child.try_wait().ok().flatten();
        }
        if self.open {
            let _ = rustix::fs::fcntl_setfl(&reader, blocking);
            self.blocks = Some(read_in_background(reader));
        }
        if status.is_some() {
            self.drain(STRAGGLERS);
        }
        status
    }

    fn until_end(&mut self, child: &mut Child, deadline: Option<(Instant, Duration)>, interrupt: &Interrupt) -> Stop {
        let mut pause = Duration::from_micros(100);
        loop {
            // The end of the pipe wakes this up: as a rule that is the end of the command.
            self.listen(if self.open { Duration::from_millis(20) } else { pause });
            pause = (pause * 2).min(Duration::from_millis(20));
            match child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => {
                    self.drain(STRAGGLERS);
                    return Stop::Ended(status);
                }
                Err(error) => return Stop::Lost(error),
            }
            if interrupt.is_raised() {
                self.end(child);
                return Stop::Interrupted;
            }
            if let Some((_, limit)) = deadline.filter(|(at, _)| Instant::now() >= *at) {
                self.end(child);
                return Stop::Timeout(limit);
            }
        }
    }

    /// Hands over what comes within `pause`.
    fn listen(&mut self, pause: Duration) {
        if !self.open {
            std::thread::sleep(pause);
            return;
        }
        match self.blocks.as_ref().map(|blocks| blocks.recv_timeout(pause)) {
            Some(Ok(block)) => self.take(&block),
            Some(Err(RecvTimeoutError::Timeout)) => {}
            Some(Err(RecvTimeoutError::Disconnected)) | None => self.open = false,
        }
    }

    /// Hands over the lines that a block completes, all at once.
    fn take(&mut self, block: &[u8]) {
        match block.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) => {
                self.line.extend_from_slice(&block[..end]);
                self.hand_over();
                self.line.extend_from_slice(&block[end + 1..]);
            }
            None => self.line.extend_from_slice(block),
        }
        if self.line.len() >= LONGEST {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let bytes = std::mem::take(&mut self.line);
        let mut text = String::from_utf8_lossy(&bytes);
        // Progress bars end their lines with carriage returns.
        if text.contains('\r') {
            text = text.replace("\r\n", "\n").replace('\r', "\n").into();
        }
        let last: Vec<&str> = text.rsplit('\n').filter(|line| !line.trim().is_empty()).take(TAIL).collect();
        let surplus = (self.tail.len() + last.len()).saturating_sub(TAIL);
        self.tail.drain(..surplus);
        self.tail.extend(last.into_iter().rev().map(shortened));
        (self.hear)(&text);
    }

    /// Hands over a last line without an end.
    fn last(&mut self) {
        if !self.line.is_empty() {
            self.hand_over();
        }
    }

    /// Hands over the rest; a program that the command left behind may keep the pipe open, which is not waited for.
    fn drain(&mut self, limit: Duration) {
        let until = Instant::now() + limit;
        while self.open && Instant::now() < until {
            self.listen(Duration::from_millis(5));
        }
    }

    /// Ends the whole process group, politely first.
    fn end(&mut self, child: &mut Child) {
        let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
        for (signal, patience) in [(Signal::INT, PATIENCE), (Signal::TERM, LAST), (Signal::KILL, LAST)] {
            let _ = kill_process_group(group, signal);
            let until = Instant::now() + patience;
            while Instant::now() < until {
                self.listen(Duration::from_millis(5));
                if !matches!(child.try_wait(), Ok(None)) {
                    // The shell is gone; what it had started gets a moment to finish, then no more.
                    self.drain(STRAGGLERS);
                    let _ = kill_process_group(group, Signal::KILL);
                    return;
                }
            }
        }
    }
}

/// As much of a line as an error shows.
fn shortened(line: &str) -> String {
    match line.char_indices().nth(LONGEST / 8) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Reads until everybody who can write is gone. The thread is left alone when nobody listens any more. It reads no further than
/// the listener follows: a command that prints a lot waits, as for a slow terminal, and no memory fills.
fn read_in_background(mut reader: PipeReader) -> Receiver<Vec<u8>> {
    let (blocks, heard) = sync_channel(4);
    std::thread::spawn(move || {
        let mut block = vec![0; 64 << 10];
        while let Ok(n @ 1..) = reader.read(&mut block) {
            if blocks.send(block[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    heard
}

fn how(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        // What a shell reports of a program that a signal ended.
        (Some(code @ 129..=159), _) => Ended::Signal(code - 128),
        (Some(code), _) => Ended::Status(code),
        (None, signal) => Ended::Signal(signal.unwrap_or(0)),
    }
}

/// What keeps a shell from reading its startup files.
fn options(program: &Path) -> &'static [&'static str] {
    match program.file_name().and_then(|name| name.to_str()) {
        Some("bash") => &["--noprofile", "--norc"],
        Some("zsh") => &["--no-rcs"],
        Some("fish") => &["--no-config"],
        _ => &[],
    }
}

/// `PATH` with the folder of the running derm first; neither changes while derm runs.
fn path_with_derm() -> Option<OsString> {
    static PATH: OnceLock<Option<OsString>> = OnceLock::new();
    let found = PATH.get_or_init(|| {
        let own = std::env::current_exe().ok()?.parent()?.to_owned();
        let rest = std::env::var_os("PATH").unwrap_or_default();
        std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&rest))).ok()
    });
    found.clone()
}
