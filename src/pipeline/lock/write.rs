//! A lock as text.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Lock, Record, SCHEMA};
use crate::pipeline::stage::Command;
use crate::pipeline::yaml::emit;
use crate::relpath::RelPath;
use crate::store::{Entry, Kind};

pub(super) const HEAD: &str = "# What each stage last used and made. Written by `derm repro`; commit it, do not edit it.\n";

/// The file's text.
pub fn to_yaml(lock: &Lock) -> String {
    let mut out = format!("{HEAD}schema: {SCHEMA}\n");
    if lock.is_empty() {
        out.push_str("stages: {}\n");
        return out;
    }
    out.push_str("stages:\n");
    for (name, record) in lock {
        out.push_str(&of_stage(name, record));
    }
    out
}

/// The lines of one stage.
pub(super) fn of_stage(name: &str, record: &Record) -> String {
    let mut out = format!("  {}\n", emit::key(name, 2));
    stage(&mut out, record);
    out
}

/// Writing into a String cannot fail.
fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

fn stage(out: &mut String, record: &Record) {
    match &record.cmd {
        Command::Text(text) => put(out, format_args!("    cmd: {}\n", emit::block(text, 6))),
        Command::List(items) => {
            out.push_str("    cmd:\n");
            for item in items {
                put(out, format_args!("    - {}\n", emit::block(item, 6)));
            }
        }
    }
    entries(out, "deps", record.deps.iter(), &BTreeSet::new());
    if !record.params.is_empty() {
        out.push_str("    params:\n");
        for (file, keys) in &record.params {
            let empty = if keys.is_empty() { " {}" } else { "" };
            put(out, format_args!("      {}{empty}\n", emit::key(file.as_str(), 6)));
            for (key, value) in keys {
                put(out, format_args!("        {} {}\n", emit::key(key, 8), emit::value(value)));
            }
        }
    }
    entries(out, "outs", record.outs.iter(), &record.uncached);
    if !record.changed.is_empty() {
        out.push_str("    changed:\n");
        for path in &record.changed {
            put(out, format_args!("    - {}\n", emit::text(path.as_str())));
        }
    }
}

fn entries<'a>(
    out: &mut String,
    name: &str,
    entries: impl ExactSizeIterator<Item = (&'a RelPath, &'a Entry)>,
    uncached: &BTreeSet<RelPath>,
) {
    if entries.len() == 0 {
        return;
    }
    put(out, format_args!("    {name}:\n"));
    for (path, entry) in entries {
        let kind = match entry.kind {
            Kind::File => "file",
            Kind::Tree => "tree",
        };
        put(out, format_args!("    - path: {}\n", emit::text(path.as_str())));
        put(
            out,
            format_args!(
                "      hash: {}\n      kind: {kind}\n      size: {}\n      files: {}\n",
                emit::text(&entry.id.hex()),
                entry.size,
                entry.files
            ),
        );
        if entry.executable {
            out.push_str("      executable: true\n");
        }
        if uncached.contains(path) {
            out.push_str("      cache: false\n");
        }
    }
}
