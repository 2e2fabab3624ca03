//! Parameters in Python files, read without Python: assignments of constants, as DVC finds them in the syntax tree.
//!
//! ```python
//! lr = 1e-3                      # lr
//! sizes: list[int] = [1, 2]      # sizes; an annotation alone is nothing
//! opts = {"a": (1, None)}        # opts.a is a list
//! class Train:                   # Train.epochs, Train.Inner.x, Train.seed
//!     epochs = 5
//!     class Inner: x = -1
//!     def __init__(self):
//!         self.seed = 7
//! ```
//!
//! - Looked at are the statements of the file, of classes, and of functions called `__init__` (there `self.NAME` only); not what
//!   stands in `if`, loops, other functions. A later assignment wins.
//! - A value is a number with at most one sign, a text (adjacent ones are joined), `True`, `False`, `None`, or a list, tuple,
//!   set or map of values. Tuples and sets are lists. Anything else, such as a call, an f-string, bytes or a sum, is no parameter and is
//!   passed over, and so is an assignment to several names.
//! - Only what keeps the file from being cut into statements is a problem: a text or a bracket that is not closed. Unlike
//!   Python, the rest of the code is not checked.

mod literal;
mod tokens;

use indexmap::IndexMap;

use super::problem::{Problem, Source};
use super::yaml::{Data, Entry, Mark, Node};
use tokens::{Line, Token, What};

/// Levels of classes that are followed.
const MAX_DEPTH: usize = 50;

/// Reads a Python file as a map of its constants.
///
/// # Errors
/// Where a text or bracket is not closed.
pub fn parse(source: &Source) -> Result<Node, Vec<Problem>> {
    let lines = tokens::lines(&source.text).map_err(|(mark, message)| {
        vec![Problem { place: source.place(mark), message: format!("not valid Python: {message}"), hint: None }]
    })?;
    let mut reader = Reader { lines: &lines, next: 0 };
    let entries = reader.block(0, false, 0);
    Ok(Node { mark: Mark { line: 1, column: 1 }, data: Data::Map(entries.into_values().collect()) })
}

struct Reader<'l> {
    lines: &'l [Line],
    next: usize,
}

impl Reader<'_> {
    /// The statements that are indented as the first of them; deeper ones belong to statements that are passed over.
    fn block(&mut self, least: usize, only_self: bool, depth: usize) -> Found {
        let mut found = Found::new();
        let Some(indent) = self.lines.get(self.next).map(|line| line.indent).filter(|indent| *indent >= least) else { return found };
        while let Some(line) = self.lines.get(self.next).filter(|line| line.indent >= indent) {
            self.next += 1;
            if line.indent == indent {
                self.statement(line, only_self, depth, &mut found);
            }
        }
        found
    }

    fn statement(&mut self, line: &Line, only_self: bool, depth: usize, found: &mut Found) {
        let word = |at: usize| line.tokens.get(at).and_then(Token::name);
        match (word(0), word(1)) {
            (Some("class"), Some(name)) => {
                let mark = line.tokens[1].mark;
                let data = Data::Map(self.body(line, false, depth).into_values().collect());
                found.insert(name.to_owned(), Entry { key: name.to_owned(), mark, value: Node { mark, data } });
            }
            (Some("def"), Some("__init__")) => found.extend(self.body(line, true, depth)),
            _ => {
                for statement in line.tokens.split(|token| token.is(';')) {
                    found_in(statement, only_self, found);
                }
            }
        }
    }

    /// What stands after the `:` of a class or function, on its line or indented below it.
    fn body(&mut self, line: &Line, only_self: bool, depth: usize) -> Found {
        let mut found = Found::new();
        let Some(colon) = colon(&line.tokens) else { return found };
        for statement in line.tokens[colon + 1..].split(|token| token.is(';')) {
            found_in(statement, only_self, &mut found);
        }
        let below = self.lines.get(self.next).is_some_and(|next| next.indent > line.indent);
        if below && colon + 1 == line.tokens.len() && depth < MAX_DEPTH {
            found = self.block(line.indent + 1, only_self, depth + 1);
        }
        found
    }
}

/// Names in the order in which they first appear, with their last values.
type Found = IndexMap<String, Entry>;

/// The first `:` outside of brackets.
fn colon(tokens: &[Token]) -> Option<usize> {
    outside(tokens).find(|(_, token)| token.is(':')).map(|(at, _)| at)
}

/// Tokens that stand in no bracket.
fn outside(tokens: &[Token]) -> impl Iterator<Item = (usize, &Token)> {
    let mut depth = 0_i32;
    tokens.iter().enumerate().filter(move |(_, token)| {
        let inside = depth > 0;
        match token.what {
            What::Mark('(' | '[' | '{') => depth += 1,
            What::Mark(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        !inside && depth == 0
    })
}

/// `NAME = VALUE` and `NAME: TYPE = VALUE`; in `__init__` with `self.` before the name.
fn found_in(statement: &[Token], only_self: bool, found: &mut Found) {
    let of_self = statement.len() > 3 && statement[0].name() == Some("self") && statement[1].is('.');
    let target = if of_self { 2 } else { 0 };
    if only_self && !of_self {
        return;
    }
    let Some(name) = statement.get(target).and_then(Token::name) else { return };
    let rest = &statement[target + 1..];
    let equals = match rest.first() {
        Some(token) if token.is('=') => Some(0),
        Some(token) if token.is(':') => outside(rest).find(|(_, token)| token.is('=')).map(|(at, _)| at),
        _ => None,
    };
    if let Some(value) = equals.and_then(|at| literal::read(&rest[at + 1..])) {
        found.insert(name.to_owned(), Entry { key: name.to_owned(), mark: statement[target].mark, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relpath::RelPath;

    fn read(text: &str) -> String {
        parse(&Source { path: RelPath::new("p.py").unwrap(), text: text.into() }).unwrap().to_value().json()
    }

    fn problem(text: &str) -> String {
        let problems = parse(&Source { path: RelPath::new("p.py").unwrap(), text: text.into() }).unwrap_err();
        format!("{}: {}", problems[0].place, problems[0].message)
    }

    // The right sides are what `dvc.utils.serialize.parse_py` of DVC 3.67.1 makes of the same texts.
    #[test]
    fn constants_of_the_file_and_of_classes() {
        let text = "\
# A comment = 1
import os
lr = 1e-3; n: int = 1_000
flags = {'a': (1, None), \"b\": [True, -0x1F, .5],}
class Train(Base, metaclass=M):
    '''A text = 3.'''
    epochs = 5
    class Inner: x = +1; y = 'it''s'
    def __init__(self, a=1):
        self.seed = 7
        other = 8
    def run(self):
        self.not_this = 1
    late = \"\"\"two
lines\"\"\"
if True:
    hidden = 1
done = (
    1,
    2,  # two
)
bare = 1, 2
";
        assert_eq!(
            read(text),
            r#"{"lr": 0.001, "n": 1000, "flags": {"a": [1, null], "b": [true, -31, 0.5]}, "Train": {"epochs": 5, "Inner": {"x": 1, "y": "its"}, "seed": 7, "late": "two\nlines"}, "done": [1, 2], "bare": [1, 2]}"#
        );
    }

    #[test]
    fn what_is_no_constant_is_passed_over() {
        let text = "a = f(1)\nb = c = 2\nd, e = 1, 2\nf = 1 + 2\ng: int\nh[0] = 1\ni.j = 2\nk = --1\nl = f'{1}'\nm = b'x'\nn = x if y else 2\no = [1, f()]\np += 1\nq == 1\nok = 1\n";
        assert_eq!(read(text), r#"{"ok": 1}"#);
    }

    #[test]
    fn texts_are_read_as_python_reads_them() {
        let text = "a = 'x\\n\\t\\x41\\u00e9\\101\\q\\\\'\nb = r'\\n'\nc = 'a' \"b\" \\\n  'c'\nd = u'e\\\nf'\n";
        assert_eq!(read(text), "{\"a\": \"x\\n\\tAéA\\\\q\\\\\", \"b\": \"\\\\n\", \"c\": \"abc\", \"d\": \"ef\"}");
    }

    #[test]
    fn what_is_not_closed_has_a_place() {
        assert_eq!(problem("a = 1\nb = 'x\n"), "p.py:2:5: not valid Python: the text that begins here is not closed");
        assert_eq!(problem("a = [1,\nb = 2\n"), "p.py:1:5: not valid Python: `[` is not closed");
        assert_eq!(problem("a = (1]\n"), "p.py:1:7: not valid Python: `]` closes no bracket");
    }
}
