//! From `-S`'s text to an [`Override`].

use indexmap::IndexMap;

use super::functions::{between, cast, range};
use super::words::scalar;
use super::{Error, Given, How, Override};
use crate::pipeline::value::Value;

const FORMS: &str = "write `KEY=VALUE`, `FILE:KEY=VALUE`, `+KEY=VALUE`, `++KEY=VALUE` or `~KEY`";
const VALUES: &str = "a value is a number, `true`, `false`, `null`, a text, `[A, B]` or `{KEY: VALUE}`; other texts stand in quotes";
const SWEEPS: &str = "sweeps are `A,B`, `choice(A, B)`, `range(START, STOP, STEP)`, `uniform(LOW, HIGH)`, `loguniform(LOW, HIGH)` \
                      and `int(LOW, HIGH)`; a text with parentheses stands in quotes";
const QUOTES: &str = "put the text in quotes, or a backslash before the character";

/// Lists in lists that are followed.
const MAX_DEPTH: usize = 50;

pub(super) fn parse(typed: &str) -> Result<Override, Error> {
    let mut reader = Reader { typed, chars: typed.chars().collect(), at: 0 };
    let (file, key, how) = reader.head()?;
    if reader.at >= reader.chars.len() {
        return match how {
            How::Remove => Ok(Override { file, key, how, given: None }),
            _ => Err(reader.wrong("there is no `=`", FORMS)),
        };
    }
    reader.at += 1;
    let given = reader.given()?;
    if how == How::Remove && !matches!(given, Given::One(_)) {
        return Err(reader.wrong_at(0, "a key is taken away once", "write `~KEY`, or `~KEY=VALUE` to be sure of its value"));
    }
    Ok(Override { file, key, how, given: Some(given) })
}

struct Reader<'a> {
    typed: &'a str,
    chars: Vec<char>,
    at: usize,
}

/// A name that may stand before a parenthesis.
type Call = (String, Vec<(Option<String>, Value)>);

impl Reader<'_> {
    fn wrong_at(&self, at: usize, message: impl Into<String>, allowed: &'static str) -> Error {
        Error::Syntax { typed: self.typed.to_owned(), at, message: message.into(), allowed }
    }

    fn wrong(&self, message: impl Into<String>, allowed: &'static str) -> Error {
        self.wrong_at(self.at, message, allowed)
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    /// Everything before the `=`; stops at it or at the end.
    fn head(&mut self) -> Result<(Option<String>, String, How), Error> {
        let end = self.chars.iter().position(|c| *c == '=').unwrap_or(self.chars.len());
        let head: String = self.chars[..end].iter().collect();
        let (file, rest) = match head.split_once(':') {
            Some((file, rest)) => (Some(file), rest),
            None => (None, head.as_str()),
        };
        // `+FILE:KEY` is what one types without thinking; DVC wants `FILE:+KEY`.
        let (before, file) = match file {
            Some(file) => sign(file),
            None => (How::Set, ""),
        };
        let (how, key) = sign(rest.trim());
        let how = if how == How::Set { before } else { how };
        let start = end - rest.chars().count();
        self.at = end;
        if key.is_empty() || key.split('.').any(str::is_empty) {
            return Err(self.wrong_at(start, "there is no parameter's name here", FORMS));
        }
        if let Some(odd) = key.find([' ', '(', ')', '[', ']', '{', '}', ',', '"', '\'']) {
            let at = start + rest.find(key).map_or(0, |at| rest[..at].chars().count()) + key[..odd].chars().count();
            return Err(self.wrong_at(at, "a parameter's name does not hold this", "items of lists are `KEY.0`, `KEY.1`, …"));
        }
        let file = (!file.is_empty()).then(|| file.to_owned());
        Ok((file, key.to_owned(), how))
    }

    /// Everything after the `=`.
    fn given(&mut self) -> Result<Given, Error> {
        self.skip_space();
        if self.at >= self.chars.len() {
            return Ok(Given::One(Value::Text(String::new())));
        }
        let mut values = Vec::new();
        loop {
            let start = self.at;
            if let Some(call) = self.call()? {
                let given = self.sweep(call, start)?;
                self.skip_space();
                match given {
                    Given::One(value) => values.push(value),
                    sweep if values.is_empty() && self.at >= self.chars.len() => return Ok(sweep),
                    _ => return Err(self.wrong_at(start, "a sweep stands alone", SWEEPS)),
                }
            } else {
                values.push(self.value(&[','], 0)?);
            }
            if !self.eat(',') {
                break;
            }
        }
        if let Some(odd) = self.peek() {
            return Err(self.wrong(format!("`{odd}` is not expected here"), QUOTES));
        }
        Ok(if values.len() == 1 { Given::One(values.remove(0)) } else { Given::Choice(values) })
    }

    /// `name(…)`, if that is what stands here.
    fn call(&mut self) -> Result<Option<Call>, Error> {
        self.skip_space();
        let start = self.at;
        let name: String = self.chars[start..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
        if name.is_empty() || self.chars.get(start + name.chars().count()) != Some(&'(') {
            return Ok(None);
        }
        self.at += name.chars().count() + 1;
        let mut arguments = Vec::new();
        if self.eat(')') {
            return Ok(Some((name, arguments)));
        }
        loop {
            self.skip_space();
            let word: String = self.chars[self.at..].iter().take_while(|c| c.is_alphanumeric()).collect();
            let named = !word.is_empty() && self.chars.get(self.at + word.chars().count()) == Some(&'=');
            if named {
                self.at += word.chars().count() + 1;
            }
            arguments.push((named.then_some(word), self.value(&[',', ')'], 0)?));
            if self.eat(',') {
                continue;
            }
            return match self.eat(')') {
                true => Ok(Some((name, arguments))),
                false => Err(self.wrong_at(start, "the parenthesis is not closed", SWEEPS)),
            };
        }
    }

    fn sweep(&self, (name, arguments): Call, at: usize) -> Result<Given, Error> {
        let wrong = |message: &str| self.wrong_at(at, message, SWEEPS);
        let plain: Vec<&Value> = arguments.iter().map(|(_, value)| value).collect();
        let named = arguments.iter().any(|(name, _)| name.is_some());
        match (name.as_str(), plain.as_slice()) {
            ("choice", [_, ..]) if !named => Ok(Given::Choice(plain.into_iter().cloned().collect())),
            ("range", [_, ..]) => range(&arguments).and_then(Given::of).map_err(wrong),
            ("uniform" | "interval" | "loguniform", [low, high]) if !named => between(low, high, name == "loguniform").map_err(wrong),
            ("int", [Value::Int(low), Value::Int(high)]) if !named => match (i64::try_from(*low), i64::try_from(*high)) {
                (Ok(low), Ok(high)) if low <= high => Ok(Given::Int { low, high }),
                _ => Err(wrong("the first number is greater than the second")),
            },
            ("int" | "float" | "str" | "bool", [value]) if !named => cast(&name, value).map(Given::One).map_err(wrong),
            ("choice" | "range" | "uniform" | "interval" | "loguniform" | "int", _) => {
                Err(wrong(&format!("`{name}` is not given what it needs")))
            }
            ("glob" | "sort" | "shuffle" | "tag" | "extend_list" | "json_str", _) => {
                Err(wrong(&format!("`{name}` is a function of Hydra's that derm does not have")))
            }
            _ => Err(wrong(&format!("there is no function `{name}`"))),
        }
    }

    /// One value; a text without quotes goes on to one of `ends`.
    fn value(&mut self, ends: &[char], depth: usize) -> Result<Value, Error> {
        self.skip_space();
        if depth > MAX_DEPTH {
            return Err(self.wrong("nested too deeply", VALUES));
        }
        match self.peek() {
            Some('[') => self.list(depth),
            Some('{') => self.map(depth),
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(Value::Text),
            _ => self.plain(ends),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        if self.eat(']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(&[',', ']'], depth + 1)?);
            if self.eat(']') {
                return Ok(Value::List(items));
            }
            if !self.eat(',') {
                return Err(self.wrong_at(start, "the list is not closed", "a list is `[A, B]`"));
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Error> {
        let start = self.at;
        self.at += 1;
        let mut map = IndexMap::new();
        if self.eat('}') {
            return Ok(Value::Map(map));
        }
        loop {
            let key = self.value(&[':', ',', '}'], depth + 1)?;
            if matches!(key, Value::List(_) | Value::Map(_)) || !self.eat(':') {
                return Err(self.wrong("there is no `:` after the key", "a map is `{KEY: VALUE, KEY: VALUE}`"));
            }
            map.insert(key.python(), self.value(&[',', '}'], depth + 1)?);
            if self.eat('}') {
                return Ok(Value::Map(map));
            }
            if !self.eat(',') {
                return Err(self.wrong_at(start, "the map is not closed", "a map is `{KEY: VALUE, KEY: VALUE}`"));
            }
        }
    }

    /// In quotes a backslash counts before the quote, and before backslashes that stand before it.
    fn quoted(&mut self, quote: char) -> Result<String, Error> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else { return Err(self.wrong_at(start, "the quote is not closed", VALUES)) };
            let slashes = self.chars[self.at..].iter().take_while(|c| **c == '\\').count();
            if slashes > 0 {
                let before_quote = self.chars.get(self.at + slashes) == Some(&quote);
                text.extend(std::iter::repeat_n('\\', if before_quote { slashes / 2 } else { slashes }));
                self.at += slashes;
                if before_quote && slashes % 2 == 1 {
                    text.push(quote);
                    self.at += 1;
                }
                continue;
            }
            self.at += 1;
            if c == quote {
                return Ok(text);
            }
            text.push(c);
        }
    }

    fn plain(&mut self, ends: &[char]) -> Result<Value, Error> {
        let (mut text, mut escaped) = (String::new(), false);
        let mut kept = 0;
        while let Some(c) = self.peek().filter(|c| !ends.contains(c)) {
            let next = self.chars.get(self.at + 1).copied();
            match (c, next) {
                ('\\', Some(special)) if "\\,()[]{}:=\"' ".contains(special) => {
                    text.push(special);
                    escaped = true;
                    self.at += 2;
                    kept = text.len();
                    continue;
                }
                ('$', Some('{')) => return Err(self.wrong("`${…}` is not resolved in an override", "write the value itself")),
                ('(' | ')' | '[' | ']' | '{' | '}' | '"' | '\'' | '=', _) => {
                    return Err(self.wrong(format!("`{c}` is not expected here"), QUOTES));
                }
                _ => text.push(c),
            }
            self.at += 1;
        }
        text.truncate(text.trim_end().len().max(kept));
        if text.is_empty() {
            return Err(self.wrong("there is no value here", "an empty text is `\"\"`"));
        }
        Ok(if escaped { Value::Text(text) } else { scalar(&text) })
    }
}

/// The sign before a key, and the key.
fn sign(text: &str) -> (How, &str) {
    for (sign, how) in [("++", How::Put), ("+", How::Add), ("~", How::Remove)] {
        if let Some(rest) = text.strip_prefix(sign) {
            return (how, rest);
        }
    }
    (How::Set, text)
}
