//! Bad input: a clear error, exit code 1 or 2, nothing lost.

use super::{class_folders, ham, jpeg};
use crate::support::{Ran, Sandbox};

fn ingest(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let ran = sandbox.derm(["data", "ingest", "src", "--out", "set"].iter().chain(more));
    if ran.code != 0 {
        assert!(!sandbox.path("set").exists() && !sandbox.path(".set.ingest").exists(), "a failed ingest leaves nothing");
    }
    ran
}

/// One unusable file among good ones is named with the reason, and can be left out.
#[track_caller]
fn refuses_picture(name: &str, bytes: &[u8], reason: &str) {
    let sandbox = Sandbox::empty();
    class_folders(&sandbox, 2);
    sandbox.write(&format!("src/nevus/{name}"), bytes);
    ingest(&sandbox, &[]).exits(2).complains([&format!("`nevus/{name}`"), reason, "--skip unreadable"]);
    let ran = ingest(&sandbox, &["--skip", "unreadable"]).success();
    ran.complains(["warning", name]);
    assert!(sandbox.read("set/dataset.yaml").contains("unreadable: 1"));
}

#[test]
fn truncated_images() {
    let whole = jpeg(5);
    refuses_picture("cut.jpg", &whole[..whole.len() - 40], "truncated");
    let png = include_bytes!("../pictures/alpha.png");
    refuses_picture("cut.png", &png[..100], "truncated");
}

#[test]
fn files_that_are_no_images() {
    refuses_picture("page.jpg", b"<!DOCTYPE html><html>404</html>", "web page");
    refuses_picture("text.png", b"hello", "not an image");
    refuses_picture("lfs.jpg", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS");
    refuses_picture("nothing.jpg", b"", "empty");
    refuses_picture("zeros.jpg", &[0; 5000], "zeros");
}

#[test]
fn animated_images_and_stacks() {
    refuses_picture("moving.gif", include_bytes!("../pictures/animated.gif"), "animated");
    refuses_picture("moving.webp", include_bytes!("../pictures/animated.webp"), "animated");
    refuses_picture("stack.tif", include_bytes!("../pictures/pages.tif"), "several pages");
}

#[test]
fn cmyk_16_bit_and_turned_images_are_taken() {
    let sandbox = Sandbox::empty();
    class_folders(&sandbox, 1);
    sandbox.write("src/nevus/cmyk.jpg", include_bytes!("../pictures/cmyk.jpg"));
    sandbox.write("src/nevus/grey16.png", include_bytes!("../pictures/grey16.png"));
    sandbox.write("src/nevus/turned.jpg", include_bytes!("../pictures/turned.jpg"));
    ingest(&sandbox, &[]).success();
    let manifest = sandbox.read("set/manifest.csv");
    assert!(manifest.contains("nevus/turned.jpg,nevus,32,48,"), "sizes are those a viewer shows:\n{manifest}");
}

#[test]
fn rows_without_an_image() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    std::fs::remove_file(sandbox.path("src/part_2/ISIC_0000003.jpg")).unwrap();
    ingest(&sandbox, &[]).exits(2).complains(["src/HAM10000_metadata.csv:5:13", "no image `ISIC_0000003`", "--skip missing"]);
    ingest(&sandbox, &["--skip", "missing"]).success();
    assert!(sandbox.read("set/dataset.yaml").contains("missing: 1"));
}

#[test]
fn images_without_a_row() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    sandbox.write("src/part_1/ISIC_0099999.jpg", jpeg(99));
    ingest(&sandbox, &[]).exits(2).complains(["`part_1/ISIC_0099999.jpg` has no row in `HAM10000_metadata.csv`", "--skip unlisted"]);
    ingest(&sandbox, &["--skip", "unlisted"]).success();
}

#[test]
fn unknown_classes_and_wrong_cells() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    let table = sandbox.read("src/HAM10000_metadata.csv");
    sandbox.write("src/HAM10000_metadata.csv", table.replacen(",mel,", ",mell,", 1));
    ingest(&sandbox, &[]).exits(2).complains(["HAM10000_metadata.csv:4:", "unknown class `mell`", "did you mean `mel`?", "^"]);
    sandbox.write("src/HAM10000_metadata.csv", table.replacen(",21.0,", ",old,", 1));
    ingest(&sandbox, &[]).exits(2).complains(["`old` is no age"]);
    sandbox.write("src/HAM10000_metadata.csv", table + "HAM_1,ISIC_1,nv\n");
    ingest(&sandbox, &[]).exits(2).complains(["HAM10000_metadata.csv:8:", "3 cells, the header has 7"]);
}

#[test]
fn ground_truth_that_is_not_one_hot() {
    let sandbox = Sandbox::empty();
    sandbox.write("src/a.jpg", jpeg(1));
    sandbox.write("src/b.jpg", jpeg(2));
    for (row, message) in [("b,1,1", "a second 1"), ("b,0,0", "no 1"), ("b,0.5,0.5", "neither 0 nor 1")] {
        sandbox.write("src/truth.csv", format!("image,MEL,NV\na,1,0\n{row}\n"));
        ingest(&sandbox, &[]).exits(2).complains(["src/truth.csv:3:", message]);
    }
}

#[test]
fn a_single_class() {
    let sandbox = Sandbox::empty();
    sandbox.write("src/nevus/a.jpg", jpeg(1));
    ingest(&sandbox, &[]).exits(2).complains(["single class, `nevus`"]);
}

#[test]
fn an_empty_folder_and_no_folder() {
    let sandbox = Sandbox::empty();
    std::fs::create_dir(sandbox.path("src")).unwrap();
    ingest(&sandbox, &[]).exits(2).complains(["cannot ingest `src`", "holds no images"]);
    let ran = sandbox.derm(["data", "ingest", "nowhere", "--out", "set"]).exits(2);
    ran.complains(["`nowhere`"]);
}

#[test]
fn a_folder_in_no_known_layout() {
    let sandbox = Sandbox::empty();
    sandbox.write("src/a.jpg", jpeg(1));
    sandbox.write("src/table.csv", "file,diagnosis\na.jpg,nevus\n");
    ingest(&sandbox, &[]).exits(2).complains(["cannot tell the format", "`image_id`", "--format"]);
}

#[test]
fn one_id_for_two_images() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    sandbox.write("src/part_2/ISIC_0000000.png", super::png(50));
    ingest(&sandbox, &[]).exits(2).complains(["image id `ISIC_0000000`", "part_1/ISIC_0000000.jpg", "part_2/ISIC_0000000.png"]);
    // A plain copy, as in downloads that have every folder twice, is no contradiction.
    std::fs::remove_file(sandbox.path("src/part_2/ISIC_0000000.png")).unwrap();
    sandbox.write("src/again/ISIC_0000000.jpg", jpeg(0));
    ingest(&sandbox, &[]).success();
}

#[test]
fn one_id_in_two_rows() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    let table = sandbox.read("src/HAM10000_metadata.csv");
    sandbox.write("src/HAM10000_metadata.csv", table + "HAM_0000009,ISIC_0000000,nv,histo,30,male,back\n");
    ingest(&sandbox, &[]).exits(2).complains(["`ISIC_0000000`", "csv:2:13", "csv:8:13"]);
}

#[test]
fn advice_to_skip_is_given_where_it_works() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    let table = sandbox.read("src/HAM10000_metadata.csv");
    let twice = "HAM_0000009,ISIC_0000000,nv,histo,30,male,back\n";
    let gone = "HAM_0000010,ISIC_0000077,nv,histo,30,male,back\n";
    sandbox.write("src/HAM10000_metadata.csv", format!("{table}{twice}{gone}"));
    sandbox.write("src/part_1/ISIC_0099999.jpg", jpeg(99));
    let ran = ingest(&sandbox, &[]).exits(2);
    let ran = ran.complains(["csv:2:13", "`ISIC_0000077`", "`part_1/ISIC_0099999.jpg`", "the others must be mended", "rename or remove"]);
    assert!(!ran.stderr.contains("to go on without them"), "{}", ran.stderr);
    let ran = ingest(&sandbox, &["--skip", "missing,unlisted"]).exits(2);
    let ran = ran
        .complains(["`ISIC_0000000` stands for both", "rename or remove src/HAM10000_metadata.csv:2:13 or src/HAM10000_metadata.csv:8:13"]);
    assert!(!ran.stderr.contains("--skip") && !ran.stderr.contains("ISIC_0000077"), "only what is in the way: {}", ran.stderr);
    sandbox.write("src/HAM10000_metadata.csv", format!("{table}{gone}"));
    ingest(&sandbox, &["--skip", "missing"]).exits(2).complains(["to go on without them: `--skip missing,unlisted`"]);
    ingest(&sandbox, &["--skip", "missing,unlisted"]).success();
}

#[test]
fn a_wrong_cell_tells_its_place_once() {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    let table = sandbox.read("src/HAM10000_metadata.csv");
    sandbox.write("src/HAM10000_metadata.csv", table.replacen(",21.0,", ",abc,", 1));
    let ran = ingest(&sandbox, &[]).exits(2);
    let ran = ran.complains(["`abc` is no age in years", "hint: write a number from 0 to 130"]);
    assert_eq!(ran.stderr.matches("HAM10000_metadata.csv:4:").count(), 1, "{}", ran.stderr);
}

#[test]
fn outputs_that_cannot_be_made() {
    let sandbox = Sandbox::empty();
    class_folders(&sandbox, 1);
    sandbox.write("taken.csv", "a,b\n");
    let to = |out: &str| sandbox.derm(["data", "ingest", "src", "--out", out]);
    to("taken.csv").exits(2).complains(["`taken.csv` is a file", "hint", "--out"]);
    to("taken.csv/set").exits(1).complains(["cannot create `taken.csv/set`", "hint", "--out"]);
    assert_eq!(sandbox.read("taken.csv"), "a,b\n");
    sandbox.derm(["data", "ingest", "cmyk", "--out", "set"]).exits(2).complains(["no folder `cmyk`", "hint", "`synthetic`"]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_in_proc_is_named_as_it_was_asked_for() {
    let ran = Sandbox::empty().derm(["data", "ingest", "synthetic", "--images", "24", "--out", "/proc/foo"]).exits(1);
    let ran = ran.complains(["cannot create `/proc/foo`", "hint"]);
    assert!(!ran.stderr.contains(".ingest"), "{}", ran.stderr);
}

fn dataset() -> Sandbox {
    let sandbox = Sandbox::empty();
    ham(&sandbox, 3);
    sandbox.derm(["data", "ingest", "src", "--out", "set"]).success();
    sandbox.derm(["data", "split", "set", "--out", "split.csv"]).success();
    sandbox
}

#[test]
fn split_files_that_do_not_fit() {
    let sandbox = dataset();
    let good = sandbox.read("split.csv");
    let cases = [
        (good.replacen("ISIC_0000001.jpg", "ISIC_0000009.jpg", 1), "split.csv:3:1", "no image `ISIC_0000009.jpg`"),
        (good.replacen("ISIC_0000001.jpg", "ISIC_0000000.jpg", 1), "split.csv:3:1", "named twice, first in line 2"),
        (good.lines().take(6).map(|line| format!("{line}\n")).collect(), "split.csv:1:1", "1 image of the dataset missing"),
        (good.replacen(",train", ",trian", 1), "split.csv:", "`trian` is no subset"),
        (good.replacen("image,split", "image,part", 1), "split.csv:1:1", "column `split` is missing"),
        (String::new(), "split.csv:1:1", "empty"),
    ];
    for (text, place, message) in cases {
        sandbox.write("split.csv", text);
        sandbox.derm(["data", "audit", "set", "--split", "split.csv"]).exits(2).complains([place, message]);
        sandbox.derm(["data", "split", "set", "--out", "new.csv", "--official", "split.csv"]).exits(2).complains([place]);
        assert!(!sandbox.path("new.csv").exists());
    }
}

#[test]
fn settings_of_a_split_that_make_no_sense() {
    let sandbox = dataset();
    let split = |args: &[&str]| sandbox.derm(["data", "split", "set", "--out", "new.csv"].iter().chain(args)).exits(2);
    split(&["--val", "0.6", "--test", "0.6"]).complains(["`train`"]);
    split(&["--train", "0.9", "--test", "0.3"]).complains(["more than 1"]);
    split(&["--train", "0.9", "--val", "0.15", "--test", "0.3"]).complains(["shares add up to 1.35, more than 1"]);
    split(&["--folds", "1"]).complains(["2 to 1000 folds"]);
    split(&["--folds", "9", "--test", "0"]).complains(["3 groups of images cannot be dealt into 9 parts"]);
    split(&["--group", "patient"]).complains(["knows no `patient`"]);
    sandbox.derm(["data", "audit", "set", "--fail-on", "leakage"]).exits(2).complains(["--split"]);
}

#[test]
fn datasets_that_were_edited_into_nonsense() {
    let sandbox = dataset();
    let manifest = sandbox.read("set/manifest.csv");
    let stats = || sandbox.derm(["data", "stats", "set"]).exits(2);
    sandbox.write("set/manifest.csv", manifest.replacen(",bcc,", ",bccc,", 1));
    stats().complains(["manifest.csv:2:", "`bccc` is not among the classes"]);
    sandbox.write("set/manifest.csv", manifest.replacen("ISIC_0000000.jpg", "../../etc/passwd", 1));
    stats().complains(["manifest.csv:2:1", "not a plain relative path"]);
    sandbox.write("set/manifest.csv", manifest.replacen("image,label", "image,lable", 1));
    stats().complains(["manifest.csv:1:7", "unknown column `lable`"]);
    sandbox.write("set/manifest.csv", &manifest);
    let info = sandbox.read("set/dataset.yaml");
    sandbox.write("set/dataset.yaml", info.replacen("schema: 1", "schema: 9", 1));
    stats().complains(["schema 9", "update derm"]);
    sandbox.write("set/dataset.yaml", format!("{info}colour: blue\n"));
    stats().complains(["set/dataset.yaml:", "colour"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::empty();
    class_folders(&sandbox, 1);
    std::fs::create_dir(sandbox.path("locked")).unwrap();
    std::fs::set_permissions(sandbox.path("locked"), std::fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anywhere: then there is nothing to see.
    if std::fs::write(sandbox.path("locked/probe"), "").is_ok() {
        return;
    }
    sandbox.derm(["data", "ingest", "src", "--out", "locked/set"]).exits(1).complains(["cannot create"]);
}
