//! `derm merge-driver`: what git runs to merge a pointer or a lock.
//!
//! A lock with conflicts gets the usual marks around the stages in question. A pointer with conflicts stays as it is on this side: marks
//! would make it unreadable, and the files in question are named.

use std::path::Path;

use super::{Context, Exit, Failure};
use crate::cli::merge_driver::MergeDriverArgs;
use crate::pipeline::lock;
use crate::pipeline::problem::Source;
use crate::relpath::RelPath;
use crate::store::merge::{Merged, choose, merge};
use crate::store::pointer::{self, Pointer};
use crate::store::{Error, Store};
use crate::text;
use crate::workspace::{Workspace, atomic};

/// Files of a conflict that are named one by one.
const SHOWN: usize = 10;

pub fn run(context: &Context, args: &MergeDriverArgs) -> Result<Exit, Failure> {
    let place = context.cwd.join(&args.path);
    let folder = place.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(&context.cwd);
    let workspace = Workspace::discover(folder)?;
    let path = workspace.relative(&context.cwd, &args.path)?;
    let sides = sides(context, [&args.base, &args.ours, &args.theirs])?;
    let ours = context.cwd.join(&args.ours);
    match pointer::target_of(&path) {
        Some(target) => {
            let merged = pointers(&workspace, &target, &sides)?;
            atomic::write(&ours, merged.as_bytes())?;
        }
        None => {
            let (merged, conflicts) = locks(&path, &sides)?;
            atomic::write(&ours, merged.as_bytes())?;
            return conflict(&path, &conflicts);
        }
    }
    Ok(Exit::Done)
}

/// The content of the three files: what both sides come from, ours, theirs.
pub(super) fn sides(context: &Context, files: [&Path; 3]) -> Result<[Vec<u8>; 3], Failure> {
    let read = |file: &Path| {
        std::fs::read(context.cwd.join(file))
            .map_err(|error| Failure::new(format!("cannot read `{}`", file.display())).cause(error.to_string()))
    };
    Ok([read(files[0])?, read(files[1])?, read(files[2])?])
}

/// Names the stages that both sides of a lock changed, if there are any.
pub(super) fn conflict(path: &RelPath, conflicts: &[String]) -> Result<Exit, Failure> {
    if conflicts.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::new(format!("both sides changed stages of `{path}`: {}", text::some_of(conflicts, SHOWN)))
        .hint("keep either side of each, then type `derm repro`: what does not fit is run again"))
}

fn pointers(workspace: &Workspace, target: &RelPath, sides: &[Vec<u8>; 3]) -> Result<String, Failure> {
    let parse = |bytes: &Vec<u8>| match bytes.is_empty() {
        true => Ok(None),
        false => Pointer::parse(target, bytes).map(Some),
    };
    let (base, ours, theirs) = (parse(&sides[0])?, parse(&sides[1])?, parse(&sides[2])?);
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return Err(Failure::new(format!("one side removed `{target}`"))) };
    let conflict = |what: &str| Failure::new(format!("both sides changed {what} of `{target}`"));
    let base_note = |of: fn(&Pointer) -> Option<serde_yaml::Value>| base.as_ref().and_then(of);
    let desc =
        choose(&base.as_ref().and_then(|base| base.desc.clone()), &ours.desc, &theirs.desc).ok_or_else(|| conflict("`desc`"))?.clone();
    let meta = choose(&base_note(|base| base.meta.clone()), &ours.meta, &theirs.meta).ok_or_else(|| conflict("`meta`"))?.clone();
    let import = choose(&base.as_ref().and_then(|base| base.import.clone()), &ours.import, &theirs.import);
    let import = import.ok_or_else(|| conflict("where it came from"))?.clone();
    let store = Store::open(workspace)?;
    let merged = merge(&store, base.as_ref().map(|base| &base.entry), Some(&ours.entry), Some(&theirs.entry));
    let entry = match merged {
        Ok(Merged::Clean(entry)) => entry.unwrap_or(ours.entry),
        Ok(Merged::Conflict(paths)) => return Err(content(target, &paths)),
        Err(Error::NoObject(_)) => {
            return Err(conflict("files")
                .cause("a listing that is needed is not in the cache")
                .hint("`derm fetch` brings it; then merge again"));
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Pointer { entry, desc, meta, import }.to_yaml(target))
}

fn content(target: &RelPath, paths: &[RelPath]) -> Failure {
    let names: Vec<String> = paths.iter().map(|path| path.parts().fold(target.clone(), |at, part| at.join(part)).to_string()).collect();
    let pointer = pointer::path_of(target);
    Failure::new(format!("both sides changed {}", text::some_of(&names, SHOWN)))
        .cause(format!("`{pointer}` is left as it is on this side"))
        .hint(format!("take one side with `git checkout --theirs {pointer}`, or mend the files and type `derm add`"))
}

/// The merged text of a lock, and the stages that both sides changed.
pub(super) fn locks(path: &RelPath, sides: &[Vec<u8>; 3]) -> Result<(String, Vec<String>), Failure> {
    let parse = |bytes: &Vec<u8>| match bytes.is_empty() {
        true => Ok(lock::Lock::new()),
        false => {
            lock::parse(&Source { path: path.clone(), text: String::from_utf8_lossy(bytes).into() }).map_err(crate::pipeline::Error::from)
        }
    };
    let (base, ours, theirs) = (parse(&sides[0])?, parse(&sides[1])?, parse(&sides[2])?);
    Ok(lock::merge(&base, &ours, &theirs))
}
