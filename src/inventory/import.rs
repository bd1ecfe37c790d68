//! Changes of many machines that come as the rows of a table: all of them happen, or none.

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::Inventory;
use super::edit::{EditError, Planned, check_custom, note};
use crate::model::access::Identity;
use crate::model::{Filter, HumanEdit, ImportRow, Machine, MatchBy, TAGS, Text};
use crate::store::{Pace, Transaction, transact};

/// Most machines that one import changes.
pub const MOST_IMPORTED: usize = 20_000;

/// Machines that a message names.
const NAMED: usize = 3;

/// Rows, and how they find their machines.
#[derive(Debug, Clone)]
pub struct Import {
    /// The rows, in the order of the file. Of several with one key the last counts that says anything.
    pub rows: Vec<ImportRow>,
    /// What a row and its machine have in common.
    pub by: MatchBy,
    /// Whether days in use are counted from the activation to today where the rows do not say them.
    pub fill_days: bool,
    /// The zone of days.
    pub zone: Tz,
    /// Whether to only say what would be changed.
    pub dry_run: bool,
}

/// A machine that is different after an import, or would be.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportChange {
    /// The line that says so.
    pub line: u64,
    /// The machine as it was.
    pub before: Arc<Machine>,
    /// As it is then.
    pub after: Arc<Machine>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineProblem {
    /// The line.
    pub line: u64,
    /// What is wrong, and what to do.
    pub error: String,
}

/// What an import came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Imported {
    /// Machines in the inventory.
    pub machines: usize,
    /// Those of them that have what rows are matched by.
    pub keyed: usize,
    /// Those of them that a row is about.
    pub matched: usize,
    /// Those of them that are different, in the order of the lines.
    pub changes: Vec<ImportChange>,
    /// Rows that a later one with the same key replaces.
    pub replaced: usize,
    /// Lines whose key no machine has, with that key.
    pub unmatched: Vec<(u64, Text)>,
    /// What is wrong; with any of it nothing is changed.
    pub problems: Vec<LineProblem>,
}

impl Inventory {
    /// Changes the machines that rows are about, all of them or none; nothing when anything is
    /// wrong with a row.
    ///
    /// # Errors
    /// [`EditError`]; then nothing is changed.
    pub async fn import(&self, import: Import, by: Identity) -> Result<Imported, EditError> {
        transact(&*self.store, Pace::Large, move |transaction| {
            let (imported, edits) = match plan(transaction, &import, &by) {
                Ok(planned) => planned,
                Err(error) => return Ok(Err(error)),
            };
            if !import.dry_run && imported.problems.is_empty() {
                for (change, edit) in imported.changes.iter().zip(&edits) {
                    transaction.edit_machine(&change.before.id, edit)?;
                }
                let planned: Vec<Planned> = imported
                    .changes
                    .iter()
                    .map(|change| (Arc::clone(&change.before), (*change.after).clone()))
                    .collect();
                note(transaction, &planned, &by);
            }
            Ok(Ok(imported))
        })
        .await?
    }
}

/// What is to be changed, and by which edit each machine is.
fn plan(
    transaction: &Transaction<'_>,
    import: &Import,
    by: &Identity,
) -> Result<(Imported, Vec<HumanEdit>), EditError> {
    for row in &import.rows {
        check_custom(transaction, &row.edit)?;
    }
    let mut imported = Imported::default();
    let mut rows = rows_by_key(import, &mut imported);
    let mut machines = transaction.matching(&Filter::default());
    machines.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    imported.machines = machines.len();
    let mut changed = Vec::new();
    for machine in machines {
        let key = import.by.key_of(&machine);
        imported.keyed += usize::from(!key.is_empty());
        let Some(Wanted { row, machines }) = rows.get_mut(&*key) else { continue };
        imported.matched += 1;
        machines.push(Arc::clone(&machine));
        let edit = effective(row, &machine, import, by);
        let after = transaction.edited(&machine, &edit);
        let tags = after.human.asset.tags.len();
        if tags > TAGS {
            let id = &machine.id;
            let error = format!("{id} would have {tags} tags, but a machine takes at most {TAGS}");
            imported.problems.push(LineProblem { line: row.line, error });
        } else if machine.human != after.human {
            let after = Arc::new(after);
            changed.push((ImportChange { line: row.line, before: machine, after }, edit));
        }
    }
    changed.sort_by_key(|(change, _)| change.line);
    for (_, Wanted { row, machines }) in rows {
        match machines.len() {
            0 => imported.unmatched.push((row.line, row.key.clone())),
            many if many > 1 && !import.by.may_be_many() => {
                let error = ambiguous(import.by, row, &machines);
                imported.problems.push(LineProblem { line: row.line, error });
            }
            _ => {}
        }
    }
    imported.unmatched.sort_unstable();
    imported.problems.sort_by_key(|problem| problem.line);
    if changed.len() > MOST_IMPORTED {
        return Err(EditError::TooManyImported(changed.len()));
    }
    let (changes, edits) = changed.into_iter().unzip();
    imported.changes = changes;
    Ok((imported, edits))
}

/// A row, and the machines that have its key.
struct Wanted<'a> {
    row: &'a ImportRow,
    machines: Vec<Arc<Machine>>,
}

/// The rows by their keys. One that says nothing replaces none that does.
fn rows_by_key<'a>(import: &'a Import, imported: &mut Imported) -> HashMap<String, Wanted<'a>> {
    let mut rows: HashMap<String, Wanted<'a>> = HashMap::with_capacity(import.rows.len());
    for row in &import.rows {
        let key = import.by.key(&row.key);
        if key.is_empty() {
            imported.unmatched.push((row.line, row.key.clone()));
            continue;
        }
        match rows.get_mut(&*key) {
            Some(earlier) => {
                imported.replaced += 1;
                if !row.edit.is_empty() {
                    earlier.row = row;
                }
            }
            None => {
                rows.insert(key.into_owned(), Wanted { row, machines: Vec::new() });
            }
        }
    }
    rows
}

/// What of a row's change is one for this machine. A file holds days, or seconds, where the inventory
/// may hold more: what is the same as far as it goes stays as it is.
fn effective(row: &ImportRow, machine: &Machine, import: &Import, by: &Identity) -> HumanEdit {
    let mut edit = row.edit.clone();
    let day = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&import.zone).date_naive();
    if let (Some(Some(after)), Some(before)) =
        (edit.computer_activation, machine.human.computer_activation)
    {
        let is_same = if row.is_day {
            day(before) == day(after)
        } else {
            before.timestamp() == after.timestamp()
        };
        if is_same {
            edit.computer_activation = None;
        }
    }
    // What the machine says itself is in a file as well: people did not say it.
    if machine.human.computer_model.is_none()
        && edit.computer_model == Some(machine.hardware.model.clone())
    {
        edit.computer_model = None;
    }
    let is_new = edit.computer_activation.flatten();
    let has_days = machine.human.activation_days.is_some();
    if import.fill_days
        && edit.activation_days.is_none()
        && let Some(at) = is_new.or(machine.human.computer_activation.filter(|_| !has_days))
        && row.edit.computer_activation.is_some()
    {
        let days = (day(by.at) - day(at)).num_days().max(0);
        edit.activation_days = Some(i32::try_from(days).ok());
    }
    edit
}

fn ambiguous(by: MatchBy, row: &ImportRow, machines: &[Arc<Machine>]) -> String {
    let named: Vec<_> = machines.iter().take(NAMED).map(|machine| machine.id.to_string()).collect();
    let more = machines.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "{} machines have the {} '{}': {}{more}. Name the one that is meant by its machine_id, or \
         remove the others",
        machines.len(),
        by.name(),
        row.key,
        named.join(", ")
    )
}
