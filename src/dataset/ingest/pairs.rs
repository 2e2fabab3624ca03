//! Which file is an image, which is a mask, and which belong together, by their names.
//!
//! A file is a mask if its name ends with one of [`MASKS`] after `_`, `-` or `.` (`x_mask.png`), if a folder on its path is called so
//! or ends so (`masks/x.png`, `ISIC2018_Task1_Training_GroundTruth/x_segmentation.png`), or if it lies in the folder
//! that was named. An image and its mask have one key: the path without those words and without folders such as `images` or
//! `Task1_Training_Input`; where folders disagree, a stem that is unique decides.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::files::{Files, without_extension};
use crate::dataset::manifest::stem;
use crate::dataset::{Error, Problem, Subset};

/// Words that say mask, at the end of a name and as a folder's name.
const MASKS: [&str; 12] = [
    "segmentation",
    "segmentations",
    "mask",
    "masks",
    "label",
    "labels",
    "gt",
    "groundtruth",
    "ground_truth",
    "seg",
    "annotation",
    "annotations",
];

/// Words that say image, at the end of a folder's name.
const IMAGES: [&str; 11] = ["image", "images", "img", "imgs", "input", "inputs", "frames", "photos", "volumes", "stacks", "raw"];

/// What else lies among the images of the ISIC challenges.
const NEITHER: &str = "_superpixels";

/// An image and its mask.
#[derive(Debug)]
pub struct Pair {
    /// The image file.
    pub file: PathBuf,
    /// What it is called below the source, without the folders that say image.
    pub name: String,
    pub mask: Option<PathBuf>,
    pub subset: Option<Subset>,
}

/// What a path says.
struct Named<'a> {
    is_mask: bool,
    /// Folders that say neither image nor mask, then the name.
    parts: Vec<&'a str>,
    /// The same without the extension and the word for masks.
    key: String,
    subset: Option<Subset>,
}

/// A mask's stem without the word that says mask: `x` of `x_label`.
pub fn label_stem(stem: &str) -> &str {
    &stem[..ends_with(stem, &MASKS).filter(|end| *end > 0).unwrap_or(stem.len())]
}

/// Whether the masks of a source lie in folders or have names of their own, and no folders are left that could be classes.
pub fn fits(files: &Files) -> bool {
    let named: Vec<Named> = all(files).map(|path| Named::of(path)).collect();
    let flat = |named: &Named| named.parts[..named.parts.len() - 1].iter().all(|folder| folder.parse::<Subset>().is_ok());
    let shared = shared(named.iter().filter(|named| !named.is_mask));
    named.iter().any(|named| named.is_mask)
        && named
            .iter()
            .filter(|named| !named.is_mask)
            .all(|named| flat(&Named { parts: named.parts[shared..].to_vec(), key: String::new(), is_mask: false, subset: None }))
}

fn all(files: &Files) -> impl Iterator<Item = &String> {
    files.images.iter().chain(files.masks.values()).filter(|path| !without_extension(path).ends_with(NEITHER))
}

/// Pairs all files below `source`. `masks`: the folder that holds them, where their names do not say so.
pub fn pair(source: &Path, files: &Files, masks: Option<&Path>, problems: &mut Vec<Problem>) -> Result<Vec<Pair>, Error> {
    let elsewhere = masks.map(|folder| Files::below(folder).map(|files| (folder, files))).transpose()?;
    let inside = masks.and_then(|folder| folder.strip_prefix(source).ok()).map(|folder| folder.to_string_lossy().replace('\\', "/"));
    let lies_inside =
        |path: &str| inside.as_ref().is_some_and(|folder| path.strip_prefix(folder.as_str()).is_some_and(|p| p.starts_with('/')));
    let mut found = Masks::default();
    let mut images = Vec::new();
    for path in all(files).filter(|path| !lies_inside(path)) {
        let named = Named::of(path);
        if named.is_mask && elsewhere.is_none() {
            found.add(source.join(path), path, named.key, problems);
        } else {
            images.push((path, named));
        }
    }
    if let Some((folder, files)) = &elsewhere {
        for path in all(files) {
            found.add(folder.join(path), path, Named::of(path).key, problems);
        }
    }
    images.sort_by(|a, b| a.0.cmp(b.0));
    let shared = shared(images.iter().map(|(_, named)| named));
    let keys: HashMap<&str, usize> = images.iter().fold(HashMap::new(), |mut counts, (path, _)| {
        *counts.entry(stem(path)).or_insert(0) += 1;
        counts
    });
    let pairs = images.iter().map(|(path, named)| Pair {
        file: source.join(path),
        name: named.parts[shared..].join("/"),
        mask: found.take(&named.key, (keys[stem(path)] == 1).then(|| stem(path))),
        subset: named.subset,
    });
    let mut pairs: Vec<Pair> = pairs.collect();
    // One part of a challenge alone is no split.
    if pairs.iter().all(|pair| pair.subset == pairs[0].subset) {
        pairs.iter_mut().for_each(|pair| pair.subset = None);
    }
    problems.extend(found.left().map(|mask| Problem::MaskWithoutImage { mask: mask.into() }));
    Ok(pairs)
}

/// How many folders all images share that are no subset's.
fn shared<'a>(images: impl Iterator<Item = &'a Named<'a>>) -> usize {
    let mut folders: Option<Vec<&str>> = None;
    for named in images {
        let own = &named.parts[..named.parts.len() - 1];
        folders = Some(match folders {
            None => own.to_vec(),
            Some(shared) => shared.iter().zip(own).take_while(|(a, b)| a == b).map(|(a, _)| *a).collect(),
        });
    }
    folders.unwrap_or_default().iter().take_while(|folder| folder.parse::<Subset>().is_err()).count()
}

impl<'a> Named<'a> {
    fn of(path: &'a str) -> Self {
        let (mut is_mask, mut subset) = (false, None);
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        parts.retain(|folder| {
            let words = folder.split(['_', '-', ' ', '.']);
            subset = words.filter_map(|word| word.parse().ok()).next().or(subset);
            let (mask, image) = (ends_with(folder, &MASKS).is_some(), ends_with(folder, &IMAGES).is_some());
            is_mask |= mask;
            !(mask || image)
        });
        let bare = stem(name);
        let end = ends_with(bare, &MASKS).filter(|end| *end > 0);
        is_mask |= end.is_some();
        let key = parts.iter().copied().chain([&bare[..end.unwrap_or(bare.len())]]).collect::<Vec<_>>().join("/");
        parts.push(name);
        Self { is_mask, parts, key, subset }
    }
}

/// Where one of the words, with what divides it from the rest, begins at the end of a name; 0: it is the whole name.
fn ends_with(name: &str, words: &[&str]) -> Option<usize> {
    let lower = name.to_ascii_lowercase();
    let begin = |word: &&str| {
        let rest = lower.strip_suffix(*word)?;
        if rest.is_empty() { Some(0) } else { rest.strip_suffix(['_', '-', '.', ' ']).map(str::len) }
    };
    words.iter().filter_map(begin).min()
}

/// Masks by their key, and by their key's last part where that is unique.
#[derive(Default)]
struct Masks {
    by_key: BTreeMap<String, (PathBuf, String)>,
    by_stem: HashMap<String, Option<String>>,
    taken: std::collections::BTreeSet<String>,
}

impl Masks {
    fn add(&mut self, file: PathBuf, path: &str, key: String, problems: &mut Vec<Problem>) {
        if let Some((_, first)) = self.by_key.get(&key) {
            problems.push(Problem::DuplicateId { id: key, first: format!("the mask `{first}`"), second: format!("`{path}`") });
            return;
        }
        let last = key.rsplit('/').next().unwrap_or(&key).to_owned();
        self.by_stem.entry(last).and_modify(|one| *one = None).or_insert(Some(key.clone()));
        self.by_key.insert(key, (file, path.to_owned()));
    }

    fn take(&mut self, key: &str, unique_stem: Option<&str>) -> Option<PathBuf> {
        let key = match self.by_key.get(key) {
            Some(_) => key.to_owned(),
            None => self.by_stem.get(unique_stem?)?.clone()?,
        };
        let file = self.by_key.get(&key).map(|(file, _)| file.clone());
        self.taken.insert(key);
        file
    }

    /// Paths of masks that no image asked for.
    fn left(&self) -> impl Iterator<Item = &String> {
        self.by_key.iter().filter(|(key, _)| !self.taken.contains(*key)).map(|(_, (_, path))| path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Files {
        let mut files = Files { images: Vec::new(), masks: BTreeMap::new(), tables: Vec::new(), problems: Vec::new() };
        files.images = paths.iter().map(|path| (*path).to_owned()).collect();
        files
    }

    /// `NAME < MASK`, or `NAME` alone.
    fn paired(paths: &[&str], masks: Option<&str>) -> (Vec<String>, usize) {
        let mut problems = Vec::new();
        let pairs = pair(Path::new("s"), &files(paths), masks.map(Path::new), &mut problems).unwrap();
        let line = |pair: &Pair| match &pair.mask {
            Some(mask) => format!("{} < {}", pair.name, mask.strip_prefix("s").unwrap().display()),
            None => pair.name.clone(),
        };
        (pairs.iter().map(line).collect(), problems.len())
    }

    #[test]
    fn masks_lie_beside_their_images_or_in_their_own_folder() {
        assert_eq!(
            paired(&["a.jpg", "a_mask.png", "b.jpg", "b-GT.png"], None),
            (vec!["a.jpg < a_mask.png".into(), "b.jpg < b-GT.png".into()], 0)
        );
        assert_eq!(paired(&["images/a.jpg", "masks/a.png"], None).0, ["a.jpg < masks/a.png"]);
        assert_eq!(paired(&["set/imgs/x/a.jpg", "set/masks/x/a_label.png"], None).0, ["a.jpg < set/masks/x/a_label.png"]);
        let isic = ["ISIC2018_Task1-2_Training_Input/ISIC_1.jpg", "ISIC2018_Task1_Training_GroundTruth/ISIC_1_segmentation.png"];
        assert_eq!(paired(&isic, None).0, [format!("ISIC_1.jpg < {}", isic[1])]);
        assert_eq!(Named::of(isic[0]).subset, Some(Subset::Train));
        assert_eq!(pair(Path::new("s"), &files(&isic), None, &mut Vec::new()).unwrap()[0].subset, None);
    }

    #[test]
    fn one_name_in_two_subsets_is_two_images() {
        let paths = ["test/images/1.png", "test/masks/1.png", "train/images/1.png", "train/masks/1.png"];
        assert_eq!(paired(&paths, None).0, ["test/1.png < test/masks/1.png", "train/1.png < train/masks/1.png"]);
        assert!(fits(&files(&paths)));
    }

    #[test]
    fn what_has_no_partner_is_told() {
        assert_eq!(
            paired(&["images/a.jpg", "images/c.jpg", "masks/a.png", "masks/b.png"], None),
            (vec!["a.jpg < masks/a.png".into(), "c.jpg".into()], 1)
        );
        assert_eq!(paired(&["a.jpg", "a_mask.png", "masks/a.png"], None).1, 1);
    }

    #[test]
    fn class_folders_with_masks_beside_are_no_mask_folders() {
        assert!(!fits(&files(&["mel/a.jpg", "mel/a_mask.png", "nv/b.jpg", "nv/b_mask.png"])));
        assert!(!fits(&files(&["mel/a.jpg", "nv/b.jpg"])));
        assert!(fits(&files(&["a.jpg", "a_mask.png"])) && fits(&files(&["d/images/a.jpg", "d/masks/a.jpg"])));
    }
}
