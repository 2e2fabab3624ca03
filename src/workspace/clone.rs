//! Other people's repositories: one bare clone kept for each, in `.derm/tmp/clones/`.
//!
//! A repository on this machine is read where it is. Another is cloned once by the `git` command, which has the user's keys and
//! settings for it, and asked for news only when told to; when that fails, what was cloned before serves. A clone holds what
//! git has, never data. It can be removed at any time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Error;
use crate::digest::ObjectId;

/// Where the repository `url` can be read: itself when it is on this machine, else its clone below `folder`.
///
/// The second value is why news could not be had, if an older clone has to do.
pub fn of(url: &str, folder: &Path, refresh: bool) -> Result<(PathBuf, Option<String>), Error> {
    let local = url.strip_prefix("file://").unwrap_or(url);
    if git2::Repository::open(local).is_ok() {
        return Ok((PathBuf::from(local), None));
    }
    let clone = folder.join(format!("{}.git", &ObjectId::of(url.as_bytes()).hex()[..16]));
    if clone.is_dir() {
        let news = refresh
            .then(|| git(&["fetch", "--quiet", "--prune", "--tags", "--force", "origin", "+refs/heads/*:refs/heads/*"], Some(&clone)));
        return Ok((clone, news.and_then(Result::err)));
    }
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let temporary =
        tempfile::Builder::new().prefix(super::atomic::TEMP_PREFIX).tempdir_in(folder).map_err(Error::io("write in", folder))?;
    let inner = temporary.path().join("clone");
    let words = ["clone", "--quiet", "--bare", "--", url, &inner.to_string_lossy()];
    git(&words, None).map_err(|reason| Error::Git { operation: "clone the repository", reason })?;
    match std::fs::rename(&inner, &clone) {
        // Another process was quicker.
        Err(_) if clone.is_dir() => {}
        done => done.map_err(Error::io("write", &clone))?,
    }
    Ok((clone, None))
}

/// Runs git without asking anybody anything; what it complained of otherwise.
fn git(words: &[&str], folder: Option<&Path>) -> Result<(), String> {
    let mut command = Command::new("git");
    command.args(words).env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null()).stdout(Stdio::null());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    let output = command.output().map_err(|error| format!("the command `git` cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
    Err(last.trim_start_matches("fatal: ").to_owned())
}
