//! Machines as the API shows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use poem_openapi::{Enum, Object, types::Example};
use serde::Serialize;

use super::sections::Sections;
use super::{Day, FieldValue, Lifecycle, Timestamp};
use crate::model::{self, Asset, Hardware, StatusRules};

/// One machine of the inventory.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct Machine {
    /// The version of its agent, when that says it.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// Days in use, as people keep them.
    #[oai(nullable)]
    pub activation_days: Option<i32>,
    /// The number on the machine's label.
    #[oai(nullable)]
    pub asset_number: Option<String>,
    /// The building it is in.
    #[oai(nullable)]
    pub building: Option<String>,
    /// When the computer went into use.
    #[oai(nullable)]
    pub computer_activation: Option<Timestamp>,
    /// Make and model of the computer: what people say or, where they say nothing, `model_reported`.
    #[oai(nullable)]
    pub computer_model: Option<String>,
    /// Processor load in percent at the last report; null when the stored number is not finite.
    #[oai(nullable)]
    pub cpu_percent: Option<f64>,
    /// The first report.
    pub created_at: Timestamp,
    /// Values of custom fields, by their keys; only those that are set.
    pub custom: BTreeMap<String, FieldValue>,
    /// Host name.
    pub hostname: String,
    /// Primary address, as the agent says it.
    pub ip: String,
    /// What the machine is used for.
    pub lifecycle: Lifecycle,
    /// Identity.
    pub machine_id: String,
    /// MAC addresses of its hardware, where its agent sends the section `interfaces`.
    #[oai(default, skip_serializing_if_is_empty)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub macs: Vec<String>,
    /// Who made the computer, where its agent sends the section `system`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// Installed memory in MiB.
    pub memory_total_mb: i64,
    /// Memory in use in MiB at the last report.
    pub memory_used_mb: i64,
    /// The computer's model as its firmware says, where its agent sends the section `system`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_reported: Option<String>,
    /// Free text of several lines.
    #[oai(nullable)]
    pub notes: Option<String>,
    /// `linux`, `windows`, `darwin` or free text.
    pub os: String,
    /// Operating system and version for people; empty when never reported.
    pub os_version: String,
    /// Whose the machine is.
    #[oai(nullable)]
    pub owner: Option<String>,
    /// What its agent's last report proved; null for manual entries and retired machines.
    #[oai(nullable)]
    pub proof: Option<Proof>,
    /// When the machine was bought.
    #[oai(nullable)]
    pub purchase_date: Option<Day>,
    /// The room it is in.
    #[oai(nullable)]
    pub room: Option<String>,
    /// What is inside it, by the names of the sections that its agent sent; only of one machine, not in
    /// lists.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sections: Option<Sections>,
    /// The computer's serial number, where its agent sends the section `system`; none that says nothing,
    /// such as zeros.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The site where it is.
    #[oai(nullable)]
    pub site: Option<String>,
    /// Whether the machine is alive; null for manual entries and retired machines.
    #[oai(nullable)]
    pub status: Option<Status>,
    /// Tags, in order.
    pub tags: Vec<String>,
    /// The last report; null until the second one.
    #[oai(nullable)]
    pub updated_at: Option<Timestamp>,
    /// Users that are logged in or were last, where its agent sends the section `users`.
    #[oai(default, skip_serializing_if_is_empty)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// The UUID of its board in lower case, where its agent sends the section `system`.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// The last day of its warranty.
    #[oai(nullable)]
    pub warranty_end_date: Option<Day>,
}

/// How long ago a machine was last heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Under three of its reporting intervals ago.
    Online,
    /// Longer (TATUSCAN_LATE), but under 15 minutes ago (TATUSCAN_OFFLINE).
    Late,
    /// Longer, but under 7 days ago (TATUSCAN_MISSING).
    Offline,
    /// Longer ago.
    Missing,
}

/// What the last report of a machine's agent proved of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Nothing, as the original's agents report.
    Legacy,
    /// That it has a token.
    Token,
    /// That it has the machine's own key.
    Signature,
}

/// A list of machines.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct MachineList {
    /// The machines, in order.
    pub items: Vec<Machine>,
    /// How many items this answer holds.
    pub count: usize,
    /// How many machines match in all, when `limit` was given.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<usize>,
}

/// What was done, and the machine as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub struct MachineReply {
    /// What was done, in Portuguese, as the original says it.
    pub message: String,
    /// The machine as it is now.
    pub item: Machine,
    /// The sections that a report named and the server does not have so: it is waiting for them. Not
    /// there when the report named none.
    #[oai(skip_serializing_if_is_none)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub want: Option<Vec<String>>,
}

impl MachineReply {
    /// What was done to a machine.
    #[must_use]
    pub fn new(message: &str, item: Machine) -> Self {
        Self { message: message.to_owned(), item, want: None }
    }

    /// The same as the answer to a report that named these sections.
    #[must_use]
    pub fn wanting(
        self,
        machine: &model::Machine,
        named: &[(model::SectionName, model::SectionHash)],
    ) -> Self {
        let is_kept = |(name, hash): &(model::SectionName, model::SectionHash)| {
            machine.hardware.section(*name).is_some_and(|kept| kept.hash == *hash)
        };
        let wanted = named.iter().filter(|section| !is_kept(section));
        let wanted = wanted.map(|(name, _)| name.name().to_owned()).collect();
        Self { want: (!named.is_empty()).then_some(wanted), ..self }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct Message {
    /// What was done, in Portuguese, as the original says it.
    pub message: String,
}

/// Shows machines in one zone and judges them at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Presenter {
    /// The zone that times are shown in.
    pub zone: Tz,
    /// The moment that status is judged at.
    pub now: DateTime<Utc>,
    /// The limits between the states.
    pub rules: StatusRules,
}

impl Presenter {
    /// The machine as the API shows it.
    #[must_use]
    pub fn machine(&self, machine: &model::Machine) -> Machine {
        self.shown(machine, &machine.human.asset, &machine.hardware)
    }

    /// The machine as those see it who may report it and not read the inventory: without what people
    /// keep about it beyond what the original kept, and without what is in its sections.
    #[must_use]
    pub fn reported(&self, machine: &model::Machine) -> Machine {
        self.shown(machine, &Asset::default(), &Hardware::default())
    }

    fn shown(&self, machine: &model::Machine, asset: &Asset, hardware: &Hardware) -> Machine {
        let time = |instant| Timestamp::new(instant, self.zone);
        let text = |text: &Option<model::Text>| text.as_ref().map(ToString::to_string);
        let custom = asset.custom.iter().map(|(key, value)| (key.to_string(), value.into()));
        let texts = |texts: &[model::Text]| texts.iter().map(ToString::to_string).collect();
        Machine {
            activation_days: machine.human.activation_days,
            asset_number: text(&asset.asset_number),
            building: text(&asset.building),
            computer_activation: machine.human.computer_activation.map(time),
            agent_version: text(&hardware.agent_version),
            computer_model: text(&machine.human.computer_model).or_else(|| text(&hardware.model)),
            cpu_percent: Some(machine.cpu_percent).filter(|percent| percent.is_finite()),
            created_at: time(machine.created_at),
            custom: custom.collect(),
            hostname: machine.hostname.to_string(),
            ip: machine.ip.to_string(),
            lifecycle: asset.lifecycle.into(),
            machine_id: machine.id.as_str().to_owned(),
            macs: texts(&hardware.macs),
            manufacturer: text(&hardware.manufacturer),
            memory_total_mb: machine.memory_total_mb,
            memory_used_mb: machine.memory_used_mb,
            model_reported: text(&hardware.model),
            notes: text(&asset.notes),
            os: machine.os.to_string(),
            os_version: machine.os_version.to_string(),
            owner: text(&asset.owner),
            proof: machine.agent_proof().map(Proof::from),
            purchase_date: asset.purchase_date.map(Day),
            room: text(&asset.room),
            sections: None,
            serial: text(&hardware.serial),
            site: text(&asset.site),
            status: self.rules.status(machine, self.now).map(Status::from),
            tags: texts(&asset.tags),
            updated_at: machine.updated_at.map(time),
            users: hardware.users().map(ToString::to_string).collect(),
            uuid: text(&hardware.uuid),
            warranty_end_date: asset.warranty_end_date.map(Day),
        }
    }

    /// The machines as the API shows them.
    #[must_use]
    pub fn machines(&self, machines: &[Arc<model::Machine>]) -> Vec<Machine> {
        machines.iter().map(|machine| self.machine(machine)).collect()
    }
}

impl From<model::Status> for Status {
    fn from(status: model::Status) -> Self {
        match status {
            model::Status::Online => Self::Online,
            model::Status::Late => Self::Late,
            model::Status::Offline => Self::Offline,
            model::Status::Missing => Self::Missing,
        }
    }
}

impl From<model::Proof> for Proof {
    fn from(proof: model::Proof) -> Self {
        match proof {
            model::Proof::Legacy => Self::Legacy,
            model::Proof::Token => Self::Token,
            model::Proof::Signature => Self::Signature,
        }
    }
}

impl Example for Machine {
    fn example() -> Self {
        let at = |seconds| {
            Timestamp::new(
                DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds),
                Tz::America__Cuiaba,
            )
        };
        Self {
            activation_days: None,
            agent_version: Some("0.2.0".into()),
            asset_number: Some("004512".into()),
            building: Some("B".into()),
            computer_activation: Some(at(1_705_291_200)),
            computer_model: Some("Dell OptiPlex 7090".into()),
            cpu_percent: Some(12.5),
            created_at: at(1_795_000_000),
            custom: BTreeMap::from([("rack".into(), FieldValue("R2".into()))]),
            hostname: "lab-01-pc07".into(),
            ip: "10.1.7.7".into(),
            lifecycle: Lifecycle::Active,
            machine_id: "b151a34bbc369886058cd96579b5356b29a47fb9bd81bf1bcef4189046a7c65e".into(),
            macs: vec!["00:1b:21:aa:bb:cc".into()],
            manufacturer: Some("Dell Inc.".into()),
            memory_total_mb: 16068,
            memory_used_mb: 4211,
            model_reported: Some("OptiPlex 7090".into()),
            notes: Some("New power supply in March.".into()),
            os: "linux".into(),
            os_version: "Debian GNU/Linux 12 (bookworm)".into(),
            owner: Some("Coordenação de Informática".into()),
            proof: Some(Proof::Signature),
            purchase_date: NaiveDate::from_ymd_opt(2024, 1, 8).map(Day),
            room: Some("Lab 01".into()),
            sections: None,
            serial: Some("5CD1234ABC".into()),
            site: Some("Campus Norte".into()),
            status: Some(Status::Online),
            tags: vec!["lab".into()],
            updated_at: Some(at(1_795_003_600)),
            users: vec!["ana".into()],
            uuid: Some("4c4c4544-0042-3510-8052-b4c04f4a3132".into()),
            warranty_end_date: NaiveDate::from_ymd_opt(2027, 1, 7).map(Day),
        }
    }
}

impl Example for MachineList {
    fn example() -> Self {
        Self { items: vec![Machine::example()], count: 1, total: Some(41) }
    }
}

impl Example for MachineReply {
    fn example() -> Self {
        Self::new("Inventário atualizado com sucesso", Machine::example())
    }
}

impl Example for Message {
    fn example() -> Self {
        Self { message: "Inventário removido".into() }
    }
}
