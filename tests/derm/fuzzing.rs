//! The fuzzers' entry points on their seeds, and on those with a few bytes changed: `fuzz/` does the same for longer and knows
//! which ways were taken.

use std::fs;
use std::path::Path;

/// As many changed inputs as are tried of each format.
const TRIES: u64 = 2_000;

#[test]
fn no_format_panics_and_what_is_accepted_reads_back() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, check) in derm::fuzzing::TARGETS {
        let files = fs::read_dir(seeds.join(name)).unwrap_or_else(|error| panic!("seeds of {name}: {error}"));
        let seeds: Vec<Vec<u8>> = files.map(|file| fs::read(file.unwrap().path()).unwrap()).collect();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        seeds.iter().for_each(|seed| check(seed));
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below.max(1)
        };
        for _ in 0..TRIES {
            let mut bytes = seeds[draw(seeds.len())].clone();
            for _ in 0..=draw(4) {
                let at = draw(bytes.len());
                match draw(5) {
                    0 if !bytes.is_empty() => bytes[at] ^= 1 << draw(8),
                    1 if !bytes.is_empty() => drop(bytes.remove(at)),
                    2 => bytes.truncate(at),
                    3 => bytes.insert(at, [b':', b' ', b'\n', b'"', b'-', b'0', 0, 255][draw(8)]),
                    _ => {
                        let from = draw(bytes.len() + 1);
                        let part = bytes[from.min(at)..from.max(at)].to_vec();
                        bytes.splice(at..at, part);
                    }
                }
            }
            check(&bytes);
        }
    }
}
