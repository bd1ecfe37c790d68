//! The audit log as a file, read from the store page by page while it is sent.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, stream};

use super::download::{Csv, Download, JsonLines, broken};
use crate::export::CsvPiece;
use crate::http::context::Context;
use crate::http::error::ApiError;
use crate::model::access::{AuditPage, AuditQuery};
use crate::wire::Presenter;
use crate::wire::access::AuditEntry;
use crate::wire::columns::{AUDIT_COLUMNS, TableForm};

/// Entries in one page.
const PAGE: usize = 1_000;

/// Entries that are to be a file.
pub(in crate::http) struct AuditExport {
    context: Arc<Context>,
    presenter: Presenter,
    /// What is asked for next, in all; nothing after the last page.
    rest: Option<AuditQuery>,
    page: AuditPage,
}

impl AuditExport {
    /// The entries that a query is about. The first of them are read, so that a store that fails is an
    /// answer.
    pub(in crate::http) async fn asked(
        context: &Arc<Context>,
        query: AuditQuery,
    ) -> Result<Self, ApiError> {
        let (context, presenter) = (Arc::clone(context), context.presenter());
        let page = AuditPage::default();
        let mut export = Self { context, presenter, rest: Some(query), page };
        export.turn().await?;
        Ok(export)
    }

    pub(in crate::http) fn csv(self, form: TableForm) -> Result<Download<Csv, false>, ApiError> {
        let moment = (self.presenter.now, self.presenter.zone);
        let headers = AUDIT_COLUMNS.iter().map(|column| column.header(form.language));
        let mut first = Some(CsvPiece::first(form, headers).map_err(broken)?);
        let pieces = self.pieces(move |entries| {
            let mut piece = first.take().unwrap_or_else(|| CsvPiece::next(form));
            for entry in entries {
                piece.row(AUDIT_COLUMNS.iter().map(|column| (column.cell)(entry)))?;
            }
            piece.finish()
        });
        Ok(Download::streamed("audit", moment, pieces))
    }

    pub(in crate::http) fn json_lines(self) -> Download<JsonLines, false> {
        let moment = (self.presenter.now, self.presenter.zone);
        let pieces = self.pieces(|entries| {
            let mut piece = Vec::new();
            for entry in entries {
                serde_json::to_writer(&mut piece, entry)?;
                piece.push(b'\n');
            }
            Ok(piece)
        });
        Download::streamed("audit", moment, pieces)
    }

    /// Reads the next page in place of this one.
    async fn turn(&mut self) -> Result<(), ApiError> {
        self.page = AuditPage::default();
        let Some(query) = self.rest.take() else { return Ok(()) };
        let asked = AuditQuery { limit: query.limit.min(PAGE), ..query.clone() };
        self.page = self.context.inventory.audit(&asked).await?;
        let read = self.page.entries.len();
        let left = query.limit - read;
        if let Some((last, _)) = self.page.entries.last()
            && read == asked.limit
            && left > 0
        {
            self.rest = Some(AuditQuery { before: Some(*last), limit: left, ..query });
        }
        Ok(())
    }

    /// What is written of each page. A page that cannot be read breaks the answer off, so that nobody
    /// takes it for all of it.
    fn pieces(
        self,
        write: impl FnMut(&[AuditEntry]) -> io::Result<Vec<u8>> + Send + 'static,
    ) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
        stream::try_unfold(Some((self, write)), |state| async move {
            let Some((mut export, mut write)) = state else { return Ok(None) };
            let entries = std::mem::take(&mut export.page.entries).into_iter();
            let entries: Vec<_> = entries
                .map(|(number, entry)| export.presenter.audit_entry(number, entry))
                .collect();
            let piece = write(&entries)?;
            let is_last = export.rest.is_none();
            if !is_last {
                export.turn().await.map_err(io::Error::other)?;
            }
            Ok(Some((piece, (!is_last).then_some((export, write)))))
        })
    }
}
