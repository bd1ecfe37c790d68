//! The processors.

#[cfg(windows)]
use std::path::Path;

use serde::Deserialize;

#[cfg(windows)]
use super::registry;
#[cfg(windows)]
use crate::agent::inventory::smbios;
use crate::agent::inventory::words::short;
#[cfg(windows)]
use crate::agent::{smbios_table, wmi_rows};
#[cfg(windows)]
use crate::wire::sections::Content;
use crate::wire::sections::Cpu;

/// A row of `Win32_Processor`: one for each socket.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Processor {
    name: Option<String>,
    number_of_cores: Option<u32>,
    number_of_logical_processors: Option<u32>,
}

fn cpu(rows: &[Processor]) -> Cpu {
    let sum = |number: fn(&Processor) -> Option<u32>| {
        Some(rows.iter().filter_map(number).sum()).filter(|sum| *sum > 0)
    };
    Cpu {
        model: rows.first().and_then(|row| short(row.name.as_deref()?)),
        sockets: u32::try_from(rows.len()).ok().filter(|sockets| *sockets > 0),
        cores: sum(|row| row.number_of_cores),
        threads: sum(|row| row.number_of_logical_processors),
    }
}

/// What the first says, and what the next ones say where it says nothing.
fn completed(sources: impl IntoIterator<Item = Cpu>) -> Cpu {
    sources.into_iter().fold(Cpu::default(), |known, next| Cpu {
        model: known.model.or(next.model),
        sockets: known.sockets.or(next.sockets),
        cores: known.cores.or(next.cores),
        threads: known.threads.or(next.threads),
    })
}

#[cfg(windows)]
pub(super) fn collect(_: &Path) -> anyhow::Result<Content> {
    // Nothing else: other columns have Windows measure for a second.
    let query = "SELECT Name, NumberOfCores, NumberOfLogicalProcessors FROM Win32_Processor";
    let rows: Vec<Processor> = wmi_rows::rows_if_any(wmi_rows::CIMV2, query);
    let table = smbios::cpu(&smbios_table::read());
    Ok(Content::Cpu(completed([cpu(&rows), in_registry().unwrap_or_default(), table])))
}

/// What Windows wrote down when it started: a key for each thread.
#[cfg(windows)]
fn in_registry() -> Option<Cpu> {
    let keys = registry::machine(r"HARDWARE\DESCRIPTION\System\CentralProcessor")?;
    let names = registry::names(&keys);
    let first = keys.open(names.first()?).ok()?;
    let model = registry::text(&first, "ProcessorNameString");
    Some(Cpu { model, threads: u32::try_from(names.len()).ok(), ..Cpu::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_added_up() {
        let socket = || Processor {
            name: Some("Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz  ".into()),
            number_of_cores: Some(6),
            number_of_logical_processors: Some(12),
        };
        let expected = Cpu {
            model: Some("Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz".into()),
            sockets: Some(2),
            cores: Some(12),
            threads: Some(24),
        };
        assert_eq!(cpu(&[socket(), socket()]), expected);
        assert_eq!(cpu(&[]), Cpu::default());
        assert_eq!(cpu(&[Processor::default()]).cores, None);
    }

    #[test]
    fn what_one_source_does_not_say_another_does() {
        let [first, second] = ["i5-1145G7", "Genuine Intel"].map(|model| Some(model.to_owned()));
        let registry = Cpu { model: first.clone(), threads: Some(8), ..Cpu::default() };
        let table = Cpu { model: second, sockets: Some(1), cores: Some(4), threads: Some(9) };
        let expected = Cpu { model: first, sockets: Some(1), cores: Some(4), threads: Some(8) };
        assert_eq!(completed([Cpu::default(), registry, table]), expected);
        assert_eq!(completed([]), Cpu::default());
    }
}
