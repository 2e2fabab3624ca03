//! Candle's operations with missing, wrong or unusable gradients are not called: `src/nn/ops.rs` lists them, with what is used instead.

use std::fs;
use std::path::{Path, PathBuf};

/// Compares derm's logits with those of candle-transformers, which stands on these operations, on purpose: forward only, nothing of
/// it is differentiated.
const ALLOWED: &str = "nn/selfcheck.rs";

/// Where networks whose operations are composed go back over candle's graph, once and with nothing left in it that is on these lists.
const GRAPH: &str = "nn/tape/composed.rs";

/// Of candle-nn: looked for in files that name that package.
const CANDLE_NN: &[&str] = &[
    "LayerNorm",
    "LayerNormConfig",
    "layer_norm",
    "layer_norm_no_bias",
    "RmsNorm",
    "rms_norm",
    "softmax_last_dim",
    "sdpa",
    "rope",
    "rope_i",
    "rope_thd",
    "BatchNorm",
    "BatchNormConfig",
    "batch_norm",
    "Dropout",
    "dropout",
    "cross_entropy",
    "nll",
    "binary_cross_entropy_with_logit",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "conv1d",
    "conv2d",
    "conv2d_no_bias",
    "conv_transpose1d",
    "conv_transpose2d",
];

/// Of candle's tensors and devices, with any arguments.
const METHODS: &[&str] = &[
    "max_pool2d",
    "max_pool2d_with_stride",
    "avg_pool2d",
    "avg_pool2d_with_stride",
    "interpolate1d",
    "interpolate2d",
    "upsample_nearest1d",
    "upsample_nearest2d",
    "upsample_bilinear2d",
    "upsample_bilinear2d_with_scale",
    "conv1d",
    "conv1d_with_algo",
    "conv2d",
    "conv2d_with_algo",
    "conv_transpose1d",
    "conv_transpose2d",
    "set_seed",
    "apply_op1_no_bwd",
    "apply_op2_no_bwd",
    "apply_op3_no_bwd",
];

/// Of candle's tensors, without arguments: derm's own methods of these names have some.
const WITHOUT_ARGUMENTS: &[&str] = &["relu", "backward"];

/// The names of trapped operations that a file uses, in the order of the lists.
fn traps(source: &str, is_test: bool) -> Vec<String> {
    let code = code(source);
    let live = code.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    if code.contains("candle_nn") {
        found.extend(CANDLE_NN.iter().filter(|word| words(&code).any(|other| other == **word)).map(|word| format!("candle_nn's {word}")));
    }
    if code.contains("candle_transformers") {
        found.push("candle_transformers, which is made of all of them".to_owned());
    }
    for (name, arguments) in METHODS.iter().map(|name| (name, "(")).chain(WITHOUT_ARGUMENTS.iter().map(|name| (name, "()"))) {
        // Tests may ask candle for gradients.
        let place = if *name == "backward" && is_test {
            ""
        } else if *name == "backward" {
            live
        } else {
            &code
        };
        if [format!(".{name}{arguments}"), format!("Tensor::{name}")].iter().any(|call| whole(place, call)) {
            found.push((*name).to_owned());
        }
    }
    found
}

/// Whether a call stands in the code, and not only the beginning of another's name.
fn whole(code: &str, call: &str) -> bool {
    code.match_indices(call)
        .any(|(at, _)| call.ends_with(['(', ')']) || !code[at + call.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The lines without comments.
fn code(source: &str) -> String {
    let line = |line: &str| line.split("//").next().unwrap_or_default().to_owned() + "\n";
    source.lines().map(line).collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => rust_files(&path, found),
            false => found.extend((path.extension().is_some_and(|e| e == "rs")).then_some(path)),
        }
    }
}

#[test]
fn candle_s_traps_are_not_called() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let below = file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        let goes_back = below.ends_with("tests.rs") || below.contains("tests/") || below == GRAPH;
        if below != ALLOWED {
            let found = traps(&fs::read_to_string(&file).unwrap(), goes_back);
            wrong.extend(found.into_iter().map(|name| format!("{below} uses {name}: see the table in src/nn/ops.rs")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_scanner_finds_traps_and_nothing_else() {
    let found = |source: &str| traps(source, false);
    assert_eq!(found("let y = x.max_pool2d(2)?\n    .relu()?;"), ["max_pool2d", "relu"]);
    assert_eq!(
        found("use candle_nn::{ops, LayerNorm};\nops::softmax_last_dim(&x)"),
        ["candle_nn's LayerNorm", "candle_nn's softmax_last_dim"]
    );
    assert_eq!(found("xs.iter().map(Tensor::relu)"), ["relu"]);
    assert_eq!(found("let grads = loss.backward()?;"), ["backward"]);
    assert_eq!(found("device.set_seed(1)?"), ["set_seed"]);
    assert_eq!(found("use candle_transformers::models::vit;").len(), 1);
    // derm's own, comments, tests, and what begins alike.
    assert_eq!(found("let y = ops::conv2d(&x, &w, None, &c)?; g.relu(x); tape.backward(network, dy, |_| true)"), [""; 0]);
    assert_eq!(found("// x.max_pool2d(2)\nlet y = ops::LayerNorm { eps };"), [""; 0]);
    assert_eq!(found("#[cfg(test)]\nmod tests { fn f() { y.backward(); } }"), [""; 0]);
    assert_eq!(found("Tensor::relu_of(x); x.max_pool2d_by_hand(2)"), [""; 0]);
    assert_eq!(traps("y.backward(); y.conv2d(&w)", true), ["conv2d"]);
}

/// The last column of the table in `src/nn/ops.rs` names tests that exist.
#[test]
fn every_trap_is_guarded_by_a_test() {
    let nn = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/nn");
    let source = fs::read_to_string(nn.join("ops.rs")).unwrap();
    let rows: Vec<&str> = source.lines().filter(|line| line.starts_with("//! | `")).collect();
    assert!(rows.len() >= 12, "the table has {} rows", rows.len());
    for row in rows {
        let column = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let names: Vec<&str> = column.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let (module, test) = name.split_once("::").unwrap_or_else(|| panic!("`{name}` has no module"));
            let file = if module == "nn" { nn.join("tests.rs") } else { nn.join("ops/tests").join(module).with_extension("rs") };
            assert!(fs::read_to_string(file).unwrap().contains(&format!("fn {test}()")), "there is no test `{name}`: {row}");
        }
    }
}
