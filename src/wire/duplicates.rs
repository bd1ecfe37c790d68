//! Machines that may be one, as the API shows and takes them.

use poem_openapi::{Enum, Object, types::Example};
use serde::{Deserialize, Serialize};

use super::{Machine, Presenter, Timestamp};
use crate::model;

/// What machines have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The host name, whatever its case.
    Hostname,
    /// The asset number.
    AssetNumber,
    /// The serial number.
    Serial,
    /// The UUID of the board.
    Uuid,
    /// A MAC address of a physical interface.
    Mac,
}

/// What speaks against machines being one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// One reported while the other one did.
    Overlap,
    /// Many machines have this name.
    GenericName,
    /// Their operating systems differ.
    Os,
    /// Their models differ.
    Model,
    /// Their memory differs by more than a tenth.
    Memory,
    /// Their asset numbers differ.
    AssetNumber,
    /// Their serial numbers differ.
    Serial,
    /// The UUIDs of their boards differ.
    Uuid,
    /// The one that was heard of last does not sign its reports, as another one does.
    Proof,
}

/// Something that machines have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Shared {
    /// What it is.
    pub reason: Reason,
    /// As the first of the machines has it.
    pub value: String,
}

/// Machines that may be one.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub struct Duplicates {
    /// What they have in common.
    pub shared: Vec<Shared>,
    /// Whether nothing speaks against it: they can be merged without a look.
    pub safe: bool,
    /// What speaks against it.
    pub doubts: Vec<Doubt>,
    /// How many machines there are.
    pub count: usize,
    /// The machines, at most 50 of them; the one to keep comes first: the one that was heard of last.
    pub machines: Vec<Machine>,
}

/// Machines that may be one.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct DuplicatesList {
    /// Those that are safe first, then by host name.
    pub items: Vec<Duplicates>,
    /// How many items this answer holds.
    pub count: usize,
    /// How many there are.
    pub total: usize,
    /// How many of these are safe.
    pub safe: usize,
}

/// Machines to be made one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
pub struct MergeGroup {
    /// The one to keep.
    pub keep: String,
    /// The others.
    #[oai(validator(min_items = 1))]
    pub machine_ids: Vec<String>,
}

/// What is to be merged: `groups`, or everything that is safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct MergeOrder {
    /// Machines to be made one.
    #[oai(nullable)]
    #[serde(default)]
    pub groups: Option<Vec<MergeGroup>>,
    /// Everything that is safe, at most 10,000 machines at once.
    #[oai(nullable)]
    #[serde(default)]
    pub safe: Option<bool>,
    /// Only say what that would come to.
    #[oai(nullable)]
    #[serde(default)]
    pub dry_run: Option<bool>,
}

/// What a merge came to.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct MergeReply {
    /// What was done, in Portuguese.
    pub message: String,
    /// Machines that were kept.
    pub kept: usize,
    /// Machines that were merged into them.
    pub merged: usize,
    /// Whether nothing was changed, because only the numbers were asked for.
    pub dry_run: bool,
    /// The machines that were kept as they are now, or would be; at most 100 of them.
    pub items: Vec<Machine>,
}

/// A machine that was merged into another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct MergedMachine {
    /// Its id.
    pub machine_id: String,
    /// Its host name.
    pub hostname: String,
    /// The machine that was kept.
    pub into: String,
    /// When they were merged.
    pub merged_at: Timestamp,
    /// By whom.
    pub merged_by: String,
}

/// Machines that were merged into others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct MergedList {
    /// The last one first.
    pub items: Vec<MergedMachine>,
}

/// Machines to be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct NewDistinct {
    /// No two of them are one.
    #[oai(validator(min_items = 2, max_items = 20))]
    pub machine_ids: Vec<String>,
}

/// Machines that somebody told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct Distinct {
    /// Names the statement.
    pub id: String,
    /// No two of them are one.
    pub machine_ids: Vec<String>,
    /// When it was said.
    pub said_at: Timestamp,
    /// By whom.
    pub said_by: String,
}

/// Machines that were told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct DistinctList {
    /// In no order.
    pub items: Vec<Distinct>,
}

/// Machines that one candidate shows.
const SHOWN: usize = 50;

impl Presenter {
    /// Machines that may be one, as the API shows them.
    #[must_use]
    pub fn duplicates(&self, candidate: &model::Candidate) -> Duplicates {
        let shown = &candidate.machines[..candidate.machines.len().min(SHOWN)];
        Duplicates {
            shared: candidate.shared.iter().map(Shared::from).collect(),
            safe: candidate.is_safe(),
            doubts: candidate.doubts.iter().map(|doubt| Doubt::from(*doubt)).collect(),
            count: candidate.machines.len(),
            machines: self.machines(shown),
        }
    }

    /// A merge as the API shows it.
    #[must_use]
    pub fn merged(&self, merge: &model::MergedMachine) -> MergedMachine {
        MergedMachine {
            machine_id: merge.machine.id.to_string(),
            hostname: merge.machine.hostname.to_string(),
            into: merge.into_id().to_string(),
            merged_at: Timestamp::new(merge.merged_at, self.zone),
            merged_by: merge.merged_by.clone(),
        }
    }

    /// Machines that were told apart, as the API shows them.
    #[must_use]
    pub fn distinct(&self, distinct: &model::Distinct) -> Distinct {
        Distinct {
            id: distinct.id.to_string(),
            machine_ids: distinct.machine_ids.iter().map(ToString::to_string).collect(),
            said_at: Timestamp::new(distinct.said_at, self.zone),
            said_by: distinct.said_by.clone(),
        }
    }
}

impl From<&model::Shared> for Shared {
    fn from(shared: &model::Shared) -> Self {
        let reason = match shared.reason {
            model::Reason::Hostname => Reason::Hostname,
            model::Reason::AssetNumber => Reason::AssetNumber,
            model::Reason::Serial => Reason::Serial,
            model::Reason::Uuid => Reason::Uuid,
            model::Reason::Mac => Reason::Mac,
        };
        Self { reason, value: shared.value.to_string() }
    }
}

impl From<model::Doubt> for Doubt {
    fn from(doubt: model::Doubt) -> Self {
        match doubt {
            model::Doubt::Overlap => Self::Overlap,
            model::Doubt::GenericName => Self::GenericName,
            model::Doubt::Os => Self::Os,
            model::Doubt::Model => Self::Model,
            model::Doubt::Memory => Self::Memory,
            model::Doubt::AssetNumber => Self::AssetNumber,
            model::Doubt::Serial => Self::Serial,
            model::Doubt::Uuid => Self::Uuid,
            model::Doubt::Proof => Self::Proof,
        }
    }
}

impl Example for DuplicatesList {
    fn example() -> Self {
        let machine = Machine::example();
        let other = Machine { machine_id: "5f1c0e9a".into(), ..machine.clone() };
        let shared = vec![Shared { reason: Reason::Hostname, value: machine.hostname.clone() }];
        let machines = vec![machine, other];
        let item = Duplicates { shared, safe: true, doubts: Vec::new(), count: 2, machines };
        Self { items: vec![item], count: 1, total: 1, safe: 1 }
    }
}

impl Example for MergeOrder {
    fn example() -> Self {
        let keep = Machine::example().machine_id;
        let group = MergeGroup { keep, machine_ids: vec!["5f1c0e9a".into()] };
        Self { groups: Some(vec![group]), safe: None, dry_run: Some(true) }
    }
}

impl Example for MergeReply {
    fn example() -> Self {
        Self {
            message: "Nenhuma alteração gravada".into(),
            kept: 1,
            merged: 1,
            dry_run: true,
            items: vec![Machine::example()],
        }
    }
}

impl Example for MergedList {
    fn example() -> Self {
        let machine = Machine::example();
        Self {
            items: vec![MergedMachine {
                machine_id: "5f1c0e9a".into(),
                hostname: machine.hostname,
                into: machine.machine_id,
                merged_at: machine.created_at,
                merged_by: "user ana".into(),
            }],
        }
    }
}

impl Example for NewDistinct {
    fn example() -> Self {
        Self { machine_ids: vec!["lab-01".into(), "lab-02".into()] }
    }
}

impl Example for Distinct {
    fn example() -> Self {
        Self {
            id: "5f1c0e9a7b3d0000".into(),
            machine_ids: NewDistinct::example().machine_ids,
            said_at: Machine::example().created_at,
            said_by: "user ana".into(),
        }
    }
}

impl Example for DistinctList {
    fn example() -> Self {
        Self { items: vec![Distinct::example()] }
    }
}
