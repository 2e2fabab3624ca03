//! `outs`, `metrics` and `plots`: a path, or a path with flags.

use super::Reader;
use crate::pipeline::stage::{Out, Role};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{Entry, Mark, Node};
use crate::relpath::RelPath;

const FLAGS: &[&str] = &["cache", "persist", "resume", "push", "remote", "desc", "type", "labels", "meta", "checkpoint"];
const PLOT_FLAGS: &[&str] = &[
    "cache",
    "persist",
    "resume",
    "push",
    "remote",
    "desc",
    "type",
    "labels",
    "meta",
    "checkpoint",
    "x",
    "y",
    "x_label",
    "y_label",
    "title",
    "header",
    "template",
];

impl Reader<'_, '_> {
    pub(super) fn outs(&mut self, node: &Node, role: Role, wdir: &RelPath, what: &str, outs: &mut Vec<Out>) {
        for item in self.list(node, what).unwrap_or_default() {
            match item.entries() {
                Some(entries) => {
                    for entry in entries {
                        self.out_with_flags(entry, role, wdir, outs);
                    }
                }
                None => outs.extend(self.path(item, wdir).and_then(|path| self.out(path, item.mark, role))),
            }
        }
    }

    fn out(&mut self, path: RelPath, mark: Mark, role: Role) -> Option<Out> {
        let first = path.parts().next().unwrap_or_default();
        if path.is_root() || first == ".derm" || first == ".git" {
            self.problems.add(mark, format!("`{path}` cannot be an output"));
            return None;
        }
        Some(Out { path, mark, role, cache: true, persist: false, resume: false, push: true, remote: None, notes: Value::Null })
    }

    fn out_with_flags(&mut self, entry: &Entry, role: Role, wdir: &RelPath, outs: &mut Vec<Out>) {
        let named = Node::text(entry.mark, entry.key.clone());
        let out = self.path(&named, wdir).and_then(|path| self.out(path, entry.mark, role));
        let maps: Vec<&Node> = match entry.value.items() {
            Some(items) if role == Role::Plot => items.iter().collect(),
            _ if entry.value.is_null() => Vec::new(),
            _ => vec![&entry.value],
        };
        let mut out = out;
        for map in maps {
            let what = format!("the flags of `{}`", entry.key);
            let Some(flags) = self.map(map, &what) else { continue };
            self.known(flags, &what, if role == Role::Plot { PLOT_FLAGS } else { FLAGS });
            for flag in flags {
                self.out_flag(flag, out.as_mut());
            }
            if let Some(out) = &mut out {
                out.notes = map.to_value();
            }
        }
        outs.extend(out);
    }

    fn out_flag(&mut self, flag: &Entry, out: Option<&mut Out>) {
        let what = format!("`{}`", flag.key);
        match flag.key.as_str() {
            "cache" | "persist" | "resume" | "push" => {
                let value = self.flag(&flag.value, &what);
                match (flag.key.as_str(), out) {
                    ("cache", Some(out)) => out.cache = value,
                    ("persist", Some(out)) => out.persist = value,
                    ("resume", Some(out)) => out.resume = value,
                    ("push", Some(out)) => out.push = value,
                    _ => {}
                }
            }
            "remote" => {
                let remote = self.text(&flag.value, &what);
                if let Some(out) = out {
                    out.remote = remote;
                }
            }
            "desc" | "type" => drop(self.text(&flag.value, &what)),
            "labels" => drop(self.list(&flag.value, &what)),
            "checkpoint" => self.problems.warn(flag.mark, "`checkpoint` is gone from DVC 3 and has no effect"),
            _ => {}
        }
    }
}
