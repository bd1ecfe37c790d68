//! People, tokens, keys and the audit log, as the API shows and takes them.

mod examples;

use poem_openapi::{Enum, Object};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{BadBody, Presenter, Timestamp};
use crate::model::access as model;

/// Reads a body of one of the types here.
///
/// # Errors
/// [`BadBody`] names the field that is wrong or missing.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, BadBody> {
    Ok(serde_json::from_slice(body)?)
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look at the inventory.
    Viewer,
    /// Everything.
    Admin,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Reporting machines.
    Ingest,
    /// Reading the inventory.
    Read,
    /// Reading and changing machines.
    Write,
    /// Everything.
    Admin,
    /// Giving machines keys of their own.
    Enrol,
}

/// How strict the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Machines on private networks report without a token.
    Compat,
    /// Every report takes a token or a signature.
    Strict,
    /// Everybody may do everything.
    Off,
}

/// Somebody who is logged in, or a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
pub struct Principal {
    /// A person's name, or what a token is called.
    pub name: String,
    /// What they may do; null for a token that is for something else.
    #[oai(nullable)]
    pub role: Option<Role>,
    /// What a token is for; null for a person.
    #[oai(nullable)]
    pub scope: Option<Scope>,
}

/// Who asks, and what a login page has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct Session {
    /// Who asks; null for nobody.
    #[oai(nullable)]
    pub user: Option<Principal>,
    /// Whether whoever asks may read the inventory.
    pub may_read: bool,
    /// Whether an admin with a password exists; until then a setup link makes one.
    pub claimed: bool,
    /// How strict the rules are.
    pub mode: Mode,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
}

/// A login.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct Login {
    /// The person's name.
    pub name: String,
    /// The person's password.
    pub password: String,
}

/// The first admin.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct Setup {
    /// What the setup link holds after `#k=`.
    pub key: String,
    /// The name to log in with; `admin` when left out.
    #[oai(nullable, validator(pattern = "^[A-Za-z0-9._@-]{1,64}$"))]
    pub name: Option<String>,
    /// The password: 12 characters or more.
    #[oai(validator(min_length = 12))]
    pub password: String,
}

/// One's own new password.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct PasswordChange {
    /// The password until now.
    pub password: String,
    /// The one from now on: 12 characters or more.
    #[oai(validator(min_length = 12))]
    pub new_password: String,
}

/// A link that admits the first admin.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct SetupLink {
    /// What follows the server's address: `/setup#k=…`. It counts once, for 30 minutes.
    pub path: String,
}

/// A token to make.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct NewToken {
    /// What it is for, in words; cut at 100 characters.
    #[oai(validator(pattern = r"\S"))]
    pub name: String,
    /// What it admits to.
    pub scope: Scope,
    /// Days until it no longer counts; for ever when left out.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "36500")))]
    pub days: Option<u32>,
    /// How many machines may be enrolled with it, where the scope is `enrol`; any number when left
    /// out.
    #[oai(nullable, validator(minimum(value = "1"), maximum(value = "4294967295")))]
    pub max_uses: Option<u32>,
    /// Tags that those machines get, where the scope is `enrol`: at most 50, without commas and
    /// semicolons.
    #[oai(nullable, validator(max_items = 50))]
    pub tags: Option<Vec<String>>,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct Token {
    /// What it is called in logs and in its address.
    pub id: String,
    /// What it is for, in words.
    pub name: String,
    /// What it admits to.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it ends; null for never.
    #[oai(nullable)]
    pub expires_at: Option<Timestamp>,
    /// Last use, exact to five minutes; null for none.
    #[oai(nullable)]
    pub used_at: Option<Timestamp>,
    /// Machines that were enrolled with it.
    pub uses: u32,
    /// How many may be; null for any number.
    #[oai(nullable)]
    pub max_uses: Option<u32>,
    /// Tags that those machines get.
    pub tags: Vec<String>,
}

/// A new token, with its secret.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct TokenMade {
    /// The secret. It is not kept, and is shown this once.
    pub token: String,
    /// The token.
    pub item: Token,
}

/// Tokens.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct TokenList {
    /// The newest first.
    pub items: Vec<Token>,
}

/// A person to add.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct NewUser {
    /// The name to log in with: 1 to 64 characters from `a-z 0-9 . _ @ -`.
    #[oai(validator(pattern = "^[A-Za-z0-9._@-]{1,64}$"))]
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// The password: 12 characters or more.
    #[oai(validator(min_length = 12))]
    pub password: String,
}

/// A change to a person. What is left out stays.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example, nullable_all)]
pub struct UserEdit {
    /// What the person may do.
    pub role: Option<Role>,
    /// A new password: 12 characters or more.
    #[oai(validator(min_length = 12))]
    pub password: Option<String>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct User {
    /// The name to log in with.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Since when.
    pub created_at: Timestamp,
}

/// People.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct UserList {
    /// By name.
    pub items: Vec<User>,
}

/// A change that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct AuditEntry {
    /// Its number: larger is newer.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// From which address; empty for the server's own machine.
    pub peer: String,
    /// What was done, such as `machine.edit`.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// What was before, as JSON text; null for nothing.
    #[oai(nullable)]
    pub before: Option<String>,
    /// What is since then, as JSON text; null for nothing.
    #[oai(nullable)]
    pub after: Option<String>,
}

/// Changes that people and tokens made.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct AuditList {
    /// The newest first.
    pub items: Vec<AuditEntry>,
    /// What to give as `before` for the next ones; null at the end.
    #[oai(nullable)]
    pub next: Option<u64>,
}

/// A machine that wants a key of its own.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct Enrolment {
    /// A token for enrolling.
    pub token: String,
    /// The machine's id.
    #[oai(validator(pattern = "^[A-Za-z0-9._:-]{1,64}$"))]
    pub machine_id: String,
    /// The Ed25519 public key, as 64 hex digits.
    #[oai(validator(pattern = "^[0-9A-Fa-f]{64}$"))]
    pub public_key: String,
    /// The key's signature, as 128 hex digits, of three lines: `tatuscan-enrol`, the id, the key.
    #[oai(validator(pattern = "^[0-9A-Fa-f]{128}$"))]
    pub signature: String,
}

/// What became of an enrolment.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct EnrolmentReply {
    /// The number of the machine's last signed report: the next one has a larger one.
    pub last_seq: u64,
}

/// A machine whose new key waits for an admin.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct WaitingKey {
    /// The machine.
    pub machine_id: String,
    /// The key it has.
    pub public_key: String,
    /// The key that asks.
    pub waiting_key: String,
    /// When it asked.
    pub asked_at: Timestamp,
    /// From where.
    pub peer: String,
}

/// Somebody who is logged in in a browser.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct OpenSession {
    /// By which it can be ended.
    pub id: String,
    /// Who.
    pub user: String,
    /// From where.
    pub peer: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Last use, exact to a few minutes.
    pub used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Who is logged in, the last used first.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct SessionList {
    /// The sessions.
    pub items: Vec<OpenSession>,
}

/// The key that an admin looked at.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct KeyApproval {
    /// The key that asks, as the list shows it.
    #[oai(validator(pattern = "^[0-9A-Fa-f]{64}$"))]
    pub waiting_key: String,
}

/// Machines whose new keys wait for an admin, and how many have keys.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct KeyList {
    /// Those that wait.
    pub items: Vec<WaitingKey>,
    /// Machines that sign their reports.
    pub enrolled: usize,
}

/// A machine that was removed and can be brought back.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct RemovedMachine {
    /// Its id.
    pub machine_id: String,
    /// Its host name.
    pub hostname: String,
    /// When it was removed.
    pub removed_at: Timestamp,
    /// By whom.
    pub removed_by: String,
}

/// Machines that can be brought back.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct RemovedList {
    /// The last removed first.
    pub items: Vec<RemovedMachine>,
}

/// Where reports were refused for want of a token.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct RefusedSource {
    /// The network: what TATUSCAN_LEGACY_CIDRS would have to hold.
    pub network: String,
    /// Reports since the server was started.
    pub reports: u64,
    /// The last one.
    pub last_at: Timestamp,
}

/// Where reports were refused.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(example)]
pub struct RefusedList {
    /// The most first.
    pub items: Vec<RefusedSource>,
}

macro_rules! same_names {
    ($($name:ident: $($variant:ident)+;)+) => {$(
        impl From<model::$name> for $name {
            fn from(value: model::$name) -> Self {
                match value {
                    $(model::$name::$variant => Self::$variant,)+
                }
            }
        }

        impl From<$name> for model::$name {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }
    )+};
}

same_names! {
    Role: Viewer Admin;
    Scope: Ingest Read Write Admin Enrol;
}

impl Presenter {
    /// A time as the API shows it.
    #[must_use]
    pub fn time(&self, at: chrono::DateTime<chrono::Utc>) -> Timestamp {
        Timestamp::new(at, self.zone)
    }

    /// The token as the API shows it.
    #[must_use]
    pub fn token(&self, token: &model::Token) -> Token {
        Token {
            id: token.label(),
            name: token.name.clone(),
            scope: token.scope.into(),
            created_at: self.time(token.created_at),
            created_by: token.created_by.clone(),
            expires_at: token.expires_at.map(|at| self.time(at)),
            used_at: token.used_at.map(|at| self.time(at)),
            uses: token.uses,
            max_uses: token.max_uses,
            tags: token.tags.iter().map(ToString::to_string).collect(),
        }
    }

    /// The person as the API shows them.
    #[must_use]
    pub fn user(&self, user: &model::User) -> User {
        let (name, role) = (user.name.clone(), user.role.into());
        User { name, role, created_at: self.time(user.created_at) }
    }

    /// The entry as the API shows it.
    #[must_use]
    pub fn audit_entry(&self, number: u64, entry: model::AuditEntry) -> AuditEntry {
        let model::AuditEntry { at, actor, peer, action, subject, before, after } = entry;
        let at = self.time(at);
        AuditEntry { number, at, actor, peer, action, subject, before, after }
    }
}
