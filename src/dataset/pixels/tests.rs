use std::sync::Mutex;

use image::{Rgb, RgbImage};

use super::*;
use crate::dataset::{Filter, Fit, Light};
use crate::observer::{Interrupt, Silent, Unit};

const GEOMETRY: Geometry = Geometry { width: 6, height: 5, fit: Fit::Squash, filter: Filter::Bilinear, light: Light::Kept };

/// Remembers warnings.
#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn begin(&self, _: &str, _: Option<u64>, _: Unit) -> Box<dyn Task> {
        Box::new(Silent)
    }
    fn warn(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }
    fn note(&self, _: &str) {}
}

/// Pictures old enough for their fingerprints to say something.
fn pictures(folder: &Path, n: u8) -> Vec<Source> {
    let write = |i: u8| {
        let path = folder.join(format!("{i}.png"));
        RgbImage::from_fn(20, 15, |x, y| Rgb([i, x as u8 * 9, y as u8 * 11])).save(&path).unwrap();
        Source { hash: Some(ObjectId::of_file(&path).unwrap()), path }
    };
    let sources = (0..n).map(write).collect();
    std::thread::sleep(std::time::Duration::from_millis(30));
    sources
}

/// The pixels of `files`, and which of them were kept before.
fn fetch(folder: Option<&Path>, files: &[Source], may_hold: u64, observer: &dyn Observer) -> (Vec<Vec<u8>>, Vec<bool>) {
    let interrupt = Interrupt::default();
    let work = Work { observer, interrupt: &interrupt };
    let mut shelf = Shelf::open(folder, &GEOMETRY, may_hold, observer);
    let found: Vec<_> = shelf.fetch(&files.iter().collect::<Vec<_>>(), &Silent, work).unwrap().into_iter().map(Result::unwrap).collect();
    shelf.keep();
    let kept = found.iter().map(|(_, spot)| matches!(spot.0, Place::Kept(..))).collect();
    let pixels = |((name, _), file): (&(ObjectId, Spot), &Source)| of(shelf.spot(name), file, &GEOMETRY).unwrap().into_owned();
    (found.iter().zip(files).map(pixels).collect(), kept)
}

fn wanted(files: &[Source]) -> Vec<Vec<u8>> {
    files.iter().map(|file| loader::load_one(&file.path, &GEOMETRY).unwrap()).collect()
}

fn packs(folder: &Path) -> Vec<PathBuf> {
    let own = folder.join(key(&GEOMETRY).hex());
    fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn images_are_decoded_once_whatever_they_are_fetched_with() {
    let folder = tempfile::tempdir().unwrap();
    let (files, kept) = (pictures(folder.path(), 7), folder.path().join("pixels"));
    let once = |files: &[Source]| fetch(Some(&kept), files, 0, &Silent);
    assert_eq!(once(&files[..4]), (wanted(&files[..4]), vec![false; 4]));
    // Another subset in another order finds what it shares with the first.
    let other: Vec<Source> = [6, 3, 1, 5].map(|i| files[i].clone()).to_vec();
    assert_eq!(once(&other), (wanted(&other), vec![false, true, true, false]));
    assert_eq!(once(&files), (wanted(&files), vec![true, true, true, true, false, true, true]));
    assert_eq!(packs(&kept).len(), 3);
    // A copy, and a file whose hash nobody recorded, are known by their bytes.
    let copy = folder.path().join("copy.png");
    fs::copy(&files[2].path, &copy).unwrap();
    let strangers = [Source { path: copy, hash: None }, Source { path: files[4].path.clone(), hash: None }];
    assert_eq!(once(&strangers), (wanted(&strangers), vec![true, true]));
}

#[test]
fn a_file_that_changed_since_its_hash_was_recorded_is_decoded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (files, kept) = (pictures(folder.path(), 3), folder.path().join("pixels"));
    fetch(Some(&kept), &files, 0, &Silent);
    let times = fs::metadata(&files[1].path).unwrap().modified().unwrap();
    RgbImage::from_pixel(20, 15, Rgb([9, 200, 1])).save(&files[1].path).unwrap();
    filetime::set_file_mtime(&files[1].path, times.into()).unwrap();
    let (pixels, known) = fetch(Some(&kept), &files, 0, &Silent);
    assert_eq!((&pixels, known), (&wanted(&files), vec![true, false, true]));
    assert_eq!(pixels[1][..3], [9, 200, 1]);
}

#[test]
fn damaged_packs_are_decoded_anew_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (files, kept) = (pictures(folder.path(), 4), folder.path().join("pixels"));
    fetch(Some(&kept), &files, 0, &Silent);
    let path = packs(&kept).remove(0);
    let whole = fs::read(&path).unwrap();
    let replace = |bytes: &[u8]| {
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    };
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    replace(&flipped);
    assert_eq!(fetch(Some(&kept), &files, 0, &Silent), (wanted(&files), vec![true; 4]), "the last image's pixels are bad");
    assert!(packs(&kept).is_empty());
    fetch(Some(&kept), &files, 0, &Silent);
    replace(&whole[..whole.len() - 1]);
    assert_eq!(fetch(Some(&kept), &files, 0, &Silent), (wanted(&files), vec![false; 4]));
    assert_eq!(fs::read(&path).unwrap(), whole, "the same images make the same pack");
}

#[test]
fn where_nothing_can_be_kept_one_warning_says_so_and_the_pixels_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let files = pictures(folder.path(), 5);
    let occupied = folder.path().join("occupied");
    fs::write(&occupied, "a file in the folder's place").unwrap();
    for may_hold in [0, 200, u64::MAX] {
        let warnings = Warnings::default();
        assert_eq!(fetch(Some(&occupied), &files, may_hold, &warnings), (wanted(&files), vec![false; 5]));
        let warnings = warnings.0.into_inner().unwrap();
        assert!(warnings.len() == 1 && warnings[0].contains("decoded images cannot be kept in"), "{warnings:?}");
        assert_eq!(fetch(None, &files, may_hold, &Silent), (wanted(&files), vec![false; 5]));
    }
}

#[test]
fn unreadable_files_are_named_and_a_stop_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let (mut files, kept) = (pictures(folder.path(), 4), folder.path().join("pixels"));
    fs::write(&files[2].path, "no image").unwrap();
    files[1].path = folder.path().join("gone.png");
    let interrupt = Interrupt::default();
    let work = Work { observer: &Silent, interrupt: &interrupt };
    let mut shelf = Shelf::open(Some(&kept), &GEOMETRY, 0, &Silent);
    let files: Vec<&Source> = files.iter().collect();
    let found = shelf.fetch(&files, &Silent, work).unwrap();
    let failed: Vec<String> = found.iter().filter_map(|found| found.as_ref().err().map(ToString::to_string)).collect();
    assert!(failed.len() == 2 && failed[0].contains("gone.png") && failed[1].contains("2.png"), "{failed:?}");
    interrupt.raise();
    assert!(matches!(shelf.fetch(&files, &Silent, work), Err(Error::Interrupted)));
}

#[test]
fn another_geometry_is_another_folder() {
    let other = [
        Geometry { width: 5, height: 6, ..GEOMETRY },
        Geometry { filter: Filter::Bicubic, ..GEOMETRY },
        Geometry { light: Light::Grey, ..GEOMETRY },
        Geometry { fit: Fit::ShortestCrop { crop_pct: 0.9 }, ..GEOMETRY },
    ];
    assert!(other.iter().all(|other| key(other) != key(&GEOMETRY)));
}
