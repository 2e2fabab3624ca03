//! The time of day, in one place, so that tests and reproducible builds can fix it.
//!
//! `SOURCE_DATE_EPOCH` (seconds, <https://reproducible-builds.org/specs/source-date-epoch/>)
//! replaces the time of day wherever derm writes one into a file. Durations never use it.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Now, or the time fixed by `SOURCE_DATE_EPOCH`.
    pub fn now() -> Self {
        let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse::<i64>().ok());
        match fixed {
            Some(seconds) => Self(seconds.saturating_mul(1000)),
            None => Self(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as i64)),
        }
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// `2026-11-21 07:29:45`, in UTC, for tables.
    pub fn short(self) -> String {
        self.to_jiff().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-11-21T07:29:45.120Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn prints_rfc_3339_in_utc() {
        assert_eq!(Timestamp(1_795_246_185_120).to_string(), "2026-11-21T07:29:45.120Z");
        assert_eq!(Timestamp(1_795_246_185_120).short(), "2026-11-21 07:29:45");
    }
}
