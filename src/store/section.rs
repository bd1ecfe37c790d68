//! A section's content as it is kept: compressed from the moment it comes to the moment it is read.

use chrono::{DateTime, SubsecRound as _, Utc};

use super::StoreError;
use crate::model::{Received, SECTION_BYTES, SectionHash, SectionName};

/// As good as a level that takes twice as long is on text of a few kilobytes.
const LEVEL: i32 = 3;

/// One inventory section of one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    received: Received,
    packed: Box<[u8]>,
}

impl Section {
    /// The section `name` with this content, known by `hash`.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when it is longer than [`SECTION_BYTES`].
    pub fn new(
        name: SectionName,
        hash: SectionHash,
        received_at: DateTime<Utc>,
        content: &str,
    ) -> Result<Self, StoreError> {
        if content.len() > SECTION_BYTES {
            let text = format!("a section has {} bytes: at most {SECTION_BYTES}", content.len());
            return Err(StoreError::Backend(text));
        }
        let packed = zstd::bulk::compress(content.as_bytes(), LEVEL)
            .map_err(|error| StoreError::Backend(error.to_string()))?;
        Ok(Self::packed(name, hash, received_at, &packed))
    }

    /// A section as it was kept.
    pub(super) fn packed(
        name: SectionName,
        hash: SectionHash,
        received_at: DateTime<Utc>,
        packed: &[u8],
    ) -> Self {
        let at = received_at.trunc_subsecs(6);
        Self { received: Received { name, hash, at }, packed: packed.into() }
    }

    /// As [`Section::packed`], with the hash as text and the time in microseconds since 1970; `None`
    /// when they are none.
    pub(super) fn kept(
        name: SectionName,
        hash: &str,
        received_us: i64,
        packed: &[u8],
    ) -> Option<Self> {
        let received_at = DateTime::from_timestamp_micros(received_us)?;
        Some(Self::packed(name, SectionHash::parse(hash)?, received_at, packed))
    }

    /// Which it is, by what it is known, and when it came.
    #[must_use]
    pub fn received(&self) -> &Received {
        &self.received
    }

    pub(super) fn received_us(&self) -> i64 {
        self.received.at.timestamp_micros()
    }

    /// The content as it is kept.
    pub(super) fn as_packed(&self) -> &[u8] {
        &self.packed
    }

    /// The content.
    ///
    /// # Errors
    /// [`StoreError::Backend`] when what is kept is damaged.
    pub fn content(&self) -> Result<String, StoreError> {
        let unpacked = zstd::bulk::decompress(&self.packed, SECTION_BYTES).ok();
        unpacked.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            let name = self.received.name.name();
            StoreError::Backend(format!("the section {name} is damaged"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_back_and_is_short_at_rest() {
        let hash = SectionHash::parse("7").unwrap();
        let section = |content: &str| {
            Section::new(SectionName::Software, hash, DateTime::UNIX_EPOCH, content)
        };
        let text = r#"{"name":"ção 😀"}"#.repeat(1_000);
        for content in ["", "[]", text.as_str()] {
            assert_eq!(section(content).unwrap().content().as_deref(), Ok(content));
        }
        assert!(section(&text).unwrap().as_packed().len() < 200);
        let largest = "x".repeat(SECTION_BYTES);
        assert_eq!(section(&largest).unwrap().content().unwrap().len(), SECTION_BYTES);
        assert!(section(&format!("{largest}x")).is_err());
    }

    #[test]
    fn what_is_damaged_or_longer_than_anything_that_is_kept_is_no_content() {
        let bomb = zstd::bulk::compress(&vec![b'x'; SECTION_BYTES + 1], LEVEL).unwrap();
        let invalid = zstd::bulk::compress(b"\xff", LEVEL).unwrap();
        let hash = SectionHash::parse("7").unwrap();
        for packed in [&b"no zstd"[..], &bomb, &invalid] {
            let section = Section::packed(SectionName::Cpu, hash, DateTime::UNIX_EPOCH, packed);
            assert!(matches!(section.content(), Err(StoreError::Backend(_))), "{}", packed.len());
        }
    }
}
