//! PyTorch's own files: what torch wrote is read to the last value, and nothing that a file holds is run.
//!
//! `interop/checkpoints.py` wrote `checkpoints/` with torch; `expected.json` is what torch itself read from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use derm::nn::Error;
use derm::nn::error::TorchFault;
use derm::nn::weights::Weights;
use proptest::prelude::*;
use serde_json::Value;

use super::support::Sandbox;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/derm/checkpoints")
}

fn expected() -> serde_json::Map<String, Value> {
    serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

/// Every name, shape and value of a file, as `expected.json` writes them.
fn tensors(weights: &Weights) -> Value {
    let tensor = |name: &str| {
        let tensor = weights.get(name).unwrap();
        let values = tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        (name.to_owned(), serde_json::json!({ "shape": tensor.dims(), "values": values }))
    };
    weights.names().map(tensor).collect::<serde_json::Map<_, _>>().into()
}

fn fault(bytes: &[u8]) -> TorchFault {
    match Weights::parse(bytes, Path::new("file")).unwrap_err() {
        Error::Torch { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn what_torch_wrote_is_read_as_torch_reads_it() {
    for (name, expected) in expected().iter().filter(|(_, expected)| expected.get("tensors").is_some()) {
        let weights = Weights::open(&folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(tensors(&weights), expected["tensors"], "{name}");
        assert_eq!(serde_json::json!(weights.under()), expected["under"], "{name}");
    }
}

#[test]
fn integers_are_no_weights() {
    let others = |name| Weights::open(&folder().join(name)).unwrap().others().to_vec();
    let named = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect::<Vec<_>>();
    for name in ["dtypes.pth", "old_dtypes.pth"] {
        assert_eq!(others(name), named(&[("flag", "bool"), ("i64", "int64"), ("u8", "uint8")]), "{name}");
    }
    assert_eq!(others("uint16.pth"), named(&[("codes", "uint16")]));
    assert_eq!(others("plain.pth"), [], "the counters of batch norms go without saying");
}

#[test]
fn what_is_no_state_dict_is_refused_by_name() {
    for (name, expected) in expected().iter().filter(|(_, expected)| expected.get("fault").is_some()) {
        let message = fault(&bytes(name)).to_string();
        assert!(message.contains(expected["fault"].as_str().unwrap()), "{name}: {message}");
    }
}

/// The command line: nothing is run, the file is named, and the user is told what to do.
#[test]
fn an_attack_is_named_and_not_run() {
    let sandbox = Sandbox::empty();
    for name in ["attack.pth", "old_attack.pth"] {
        fs::copy(folder().join(name), sandbox.path(name)).unwrap();
        let arguments = ["export", "--network", "squeezenet1_1", "--weights", name, "--format", "onnx", "--out", "x.onnx"];
        sandbox.derm(arguments).exits(2).complains([
            name,
            "`posix.system`, which derm does not run",
            "hint:",
            "torch.save(model.state_dict()",
        ]);
    }
    assert!(!sandbox.path("derm-was-here").exists());
}

#[test]
fn files_that_are_cut_short_are_refused() {
    for name in ["plain.pth", "old_views.pth", "trained.ckpt"] {
        let whole = bytes(name);
        for length in 2..whole.len() {
            assert!(Weights::parse(&whole[..length], Path::new(name)).is_err(), "{name} cut at {length}");
        }
    }
}

/// A file whose pickles are this program, in the layout without checksums.
fn old_file(program: &[u8]) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    [magic, &b"\x80\x02M\xe9\x03."[..], b"\x80\x02}.", program, b"\x80\x02]."].concat()
}

#[test]
fn references_do_not_multiply() {
    // A mapping that holds itself, and mappings that each hold the last one many times.
    assert_eq!(fault(&old_file(b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.")), TorchFault::NoStateDict { keys: vec!["a".into()] });
    let mut layers = b"\x80\x02}q\x00".to_vec();
    for place in 0..200u8 {
        layers.extend(b"}(");
        (0..200u8).for_each(|key| layers.extend([b'K', key, b'h', place]));
        layers.extend([b'u', b'q', place + 1]);
    }
    layers.push(b'.');
    let started = Instant::now();
    assert!(matches!(fault(&old_file(&layers)), TorchFault::NoStateDict { .. }));
    // One list of pairs, made into a mapping again and again.
    let mut copies = b"\x80\x02ccollections\nOrderedDict\nq\x00](".to_vec();
    (0..5000).for_each(|_| copies.extend(b"K\x01K\x02\x86"));
    copies.extend(b"e\x85q\x010");
    (0..100_000).for_each(|_| copies.extend(b"h\x00h\x01R0"));
    copies.extend(b"N.");
    assert!(matches!(fault(&old_file(&copies)), TorchFault::Malformed { .. }));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn instructions_beyond_data_are_refused() {
    for code in [b'i', b'o', b'P', 0x82, 0x97, b'I', b'g', 0xff] {
        assert!(matches!(fault(&old_file(&[0x80, 2, code, b'.'])), TorchFault::Opcode { code: c, at: 2 } if c == code), "{code:#x}");
    }
    for program in
        [&b"\x80\x02R."[..], b"\x80\x02u.", b"\x80\x02(h\x07.", b"\x80\x02.", b"\x80\x02K\x01K\x02s.", b"\x80\x02NQ.", b"\x80\x02((0."]
    {
        assert!(matches!(fault(&old_file(program)), TorchFault::Malformed { .. }), "{program:x?}");
    }
}

/// Reads without a panic, and no more elements than a file of this length may have.
fn survives(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(weights) = Weights::parse(bytes, Path::new("damaged")) {
        let count: usize = weights.names().map(|name| weights.get(name).unwrap().elem_count()).sum();
        prop_assert!(count <= 8 * bytes.len());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn damaged_bytes_give_an_error_and_no_panic(
        which in 0usize..6, damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let mut bytes = bytes(["old.pth", "old_views.pth", "old_dtypes.pth", "old_attack.pth", "views.pth", "trained.ckpt"][which]);
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        survives(&bytes)?;
    }

    #[test]
    fn random_programs_give_an_error_and_no_panic(
        program in proptest::collection::vec(prop_oneof![
            4 => prop::sample::select(&b"N}](tudeaslR\x85\x86\x87\x81\x94bQ012)\x88\x89\x8f\x90\x91\x93."[..]).prop_map(|code| vec![code]),
            2 => (prop::sample::select(&b"KqhU\x8cC\x8a"[..]), 0u8..4).prop_map(|(code, byte)| vec![code, byte, b'a', b'a', b'a']),
            1 => (prop::sample::select(&b"JrjXBT\x8b"[..]), any::<u32>()).prop_map(|(code, n)| [&[code][..], &n.to_le_bytes()].concat()),
            1 => (prop::sample::select(&[0x8du8, 0x8e, 0x95, 0x96][..]), any::<u64>()).prop_map(|(code, n)| [&[code][..], &n.to_le_bytes()].concat()),
            1 => Just(b"ctorch._utils\n_rebuild_tensor_v2\n".to_vec()),
            1 => Just(b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000NK\x04tQ".to_vec()),
            1 => Just(b"ccollections\nOrderedDict\n)R".to_vec()),
        ], 0..60)
    ) {
        survives(&old_file(&[&[0x80, 2][..], &program.concat(), b"."].concat()))?;
    }
}
