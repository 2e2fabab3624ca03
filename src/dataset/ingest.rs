//! Bringing a source in (specification to be written).

use serde::{Deserialize, Serialize};

/// What may be left out with a warning instead of stopping the ingest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Skip {
    /// Files that cannot be decoded.
    Unreadable,
    /// Rows of a table without an image.
    Missing,
    /// Images without a row in the table.
    Unlisted,
}
