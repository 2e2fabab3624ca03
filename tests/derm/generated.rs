//! See `main.rs`.
//!
//! `DERM_UPDATE=1 cargo test --release --test derm generated::` rewrites the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap_complete::Generator;
use clap_complete::Shell;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares the files of a folder with what they should be, byte by byte, none more and none less.
fn check(folder: &Path, wanted: &BTreeMap<String, Vec<u8>>) {
    let names = || {
        let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
        files.map(|entry| entry.file_name().into_string().unwrap()).collect::<BTreeSet<_>>()
    };
    if std::env::var_os("DERM_UPDATE").is_some() {
        fs::create_dir_all(folder).unwrap();
        names().iter().filter(|name| !wanted.contains_key(*name)).for_each(|name| fs::remove_file(folder.join(name)).unwrap());
        wanted.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    }
    let again = "run `DERM_UPDATE=1 cargo test --release --test derm generated::` and commit the files";
    let wrong: Vec<&String> =
        wanted.iter().filter(|(name, bytes)| fs::read(folder.join(name)).ok().as_ref() != Some(*bytes)).map(|(name, _)| name).collect();
    assert!(wrong.is_empty(), "{wrong:?} in {} differ from clap's definitions: {again}", folder.display());
    let extra: Vec<String> = names().into_iter().filter(|name| !wanted.contains_key(name)).collect();
    assert!(extra.is_empty(), "{extra:?} in {} are of no command: {again}", folder.display());
}

#[test]
fn completions_are_what_clap_says() {
    let scripts =
        Shell::value_variants().iter().map(|shell| (shell.file_name("derm"), derm::commands::completions::script(*shell).into_bytes()));
    check(&folder("completions"), &scripts.collect());
}

#[test]
fn man_pages_are_what_clap_says() {
    check(&folder("completions/man"), &derm::commands::man::pages().unwrap().into_iter().collect());
}

/// Every command below `command`, with its full name.
fn walk(command: &clap::Command, name: &str, visit: &mut impl FnMut(&str, &clap::Command)) {
    visit(name, command);
    for sub in command.get_subcommands() {
        walk(sub, &format!("{name} {}", sub.get_name()), visit);
    }
}

#[test]
fn the_definition_holds_together() {
    derm::cli::command().debug_assert();
}

#[test]
fn every_command_option_and_value_is_explained() {
    let mut missing = Vec::new();
    walk(&derm::cli::command(), "derm", &mut |name, command| {
        if command.get_about().is_none() {
            missing.push(format!("{name}: the command itself"));
        }
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            if arg.get_help().is_none_or(|help| help.to_string().trim().is_empty()) {
                missing.push(format!("{name}: help of `{}`", arg.get_id()));
            }
            let takes_value = arg.get_action().takes_values();
            let default_name = arg.get_id().as_str().to_uppercase();
            let shown = arg.get_value_names().unwrap_or_default();
            if takes_value && (shown.is_empty() || shown.iter().any(|value| value.as_str() == default_name && default_name.contains('_'))) {
                missing.push(format!("{name}: a name for the value of `{}`", arg.get_id()));
            }
        }
    });
    assert!(missing.is_empty(), "not explained: {missing:#?}");
}

#[test]
fn no_short_option_has_two_meanings() {
    let mut meanings: BTreeMap<char, BTreeMap<String, String>> = BTreeMap::new();
    walk(&derm::cli::command(), "derm", &mut |name, command| {
        for arg in command.get_arguments() {
            if let Some(short) = arg.get_short() {
                let long = arg.get_long().unwrap_or("").to_owned();
                meanings.entry(short).or_default().insert(long, name.to_owned());
            }
        }
    });
    meanings.retain(|_, longs| longs.len() > 1);
    assert!(meanings.is_empty(), "short options with two meanings: {meanings:#?}");
}

#[test]
fn help_lines_begin_with_a_capital_and_end_without_a_full_stop() {
    let mut wrong = Vec::new();
    walk(&derm::cli::command(), "derm", &mut |name, command| {
        let abouts = command.get_about().filter(|_| name != "derm").map(|about| (name.to_owned(), about.to_string()));
        let helps = command.get_arguments().filter_map(|arg| Some((format!("{name} {}", arg.get_id()), arg.get_help()?.to_string())));
        for (what, text) in abouts.into_iter().chain(helps) {
            let starts_well = text.chars().next().is_some_and(|c| !c.is_lowercase());
            if !starts_well || text.trim_end().ends_with('.') {
                wrong.push(format!("{what}: {text}"));
            }
        }
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}
