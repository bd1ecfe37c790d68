//! One of the two files of the journal: a head, and records one after the other, each beginning a
//! block. A segment is begun anew when its records are folded; what it held before lies behind
//! the new records until they have passed it.
//!
//! A record is a length, a sequence number and a sealed value (see [`crate::store::codec`]), whose
//! checksum also covers the sequence number and the journal's id. Nobody outside knows that id, so
//! no text of a report can look like a record.

use std::io;

use redb::StorageBackend as _;

use super::backend::AnyBackend;
use crate::store::codec;

/// A record never shares a block with another one: a write that the power cuts off can only damage
/// what was not acknowledged.
const BLOCK: u64 = BLOCK_BYTES as u64;
const BLOCK_BYTES: usize = 4096;
/// A segment grows by so much at once, written with zeros: a record that needs no more space costs
/// one write of its own and no change of the file's own data.
const GROWTH: u64 = 1 << 20;
/// Space that a segment keeps when a store is opened.
const KEPT: u64 = 32 << 20;
/// Beyond this, a segment whose fellow cannot be folded takes no more.
const LARGEST: u64 = 256 << 20;

const MAGIC: [u8; 8] = *b"tatujrn1";
const HEAD_BYTES: usize = 20;
const RECORD_HEAD_BYTES: usize = 12;

/// A segment that can be written.
#[derive(Debug)]
pub(super) struct Segment {
    bytes: AnyBackend,
    /// The journal's id.
    id: u64,
    /// The length of the file.
    len: u64,
    /// Where the next record goes.
    end: u64,
    /// Where the last record is, and its sequence number.
    last: Option<(u64, u64)>,
    /// A record as it is written, kept for its space.
    record: Vec<u8>,
}

/// A record that was read.
pub(super) struct Record {
    pub(super) sequence: u64,
    pub(super) value: Vec<u8>,
}

impl Segment {
    /// An empty segment of the journal `id`, whatever the file held.
    pub(super) fn create(bytes: AnyBackend, id: u64) -> io::Result<Self> {
        if bytes.len()? > KEPT {
            bytes.set_len(KEPT)?;
        }
        let len = bytes.len()?.max(BLOCK);
        bytes.set_len(len)?;
        bytes.write(0, &head(id))?;
        bytes.sync_data()?;
        Ok(Self { bytes, id, len, end: BLOCK, last: None, record: Vec::new() })
    }

    /// The segment of the journal `id` as it was left, to be written on from its beginning;
    /// `None` when the file holds something else.
    pub(super) fn open(bytes: AnyBackend, id: u64) -> io::Result<Option<Self>> {
        let len = bytes.len()?;
        let mut found = [0; HEAD_BYTES];
        if len < BLOCK {
            return Ok(None);
        }
        bytes.read(0, &mut found)?;
        let segment = Self { bytes, id, len, end: BLOCK, last: None, record: Vec::new() };
        Ok((found == head(id)).then_some(segment))
    }

    /// Lets the next record be the first. The records that were there must be folded.
    pub(super) fn begin_anew(&mut self) {
        self.end = BLOCK;
        self.last = None;
    }

    /// The same segment with other handles; `None` when it is not as this one was left.
    pub(super) fn reopen(&self, bytes: AnyBackend) -> io::Result<Option<Self>> {
        let Some(segment) = Self::open(bytes, self.id)? else { return Ok(None) };
        if let Some((at, sequence)) = self.last
            && segment.read(at)?.is_none_or(|(record, _)| record.sequence != sequence)
        {
            return Ok(None);
        }
        Ok(Some(Self { end: self.end, last: self.last, ..segment }))
    }

    /// Writes a record and makes it durable. After an error nothing is appended: the next record
    /// goes to the same place.
    pub(super) fn append(&mut self, sequence: u64, value: &[u8]) -> io::Result<usize> {
        let length = u32::try_from(value.len()).map_err(io::Error::other)?;
        self.record.clear();
        self.record.extend_from_slice(&length.to_le_bytes());
        self.record.extend_from_slice(&sequence.to_le_bytes());
        self.record.extend_from_slice(value);
        let size = blocks(self.record.len() as u64);
        self.record.resize(usize::try_from(size).map_err(io::Error::other)?, 0);
        self.make_room(self.end + size)?;
        self.bytes.write(self.end, &self.record)?;
        self.bytes.sync_data()?;
        self.last = Some((self.end, sequence));
        self.end += size;
        Ok(self.record.len())
    }

    fn make_room(&mut self, needed: u64) -> io::Result<()> {
        if needed > LARGEST {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        // A failed attempt may have left the file longer than it was thought to be.
        // Block by block: the system keeps together what is written together, and would write all of
        // it again for each record in it.
        let zeros = [0; BLOCK_BYTES];
        while self.len < needed {
            let target = (self.len + GROWTH).max(needed);
            self.bytes.set_len(target)?;
            for at in (self.len..target).step_by(zeros.len()) {
                self.bytes.write(at, &zeros)?;
            }
            self.len = target;
        }
        Ok(())
    }

    /// The records from the beginning on, for as long as each follows the one before. An intact
    /// record behind their end that is newer than `folded` and them shows damage: it was written
    /// after one that cannot be read.
    pub(super) fn records(&self, folded: u64) -> io::Result<Result<Vec<Record>, Damaged>> {
        let mut records: Vec<Record> = Vec::new();
        let mut at = BLOCK;
        while let Some((record, next)) = self.read(at)? {
            if records.last().is_some_and(|last| record.sequence != last.sequence + 1) {
                break;
            }
            records.push(record);
            at = next;
        }
        let newest = records.last().map_or(folded, |last| last.sequence.max(folded));
        while at + BLOCK <= self.len {
            match self.read(at)? {
                Some((record, _)) if record.sequence > newest => return Ok(Err(Damaged)),
                Some((_, next)) => at = next,
                None => at += BLOCK,
            }
        }
        Ok(Ok(records))
    }

    /// The record at `at` and where the next one is; `None` when there is no intact one.
    fn read(&self, at: u64) -> io::Result<Option<(Record, u64)>> {
        let mut record_head = [0; RECORD_HEAD_BYTES];
        if at + BLOCK > self.len {
            return Ok(None);
        }
        self.bytes.read(at, &mut record_head)?;
        let (length, sequence) = record_head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        let sequence = u64::from_le_bytes(sequence.try_into().unwrap_or_default());
        let size = blocks(u64::from(length) + RECORD_HEAD_BYTES as u64);
        if length == 0 || at + size > self.len {
            return Ok(None);
        }
        let mut value = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.bytes.read(at + RECORD_HEAD_BYTES as u64, &mut value)?;
        let is_intact = codec::is_intact(sequence ^ self.id, &value);
        Ok(is_intact.then_some((Record { sequence, value }, at + size)))
    }
}

/// A record that was acknowledged cannot be read.
#[derive(Debug)]
pub(super) struct Damaged;

fn blocks(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK)
}

fn head(id: u64) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..8].copy_from_slice(&MAGIC);
    head[8..16].copy_from_slice(&id.to_le_bytes());
    let checksum = crc32fast::hash(&head[..16]);
    head[16..].copy_from_slice(&checksum.to_le_bytes());
    head
}
