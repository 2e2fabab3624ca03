//! The map of one stage.

use super::Reader;
use crate::pipeline::stage::{Command, Params, Role, Stage};
use crate::pipeline::template::{self, Scope};
use crate::pipeline::yaml::{Data, Entry, Mark, Node};
use crate::relpath::RelPath;

const KEYS: &[&str] = &[
    "cmd",
    "wdir",
    "deps",
    "params",
    "outs",
    "metrics",
    "plots",
    "frozen",
    "always_changed",
    "desc",
    "meta",
    "vars",
    "env",
    "timeout",
    "retry",
    "resources",
    "mutex",
    "executor",
    "shell",
];

impl Reader<'_, '_> {
    /// Keys that nobody knows: once for a definition, however many stages it expands to.
    pub(super) fn check_keys(&mut self, node: &Node, what: &str) {
        let Some(entries) = self.map(node, what) else { return };
        for entry in entries {
            match entry.key.as_str() {
                "live" => {
                    self.problems.warn(entry.mark, "`live` is gone from DVC 3 and has no effect; name its files in `metrics` or `plots`")
                }
                "do" => self.problems.add(entry.mark, format!("{what} has `do` but no `foreach`")),
                key if KEYS.contains(&key) => {}
                key => self.problems.unknown_key(entry.mark, key, what, KEYS),
            }
        }
        if node.get("cmd").is_none() {
            self.problems.add_whole(node.mark, format!("{what} has no `cmd`"));
        }
    }

    pub(super) fn stage(
        &mut self,
        name: String,
        group: Option<String>,
        mark: Mark,
        node: &Node,
        scope: &Scope,
        base: &RelPath,
    ) -> Option<Stage> {
        let wdir = match node.get("wdir") {
            Some(wdir) => {
                let filled = template::fill(wdir, scope, false, &mut self.problems);
                self.path(&filled, base)?
            }
            None => base.clone(),
        };
        let own_scope = node.get("vars").map(|vars| {
            let mut own = scope.clone();
            self.add_vars(vars, &wdir, &mut own);
            own
        });
        let node = self.filled(node, own_scope.as_ref().unwrap_or(scope));
        // Without a command the rest is read all the same, for its problems.
        let cmd = node.get("cmd").and_then(|cmd| self.cmd(cmd));
        let mut stage = Stage {
            pipeline: 0,
            name,
            group,
            mark,
            cmd: cmd.clone().unwrap_or(Command::List(Vec::new())),
            deps: Vec::new(),
            params: Vec::new(),
            outs: Vec::new(),
            frozen: node.get("frozen").is_some_and(|node| self.flag(node, "`frozen`")),
            always_changed: node.get("always_changed").is_some_and(|node| self.flag(node, "`always_changed`")),
            desc: node.get("desc").and_then(|node| self.text(node, "`desc`")),
            how: self.how(&node),
            wdir,
        };
        self.inputs_and_outputs(&node, &mut stage);
        cmd.map(|_| stage)
    }

    /// The stage with its `${…}` replaced, but for what may not hold any.
    fn filled(&mut self, node: &Node, scope: &Scope) -> Node {
        let entries = node.entries().unwrap_or_default();
        let fill = |entry: &Entry, reader: &mut Self| Entry {
            key: entry.key.clone(),
            mark: entry.mark,
            value: match entry.key.as_str() {
                "vars" | "wdir" | "meta" => entry.value.clone(),
                key => template::fill(&entry.value, scope, key == "cmd", &mut reader.problems),
            },
        };
        Node { mark: node.mark, data: Data::Map(entries.iter().map(|entry| fill(entry, self)).collect()) }
    }

    fn inputs_and_outputs(&mut self, node: &Node, stage: &mut Stage) {
        if let Some(deps) = node.get("deps") {
            for item in self.list(deps, "`deps`").unwrap_or_default() {
                stage.deps.extend(self.path(item, &stage.wdir));
            }
            stage.deps.sort();
            stage.deps.dedup();
        }
        if let Some(params) = node.get("params") {
            stage.params = self.params(params, &stage.wdir);
        }
        for (key, role) in [("outs", Role::Out), ("metrics", Role::Metric), ("plots", Role::Plot)] {
            if let Some(outs) = node.get(key) {
                self.outs(outs, role, &stage.wdir, &format!("`{key}`"), &mut stage.outs);
            }
        }
        stage.outs.sort_by(|a, b| a.path.cmp(&b.path));
    }

    fn cmd(&mut self, node: &Node) -> Option<Command> {
        let cmd = match node.items() {
            Some(items) => Command::List(items.iter().map(|item| self.text(item, "a command")).collect::<Option<_>>()?),
            None => Command::Text(self.text(node, "`cmd`")?),
        };
        if cmd.lines().is_empty() {
            self.problems.add(node.mark, "`cmd` is empty");
            return None;
        }
        if cmd.lines().iter().any(|line| line.contains('\0')) {
            self.problems.add(node.mark, "`cmd` holds a null byte");
            return None;
        }
        Some(cmd)
    }

    /// Keys of `params.yaml`, or maps of a file to its keys (null: all of them).
    fn params(&mut self, node: &Node, wdir: &RelPath) -> Vec<Params> {
        let mut found: Vec<Params> = Vec::new();
        for item in self.list(node, "`params`").unwrap_or_default() {
            match item.entries() {
                None => {
                    if let Some(key) = self.text(item, "a parameter") {
                        add_params(&mut found, wdir.join("params.yaml"), Some(vec![key]));
                    }
                }
                Some(files) => {
                    for file in files {
                        let named = Node::text(file.mark, file.key.clone());
                        let Some(path) = self.path(&named, wdir) else { continue };
                        // No keys are all of them, as with null.
                        if file.value.is_null() || file.value.items().is_some_and(<[Node]>::is_empty) {
                            add_params(&mut found, path, None);
                        } else if let Some(keys) = self.list(&file.value, &format!("the keys of `{}`", file.key)) {
                            add_params(&mut found, path, keys.iter().map(|key| self.text(key, "a parameter")).collect());
                        }
                    }
                }
            }
        }
        for params in &mut found {
            if let Some(keys) = &mut params.keys {
                keys.sort();
                keys.dedup();
            }
        }
        found.sort_by(|a, b| a.file.cmp(&b.file));
        found
    }
}

fn add_params(found: &mut Vec<Params>, file: RelPath, keys: Option<Vec<String>>) {
    match found.iter_mut().find(|params| params.file == file) {
        None => found.push(Params { file, keys }),
        Some(params) => match (&mut params.keys, keys) {
            (Some(old), Some(new)) => old.extend(new),
            (whole, _) => *whole = None,
        },
    }
}
