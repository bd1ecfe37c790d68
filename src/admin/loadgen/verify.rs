//! What the server acknowledged, and whether it has it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use http::Method;
use serde::Deserialize;

use super::client::Target;
use super::fleet::Fleet;
use super::worker::Worked;

/// The last acknowledged sequence of each machine; 0 for none.
pub(super) struct Acknowledged(Vec<u64>);

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    machine_id: String,
    memory_used_mb: u64,
}

impl Acknowledged {
    pub(super) fn new(machines: usize) -> Self {
        Self(vec![0; machines])
    }

    pub(super) fn merge(&mut self, worked: &Worked) {
        for &(machine, sequence) in &worked.acknowledged {
            self.0[machine] = self.0[machine].max(sequence);
        }
    }

    fn each(&self) -> impl Iterator<Item = (usize, u64)> {
        self.0.iter().copied().enumerate().filter(|(_, sequence)| *sequence > 0)
    }

    /// Writes one line for each machine: its id and its last acknowledged sequence.
    pub(super) fn write(&self, fleet: &Fleet, path: &Path) -> anyhow::Result<()> {
        let mut text = String::new();
        for (machine, sequence) in self.each() {
            writeln!(text, "{} {sequence}", fleet.id(machine))?;
        }
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Checks that the list holds each machine with its last acknowledged report or a later one,
    /// and says how many machines that were.
    pub(super) async fn verify(
        &self,
        fleet: &Fleet,
        target: &Target,
        token: Option<&str>,
    ) -> anyhow::Result<usize> {
        let mut connection = target.connect().await?;
        let bearer = token.map(|token| format!("Bearer {token}"));
        let list = connection.send(&Method::GET, "/api/machines", bearer.as_deref(), "").await;
        let (status, body) = list?;
        if status != 200 {
            bail!("the list was answered with {status}");
        }
        let list: List = serde_json::from_slice(&body)?;
        let kept: HashMap<_, _> =
            list.items.iter().map(|item| (item.machine_id.as_str(), item.memory_used_mb)).collect();
        let mut verified = 0;
        for (machine, sequence) in self.each() {
            match kept.get(fleet.id(machine)) {
                Some(kept) if *kept >= sequence => verified += 1,
                other => bail!(
                    "LOST: machine {} has report {other:?}, but {sequence} was acknowledged",
                    fleet.id(machine)
                ),
            }
        }
        Ok(verified)
    }
}
