//! `tatuscan user`, `token` and `setup-link`.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use super::reach::Reached;
use crate::config::{Management, Target};
use crate::model::for_terminal;

/// Does what is asked, and answers what to print.
///
/// # Errors
/// When the server or the store cannot be reached, or refuses.
pub async fn run(target: &Target, management: Management) -> anyhow::Result<String> {
    // Before anything is opened: a person takes time to type.
    let password = match &management {
        Management::AddUser { .. } | Management::ChangePassword { .. } => read_password()?,
        _ => String::new(),
    };
    let server = Reached::open(target).await?;
    let done = ask(&server, management, &password).await;
    server.close().await;
    done
}

async fn ask(server: &Reached, management: Management, password: &str) -> anyhow::Result<String> {
    Ok(match management {
        Management::AddUser { name, role } => {
            let body = json!({"name": name, "role": role, "password": password});
            let user = server.ask(Method::POST, "/api/users", Some(body)).await?;
            format!("{} is a user now ({})\n", text(&user, "name"), text(&user, "role"))
        }
        Management::ChangePassword { name } => {
            let body = json!({"password": password});
            server.ask(Method::PATCH, &path("/api/users", &name), Some(body)).await?;
            format!("{name} has another password; all of {name}'s sessions ended\n")
        }
        Management::ListUsers => {
            let users = server.ask(Method::GET, "/api/users", None).await?;
            table(&users, &["name", "role", "created_at"])
        }
        Management::RemoveUser { name } => {
            server.ask(Method::DELETE, &path("/api/users", &name), None).await?;
            format!("{name} is no user any more\n")
        }
        Management::CreateToken { name, scope, days, max_uses, tags } => {
            let mut body = json!({"name": name, "scope": scope});
            if let Some(days) = days {
                body["days"] = days.into();
            }
            if let Some(uses) = max_uses {
                body["max_uses"] = uses.into();
            }
            if !tags.is_empty() {
                body["tags"] = tags.into();
            }
            let made = server.ask(Method::POST, "/api/tokens", Some(body)).await?;
            // The secret alone goes to standard output, where scripts read it.
            let id = for_terminal(text(&made["item"], "id"));
            eprintln!("The token is shown this once; its id is {id}");
            match &server.pin {
                Some(pin) if scope == "enrol" => format!("{}@{pin}\n", text(&made, "token")),
                _ => format!("{}\n", text(&made, "token")),
            }
        }
        Management::ListTokens => {
            let tokens = server.ask(Method::GET, "/api/tokens", None).await?;
            table(&tokens, &["id", "scope", "name", "created_at", "used_at", "expires_at"])
        }
        Management::RevokeToken { id } => {
            server.ask(Method::DELETE, &path("/api/tokens", &id), None).await?;
            format!("{id} is revoked\n")
        }
        Management::SetupLink => {
            let link = server.ask(Method::POST, "/api/setup-link", None).await?;
            let place = text(&link, "path");
            match &server.shown {
                Some(url) => format!("{url}{place}\n"),
                None => format!("{place}\nStart the server, and open this at its address\n"),
            }
        }
    })
}

fn read_password() -> anyhow::Result<String> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Ok(rpassword::prompt_password("Password (12 characters or more): ")?);
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("cannot read the password")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("No password: write it to standard input, on one line");
    }
    Ok(password.to_owned())
}

fn path(base: &str, name: &str) -> String {
    format!("{base}/{}", utf8_percent_encode(name, NON_ALPHANUMERIC))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("-")
}

/// The items of an answer, a line each.
fn table(answer: &Value, fields: &[&str]) -> String {
    let items = answer["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows = items.iter().map(|item| fields.iter().map(|field| text(item, field)).collect());
    let rows: Vec<Vec<&str>> = std::iter::once(fields.to_vec()).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..fields.len()).map(width).collect();
    let mut table = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let space = width + 2 - cell.width();
            let written = write!(line, "{cell}{:space$}", "");
            debug_assert!(written.is_ok(), "writing to a String cannot fail");
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}
