//! A constant from tokens, as Python's `ast.literal_eval` takes them.

use indexmap::IndexMap;

use super::tokens::{Token, What};
use crate::pipeline::value::Value;
use crate::pipeline::yaml::{Data, Entry, Mark, Node};

/// Brackets inside each other.
const MAX_DEPTH: usize = 100;

/// The value of all these tokens; `None` if they are no constant.
pub fn read(tokens: &[Token]) -> Option<Node> {
    let mut reader = Reader { tokens, next: 0, depth: 0 };
    let first = reader.value()?;
    if reader.at_end() {
        return Some(first);
    }
    // `a = 1, 2` is a tuple.
    let mark = first.mark;
    let mut items = vec![first];
    while !reader.at_end() {
        reader.take(',')?;
        if !reader.at_end() {
            items.push(reader.value()?);
        }
    }
    Some(Node { mark, data: Data::List(items) })
}

struct Reader<'t> {
    tokens: &'t [Token],
    next: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn at_end(&self) -> bool {
        self.next >= self.tokens.len()
    }

    fn is(&self, c: char) -> bool {
        self.tokens.get(self.next).is_some_and(|token| token.is(c))
    }

    fn take(&mut self, c: char) -> Option<()> {
        self.is(c).then(|| self.next += 1)
    }

    fn token(&mut self) -> Option<&'t Token> {
        let token = self.tokens.get(self.next)?;
        self.next += 1;
        Some(token)
    }

    fn value(&mut self) -> Option<Node> {
        let token = self.token()?;
        let mark = token.mark;
        let scalar = |value| Some(Node { mark, data: Data::Scalar(value) });
        match &token.what {
            What::Name(name) => match name.as_str() {
                "True" => scalar(Value::Bool(true)),
                "False" => scalar(Value::Bool(false)),
                "None" => scalar(Value::Null),
                // The only way to write an empty set.
                "set" => {
                    self.take('(')?;
                    self.take(')')?;
                    Some(Node { mark, data: Data::List(Vec::new()) })
                }
                _ => None,
            },
            What::Number(text) => scalar(number(text, false)?),
            What::Text(first) => {
                let mut text = first.clone()?;
                while let Some(Token { what: What::Text(more), .. }) = self.tokens.get(self.next) {
                    text.push_str(more.as_deref()?);
                    self.next += 1;
                }
                scalar(Value::Text(text))
            }
            What::Mark(sign @ ('-' | '+')) => match &self.token()?.what {
                What::Number(text) => scalar(number(text, *sign == '-')?),
                _ => None,
            },
            What::Mark(open @ ('(' | '[' | '{')) => {
                self.depth += 1;
                let found = if self.depth > MAX_DEPTH { None } else { self.inside(*open, mark) };
                self.depth -= 1;
                found
            }
            What::Mark(_) | What::Operator => None,
        }
    }

    fn inside(&mut self, open: char, mark: Mark) -> Option<Node> {
        let close = match open {
            '(' => ')',
            '[' => ']',
            _ => '}',
        };
        let (mut items, mut entries): (Vec<Node>, IndexMap<String, Entry>) = Default::default();
        let mut comma = false;
        while self.take(close).is_none() {
            let item = self.value()?;
            if open == '{' && self.take(':').is_some() {
                let (key, value) = (key(&item)?, self.value()?);
                entries.insert(key.clone(), Entry { key, mark: item.mark, value });
            } else {
                items.push(item);
            }
            if !self.is(close) {
                self.take(',')?;
                comma = true;
            }
        }
        let data = match (open, items.len(), entries.len()) {
            ('(', 1, _) if !comma => return items.pop(),
            ('{', 0, _) => Data::Map(entries.into_values().collect()),
            (_, _, 0) => Data::List(items),
            _ => return None,
        };
        Some(Node { mark, data })
    }
}

fn key(node: &Node) -> Option<String> {
    match &node.data {
        Data::Scalar(value) => Some(value.python()),
        _ => None,
    }
}

fn number(text: &str, negative: bool) -> Option<Value> {
    let lower = text.to_ascii_lowercase();
    let good =
        |digits: &str, radix: u32| !digits.is_empty() && !digits.starts_with('_') && digits.chars().all(|c| c == '_' || c.is_digit(radix));
    let (digits, radix) = match lower.get(..2) {
        Some("0x") => (&lower[2..], 16),
        Some("0o") => (&lower[2..], 8),
        Some("0b") => (&lower[2..], 2),
        _ => (lower.as_str(), 10),
    };
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    if good(digits, radix) {
        return match i128::from_str_radix(&plain, radix) {
            Ok(value) => Some(Value::Int(if negative { -value } else { value })),
            // More digits than anybody's parameter has.
            Err(_) => plain.parse().ok().map(|value: f64| Value::Float(if negative { -value } else { value })),
        };
    }
    // Complex numbers end in `j` and are refused here with everything else.
    let shaped = radix == 10 && plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-'));
    plain.parse().ok().filter(|_| shaped).map(|value: f64| Value::Float(if negative { -value } else { value }))
}
