//! A module uses only what stands in a row below it; peers in a row do not use each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Top row first; the order of `src/lib.rs` and ARCHITECTURE.md.
const ROWS: &[&[&str]] = &[
    &["main"],
    &["fuzzing"],
    &["commands"],
    &["ui"],
    &["cli"],
    &["serving", "experiments"],
    &["training", "drift", "explain", "export"],
    &["evaluation"],
    &["tracking", "pipeline"],
    &["dataset", "nn"],
    &["store"],
    &["workspace"],
    &["report"],
    &["digest", "relpath", "clock", "text", "observer", "allocator"],
];

fn row_of(module: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&module))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Modules named after `crate::` (or `derm::` in the binary), also inside `use crate::{a, b::c}`.
fn used_modules(source: &str) -> Vec<String> {
    let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut used = Vec::new();
    for prefix in ["crate::", "derm::"] {
        for (at, _) in code.match_indices(prefix) {
            let rest = &code[at + prefix.len()..];
            let Some(inside) = rest.strip_prefix('{') else {
                used.push(word(rest));
                continue;
            };
            let mut depth = 1;
            let mut start = true;
            for (i, c) in inside.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => start = true,
                    c if start && c.is_alphanumeric() && depth == 1 => {
                        used.push(word(&inside[i..]));
                        start = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        }
    }
    used.retain(|name| !name.is_empty());
    used
}

#[test]
fn every_use_points_downwards() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = BTreeMap::new();
    for file in &files {
        let below = file.strip_prefix(&src).unwrap();
        let first = below.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let own = row_of(module).unwrap_or_else(|| panic!("`{module}` has no row: give it one here and in lib.rs"));
        for used in used_modules(&fs::read_to_string(file).unwrap()) {
            let row = row_of(&used).unwrap_or_else(|| panic!("{}: `crate::{used}` has no row", below.display()));
            if used != module && row <= own {
                wrong.insert(below.to_path_buf(), used);
            }
        }
    }
    assert!(wrong.is_empty(), "uses that do not point downwards: {wrong:#?}");
}

#[test]
fn only_workspace_uses_git2_and_only_ui_prints() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    for file in files {
        let below = file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        let source = fs::read_to_string(&file).unwrap();
        for (word, home) in [("git2::", "workspace"), ("indicatif::", "ui"), ("io::stdout(", "ui"), ("io::stderr(", "ui")] {
            assert!(!source.contains(word) || below.starts_with(home), "{below} uses {word}, which belongs to {home}");
        }
    }
}
