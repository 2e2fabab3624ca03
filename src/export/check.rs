//! Reads an ONNX file back and holds it to its promises before anybody else has to.
//!
//! Every name is defined before it is used and defined once, every constant has the bytes its shape
//! needs, every operator is one that derm writes, and shapes worked out from the input fit at every node and
//! give the declared output. It does not compute: values are compared with ONNX Runtime's by the checks in `interop/`.

use std::collections::HashMap;

use prost::Message;

use super::proto::{DimensionValue, Graph, Model, Node, Tensor, ValueInfo};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Operations.
    pub nodes: usize,
    /// Constants.
    pub constants: usize,
    /// Numbers in them.
    pub values: usize,
}

/// A shape; the batch is [`BATCH`].
type Dims = Vec<i64>;

/// Stands for the batch in shapes.
const BATCH: i64 = -1;

/// Checks the bytes of a file; the error says what is wrong.
pub fn check(bytes: &[u8]) -> Result<Summary, String> {
    let model = Model::decode(bytes).map_err(|error| format!("it is no ONNX file: {error}"))?;
    if model.ir_version != super::IR_VERSION || model.opset_import.iter().map(|set| set.version).ne([super::OPSET]) {
        return Err("its versions are not the ones that were meant".to_owned());
    }
    let graph = model.graph.ok_or("it has no graph")?;
    let mut values: HashMap<&str, Value<'_>> = HashMap::new();
    for tensor in &graph.initializer {
        let value = Value { shape: tensor.dims.clone(), constant: Some(tensor) };
        sized(tensor)?;
        define(&mut values, &tensor.name, value)?;
    }
    for input in &graph.input {
        define(&mut values, &input.name, Value { shape: declared(input)?, constant: None })?;
    }
    for node in &graph.node {
        let shape = infer(node, &values).map_err(|why| format!("node `{}`: {why}", node.name))?;
        let [output] = node.output.as_slice() else { return Err(format!("node `{}` has not one output", node.name)) };
        define(&mut values, output, Value { shape, constant: None })?;
    }
    outputs(&graph, &values)?;
    let numbers = graph.initializer.iter().filter_map(|t| t.element_size().map(|size| t.raw_data.len() / size)).sum();
    Ok(Summary { nodes: graph.node.len(), constants: graph.initializer.len(), values: numbers })
}

struct Value<'a> {
    shape: Dims,
    constant: Option<&'a Tensor>,
}

fn define<'a>(values: &mut HashMap<&'a str, Value<'a>>, name: &'a str, value: Value<'a>) -> Result<(), String> {
    if name.is_empty() {
        return Err("a value has no name".to_owned());
    }
    match values.insert(name, value) {
        None => Ok(()),
        Some(_) => Err(format!("`{name}` is defined twice")),
    }
}

fn sized(tensor: &Tensor) -> Result<(), String> {
    let wanted = tensor.element_size().map(|size| tensor.dims.iter().product::<i64>() as usize * size);
    if wanted == Some(tensor.raw_data.len()) {
        Ok(())
    } else {
        Err(format!("constant `{}` has not the bytes its shape needs", tensor.name))
    }
}

fn declared(info: &ValueInfo) -> Result<Dims, String> {
    let shape = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref()).and_then(|t| t.shape.as_ref());
    let shape = shape.ok_or_else(|| format!("`{}` has no shape", info.name))?;
    let length = |value: &Option<DimensionValue>| match value {
        Some(DimensionValue::Length(length)) => Ok(*length),
        Some(DimensionValue::Name(name)) if name == "N" => Ok(BATCH),
        _ => Err(format!("`{}` has an axis without a length", info.name)),
    };
    shape.dim.iter().map(|dim| length(&dim.value)).collect()
}

fn outputs(graph: &Graph, values: &HashMap<&str, Value<'_>>) -> Result<(), String> {
    let [output] = graph.output.as_slice() else { return Err("it has not one output".to_owned()) };
    let found = values.get(output.name.as_str()).ok_or_else(|| format!("output `{}` is never computed", output.name))?;
    let wanted = declared(output)?;
    if found.shape == wanted { Ok(()) } else { Err(format!("output `{}` is {:?}, declared as {wanted:?}", output.name, found.shape)) }
}

/// The shape of a node's result.
fn infer(node: &Node, values: &HashMap<&str, Value<'_>>) -> Result<Dims, String> {
    let input = |i: usize| -> Result<&Value<'_>, String> {
        let name = node.input.get(i).ok_or("an input is missing")?;
        values.get(name.as_str()).ok_or_else(|| format!("`{name}` is not defined before it is used"))
    };
    // An input without a name is one that is left out.
    (0..node.input.len()).filter(|&i| !node.input[i].is_empty()).try_for_each(|i| input(i).map(|_| ()))?;
    let x = &input(0)?.shape;
    match node.op_type.as_str() {
        "Relu" | "Clip" | "Sigmoid" | "HardSigmoid" | "HardSwish" | "Softmax" | "Cast" | "BatchNormalization" => Ok(x.clone()),
        "Conv" => convolved(node, x, &input(1)?.shape, node.input.get(2).map(|_| input(2)).transpose()?.map(|bias| &bias.shape)),
        "ConvTranspose" => enlarged(node, x, &input(1)?.shape),
        "Resize" => resized(x, &input(2)?.constant.and_then(Tensor::as_floats).ok_or("its scales are no constant")?),
        "MaxPool" | "AveragePool" => windowed(node, x, x.get(1).copied().unwrap_or(0), &ints(node, "kernel_shape")),
        "GlobalAveragePool" => Ok(x.iter().enumerate().map(|(i, n)| if i < 2 { *n } else { 1 }).collect()),
        "Add" | "Mul" | "Sub" => broadcast(x, &input(1)?.shape),
        "Concat" => concatenated((0..node.input.len()).map(|i| input(i).map(|value| &value.shape)).collect::<Result<_, _>>()?),
        "Flatten" => Ok(vec![x.first().copied().unwrap_or(BATCH), x.iter().skip(1).product()]),
        "Gemm" => multiplied(x, &input(1)?.shape, &input(2)?.shape),
        "LayerNormalization" => normalised(x, &input(1)?.shape, &input(2)?.shape),
        "Gather" => Ok(x.clone()),
        "Transpose" => {
            ints(node, "perm").iter().map(|axis| x.get(*axis as usize).copied().ok_or_else(|| "no such axis".to_owned())).collect()
        }
        "Reshape" => reshaped(x, &input(1)?.constant.and_then(Tensor::as_integers).ok_or("its shape is no constant")?),
        other => Err(format!("operator `{other}` is not one that derm writes")),
    }
}

fn ints(node: &Node, name: &str) -> Vec<i64> {
    node.attribute.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.ints.clone()).unwrap_or_default()
}

fn convolved(node: &Node, x: &Dims, weight: &Dims, bias: Option<&Dims>) -> Result<Dims, String> {
    let group = node.attribute.iter().find(|a| a.name == "group").and_then(|a| a.i).unwrap_or(1);
    let fits = x.len() == weight.len()
        && x.get(1) == weight.get(1).map(|c| c * group).as_ref()
        && bias.is_none_or(|b| b.first() == weight.first());
    if !fits || ints(node, "kernel_shape") != weight[2..] {
        return Err(format!("a weight of {weight:?} cannot read {x:?}"));
    }
    windowed(node, x, weight[0], &weight[2..])
}

/// A window of `kernel` over the spatial axes.
fn windowed(node: &Node, x: &Dims, channels: i64, kernel: &[i64]) -> Result<Dims, String> {
    let axes = x.len().saturating_sub(2);
    let (pads, strides, dilations) = (ints(node, "pads"), ints(node, "strides"), ints(node, "dilations"));
    if kernel.len() != axes || (!pads.is_empty() && pads.len() != 2 * axes) {
        return Err("window and input have not the same axes".to_owned());
    }
    let mut shape = vec![x[0], channels];
    for axis in 0..axes {
        let at = |list: &[i64], i: usize, default| list.get(i).copied().unwrap_or(default);
        let reach = (kernel[axis] - 1) * at(&dilations, axis, 1) + 1;
        let free = x[axis + 2] + at(&pads, axis, 0) + at(&pads, axis + axes, 0) - reach;
        if free < 0 {
            return Err("the window is larger than the image".to_owned());
        }
        shape.push(free / at(&strides, axis, 1).max(1) + 1);
    }
    Ok(shape)
}

/// A transposed convolution: the shape that a convolution of these settings would read.
fn enlarged(node: &Node, x: &Dims, weight: &Dims) -> Result<Dims, String> {
    let group = node.attribute.iter().find(|a| a.name == "group").and_then(|a| a.i).unwrap_or(1);
    let (pads, strides, more) = (ints(node, "pads"), ints(node, "strides"), ints(node, "output_padding"));
    let (&[n, channels, height, width], &[reads, gives, kh, kw]) = (x.as_slice(), weight.as_slice()) else {
        return Err(format!("a weight of {weight:?} cannot read {x:?}"));
    };
    if channels != reads || pads.len() != 4 || strides.len() != 2 || more.len() != 2 || ints(node, "dilations") != [1, 1] {
        return Err(format!("a weight of {weight:?} cannot read {x:?}"));
    }
    let side = |axis: usize, length: i64, kernel: i64| (length - 1) * strides[axis] + kernel + more[axis] - pads[axis] - pads[axis + 2];
    Ok(vec![n, gives * group, side(0, height, kh), side(1, width, kw)])
}

fn resized(x: &Dims, scales: &[f32]) -> Result<Dims, String> {
    if scales.len() != x.len() || scales.first() != Some(&1.0) {
        return Err(format!("scales {scales:?} do not fit {x:?}"));
    }
    let scaled = x.iter().zip(scales).skip(1).map(|(length, scale)| (*length as f64 * f64::from(*scale)).floor() as i64);
    Ok(x.iter().take(1).copied().chain(scaled).collect())
}

fn broadcast(a: &Dims, b: &Dims) -> Result<Dims, String> {
    if a.len() != b.len() {
        return Err(format!("{a:?} and {b:?} have not the same axes"));
    }
    let one = |(a, b): (&i64, &i64)| match (*a, *b) {
        (a, b) if a == b || b == 1 => Ok(a),
        (1, b) => Ok(b),
        (a, b) => Err(format!("lengths {a} and {b} do not fit")),
    };
    a.iter().zip(b).map(one).collect()
}

fn concatenated(parts: Vec<&Dims>) -> Result<Dims, String> {
    let first = parts.first().ok_or("nothing to join")?;
    let same = |part: &&Dims| part.len() == first.len() && part.len() > 1 && part[0] == first[0] && part[2..] == first[2..];
    if !parts.iter().all(same) {
        return Err("the parts do not fit each other".to_owned());
    }
    let mut shape = (*first).clone();
    shape[1] = parts.iter().map(|part| part[1]).sum();
    Ok(shape)
}

fn normalised(x: &Dims, scale: &Dims, shift: &Dims) -> Result<Dims, String> {
    let fits = scale.len() == 1 && scale == shift && x.last() == scale.first();
    if fits { Ok(x.clone()) } else { Err(format!("{scale:?} and {shift:?} cannot scale {x:?}")) }
}

fn multiplied(x: &Dims, weight: &Dims, bias: &Dims) -> Result<Dims, String> {
    match (x.as_slice(), weight.as_slice(), bias.as_slice()) {
        ([n, inputs], [outputs, wide], [offsets]) if inputs == wide && outputs == offsets => Ok(vec![*n, *outputs]),
        _ => Err(format!("{weight:?} with {bias:?} cannot read {x:?}")),
    }
}

/// ONNX's rules: 0 copies an axis, one -1 takes what is left.
fn reshaped(x: &Dims, wanted: &[i64]) -> Result<Dims, String> {
    let copied: Dims = wanted.iter().enumerate().map(|(i, n)| if *n == 0 { x.get(i).copied().unwrap_or(0) } else { *n }).collect();
    let rest = |shape: &[i64]| shape.iter().skip(1).filter(|n| **n > 0).product::<i64>();
    if copied.first() != Some(&BATCH) || x.first() != Some(&BATCH) {
        return Err("the batch must stay first".to_owned());
    }
    let (all, known) = (rest(x), rest(&copied));
    let free = copied.iter().skip(1).filter(|n| **n < 0).count();
    if known == 0 || all % known != 0 || free > 1 || (free == 0 && all != known) {
        return Err(format!("{x:?} does not fit into {wanted:?}"));
    }
    Ok(copied.iter().enumerate().map(|(i, n)| if i > 0 && *n < 0 { all / known } else { *n }).collect())
}
