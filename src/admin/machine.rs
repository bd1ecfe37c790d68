//! `tatuscan machine`: machines, one by one, through the API.

use std::fmt::Write as _;

use anyhow::Context as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::reach::Reached;
use crate::cli::MachineEntry;
use crate::config::{MachineTask, Target};

/// Does what is asked, and answers what to print.
///
/// # Errors
/// When the server or the store cannot be reached, or refuses.
pub async fn run(target: &Target, task: MachineTask) -> anyhow::Result<String> {
    let server = Reached::open(target).await?;
    let done = ask(&server, task).await;
    server.close().await;
    done
}

async fn ask(server: &Reached, task: MachineTask) -> anyhow::Result<String> {
    match task {
        MachineTask::Add(entry) => {
            let body = Some(body(*entry));
            let reply = server.ask(Method::POST, "/api/manual-machines", body).await?;
            let item = |name: &str| reply["item"][name].as_str().unwrap_or_default().to_owned();
            let message = reply["message"].as_str().unwrap_or_default();
            Ok(format!("{}  {}\n{message}\n", item("machine_id"), item("hostname")))
        }
        MachineTask::List { search } => {
            let query =
                form_urlencoded::Serializer::new(String::new()).append_pair("q", &search).finish();
            let answer = server.download(&format!("/report?{query}")).await?;
            answer.text().await.context("the answer ended early")
        }
        MachineTask::Show { machine_id } => {
            let machine = server.ask(Method::GET, &path(&machine_id), None).await?;
            Ok(shown(&machine))
        }
        MachineTask::Delete { machine_id } => {
            server.ask(Method::DELETE, &path(&machine_id), None).await?;
            Ok(format!("{machine_id} is removed; for 30 days it can be brought back\n"))
        }
    }
}

fn path(machine_id: &str) -> String {
    format!("/api/machines/{}", utf8_percent_encode(machine_id, NON_ALPHANUMERIC))
}

fn body(entry: MachineEntry) -> Value {
    let given = [
        ("hostname", entry.name.or(entry.hostname).map(Value::from)),
        ("machine_id", entry.machine_id.map(Value::from)),
        ("salt", entry.salt.map(Value::from)),
        ("os", entry.os.map(Value::from)),
        ("os_version", entry.os_version.map(Value::from)),
        ("ip", entry.ip.map(Value::from)),
        ("cpu_percent", entry.cpu_percent.map(|percent| json!(percent))),
        ("memory_total_mb", entry.memory_total_mb.map(Value::from)),
        ("memory_used_mb", entry.memory_used_mb.map(Value::from)),
        ("dry_run", entry.dry_run.then_some(Value::Bool(true))),
    ];
    let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(given.collect::<Map<_, _>>())
}

/// A field on each line.
fn shown(machine: &Value) -> String {
    let mut text = String::new();
    let fields = machine.as_object().into_iter().flatten();
    let width = fields.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields {
        let value = match value {
            Value::Null => "-".to_owned(),
            Value::String(value) => value.replace('\n', " / "),
            other => other.to_string(),
        };
        let written = writeln!(text, "{name:width$}  {value}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
    }
    text
}
