//! Sources become datasets.

use derm::dataset::Dataset;

use super::{cells, class_folders, ham, jpeg};
use crate::support::Sandbox;

#[test]
fn class_folders_become_a_dataset_that_opens() {
    let sandbox = Sandbox::empty();
    class_folders(&sandbox, 3);
    sandbox.write("src/melanoma/notes.txt", "not an image");
    sandbox.write("src/nevus/.hidden.jpg", "not looked at");
    let ran = sandbox.derm(["data", "ingest", "src", "--out", "data/skin", "--json"]).success();
    let told = ran.json();
    assert_eq!((told["kind"].as_str(), told["images"].as_u64(), told["format"].as_str()), (Some("ingest"), Some(6), Some("class-folders")));
    let dataset = Dataset::open(&sandbox.path("data/skin")).unwrap();
    assert_eq!(dataset.classes(), ["melanoma", "nevus"]);
    let images: Vec<&str> = dataset.rows.iter().map(|row| row.image.as_str()).collect();
    assert_eq!(images, ["melanoma/0.jpg", "melanoma/1.jpg", "melanoma/2.jpg", "nevus/0.jpg", "nevus/1.jpg", "nevus/2.jpg"]);
    for row in &dataset.rows {
        let bytes = std::fs::read(dataset.image_path(row)).unwrap();
        assert_eq!(row.hash, Some(derm::digest::ObjectId::of(&bytes)));
        assert_eq!((row.width, row.height), (Some(40), Some(30)));
        assert_eq!(bytes, std::fs::read(sandbox.path("src").join(&row.image)).unwrap());
    }
    let columns = cells(&sandbox.read("data/skin/manifest.csv"))[0].join(",");
    assert_eq!(columns, "image,label,width,height,hash", "columns that are not known are left out");
}

#[test]
fn train_and_test_folders_become_a_split_too() {
    let sandbox = Sandbox::empty();
    for (i, path) in ["Train/nevus/a.jpg", "Train/melanoma/b.jpg", "TEST/nevus/c.jpg", "Valid/melanoma/d.jpg"].iter().enumerate() {
        sandbox.write(&format!("src/wrapper/{path}"), jpeg(i as u32));
    }
    let told = sandbox.derm(["data", "ingest", "src", "--out", "set", "--json"]).success().json();
    assert_eq!(told["official_split"], "set/split.csv");
    let split = sandbox.read("set/split.csv");
    assert_eq!(
        split,
        "image,split\nTEST/nevus/c.jpg,test\nTrain/melanoma/b.jpg,train\nTrain/nevus/a.jpg,train\nValid/melanoma/d.jpg,val\n"
    );
    sandbox.derm(["data", "audit", "set", "--split", "set/split.csv", "--fail-on", "leakage"]).success();
}

#[test]
fn ham10000_brings_its_lesions_people_and_masks() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 6);
    let told = sandbox.derm(["data", "ingest", "src", "--out", "set", "--json"]).success().json();
    assert_eq!((told["format"].as_str(), told["groups"].as_u64(), told["masks"].as_u64()), (Some("ham10000"), Some(6), Some(12)));
    assert!(told["notes"][0].as_str().unwrap().contains("`akiec`"), "classes without an image are named");
    let rows = Dataset::open(&sandbox.path("set")).unwrap().rows;
    assert_eq!(rows[0].group.as_deref(), Some("HAM_0000000"));
    assert_eq!((rows[0].age, rows[2].age), (None, Some(21.0)));
    assert_eq!((rows[2].sex.as_deref(), rows[4].sex.as_deref()), (None, Some("female")), "`unknown` is no sex");
    assert_eq!(rows[0].mask.as_deref(), Some("ISIC_0000000.png"));
    assert!(sandbox.path("set/masks/ISIC_0000000.png").is_file());
}

#[test]
fn isic2019_joins_its_two_tables() {
    let sandbox = Sandbox::empty();
    sandbox.write("src/truth.csv", "image,MEL,NV,UNK\nISIC_1,1.0,0.0,0.0\nISIC_2,0.0,1.0,0.0\nISIC_3_downsampled,0.0,1.0,0.0\n");
    sandbox.write(
        "src/meta.csv",
        "image,age_approx,anatom_site_general,lesion_id,sex\nISIC_2,30,head/neck,BCN_1,female\nISIC_1,,,,\nISIC_9,40,,,male\n",
    );
    for (i, name) in ["ISIC_1", "ISIC_2", "ISIC_3_downsampled"].iter().enumerate() {
        sandbox.write(&format!("src/images/{name}.jpg"), jpeg(i as u32));
    }
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).success();
    let dataset = Dataset::open(&sandbox.path("set")).unwrap();
    assert_eq!(dataset.classes(), ["MEL", "NV"]);
    assert_eq!(dataset.info.notes.len(), 2, "a row without a diagnosis, a class without an image: {:?}", dataset.info.notes);
    let row = &dataset.rows[1];
    assert_eq!((row.label, row.age, row.site.as_deref(), row.group.as_deref()), (Some(1), Some(30.0), Some("head/neck"), Some("BCN_1")));
    assert_eq!((&dataset.rows[0].age, &dataset.rows[2].group), (&None, &None));
}

#[test]
fn synthetic_gives_the_same_bytes_on_any_number_of_threads() {
    let sandbox = Sandbox::empty();
    for (out, jobs) in [("one", "1"), ("four", "4")] {
        let args = ["data", "ingest", "synthetic", "--out", out, "--images", "24", "--size", "48", "--seed", "7", "-j", jobs];
        sandbox.derm(args).success();
    }
    for file in ["dataset.yaml", "manifest.csv"] {
        assert_eq!(sandbox.read(&format!("one/{file}")), sandbox.read(&format!("four/{file}")));
    }
    let dataset = Dataset::open(&sandbox.path("one")).unwrap();
    assert_eq!((dataset.rows.len(), dataset.classes().len()), (24, 4));
    for row in &dataset.rows {
        let mask = image::open(dataset.mask_path(row).unwrap()).unwrap().into_luma8();
        let inside = mask.pixels().filter(|pixel| pixel.0[0] == 255).count();
        assert!(inside > 20 && mask.pixels().all(|pixel| [0, 255].contains(&pixel.0[0])), "{}: {inside}", row.image);
    }
    sandbox.derm(["data", "ingest", "synthetic", "--out", "other", "--images", "24", "--size", "48", "--seed", "8"]).success();
    assert_ne!(sandbox.read("one/manifest.csv"), sandbox.read("other/manifest.csv"));
}

#[test]
fn settings_come_from_params_and_flags_win() {
    let sandbox = Sandbox::empty();
    sandbox.write("params.yaml", "data:\n  source: synthetic\n  images: 12\n  size: 32\n  classes: [nevus, melanoma]\n");
    let told = sandbox.derm(["data", "ingest", "--out", "a", "--params", "params.yaml:data", "--json"]).success().json();
    assert_eq!((told["images"].as_u64(), told["classes"].as_array().unwrap().len()), (Some(12), 2));
    let told = sandbox.derm(["data", "ingest", "--out", "b", "--params", "params.yaml:data", "--images", "9", "--json"]).success().json();
    assert_eq!(told["images"], 9);
    sandbox.write("params.yaml", "data:\n  source: synthetic\n  imagse: 12\n");
    let ran = sandbox.derm(["data", "ingest", "--out", "c", "--params", "params.yaml:data"]).exits(2);
    ran.complains(["params.yaml:3:3", "imagse", "images"]);
}

#[test]
fn a_dataset_is_replaced_only_on_request_and_nothing_else_ever() {
    let sandbox = Sandbox::empty();
    class_folders(&sandbox, 2);
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).success();
    let before = sandbox.read("set/manifest.csv");
    sandbox.write("src/nevus/9.jpg", jpeg(99));
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).exits(2).complains(["`set` is not empty", "--force"]);
    assert_eq!(sandbox.read("set/manifest.csv"), before);
    sandbox.derm(["data", "ingest", "src", "--out", "set", "--force"]).success();
    assert_ne!(sandbox.read("set/manifest.csv"), before);
    sandbox.write("precious/thesis.txt", "years of work");
    sandbox.derm(["data", "ingest", "src", "--out", "precious", "--force"]).exits(2).complains(["not empty", "does not remove"]);
    assert_eq!(sandbox.read("precious/thesis.txt"), "years of work");
}

#[test]
fn a_killed_ingest_leaves_nothing_that_opens() {
    let sandbox = Sandbox::empty();
    let mut child = sandbox.command(["data", "ingest", "synthetic", "--out", "set", "--images", "5000", "--size", "256"]).spawn().unwrap();
    while !sandbox.path(".set.ingest/images").is_dir() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it could be killed");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!sandbox.path("set").exists());
    sandbox.derm(["data", "stats", "set"]).exits(2).complains(["not a dataset"]);
    sandbox.derm(["data", "ingest", "synthetic", "--out", "set", "--images", "8", "--size", "32"]).success();
    assert!(!sandbox.path(".set.ingest").exists(), "what the killed one left is gone");
}

#[test]
fn swapped_red_and_blue_are_noticed_at_once() {
    let sandbox = Sandbox::empty();
    for (folder, colour) in [("skin", [200, 150, 120]), ("swapped", [120, 150, 200])] {
        for (i, class) in ["nevus", "melanoma"].iter().enumerate() {
            let picture = image::RgbImage::from_pixel(20, 20 + i as u32, image::Rgb(colour));
            let mut bytes = Vec::new();
            picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
            sandbox.write(&format!("{folder}/{class}/a.png"), bytes);
        }
    }
    let ran = sandbox.derm(["data", "ingest", "skin", "--out", "good"]).success();
    assert!(!ran.stderr.contains("blue"), "{}", ran.stderr);
    sandbox.derm(["data", "ingest", "swapped", "--out", "bad"]).success().complains(["warning", "red and blue may be swapped"]);
    let ran = sandbox.derm(["data", "audit", "bad", "--json"]).success();
    let told = ran.json();
    assert_eq!(told["blue"], serde_json::json!(["melanoma/a.png", "nevus/a.png"]));
    assert!(told["colour_warning"].as_str().unwrap().contains("swapped"));
    let told = sandbox.derm(["data", "audit", "good", "--json"]).success().json();
    assert_eq!((&told["blue"], told.get("colour_warning")), (&serde_json::json!([]), None));
}

#[test]
fn stats_tell_what_is_in_it() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 6);
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).success();
    let told = sandbox.derm(["data", "stats", "set", "--json"]).success().json();
    assert_eq!((told["images"].as_u64(), told["groups"].as_u64()), (Some(12), Some(6)));
    // Ages 21 to 25, each twice, and two images without.
    assert_eq!((told["age"]["median"].as_f64(), told["age"]["unknown"].as_u64()), (Some(23.0), Some(2)));
    assert_eq!(told["sex"]["unknown"], 2);
    assert_eq!(told["sizes"][0][0], "40 x 30");
    assert!(told["colour"]["mean"][0].as_f64().unwrap() > 0.1);
}
