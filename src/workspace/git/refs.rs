//! References of derm's own, and the commits that they name. Never a branch, a tag or `HEAD`.

use std::path::Path;

use git2::{ErrorCode, Oid, Signature};

use super::{Error, fail, open};

/// Who commits where git knows nobody: references of derm's are not history that a person answers for.
const NOBODY: (&str, &str) = ("derm", "derm@localhost");

/// A commit as far as derm's own ones are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFacts {
    /// Its full hash.
    pub id: String,
    /// The hash of its tree.
    pub tree: String,
    /// The commits before it.
    pub parents: Vec<String>,
    /// Its whole message.
    pub message: String,
    /// When it was committed, in milliseconds since 1970.
    pub time: i64,
}

pub(in crate::workspace) fn commit_facts(root: &Path, id: &str) -> Result<CommitFacts, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("read a commit");
    let commit = repository.find_commit(Oid::from_str(id).map_err(&failed)?).map_err(&failed)?;
    Ok(CommitFacts {
        id: commit.id().to_string(),
        tree: commit.tree_id().to_string(),
        parents: commit.parent_ids().map(|id| id.to_string()).collect(),
        message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
        time: commit.time().seconds().saturating_mul(1000),
    })
}

/// Writes a commit that no reference names yet.
pub(in crate::workspace) fn commit(root: &Path, tree: &str, parent: &str, message: &str, seconds: i64) -> Result<String, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("write a commit");
    let tree = repository.find_tree(Oid::from_str(tree).map_err(&failed)?).map_err(&failed)?;
    let parent = repository.find_commit(Oid::from_str(parent).map_err(&failed)?).map_err(&failed)?;
    let known = repository.signature().ok();
    let name = |part: fn(&Signature<'_>) -> String, other: &str| known.as_ref().map_or_else(|| other.to_owned(), part);
    let who = name(|known| String::from_utf8_lossy(known.name_bytes()).into_owned(), NOBODY.0);
    let mail = name(|known| String::from_utf8_lossy(known.email_bytes()).into_owned(), NOBODY.1);
    let signature = Signature::new(&who, &mail, &git2::Time::new(seconds, 0)).map_err(&failed)?;
    Ok(repository.commit(None, &signature, &signature, message, &tree, &[&parent]).map_err(&failed)?.to_string())
}

/// The references that begin with `prefix`, sorted: full name and the commit.
pub(in crate::workspace) fn list(root: &Path, prefix: &str) -> Result<Vec<(String, String)>, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("list references");
    let mut found = Vec::new();
    for reference in repository.references_glob(&format!("{prefix}*")).map_err(&failed)? {
        let reference = reference.map_err(&failed)?;
        let name = String::from_utf8_lossy(reference.name_bytes()).into_owned();
        found.extend(reference.target().map(|id| (name, id.to_string())));
    }
    found.sort();
    Ok(found)
}

/// Points `name` at a commit. Without `replace` a reference of that name is left alone and the answer is `false`.
pub(in crate::workspace) fn set(root: &Path, name: &str, id: &str, replace: bool) -> Result<bool, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("write a reference");
    let set = repository.reference(name, Oid::from_str(id).map_err(&failed)?, replace, "derm");
    match set {
        Ok(_) => Ok(true),
        Err(error) if error.code() == ErrorCode::Exists => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Removes a reference; `false` when there was none.
pub(in crate::workspace) fn remove(root: &Path, name: &str) -> Result<bool, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("remove a reference");
    let found = repository.find_reference(name);
    match found {
        Ok(mut reference) => reference.delete().map_err(&failed).map(|()| true),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Makes a branch; `false` when there is one of that name.
pub(in crate::workspace) fn branch(root: &Path, name: &str, id: &str) -> Result<bool, Error> {
    let repository = open(root)?.ok_or_else(|| Error::NoGit { root: root.to_owned() })?;
    let failed = fail("make a branch");
    let commit = repository.find_commit(Oid::from_str(id).map_err(&failed)?).map_err(&failed)?;
    match repository.branch(name, &commit, false) {
        Ok(_) => Ok(true),
        Err(error) if error.code() == ErrorCode::Exists => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Whether `name` can be the last part of a reference.
pub fn is_ref_name(name: &str) -> bool {
    !name.contains('/') && git2::Reference::is_valid_name(&format!("refs/derm/{name}"))
}
