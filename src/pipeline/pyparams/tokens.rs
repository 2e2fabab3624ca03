//! Python text cut into logical lines of tokens: brackets and backslashes join lines, comments vanish.

use crate::pipeline::yaml::Mark;

/// One logical line: it may span several of the file.
#[derive(Debug)]
pub struct Line {
    /// Columns before its first token; a tab reaches to the next multiple of eight.
    pub indent: usize,
    /// Never empty.
    pub tokens: Vec<Token>,
}

/// A word of the file.
#[derive(Debug)]
pub struct Token {
    /// Its first character.
    pub mark: Mark,
    /// What it is.
    pub what: What,
}

/// What a token is.
#[derive(Debug)]
pub enum What {
    /// A name or keyword.
    Name(String),
    /// A number as written.
    Number(String),
    /// A text with its escapes resolved; `None` for what is no constant text (f-strings, bytes, `\N{…}`).
    Text(Option<String>),
    /// A single character; operators of several are several tokens, but for those that hold a `=` and do not assign.
    Mark(char),
    /// `==`, `+=`, `->` and their like.
    Operator,
}

impl Token {
    /// The name, if it is one.
    pub fn name(&self) -> Option<&str> {
        match &self.what {
            What::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Whether it is this character.
    pub fn is(&self, wanted: char) -> bool {
        matches!(self.what, What::Mark(c) if c == wanted)
    }
}

/// Where it cannot be cut on, and why.
pub type Wrong = (Mark, String);

/// The logical lines of a file.
pub fn lines(text: &str) -> Result<Vec<Line>, Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut cutter = Cutter { chars: text.chars().collect(), at: 0, mark: Mark { line: 1, column: 1 }, open: Vec::new() };
    let mut lines = Vec::new();
    while let Some(line) = cutter.line()? {
        if !line.tokens.is_empty() {
            lines.push(line);
        }
    }
    Ok(lines)
}

struct Cutter {
    chars: Vec<char>,
    at: usize,
    mark: Mark,
    /// Brackets that are open.
    open: Vec<(char, Mark)>,
}

impl Cutter {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        if c == '\n' {
            self.mark = Mark { line: self.mark.line + 1, column: 1 };
        } else {
            self.mark.column += 1;
        }
        Some(c)
    }

    fn skip(&mut self, n: usize) {
        for _ in 0..n {
            self.next();
        }
    }

    fn line(&mut self) -> Result<Option<Line>, Wrong> {
        if self.peek(0).is_none() {
            return Ok(None);
        }
        let mut indent = 0;
        while let Some(c @ (' ' | '\t' | '\u{c}')) = self.peek(0) {
            indent = match c {
                ' ' => indent + 1,
                '\t' => indent / 8 * 8 + 8,
                _ => 0,
            };
            self.next();
        }
        let mut tokens = Vec::new();
        while let Some(c) = self.peek(0) {
            let mark = self.mark;
            match c {
                '\n' if self.open.is_empty() => {
                    self.next();
                    break;
                }
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.next();
                    }
                }
                c if c.is_whitespace() => self.skip(1),
                '\\' => self.skip(if self.peek(1) == Some('\n') { 2 } else { 1 }),
                c if c.is_alphabetic() || c == '_' => tokens.push(self.word()?),
                c if c.is_ascii_digit() || (c == '.' && self.peek(1).is_some_and(|next| next.is_ascii_digit())) => {
                    let what = What::Number(self.number());
                    tokens.push(Token { mark, what });
                }
                '"' | '\'' => {
                    let what = What::Text(self.text("")?);
                    tokens.push(Token { mark, what });
                }
                _ => {
                    let what = self.operator(c)?;
                    tokens.push(Token { mark, what });
                }
            }
        }
        match self.open.first() {
            Some((bracket, mark)) if self.peek(0).is_none() => Err((*mark, format!("`{bracket}` is not closed"))),
            _ => Ok(Some(Line { indent, tokens })),
        }
    }

    fn word(&mut self) -> Result<Token, Wrong> {
        let mark = self.mark;
        let mut name = String::new();
        while let Some(c) = self.peek(0).filter(|c| c.is_alphanumeric() || *c == '_') {
            name.push(c);
            self.next();
        }
        let is_prefix = name.len() <= 2 && name.chars().all(|c| "rRbBuUfFtT".contains(c));
        if is_prefix && matches!(self.peek(0), Some('"' | '\'')) {
            let what = What::Text(self.text_at(mark, &name.to_ascii_lowercase())?);
            return Ok(Token { mark, what });
        }
        Ok(Token { mark, what: What::Name(name) })
    }

    fn number(&mut self) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek(0) {
            let sign = matches!(c, '+' | '-') && text.ends_with(['e', 'E']) && !text.starts_with("0x") && !text.starts_with("0X");
            if !(c.is_alphanumeric() || c == '_' || c == '.' || sign) {
                break;
            }
            text.push(c);
            self.next();
        }
        text
    }

    fn operator(&mut self, c: char) -> Result<What, Wrong> {
        let mark = self.mark;
        self.next();
        match c {
            '(' | '[' | '{' => self.open.push((c, mark)),
            ')' | ']' | '}' => {
                let fits = |open: char| matches!((open, c), ('(', ')') | ('[', ']') | ('{', '}'));
                if !self.open.pop().is_some_and(|(open, _)| fits(open)) {
                    return Err((mark, format!("`{c}` closes no bracket")));
                }
            }
            '=' | '<' | '>' | '!' | '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '@' | ':' if self.peek(0) == Some('=') => {
                // `{x:=1}` aside, nothing assigns with these to a new name.
                self.next();
                return Ok(What::Operator);
            }
            '-' if self.peek(0) == Some('>') => {
                self.next();
                return Ok(What::Operator);
            }
            _ => {}
        }
        Ok(What::Mark(c))
    }

    fn text(&mut self, prefix: &str) -> Result<Option<String>, Wrong> {
        self.text_at(self.mark, prefix)
    }

    /// A text from its first quote on. `mark`: where it begins, prefix included.
    fn text_at(&mut self, mark: Mark, prefix: &str) -> Result<Option<String>, Wrong> {
        let not_closed = || (mark, "the text that begins here is not closed".to_owned());
        let quote = self.next().ok_or_else(not_closed)?;
        let triple = self.peek(0) == Some(quote) && self.peek(1) == Some(quote);
        self.skip(if triple { 2 } else { 0 });
        let formatted = prefix.contains(['f', 't']);
        let (raw, mut text) = (prefix.contains('r'), (!formatted && !prefix.contains('b')).then(String::new));
        let mut fields = 0;
        loop {
            let c = self.peek(0).ok_or_else(not_closed)?;
            match c {
                '\n' if !triple && fields == 0 => return Err(not_closed()),
                '{' if formatted => fields += 1,
                '}' if formatted => fields = (fields - 1).max(0),
                // Inside the braces of an f-string any text may stand; of one that is itself an f-string only the quotes are looked at.
                '"' | '\'' if fields > 0 => {
                    self.text_at(mark, "")?;
                    continue;
                }
                c if c == quote && (!triple || (self.peek(1) == Some(quote) && self.peek(2) == Some(quote))) => {
                    self.skip(if triple { 3 } else { 1 });
                    return Ok(text);
                }
                '\\' if raw => {
                    self.next();
                    push(&mut text, '\\');
                    // Even in a raw text a quote after a backslash does not end it.
                    if let Some(next) = self.next() {
                        push(&mut text, next);
                    }
                    continue;
                }
                '\\' => {
                    self.next();
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            self.next();
            if !(c == '\r' && self.peek(0) == Some('\n')) {
                push(&mut text, c);
            }
        }
    }

    /// What stands after a backslash.
    fn escape(&mut self, text: &mut Option<String>) {
        let Some(c) = self.next() else { return };
        let simple = match c {
            '\n' => return,
            '\r' if self.peek(0) == Some('\n') => return self.skip(1),
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\u{7}'),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'v' => Some('\u{b}'),
            '\\' | '\'' | '"' => Some(c),
            'x' => self.code(16, 2, 2),
            'u' => self.code(16, 4, 4),
            'U' => self.code(16, 8, 8),
            '0'..='7' => {
                self.at -= 1;
                self.mark.column -= 1;
                self.code(8, 1, 3)
            }
            'N' => None,
            other => {
                push(text, '\\');
                Some(other)
            }
        };
        match simple {
            Some(c) => push(text, c),
            // A name of a character, or a number that is none: no constant that is known here.
            None => *text = None,
        }
    }

    fn code(&mut self, radix: u32, least: usize, most: usize) -> Option<char> {
        let mut code = 0;
        let mut digits = 0;
        while digits < most
            && let Some(digit) = self.peek(0).and_then(|c| c.to_digit(radix))
        {
            code = u32::saturating_add(u32::saturating_mul(code, radix), digit);
            digits += 1;
            self.next();
        }
        if digits < least { None } else { char::from_u32(code) }
    }
}

fn push(text: &mut Option<String>, c: char) {
    if let Some(text) = text {
        text.push(c);
    }
}
