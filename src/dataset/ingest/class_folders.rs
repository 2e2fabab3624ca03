//! One folder a class: `nevus/1.jpg`, or `Train/nevus/1.jpg` and `Test/nevus/2.jpg`.
//!
//! `train`, `training`, `val`, `valid`, `validation`, `test` and `testing` in any case are subsets, if every folder
//! with images is one of them; the assignment becomes the dataset's `split.csv`. One folder around all of this is passed
//! through. Folders inside a class folder belong to the class. Classes are sorted by name in byte order.

use std::collections::BTreeSet;
use std::path::Path;

use super::files::{Files, without_extension};
use super::{Found, Item};
use crate::dataset::{Error, Problem, Row, Subset};

/// Where an image lies: subset, class.
struct Place<'a> {
    subset: Option<Subset>,
    class: &'a str,
}

/// Whether there are images in at least one folder.
pub fn fits(files: &Files) -> bool {
    files.images.iter().any(|path| path.contains('/'))
}

/// Lists images and classes.
pub fn read(source: &Path) -> Result<Found, Error> {
    let files = Files::below(source)?;
    let mut found = Found { licence: "unknown".to_owned(), ..Found::default() };
    let shared = wrapper(&files.images);
    let subsets = has_subsets(&files.images, shared);
    let mut classes = BTreeSet::new();
    let mut placed = Vec::new();
    for path in &files.images {
        match place(&path[shared..], subsets) {
            Some(place) => {
                classes.insert(place.class);
                placed.push((path, place));
            }
            None => found.problems.push(Problem::OutsideClasses { image: path.into() }),
        }
    }
    let classes: Vec<&str> = classes.into_iter().collect();
    for (path, place) in &placed {
        let label = classes.binary_search(&place.class).ok();
        let mask = files.masks.get(without_extension(path));
        let row = Row { image: path[shared..].to_owned(), label, ..Row::default() };
        found.items.push(Item { file: source.join(path), mask: mask.map(|mask| source.join(mask)), row, subset: place.subset });
    }
    found.classes = classes.iter().map(|class| (*class).to_owned()).collect();
    found.problems.extend(files.problems);
    Ok(found)
}

/// The length of `FOLDER/` when all images lie below that one folder and it holds subsets.
fn wrapper(images: &[String]) -> usize {
    let Some((first, _)) = images.first().and_then(|path| path.split_once('/')) else { return 0 };
    let length = first.len() + 1;
    let alone = images.iter().all(|path| path.len() > length && path[..].starts_with(first) && path.as_bytes()[first.len()] == b'/');
    if alone && first.parse::<Subset>().is_err() && has_subsets(images, length) { length } else { 0 }
}

/// Whether every image lies below a folder named after a subset.
fn has_subsets(images: &[String], shared: usize) -> bool {
    let named =
        |path: &String| path[shared..].split_once('/').is_some_and(|(first, rest)| first.parse::<Subset>().is_ok() && rest.contains('/'));
    !images.is_empty() && images.iter().all(named)
}

fn place(path: &str, subsets: bool) -> Option<Place<'_>> {
    let (first, rest) = path.split_once('/')?;
    if !subsets {
        return Some(Place { subset: None, class: first });
    }
    Some(Place { subset: first.parse().ok(), class: rest.split_once('/')?.0 })
}
