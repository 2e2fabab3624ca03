//! References that go to other git repositories and come from them, moved by the `git` command: it has the user's keys and settings.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Error;

/// Sends references. `folder` is where a relative path of a remote starts. With `force` others of the same name are replaced.
pub fn push(folder: &Path, remote: &str, references: &[String], force: bool) -> Result<(), Error> {
    let specs: Vec<String> = references.iter().map(|name| format!("{}{name}:{name}", if force { "+" } else { "" })).collect();
    run(folder, &["push", "--no-progress", "--no-verify", "--", remote], &specs)
        .map(drop)
        .map_err(|reason| Error::Git { operation: "push", reason })
}

/// Brings references.
pub fn fetch(folder: &Path, remote: &str, references: &[String], force: bool) -> Result<(), Error> {
    let specs: Vec<String> = references.iter().map(|name| format!("{}{name}:{name}", if force { "+" } else { "" })).collect();
    let words = ["fetch", "--no-progress", "--no-tags", "--no-write-fetch-head", "--", remote];
    run(folder, &words, &specs).map(drop).map_err(|reason| Error::Git { operation: "fetch", reason })
}

/// The references that a remote has below `prefix`, with their commits.
pub fn list(folder: &Path, remote: &str, prefix: &str) -> Result<Vec<(String, String)>, Error> {
    let text = run(folder, &["ls-remote", "--quiet", "--", remote], &[format!("{prefix}*")]);
    let text = text.map_err(|reason| Error::Git { operation: "list what a remote has", reason })?;
    let pair = |line: &str| line.split_once('\t').map(|(commit, name)| (name.to_owned(), commit.to_owned()));
    Ok(text.lines().filter_map(pair).filter(|(name, _)| name.starts_with(prefix)).collect())
}

/// Runs git without asking anybody anything: what it printed, or what it complained of.
fn run(folder: &Path, words: &[&str], more: &[String]) -> Result<String, String> {
    let mut command = Command::new("git");
    command.args(words).args(more).current_dir(folder).env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("the command `git` cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint:")).collect();
    // What was refused, else the first line that says what is wrong; the last ones are advice.
    if let Some(line) = lines.iter().find(|line| line.starts_with("! ")) {
        return Err(line.trim_start_matches("! ").to_owned());
    }
    let wrong = |line: &&&str| ["fatal:", "error:"].iter().any(|start| line.starts_with(start));
    let line = lines.iter().find(wrong).or(lines.last()).unwrap_or(&"it gave no reason");
    Err(line.trim_start_matches("fatal: ").trim_start_matches("error: ").to_owned())
}
