//! What travels in an ONNX file beside the graph: `metadata_props`, all texts.

use serde_json::json;

use super::onnx::{Input, METADATA, Output};
use super::proto::Property;
use crate::nn::metadata::Encoding;
use crate::nn::{ColourConstancy, Network, Preprocess};

/// What a model is, apart from its network.
#[derive(Clone, Debug, Default)]
pub struct Card {
    /// Class names in the order of the outputs.
    pub classes: Vec<String>,
    /// Licence of the weights.
    pub licence: Option<String>,
    /// Hash of the training data, from the provenance.
    pub data_hash: Option<String>,
    /// Licence of the training data.
    pub data_licence: Option<String>,
    /// How the second input is made, of a network that takes metadata.
    pub metadata: Option<Encoding>,
    /// Whether the outputs are labels that do not exclude each other.
    pub multi_label: bool,
    /// The key of the training: its data, split, settings and code.
    pub training_key: Option<String>,
}

/// The properties, in a fixed order.
pub fn properties(network: &Network, preprocess: &Preprocess, card: &Card, input: Input, output: Output) -> Vec<Property> {
    let classes = serde_json::Value::from(card.classes.clone()).to_string();
    let mut all = vec![
        ("derm.version", env!("CARGO_PKG_VERSION").to_owned()),
        ("derm.architecture", network.architecture().name.to_owned()),
        ("derm.classes", classes),
        ("names", index_map(&card.classes)),
        ("derm.preprocess", preprocess_json(preprocess, input)),
        ("derm.output", output.name().to_owned()),
    ];
    if card.multi_label {
        all.push(("derm.task", "multi-label".to_owned()));
    }
    if let Some(encoding) = &card.metadata {
        all.push(("derm.metadata", json!({ "inputs": encoding.names(), "encoding": encoding }).to_string()));
    }
    let optional = [
        ("derm.license", &card.licence),
        ("derm.dataset_blake3", &card.data_hash),
        ("derm.dataset_license", &card.data_licence),
        ("derm.training_key", &card.training_key),
    ];
    all.extend(optional.into_iter().filter_map(|(key, value)| value.clone().map(|value| (key, value))));
    all.push(("derm.intended_use", "research; not a medical device".to_owned()));
    all.into_iter().map(|(key, value)| Property { key: key.to_owned(), value }).collect()
}

/// `{0: 'nv', 1: 'mel'}`, the form of index map that many viewers of YOLO models read.
fn index_map(classes: &[String]) -> String {
    let one = |(i, name): (usize, &String)| format!("{i}: '{}'", name.replace('\\', "\\\\").replace('\'', "\\'"));
    format!("{{{}}}", classes.iter().enumerate().map(one).collect::<Vec<_>>().join(", "))
}

/// How a picture becomes the input. `applied` says which part the graph does itself.
fn preprocess_json(preprocess: &Preprocess, input: Input) -> String {
    json!({
        "width": preprocess.width,
        "height": preprocess.height,
        "fit": preprocess.fit,
        "interpolation": preprocess.interpolation,
        "mean": preprocess.mean,
        "std": preprocess.std,
        "channels": preprocess.channels,
        "colour_constancy": preprocess.colour_constancy,
        "scale": "values are divided by 255 before mean and std",
        "in_graph": if input == Input::Pixels { "normalise" } else { "none" },
    })
    .to_string()
}

/// The graph's input and output in words.
pub fn doc(network: &Network, preprocess: &Preprocess, card: &Card, input: Input, output: Output) -> String {
    let (height, width) = (preprocess.height, preprocess.width);
    let order = serde_json::to_value(preprocess.channels).ok().and_then(|v| v.as_str().map(str::to_uppercase)).unwrap_or_default();
    let reads = match input {
        Input::Normalised => format!("`input` float32 [N, 3, {height}, {width}], {order} planes, (value / 255 - mean) / std"),
        Input::Pixels => format!("`image` uint8 [N, {height}, {width}, 3], RGB pixels of exactly this size"),
    };
    let before = match preprocess.colour_constancy {
        ColourConstancy::None => "",
        ColourConstancy::ShadesOfGray => " after shades of gray (p = 6), which the graph does not do",
    };
    let beside = match network.graph().fusion() {
        Some(fusion) => format!(" and `{METADATA}` float32 [N, {}], made as `derm.metadata` says", fusion.inputs),
        None => String::new(),
    };
    format!(
        "{} for {} {}. Reads {reads}{before}{beside}; gives `{}` float32 [N, {1}].",
        network.architecture().name,
        network.classes(),
        if card.multi_label { "labels, any number of which an image may have" } else { "classes" },
        output.name()
    )
}

#[cfg(test)]
mod tests {
    use super::index_map;

    #[test]
    fn index_maps_quote_names() {
        assert_eq!(index_map(&["nv".into(), "it's".into()]), "{0: 'nv', 1: 'it\\'s'}");
    }
}
