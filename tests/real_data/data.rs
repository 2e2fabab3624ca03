//! Real datasets.

use std::path::Path;
use std::process::Command;

use derm::dataset::decode::decode;
use derm::dataset::ingest::{Ingested, Options, ingest};
use derm::dataset::loader::resize;
use derm::dataset::split::{GroupBy, Shares, make};
use derm::dataset::{Dataset, Filter, Fit, Geometry, Light, Split, Work, audit, masks, stats};
use derm::observer::{Interrupt, Silent};

use super::support::real;

fn with_work<T>(run: impl FnOnce(Work<'_>) -> T) -> T {
    run(Work { observer: &Silent, interrupt: &Interrupt::default() })
}

fn taken_in(source: &Path, out: &Path) -> Ingested {
    with_work(|work| ingest(source, "real", out, &Options::default(), work)).unwrap()
}

#[test]
fn ham10000_is_taken_in_and_the_flaw_of_dermamnist_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = taken_in(&real("ham10000"), &folder.path().join("ham")).dataset;
    assert_eq!(dataset.class_counts(0..dataset.rows.len()), [327, 514, 1099, 115, 1113, 6705, 142]);
    assert_eq!(dataset.rows.iter().filter(|row| row.mask.is_some()).count(), 10_015);
    assert_eq!(dataset.rows.iter().filter(|row| row.age.is_none()).count(), 57);
    let split = Split::read(&real("ham10000/dermamnist_split.csv"), &dataset).unwrap();
    let found = with_work(|work| audit::audit(&dataset, Some(&split), work)).unwrap();
    assert_eq!((found.straddling.groups.known, found.straddling.groups.count, found.straddling.groups.images), (7470, 1006, 2398));
    let pairs: Vec<&[String]> = found.duplicates.bytes.iter().map(|copies| copies.images.as_slice()).collect();
    assert_eq!(pairs, [["ISIC_0024366.jpg", "ISIC_0029861.jpg"], ["ISIC_0024777.jpg", "ISIC_0029938.jpg"]]);
    assert!(found.unreadable.is_empty() && found.changed.is_empty());
    let shares = Shares { train: 0.7, val: 0.15, test: 0.15 };
    let made = make(&dataset, &derm::dataset::split::Options { shares, folds: None, group: GroupBy::Auto, seed: 1 }).unwrap();
    let found = with_work(|work| audit::audit(&dataset, Some(&made.split), work)).unwrap();
    assert_eq!(found.leaks, 0);
    for class in &made.balance.classes {
        let total: usize = class.counts.iter().sum();
        for (count, share) in class.counts.iter().zip([0.7, 0.15, 0.15]) {
            assert!((*count as f64 - share * total as f64).abs() <= 2.0, "{class:?}");
        }
    }
}

#[test]
fn the_masks_of_ham10000_fit_their_images() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { segmentation: true, ..Options::default() };
    let out = folder.path().join("ham");
    let dataset = with_work(|work| ingest(&real("ham10000"), "real", &out, &options, work)).unwrap().dataset;
    assert_eq!((dataset.rows.len(), dataset.classes()), (10_015, &["lesion".to_owned()][..]));
    assert!(dataset.rows.iter().all(|row| row.label.is_none() && row.mask_hash.is_some() && row.group.is_some()));
    let found = with_work(|work| audit::audit(&dataset, None, work)).unwrap().masks.unwrap();
    assert!(found.count == 10_015 && found.without == 0 && found.unusable.is_empty() && found.changed.is_empty(), "{found:?}");
    // The masks are three times as large as the images: at the images' size they cover the same share.
    let rows: Vec<usize> = (0..50).collect();
    let geometry = Geometry { width: 200, height: 150, fit: Fit::Squash, filter: Filter::Bilinear, light: Light::Kept };
    let small = with_work(|work| masks::load(&dataset, &rows, &geometry, work)).unwrap();
    for (at, &row) in rows.iter().enumerate() {
        let own = masks::open(&dataset.mask_path(&dataset.rows[row]).unwrap(), 1).unwrap();
        let share = small.mask(at).iter().map(|on| f64::from(*on)).sum::<f64>() / 30_000.0;
        assert_eq!((own.width, own.height), (600, 450));
        assert!((share - own.share(0)).abs() < 0.002, "{}: {share} of {}", dataset.rows[row].image, own.share(0));
    }
}

#[test]
fn a_volume_of_nuclei_becomes_slices() {
    let folder = tempfile::tempdir().unwrap();
    let done = taken_in(&real("nuclei-stack"), &folder.path().join("nuclei"));
    let dataset = done.dataset;
    assert_eq!((dataset.info.format.as_str(), dataset.rows.len()), ("tiff-stacks", 60));
    assert!(dataset.rows.iter().all(|row| row.group.as_deref() == Some("nuclei") && row.width == Some(256) && row.height == Some(256)));
    let found = with_work(|work| audit::audit(&dataset, None, work)).unwrap().masks.unwrap();
    assert!(found.unusable.is_empty() && found.empty.contains(&"nuclei/0001.png".to_owned()));
    // Pillow and NumPy: (label > 0).sum() of page 31 of 60, counted from 1, and of all; then the sum of that page, scaled and rounded.
    let foreground = |row: &derm::dataset::Row| {
        let mask = masks::open(&dataset.mask_path(row).unwrap(), 1).unwrap();
        mask.data.iter().map(|on| u64::from(*on)).sum::<u64>()
    };
    assert_eq!((foreground(&dataset.rows[30]), dataset.rows.iter().map(foreground).sum::<u64>()), (29_537, 684_943));
    let page = decode(&dataset.image_path(&dataset.rows[30])).unwrap();
    assert_eq!(page.pixels().map(|pixel| u64::from(pixel.0[0])).sum::<u64>(), 2_383_198);
}

#[test]
fn class_folders_beside_a_metadata_table_keep_the_lesions() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = taken_in(&real("ham10000-mini-224"), &folder.path().join("mini")).dataset;
    assert_eq!(dataset.info.format, "ham10000");
    assert_eq!(dataset.class_counts(0..dataset.rows.len()), [60; 7]);
    assert!(dataset.rows.iter().all(|row| row.group.is_some() && row.width == Some(224) && row.height == Some(224)));
}

#[test]
fn isic2020_splits_by_patient_and_its_swapped_channels_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = taken_in(&real("isic2020-512"), &folder.path().join("isic")).dataset;
    assert_eq!((dataset.classes(), dataset.rows.len()), (&["benign".to_owned(), "malignant".to_owned()][..], 251));
    assert_eq!(dataset.class_counts(0..251), [238, 13]);
    let shares = Shares { train: 0.7, val: 0.0, test: 0.3 };
    let made = make(&dataset, &derm::dataset::split::Options { shares, folds: None, group: GroupBy::Auto, seed: 1 }).unwrap();
    assert_eq!(made.balance.units, Some(16), "patients");
    let stats = with_work(|work| stats::stats(&dataset, Some(&made.split), true, work)).unwrap();
    assert!(stats.colour.unwrap().warning.unwrap().contains("swapped"));
}

#[test]
fn isic2019_tables_join_at_full_size() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("isic2019");
    std::fs::create_dir_all(source.join("images")).unwrap();
    for table in ["ISIC_2019_Training_GroundTruth.csv", "ISIC_2019_Training_Metadata.csv"] {
        std::fs::copy(real(&format!("isic2019-metadata/{table}")), source.join(table)).unwrap();
    }
    // The photographs are not here: a tiny picture stands in for each.
    let mut picture = Vec::new();
    image::RgbImage::new(2, 2).write_to(&mut std::io::Cursor::new(&mut picture), image::ImageFormat::Png).unwrap();
    let truth = std::fs::read_to_string(source.join("ISIC_2019_Training_GroundTruth.csv")).unwrap();
    for line in truth.lines().skip(1) {
        let name = line.split(',').next().unwrap();
        std::fs::write(source.join(format!("images/{name}.png")), &picture).unwrap();
    }
    let dataset = taken_in(&source, &folder.path().join("set")).dataset;
    assert_eq!(dataset.classes(), ["MEL", "NV", "BCC", "AK", "BKL", "DF", "VASC", "SCC"], "UNK has no image");
    assert_eq!(dataset.class_counts(0..dataset.rows.len()), [4522, 12875, 3323, 867, 2624, 239, 253, 628]);
    let metadata = std::fs::read_to_string(source.join("ISIC_2019_Training_Metadata.csv")).unwrap();
    let lesions = metadata.lines().skip(1).filter(|line| !line.split(',').nth(3).unwrap().is_empty()).count();
    assert_eq!(dataset.rows.iter().filter(|row| row.group.is_some()).count(), lesions);
    let reopened = Dataset::open(&dataset.root).unwrap();
    assert_eq!(reopened.digest(), dataset.digest());
}

/// Compares with Pillow, through the Python that `DERM_PYTHON` names.
#[test]
fn pixels_are_pillows() {
    let python = std::env::var_os("DERM_PYTHON").expect("DERM_PYTHON names no Python with Pillow and NumPy");
    let folder = tempfile::tempdir().unwrap();
    let mut files: Vec<std::path::PathBuf> = Vec::new();
    for below in ["isic2020-512/images", "ham10000/images", "ham10000/masks"] {
        let mut all: Vec<_> = std::fs::read_dir(real(below)).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        files.extend(all.into_iter().step_by(if below.starts_with("ham") { 500 } else { 12 }));
    }
    let crop = Fit::ShortestCrop { crop_pct: 0.875 };
    let mut list = String::new();
    for (i, file) in files.iter().enumerate() {
        let image = decode(file).unwrap();
        let raw = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(format!("{i}.{name}")), bytes).unwrap();
        raw("decoded", image.as_raw());
        raw(
            "bilinear",
            &resize(&image, &Geometry { width: 64, height: 48, fit: Fit::Squash, filter: Filter::Bilinear, light: Light::Kept }).unwrap(),
        );
        raw(
            "bicubic",
            &resize(&image, &Geometry { width: 96, height: 96, fit: crop, filter: Filter::Bicubic, light: Light::Kept }).unwrap(),
        );
        list += &format!("{}\n", file.display());
    }
    std::fs::write(folder.path().join("list"), list).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_data/pillow.py");
    let ran = Command::new(python).arg(script).arg(folder.path()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}");
}
