//! The images that a user means: files, folders, globs, a list on stdin.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use ignore::WalkBuilder;

use super::super::{Context, Failure};

/// Endings of files that are taken from folders; a file that is named itself is tried whatever it is called.
const ENDINGS: [&str; 8] = ["jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp", "gif"];

/// The images in the order they were named, those of a folder or glob sorted; each once, with the name to show.
pub fn gather(context: &Context, typed: &[String]) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut found = Vec::new();
    for argument in typed {
        if argument == "-" {
            for line in stdin()?.lines().map(str::trim).filter(|line| !line.is_empty()) {
                expand(context, line, &mut found)?;
            }
        } else {
            expand(context, argument, &mut found)?;
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|path| seen.insert(path.clone()));
    Ok(found.into_iter().map(|path| (path.to_string_lossy().into_owned(), context.cwd.join(&path))).collect())
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| Failure::usage("cannot read the list of images from stdin").cause(error.to_string()))?;
    Ok(text)
}

fn expand(context: &Context, typed: &str, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let path = context.cwd.join(typed);
    if path.is_dir() {
        let images = walk(context, Path::new(typed), has_ending);
        if images.is_empty() {
            return Err(Failure::usage(format!("the folder `{typed}` holds no images")).cause(format!("looked for {}", ENDINGS.join(", "))));
        }
        found.extend(images);
    } else if path.exists() || !typed.contains(['*', '?', '[', '{']) {
        found.push(typed.into());
    } else {
        found.extend(glob(context, typed)?);
    }
    Ok(())
}

fn glob(context: &Context, typed: &str) -> Result<Vec<PathBuf>, Failure> {
    let pattern = GlobBuilder::new(typed).literal_separator(true).build();
    let pattern =
        pattern.map_err(|error| Failure::usage(format!("`{typed}` is no glob")).cause(error.kind().to_string()))?.compile_matcher();
    // The part before the first special character says where to look.
    let fixed = typed.split(['*', '?', '[', '{']).next().unwrap_or_default();
    let start = Path::new(fixed.rsplit_once('/').map_or(if typed.starts_with('/') { "/" } else { "" }, |(folder, _)| folder));
    let images = walk(context, start, |path| pattern.is_match(path));
    if images.is_empty() {
        return Err(Failure::usage(format!("no file matches `{typed}`"))
            .hint("`*` stops at a `/` and `**` does not; quotes keep the shell from expanding a pattern first"));
    }
    Ok(images)
}

/// The wanted files below `start`, as paths that begin like it, sorted.
fn walk(context: &Context, start: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let root = context.cwd.join(start);
    let walk = WalkBuilder::new(&root).standard_filters(false).hidden(true).follow_links(true).sort_by_file_path(Path::cmp).build();
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let below = |path: &Path| path.strip_prefix(&root).map(|rest| start.join(rest)).ok();
    files.filter_map(|entry| below(entry.path())).filter(|path| wanted(path)).collect()
}

fn has_ending(path: &Path) -> bool {
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}
