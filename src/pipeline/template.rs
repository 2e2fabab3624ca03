//! `${…}`: parameters inside a pipeline file, by DVC's rules.
//!
//! - `${a.b[0].c}` selects a value, spaces around a key do not count; there are no expressions, defaults or environment variables.
//! - A text that is nothing but one `${x}` takes the value with its type; inside a longer text only
//!   truth values, numbers, texts and null may stand, printed as Python prints them (`true`, `1e-05`, `None`).
//! - In `cmd` a map becomes command-line flags (see [`flags`]).
//! - `\${` is a literal `${`; a `${` that is not closed on its line is a problem.
//!
//! Sources, later ones added to earlier ones: `params.yaml`, then `vars:` in order; in a `foreach` or `matrix`
//! also `item` and `key`. This module never reads files.

pub mod flags;

use std::collections::HashMap;

use indexmap::IndexMap;

use super::problem::Problems;
use super::value::Value;
use super::yaml::{Data, Entry, Mark, Node};
use crate::relpath::RelPath;
use crate::text;

/// The values that `${…}` can name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: IndexMap<String, Value>,
    /// `item` and `key` of the group that is being expanded; they hide values of the same name.
    inner: Vec<(&'static str, Value)>,
    /// Files of `vars` that were taken, in whole or these keys of them.
    taken: HashMap<RelPath, Option<Vec<String>>>,
    /// How a map in a command is written.
    style: flags::Style,
}

impl Scope {
    /// No values yet; maps in commands are written as `style` says.
    pub fn with_style(style: flags::Style) -> Self {
        Self { style, ..Self::default() }
    }

    /// Adds values; a map is added to a map of the same name.
    ///
    /// # Errors
    /// The dotted key of a value that is already there: an earlier source may not be overwritten.
    pub fn merge(&mut self, added: &IndexMap<String, Value>) -> Result<(), String> {
        merge(&mut self.values, added, "")
    }

    /// Notes that a file, or some of its keys, is about to be added; whether it is new. Taking all of a file twice is fine.
    ///
    /// # Errors
    /// What was taken before does not go with it.
    pub fn take(&mut self, file: &RelPath, keys: Option<&[String]>) -> Result<bool, &'static str> {
        match (self.taken.get_mut(file), keys) {
            (None, _) => drop(self.taken.insert(file.clone(), keys.map(<[String]>::to_vec))),
            (Some(None), None) => return Ok(false),
            (Some(None), Some(_)) => return Err("is taken in whole already; it cannot be taken in part again"),
            (Some(Some(_)), None) => return Err("is taken in part already; it cannot be taken in whole"),
            (Some(Some(before)), Some(keys)) if keys.iter().any(|key| before.contains(key)) => {
                return Err("was taken with one of these keys already");
            }
            (Some(Some(before)), Some(keys)) => before.extend_from_slice(keys),
        }
        Ok(true)
    }

    /// The same values with `item` (and `key`) on top.
    pub fn set_inner(&mut self, inner: Vec<(&'static str, Value)>) {
        self.inner = inner;
    }

    /// The value that an expression such as `a.b[0]` names.
    ///
    /// # Errors
    /// What is wrong, and what may have been meant.
    pub fn select(&self, expression: &str) -> Result<&Value, (String, Option<String>)> {
        let parts = parts(expression).ok_or_else(|| (format!("`${{{expression}}}` is not of the form `${{name.key[0]}}`"), None))?;
        let first = parts[0];
        let inner = self.inner.iter().find(|(name, _)| *name == first).map(|(_, value)| value);
        let mut here = inner.or_else(|| self.values.get(first)).ok_or_else(|| {
            let known = self.inner.iter().map(|(name, _)| *name).chain(self.values.keys().map(String::as_str));
            (format!("`{expression}` is not defined"), self.hint(text::suggest(first, known).map(str::to_owned)))
        })?;
        for (depth, part) in parts.iter().enumerate().skip(1) {
            let next = match here {
                Value::Map(map) => map.get(*part),
                Value::List(items) => part.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            here = next.ok_or_else(|| {
                let above = parts[..depth].join(".");
                let near = match here {
                    Value::Map(map) => text::suggest(part, map.keys().map(String::as_str)).map(|near| format!("{above}.{near}")),
                    _ => None,
                };
                let hint = near.map(|near| format!("did you mean `{near}`?")).or_else(|| Some(format!("`{above}` is {}", contents(here))));
                (format!("`{expression}` is not defined"), hint)
            })?;
        }
        Ok(here)
    }

    fn hint(&self, near: Option<String>) -> Option<String> {
        match near {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if self.values.is_empty() => Some("write it into params.yaml, or into `vars:`".to_owned()),
            None => Some(format!("defined are {}", text::quoted_list(&self.values.keys().take(12).collect::<Vec<_>>()))),
        }
    }
}

fn contents(value: &Value) -> String {
    match value {
        Value::Map(map) if map.is_empty() => "an empty map".to_owned(),
        Value::Map(map) => format!("a map with {}", text::quoted_list(&map.keys().take(12).collect::<Vec<_>>())),
        Value::List(items) => format!("a list of {}", items.len()),
        other => format!("{} (`{}`)", other.what(), other.shown()),
    }
}

fn merge(into: &mut IndexMap<String, Value>, added: &IndexMap<String, Value>, above: &str) -> Result<(), String> {
    for (key, value) in added {
        let name = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
        match (into.get_mut(key), value) {
            (None, _) => {
                into.insert(key.clone(), value.clone());
            }
            (Some(Value::Map(old)), Value::Map(new)) => merge(old, new, &name)?,
            (Some(_), _) => return Err(name),
        }
    }
    Ok(())
}

/// `a.b[0]` as `["a", "b", "0"]`; `None` when it is not of that form.
fn parts(expression: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut rest = expression;
    loop {
        let end = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        parts.push(rest[..end].trim());
        rest = &rest[end..];
        while let Some(inside) = rest.strip_prefix('[') {
            let close = inside.find(']').filter(|close| *close > 0)?;
            if inside[..close].contains(['.', '[']) {
                return None;
            }
            parts.push(inside[..close].trim());
            rest = &inside[close + 1..];
        }
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None => return rest.is_empty().then_some(parts),
        }
    }
}

/// The next `${…}` at or after `from`: the byte range of the whole and its expression.
fn next_match(text: &str, from: usize) -> Option<(usize, usize, &str)> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find("${")?;
        let escaped = text[..start].ends_with('\\');
        let inside = &text[start + 2..];
        let end = inside.find(['}', '\n']).filter(|end| inside.as_bytes()[*end] == b'}');
        match end {
            Some(end) if !escaped => return Some((start, start + 3 + end, &inside[..end])),
            _ => at = start + 2,
        }
    }
}

/// Whether a text holds a `${…}`.
pub fn is_template(text: &str) -> bool {
    next_match(text, 0).is_some()
}

/// Replaces every `${…}` in a value and everything below it, keys of maps included. `in_command`: it is a `cmd`.
pub fn fill(node: &Node, scope: &Scope, in_command: bool, problems: &mut Problems<'_>) -> Node {
    let data = match &node.data {
        Data::Scalar(Value::Text(text)) => return fill_text(text, node.mark, scope, in_command, problems),
        Data::Scalar(_) => return node.clone(),
        Data::List(items) => Data::List(items.iter().map(|item| fill(item, scope, in_command, problems)).collect()),
        Data::Map(entries) => Data::Map(
            entries
                .iter()
                .map(|entry| {
                    let key = match fill_text(&entry.key, entry.mark, scope, false, problems).data {
                        Data::Scalar(value) => value.python(),
                        _ => entry.key.clone(),
                    };
                    Entry { key, mark: entry.mark, value: fill(&entry.value, scope, in_command, problems) }
                })
                .collect(),
        ),
    };
    Node { mark: node.mark, data }
}

fn fill_text(text: &str, mark: Mark, scope: &Scope, in_command: bool, problems: &mut Problems<'_>) -> Node {
    if let Some((0, end, expression)) = next_match(text, 0)
        && end == text.len()
    {
        return match select(scope, expression, mark, problems) {
            Some(value @ Value::Map(_)) if in_command => printed(value, Some(scope.style), expression, mark, problems),
            Some(value) => Node::from_value(mark, value),
            None => Node::text(mark, text),
        };
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    while let Some((start, end, expression)) = next_match(text, done) {
        unclosed(&text[done..start], mark, problems);
        out.push_str(&text[done..start]);
        if let Some(value) = select(scope, expression, mark, problems)
            && let Some(text) = printed(value, in_command.then_some(scope.style), expression, mark, problems).as_text()
        {
            out.push_str(text);
        }
        done = end;
    }
    unclosed(&text[done..], mark, problems);
    out.push_str(&text[done..]);
    Node::text(mark, out.replace("\\${", "${"))
}

/// Reports what is left of `${` in a text without a `${…}`: a shell would not know it either.
fn unclosed(text: &str, mark: Mark, problems: &mut Problems<'_>) {
    for (start, _) in text.match_indices("${").filter(|(start, _)| !text[..*start].ends_with('\\')) {
        let word = text[start..].split_whitespace().next().unwrap_or("${");
        let mark = written(problems, mark, word, |rest| !rest.contains('}'));
        problems.add_with(mark, "`${` is not closed", Some("close it with `}`; a literal `${` is written `\\${`".to_owned()));
    }
}

fn select<'a>(scope: &'a Scope, expression: &str, mark: Mark, problems: &mut Problems<'_>) -> Option<&'a Value> {
    match scope.select(expression) {
        Ok(value) => Some(value),
        Err((message, hint)) => {
            let mark = exact(problems, mark, expression);
            problems.add_with(mark, message, hint);
            None
        }
    }
}

/// `flags`: it stands in a command, where a map may.
fn printed(value: &Value, flags: Option<flags::Style>, expression: &str, mark: Mark, problems: &mut Problems<'_>) -> Node {
    let text = match (value, flags) {
        (Value::Map(map), Some(style)) => flags::print(map, style),
        (Value::Map(_) | Value::List(_), _) => Err(format!("`${{{expression}}}` is {}, which cannot stand inside a text", value.what())),
        (plain, _) => Ok(plain.python()),
    };
    Node::text(
        mark,
        text.unwrap_or_else(|message| {
            let mark = exact(problems, mark, expression);
            problems.add(mark, message);
            String::new()
        }),
    )
}

/// Where `${expression}` stands: the first time it is written at or after the value's mark.
fn exact(problems: &Problems<'_>, mark: Mark, expression: &str) -> Mark {
    written(problems, mark, &format!("${{{expression}}}"), |_| true)
}

/// Where `wanted` is first written at or after `mark`, with such a rest of the line; else the mark.
fn written(problems: &Problems<'_>, mark: Mark, wanted: &str, fits: impl Fn(&str) -> bool) -> Mark {
    let lines = problems.source().text.lines().enumerate().skip(mark.line.saturating_sub(1)).take(200);
    for (index, line) in lines {
        let skip = if index + 1 == mark.line { mark.column - 1 } else { 0 };
        let from = line.char_indices().nth(skip).map_or(line.len(), |(at, _)| at);
        if let Some((at, _)) = line[from..].match_indices(wanted).find(|(at, _)| fits(&line[from + at..])) {
            return Mark { line: index + 1, column: line[..from + at].chars().count() + 1 };
        }
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::problem::Source;
    use crate::pipeline::yaml;

    fn source(text: &str) -> Source {
        Source { path: RelPath::new("pipelines/x.yaml").unwrap(), text: text.into() }
    }

    fn scope(params: &str) -> Scope {
        let Value::Map(map) = yaml::parse(&source(params)).unwrap().to_value() else { panic!() };
        let mut scope = Scope::default();
        scope.merge(&map).unwrap();
        scope
    }

    fn filled(text: &str, params: &str, in_command: bool) -> Result<Value, Vec<String>> {
        let file = source(text);
        let mut problems = Problems::new(&file);
        let node = fill(&Node::text(Mark { line: 1, column: 1 }, text), &scope(params), in_command, &mut problems);
        let (list, _) = problems.finish();
        if list.is_empty() { Ok(node.to_value()) } else { Err(list.into_iter().map(|p| format!("{}: {}", p.place, p.message)).collect()) }
    }

    fn text(value: &str) -> Result<Value, Vec<String>> {
        Ok(Value::Text(value.to_owned()))
    }

    // The right sides are what DVC 3.67.1 makes of the same texts.
    #[test]
    fn scalars_print_as_python_prints_them() {
        let params = "lr: 1e-5\nbig: 1e16\nn: 1_000\nt: true\nnone: null\nm: {a: [x, {b: 0.10}]}\nword: yes\n";
        assert_eq!(filled("run ${lr} ${big} ${n}", params, true), text("run 1e-05 1e+16 1000"));
        assert_eq!(filled("run ${t} ${none} ${word}", params, true), text("run true None yes"));
        assert_eq!(filled("x ${m.a[1].b} ${m.a[0]}", params, true), text("x 0.1 x"));
        assert_eq!(filled("x\\${lr}", params, true), text("x${lr}"));
    }

    #[test]
    fn a_whole_text_keeps_its_type() {
        assert_eq!(filled("${t}", "t: true", false), Ok(Value::Bool(true)));
        assert_eq!(filled("${t[1]}", "t: [1, 2.5]", false), Ok(Value::Float(2.5)));
    }

    #[test]
    fn undefined_values_are_named_with_their_place() {
        assert_eq!(
            filled("run --lr ${train.lr}", "train: {rate: 1}", true),
            Err(vec!["pipelines/x.yaml:1:10: `train.lr` is not defined".to_owned()])
        );
        assert!(filled("a ${m}", "m: [1]", true).is_err());
        assert!(filled("a ${m}", "m: {a: 1}", false).is_err());
        assert!(filled("a ${x..y}", "x: 1", true).is_err());
        assert_eq!(filled("a ${x", "x: 1", true), Err(vec!["pipelines/x.yaml:1:3: `${` is not closed".to_owned()]));
        assert_eq!(filled("a \\${x $(b) $c", "x: 1", true), text("a ${x $(b) $c"));
    }

    #[test]
    fn an_earlier_source_cannot_be_overwritten() {
        let mut scope = scope("a: {b: 1}");
        let added = |text: &str| match yaml::parse(&source(text)).unwrap().to_value() {
            Value::Map(map) => map,
            _ => panic!(),
        };
        scope.merge(&added("a: {c: 2}")).unwrap();
        assert_eq!(scope.merge(&added("a: {b: 3}")), Err("a.b".to_owned()));
    }
}
