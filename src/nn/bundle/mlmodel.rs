//! `MLmodel`: MLflow's description of a model folder (<https://mlflow.org/docs/latest/ml/model/>).
//!
//! It names one flavour, `derm`, which is what the folder is. It does not claim MLflow's Python flavours, because Python
//! cannot run the folder without derm.

use serde_json::json;

use super::{CONFIG, Config, WEIGHTS};

/// The file's YAML.
pub(super) fn text(config: &Config, weights_bytes: usize) -> String {
    let [height, width] = [config.preprocess.height, config.preprocess.width];
    let one = |name: &str, shape: &[i64]| json!({"name": name, "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": shape}});
    let tensor = |name: &str, shape: &[i64]| json!([one(name, shape)]);
    let images = one("images", &[-1, 3, i64::from(height), i64::from(width)]);
    let metadata = config.metadata.as_ref().map(|encoding| one("metadata", &[-1, encoding.width() as i64]));
    let input = serde_json::Value::from_iter(std::iter::once(images).chain(metadata));
    let outputs = config.classes.len() as i64;
    let output = match config.architecture.gives_masks() {
        true => tensor("logits", &[-1, outputs, i64::from(height), i64::from(width)]),
        false => tensor("logits", &[-1, outputs]),
    };
    format!(
        "flavors:\n  derm:\n    architecture: {}\n    config: {CONFIG}\n    data: {WEIGHTS}\n    derm_version: {}\n    format: 1\n\
         model_size_bytes: {weights_bytes}\nsignature:\n  inputs: '{input}'\n  outputs: '{output}'\n  params: null\n",
        config.architecture.name,
        env!("CARGO_PKG_VERSION"),
    )
}
