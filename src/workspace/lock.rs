//! The advisory lock of a repository: one writer at a time.
//!
//! `.derm/lock` is locked with the operating system's file lock, so the lock of a process that
//! died is free at once, with nothing to clean up. The file names its holder for whoever waits. Commands that
//! write pointers, locks or data hold it; reading commands do not. It is not held while a stage
//! runs, because the stage may itself be derm. On NFS the server keeps it and frees what a machine that is gone does not renew,
//! so there is no host, process or boot to compare and no file that a killed process leaves in the way. Where the file system has no locks, the command
//! goes on with a warning.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use super::{Error, Workspace};
use crate::observer::{Interrupt, Observer};

/// How often a waiting process looks again: short enough to feel immediate, long enough to cost nothing.
const PAUSE: Duration = Duration::from_millis(25);

/// Held until dropped.
#[derive(Debug)]
pub struct WorkspaceLock {
    _file: File,
}

impl Workspace {
    /// Waits for the lock, saying who holds it.
    pub fn lock(&self, observer: &dyn Observer, interrupt: &Interrupt) -> Result<WorkspaceLock, Error> {
        let path = self.derm_dir().join("lock");
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(Error::io("lock", &path))?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if interrupt.is_raised() => return Err(Error::Interrupted),
                Err(TryLockError::WouldBlock) => {
                    if !told {
                        observer.note(&format!("waiting for {}", holder(&path)));
                        told = true;
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                    observer.warn("this file system has no locks: run one derm at a time");
                    break;
                }
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
            }
        }
        // Only a message for others: failing to write it is no reason to stop.
        let _ = introduce(&mut file);
        Ok(WorkspaceLock { _file: file })
    }
}

fn introduce(file: &mut File) -> std::io::Result<()> {
    let command: Vec<String> = std::env::args().skip(1).take(3).collect();
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "`derm {}` (process {})", command.join(" "), std::process::id())
}

fn holder(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(400).read_to_string(&mut text));
    match read {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another derm".to_owned(),
    }
}
