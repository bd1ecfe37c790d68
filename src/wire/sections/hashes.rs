//! Which sections an agent has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Hashes of sections by their names; at most [`MOST_HASHES`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SectionHashes(pub BTreeMap<String, String>);

/// Most sections that a report names.
pub const MOST_HASHES: usize = 32;

impl SectionHashes {
    /// Whether none is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
