//! The instructions of a pickle that put data together, protocols 2 to 5.
//!
//! Values are small and refer to what was made before by its place, so a program that repeats or nests references
//! takes no more memory than its own length times a constant, and nothing is walked recursively.
//!
//! Source: <https://github.com/python/cpython/blob/main/Lib/pickletools.py>

use std::collections::HashMap;

use super::super::super::error::TorchFault;
use super::classes::{self, Class, Element};

/// Longest program: a state dict of a thousand tensors has some 200 kB.
pub(super) const LONGEST: usize = 16 << 20;

/// torch's largest number of axes.
const MOST_AXES: usize = 64;

/// A value on the stack; lists, mappings, storages and tensors by their place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// `None`, numbers with a point, bytes, settings: nothing that matters to weights.
    Inert,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Class(Class),
    Tuple(usize),
    List(usize),
    Mapping(usize),
    Storage(usize),
    Tensor(usize),
}

/// A run of elements in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Storage<'a> {
    pub key: &'a str,
    /// `None` for bytes whose type the tensors name.
    pub element: Option<Element>,
    /// Elements, or bytes without a type.
    pub count: usize,
}

/// A tensor's place in its storage, in elements.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub storage: usize,
    pub element: Element,
    pub offset: usize,
    pub size: Vec<usize>,
    pub stride: Vec<usize>,
}

/// All that a program made.
#[derive(Debug, Default)]
pub(super) struct Made<'a> {
    pub sequences: Vec<Vec<Value<'a>>>,
    pub mappings: Vec<Vec<(Value<'a>, Value<'a>)>>,
    pub storages: Vec<Storage<'a>>,
    pub tensors: Vec<View>,
    /// Pairs that may still be copied from lists into mappings: a program cannot ask for more than it is long.
    copies: usize,
}

/// Runs the program at the start of `bytes`; also gives its result and its length.
pub(super) fn run(bytes: &[u8]) -> Result<(Made<'_>, Value<'_>, usize), TorchFault> {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let made = Made { copies: bytes.len(), ..Made::default() };
    let mut machine = Machine { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new(), made };
    loop {
        let at = machine.at;
        let code = machine.take(1)?[0];
        if code == b'.' {
            let result = machine.pop()?;
            return Ok((machine.made, result, machine.at));
        }
        machine.step(code, at)?;
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value<'a>>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value<'a>>,
    made: Made<'a>,
}

impl<'a> Machine<'a> {
    fn step(&mut self, code: u8, at: usize) -> Result<(), TorchFault> {
        match code {
            0x80 => drop(self.take(1)?), // protocol
            0x95 => drop(self.take(8)?), // frame
            b'N' => self.push(Value::Inert),
            0x88 | 0x89 => self.push(Value::Bool(code == 0x88)),
            b'K' => self.integer(1, false)?,
            b'M' => self.integer(2, false)?,
            b'J' => self.integer(4, true)?,
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            b'G' => self.skip(8)?,
            b'X' => self.text(4)?,
            0x8c | b'U' => self.text(1)?,
            b'T' => self.text(4)?,
            0x8d => self.text(8)?,
            b'C' => self.blob(1)?,
            b'B' => self.blob(4)?,
            0x8e | 0x96 => self.blob(8)?,
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.cut_at_mark()?),
            b'2' => self.push(self.top()?),
            b')' => self.tuple(Vec::new()),
            0x85..=0x87 => self.short_tuple(usize::from(code - 0x84))?,
            b't' => self.marked_tuple()?,
            b']' => self.list(Vec::new()),
            b'l' => self.marked_list()?,
            b'a' => self.append(1)?,
            b'e' => self.append_marked()?,
            b'}' => self.mapping(Vec::new()),
            b'd' => self.marked_mapping()?,
            b's' => self.set_item()?,
            b'u' => self.set_items()?,
            0x8f => self.push(Value::Inert),   // empty set
            0x90 => drop(self.cut_at_mark()?), // its elements
            0x91 => self.frozen_set()?,
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => self.memoize()?,
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'c' => self.global()?,
            0x93 => self.stack_global()?,
            b'R' | 0x81 => self.call(at)?,
            0x92 => self.call_with_names(at)?,
            b'b' => drop(self.pop()?), // state beside what a tensor or a mapping is made of
            b'Q' => self.storage(at)?,
            _ => return Err(TorchFault::Opcode { code, at }),
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], TorchFault> {
        let end = self.at.checked_add(count).ok_or(TorchFault::Truncated)?;
        let taken = self.bytes.get(self.at..end);
        let taken = taken.ok_or(if self.bytes.len() == LONGEST { TorchFault::LongProgram } else { TorchFault::Truncated })?;
        self.at = end;
        Ok(taken)
    }

    fn malformed(&self, what: &'static str) -> TorchFault {
        TorchFault::Malformed { what, at: self.at }
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(value);
    }

    fn top(&self) -> Result<Value<'a>, TorchFault> {
        self.stack.last().copied().ok_or_else(|| self.malformed("an empty stack"))
    }

    fn pop(&mut self) -> Result<Value<'a>, TorchFault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(self.malformed("an empty stack"));
        }
        self.stack.pop().ok_or_else(|| self.malformed("an empty stack"))
    }

    fn cut_at_mark(&mut self) -> Result<Vec<Value<'a>>, TorchFault> {
        let mark = self.marks.pop().ok_or_else(|| self.malformed("no mark"))?;
        Ok(self.stack.split_off(mark))
    }

    /// An unsigned number in the program, little-endian.
    fn number(&mut self, bytes: usize) -> Result<usize, TorchFault> {
        let number = self.take(bytes)?.iter().rev().fold(0u64, |number, &byte| number << 8 | u64::from(byte));
        usize::try_from(number).map_err(|_| TorchFault::Truncated)
    }

    fn integer(&mut self, bytes: usize, signed: bool) -> Result<(), TorchFault> {
        let number = self.number(bytes)? as i64;
        let wide = 64 - 8 * bytes as u32;
        self.push(Value::Int(if signed { number << wide >> wide } else { number }));
        Ok(())
    }

    fn long(&mut self, prefix: usize) -> Result<(), TorchFault> {
        let length = self.number(prefix)?;
        let digits = self.take(length)?;
        let Some(&last) = digits.last() else {
            self.push(Value::Int(0));
            return Ok(());
        };
        let mut wide = [if last & 0x80 == 0 { 0 } else { 0xff }; 8];
        let fits = digits.len() <= 8;
        if fits {
            wide[..digits.len()].copy_from_slice(digits);
        }
        self.push(if fits { Value::Int(i64::from_le_bytes(wide)) } else { Value::Inert });
        Ok(())
    }

    fn skip(&mut self, bytes: usize) -> Result<(), TorchFault> {
        self.take(bytes)?;
        self.push(Value::Inert);
        Ok(())
    }

    fn text(&mut self, prefix: usize) -> Result<(), TorchFault> {
        let length = self.number(prefix)?;
        // Python 2 wrote bytes where later ones write text; what is no text is of no use as a name.
        let text = std::str::from_utf8(self.take(length)?).map_or(Value::Inert, Value::Text);
        self.push(text);
        Ok(())
    }

    fn blob(&mut self, prefix: usize) -> Result<(), TorchFault> {
        let length = self.number(prefix)?;
        self.skip(length)
    }

    fn tuple(&mut self, values: Vec<Value<'a>>) {
        self.made.sequences.push(values);
        self.push(Value::Tuple(self.made.sequences.len() - 1));
    }

    fn short_tuple(&mut self, count: usize) -> Result<(), TorchFault> {
        let mut values = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        values.reverse();
        self.tuple(values);
        Ok(())
    }

    fn marked_tuple(&mut self) -> Result<(), TorchFault> {
        let values = self.cut_at_mark()?;
        self.tuple(values);
        Ok(())
    }

    fn list(&mut self, values: Vec<Value<'a>>) {
        self.made.sequences.push(values);
        self.push(Value::List(self.made.sequences.len() - 1));
    }

    fn marked_list(&mut self) -> Result<(), TorchFault> {
        let values = self.cut_at_mark()?;
        self.list(values);
        Ok(())
    }

    fn append(&mut self, count: usize) -> Result<(), TorchFault> {
        let values = (0..count).map(|_| self.pop()).collect::<Result<Vec<_>, _>>()?;
        self.extend(values)
    }

    fn append_marked(&mut self) -> Result<(), TorchFault> {
        let values = self.cut_at_mark()?;
        self.extend(values)
    }

    fn extend(&mut self, values: Vec<Value<'a>>) -> Result<(), TorchFault> {
        match self.top()? {
            Value::List(place) => self.made.sequences[place].extend(values),
            Value::Inert => {}
            _ => return Err(self.malformed("something else than a list")),
        }
        Ok(())
    }

    fn mapping(&mut self, pairs: Vec<(Value<'a>, Value<'a>)>) {
        self.made.mappings.push(pairs);
        self.push(Value::Mapping(self.made.mappings.len() - 1));
    }

    fn marked_mapping(&mut self) -> Result<(), TorchFault> {
        let values = self.cut_at_mark()?;
        let pairs = self.pairs(&values)?;
        self.mapping(pairs);
        Ok(())
    }

    fn set_item(&mut self) -> Result<(), TorchFault> {
        let (value, key) = (self.pop()?, self.pop()?);
        self.fill(vec![(key, value)])
    }

    fn set_items(&mut self) -> Result<(), TorchFault> {
        let values = self.cut_at_mark()?;
        let pairs = self.pairs(&values)?;
        self.fill(pairs)
    }

    fn pairs(&self, values: &[Value<'a>]) -> Result<Vec<(Value<'a>, Value<'a>)>, TorchFault> {
        if values.len() % 2 == 1 {
            return Err(self.malformed("a key without a value"));
        }
        Ok(values.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn fill(&mut self, pairs: Vec<(Value<'a>, Value<'a>)>) -> Result<(), TorchFault> {
        match self.top()? {
            Value::Mapping(place) => self.made.mappings[place].extend(pairs),
            Value::Inert => {}
            _ => return Err(self.malformed("something else than a mapping")),
        }
        Ok(())
    }

    fn frozen_set(&mut self) -> Result<(), TorchFault> {
        self.cut_at_mark()?;
        self.push(Value::Inert);
        Ok(())
    }

    fn remember(&mut self, bytes: usize) -> Result<(), TorchFault> {
        let (place, value) = (self.number(bytes)? as u32, self.top()?);
        self.memo.insert(place, value);
        Ok(())
    }

    fn memoize(&mut self) -> Result<(), TorchFault> {
        let (place, value) = (self.memo.len() as u32, self.top()?);
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, bytes: usize) -> Result<(), TorchFault> {
        let place = self.number(bytes)? as u32;
        let value = *self.memo.get(&place).ok_or_else(|| self.malformed("a reference to nothing"))?;
        self.push(value);
        Ok(())
    }

    fn line(&mut self) -> Result<&'a str, TorchFault> {
        let length = self.bytes[self.at..].iter().position(|&byte| byte == b'\n').ok_or(TorchFault::Truncated)?;
        let line = std::str::from_utf8(self.take(length)?).map_err(|_| self.malformed("a name that is no text"))?;
        self.take(1)?;
        Ok(line)
    }

    fn global(&mut self) -> Result<(), TorchFault> {
        let (module, name) = (self.line()?, self.line()?);
        self.push(Value::Class(classes::find(module, name)?));
        Ok(())
    }

    fn stack_global(&mut self) -> Result<(), TorchFault> {
        let (name, module) = (self.pop()?, self.pop()?);
        let (Value::Text(module), Value::Text(name)) = (module, name) else { return Err(self.malformed("a name that is no text")) };
        self.push(Value::Class(classes::find(module, name)?));
        Ok(())
    }

    fn call(&mut self, at: usize) -> Result<(), TorchFault> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let value = self.made.call(callee, arguments).ok_or(TorchFault::Malformed { what: "a call that makes no tensor", at })?;
        self.push(value);
        Ok(())
    }

    fn call_with_names(&mut self, at: usize) -> Result<(), TorchFault> {
        self.pop()?;
        self.call(at)
    }

    /// `("storage", type, key, location, count)`, in old files with one more.
    fn storage(&mut self, at: usize) -> Result<(), TorchFault> {
        let id = self.pop()?;
        let storage = self.made.storage(id).ok_or(TorchFault::Malformed { what: "a reference that is no storage", at })?;
        self.made.storages.push(storage);
        self.push(Value::Storage(self.made.storages.len() - 1));
        Ok(())
    }
}

impl<'a> Made<'a> {
    /// The values of a tuple or a list.
    pub(super) fn values(&self, value: Value<'a>) -> Option<&[Value<'a>]> {
        match value {
            Value::Tuple(place) | Value::List(place) => self.sequences.get(place).map(Vec::as_slice),
            _ => None,
        }
    }

    /// What calling one of the known names gives.
    fn call(&mut self, callee: Value<'a>, arguments: Value<'a>) -> Option<Value<'a>> {
        let arguments = self.values(arguments)?;
        let (callee, arguments) = match (callee, arguments) {
            (Value::Class(Class::Subclass), &[inner, _, inner_arguments, ..]) => (inner, self.values(inner_arguments)?),
            _ => (callee, arguments),
        };
        let Value::Class(class) = callee else { return matches!(callee, Value::Inert).then_some(Value::Inert) };
        match class {
            Class::Inert => Some(Value::Inert),
            Class::Wrapper => arguments.first().copied(),
            Class::Mapping => {
                let pairs = self.initial(arguments);
                self.copies = self.copies.checked_sub(pairs.len())?;
                self.mappings.push(pairs);
                Some(Value::Mapping(self.mappings.len() - 1))
            }
            Class::Tensor | Class::TypedTensor => {
                let view = self.view(arguments, class == Class::TypedTensor)?;
                self.tensors.push(view);
                Some(Value::Tensor(self.tensors.len() - 1))
            }
            Class::Element(_) | Class::Untyped | Class::Subclass => None,
        }
    }

    /// The pairs that a mapping is made with: Python 2 gives them as a list to `OrderedDict`.
    fn initial(&self, arguments: &[Value<'a>]) -> Vec<(Value<'a>, Value<'a>)> {
        let pairs = arguments.first().and_then(|&first| self.values(first)).unwrap_or_default();
        pairs
            .iter()
            .take(self.copies + 1)
            .filter_map(|&pair| self.values(pair)?.try_into().ok())
            .map(|[key, value]: [Value<'a>; 2]| (key, value))
            .collect()
    }

    /// `(storage, offset, size, stride, …)`, where `typed` with the dtype as the seventh.
    fn view(&self, arguments: &[Value<'a>], typed: bool) -> Option<View> {
        let &[Value::Storage(storage), Value::Int(offset), size, stride, ..] = arguments else { return None };
        let named = match arguments.get(6) {
            Some(&Value::Class(Class::Element(element))) if typed => Some(element),
            _ => None,
        };
        let element = named.or(self.storages.get(storage)?.element)?;
        let (size, stride) = (self.lengths(size)?, self.lengths(stride)?);
        (size.len() == stride.len()).then_some(View { storage, element, offset: usize::try_from(offset).ok()?, size, stride })
    }

    fn lengths(&self, value: Value<'a>) -> Option<Vec<usize>> {
        let length = |&value: &Value<'a>| if let Value::Int(length) = value { usize::try_from(length).ok() } else { None };
        let values = self.values(value).filter(|values| values.len() <= MOST_AXES)?;
        values.iter().map(length).collect()
    }

    fn storage(&self, id: Value<'a>) -> Option<Storage<'a>> {
        let &[Value::Text("storage"), Value::Class(class), Value::Text(key), _, Value::Int(count), ..] = self.values(id)? else {
            return None;
        };
        let element = match class {
            Class::Element(element) => Some(element),
            Class::Untyped => None,
            _ => return None,
        };
        Some(Storage { key, element, count: usize::try_from(count).ok()? })
    }
}
