//! Patterns of names and what becomes of them.
//!
//! In a pattern `*` stands for a run of characters without a dot and a last `**` for the rest of the name. In what becomes of it `{1}`
//! is what the first star stood for, and a number may be changed: `{1+1}`, `{1-1}`, `{1/2}`. `#0`, `#1` or `#2` at the end
//! makes it the queries, keys or values of one parameter.

use indexmap::IndexMap;

use super::{Entry, How, Renamed};

/// A pattern and timm's name for it.
pub(super) type Rule = (&'static str, &'static str);

/// What a rule makes of a name.
#[derive(Debug, PartialEq)]
pub(super) enum Made {
    Whole(String),
    Part(String, usize),
}

/// What the first rule that knows a name makes of it.
pub(super) fn apply(rules: &[Rule], name: &str) -> Option<Made> {
    let (captures, template) = rules.iter().find_map(|(pattern, template)| Some((captures(pattern, name)?, template)))?;
    let (template, part) = match template.rsplit_once('#') {
        Some((template, part)) => (template, part.parse().ok()),
        None => (*template, None),
    };
    let name = fill(template, &captures)?;
    Some(match part {
        Some(part) => Made::Part(name, part),
        None => Made::Whole(name),
    })
}

/// What the stars of a pattern stand for, if it has the form of the name.
pub(super) fn captures<'a>(pattern: &str, name: &'a str) -> Option<Vec<&'a str>> {
    let mut captures = Vec::new();
    let mut rest = Some(name);
    for wanted in pattern.split('.') {
        let own = rest?;
        if wanted == "**" {
            captures.push(own);
            return Some(captures);
        }
        let (segment, after) = own.split_once('.').map_or((own, None), |(segment, after)| (segment, Some(after)));
        match wanted.split_once('*') {
            Some((before, behind)) => {
                let middle = segment.strip_prefix(before)?.strip_suffix(behind)?;
                captures.push((!middle.is_empty()).then_some(middle)?);
            }
            None if wanted == segment => {}
            None => return None,
        }
        rest = after;
    }
    rest.is_none().then_some(captures)
}

/// A template with its stars filled in; `None` where a number was wanted and is none.
fn fill(template: &str, captures: &[&str]) -> Option<String> {
    let mut pieces = template.split('{');
    let mut name = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (hole, after) = piece.split_once('}')?;
        let (star, change) = hole.split_at(hole.find(['+', '-', '/']).unwrap_or(hole.len()));
        let value = *captures.get(star.parse::<usize>().ok()?.checked_sub(1)?)?;
        if change.is_empty() {
            name.push_str(value);
        } else {
            let (value, by): (usize, usize) = (value.parse().ok()?, change[1..].parse().ok()?);
            let changed = match &change[..1] {
                "+" => value.checked_add(by)?,
                "-" => value.checked_sub(by)?,
                _ => value.checked_div(by)?,
            };
            name.push_str(&changed.to_string());
        }
        name.push_str(after);
    }
    Some(name)
}

/// Queries, keys and values by the name of what they are parts of.
#[derive(Default)]
pub(super) struct Parts(IndexMap<String, [Option<usize>; 3]>);

impl Parts {
    pub(super) fn add(&mut self, name: String, part: usize, place: usize) {
        if let Some(slot) = self.0.entry(name).or_default().get_mut(part) {
            *slot = Some(place);
        }
    }

    /// The joined parameters. Biases of the keys alone may be missing: they change nothing, so DINOv3 and others leave them out.
    pub(super) fn join(self, entries: &[Entry<'_>]) -> Vec<Renamed> {
        let mut joined = Vec::new();
        for (name, parts) in self.0 {
            let from: Vec<usize> = parts.into_iter().flatten().collect();
            let alike = from.windows(2).all(|pair| entries[pair[0]].shape == entries[pair[1]].shape && !entries[pair[0]].shape.is_empty());
            let how = match parts {
                [Some(_), Some(_), Some(_)] if alike => Some(How::Joined { zeros: false }),
                [Some(_), None, Some(_)] if alike && name.ends_with("bias") => Some(How::Joined { zeros: true }),
                _ => None,
            };
            match how {
                Some(how) => joined.push(Renamed { name, from, how }),
                // Not a whole set: each is reported under its own name.
                None => joined.extend(from.into_iter().map(|place| Renamed {
                    name: entries[place].name.to_owned(),
                    from: vec![place],
                    how: How::Same,
                })),
            }
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_one_part_and_the_last_for_the_rest() {
        assert_eq!(captures("a.*.c.**", "a.7.c.d.e"), Some(vec!["7", "d.e"]));
        assert_eq!(captures("layers.layer_*.**", "layers.layer_12.w"), Some(vec!["12", "w"]));
        for name in ["a.7.c", "a.7", "b.7.c.d", "a..c.d"] {
            assert_eq!(captures("a.*.c.**", name), None, "{name}");
        }
        assert_eq!(captures("a.b", "a.b.c"), None);
    }

    #[test]
    fn numbers_may_be_changed() {
        let rules: &[Rule] = &[("f.*.*.**", "s.{1/2}.{2+1}.{3}"), ("q.*", "qkv.{1}#0")];
        assert_eq!(apply(rules, "f.5.0.w"), Some(Made::Whole("s.2.1.w".into())));
        assert_eq!(apply(rules, "f.x.0.w"), None);
        assert_eq!(apply(rules, "q.bias"), Some(Made::Part("qkv.bias".into(), 0)));
    }
}
