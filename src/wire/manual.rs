//! A machine that is entered by hand, as `POST /api/manual-machines` takes it.

use chrono::{DateTime, Utc};
use poem_openapi::{Object, types::Example};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{BadBody, MOST_EXACT};
use crate::model::access::hex;
use crate::model::{
    self, BY_HAND, HOSTNAME_CHARS, HumanFields, IP_CHARS, MachineId, OS_CHARS, Proof, clean,
};

/// A machine without an agent: a Chromebook, a printer, what is not switched on any more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(default)]
pub struct ManualMachine {
    /// Host name; cut at 100 characters.
    #[oai(validator(min_length = 1))]
    pub hostname: String,
    /// Identity. When left out: the SHA-256, as lower-case hex, of the host name without white space
    /// around it and the salt.
    #[oai(nullable, validator(pattern = "^[A-Za-z0-9._:-]{0,64}$"))]
    pub machine_id: Option<String>,
    /// Tells machines with one host name apart, where the identity comes from that.
    #[oai(nullable)]
    pub salt: Option<String>,
    /// System; `Chrome OS` when left out.
    #[oai(nullable)]
    pub os: Option<String>,
    /// Its version for people.
    #[oai(nullable)]
    pub os_version: Option<String>,
    /// Address; `0.0.0.0` when left out.
    #[oai(nullable)]
    pub ip: Option<String>,
    /// Processor load in percent; 0 when left out.
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "100")))]
    pub cpu_percent: Option<f64>,
    /// Memory in MiB; 0 when left out.
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
    pub memory_total_mb: Option<i64>,
    /// Memory in use in MiB; 0 when left out.
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "9007199254740991")))]
    pub memory_used_mb: Option<i64>,
    /// Only say what would be entered.
    #[oai(nullable)]
    pub dry_run: Option<bool>,
}

impl ManualMachine {
    /// The machine as a report that nobody repeats, entered at `now`.
    ///
    /// # Errors
    /// [`BadBody`] names the field that is wrong.
    pub fn checked(&self, now: DateTime<Utc>) -> Result<model::Report, BadBody> {
        let hostname = clean(&self.hostname, HOSTNAME_CHARS);
        if hostname.is_empty() {
            return Err(BadBody("hostname is empty; say what the machine is called".into()));
        }
        let id = match self.machine_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => id_of(&self.hostname, self.salt.as_deref().unwrap_or_default()),
        };
        let id = MachineId::parse(&id).map_err(|why| BadBody(format!("machine_id {why}")))?;
        let cpu_percent = self.cpu_percent.unwrap_or(0.0);
        if !(0.0..=100.0).contains(&cpu_percent) {
            return Err(BadBody("cpu_percent must be a number from 0 to 100".into()));
        }
        let memory = |name: &str, mib: Option<i64>| {
            let mib = mib.unwrap_or(0);
            if u64::try_from(mib).is_ok_and(|mib| mib <= MOST_EXACT) {
                return Ok(mib);
            }
            Err(BadBody(format!("{name} must be a whole number from 0 to {MOST_EXACT}")))
        };
        let text = |text: &Option<String>, default: &str, most: usize| {
            clean(text.as_deref().unwrap_or(default), most)
        };
        Ok(model::Report {
            id,
            hostname,
            ip: text(&self.ip, "0.0.0.0", IP_CHARS),
            os: text(&self.os, "Chrome OS", OS_CHARS),
            os_version: self.os_version.as_ref().map(|version| clean(version, OS_CHARS)),
            cpu_percent,
            memory_total_mb: memory("memory_total_mb", self.memory_total_mb)?,
            memory_used_mb: Some(memory("memory_used_mb", self.memory_used_mb)?),
            interval_s: Some(BY_HAND),
            proof: Proof::Token,
            human: HumanFields::default(),
            agent_version: None,
            sections: Vec::new(),
            received_at: now,
        })
    }
}

/// The id of a machine that has none of its own, as the original's script makes it.
fn id_of(hostname: &str, salt: &str) -> String {
    let digest = Sha256::new().chain_update(hostname.trim()).chain_update(salt).finalize();
    hex(&digest.into())
}

impl Example for ManualMachine {
    fn example() -> Self {
        Self {
            hostname: "chromebook-07".into(),
            os_version: Some("ChromeOS 128".into()),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(machine: &ManualMachine) -> Result<model::Report, String> {
        machine.checked(DateTime::UNIX_EPOCH).map_err(|BadBody(said)| said)
    }

    #[test]
    fn the_id_is_the_originals() {
        // printf %s pc-1 | sha256sum, and with the salt behind it.
        let plain = ManualMachine { hostname: " pc-1\n".into(), ..ManualMachine::default() };
        assert_eq!(
            entered(&plain).unwrap().id.as_str(),
            "c192c02414ec0fd0d7ce33df4b6c2618809dc5a42f7b5e84fd1942bf5a9b7d61"
        );
        let salted = ManualMachine { salt: Some("x".into()), ..plain };
        assert_eq!(
            entered(&salted).unwrap().id.as_str(),
            "7cd5931f70380ab84666b255bcf9fe1c443a011f3eb4428cb07c7972bf621954"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let good = ManualMachine { hostname: "a".into(), ..ManualMachine::default() };
        let report = entered(&good).unwrap();
        assert_eq!((&*report.os, &*report.ip, report.memory_total_mb), ("Chrome OS", "0.0.0.0", 0));
        for (wrong, said) in [
            (ManualMachine { hostname: "\u{200e} ".into(), ..good.clone() }, "hostname is empty"),
            (
                ManualMachine { machine_id: Some("a b".into()), ..good.clone() },
                "machine_id must be",
            ),
            (ManualMachine { cpu_percent: Some(100.5), ..good.clone() }, "cpu_percent must be"),
            (
                ManualMachine { memory_total_mb: Some(-1), ..good.clone() },
                "memory_total_mb must be",
            ),
            (ManualMachine { memory_used_mb: Some(i64::MAX), ..good }, "memory_used_mb must be"),
        ] {
            let error = entered(&wrong).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
