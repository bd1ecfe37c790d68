//! Machines as a file: those of a list, in its order.

use std::hash::{Hash, Hasher};
use std::io;
use std::sync::Arc;

use futures_util::stream;
use poem::Request;
use tokio::sync::Semaphore;

use super::download::{Csv, Download, JsonLines, Kind, Xlsx, broken};
use crate::export::{CsvPiece, Workbook};
use crate::http::context::Context;
use crate::http::error::ApiError;
use crate::http::freshness::{Known, Tag};
use crate::http::question::Question;
use crate::model;
use crate::wire::Presenter;
use crate::wire::columns::{
    Language, MachineColumn, MachineColumns, TableForm, parse_columns, parse_table_form,
};

/// Machines in one piece of a file.
const PIECE: usize = 500;

/// Workbooks that are made at once: each takes a processor, and space for temporary files.
static WORKBOOKS: Semaphore = Semaphore::const_new(2);

/// Machines that are to be a file.
pub(in crate::http) struct MachineExport {
    machines: Vec<Arc<model::Machine>>,
    /// Those asked for; every field as the list has it when none are.
    chosen: Option<MachineColumns>,
    columns: MachineColumns,
    form: TableForm,
    presenter: Presenter,
    known: Known,
}

impl MachineExport {
    /// The machines that a question is about, and how they are to be written.
    pub(in crate::http) async fn asked(
        context: &Context,
        request: &Request,
        question: Question,
    ) -> Result<Self, ApiError> {
        let Question { query, presenter, known } = question;
        let text = request.uri().query().unwrap_or_default();
        let form = parse_table_form(text)?;
        let fields = context.inventory.fields().await?;
        let chosen = parse_columns(text, &fields)?;
        let columns = chosen.clone().unwrap_or_else(|| MachineColumns::all(&fields));
        let machines = context.inventory.machines(&query).await?.machines;
        Ok(Self { machines, chosen, columns, form, presenter, known })
    }

    pub(in crate::http) fn csv(self) -> Result<Download<Csv, true>, ApiError> {
        let form = self.form;
        let headers = self.columns.iter().map(|column| column.header(form.language));
        let mut first = Some(CsvPiece::first(form, headers).map_err(broken)?);
        Ok(self.streamed(move |machines, presenter, columns| {
            let mut piece = first.take().unwrap_or_else(|| CsvPiece::next(form));
            for machine in machines {
                let machine = presenter.machine(machine);
                piece.row(columns.iter().map(|column| column.cell(&machine)))?;
            }
            piece.finish()
        }))
    }

    pub(in crate::http) fn json_lines(self) -> Download<JsonLines, true> {
        let is_whole = self.chosen.is_none();
        self.streamed(move |machines, presenter, columns| {
            let mut piece = Vec::with_capacity(machines.len() * 600);
            for machine in machines {
                let machine = presenter.machine(machine);
                if is_whole {
                    serde_json::to_writer(&mut piece, &machine)?;
                } else {
                    serde_json::to_writer(&mut piece, &columns.of(&machine))?;
                }
                piece.push(b'\n');
            }
            Ok(piece)
        })
    }

    pub(in crate::http) async fn workbook(self) -> Result<Download<Xlsx, true>, ApiError> {
        let tag = self.tag::<Xlsx>();
        if let Some(known) = Download::known(&self.known, &tag) {
            return Ok(known);
        }
        let moment = (self.presenter.now, self.presenter.zone);
        let permit = WORKBOOKS.acquire().await.map_err(|error| broken(io::Error::other(error)))?;
        let made = tokio::task::spawn_blocking(move || {
            let made = self.write_workbook();
            drop(permit);
            made
        });
        let made = made.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        let file = made.map_err(broken)?;
        Ok(Download::ready("machines", moment, file).tagged(&tag))
    }

    fn write_workbook(&self) -> io::Result<(std::fs::File, u64)> {
        let language = self.form.language;
        let headers = self.columns.iter().map(|column| (column.header(language), column.width()));
        let mut book = Workbook::new(language, headers)?;
        for machine in &self.machines {
            let machine = self.presenter.machine(machine);
            book.row(self.columns.iter().map(|column| column.cell(&machine)))?;
        }
        book.finish()
    }

    /// A file of pieces, each written when the client took the one before.
    fn streamed<K: Kind>(
        self,
        mut write: impl FnMut(
            &[Arc<model::Machine>],
            &Presenter,
            &MachineColumns,
        ) -> io::Result<Vec<u8>>
        + Send
        + 'static,
    ) -> Download<K, true> {
        let tag = self.tag::<K>();
        if let Some(known) = Download::known(&self.known, &tag) {
            return known;
        }
        let Self { machines, columns, presenter, .. } = self;
        let moment = (presenter.now, presenter.zone);
        let mut next = Some(0);
        let pieces = std::iter::from_fn(move || {
            let from = next?;
            let to = (from + PIECE).min(machines.len());
            next = (to < machines.len()).then_some(to);
            Some(write(&machines[from..to], &presenter, &columns))
        });
        Download::streamed("machines", moment, stream::iter(pieces)).tagged(&tag)
    }

    fn tag<K: Kind>(&self) -> Tag {
        Tag::of((K::EXTENSION, Content(self)))
    }
}

/// Hashes as the file would, without writing it.
struct Content<'a>(&'a MachineExport);

impl Hash for Content<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let MachineExport { machines, chosen, columns, form, presenter, .. } = self.0;
        (chosen.is_some(), form, presenter.zone).hash(state);
        for column in columns.iter() {
            match column {
                MachineColumn::Field(field) => field.name.hash(state),
                MachineColumn::Custom(field) => (&field.key, field.kind.name()).hash(state),
            }
            Language::ALL.map(|language| column.header(language)).hash(state);
        }
        for machine in machines {
            presenter.rules.status(machine, presenter.now).hash(state);
            machine.hash(state);
        }
    }
}
