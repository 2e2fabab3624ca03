//! `-S [FILE:]KEY=VALUE`: parameters that are other ones for one run, or for each run of a sweep.
//!
//! The grammar is Hydra's as `dvc exp run -S` takes it; what is more is marked with a star.
//!
//! ```text
//! override   [FILE:] KEY=VALUE          change a parameter that is there; FILE is params.yaml if it is left out
//!            [FILE:] +KEY=VALUE         add one that is not there
//!            [FILE:] ++KEY=VALUE        change it or add it
//!            [FILE:] ~KEY[=VALUE]       take it away (if it is VALUE)
//! VALUE      10, 1e-3, .5, inf, nan, true, null, a text, "a text", 'a text', [LIST, ...], {KEY: VALUE, ...}, nothing (an empty text)
//!            int(VALUE), float(VALUE), str(VALUE), bool(VALUE)
//! sweeps     VALUE,VALUE,...            each in turn, as choice(VALUE, ...)
//!            range([START,] STOP [, STEP])    START, START + STEP, ... below STOP
//!            uniform(LOW, HIGH)*        any number between; Hydra's interval(LOW, HIGH) is the same
//!            loguniform(LOW, HIGH)*     any number between, evenly by order of magnitude
//!            int(LOW, HIGH)*            any whole number from LOW to HIGH
//! ```
//!
//! - Numbers: no leading zero (`01` is a text), `_` between digits, `1e3` is a float. Truth values, `null`, `inf` and
//!   `nan` in any case. Everything else without quotes is a text; space around it does not count, a backslash before one of
//!   `\ , ( ) [ ] { } : = "` and space makes it ordinary*. In quotes `\"` (or `\'`) is the quote.
//! - A map that is set where a map stands is merged into it.
//! - Not taken: `${…}` (nothing would resolve it), `glob`, `sort`, `shuffle`, `tag` and other functions of Hydra's.
//!
//! Several overrides with sweeps make their product, the last one varying fastest ([`product`]).

mod error;
mod files;
mod functions;
mod parse;
mod shown;
mod words;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use files::{Applied, apply, apply_all};
pub use shown::literal;

use crate::pipeline::edit::{Action, Edit};
use crate::pipeline::value::Value;

/// Where a parameter is looked for whose override names no file.
pub const DEFAULT_FILE: &str = "params.yaml";

/// One `-S`.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The parameter file, as typed.
    pub file: Option<String>,
    /// The dotted key.
    pub key: String,
    /// What is to be there already.
    pub how: How,
    /// The value or values; `None` for a removal that names none.
    pub given: Option<Given>,
}

/// What is to be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The key.
    Set,
    /// Not the key.
    Add,
    /// Either.
    Put,
    /// The key, which is taken away.
    Remove,
}

/// What was given for a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// One value.
    One(Value),
    /// Each of these; never empty.
    Choice(Vec<Value>),
    /// Any number between two.
    Uniform {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
        /// Evenly by order of magnitude.
        log: bool,
    },
    /// Any whole number from one to another.
    Int {
        /// The least.
        low: i64,
        /// The greatest.
        high: i64,
    },
}

impl Override {
    /// Reads one override.
    ///
    /// # Errors
    /// What is wrong, where, and what could stand there.
    pub fn parse(typed: &str) -> Result<Self, Error> {
        parse::parse(typed)
    }

    /// The same with one value instead of what was given.
    #[must_use]
    pub fn with(&self, value: Value) -> Self {
        Self { given: Some(Given::One(value)), ..self.clone() }
    }

    /// The parameter file.
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or(DEFAULT_FILE)
    }

    /// The change of the file, if one value was given.
    pub fn edit(&self) -> Option<Edit> {
        let value = match &self.given {
            Some(Given::One(value)) => Some(value.clone()),
            None => None,
            Some(_) => return None,
        };
        let action = match (self.how, value) {
            (How::Set, Some(value)) => Action::Set(value),
            (How::Add, Some(value)) => Action::Add(value),
            (How::Put, Some(value)) => Action::Put(value),
            (How::Remove, value) => Action::Remove(value),
            (_, None) => return None,
        };
        Some(Edit { key: self.key.clone(), action })
    }
}

impl Given {
    /// All values that it stands for; `None` for numbers between two.
    pub fn values(&self) -> Option<Vec<Value>> {
        match self {
            Given::One(value) => Some(vec![value.clone()]),
            Given::Choice(values) => Some(values.clone()),
            Given::Uniform { .. } | Given::Int { .. } => None,
        }
    }
}

/// Runs that one command may ask for.
pub const MAX_PRODUCT: usize = 100_000;

/// Every combination of the values that were given, the last override varying fastest: one list if none is a sweep.
///
/// # Errors
/// An override that stands for any number between two; more than [`MAX_PRODUCT`] combinations.
pub fn product(overrides: &[Override]) -> Result<Vec<Vec<Override>>, Error> {
    let mut all: Vec<Vec<Override>> = vec![Vec::new()];
    for one in overrides {
        let choices: Vec<Override> = match &one.given {
            None => vec![one.clone()],
            Some(given) => {
                let values = given.values().ok_or_else(|| Error::Unbounded { key: one.key.clone() })?;
                values.into_iter().map(|value| one.with(value)).collect()
            }
        };
        if all.len().saturating_mul(choices.len()) > MAX_PRODUCT {
            return Err(Error::TooMany);
        }
        let with = |head: &Vec<Override>| {
            let head = head.clone();
            choices.iter().map(move |choice| head.iter().chain([choice]).cloned().collect()).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    Ok(all)
}
