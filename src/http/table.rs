//! `GET /report` for `curl`: the report as a table of plain text.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::header::VARY;
use poem::web::Data;
use poem::{FromRequest as _, IntoResponse as _, Request, Response, Route, get, handler};
use unicode_width::UnicodeWidthStr as _;

use super::context::Context;
use super::error::ApiError;
use super::question::Question;
use super::web;
use crate::model::Machine;

/// The paths served here, for `OPTIONS`.
pub(super) const PAGES: &[&str] = &["/report", "/report/"];

const HEADINGS: [&str; 6] = ["Hostname", "SO", "Versão", "Criado em", "Atualizado em", "Ativação"];

pub(super) fn routes(route: Route) -> Route {
    route.at("/report", get(report)).at("/report/", get(report))
}

#[handler]
async fn report(request: &Request, context: Data<&Arc<Context>>) -> poem::Result<Response> {
    if web::is_browser(request) {
        return Ok(web::shell(request)?.with_header(VARY, "Accept").into_response());
    }
    let question = Question::from_request_without_body(request).await?;
    let page = context.inventory.machines(&question.query).await.map_err(ApiError::from)?;
    let text = table(&page.machines, context.settings.zone);
    let response = Response::builder().content_type("text/plain; charset=utf-8");
    Ok(response.header(VARY, "Accept").body(text))
}

fn table(machines: &[Arc<Machine>], zone: Tz) -> String {
    let rows: Vec<_> = machines.iter().map(|machine| cells(machine, zone)).collect();
    let mut widths = HEADINGS.map(|heading| heading.width());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let mut text = format!("Total de registros: {}\n\n", machines.len());
    line(&mut text, &HEADINGS, widths);
    line(&mut text, &widths.map(|width| "-".repeat(width)), widths);
    for row in &rows {
        line(&mut text, row, widths);
    }
    text
}

fn cells(machine: &Machine, zone: Tz) -> [String; 6] {
    let shown = |text: &str| {
        if text.is_empty() { "-".to_owned() } else { text.to_owned() }
    };
    let time = |at: Option<DateTime<Utc>>| {
        at.map_or_else(
            || "-".to_owned(),
            |at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
        )
    };
    [
        shown(&machine.hostname),
        shown(&machine.os),
        shown(&machine.os_version),
        time(Some(machine.created_at)),
        time(machine.updated_at),
        time(machine.human.computer_activation),
    ]
}

fn line(text: &mut String, cells: &[impl AsRef<str>; 6], widths: [usize; 6]) {
    let start = text.len();
    for (cell, width) in cells.iter().zip(widths) {
        let cell = cell.as_ref();
        text.push_str(cell);
        text.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
    }
    let end = start + text[start..].trim_end().len();
    text.truncate(end);
    text.push('\n');
}
