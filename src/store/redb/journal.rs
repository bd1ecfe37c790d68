//! The journal: every batch as one record, durable before it is answered, in two segments of which
//! one is written while the other is folded into the database.

use std::io;

use super::backend::{Medium, Part};
use super::segment::{Damaged, Record, Segment};
use crate::store::change::Changes;
use crate::store::codec::{BadValue, Contents, decode_changes, encode_changes};

/// A journal that can be written.
#[derive(Debug)]
pub(super) struct Journal {
    /// Part of every checksum: a segment of another journal is never taken for one of this.
    id: u64,
    segments: [Segment; 2],
    active: usize,
    /// The last record that was appended.
    sequence: u64,
}

/// Why a journal could not be read.
pub(super) enum BadJournal {
    Io(io::Error),
    /// A segment is missing, or belongs to another store.
    NotThisOne,
    Damaged,
    Newer,
}

impl Journal {
    /// An empty journal, whose next record follows `sequence`.
    pub(super) fn create(medium: &dyn Medium, id: u64, sequence: u64) -> io::Result<Self> {
        let segment = |number| Segment::create(medium.create(Part::Journal(number))?, id);
        Ok(Self { id, segments: [segment(0)?, segment(1)?], active: 0, sequence })
    }

    /// The same journal through new handles; `None` when another program has changed it.
    pub(super) fn reopen(&self, medium: &dyn Medium) -> io::Result<Option<Self>> {
        let segment =
            |number: usize| self.segments[number].reopen(medium.open(Part::Journal(number))?);
        let (Some(first), Some(second)) = (segment(0)?, segment(1)?) else { return Ok(None) };
        Ok(Some(Self { segments: [first, second], ..*self }))
    }

    /// The last record that was appended.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Makes changes durable and says how many bytes that took. After an error nothing is
    /// appended.
    pub(super) fn append(&mut self, changes: &Changes) -> io::Result<usize> {
        let sequence = self.sequence + 1;
        let value = encode_changes(sequence ^ self.id, changes, Contents::Whole);
        let bytes = self.segments[self.active].append(sequence, &value)?;
        self.sequence = sequence;
        Ok(bytes)
    }

    /// Lets the next record go to the other segment, whose records must be folded.
    pub(super) fn switch(&mut self) {
        self.active = 1 - self.active;
        self.segments[self.active].begin_anew();
    }
}

/// The records of the journal `id` that came after the record `folded`, oldest first, and the last
/// record of all.
pub(super) fn read(
    medium: &dyn Medium,
    id: u64,
    folded: u64,
) -> Result<(Vec<(u64, Changes)>, u64), BadJournal> {
    let mut runs = Vec::new();
    for number in 0..2 {
        let bytes = match medium.open(Part::Journal(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BadJournal::NotThisOne);
            }
            opened => opened?,
        };
        let segment = Segment::open(bytes, id)?.ok_or(BadJournal::NotThisOne)?;
        runs.push(segment.records(folded)??);
    }
    runs.sort_by_key(|run| run.first().map(|record| record.sequence));
    let mut changes = Vec::new();
    let mut last = folded;
    for Record { sequence, value } in runs.into_iter().flatten() {
        if sequence <= folded {
            continue;
        }
        if sequence != last + 1 {
            return Err(BadJournal::Damaged);
        }
        changes.push((sequence, decode_changes(sequence ^ id, &value)?));
        last = sequence;
    }
    Ok((changes, last))
}

impl From<io::Error> for BadJournal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Damaged> for BadJournal {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

impl From<BadValue> for BadJournal {
    fn from(error: BadValue) -> Self {
        match error {
            BadValue::Newer => Self::Newer,
            BadValue::Damaged => Self::Damaged,
        }
    }
}
