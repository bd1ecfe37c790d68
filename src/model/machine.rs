//! A machine as the inventory knows it.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::{
    Asset, Exempt, Hardware, HumanEdit, Lifecycle, Liveness, MachineId, Proof, Report, Text,
};

/// The interval of a machine that was entered by hand. No report has it, so that the first one makes
/// the machine one like any other.
pub const BY_HAND: u32 = 0;

/// Everything known about one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Identity.
    pub id: MachineId,
    /// Host name; may be empty.
    pub hostname: Text,
    /// Primary address as the agent says it; free text, may be empty.
    pub ip: Text,
    /// `linux`, `windows`, `darwin` or free text.
    pub os: Text,
    /// Operating system and version for people; empty when never reported.
    pub os_version: Text,
    /// Processor load in percent, 0 to 100.
    pub cpu_percent: f64,
    /// Installed memory in MiB.
    pub memory_total_mb: i64,
    /// Memory in use in MiB.
    pub memory_used_mb: i64,
    /// Seconds between two reports, when the agent says so; [`BY_HAND`] when none is expected.
    pub interval_s: Option<u32>,
    /// What the last report proved of its sender.
    pub proof: Proof,
    /// What people know about the machine.
    pub human: HumanFields,
    /// What its agent found out beyond the report.
    pub hardware: Hardware,
    /// The first report.
    pub created_at: DateTime<Utc>,
    /// The last report; `None` until the second one.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Facts that belong to people. A report fills the first three where they are empty, replaces none,
/// and never touches the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct HumanFields {
    /// Make and model of the computer.
    pub computer_model: Option<Text>,
    /// When the computer went into use: the base of every age.
    pub computer_activation: Option<DateTime<Utc>>,
    /// Days in use, as the original's scripts keep them.
    pub activation_days: Option<i32>,
    /// Everything else.
    pub asset: Asset,
}

impl Machine {
    /// A machine that reports for the first time.
    #[must_use]
    pub fn first_seen(report: Report) -> Self {
        Self {
            id: report.id,
            hostname: report.hostname,
            ip: report.ip,
            os: report.os,
            os_version: report.os_version.unwrap_or_default(),
            cpu_percent: report.cpu_percent,
            memory_total_mb: report.memory_total_mb,
            memory_used_mb: report.memory_used_mb.unwrap_or(0),
            interval_s: report.interval_s,
            proof: report.proof,
            human: HumanFields { asset: Asset::default(), ..report.human },
            hardware: Hardware::default().reported_by(report.agent_version),
            created_at: report.received_at,
            updated_at: None,
        }
    }

    /// This machine after one more report: what the report lacks stays, and what people set wins.
    #[must_use]
    pub fn reported(&self, report: Report) -> Self {
        let human = HumanFields {
            computer_model: self.human.computer_model.clone().or(report.human.computer_model),
            computer_activation: self
                .human
                .computer_activation
                .or(report.human.computer_activation),
            activation_days: self.human.activation_days.or(report.human.activation_days),
            asset: self.human.asset.clone(),
        };
        Self {
            id: report.id,
            hostname: report.hostname,
            ip: report.ip,
            os: report.os,
            os_version: report.os_version.unwrap_or_else(|| self.os_version.clone()),
            cpu_percent: report.cpu_percent,
            memory_total_mb: report.memory_total_mb,
            memory_used_mb: report.memory_used_mb.unwrap_or(self.memory_used_mb),
            interval_s: report.interval_s,
            proof: report.proof,
            human,
            hardware: self.hardware.reported_by(report.agent_version),
            created_at: self.created_at,
            updated_at: Some(report.received_at),
        }
    }

    /// This machine after a change by a person. The time of the last report stays.
    #[must_use]
    pub fn edited(&self, edit: &HumanEdit) -> Self {
        Self { human: edit.applied(&self.human), ..self.clone() }
    }

    /// Its model: what people say or, where they say nothing, what its firmware says.
    #[must_use]
    pub fn model(&self) -> Option<&Text> {
        self.human.computer_model.as_ref().or(self.hardware.model.as_ref())
    }

    /// The last time the machine was heard of.
    #[must_use]
    pub fn last_seen(&self) -> DateTime<Utc> {
        self.updated_at.unwrap_or(self.created_at)
    }

    /// What its state is judged by.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        let (last_seen, exempt) = (self.last_seen(), self.exempt());
        Liveness { last_seen, interval_s: self.interval_s, exempt }
    }

    /// Why no report is waited for, if none is.
    fn exempt(&self) -> Option<Exempt> {
        match self.human.asset.lifecycle {
            Lifecycle::Retired => Some(Exempt::Retired),
            _ => self.is_manual().then_some(Exempt::Manual),
        }
    }

    /// What its agent proves; `None` where no agent is waited for.
    #[must_use]
    pub fn agent_proof(&self) -> Option<Proof> {
        self.exempt().is_none().then_some(self.proof)
    }

    /// Its address, when what the agent says is one; an IPv4 address in IPv6 form is that one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.ip.trim().parse().ok().map(|address: IpAddr| address.to_canonical())
    }

    /// Entered by hand, with no agent behind it: here, or by the original's script, whose entries have
    /// the address 0.0.0.0 and no memory.
    #[must_use]
    pub fn is_manual(&self) -> bool {
        self.interval_s == Some(BY_HAND) || (self.ip == "0.0.0.0" && self.memory_total_mb == 0)
    }
}

impl Hash for Machine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { id, hostname, ip, os, os_version, proof, human, hardware, .. } = self;
        (id, hostname, ip, os, os_version, proof, human, hardware).hash(state);
        self.cpu_percent.to_bits().hash(state);
        (self.memory_total_mb, self.memory_used_mb, self.interval_s).hash(state);
        (self.created_at, self.updated_at).hash(state);
    }
}
