//! Names: of runs, of experiments, of metrics and tags.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Error;

/// A run's id: a UUIDv7 (RFC 9562) as 32 lower-case hexadecimal digits. Sorts by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// A new id, later than every id made before by this process.
    pub fn new() -> Self {
        Self(uuid::Uuid::now_v7().simple().to_string())
    }

    /// The id in `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 32 && is_hex(text)).then(|| Self(text.to_owned()))
    }

    /// All 32 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RunId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no run id (32 lower-case hexadecimal digits)"))
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

/// Whether every character is a lower-case hexadecimal digit.
pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Refuses what cannot be one folder's name on every system: at most 120 letters, digits, spaces and
/// `_ - . + = ( ) @ , #`, not starting with a point or ending with a point or space.
pub fn check_experiment(name: &str) -> Result<(), Error> {
    let wrong = |reason| Err(Error::BadExperiment { name: name.to_owned(), reason });
    if name.is_empty() {
        return wrong("it is empty");
    }
    if name.chars().count() > 120 {
        return wrong("it is longer than 120 characters");
    }
    if name.starts_with(['.', ' ']) || name.ends_with(['.', ' ']) {
        return wrong("it starts or ends with a point or a space");
    }
    if !name.chars().all(is_plain) {
        return wrong("it holds a character other than letters, digits, spaces and `_ - . + = ( ) @ , #`");
    }
    Ok(())
}

fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || " _-.+=()@,#".contains(c)
}

/// `name` with every forbidden character replaced, for a writer that must not fail.
pub(super) fn mend_experiment(name: &str) -> String {
    let mended: String = name.chars().take(120).map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mended = mended.trim_matches(['.', ' ']).to_owned();
    if mended.is_empty() { "default".to_owned() } else { mended }
}

/// Whether a metric, parameter or tag may be called so: at most 250 letters, digits and `_ - . space /`
/// (the strictest common set of the trackers that derm exports to).
pub(super) fn is_key(key: &str) -> bool {
    let plain = key.chars().all(|c| c.is_alphanumeric() || "_-. /".contains(c));
    plain && !key.is_empty() && key.chars().count() <= 250
}

/// `key` with every forbidden character replaced.
pub(super) fn mend_key(key: &str) -> String {
    let mended: String = key.chars().take(250).map(|c| if c.is_alphanumeric() || "_-. /".contains(c) { c } else { '_' }).collect();
    if mended.is_empty() { "_".to_owned() } else { mended }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_are_plain_hex() {
        let ids: Vec<RunId> = (0..100).map(|_| RunId::new()).collect();
        assert!(ids.is_sorted());
        assert!(RunId::parse(ids[0].as_str()).is_some());
        for bad in ["", "last", "0190", "../../../../etc/passwd/aaaaaaaaa", "0190F3C4A8B07CC29D5E6F7081929394"] {
            assert_eq!(RunId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn experiments_are_one_folder_and_mended_names_are_allowed() {
        for good in ["skin", "HAM10000 (fold 3)", "müller-2026", "a.b"] {
            check_experiment(good).unwrap();
        }
        for bad in ["", ".", "..", "a/b", "..\\x", "/etc", ".hidden", "a\0b", "a\nb", "c:", " x", &"x".repeat(121)] {
            assert!(check_experiment(bad).is_err(), "{bad:?}");
            check_experiment(&mend_experiment(bad)).unwrap();
        }
    }

    #[test]
    fn keys_keep_to_the_common_set() {
        assert!(is_key("val/balanced_accuracy") && is_key("p.melanoma 1"));
        for bad in ["", "a\tb", "a:b", "a\nb"] {
            assert!(!is_key(bad) && is_key(&mend_key(bad)));
        }
    }
}
