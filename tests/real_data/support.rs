//! Where the real files are, and numbers.

use std::path::PathBuf;

use candle_core::Tensor;
use serde_json::Value;

/// A path below the folder that `DERM_TEST_DATA` names; the check fails when there is none.
pub fn real(relative: &str) -> PathBuf {
    let root = std::env::var_os("DERM_TEST_DATA").expect("DERM_TEST_DATA names no folder of real data");
    let path = PathBuf::from(root).join(relative);
    assert!(path.exists(), "{} does not exist", path.display());
    path
}

/// A list of numbers.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// A tensor's values, row-major.
pub fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f64::from).collect()
}
