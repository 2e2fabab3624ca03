//! Saved and opened again; damage of every part is noticed.

use std::fs;

use candle_core::Tensor;
use serde_json::json;

use super::*;
use crate::nn::metadata::{Encoding, Field, Record};
use crate::nn::{Channels, ColourConstancy, Fit, Input, Interpolation, Preprocess, zoo};

fn config() -> Config {
    let preprocess = Preprocess {
        width: 40,
        height: 36,
        fit: Fit::Squash,
        interpolation: Interpolation::Bilinear,
        mean: [0.1, 0.2, 0.3],
        std: [0.4, 0.5, 0.6],
        channels: Channels::Bgr,
        colour_constancy: ColourConstancy::None,
    };
    Config {
        architecture: zoo::find("squeezenet1_1").unwrap(),
        classes: vec!["naevus".into(), "melanoma".into(), "andere “x”".into()],
        preprocess,
        metadata: None,
        multi_label: false,
    }
}

fn saved() -> (tempfile::TempDir, Network, ObjectId) {
    let folder = tempfile::tempdir().unwrap();
    let config = config();
    let network = Network::new(config.architecture, 3, 4, &Device::Cpu).unwrap();
    let id = Bundle::save(folder.path(), &config, &network, "# Card\n", &json!({"b": 1, "a": [2]})).unwrap();
    (folder, network, id)
}

#[test]
fn a_bundle_opens_as_it_was_saved() {
    let (folder, network, id) = saved();
    let bundle = Bundle::open(folder.path(), &Device::Cpu).unwrap();
    assert_eq!(bundle.config.classes, config().classes);
    assert_eq!(bundle.config.preprocess, config().preprocess);
    assert_eq!((bundle.weights, &bundle.provenance), (id, &json!({"b": 1, "a": [2]})));
    let x = Tensor::full(0.25f32, (1, 3, 36, 40), &Device::Cpu).unwrap();
    let logits = |n: &Network| n.forward(&x).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(logits(&network), logits(&bundle.network));
    let names: Vec<String> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 5, "{names:?}");
}

#[test]
fn colour_constancy_is_kept_and_what_was_saved_before_there_was_any_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    config.preprocess.colour_constancy = ColourConstancy::ShadesOfGray;
    let network = Network::new(config.architecture, 3, 4, &Device::Cpu).unwrap();
    Bundle::save(folder.path(), &config, &network, "# Card\n", &json!({})).unwrap();
    assert_eq!(Bundle::open(folder.path(), &Device::Cpu).unwrap().config.preprocess, config.preprocess);
    let path = folder.path().join(CONFIG);
    let with: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!((&with["derm"]["format"], &with["derm"]["colour_constancy"]), (&json!(2), &json!("shades-of-gray")));
    // Neither half can be lost without a word.
    let edited = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut own = with.clone();
        edit(&mut own["derm"]);
        fs::write(&path, own.to_string()).unwrap();
        Bundle::open(folder.path(), &Device::Cpu).map(|bundle| bundle.config.preprocess.colour_constancy)
    };
    assert!(edited(&|derm| derm["format"] = json!(1)).is_err());
    assert!(edited(&|derm| drop(derm.as_object_mut().unwrap().remove("colour_constancy"))).is_err());
    let before = edited(&|derm| {
        derm["format"] = json!(1);
        derm.as_object_mut().unwrap().remove("colour_constancy");
    });
    assert_eq!(before.unwrap(), ColourConstancy::None);
}

#[test]
fn the_same_model_is_the_same_bytes() {
    let (a, b) = (saved().0, saved().0);
    for name in [WEIGHTS, CONFIG, MLMODEL, CARD, PROVENANCE] {
        assert_eq!(fs::read(a.path().join(name)).unwrap(), fs::read(b.path().join(name)).unwrap(), "{name}");
    }
    let text = fs::read_to_string(a.path().join(MLMODEL)).unwrap();
    let mlmodel: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let inputs: serde_json::Value = serde_json::from_str(mlmodel["signature"]["inputs"].as_str().unwrap()).unwrap();
    assert_eq!(inputs[0]["tensor-spec"]["shape"], json!([-1, 3, 36, 40]));
    assert_eq!(mlmodel["flavors"]["derm"]["architecture"], "squeezenet1_1");
}

#[test]
fn a_bundle_that_takes_metadata_says_how() {
    let folder = tempfile::tempdir().unwrap();
    let known = Record { age: Some(40.0), sex: Some("female".into()), site: None };
    let config = Config { metadata: Some(Encoding::fit(&[Field::Age, Field::Sex], std::slice::from_ref(&known)).unwrap()), ..config() };
    let network = Network::fused(config.architecture, 3, config.fusion(), [36, 40], 4, &Device::Cpu).unwrap();
    Bundle::save(folder.path(), &config, &network, "# Card\n", &json!(null)).unwrap();
    let bundle = Bundle::open(folder.path(), &Device::Cpu).unwrap();
    assert_eq!(bundle.config.metadata, config.metadata);
    let x = Tensor::full(0.25f32, (2, 3, 36, 40), &Device::Cpu).unwrap();
    let metadata = config.metadata.unwrap().encode(&[known, Record::default()]).unwrap();
    let logits = |n: &Network| n.forward(Input::images(&x).with(Some(&metadata))).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(logits(&network), logits(&bundle.network));
    assert_ne!(logits(&network)[0], logits(&network)[1], "metadata tell the same images apart");
    assert!(bundle.network.forward(&x).unwrap_err().to_string().contains("metadata must be f32 [n, 4], not left out"));
    let text = fs::read_to_string(folder.path().join(MLMODEL)).unwrap();
    assert!(text.contains("\"name\":\"metadata\"") && text.contains("[-1,4]"), "{text}");
    edit(folder.path(), "\"sd\": 1.0", "\"sd\": 0.0");
    assert!(Bundle::open(folder.path(), &Device::Cpu).unwrap_err().to_string().contains("encoding of `age`"));
}

#[test]
fn a_bundle_of_labels_that_do_not_exclude_each_other_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { multi_label: true, ..config() };
    let network = Network::new(config.architecture, 3, 4, &Device::Cpu).unwrap();
    Bundle::save(folder.path(), &config, &network, "# Card\n", &json!(null)).unwrap();
    assert!(Bundle::open(folder.path(), &Device::Cpu).unwrap().config.multi_label);
    edit(folder.path(), "\"format\": 2", "\"format\": 1");
    assert!(Bundle::open(folder.path(), &Device::Cpu).unwrap_err().to_string().contains("format is 1"));
    let (folder, ..) = saved();
    assert!(!Bundle::open(folder.path(), &Device::Cpu).unwrap().config.multi_label);
    assert!(!fs::read_to_string(folder.path().join(CONFIG)).unwrap().contains("task"), "bundles of one class an image stay what they were");
}

/// Changes a bundle and says how opening it then fails.
fn damaged(change: impl FnOnce(&Path)) -> String {
    let (folder, ..) = saved();
    change(folder.path());
    Bundle::open(folder.path(), &Device::Cpu).unwrap_err().to_string()
}

fn edit(dir: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(dir.join(CONFIG)).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(dir.join(CONFIG), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn damage_is_named() {
    assert!(damaged(|dir| fs::remove_file(dir.join(CONFIG)).unwrap()).contains("has no `config.json`"));
    assert!(damaged(|dir| fs::remove_file(dir.join(WEIGHTS)).unwrap()).contains("cannot read"));
    assert!(damaged(|dir| fs::remove_dir_all(dir).unwrap()).contains("no such folder"));
    let other = Network::new(config().architecture, 3, 5, &Device::Cpu).unwrap();
    assert!(
        damaged(|dir| fs::write(dir.join(WEIGHTS), weights::encode(&other).unwrap()).unwrap())
            .contains("not the file that `config.json` describes")
    );
    assert!(damaged(|dir| fs::write(dir.join(CONFIG), "{").unwrap()).contains("line 1"));
    assert!(damaged(|dir| fs::write(dir.join(PROVENANCE), "{").unwrap()).contains("provenance.json"));
    assert!(damaged(|dir| edit(dir, "squeezenet1_1", "squeezenet9")).contains("no network called `squeezenet9`"));
    assert!(damaged(|dir| edit(dir, "\"num_classes\": 3", "\"num_classes\": 4")).contains("3 `label_names`"));
    assert!(damaged(|dir| edit(dir, "36", "3")).contains("too few"));
    assert!(damaged(|dir| edit(dir, "0.5", "0.0")).contains("`std`"));
    assert!(damaged(|dir| edit(dir, "\"format\": 1", "\"format\": 2")).contains("format is 2"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_keeps_the_old_bundle() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, network, id) = saved();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let result = Bundle::save(folder.path(), &config(), &network, "other", &json!(null));
    let opened = Bundle::open(folder.path(), &Device::Cpu).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // A superuser may write anywhere; then the new bundle is whole.
    assert!(result.is_err() || opened.provenance.is_null());
    assert_eq!(opened.weights, id);
}
