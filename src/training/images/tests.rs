use std::fs;

use super::*;
use crate::dataset::Dataset;
use crate::digest::ObjectId;
use crate::observer::{Interrupt, Silent};
use crate::training::augment::Strength;

/// A dataset of 11 pictures of several sizes below `root`.
fn dataset(root: &Path) -> Dataset {
    let images = root.join("images");
    fs::create_dir_all(&images).unwrap();
    let mut manifest = "image,label,hash\n".to_owned();
    for i in 0..11u32 {
        let name = format!("{i:02}.jpg");
        let picture = image::RgbImage::from_fn(60 + i * 7, 50 + i, |x, y| image::Rgb([(x * 3 + i) as u8, (y * 5) as u8, (x * y) as u8]));
        picture.save(images.join(&name)).unwrap();
        manifest += &format!("{name},a,{}\n", ObjectId::of_file(&images.join(&name)).unwrap());
    }
    fs::write(root.join("manifest.csv"), manifest).unwrap();
    let info = "schema: 1\ntask: classification\nclasses: [a]\nimages: 11\nformat: f\nsource: s\nlicence: l\n";
    fs::write(root.join("dataset.yaml"), info).unwrap();
    Dataset::open(root).unwrap()
}

/// Every batch of two epochs, augmented, in an order of its own, and mixed.
fn epochs(images: &Images, between: impl Fn()) -> Vec<Vec<f32>> {
    let mut batches = Vec::new();
    for (epoch, strength) in [Strength::Strong, Strength::Isic2020Strong].into_iter().enumerate() {
        let settings = Augment::preset(strength);
        let order: Vec<usize> = (0..11).map(|i| (i * (3 + epoch) + 2) % 11).collect();
        for positions in order.chunks(4) {
            let augmentation = Augmentation { settings: &settings, seed: 5, epoch };
            let batch = images.batch(positions, Some(augmentation), Some(&Mix::Blend(0.75))).unwrap();
            batches.push(batch.flatten_all().unwrap().to_vec1().unwrap());
        }
        between();
    }
    batches
}

#[test]
fn batches_are_the_same_for_any_number_of_threads_and_wherever_images_are_kept() {
    let root = tempfile::tempdir().unwrap();
    let (data, folder) = (dataset(root.path()), root.path().join("pixels"));
    let rows: Vec<usize> = (0..11).collect();
    let preprocess = nn::zoo::find("resnet18").unwrap().preprocess.at_size(40, 40);
    let interrupt = Interrupt::default();
    let work = Work { observer: &Silent, interrupt: &interrupt };
    let files = || Source::of_rows(&data, &rows).unwrap();
    let load = |folder: Option<&Path>| Images::load(files(), preprocess, folder, work).unwrap();
    let expected = epochs(&Images::streamed(files(), preprocess), || {});
    for threads in 1..=3 {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            assert!(epochs(&load(None), || {}) == expected, "held in memory, {threads} threads");
            assert!(epochs(&load(Some(&folder)), || {}) == expected, "decoded and kept, {threads} threads");
            assert!(epochs(&load(Some(&folder)), || {}) == expected, "kept before, {threads} threads");
            let removed = || drop(fs::remove_dir_all(&folder));
            assert!(epochs(&load(Some(&folder)), removed) == expected, "the folder is removed half-way, {threads} threads");
            assert!(!folder.exists());
        });
    }
}

#[test]
fn images_whose_light_is_made_grey_are_kept_apart_from_those_as_they_are() {
    let root = tempfile::tempdir().unwrap();
    let (data, folder) = (dataset(root.path()), root.path().join("pixels"));
    let rows: Vec<usize> = (0..11).collect();
    let plain = nn::zoo::find("resnet18").unwrap().preprocess.at_size(40, 40);
    let grey = Preprocess { colour_constancy: nn::ColourConstancy::ShadesOfGray, ..plain };
    let interrupt = Interrupt::default();
    let work = Work { observer: &Silent, interrupt: &interrupt };
    let batch = |images: Images| images.batch(&rows, None, None).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let streamed = |preprocess| batch(Images::streamed(Source::of_rows(&data, &rows).unwrap(), preprocess));
    let kept = |preprocess| batch(Images::load(Source::of_rows(&data, &rows).unwrap(), preprocess, Some(&folder), work).unwrap());
    let expected = [plain, grey].map(streamed);
    assert!(expected[0] != expected[1]);
    for _ in 0..2 {
        assert!([plain, grey].map(kept) == expected);
    }
}

#[test]
fn the_first_bad_file_in_the_order_of_the_rows_is_named() {
    let root = tempfile::tempdir().unwrap();
    let data = dataset(root.path());
    for bad in [7, 3, 9] {
        fs::write(data.image_path(&data.rows[bad]), "no image").unwrap();
    }
    let interrupt = Interrupt::default();
    let work = Work { observer: &Silent, interrupt: &interrupt };
    let preprocess = nn::zoo::find("resnet18").unwrap().preprocess;
    let error = Images::load(Source::of_rows(&data, &[1, 9, 3, 7]).unwrap(), preprocess, None, work).err().unwrap();
    assert!(matches!(&error, Error::Dataset(crate::dataset::Error::Image { path, .. }) if path.ends_with("09.jpg")), "{error}");
}
