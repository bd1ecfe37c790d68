//! How records are kept: as JSON, which a later version can add to, and a person can read.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::codec::machine::{decode_machine, encode_machine};
use crate::model::access::{
    AuditEntry, Browser, Failures, Founding, Kept, Kind, MachineKey, Record, RefusedSource,
    RemovedMachine, Role, Scope, SecretHash, Session, SetupLink, Token, User, WaitingKey,
};
use crate::model::{
    BackupRun, CustomField, CustomKind, Distinct, Labels, Machine, MachineId, MergedMachine, Text,
    View,
};

/// The kind's name in a table.
pub(super) fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "user",
        Kind::Token => "token",
        Kind::Session => "session",
        Kind::MachineKey => "machine_key",
        Kind::RemovedMachine => "removed_machine",
        Kind::SetupLink => "setup_link",
        Kind::Founding => "founding",
        Kind::Failures => "failures",
        Kind::Browser => "browser",
        Kind::RefusedSource => "refused_source",
        Kind::CustomField => "custom_field",
        Kind::BackupRun => "backup_run",
        Kind::View => "view",
        Kind::MergedMachine => "merged_machine",
        Kind::Distinct => "distinct",
    }
}

/// The kind with this name; `None` for those of a later version.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    Kind::ALL.iter().copied().find(|kind| kind_name(*kind) == name)
}

macro_rules! json {
    ($($kind:ident: $row:ident),*) => {
        /// The record as it is kept.
        pub(super) fn to_json(record: &Record) -> String {
            let mut json = Vec::new();
            let mut to = serde_json::Serializer::new(&mut json);
            let written = match record {
                $(Record::$kind(value) => $row::serialize(value, &mut to),)*
            };
            text(json, written)
        }

        /// The record of a kind that this JSON says; `None` when it says none.
        pub(super) fn from_json(kind: Kind, json: &str) -> Option<Record> {
            let mut from = serde_json::Deserializer::from_str(json);
            match kind {
                $(Kind::$kind => $row::deserialize(&mut from).ok().map(Kept::into_record),)*
            }
        }
    };
}

json! {
    User: UserRow,
    Token: TokenRow,
    Session: SessionRow,
    MachineKey: MachineKeyRow,
    RemovedMachine: RemovedMachineRow,
    SetupLink: SetupLinkRow,
    Founding: FoundingRow,
    Failures: FailuresRow,
    Browser: BrowserRow,
    RefusedSource: RefusedSourceRow,
    CustomField: CustomFieldRow,
    BackupRun: BackupRunRow,
    View: ViewRow,
    MergedMachine: MergedMachineRow,
    Distinct: DistinctRow
}

/// An entry of the audit log as it is kept.
pub(super) fn entry_to_json(entry: &AuditEntry) -> String {
    let mut json = Vec::new();
    let written = AuditRow::serialize(entry, &mut serde_json::Serializer::new(&mut json));
    text(json, written)
}

/// The entry that this JSON says; `None` when it says none.
pub(super) fn entry_from_json(json: &str) -> Option<AuditEntry> {
    AuditRow::deserialize(&mut serde_json::Deserializer::from_str(json)).ok()
}

fn text(json: Vec<u8>, written: Result<(), serde_json::Error>) -> String {
    debug_assert!(written.is_ok(), "writing to memory cannot fail: {written:?}");
    drop(written);
    String::from_utf8(json).unwrap_or_default()
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuditEntry")]
struct AuditRow {
    at: DateTime<Utc>,
    actor: String,
    peer: String,
    action: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "User")]
struct UserRow {
    name: String,
    #[serde(with = "role")]
    role: Role,
    password: String,
    created_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Token")]
struct TokenRow {
    #[serde(with = "bytes")]
    hash: SecretHash,
    name: String,
    #[serde(with = "scope")]
    scope: Scope,
    created_at: DateTime<Utc>,
    created_by: String,
    expires_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
    uses: u32,
    max_uses: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "texts")]
    tags: Vec<Text>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Session")]
struct SessionRow {
    #[serde(with = "bytes")]
    hash: SecretHash,
    user: String,
    created_at: DateTime<Utc>,
    used_at: DateTime<Utc>,
    peer: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MachineKey")]
struct MachineKeyRow {
    #[serde(with = "machine_id")]
    machine_id: MachineId,
    #[serde(with = "bytes")]
    public_key: [u8; 32],
    sequence: u64,
    #[serde(with = "bytes")]
    digest: SecretHash,
    enrolled_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_forgotten: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "texts")]
    tags: Vec<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "waiting")]
    waiting: Option<WaitingKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "WaitingKey")]
struct WaitingKeyRow {
    #[serde(with = "bytes")]
    public_key: [u8; 32],
    asked_at: DateTime<Utc>,
    peer: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "texts")]
    tags: Vec<Text>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RemovedMachine")]
struct RemovedMachineRow {
    #[serde(with = "machine")]
    machine: Arc<Machine>,
    removed_at: DateTime<Utc>,
    removed_by: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SetupLink")]
struct SetupLinkRow {
    #[serde(with = "bytes")]
    hash: SecretHash,
    expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Founding")]
struct FoundingRow {
    at: DateTime<Utc>,
    was_fresh: bool,
    #[serde(with = "bytes")]
    salt: [u8; 32],
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Failures")]
struct FailuresRow {
    bucket: u16,
    count: u32,
    last_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Browser")]
struct BrowserRow {
    #[serde(with = "bytes")]
    hash: SecretHash,
    user: String,
    used_at: DateTime<Utc>,
    failures: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RefusedSource")]
struct RefusedSourceRow {
    #[serde(with = "network")]
    network: IpNet,
    reports: u64,
    last_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CustomField")]
struct CustomFieldRow {
    key: Text,
    #[serde(with = "CustomKindRow", rename = "type")]
    kind: CustomKind,
    #[serde(with = "LabelsRow")]
    labels: Labels,
    order: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Labels")]
struct LabelsRow {
    pt_br: Option<Text>,
    en: Option<Text>,
    es: Option<Text>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CustomKind", rename_all = "snake_case")]
enum CustomKindRow {
    Text,
    Number,
    Date,
    YesNo,
    Choice(Vec<Text>),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BackupRun")]
struct BackupRunRow {
    begun_at: DateTime<Utc>,
    server: String,
    ended_at: Option<DateTime<Utc>>,
    error: Option<String>,
    succeeded_at: Option<DateTime<Utc>>,
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "View")]
struct ViewRow {
    id: Text,
    name: Text,
    query: String,
    owner: Option<String>,
    #[serde(rename = "shared")]
    is_shared: bool,
    changed_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MergedMachine")]
struct MergedMachineRow {
    #[serde(with = "machine")]
    machine: Arc<Machine>,
    #[serde(with = "machine")]
    before: Arc<Machine>,
    #[serde(with = "machine")]
    after: Arc<Machine>,
    merged_at: DateTime<Utc>,
    merged_by: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Distinct")]
struct DistinctRow {
    id: Text,
    #[serde(with = "machine_ids")]
    machine_ids: Vec<MachineId>,
    said_at: DateTime<Utc>,
    said_by: String,
}

/// A module that says how values of a type are written as text.
macro_rules! as_text {
    ($module:ident: $type:ty, |$value:ident| $write:expr, |$text:ident| $read:expr) => {
        mod $module {
            #[allow(clippy::wildcard_imports, reason = "the types of the file")]
            use super::*;
            use serde::de::Error as _;

            pub(super) fn serialize<S: serde::Serializer>(
                $value: &$type,
                to: S,
            ) -> Result<S::Ok, S::Error> {
                to.serialize_str(&$write)
            }

            pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
                from: D,
            ) -> Result<$type, D::Error> {
                let $text = String::deserialize(from)?;
                $read.ok_or_else(|| D::Error::custom("is not what was written"))
            }
        }
    };
}

as_text!(role: Role, |role| role.name(), |text| Role::of(&text));
as_text!(scope: Scope, |scope| scope.name(), |text| Scope::of(&text));
as_text!(bytes: [u8; 32], |bytes| crate::model::access::hex(bytes), |text| from_hex(&text));
as_text!(network: IpNet, |network| network.to_string(), |text| text.parse().ok());
as_text!(machine_id: MachineId, |id| id.as_str(), |text| Some(MachineId::stored(&text)));
// The encoding of machines has one home.
as_text!(
    machine: Arc<Machine>,
    |machine| URL_SAFE_NO_PAD.encode(encode_machine(0, machine)),
    |text| URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| decode_machine(0, &bytes).ok().map(Arc::new))
);

mod texts {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::Text;

    pub(super) fn serialize<S: Serializer>(texts: &[Text], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(texts.iter().map(Text::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Text>, D::Error> {
        Ok(Vec::<String>::deserialize(from)?.into_iter().map(Text::from).collect())
    }
}

mod machine_ids {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use super::MachineId;

    pub(super) fn serialize<S: Serializer>(ids: &[MachineId], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(ids.iter().map(MachineId::as_str))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<MachineId>, D::Error> {
        Ok(Vec::<String>::deserialize(from)?.iter().map(|id| MachineId::stored(id)).collect())
    }
}

mod waiting {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{WaitingKey, WaitingKeyRow};

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "WaitingKeyRow")] WaitingKey);

    pub(super) fn serialize<S: Serializer>(
        waiting: &Option<WaitingKey>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        waiting.clone().map(Wrapped).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<WaitingKey>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(from)?.map(|Wrapped(waiting)| waiting))
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}
