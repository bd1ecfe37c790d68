//! Machines and the audit log as files.

use std::sync::Arc;

use poem::Request;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Query;

use super::Tag;
use crate::http::context::Context;
use crate::http::error::{AdminError, ExportError};
use crate::http::export::{AuditExport, Csv, Download, JsonLines, MachineExport, Xlsx};
use crate::http::question::Question;
use crate::model::access::AuditQuery;
use crate::wire::columns::parse_table_form;

pub(in crate::http) struct ExportApi;

#[OpenApi]
impl ExportApi {
    /// Export machines as CSV
    ///
    /// The machines of `GET /api/machines` for the same question, in the same order: UTF-8 with a byte
    /// order mark, times as clocks in the server's zone show them (`2026-11-23 16:00:00`), and `'`
    /// before text that a spreadsheet would take for a formula.
    #[oai(
        path = "/api/export/machines.csv",
        method = "get",
        operation_id = "exportMachinesCsv",
        tag = "Tag::Machines"
    )]
    async fn machines_csv(
        &self,
        context: Data<&Arc<Context>>,
        request: &Request,
        question: Question,
    ) -> Result<Download<Csv, true>, ExportError> {
        Ok(MachineExport::asked(&context, request, question).await?.csv()?)
    }

    /// Export machines as a workbook
    ///
    /// The machines of `GET /api/machines` for the same question, in the same order: numbers are
    /// numbers, times are dates as clocks in the server's zone show them, and text that a spreadsheet
    /// would take for a formula has `'` before it.
    #[oai(
        path = "/api/export/machines.xlsx",
        method = "get",
        operation_id = "exportMachinesXlsx",
        tag = "Tag::Machines"
    )]
    async fn machines_xlsx(
        &self,
        context: Data<&Arc<Context>>,
        request: &Request,
        question: Question,
    ) -> Result<Download<Xlsx, true>, ExportError> {
        Ok(MachineExport::asked(&context, request, question).await?.workbook().await?)
    }

    /// Export machines as JSON Lines
    ///
    /// The machines of `GET /api/machines` for the same question, in the same order, an object on each
    /// line: those of the list, with the chosen columns alone where some are chosen.
    #[oai(
        path = "/api/export/machines.jsonl",
        method = "get",
        operation_id = "exportMachinesJsonl",
        tag = "Tag::Machines"
    )]
    async fn machines_jsonl(
        &self,
        context: Data<&Arc<Context>>,
        request: &Request,
        question: Question,
    ) -> Result<Download<JsonLines, true>, ExportError> {
        Ok(MachineExport::asked(&context, request, question).await?.json_lines())
    }

    /// Export the audit log as CSV
    ///
    /// What people and tokens changed, the newest first, written as machines are.
    #[oai(
        path = "/api/export/audit.csv",
        method = "get",
        operation_id = "exportAuditCsv",
        tag = "Tag::Access"
    )]
    async fn audit_csv(
        &self,
        context: Data<&Arc<Context>>,
        request: &Request,
        /// Only entries older than the one with this number.
        #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
        before: Query<Option<u64>>,
        /// Only what was done to this: a machine's id, a person's name.
        subject: Query<Option<String>>,
        /// Only actions that begin so: `machine.` or `token.create`.
        action: Query<Option<String>>,
        /// Most entries; all when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
        limit: Query<Option<u64>>,
    ) -> Result<Download<Csv, false>, AdminError> {
        let form = parse_table_form(request.uri().query().unwrap_or_default())?;
        let query = audit_query(before, subject, action, limit);
        Ok(AuditExport::asked(&context, query).await?.csv(form)?)
    }

    /// Export the audit log as JSON Lines
    ///
    /// What people and tokens changed, the newest first, an entry of `GET /api/audit` on each line.
    #[oai(
        path = "/api/export/audit.jsonl",
        method = "get",
        operation_id = "exportAuditJsonl",
        tag = "Tag::Access"
    )]
    async fn audit_jsonl(
        &self,
        context: Data<&Arc<Context>>,
        /// Only entries older than the one with this number.
        #[oai(validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
        before: Query<Option<u64>>,
        /// Only what was done to this: a machine's id, a person's name.
        subject: Query<Option<String>>,
        /// Only actions that begin so: `machine.` or `token.create`.
        action: Query<Option<String>>,
        /// Most entries; all when left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "9007199254740991")))]
        limit: Query<Option<u64>>,
    ) -> Result<Download<JsonLines, false>, AdminError> {
        let query = audit_query(before, subject, action, limit);
        Ok(AuditExport::asked(&context, query).await?.json_lines())
    }
}

fn audit_query(
    Query(before): Query<Option<u64>>,
    Query(subject): Query<Option<String>>,
    Query(action): Query<Option<String>>,
    Query(limit): Query<Option<u64>>,
) -> AuditQuery {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    AuditQuery { before, subject, action, until: None, limit }
}
