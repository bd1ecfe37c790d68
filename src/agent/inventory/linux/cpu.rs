//! The processors, from `/proc/cpuinfo`, and their topology where that says none.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;

use super::lines;
use super::tree::Tree;
use crate::agent::inventory::words::short;
use crate::wire::sections::{Content, Cpu};

const CPUS: &str = "sys/devices/system/cpu";

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let Some(reader) = tree.open("proc/cpuinfo")? else {
        return Ok(Content::Cpu(Cpu::default()));
    };
    let mut seen = Seen::default();
    lines::each(reader, |line| seen.line(line)).context("/proc/cpuinfo")?;
    if seen.cores.is_empty() {
        for name in tree.names(CPUS)? {
            let number = |what: &str| tree.number(&format!("{CPUS}/{name}/topology/{what}"));
            if let (Some(socket), Some(core)) = (number("physical_package_id"), number("core_id")) {
                seen.cores.insert((socket, core));
            }
        }
    }
    Ok(Content::Cpu(seen.cpu()))
}

/// What the lines say.
#[derive(Default)]
struct Seen {
    model: Option<String>,
    threads: u32,
    socket: u64,
    /// Sockets, and the cores in them.
    cores: BTreeSet<(u64, u64)>,
}

impl Seen {
    fn line(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else { return };
        let value = value.trim();
        match name.trim() {
            // Boards of ARM say `Model`, POWER says `cpu`.
            "model name" | "Model" | "cpu" if self.model.is_none() => self.model = short(value),
            "processor" if value.parse::<u32>().is_ok() => self.threads += 1,
            "physical id" => self.socket = value.parse().unwrap_or(0),
            "core id" => {
                self.cores.extend(value.parse().ok().map(|core| (self.socket, core)));
            }
            _ => {}
        }
    }

    fn cpu(self) -> Cpu {
        let count = |number: usize| u32::try_from(number).ok().filter(|number| *number > 0);
        let sockets: BTreeSet<u64> = self.cores.iter().map(|(socket, _)| *socket).collect();
        Cpu {
            model: self.model,
            sockets: count(sockets.len()),
            cores: count(self.cores.len()),
            threads: Some(self.threads).filter(|threads| *threads > 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    fn of(made: &Made) -> Cpu {
        let Content::Cpu(cpu) = collect(made.root()).unwrap() else { panic!() };
        cpu
    }

    #[test]
    fn two_processors_with_two_threads_a_core() {
        let mut text = String::new();
        for thread in 0..8 {
            let (socket, core) = (thread / 4, thread % 2);
            text += &format!(
                "processor\t: {thread}\nmodel name\t: Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz\n\
                 physical id\t: {socket}\nsiblings\t: 4\ncore id\t\t: {core}\ncpu cores\t: 2\n\n"
            );
        }
        let expected = Cpu {
            model: Some("Intel(R) Xeon(R) CPU E5-2640 0 @ 2.50GHz".into()),
            sockets: Some(2),
            cores: Some(4),
            threads: Some(8),
        };
        assert_eq!(of(&Made::of(&[("proc/cpuinfo", &text)])), expected);
    }

    #[test]
    fn a_board_of_arm_has_its_cores_in_the_topology() {
        let made = Made::of(&[(
            "proc/cpuinfo",
            "processor\t: 0\nBogoMIPS\t: 108.00\n\nprocessor\t: 1\nBogoMIPS\t: 108.00\n\n\
             Hardware\t: BCM2835\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n",
        )]);
        for cpu in 0..2 {
            made.file(&format!("{CPUS}/cpu{cpu}/topology/physical_package_id"), "0\n");
            made.file(&format!("{CPUS}/cpu{cpu}/topology/core_id"), format!("{cpu}\n"));
        }
        made.file(&format!("{CPUS}/online"), "0-1\n");
        let expected = Cpu {
            model: Some("Raspberry Pi 4 Model B Rev 1.4".into()),
            sockets: Some(1),
            cores: Some(2),
            threads: Some(2),
        };
        assert_eq!(of(&made), expected);
    }
}
