//! Where the journal stands, and folding it into the table of machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, WriteTransaction};

use super::codec::encode_machine;
use super::tables::{JOURNAL, MACHINES, META, META_FOLDED, META_NEXT_KEY};
use crate::model::Machine;

/// Machines written, or rows removed, in one step of a fold.
const SLICE: usize = 250;

/// The newest state of machines by key; `None` for those that are gone.
type States = BTreeMap<u32, Option<Arc<Machine>>>;

/// The journal's position, and what it holds that the table of machines does not.
#[derive(Debug)]
pub(super) struct Journal {
    /// The last row that was committed.
    pub(super) sequence: u64,
    /// Rows up to here are in the table of machines.
    folded: u64,
    /// The key that the next new machine gets.
    pub(super) next_key: u32,
    /// Bytes of rows since the last fold began.
    pub(super) bytes: usize,
    changed: States,
    fold: Option<Fold>,
}

/// A fold under way. Each step is small, so that reports can be written between two of them.
#[derive(Debug)]
enum Fold {
    /// The rest is to be written; then the rows up to the watermark are folded.
    Writing { watermark: u64, rest: States },
    /// The folded rows are to be removed; nobody reads them any more.
    Sweeping,
}

impl Journal {
    /// A journal whose rows up to `folded` are in the table of machines.
    pub(super) fn new(folded: u64, next_key: u32) -> Self {
        Self { sequence: folded, folded, next_key, bytes: 0, changed: States::new(), fold: None }
    }

    /// Counts a row that is now on disk.
    pub(super) fn appended(&mut self, sequence: u64, bytes: usize) {
        self.sequence = sequence;
        self.bytes += bytes;
    }

    /// Notes the newest state of a machine whose row is now on disk.
    pub(super) fn changed(&mut self, key: u32, machine: Option<Arc<Machine>>) {
        self.next_key = self.next_key.max(key + 1);
        self.changed.insert(key, machine);
    }

    /// Whether there is something to fold.
    pub(super) fn is_dirty(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Whether a fold has begun and not ended.
    pub(super) fn is_folding(&self) -> bool {
        self.fold.is_some()
    }

    /// Begins to fold all that is in the journal now.
    pub(super) fn begin_fold(&mut self) {
        let rest = std::mem::take(&mut self.changed);
        self.fold = Some(Fold::Writing { watermark: self.sequence, rest });
        self.bytes = 0;
    }

    /// Takes the next step of the fold. After an error the same step is taken again: taking it
    /// twice changes nothing.
    pub(super) fn fold_step(&mut self, database: &Database) -> Result<(), redb::Error> {
        let mut transaction = database.begin_write()?;
        let Some(Fold::Writing { watermark, rest }) = &mut self.fold else {
            // A removed row is no loss, wherever a crash leaves it.
            transaction.set_durability(Durability::None)?;
            let is_last = sweep(&transaction, self.folded)?;
            transaction.commit()?;
            if is_last {
                self.fold = None;
            }
            return Ok(());
        };
        let is_last = rest.len() <= SLICE;
        if is_last {
            transaction.set_quick_repair(true);
        } else {
            // Nothing is lost with a slice: the journal still has it. It becomes durable with the
            // next commit that is, at the latest with the last slice.
            transaction.set_durability(Durability::None)?;
        }
        let last = write_slice(&transaction, rest)?;
        if is_last {
            let mut meta = transaction.open_table(META)?;
            meta.insert(META_FOLDED, *watermark)?;
            meta.insert(META_NEXT_KEY, u64::from(self.next_key))?;
        }
        transaction.commit()?;
        // Only what is surely written is forgotten.
        *rest = last.map_or_else(States::new, |last| rest.split_off(&(last + 1)));
        if is_last {
            self.folded = *watermark;
            self.fold = Some(Fold::Sweeping);
        }
        Ok(())
    }

    /// Whether a file that stands so can be the one this journal was written to: the last attempt
    /// to write may be in it or not.
    pub(super) fn can_stand_at(&self, found: &Position) -> bool {
        let watermark = match &self.fold {
            Some(Fold::Writing { watermark, .. }) => *watermark,
            _ => self.folded,
        };
        let folded = found.folded == self.folded || found.folded == watermark;
        folded && (found.last == self.sequence || found.last == self.sequence + 1)
    }
}

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// Rows up to here are in the table of machines.
    pub(super) folded: u64,
    /// The last row.
    pub(super) last: u64,
}

impl Position {
    pub(super) fn of(database: &Database) -> Result<Self, redb::Error> {
        let transaction = database.begin_read()?;
        let folded = transaction.open_table(META)?.get(META_FOLDED)?.map_or(0, |v| v.value());
        let last =
            transaction.open_table(JOURNAL)?.last()?.map_or(folded, |(last, _)| last.value());
        Ok(Self { folded, last })
    }
}

/// Writes up to [`SLICE`] machines and answers the last key written.
fn write_slice(transaction: &WriteTransaction, rest: &States) -> Result<Option<u32>, redb::Error> {
    let mut machines = transaction.open_table(MACHINES)?;
    let mut last = None;
    for (key, machine) in rest.iter().take(SLICE) {
        match machine {
            Some(machine) => {
                machines.insert(key, encode_machine(*key, machine).as_slice())?;
            }
            None => {
                machines.remove(key)?;
            }
        }
        last = Some(*key);
    }
    Ok(last)
}

/// Removes some of the rows that are folded, and says whether those were the last.
fn sweep(transaction: &WriteTransaction, folded: u64) -> Result<bool, redb::Error> {
    let mut journal = transaction.open_table(JOURNAL)?;
    let rows = journal.range(..=folded)?.take(SLICE).map(|row| Ok(row?.0.value()));
    let rows = rows.collect::<Result<Vec<_>, redb::StorageError>>()?;
    for sequence in &rows {
        journal.remove(sequence)?;
    }
    Ok(rows.len() < SLICE)
}
