//! `tatuscan import`: what people know about machines, from a file of CSV through the API.

use std::fmt::Write as _;
use std::io::Read as _;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use form_urlencoded::Serializer;
use serde_json::Value;

use super::progress;
use super::reach::Reached;
use crate::config::Import;
use crate::http::IMPORT_BYTES;
use crate::model::for_terminal;

/// Bytes that are sent in one piece.
const PIECE: usize = 64 << 10;

/// Imports the file, and answers what to print.
///
/// # Errors
/// When the file cannot be read, the server or the store cannot be reached or refuses, or anything in
/// the file is wrong: then nothing is changed.
pub async fn run(import: &Import) -> anyhow::Result<String> {
    let file = Bytes::from(file_of(import)?);
    if file.len() > IMPORT_BYTES {
        bail!(
            "The file is larger than {} MiB; split it, each part with the header",
            IMPORT_BYTES >> 20
        );
    }
    let mut query = Serializer::new(String::new());
    query.extend_pairs(&import.parameters);
    let path = format!("/api/import/machines?{}", query.finish());
    let server = Reached::open(&import.target).await?;
    let bar = progress::bytes(file.len() as u64);
    let (sent, length) = (bar.clone(), file.len());
    let mut rest = file;
    let pieces = std::iter::from_fn(move || {
        let piece = rest.split_to(rest.len().min(PIECE));
        sent.inc(piece.len() as u64);
        if rest.is_empty() {
            sent.finish_and_clear();
        }
        (!piece.is_empty()).then_some(piece)
    });
    let work = async {
        let waiting = progress::spinner("Reading, comparing and writing");
        let answer = server.upload(&path, "text/csv", length, pieces).await;
        waiting.finish_and_clear();
        answer
    };
    let answer = work.await;
    bar.finish_and_clear();
    server.close().await;
    let (is_done, answer) = answer?;
    let text = report(&answer);
    if is_done && count(&answer["problems"]) == 0 {
        return Ok(text);
    }
    print!("{}", for_terminal(&text));
    let problems = problems(&answer);
    match answer["error"].as_str() {
        Some(error) if problems.is_empty() => bail!("{error}"),
        _ => bail!("nothing was changed, because something in the file is wrong:\n{problems}"),
    }
}

fn file_of(import: &Import) -> anyhow::Result<Vec<u8>> {
    let mut read = Vec::new();
    match &import.file {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string()),
        None => {
            std::io::stdin().lock().read_to_end(&mut read).context("standard input")?;
            Ok(read)
        }
    }
}

/// What was or would be changed, and the original's four counts.
fn report(answer: &Value) -> String {
    let mut text = String::new();
    if answer["changed"].is_null() {
        return text;
    }
    let line = |text: &mut String, line: std::fmt::Arguments<'_>| {
        let written = text.write_fmt(format_args!("{line}\n"));
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
    };
    for column in items(&answer["columns"]).filter(|column| column["field"].is_null()) {
        line(&mut text, format_args!("column '{}' is left out", shown(&column["header"])));
    }
    for change in items(&answer["changes"]) {
        let fields: Vec<_> = items(&change["fields"])
            .map(|field| {
                let (before, after) = (shown(&field["before"]), shown(&field["after"]));
                format!("{}: {before} -> {after}", shown(&field["field"]))
            })
            .collect();
        line(
            &mut text,
            format_args!(
                "line {}, {} ({}): {}",
                change["line"],
                shown(&change["hostname"]),
                shown(&change["machine_id"]),
                fields.join("; ")
            ),
        );
    }
    more(&mut text, &answer["more_changes"], "changed machines");
    let by = shown(&answer["matched_by"]);
    for unmatched in items(&answer["unmatched"]) {
        let (at, key) = (&unmatched["line"], shown(&unmatched["key"]));
        line(&mut text, format_args!("line {at}: no machine has the {by} {key}"));
    }
    more(&mut text, &answer["more_unmatched"], "lines that are about no machine");
    let by = if by == "number" { "number in the host name".to_owned() } else { by };
    for (name, count) in [
        ("Machines looked at".to_owned(), &answer["machines"]),
        (format!("Machines that have a {by}"), &answer["keyed"]),
        ("Machines found in the file".to_owned(), &answer["matched"]),
        (
            if answer["dry_run"] == true {
                "Machines that would be changed".to_owned()
            } else {
                "Machines changed".to_owned()
            },
            &answer["changed"],
        ),
    ] {
        line(&mut text, format_args!("{name}: {count}"));
    }
    text
}

fn more(text: &mut String, count: &Value, what: &str) {
    if let Some(count) = count.as_u64().filter(|&count| count > 0) {
        text.push_str(&format!("… and {count} more {what}\n"));
    }
}

/// What is wrong, a line each.
fn problems(answer: &Value) -> String {
    let mut text = String::new();
    for problem in items(&answer["problems"]) {
        let column = problem["column"].as_str().map(|column| format!(", column '{column}'"));
        let column = column.unwrap_or_default();
        let error = problem["error"].as_str().unwrap_or_default();
        text.push_str(&format!("line {}{column}: {error}\n", problem["line"]));
    }
    more(&mut text, &answer["more_problems"], "problems");
    text.trim_end().to_owned()
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn count(list: &Value) -> usize {
    items(list).count()
}

/// A text on one line, however many it has.
fn shown(text: &Value) -> String {
    match text.as_str() {
        Some("") | None => "-".to_owned(),
        Some(text) => text.replace('\n', " / "),
    }
}
