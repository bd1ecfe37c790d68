//! What an import of a table came to, as `POST /api/import/machines` answers.

use poem_openapi::{Object, types::Example};
use serde::Serialize;

/// What an import came to. Lists that would be long are cut; the numbers count everything.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct ImportReply {
    /// What was done, in Portuguese.
    pub message: String,
    /// Whether nothing was changed, because only the changes were asked for.
    pub dry_run: bool,
    /// What rows and machines have in common: `machine_id`, `hostname`, `number` or `asset_number`.
    pub matched_by: String,
    /// How the file's characters are encoded.
    pub encoding: String,
    /// What separates its fields.
    pub delimiter: String,
    /// Its columns, in order.
    pub columns: Vec<ImportColumn>,
    /// Rows below the header, empty ones not counted.
    pub rows: usize,
    /// Those of them that a later one with the same key replaces.
    pub replaced: usize,
    /// Machines in the inventory.
    pub machines: usize,
    /// Those of them that have what rows are matched by.
    pub keyed: usize,
    /// Those of them that a row is about.
    pub matched: usize,
    /// Those of them that are different now, or would be.
    pub changed: usize,
    /// The changes, in the order of the lines.
    pub changes: Vec<MachineChange>,
    /// How many more changes there are.
    pub more_changes: usize,
    /// Lines that are about no machine, which is not wrong.
    pub unmatched: Vec<UnmatchedLine>,
    /// How many more such lines there are.
    pub more_unmatched: usize,
    /// What is wrong with the file; only a dry run answers with it, others are refused.
    pub problems: Vec<ImportProblem>,
    /// How much more is wrong.
    pub more_problems: usize,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct ImportColumn {
    /// Its header.
    pub header: String,
    /// What it is; null when it is left out.
    #[oai(nullable)]
    pub field: Option<String>,
}

/// A machine that is different now, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct MachineChange {
    /// The line of the file that says so.
    pub line: u64,
    /// The machine.
    pub machine_id: String,
    /// Its host name.
    pub hostname: String,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
}

/// A field before and after, written as in a file; null when it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct FieldChange {
    /// Its name, `custom.KEY` for a custom one.
    pub field: String,
    /// What it was.
    #[oai(nullable)]
    pub before: Option<String>,
    /// What it is.
    #[oai(nullable)]
    pub after: Option<String>,
}

/// A line that is about no machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct UnmatchedLine {
    /// The line of the file.
    pub line: u64,
    /// What no machine has; empty when the row does not say.
    pub key: String,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct ImportProblem {
    /// The line of the file.
    pub line: u64,
    /// The header of the column; null when it is about the whole line.
    #[oai(nullable)]
    pub column: Option<String>,
    /// What is wrong, and what it takes.
    pub error: String,
}

impl std::fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, column, error } = self;
        match column {
            Some(column) => write!(f, "line {line}, column '{column}': {error}"),
            None => write!(f, "line {line}: {error}"),
        }
    }
}

impl Example for ImportReply {
    fn example() -> Self {
        let column = |header: &str, field: Option<&str>| ImportColumn {
            header: header.into(),
            field: field.map(Into::into),
        };
        Self {
            message: "Nenhuma alteração gravada".into(),
            dry_run: true,
            matched_by: "hostname".into(),
            encoding: "UTF-8".into(),
            delimiter: ";".into(),
            columns: vec![
                column("Máquina", Some("hostname")),
                column("Sala", Some("room")),
                column("Andar", None),
            ],
            rows: 3,
            replaced: 0,
            machines: 2,
            keyed: 2,
            matched: 2,
            changed: 1,
            changes: vec![MachineChange {
                line: 2,
                machine_id: "lab-01".into(),
                hostname: "lab-01-pc07".into(),
                fields: vec![FieldChange {
                    field: "room".into(),
                    before: None,
                    after: Some("Lab 01".into()),
                }],
            }],
            more_changes: 0,
            unmatched: vec![UnmatchedLine { line: 4, key: "lab-09-pc01".into() }],
            more_unmatched: 0,
            problems: Vec::new(),
            more_problems: 0,
        }
    }
}
