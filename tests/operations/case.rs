//! Cases as `interop/operation_cases.py` writes them.

use std::fs;
use std::path::Path;

use derm::nn::ops::Array;
use serde::Deserialize;
use serde_json::{Map, Value};

/// How a tensor is laid out in memory.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As it is.
    Plain,
    /// Behind something else along the first axis.
    Cut,
    /// With its axes in the opposite order.
    Turned,
    /// Beside something else along the last axis.
    Strided,
    /// One, repeated along the first axis.
    Spread,
}

/// What PyTorch computed, and how far off a value may be beside the case's tolerance times that value.
pub struct Expected {
    pub array: Array,
    pub allowance: f64,
    pub rms: f64,
}

impl Expected {
    /// Summed over the first axis: the gradient of what was repeated along it.
    pub fn folded(&self) -> Self {
        let Some((&copies, rest)) = self.array.dims.split_first() else { return Self { array: self.array.clone(), ..*self } };
        let mut sums = vec![0f64; rest.iter().product()];
        let count = sums.len().max(1);
        self.array.values.iter().enumerate().for_each(|(i, &value)| sums[i % count] += f64::from(value));
        let array = Array::new(sums.into_iter().map(|sum| sum as f32).collect::<Vec<_>>(), [&[1], rest].concat());
        Self { array, allowance: self.allowance * copies as f64, rms: self.rms }
    }
}

/// One call of an operation.
pub struct Case {
    pub operation: String,
    pub name: String,
    pub settings: Map<String, Value>,
    pub tolerance: f64,
    pub inputs: Vec<(Form, Array)>,
    /// Inputs without gradient.
    pub fixed: Vec<Array>,
    pub dy: Array,
    pub results: Vec<Expected>,
    pub gradients: Vec<Expected>,
}

#[derive(Deserialize)]
struct Written {
    operation: String,
    name: String,
    settings: Map<String, Value>,
    tolerance: f64,
    inputs: Vec<Tensor>,
    fixed: Vec<Tensor>,
    dy: Tensor,
    results: Vec<Tensor>,
    gradients: Vec<Tensor>,
}

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    at: usize,
    form: Option<Form>,
    #[serde(default)]
    allowance: f64,
    #[serde(default)]
    rms: f64,
}

/// All cases of a folder.
pub fn read(folder: &Path) -> Vec<Case> {
    let bytes = fs::read(folder.join("values.bin")).expect("the folder holds values.bin");
    let values: Vec<f32> = bytes.chunks_exact(4).map(|value| f32::from_le_bytes(value.try_into().unwrap())).collect();
    let text = fs::read_to_string(folder.join("cases.json")).expect("the folder holds cases.json");
    let cases: Vec<Written> = serde_json::from_str(&text).expect("cases.json is a list of cases");
    let array = |tensor: &Tensor| {
        let count: usize = tensor.shape.iter().product();
        Array::new(values[tensor.at..][..count].to_vec(), tensor.shape.clone())
    };
    let expected = |tensor: &Tensor| Expected { array: array(tensor), allowance: tensor.allowance, rms: tensor.rms };
    let case = |case: Written| Case {
        inputs: case.inputs.iter().map(|tensor| (tensor.form.unwrap_or(Form::Plain), array(tensor))).collect(),
        fixed: case.fixed.iter().map(array).collect(),
        dy: array(&case.dy),
        results: case.results.iter().map(expected).collect(),
        gradients: case.gradients.iter().map(expected).collect(),
        operation: case.operation,
        name: case.name,
        settings: case.settings,
        tolerance: case.tolerance,
    };
    cases.into_iter().map(case).collect()
}

impl Case {
    /// The operation without what only tells its cases apart.
    pub fn kind(&self) -> &str {
        let kind = self.operation.split(' ').next().unwrap_or_default();
        if ["batch_norm and a residual", "scaled and dropped branch"].contains(&self.operation.as_str()) { &self.operation } else { kind }
    }

    fn setting(&self, name: &str) -> &Value {
        self.settings.get(name).unwrap_or_else(|| panic!("{} has no setting `{name}`", self.name))
    }

    pub fn number(&self, name: &str) -> usize {
        self.setting(name).as_u64().expect("a whole number") as usize
    }

    pub fn real(&self, name: &str) -> f32 {
        self.setting(name).as_f64().expect("a number") as f32
    }

    pub fn flag(&self, name: &str) -> bool {
        self.setting(name).as_bool().expect("true or false")
    }

    pub fn word(&self, name: &str) -> &str {
        self.setting(name).as_str().expect("a word")
    }

    pub fn list<T: serde::de::DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.setting(name).clone()).expect("a list")
    }
}
