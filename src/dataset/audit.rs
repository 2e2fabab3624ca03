//! The audit: what in a dataset, or in its split, would make results look better than they are.
//!
//! - A lesion (`group`) or patient with images in more than one part of the split (subset, or fold) straddles it.
//! - Files with the same bytes, and pictures with the same pixels (decoded, orientation applied) although their bytes differ.
//!   If they lie in different parts, that is leakage too. Images of a single colour, as at the ends of stacks, are copies of nothing.
//! - Such copies with different labels contradict each other.
//! - Files that are gone, cannot be decoded, or changed since they were ingested.
//! - Masks that are gone, changed, not binary or of another shape than their image; and which show nothing.
//! - Images with more blue than red, and whether that holds for all together: then red and blue may be swapped.
//! - How many images each class has in each part.
//!
//! Every file is read and decoded once. Lists are sorted; the result depends on nothing but the dataset and the split.

mod masks;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use super::split::Part;
use super::tint::Tint;
use super::{Dataset, Error, Kind, Row, Split, Work, check, decode};
use crate::digest::{KeyHasher, ObjectId};
use crate::observer::Unit;

pub use masks::Masks;

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audit {
    /// Images of the dataset.
    pub images: usize,
    /// Whether a split was audited too.
    pub split: bool,
    /// Leaks through the split: lesions, patients and copies that straddle it, added up.
    pub leaks: usize,
    /// Lesions and patients.
    pub straddling: Straddling,
    /// Copies.
    pub duplicates: Duplicates,
    /// Copies with different labels.
    pub conflicting_labels: Vec<Conflict>,
    /// Files that cannot be used.
    pub unreadable: Vec<Unreadable>,
    /// Files whose bytes are not those that were ingested.
    pub changed: Vec<String>,
    /// The masks, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masks: Option<Masks>,
    /// Images with more blue than red.
    pub blue: Vec<String>,
    /// A remark when the colours of all together are not those of skin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour_warning: Option<String>,
    /// Images of every class in every part.
    pub balance: Vec<ClassCount>,
}

/// Lesions and patients with images in several parts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Straddling {
    /// Lesions.
    pub groups: Straddlers,
    /// Patients.
    pub patients: Straddlers,
}

/// Ids of one kind with images in several parts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Straddlers {
    /// Different ids in the dataset.
    pub known: usize,
    /// Images without an id of this kind: nothing can be said about them.
    pub images_without: usize,
    /// How many ids straddle.
    pub count: usize,
    /// How many images those have, in all parts together.
    pub images: usize,
    /// The ids.
    pub ids: Vec<String>,
}

/// Sets of images that are the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Duplicates {
    /// The same bytes.
    pub bytes: Vec<Copies>,
    /// The same pixels in files of different bytes.
    pub pixels: Vec<Copies>,
}

/// Images that are the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Copies {
    /// Sorted.
    pub images: Vec<String>,
    /// Whether they lie in different parts of the split.
    pub straddles: bool,
}

/// Copies that say different things.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conflict {
    /// Sorted.
    pub images: Vec<String>,
    /// The label of each, or its labels with `;` between them; `None`: not labelled.
    pub labels: Vec<Option<String>>,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// The image.
    pub image: String,
    /// Why.
    pub reason: String,
}

/// Images of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassCount {
    /// The class; `None`: of no class, or not labelled.
    pub class: Option<String>,
    /// Whether it is known that the images are of none of the classes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub of_none: bool,
    /// In all parts together.
    pub images: usize,
    /// By part: `train`, `val`, `test`, `fold 0` and so on; empty without a split.
    pub parts: BTreeMap<String, usize>,
}

/// What one file's bytes say.
struct Look {
    bytes: Option<ObjectId>,
    pixels: Result<ObjectId, String>,
    tint: Tint,
    blank: bool,
}

/// Reads every file and compares.
///
/// # Errors
///
/// Only [`Error::Interrupted`]: whatever is wrong with the files is part of the answer.
pub fn audit(dataset: &Dataset, split: Option<&Split>, work: Work<'_>) -> Result<Audit, Error> {
    let looks = look_at_all(dataset, work)?;
    let part = |row: usize| split.and_then(|split| split.part(row));
    let straddling = Straddling {
        groups: straddlers(dataset, &part, |row| row.group.as_deref()),
        patients: straddlers(dataset, &part, |row| row.patient.as_deref()),
    };
    let same_bytes = same(looks.iter().map(|look| look.bytes.filter(|_| !look.blank)));
    let mut same_pixels = same(looks.iter().map(|look| look.pixels.as_ref().ok().copied().filter(|_| !look.blank)));
    let conflicting_labels = same_pixels.iter().filter_map(|rows| conflict(dataset, rows)).collect();
    same_pixels.retain(|rows| rows.iter().any(|&row| looks[row].bytes != looks[rows[0]].bytes));
    let copies = |sets: Vec<Vec<usize>>| -> Vec<Copies> { sets.iter().map(|rows| copies(dataset, rows, &part)).collect() };
    let duplicates = Duplicates { bytes: copies(same_bytes), pixels: copies(same_pixels) };
    let leaking_copies = duplicates.bytes.iter().chain(&duplicates.pixels).filter(|copies| copies.straddles).count();
    Ok(Audit {
        images: dataset.rows.len(),
        split: split.is_some(),
        leaks: straddling.groups.count + straddling.patients.count + leaking_copies,
        straddling,
        duplicates,
        conflicting_labels,
        unreadable: unreadable(dataset, &looks),
        changed: changed(dataset, &looks),
        masks: masks::audit(dataset, work)?,
        blue: names(dataset, &(0..looks.len()).filter(|&row| looks[row].tint.is_blue()).collect::<Vec<_>>()),
        colour_warning: looks.iter().map(|look| look.tint).sum::<Tint>().warning(),
        balance: balance(dataset, split),
    })
}

fn look_at_all(dataset: &Dataset, work: Work<'_>) -> Result<Vec<Look>, Error> {
    let task = work.observer.begin("auditing images", Some(dataset.rows.len() as u64), Unit::Items("images"));
    let look = |row: &Row| {
        check(work)?;
        let looked = look_at(dataset, row);
        task.advance(1);
        Ok(looked)
    };
    dataset.rows.par_iter().map(look).collect()
}

fn look_at(dataset: &Dataset, row: &Row) -> Look {
    match std::fs::read(dataset.image_path(row)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Look { bytes: None, pixels: Err("the file is gone".to_owned()), tint: Tint::default(), blank: false }
        }
        Err(error) => Look { bytes: None, pixels: Err(error.to_string()), tint: Tint::default(), blank: false },
        Ok(bytes) => {
            let (mut tint, mut blank) = (Tint::default(), false);
            let pixels = decode::decode_bytes(&bytes).map(|image| {
                (tint, blank) = (Tint::of(&image), decode::is_blank(&image));
                let mut key = KeyHasher::new("derm pixels 1");
                key.field(&image.width().to_le_bytes()).field(image.as_raw());
                key.finish()
            });
            Look { bytes: Some(ObjectId::of(&bytes)), pixels: pixels.map_err(|error| error.to_string()), tint, blank }
        }
    }
}

fn straddlers<'a>(dataset: &'a Dataset, part: &dyn Fn(usize) -> Option<Part>, id: impl Fn(&'a Row) -> Option<&'a str>) -> Straddlers {
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, row) in dataset.rows.iter().enumerate() {
        if let Some(id) = id(row) {
            members.entry(id).or_default().push(at);
        }
    }
    let straddling: Vec<(&&str, &Vec<usize>)> = members.iter().filter(|(_, rows)| straddles(rows, part)).collect();
    Straddlers {
        known: members.len(),
        images_without: dataset.rows.len() - members.values().map(Vec::len).sum::<usize>(),
        count: straddling.len(),
        images: straddling.iter().map(|(_, rows)| rows.len()).sum(),
        ids: straddling.iter().map(|(id, _)| (**id).to_owned()).collect(),
    }
}

fn straddles(rows: &[usize], part: &dyn Fn(usize) -> Option<Part>) -> bool {
    rows.iter().any(|&row| part(row) != part(rows[0]))
}

/// Sets of two or more rows with one id, in the order of their first row.
fn same(ids: impl Iterator<Item = Option<ObjectId>>) -> Vec<Vec<usize>> {
    let mut sets: BTreeMap<ObjectId, Vec<usize>> = BTreeMap::new();
    for (row, id) in ids.enumerate() {
        if let Some(id) = id {
            sets.entry(id).or_default().push(row);
        }
    }
    let mut sets: Vec<Vec<usize>> = sets.into_values().filter(|rows| rows.len() > 1).collect();
    sets.sort();
    sets
}

fn names(dataset: &Dataset, rows: &[usize]) -> Vec<String> {
    rows.iter().map(|&row| dataset.rows[row].image.clone()).collect()
}

fn copies(dataset: &Dataset, rows: &[usize], part: &dyn Fn(usize) -> Option<Part>) -> Copies {
    Copies { images: names(dataset, rows), straddles: straddles(rows, part) }
}

fn conflict(dataset: &Dataset, rows: &[usize]) -> Option<Conflict> {
    let different: BTreeSet<&[usize]> = rows.iter().filter_map(|&row| dataset.rows[row].shown()).collect();
    let labels = rows.iter().map(|&row| dataset.label_text(&dataset.rows[row])).collect();
    (different.len() > 1).then(|| Conflict { images: names(dataset, rows), labels })
}

fn unreadable(dataset: &Dataset, looks: &[Look]) -> Vec<Unreadable> {
    let bad = dataset.rows.iter().zip(looks).filter_map(|(row, look)| Some((row, look.pixels.as_ref().err()?)));
    bad.map(|(row, reason)| Unreadable { image: row.image.clone(), reason: reason.clone() }).collect()
}

fn changed(dataset: &Dataset, looks: &[Look]) -> Vec<String> {
    let differs = |(row, look): &(&Row, &Look)| row.hash.is_some() && look.bytes.is_some() && row.hash != look.bytes;
    dataset.rows.iter().zip(looks).filter(differs).map(|(row, _)| row.image.clone()).collect()
}

fn balance(dataset: &Dataset, split: Option<&Split>) -> Vec<ClassCount> {
    let of_kind = |kind: Kind| ClassCount {
        of_none: kind == Kind::OfNone,
        class: if let Kind::Class(class) = kind { Some(class) } else { None },
        images: 0,
        parts: BTreeMap::new(),
    };
    let mut counts: Vec<ClassCount> = dataset.kinds().into_iter().map(of_kind).collect();
    for (at, row) in dataset.rows.iter().enumerate() {
        for kind in dataset.kinds_of(row) {
            let count = &mut counts[kind];
            count.images += 1;
            if let Some(part) = split.and_then(|split| split.part(at)) {
                *count.parts.entry(part.to_string()).or_insert(0) += 1;
            }
        }
    }
    counts.retain(|count| count.class.is_some() || count.images > 0);
    counts
}
