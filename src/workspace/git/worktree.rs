//! Further checkouts of the same repository, as `git worktree` makes them, without a branch.
//!
//! `.git/worktrees/NAME/` with `HEAD` (a commit), `commondir` and `gitdir`, and a file `.git` in the checkout: gitrepository-layout(5).
//! Files are put there from a tree that may differ from `HEAD`'s: what differs then counts as staged in that checkout.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{Oid, Repository, build::CheckoutBuilder};

use super::{Error, fail, open, prefix};

/// How the names of derm's own begin.
const OURS: &str = "derm-";

/// Makes `place` a checkout of `tree` whose `HEAD` is `commit`; returns derm's root in it.
pub(in crate::workspace) fn add(root: &Path, place: &Path, name: &str, commit: &str, tree: &str) -> Result<PathBuf, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("make a worktree");
    let common = repository.commondir().canonicalize().map_err(Error::io("open", repository.commondir()))?;
    let admin = admin(&common, name);
    fs::create_dir_all(place).map_err(Error::io("create", place))?;
    fs::create_dir_all(&admin).map_err(Error::io("create", &admin))?;
    let place = place.canonicalize().map_err(Error::io("open", place))?;
    let files = [
        (admin.join("commondir"), "../..\n".to_owned()),
        (admin.join("gitdir"), format!("{}\n", place.join(".git").display())),
        (admin.join("HEAD"), format!("{commit}\n")),
        (place.join(".git"), format!("gitdir: {}\n", admin.display())),
    ];
    for (path, text) in files {
        fs::write(&path, text).map_err(Error::io("write", &path))?;
    }
    let checkout = Repository::open(&place).map_err(&failed)?;
    let object = checkout.find_object(Oid::from_str(tree).map_err(&failed)?, None).map_err(&failed)?;
    checkout.checkout_tree(&object, Some(CheckoutBuilder::new().force())).map_err(&failed)?;
    Ok(place.join(prefix(&repository, root)))
}

/// Removes a checkout with all that is in it.
pub(in crate::workspace) fn remove(root: &Path, place: &Path, name: &str) -> Result<(), Error> {
    match fs::remove_dir_all(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", place)(error)),
        _ => {}
    }
    if let Some(repository) = open(root)? {
        let admin = admin(repository.commondir(), name);
        match fs::remove_dir_all(&admin) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::io("remove", admin)(error)),
            _ => {}
        }
    }
    Ok(())
}

fn admin(common: &Path, name: &str) -> PathBuf {
    common.join("worktrees").join(format!("{OURS}{name}"))
}
