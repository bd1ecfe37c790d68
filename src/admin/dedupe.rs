//! `tatuscan dedupe`: machines that are in the inventory more than once become one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};

use super::reach::Reached;
use crate::config::{Dedupe, DedupeAction};
use crate::model::clean;

/// Characters of an id that are shown.
const ID_CHARS: usize = 12;
/// Machines that are named in one line.
const NAMED: usize = 5;
/// Groups that are merged at once.
const PIECE: usize = 500;

/// Merges, or says what would be merged, and answers what to print.
///
/// # Errors
/// When the server or the store cannot be reached, or refuses.
pub async fn run(dedupe: &Dedupe) -> anyhow::Result<String> {
    let server = Reached::open(&dedupe.target).await?;
    let done = match &dedupe.action {
        DedupeAction::Undo(id) => undo(&server, id).await,
        DedupeAction::Merge { all, dry_run } => merge(&server, *all, *dry_run).await,
    };
    server.close().await;
    done
}

async fn undo(server: &Reached, id: &str) -> anyhow::Result<String> {
    let path = format!("/api/machines/{}/unmerge", utf8_percent_encode(id, NON_ALPHANUMERIC));
    let back = server.ask(Method::POST, &path, None).await?;
    let name = text(&back["item"], "hostname");
    Ok(format!("{name} ({id}) is a machine of its own again\n"))
}

async fn merge(server: &Reached, all: bool, dry_run: bool) -> anyhow::Result<String> {
    let mut said = String::new();
    let (mut merged, mut kept) = (0, 0);
    let mut is_first = true;
    // What is alike in two ways, or more than one answer holds, is seen at the next look.
    loop {
        let (mut groups, mut left) = (Vec::new(), 0);
        for candidate in candidates(server).await? {
            let is_safe = candidate["safe"] == true;
            let parts = if all { by_name(&candidate) } else { whole(&candidate) };
            if parts.is_empty() || !(is_safe || all) {
                left += 1;
                if is_first {
                    writeln!(said, "{}", unsure(&candidate))?;
                }
                continue;
            }
            for part in parts {
                writeln!(said, "{}", sure(&part))?;
                groups.push(order(&part));
            }
        }
        is_first = false;
        let mut now = 0;
        for piece in groups.chunks(PIECE) {
            let body = json!({"groups": piece, "dry_run": dry_run});
            let reply = server.ask(Method::POST, "/api/duplicates/merge", Some(body)).await?;
            now += reply["merged"].as_u64().unwrap_or(0);
            kept += reply["kept"].as_u64().unwrap_or(0);
        }
        merged += now;
        if dry_run || now == 0 {
            let machines = if merged == 1 { "machine" } else { "machines" };
            let done = match (dry_run, merged) {
                (true, _) => "would be merged",
                (false, 1) => "was merged",
                (false, _) => "were merged",
            };
            writeln!(said, "{merged} {machines} {done} into {kept}")?;
            if left > 0 {
                let groups = if left == 1 { "group needs" } else { "groups need" };
                let hint = if all { "" } else { "; --all merges those of one name too" };
                writeln!(said, "{left} {groups} a look{hint}")?;
            }
            return Ok(said);
        }
    }
}

/// Everything that may be one. What is in two groups is in the first of them alone.
async fn candidates(server: &Reached) -> anyhow::Result<Vec<Value>> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let path = format!("/api/duplicates?offset={}", all.len());
        let mut page = server.ask(Method::GET, &path, None).await?;
        match page["items"].take() {
            Value::Array(items) if !items.is_empty() => all.extend(items),
            _ => break,
        }
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|candidate| {
        let ids: Vec<_> = machines(candidate).iter().map(|one| text(one, "machine_id")).collect();
        let is_new = ids.iter().all(|id| !seen.contains(*id));
        if is_new {
            seen.extend(ids.into_iter().map(str::to_owned));
        }
        is_new
    });
    Ok(all)
}

fn machines(candidate: &Value) -> &[Value] {
    candidate["machines"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn whole(candidate: &Value) -> Vec<Vec<&Value>> {
    let machines: Vec<_> = machines(candidate).iter().collect();
    if machines.len() < 2 { Vec::new() } else { vec![machines] }
}

/// Those with the very same host name, as the original's script gathers them.
fn by_name(candidate: &Value) -> Vec<Vec<&Value>> {
    let mut named: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for machine in machines(candidate) {
        let name = text(machine, "hostname").trim();
        if !name.is_empty() {
            named.entry(name).or_default().push(machine);
        }
    }
    named.into_values().filter(|machines| machines.len() > 1).collect()
}

fn order(machines: &[&Value]) -> Value {
    let ids: Vec<_> = machines.iter().map(|machine| text(machine, "machine_id")).collect();
    json!({"keep": ids[0], "machine_ids": ids[1..]})
}

fn sure(machines: &[&Value]) -> String {
    let [kept, others @ ..] = machines else { return String::new() };
    let named: Vec<_> = others.iter().take(NAMED).map(|machine| shown(machine)).collect();
    let more = match others.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let name = text(kept, "hostname");
    format!("{name}: keep {}, merge {}{more}", shown(kept), named.join(", "))
}

fn unsure(candidate: &Value) -> String {
    let doubts = candidate["doubts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let doubts: Vec<_> = doubts.iter().map(|doubt| in_words(doubt.as_str())).collect();
    let alike = candidate["shared"].as_array().map(Vec::as_slice).unwrap_or_default();
    let alike: Vec<_> = alike.iter().map(|shared| text(shared, "value")).collect();
    let count = candidate["count"].as_u64().unwrap_or(0);
    format!("{}: {count} machines need a look: {}", alike.join(", "), doubts.join("; "))
}

fn in_words(doubt: Option<&str>) -> &'static str {
    match doubt {
        Some("overlap") => "they reported at the same time",
        Some("generic_name") => "many machines have this name",
        Some("os") => "their operating systems differ",
        Some("model") => "their models differ",
        Some("memory") => "their memory differs",
        Some("asset_number") => "their asset numbers differ",
        Some("serial") => "their serial numbers differ",
        Some("uuid") => "the UUIDs of their boards differ",
        Some("proof") => "the one to keep does not sign its reports, as another one does",
        _ => "something speaks against it",
    }
}

fn shown(machine: &Value) -> String {
    // The original took any text for an id, several lines too.
    let id = clean(text(machine, "machine_id"), ID_CHARS);
    let seen = machine["updated_at"].as_str().or(machine["created_at"].as_str());
    let minute = seen.and_then(|at| at.get(..16)).unwrap_or("-").replace('T', " ");
    format!("{id} (heard of {minute})")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("-")
}
