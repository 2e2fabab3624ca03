//! Advice for the errors of [`crate::workspace::settings`].

use crate::commands::{Explain, Failure};
use crate::text::{Place, quoted_list};
use crate::workspace::settings::{Error, UnknownKey};

impl Explain for Error {
    fn explain(self) -> Failure {
        match self {
            Error::Read { path, source } => {
                let failure = Failure::usage(format!("cannot read `{}`", path.display())).cause(source.to_string());
                if source.kind() == std::io::ErrorKind::NotFound { failure.hint("check the name after `--params`") } else { failure }
            }
            Error::NotUtf8 { path } => {
                Failure::usage(format!("`{}` is not UTF-8 text", path.display())).hint("save the file as UTF-8 in your editor")
            }
            Error::Syntax { place, message, tab: true } => at(&place, message).hint("indent with spaces; YAML does not allow tabs there"),
            Error::Syntax { place, message, tab: false } => at(&place, format!("this is not YAML: {message}")),
            Error::Duplicate { place, key, first_line } => at(&place, format!("`{key}` is given twice"))
                .cause(format!("the first `{key}` is on line {first_line}"))
                .hint("remove one of the two"),
            Error::Type { place, key, expected, found } if key.is_empty() => {
                at(&place, format!("the file must be {expected}, not {found}"))
            }
            Error::Type { place, key, expected, found } => at(&place, format!("`{key}` must be {expected}, not {found}")),
            Error::Invalid { place, key, reason } => at(&place, format!("`{key}` {reason}")),
            Error::Unknown { place, keys, known } => unknown(&place, &keys, &known),
            Error::Missing { place, key } => at(&place, format!("`{key}` is missing")).hint(format!("add `{key}`")),
            Error::NoSection { path, key, suggestion } => {
                let failure = Failure::usage(format!("`{}` has no `{key}`", path.display()));
                match suggestion {
                    Some(near) => failure.hint(format!("is `{near}` meant?")),
                    None => failure.hint(format!("add `{key}:` to it, or name another key after the colon")),
                }
            }
        }
    }
}

fn at(place: &Place, message: String) -> Failure {
    Failure::usage(message).at(place)
}

fn unknown(place: &Place, keys: &[UnknownKey], known: &[String]) -> Failure {
    let Some((first, others)) = keys.split_first() else { return at(place, "unknown key".to_owned()) };
    let mut failure = at(place, format!("unknown key `{}`", first.key));
    for other in others {
        failure = failure.cause(format!("`{}` on line {} is unknown too", other.key, other.line));
    }
    for key in keys {
        if let Some(near) = &key.suggestion {
            failure = failure.hint(format!("is `{near}` meant instead of `{}`?", key.key));
        }
    }
    if keys.iter().all(|key| key.suggestion.is_some()) { failure } else { failure.hint(format!("known here: {}", quoted_list(known))) }
}
