//! `tatuscan migrate`: an inventory copied from one store into another, and compared.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono_tz::Tz;
use futures_util::future::try_join_all;

use super::adopt::NO_TABLE;
use super::database::sql_settings;
use super::progress;
use crate::clock;
use crate::config::{Location, Migrate};
use crate::model::access::{Kind, Record};
use crate::model::{Machine, MachineId, MachineQuery};
use crate::store::backup::{self, Backup, Tally, section_pieces};
use crate::store::redb::RedbStore;
use crate::store::sql::{SqlSource, SqlStore};
use crate::store::{Pace, Section, Snapshot, Store, StoreError, transact};

/// Machines copied at once.
const PIECE: usize = 1_000;

/// What was copied, or would be.
#[derive(Debug)]
pub struct Outcome {
    from: String,
    to: String,
    /// Machines read.
    read: usize,
    /// Machines that the target held before.
    held: usize,
    /// What the target holds now; `None` when nothing was to be changed.
    kept: Option<Kept>,
    warnings: Vec<String>,
}

/// What the target holds.
#[derive(Debug, Default)]
struct Kept {
    machines: usize,
    /// Machines of which the target keeps a time or a load less exactly.
    rounded: usize,
    /// The sum of all machines' hashes, in whichever order they come.
    checksum: u64,
    /// Users, tokens, fields, removed machines and such.
    records: usize,
    /// Inventory sections, and the sum of their hashes.
    sections: Tally,
}

/// Where machines come from.
enum Source {
    Embedded(Box<Embedded>),
    Sql(Box<SqlSource>),
}

/// Copies, and compares what was read with what is kept.
///
/// # Errors
/// When a store cannot be read or written, the target holds something and may not be emptied, or
/// what is kept is not what was read.
pub async fn run(settings: Migrate) -> anyhow::Result<Outcome> {
    let Migrate { from, to, zone, dry_run, force, mut warnings } = settings;
    let mut source = Source::open(&from, zone).await?;
    let ((held, others), mut read, mut kept) = (held(&to, zone).await?, 0, None);
    if held + others > 0 && !force && !dry_run {
        bail!(
            "{to} holds {held} machines and {others} users, tokens and such. Name an empty store, or \
             remove them with --force"
        );
    }
    if dry_run {
        loop {
            match source.next().await?.len() {
                0 => break,
                more => read += more,
            }
        }
    } else {
        let target = open_target(&to, zone).await?;
        empty(&*target).await.with_context(|| to.to_string())?;
        let mut copied = copy(&mut source, &*target).await.with_context(|| to.to_string())?;
        for piece in source.records().chunks(PIECE) {
            copied.records += piece.len();
            let piece = piece.to_vec();
            let put = transact(&*target, Pace::Large, move |transaction| {
                transaction.put_records(&piece);
                Ok(())
            });
            put.await.with_context(|| to.to_string())?;
        }
        // Waits for what is written at the end, which is much after a copy.
        drop(target);
        compare(&to, zone, &copied, source.records()).await?;
        read = copied.machines;
        kept = Some(copied);
    }
    warnings.extend(source.warnings());
    Ok(Outcome { from: from.to_string(), to: to.to_string(), read, held, kept, warnings })
}

async fn copy(source: &mut Source, target: &dyn Store) -> anyhow::Result<Kept> {
    let bar = progress::machines(source.count().await? as u64);
    let mut kept = Kept::default();
    loop {
        let piece = source.next().await?;
        if piece.is_empty() {
            bar.finish_and_clear();
            return Ok(kept);
        }
        let imported = target.import_machines(piece.clone()).await.with_context(|| {
            format!("after {} machines; begin again with --force", kept.machines)
        })?;
        for (is, was) in imported.iter().zip(&piece) {
            kept.rounded += usize::from(hash(is) != hash(was));
        }
        kept.add(imported.iter().map(|machine| &**machine));
        let piece: Vec<_> = piece.into_iter().map(Arc::new).collect();
        for ids in section_pieces(&piece) {
            let sections = source.sections(&ids).await?;
            kept.sections.add_sections(&sections);
            let put = transact(target, Pace::Large, move |transaction| {
                for (id, section) in &sections {
                    transaction.put_section(id, section, |_| {})?;
                }
                Ok(())
            });
            put.await.context("the inventory sections")?;
        }
        bar.inc(piece.len() as u64);
    }
}

/// Reads the target anew and compares it with what was written.
async fn compare(to: &Location, zone: Tz, copied: &Kept, records: &[Record]) -> anyhow::Result<()> {
    let mut written = Source::open(to, zone).await?;
    let kept: HashMap<_, _> =
        written.records().iter().map(|record| ((record.kind(), record.id()), record)).collect();
    let is_kept = |record: &&Record| kept.get(&(record.kind(), record.id())) == Some(record);
    let missing = records.iter().filter(|record| !is_kept(record)).count();
    if missing > 0 {
        bail!("{to} lacks {missing} of {} records: something else writes to it", records.len());
    }
    let mut found = Kept::default();
    loop {
        let piece = written.next().await?;
        if piece.is_empty() {
            break;
        }
        found.add(piece.iter());
        let piece: Vec<_> = piece.into_iter().map(Arc::new).collect();
        for ids in section_pieces(&piece) {
            found.sections.add_sections(&written.sections(&ids).await?);
        }
    }
    if found.sections != copied.sections {
        bail!(
            "{to} holds {} inventory sections, but {} were written, or others: something else \
             writes to it",
            found.sections.sections,
            copied.sections.sections
        );
    }
    if (found.machines, found.checksum) == (copied.machines, copied.checksum) {
        return Ok(());
    }
    bail!(
        "{to} holds {} machines with the checksum {:016x}, but {} with {:016x} were written: \
         something else writes to it",
        found.machines,
        found.checksum,
        copied.machines,
        copied.checksum
    )
}

impl Kept {
    fn add<'a>(&mut self, machines: impl Iterator<Item = &'a Machine>) {
        for machine in machines {
            self.machines += 1;
            self.checksum = self.checksum.wrapping_add(hash(machine));
        }
    }
}

fn hash(machine: &Machine) -> u64 {
    let mut hasher = DefaultHasher::new();
    machine.hash(&mut hasher);
    hasher.finish()
}

async fn open_target(to: &Location, zone: Tz) -> anyhow::Result<Arc<dyn Store>> {
    Ok(match to {
        Location::Embedded(path) => Arc::new(RedbStore::open(path)?),
        Location::Sql(database) => {
            let store = SqlStore::connect(sql_settings(database, zone)).await;
            Arc::new(store.with_context(|| to.to_string())?)
        }
    })
}

/// How many machines a target holds, and how many records that somebody may need, without a change to
/// it.
async fn held(to: &Location, zone: Tz) -> anyhow::Result<(usize, usize)> {
    match to {
        Location::Embedded(path) if !path.exists() => Ok((0, 0)),
        Location::Embedded(path) => {
            let Snapshot { machines, records, .. } = RedbStore::read(path)?.snapshot();
            Ok((machines.len(), backup::content(&records)))
        }
        Location::Sql(database) => {
            let source = SqlSource::open(sql_settings(database, zone)).await;
            match source.with_context(|| to.to_string())? {
                Some(mut source) => Ok((source.count().await?, backup::content(source.records()))),
                None => Ok((0, 0)),
            }
        }
    }
}

async fn empty(target: &dyn Store) -> Result<(), StoreError> {
    let page = target.machines(&MachineQuery::default()).await?;
    for piece in page.machines.chunks(PIECE) {
        try_join_all(piece.iter().map(|machine| target.delete_machine(&machine.id))).await?;
    }
    for kind in Kind::ALL {
        for piece in target.records(*kind).await?.chunks(PIECE) {
            let piece = piece.to_vec();
            let removed = transact(target, Pace::Large, move |transaction| {
                transaction.remove_records(&piece);
                Ok(())
            });
            removed.await?;
        }
    }
    Ok(())
}

/// The file of an embedded store.
struct Embedded {
    /// Those that were not read yet.
    machines: VecDeque<Arc<Machine>>,
    records: Vec<Record>,
    store: Backup,
}

impl Source {
    async fn open(from: &Location, zone: Tz) -> anyhow::Result<Self> {
        match from {
            Location::Embedded(path) if !path.exists() => bail!("there is no {}", path.display()),
            Location::Embedded(path) => {
                let store = RedbStore::read(path)?;
                let Snapshot { machines, records, .. } = store.snapshot();
                Ok(Self::Embedded(Box::new(Embedded { machines: machines.into(), records, store })))
            }
            Location::Sql(database) => {
                let source = SqlSource::open(sql_settings(database, zone)).await;
                let source = source.with_context(|| from.to_string())?.context(NO_TABLE);
                Ok(Self::Sql(Box::new(source.with_context(|| from.to_string())?)))
            }
        }
    }

    async fn count(&mut self) -> anyhow::Result<usize> {
        match self {
            Self::Embedded(embedded) => Ok(embedded.machines.len()),
            Self::Sql(source) => Ok(source.count().await?),
        }
    }

    /// The next machines; none at the end.
    async fn next(&mut self) -> anyhow::Result<Vec<Machine>> {
        match self {
            Self::Embedded(embedded) => {
                let machines = &mut embedded.machines;
                let piece = machines.drain(..PIECE.min(machines.len()));
                Ok(piece.map(|machine| (*machine).clone()).collect())
            }
            Self::Sql(source) => Ok(source.next(clock::now()).await?),
        }
    }

    /// Users, tokens, fields, removed machines and such.
    fn records(&self) -> &[Record] {
        match self {
            Self::Embedded(embedded) => &embedded.records,
            Self::Sql(source) => source.records(),
        }
    }

    /// Every section of these machines.
    async fn sections(
        &mut self,
        ids: &[MachineId],
    ) -> Result<Vec<(MachineId, Arc<Section>)>, StoreError> {
        match self {
            Self::Embedded(embedded) => embedded.store.sections(ids),
            Self::Sql(source) => source.sections(ids).await,
        }
    }

    fn warnings(&self) -> Vec<String> {
        let Self::Sql(source) = self else { return Vec::new() };
        let (warnings, more) = source.warnings();
        let mut warnings: Vec<_> = warnings.map(str::to_owned).collect();
        if more > 0 {
            warnings.push(format!("and {more} more"));
        }
        warnings
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, read, held, kept, warnings } = self;
        for warning in warnings {
            writeln!(f, "warning: {warning}")?;
        }
        let Some(Kept { machines, rounded, checksum, records, sections }) = kept else {
            writeln!(f, "would copy {read} machines")?;
            writeln!(f, "from {from}")?;
            return writeln!(f, "to   {to}, which holds {held}");
        };
        let sections = sections.sections;
        writeln!(
            f,
            "copied {read} machines, {sections} inventory sections, and {records} records: people, \
             tokens and such"
        )?;
        writeln!(f, "from {from}")?;
        writeln!(f, "to   {to}")?;
        if *held > 0 {
            writeln!(f, "{held} machines that it held were removed before")?;
        }
        if *rounded > 0 {
            writeln!(f, "{rounded} of them with times or loads only as exact as it keeps them")?;
        }
        writeln!(f, "read again: {machines} machines, checksum {checksum:016x}: the same")
    }
}
