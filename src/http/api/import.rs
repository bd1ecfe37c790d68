//! Files of machines that people bring.

use std::sync::Arc;

use chrono_tz::Tz;
use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;

use super::Tag;
use crate::http::context::Context;
use crate::http::csv_body::CsvBytes;
use crate::http::error::{ApiError, ImportError};
use crate::http::guard::Visitor;
use crate::http::payload::JsonBody;
use crate::import::{self, Options, Table, parse_options};
use crate::inventory::{Import, Imported};
use crate::model::CustomField;
use crate::wire::columns::{MachineColumn, MachineColumns};
use crate::wire::{
    FieldChange, ImportProblem, ImportReply, MachineChange, Presenter, UnmatchedLine,
};

/// Most entries of a list in an answer.
const LISTED: usize = 1_000;

pub(in crate::http) struct ImportApi;

#[OpenApi]
impl ImportApi {
    /// Import what people know about machines from CSV
    ///
    /// Each row changes the machine that it is about, as `PATCH /api/machines/{id}` would: all rows
    /// happen, or none when anything is wrong with one. Headers are those of an export in Portuguese,
    /// English or Spanish, the API's names, or what `map` says; what a report says (address, system,
    /// memory …) is not changed, and other columns are left out. Rows that are about no machine are
    /// listed and change nothing; of several with one key the last counts. Dates are `DD/MM/YYYY`,
    /// `DD-MM-YYYY`, `YYYY-MM-DD` or `YYYY/MM/DD`. A file has at most 16 MiB and 50000 rows, and
    /// changes at most 20000 machines.
    #[oai(
        path = "/api/import/machines",
        method = "post",
        operation_id = "importMachines",
        tag = "Tag::Machines"
    )]
    async fn machines(
        &self,
        context: Data<&Arc<Context>>,
        request: &Request,
        visitor: Data<&Arc<Visitor>>,
        body: CsvBytes,
    ) -> Result<JsonBody<ImportReply>, ImportError> {
        let options = parse_options(request.uri().query().unwrap_or_default())?;
        let body = body.read().await?;
        let fields = context.inventory.fields().await?;
        let zone = context.settings.zone;
        let read = {
            let (options, fields) = (options.clone(), fields.clone());
            tokio::task::spawn_blocking(move || import::read(&body, &options, zone, &fields)).await
        };
        let mut table = read.map_err(|error| {
            let status = http::StatusCode::INTERNAL_SERVER_ERROR;
            ApiError::internal(status, "The server failed", &error.to_string())
        })??;
        let is_wrong = !table.problems.is_empty();
        let import = import_of(&mut table, &options, zone, options.dry_run || is_wrong);
        let mut imported = context.inventory.import(import, visitor.identity.clone()).await?;
        let found = std::mem::take(&mut imported.problems).into_iter();
        table.problems.extend(found.map(|problem| ImportProblem {
            line: problem.line,
            column: None,
            error: problem.error,
        }));
        table.problems.sort_by_key(|problem| problem.line);
        let more = table.problems.len().saturating_sub(LISTED);
        table.problems.truncate(LISTED);
        if !options.dry_run && !table.problems.is_empty() {
            return Err(ApiError::bad_lines(table.problems, more).into());
        }
        Ok(JsonBody(
            Answer { options, table, more, presenter: context.presenter() }
                .reply(&imported, &fields),
        ))
    }
}

fn import_of(table: &mut Table, options: &Options, zone: Tz, dry_run: bool) -> Import {
    let rows = std::mem::take(&mut table.rows);
    Import { rows, by: table.by, fill_days: options.fill_days, zone, dry_run }
}

/// What an answer is made of, beside what was changed.
struct Answer {
    options: Options,
    table: Table,
    /// Problems that are not listed.
    more: usize,
    presenter: Presenter,
}

impl Answer {
    fn reply(self, imported: &Imported, fields: &[Arc<CustomField>]) -> ImportReply {
        let Self { options, table, more, presenter } = self;
        let message =
            if options.dry_run { "Nenhuma alteração gravada" } else { "Inventário atualizado" };
        let columns = MachineColumns::all(fields);
        let changed = imported.changes.len();
        let changes = imported.changes.iter().take(LISTED).map(|change| {
            let before = presenter.machine(&change.before);
            let after = presenter.machine(&change.after);
            let written = |machine, column: &MachineColumn| {
                Some(column.cell(machine).to_string()).filter(|text| !text.is_empty())
            };
            let field = |column: &MachineColumn| {
                let (before, after) = (written(&before, column), written(&after, column));
                let field = column.name().into_owned();
                (before != after).then_some(FieldChange { field, before, after })
            };
            MachineChange {
                line: change.line,
                // What follows from the rest is no change of its own.
                fields: columns
                    .iter()
                    .filter_map(field)
                    .filter(|change| !["status", "proof"].contains(&&*change.field))
                    .collect(),
                machine_id: after.machine_id.clone(),
                hostname: after.hostname.clone(),
            }
        });
        let unmatched = imported.unmatched.iter().take(LISTED);
        let unmatched =
            unmatched.map(|(line, key)| UnmatchedLine { line: *line, key: key.to_string() });
        ImportReply {
            message: message.to_owned(),
            dry_run: options.dry_run,
            matched_by: table.by.name().to_owned(),
            encoding: table.encoding.to_owned(),
            delimiter: if table.delimiter == '\t' { "tab".into() } else { table.delimiter.into() },
            columns: table.columns,
            rows: table.count,
            replaced: imported.replaced,
            machines: imported.machines,
            keyed: imported.keyed,
            matched: imported.matched,
            changed,
            more_changes: changed.saturating_sub(LISTED),
            changes: changes.collect(),
            more_unmatched: imported.unmatched.len().saturating_sub(LISTED),
            unmatched: unmatched.collect(),
            problems: table.problems,
            more_problems: more,
        }
    }
}
