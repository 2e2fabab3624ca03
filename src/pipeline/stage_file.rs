//! Changing a pipeline file as text: a stage is added or replaced, `frozen` set or taken out; all other bytes stay.
//!
//! The places come from parsing the text, the edit is made in its lines, and the result is parsed again: unless it means
//! exactly the old file with that one change, the edit is refused and nothing is written. So what this does not understand
//! (a flow style in an odd place, an alias where a stage should be) costs an error, never a file.

mod draft;

pub use draft::{Draft, Out, Params};

use super::problem::{Problem, Source};
use super::value::Value;
use super::yaml::{self, Entry, Mark, Node};

/// The text after an edit, or why there is none.
pub type Edited = Result<String, Vec<Problem>>;

/// Adds a stage at the end of `stages:`, or with `force` in the place of the one with its name.
///
/// # Errors
/// Problems of the file, a stage of that name, or a layout that cannot be changed.
pub fn add(source: &Source, draft: &Draft, force: bool) -> Edited {
    let root = yaml::parse(source)?;
    let mut file = File::new(source)?;
    let stages = root.entries().and_then(|entries| entries.iter().find(|entry| entry.key == "stages"));
    match stages {
        None => {
            file.end_last_line();
            file.lines.push(format!("stages:\n{}", draft.to_yaml(2)));
        }
        Some(stages) => match stages.value.entries() {
            Some(entries) if !entries.is_empty() => file.add_to(entries, draft, force)?,
            Some(_) => file.fill_empty(stages, draft, "{}")?,
            None if stages.value.is_null() => file.fill_empty(stages, draft, "")?,
            None => return Err(vec![file.refused(stages.mark, "`stages` is no map")]),
        },
    }
    let mut expected = root.to_value();
    if expected == Value::Null {
        expected = Value::Map(Default::default());
    }
    if let Value::Map(map) = &mut expected {
        let stages = map.entry("stages".to_owned()).or_insert(Value::Null);
        if *stages == Value::Null {
            *stages = Value::Map(Default::default());
        }
        if let Value::Map(stages) = stages {
            stages.insert(draft.name.clone(), draft.to_value());
        }
    }
    file.checked(&expected, Mark { line: 1, column: 1 })
}

/// Writes `frozen: true` into a stage or the template of a group, or takes it out; `None` if it is so already.
///
/// # Errors
/// Problems of the file, or a layout that cannot be changed.
pub fn set_frozen(source: &Source, name: &str, frozen: bool) -> Result<Option<String>, Vec<Problem>> {
    let root = yaml::parse(source)?;
    let mut file = File::new(source)?;
    let stage = root.get("stages").and_then(Node::entries).and_then(|stages| stages.iter().find(|stage| stage.key == name));
    let Some(stage) = stage else { return Err(vec![file.refused(root.mark, &format!("there is no stage `{name}`"))]) };
    let body = stage.value.get("do").filter(|_| stage.value.get("foreach").is_some()).unwrap_or(&stage.value);
    let now = body.get("frozen").map(Node::to_value);
    if now.clone().unwrap_or(Value::Bool(false)) == Value::Bool(frozen) {
        return Ok(None);
    }
    let own = body.entries().and_then(|entries| entries.iter().find(|entry| entry.key == "frozen")).filter(|entry| {
        let lines = file.block(stage.mark);
        lines.contains(&(entry.mark.line - 1))
    });
    let written = match own {
        Some(entry) => file.replace_flag(entry, frozen),
        None => file.insert_flag(body, frozen),
    };
    if !written {
        return Err(vec![file.refused(stage.mark, &format!("`frozen` of stage `{name}` cannot be changed in this layout"))]);
    }
    let keys = [&["stages", name][..], if std::ptr::eq(body, &stage.value) { &[] } else { &["do"] }].concat();
    let mut expected = root.to_value();
    if let Some(Value::Map(map)) = keys.iter().try_fold(&mut expected, |at, key| match at {
        Value::Map(map) => map.get_mut(*key),
        _ => None,
    }) {
        map.insert("frozen".to_owned(), Value::Bool(frozen));
    }
    file.checked(&expected, stage.mark).map(Some)
}

struct File<'s> {
    source: &'s Source,
    /// With their ends.
    lines: Vec<String>,
}

impl<'s> File<'s> {
    fn new(source: &'s Source) -> Result<Self, Vec<Problem>> {
        let file = Self { source, lines: source.text.split_inclusive('\n').map(str::to_owned).collect() };
        // To YAML a lone carriage return ends a line too: its lines would not be these.
        let lone = source.text.match_indices('\r').any(|(at, _)| !source.text[at + 1..].starts_with('\n'));
        match lone {
            true => Err(vec![file.refused(Mark { line: 1, column: 1 }, "lines of this file end in carriage returns")]),
            false => Ok(file),
        }
    }

    fn refused(&self, mark: Mark, message: &str) -> Problem {
        let hint = Some("change it by hand".to_owned());
        Problem { place: self.source.place(mark), message: message.to_owned(), hint }
    }

    /// The new text, if it means what it should. A `frozen: false` and none mean the same.
    fn checked(self, expected: &Value, mark: Mark) -> Edited {
        let text = self.lines.concat();
        let again = yaml::parse(&Source { path: self.source.path.clone(), text: text.as_str().into() });
        match again.map(|node| without_thawed(node.to_value())) {
            Ok(value) if value.same(&without_thawed(expected.clone())) => Ok(text),
            _ => Err(vec![self.refused(mark, "the layout of this file is not one that can be changed safely")]),
        }
    }

    fn indent(line: &str) -> usize {
        line.len() - line.trim_start_matches(' ').len()
    }

    fn is_blank(line: &str) -> bool {
        let text = line.trim();
        text.is_empty() || text.starts_with('#')
    }

    /// The lines (from 0) of the entry whose key stands at `mark`: up to the next line that is indented no deeper, less the
    /// blank lines and comments before that one.
    fn block(&self, mark: Mark) -> std::ops::Range<usize> {
        let (start, indent) = (mark.line - 1, mark.column - 1);
        let mut end = start + 1;
        let mut at = end;
        while let Some(line) = self.lines.get(at) {
            if Self::is_blank(line) && Self::indent(line) <= indent {
                at += 1;
                continue;
            }
            if Self::indent(line) <= indent {
                break;
            }
            at += 1;
            end = at;
        }
        start..end
    }

    fn end_last_line(&mut self) {
        if let Some(last) = self.lines.last_mut()
            && !last.ends_with('\n')
        {
            last.push('\n');
        }
    }

    fn add_to(&mut self, entries: &[Entry], draft: &Draft, force: bool) -> Result<(), Vec<Problem>> {
        let first = entries[0].mark;
        let before = self.lines.get(first.line - 1).map(|line| line.chars().take(first.column - 1).all(|c| c == ' '));
        if before != Some(true) {
            return Err(vec![self.refused(first, "stages in braces cannot be added to")]);
        }
        let text = draft.to_yaml(first.column - 1);
        if let Some(old) = entries.iter().find(|entry| entry.key == draft.name) {
            if !force {
                let hint = Some("`--force` replaces it".to_owned());
                let message = format!("there is a stage `{}` already", draft.name);
                return Err(vec![Problem { place: self.source.place(old.mark), message, hint }]);
            }
            self.end_last_line();
            let lines = self.block(old.mark);
            self.lines.splice(lines, [text]);
            return Ok(());
        }
        self.end_last_line();
        let last = entries.iter().filter(|entry| entry.mark.column == first.column).max_by_key(|entry| entry.mark.line);
        let end = self.block(last.map_or(first, |entry| entry.mark)).end;
        self.lines.insert(end, text);
        Ok(())
    }

    /// `stages:` and `stages: {}`.
    fn fill_empty(&mut self, stages: &Entry, draft: &Draft, empty: &str) -> Result<(), Vec<Problem>> {
        self.end_last_line();
        let refused = self.refused(stages.mark, "`stages` cannot be added to in this layout");
        let Some(line) = self.lines.get_mut(stages.mark.line - 1) else { return Err(vec![refused]) };
        if !empty.is_empty() {
            *line = line.replacen(empty, "", 1).trim_end().to_owned() + "\n";
        }
        self.lines.insert(stages.mark.line, draft.to_yaml(stages.mark.column + 1));
        Ok(())
    }

    /// Changes the value of a `frozen:` that is there; on a line of its own it is taken out.
    fn replace_flag(&mut self, entry: &Entry, frozen: bool) -> bool {
        let (at, mark) = (entry.mark.line - 1, entry.value.mark);
        let line = &self.lines[at];
        let rest = line.trim_start().strip_prefix("frozen:").map(|rest| rest.split('#').next().unwrap_or_default().trim());
        if !frozen && rest == Some("true") {
            self.lines.remove(at);
            return true;
        }
        let Some(line) = self.lines.get_mut(mark.line - 1) else { return false };
        let Some((start, _)) = line.char_indices().nth(mark.column - 1) else { return false };
        let length = line[start..].find([' ', ',', '}', '#', '\r', '\n']).unwrap_or(line.len() - start);
        line.replace_range(start..start + length, if frozen { "true" } else { "false" });
        true
    }

    /// Writes `frozen:` as the first key.
    fn insert_flag(&mut self, body: &Node, frozen: bool) -> bool {
        let mark = body.mark;
        let Some(line) = self.lines.get_mut(mark.line - 1) else { return false };
        let Some((at, c)) = line.char_indices().nth(mark.column - 1) else { return false };
        if c == '{' {
            line.insert_str(at + 1, &format!("frozen: {frozen}, "));
            return true;
        }
        let indent = line[..at].to_owned();
        if c == '*' || !indent.chars().all(|c| c == ' ') {
            return false;
        }
        self.lines.insert(mark.line - 1, format!("{indent}frozen: {frozen}\n"));
        true
    }
}

/// Without `frozen: false`, which says nothing.
fn without_thawed(mut value: Value) -> Value {
    let thaw = |stage: &mut Value| {
        if let Value::Map(map) = stage
            && map.get("frozen") == Some(&Value::Bool(false))
        {
            map.shift_remove("frozen");
        }
    };
    if let Value::Map(root) = &mut value
        && let Some(Value::Map(stages)) = root.get_mut("stages")
    {
        for stage in stages.values_mut() {
            thaw(stage);
            if let Value::Map(map) = stage
                && let Some(template) = map.get_mut("do")
            {
                thaw(template);
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relpath::RelPath;

    fn source(text: &str) -> Source {
        Source { path: RelPath::new("dvc.yaml").unwrap(), text: text.into() }
    }

    fn draft() -> Draft {
        Draft { name: "new".to_owned(), cmd: "run".to_owned(), deps: vec!["a b".to_owned()], ..Draft::default() }
    }

    const NEW: &str = "  new:\n    cmd: run\n    deps:\n    - a b\n";

    fn added(text: &str) -> String {
        add(&source(text), &draft(), false).unwrap()
    }

    #[test]
    fn a_stage_is_added_and_the_rest_stays() {
        assert_eq!(added(""), format!("stages:\n{NEW}"));
        assert_eq!(added("# mine\nvars: [a.yaml]"), format!("# mine\nvars: [a.yaml]\nstages:\n{NEW}"));
        assert_eq!(added("stages: {}  # none\n"), format!("stages:   # none\n{NEW}"));
        assert_eq!(added("stages:\nparams: [p]\n"), format!("stages:\n{NEW}params: [p]\n"));
        let old = "stages:\n  # first\n  a:\n    cmd: |\n      x\n\n      y\n    # of a\n\n# of params\nparams: [p]\n";
        assert_eq!(added(old), old.replace("\n# of params", &format!("{NEW}\n# of params")));
        let deep = "stages:\n    a:\n        cmd: x\n";
        assert_eq!(added(deep), format!("{deep}    new:\n      cmd: run\n      deps:\n      - a b\n"));
        assert!(add(&source("stages: {a: {cmd: x}}\n"), &draft(), false).is_err());
    }

    #[test]
    fn a_stage_is_replaced_only_by_force() {
        let old = "stages:\n  new:\n    cmd: old  # why\n\n  # b\n  b: {cmd: y}\n";
        let problems = add(&source(old), &draft(), false).unwrap_err();
        assert_eq!(problems[0].message, "there is a stage `new` already");
        assert_eq!(add(&source(old), &draft(), true).unwrap(), format!("stages:\n{NEW}\n  # b\n  b: {{cmd: y}}\n"));
    }

    #[test]
    fn frozen_comes_and_goes() {
        let frozen = |text: &str, frozen| set_frozen(&source(text), "a", frozen).unwrap();
        let block = "stages:\n  a:  # first\n    # runs\n    cmd: x\n";
        let cold = "stages:\n  a:  # first\n    # runs\n    frozen: true\n    cmd: x\n";
        assert_eq!(frozen(block, true).as_deref(), Some(cold));
        assert_eq!(frozen(cold, false).as_deref(), Some(block));
        assert_eq!(frozen(block, false), None);
        assert_eq!(frozen("stages:\n  a: {cmd: x}\n", true).as_deref(), Some("stages:\n  a: {frozen: true, cmd: x}\n"));
        assert_eq!(frozen("stages:\n  a: {cmd: x, frozen: true}\n", false).as_deref(), Some("stages:\n  a: {cmd: x, frozen: false}\n"));
        let group = "stages:\n  a:\n    foreach: [1]\n    do:\n      cmd: x\n";
        assert_eq!(frozen(group, true).unwrap(), group.replace("      cmd", "      frozen: true\n      cmd"));
        let merged = "base: &b {frozen: true}\nstages:\n  a:\n    <<: *b\n    cmd: x\n";
        assert_eq!(frozen(merged, false).unwrap(), merged.replace("    <<", "    frozen: false\n    <<"));
    }
}
