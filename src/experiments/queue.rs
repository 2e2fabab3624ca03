//! Experiments that wait, run or failed.

use std::path::PathBuf;

use super::Error;
use crate::workspace::Workspace;

/// What belongs to experiments and is no trial: `.derm/exps/`, kept out of git by a file of its own.
pub fn home(workspace: &Workspace) -> Result<PathBuf, Error> {
    let folder = workspace.derm_dir().join("exps");
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        std::fs::write(&ignore, "*\n").map_err(Error::io("write", &ignore))?;
    }
    Ok(folder)
}

/// Where the words of an experiment's run are kept.
pub fn log_of(workspace: &Workspace, name: &str) -> Result<PathBuf, Error> {
    let folder = home(workspace)?.join("logs");
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    Ok(folder.join(format!("{name}.log")))
}
