//! One binary for all formats: `DERM_FORMAT` says which (`derm_fuzz::fuzzing::TARGETS`).
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static CHECK: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let check = CHECK.get_or_init(|| {
        let wanted = std::env::var("DERM_FORMAT").unwrap_or_default();
        let found = derm_fuzz::fuzzing::TARGETS.iter().find(|(name, _)| *name == wanted);
        found.unwrap_or_else(|| panic!("DERM_FORMAT={wanted}: no such format")).1
    });
    check(bytes);
});
