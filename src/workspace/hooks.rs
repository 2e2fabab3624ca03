//! Git's hooks and attributes, as far as they are derm's.
//!
//! A hook of derm's is a block between two marks, right after the first line of a shell script: so it is reached whatever the
//! script does. A hook that is not a shell script is left alone. A block says in its first mark which root it is for.
//! `.gitattributes` in the root gets one line for each kind of file that the merge driver knows. Taking back removes the
//! block or the lines, and with the last of them a file that would be empty.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{Error, Workspace, atomic};
use crate::text;

/// What each hook does; `{cd}` is `--cd ROOT` where the root is not git's.
const HOOKS: [(&str, &str); 3] = [
    ("pre-commit", "    derm{cd} status </dev/null || true\n"),
    (
        "post-checkout",
        "    # $3 is 1 when a branch was checked out; a rebase does so for every commit.\n    if [ \"$3\" = 1 ] && [ ! -d \"$(git rev-parse \
         --git-path rebase-merge)\" ]; then\n        derm{cd} checkout </dev/null || true\n    fi\n",
    ),
    (
        "pre-push",
        "    if grep -qs '^\\[remote\\.' {root}.derm/config {root}.derm/config.local; then\n        derm{cd} push </dev/null || exit 1\n    fi\n",
    ),
];

const ATTRIBUTES: [&str; 3] = ["*.derm merge=derm", "pipelines/*.lock merge=derm", "derm.lock merge=derm"];

const END: &str = "# end of derm's block";

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// It was made, or got or lost derm's part.
    Changed,
    /// It was as wanted.
    Same,
    /// It is no shell script: a person has to change it.
    Refused,
}

/// One of derm's hooks.
#[derive(Clone, Debug)]
pub struct Hook {
    /// Git's name for it.
    pub name: &'static str,
    /// What became of it.
    pub done: Done,
    /// What belongs into it.
    pub block: String,
}

/// Installs the hooks, or takes them back.
pub fn hooks(workspace: &Workspace, wanted: bool) -> Result<Vec<Hook>, Error> {
    let (folder, prefix) = workspace.git_hooks()?;
    let prefix = prefix.display().to_string();
    let mut found = Vec::new();
    for (name, body) in HOOKS {
        let (cd, root) = match prefix.as_str() {
            "" => (String::new(), String::new()),
            prefix => (format!(" --cd {}", text::shell_word(prefix)), format!("{}/", text::shell_word(prefix))),
        };
        let body = body.replace("{cd}", &cd).replace("{root}", &root);
        let begin = begin(&prefix);
        let block = format!("{begin}\nif command -v derm >/dev/null; then\n{body}fi\n{END}\n");
        let done = hook(&folder.join(name), &begin, wanted.then_some(&block))?;
        found.push(Hook { name, done, block });
    }
    Ok(found)
}

fn begin(prefix: &str) -> String {
    let place = if prefix.is_empty() { String::new() } else { format!(" for {prefix}") };
    format!("# derm's block{place}: written by `derm install`, taken out by `derm install --remove`")
}

fn hook(path: &Path, begin: &str, block: Option<&String>) -> Result<Done, Error> {
    let old = match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let Some(old) = old else {
        let Some(block) = block else { return Ok(Done::Same) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        write(path, &format!("#!/bin/sh\n{block}"))?;
        return Ok(Done::Changed);
    };
    let Some((first, rest)) = script(&old) else { return Ok(if block.is_some() { Done::Refused } else { Done::Same }) };
    let rest = without(rest, begin);
    let new = format!("{first}{}{rest}", block.map(String::as_str).unwrap_or_default());
    if new.as_bytes() == old {
        return Ok(Done::Same);
    }
    if block.is_none() && rest.trim().is_empty() && first == "#!/bin/sh\n" {
        fs::remove_file(path).map_err(Error::io("remove", path))?;
    } else {
        write(path, &new)?;
    }
    Ok(Done::Changed)
}

/// The first line of a shell script and all others; `None` for anything else.
fn script(bytes: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let end = text.find('\n')? + 1;
    let (first, rest) = text.split_at(end);
    let mut words = first.strip_prefix("#!")?.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    words.any(|word| matches!(word, "sh" | "bash" | "dash" | "zsh" | "ksh")).then_some((first, rest))
}

/// The text without derm's block.
fn without(text: &str, begin: &str) -> String {
    let mut inside = false;
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        inside |= bare == begin;
        if !inside {
            out.push_str(line);
        }
        inside &= bare != END;
    }
    out
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    atomic::write(path, text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(Error::io("read", path))?.permissions().mode();
        fs::set_permissions(path, fs::Permissions::from_mode(mode | (mode & 0o444) >> 2)).map_err(Error::io("protect", path))?;
    }
    Ok(())
}

/// Adds the lines to `.gitattributes`, or takes them out.
pub fn attributes(workspace: &Workspace, wanted: bool) -> Result<Done, Error> {
    let path = workspace.root().join(".gitattributes");
    let old = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    let mut new = String::new();
    for line in old.split_inclusive('\n') {
        if wanted || !ATTRIBUTES.contains(&line.trim_end()) {
            new.push_str(line);
        }
    }
    if wanted {
        for line in ATTRIBUTES.iter().filter(|line| !old.lines().any(|there| there.trim_end() == **line)) {
            if !new.is_empty() && !new.ends_with('\n') {
                new.push('\n');
            }
            new.push_str(&format!("{line}\n"));
        }
    }
    if new == old {
        return Ok(Done::Same);
    }
    if new.is_empty() {
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    } else {
        atomic::write(&path, new.as_bytes())?;
    }
    Ok(Done::Changed)
}
