//! Machines that may be one: what makes them look so, and what speaks against it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Lifecycle, Machine, MachineId, NameKey, Proof, Text};

/// Most machines of one statement that they are different ones.
pub const MOST_DISTINCT: usize = 20;
/// Above this many machines of one name the name says nothing about them.
const MOST_OF_A_NAME: usize = 20;
/// Names that installers give, so that many machines have them.
const GENERIC: [&str; 10] = [
    "unknown",
    "localhost",
    "localhost.localdomain",
    "ubuntu",
    "debian",
    "fedora",
    "raspberrypi",
    "windows",
    "desktop",
    "(none)",
];

/// What machines have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The host name, whatever its case.
    Hostname,
    /// The number on the label.
    AssetNumber,
    /// The serial number.
    Serial,
    /// The UUID of the board.
    Uuid,
    /// A MAC address of a physical interface.
    Mac,
}

/// Something that machines have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shared {
    /// What it is.
    pub reason: Reason,
    /// As the first of the machines has it.
    pub value: Text,
}

/// What speaks against machines being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doubt {
    /// One reported while the other one did.
    Overlap,
    /// Many machines have this name.
    GenericName,
    /// The operating system is another one.
    Os,
    /// The model is another one.
    Model,
    /// The memory is another one.
    Memory,
    /// The number on the label is another one.
    AssetNumber,
    /// The serial number is another one.
    Serial,
    /// The UUID of the board is another one.
    Uuid,
    /// The one to keep does not sign its reports, as another one does.
    Proof,
}

/// Machines that may be one.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The machines; the one to keep comes first: the one that was heard of last.
    pub machines: Vec<Arc<Machine>>,
    /// What they have in common.
    pub shared: Vec<Shared>,
    /// What speaks against it.
    pub doubts: Vec<Doubt>,
}

impl Candidate {
    /// Whether they can be merged without a look: nothing speaks against it.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// Somebody says that machines are different ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct {
    /// What programs call it.
    pub id: Text,
    /// The machines, in order: no two of them are one.
    pub machine_ids: Vec<MachineId>,
    /// When it was said.
    pub said_at: DateTime<Utc>,
    /// By whom, as in [`super::access::AuditEntry::actor`].
    pub said_by: String,
}

/// Machines that may be one, those that are safe first, then in the order of their names. Retired
/// machines are none of them: a name often goes on to the next computer.
#[must_use]
pub fn candidates(machines: &[Arc<Machine>], distinct: &[Arc<Distinct>]) -> Vec<Candidate> {
    let mut alike: HashMap<(Reason, String), Vec<&Arc<Machine>>> = HashMap::new();
    for machine in machines {
        if machine.human.asset.lifecycle == Lifecycle::Retired {
            continue;
        }
        for (reason, value) in traits(machine) {
            let value = value.trim();
            if !value.is_empty() {
                alike.entry((reason, value.to_lowercase())).or_default().push(machine);
            }
        }
    }
    let told_apart = ToldApart::new(distinct);
    let mut groups: BTreeMap<Vec<&MachineId>, Alike<'_>> = BTreeMap::new();
    for ((reason, value), mut machines) in alike {
        if machines.len() < 2 || told_apart.all(&machines) {
            continue;
        }
        machines.sort_by_key(|machine| {
            std::cmp::Reverse((machine.last_seen(), machine.created_at, &machine.id))
        });
        let shown = traits(machines[0])
            .find(|(one, shown)| *one == reason && shown.trim().to_lowercase() == value);
        let value = shown.map_or_else(Text::default, |(_, shown)| shown.trim().into());
        let mut ids: Vec<_> = machines.iter().map(|machine| &machine.id).collect();
        ids.sort_unstable();
        let group = groups.entry(ids).or_insert_with(|| Alike { machines, shared: Vec::new() });
        group.shared.push(Shared { reason, value });
    }
    let mut candidates: Vec<_> = groups
        .into_values()
        .map(|Alike { machines, mut shared }| {
            shared.sort_unstable();
            Candidate {
                doubts: doubts(&machines, &shared),
                machines: machines.into_iter().cloned().collect(),
                shared,
            }
        })
        .collect();
    candidates.sort_by_cached_key(|candidate| {
        let first = &candidate.machines[0];
        (!candidate.is_safe(), NameKey::new(&first.hostname, &first.id))
    });
    candidates
}

/// What machines can have in common.
fn traits(machine: &Machine) -> impl Iterator<Item = (Reason, &str)> {
    let hardware = &machine.hardware;
    [
        (Reason::Hostname, Some(&machine.hostname)),
        (Reason::AssetNumber, machine.human.asset.asset_number.as_ref()),
        (Reason::Serial, hardware.serial.as_ref()),
        (Reason::Uuid, hardware.uuid.as_ref()),
    ]
    .into_iter()
    .filter_map(|(reason, value)| Some((reason, value?.as_str())))
    .chain(hardware.macs.iter().map(|mac| (Reason::Mac, mac.as_str())))
}

/// Machines that have something in common.
struct Alike<'a> {
    machines: Vec<&'a Arc<Machine>>,
    shared: Vec<Shared>,
}

/// What speaks against machines being one; the one that was heard of last comes first.
fn doubts(machines: &[&Arc<Machine>], shared: &[Shared]) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let mut by_first: Vec<_> = machines.to_vec();
    by_first.sort_by_key(|machine| (machine.created_at, machine.last_seen()));
    if by_first.windows(2).any(|pair| pair[0].last_seen() > pair[1].created_at) {
        doubts.push(Doubt::Overlap);
    }
    let is_by_name = shared.iter().all(|shared| shared.reason == Reason::Hostname);
    let is_generic = |shared: &Shared| GENERIC.contains(&shared.value.to_lowercase().as_str());
    if is_by_name && (machines.len() > MOST_OF_A_NAME || shared.iter().any(is_generic)) {
        doubts.push(Doubt::GenericName);
    }
    let differ = |text: fn(&Machine) -> Option<&Text>| {
        let known = machines.iter().filter_map(|machine| text(machine));
        let known = known.map(|text| text.trim().to_lowercase());
        known.filter(|text| !text.is_empty()).collect::<HashSet<_>>().len() > 1
    };
    // What people wrote into a manual entry is as good as another way to say it.
    let is_manual = machines.iter().any(|machine| machine.is_manual());
    // One board is one machine, whatever system and memory it has by now.
    let is_one_board =
        shared.iter().any(|shared| matches!(shared.reason, Reason::Serial | Reason::Uuid));
    let may_differ = is_manual || is_one_board;
    for (doubt, differs) in [
        (Doubt::Os, !may_differ && differ(|machine| Some(&machine.os))),
        (Doubt::Model, !may_differ && differ(Machine::model)),
        (Doubt::AssetNumber, differ(|machine| machine.human.asset.asset_number.as_ref())),
        (Doubt::Serial, differ(|machine| machine.hardware.serial.as_ref())),
        (Doubt::Uuid, differ(|machine| machine.hardware.uuid.as_ref())),
        // Whoever takes such a machine's name while it is off would report in its place.
        (Doubt::Proof, is_unsigned_in_place_of_signed(machines)),
    ] {
        if differs {
            doubts.push(doubt);
        }
    }
    let memory =
        machines.iter().map(|machine| machine.memory_total_mb).filter(|memory| *memory > 0);
    let (least, most) =
        memory.fold((i64::MAX, 0), |(least, most), it| (least.min(it), most.max(it)));
    // What graphics take of it differs by a little.
    if !is_one_board && least < most && least.saturating_mul(10) < most.saturating_mul(9) {
        doubts.push(Doubt::Memory);
    }
    doubts.sort_unstable();
    doubts
}

/// Whether reports of the first one, which is kept, prove less than those of another one.
fn is_unsigned_in_place_of_signed(machines: &[&Arc<Machine>]) -> bool {
    let mut signed = machines.iter().map(|machine| machine.proof == Proof::Signature);
    signed.next() == Some(false) && signed.any(|is_signed| is_signed)
}

/// Which machines somebody told apart.
struct ToldApart<'a>(HashMap<&'a MachineId, HashSet<usize>>);

impl<'a> ToldApart<'a> {
    fn new(distinct: &'a [Arc<Distinct>]) -> Self {
        let mut said: HashMap<_, HashSet<usize>> = HashMap::new();
        for (number, distinct) in distinct.iter().enumerate() {
            for id in &distinct.machine_ids {
                said.entry(id).or_default().insert(number);
            }
        }
        Self(said)
    }

    /// Whether no two of these machines may be one.
    fn all(&self, machines: &[&Arc<Machine>]) -> bool {
        let said: Option<Vec<_>> = machines.iter().map(|machine| self.0.get(&machine.id)).collect();
        let Some(said) = said else { return false };
        said.iter()
            .enumerate()
            .all(|(at, one)| said[at + 1..].iter().all(|other| !one.is_disjoint(other)))
    }
}
