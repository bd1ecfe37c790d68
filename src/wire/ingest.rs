//! A report's bytes, read once into a checked [`Report`].
//!
//! The rules are the original's, made strict where it answered 500 or stored nonsense: numbers
//! may come as strings, memory may have a fraction, unknown fields are ignored, long text is cut;
//! a wrong type, a number that is not finite or negative memory is refused by name.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::BadBody;
use super::activation::{from_epoch_seconds, parse_activation};
use super::lenient::{AnyScalar, Float, Integer, Name, Scalar, Skipped, Text};
use super::sections::{self, MOST_HASHES, section_hash};
use crate::model::{
    AGENT_VERSION_CHARS, Asset, HOSTNAME_CHARS, HumanFields, IP_CHARS, MODEL_CHARS, MachineId,
    OS_CHARS, Proof, Report, SectionHash, SectionName, clean,
};

/// Longest reporting interval that an agent may claim: a day.
const MAX_INTERVAL_S: i64 = 86_400;

/// Reads the body of a report received at `received_at`. A date without a zone is wall time in
/// `zone`.
///
/// # Errors
/// [`BadBody`] names the field, or the line and column, and says what is wrong.
pub fn parse_report(body: &[u8], zone: Tz, received_at: DateTime<Utc>) -> Result<Report, BadBody> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let fields = deserializer.deserialize_map(FieldsVisitor)?;
    deserializer.end()?;
    fields.into_report(zone, received_at)
}

/// The fields of a report as they came, each of the right kind.
#[derive(Default)]
struct Fields<'a> {
    machine_id: Option<Cow<'a, str>>,
    hostname: Option<Cow<'a, str>>,
    ip: Option<Cow<'a, str>>,
    os: Option<Cow<'a, str>>,
    os_version: Option<Cow<'a, str>>,
    cpu_percent: Option<f64>,
    memory_total_mb: Option<i64>,
    memory_used_mb: Option<i64>,
    interval_s: Option<i64>,
    computer_model: Option<Cow<'a, str>>,
    computer_activation: Option<Scalar<'a>>,
    activation_days: Option<i64>,
    agent_version: Option<Cow<'a, str>>,
    sections: Vec<(SectionName, SectionHash)>,
}

impl Fields<'_> {
    fn into_report(self, zone: Tz, received_at: DateTime<Utc>) -> Result<Report, BadBody> {
        let missing = self.missing();
        let (Some(machine_id), Some(hostname), Some(ip), Some(os), Some(cpu_percent), Some(memory)) = (
            self.machine_id,
            self.hostname,
            self.ip,
            self.os,
            self.cpu_percent,
            self.memory_total_mb,
        ) else {
            return Err(BadBody(format!("Missing required fields: [{missing}]")));
        };
        let id =
            MachineId::parse(&machine_id).map_err(|why| BadBody(format!("machine_id {why}")))?;
        let human = HumanFields {
            computer_model: self
                .computer_model
                .map(|model| clean(&model, MODEL_CHARS))
                .filter(|model| !model.is_empty()),
            computer_activation: match self.computer_activation {
                Some(scalar) => activation(&scalar, zone)?,
                None => None,
            },
            activation_days: match self.activation_days {
                Some(days) => Some(activation_days(days)?),
                None => None,
            },
            asset: Asset::default(),
        };
        Ok(Report {
            id,
            hostname: clean(&hostname, HOSTNAME_CHARS),
            ip: clean(&ip, IP_CHARS),
            os: clean(&os, OS_CHARS),
            os_version: self.os_version.map(|version| clean(&version, OS_CHARS)),
            cpu_percent: cpu_percent.clamp(0.0, 100.0),
            memory_total_mb: memory,
            memory_used_mb: self.memory_used_mb,
            // Whoever admits the report knows better.
            proof: Proof::Legacy,
            interval_s: self
                .interval_s
                .and_then(|seconds| u32::try_from(seconds.clamp(1, MAX_INTERVAL_S)).ok()),
            human,
            agent_version: self
                .agent_version
                .map(|version| clean(&version, AGENT_VERSION_CHARS))
                .filter(|version| !version.is_empty()),
            sections: self.sections,
            received_at,
        })
    }

    /// The required fields that are not there, spelled as the original spells its list.
    fn missing(&self) -> String {
        let required = [
            ("machine_id", self.machine_id.is_some()),
            ("hostname", self.hostname.is_some()),
            ("ip", self.ip.is_some()),
            ("os", self.os.is_some()),
            ("cpu_percent", self.cpu_percent.is_some()),
            ("memory_total_mb", self.memory_total_mb.is_some()),
        ];
        let names: Vec<_> = required
            .iter()
            .filter(|(_, present)| !present)
            .map(|(name, _)| format!("'{name}'"))
            .collect();
        names.join(", ")
    }
}

/// A date in any accepted form; empty text is none.
pub(super) fn activation(value: &Scalar<'_>, zone: Tz) -> Result<Option<DateTime<Utc>>, BadBody> {
    let parsed = match value {
        Scalar::Text(text) if text.trim().is_empty() => return Ok(None),
        Scalar::Text(text) => parse_activation(text, zone),
        Scalar::Number(seconds) => from_epoch_seconds(*seconds),
    };
    parsed.map(Some).ok_or_else(|| {
        let shown = match value {
            Scalar::Text(text) => clean(text, 40),
            Scalar::Number(number) => clean(&number.to_string(), 40),
        };
        BadBody(format!("Invalid datetime format: '{shown}'"))
    })
}

/// A count of days that every store can keep.
pub(super) fn activation_days(days: i64) -> Result<i32, BadBody> {
    i32::try_from(days).ok().filter(|days| *days >= 0).ok_or_else(|| {
        BadBody("activation_days must be a whole number from 0 to 2147483647".into())
    })
}

/// The hashes of sections by their names; those of a later version are nothing to this one.
struct SectionHashes;

impl<'de> DeserializeSeed<'de> for SectionHashes {
    type Value = Vec<(SectionName, SectionHash)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SectionHashes {
    type Value = Vec<(SectionName, SectionHash)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sections to be an object with hashes by names")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut named, mut hashes) = (0, Vec::new());
        while let Some(Name(name)) = map.next_key()? {
            named += 1;
            if named > MOST_HASHES {
                let text = format!("sections has more than {MOST_HASHES} names");
                return Err(A::Error::custom(text));
            }
            let text = Text { name: "a section's hash", nullable: true };
            let Some(text) = map.next_value_seed(text)? else { continue };
            let hash = section_hash(&text, &format!("sections.{}", clean(&name, 40)));
            let hash = hash.map_err(|BadBody(why)| A::Error::custom(why))?;
            if let Some(known) = sections::SectionName::of(&name) {
                hashes.push((known.into(), hash));
            }
        }
        Ok(hashes)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object with the fields of a report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(Name(name)) = map.next_key()? {
            let required = |name| Text { name, nullable: false };
            let optional = |name| Text { name, nullable: true };
            match &*name {
                "machine_id" => fields.machine_id = map.next_value_seed(required("machine_id"))?,
                "hostname" => fields.hostname = map.next_value_seed(required("hostname"))?,
                "ip" => fields.ip = map.next_value_seed(required("ip"))?,
                "os" => fields.os = map.next_value_seed(required("os"))?,
                "os_version" => fields.os_version = map.next_value_seed(optional("os_version"))?,
                "computer_model" => {
                    fields.computer_model = map.next_value_seed(optional("computer_model"))?;
                }
                "cpu_percent" => {
                    fields.cpu_percent = map.next_value_seed(Float { name: "cpu_percent" })?;
                }
                "memory_total_mb" => {
                    let memory = Integer { name: "memory_total_mb", nullable: false };
                    fields.memory_total_mb = map.next_value_seed(memory)?;
                }
                "memory_used_mb" => {
                    let memory = Integer { name: "memory_used_mb", nullable: true };
                    fields.memory_used_mb = map.next_value_seed(memory)?;
                }
                "interval_s" => {
                    let interval = Integer { name: "interval_s", nullable: true };
                    fields.interval_s = map.next_value_seed(interval)?;
                }
                "activation_days" => {
                    let days = Integer { name: "activation_days", nullable: true };
                    fields.activation_days = map.next_value_seed(days)?;
                }
                "agent_version" => {
                    fields.agent_version = map.next_value_seed(optional("agent_version"))?;
                }
                "sections" => fields.sections = map.next_value_seed(SectionHashes)?,
                "computer_activation" => {
                    let activation = AnyScalar { name: "computer_activation" };
                    fields.computer_activation = map.next_value_seed(activation)?;
                }
                _ => map.next_value_seed(Skipped)?,
            }
        }
        Ok(fields)
    }
}
