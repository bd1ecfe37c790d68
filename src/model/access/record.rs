//! What a store keeps beside machines: few, small, and all in memory.

use std::sync::Arc;

use super::{
    Browser, Failures, Founding, MachineKey, RefusedSource, RemovedMachine, Session, SetupLink,
    Token, User, hex,
};
use crate::model::{BackupRun, CustomField, Distinct, MergedMachine, View};

/// What kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// [`User`], by name.
    User,
    /// [`Token`], by the hash of its secret.
    Token,
    /// [`Session`], by the hash of its secret.
    Session,
    /// [`MachineKey`], by the machine's id.
    MachineKey,
    /// [`RemovedMachine`], by the machine's id.
    RemovedMachine,
    /// [`SetupLink`], by the hash of its secret.
    SetupLink,
    /// [`Founding`], the only one.
    Founding,
    /// [`Failures`], by the bucket.
    Failures,
    /// [`Browser`], by the hash of its secret.
    Browser,
    /// [`RefusedSource`], by the network.
    RefusedSource,
    /// [`CustomField`], by its key.
    CustomField,
    /// [`BackupRun`], the only one.
    BackupRun,
    /// [`View`], by its id.
    View,
    /// [`MergedMachine`], by the id that it had.
    MergedMachine,
    /// [`Distinct`], by its id.
    Distinct,
}

/// A record of any kind.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each is a type of the same name")]
pub enum Record {
    User(Arc<User>),
    Token(Arc<Token>),
    Session(Arc<Session>),
    MachineKey(Arc<MachineKey>),
    RemovedMachine(Arc<RemovedMachine>),
    SetupLink(Arc<SetupLink>),
    Founding(Arc<Founding>),
    Failures(Arc<Failures>),
    Browser(Arc<Browser>),
    RefusedSource(Arc<RefusedSource>),
    CustomField(Arc<CustomField>),
    BackupRun(Arc<BackupRun>),
    View(Arc<View>),
    MergedMachine(Arc<MergedMachine>),
    Distinct(Arc<Distinct>),
}

/// A type of which records are kept.
pub trait Kept: Sized {
    /// Its kind.
    const KIND: Kind;

    /// What it is found by among its kind: at most 64 characters.
    fn id(&self) -> String;

    /// Itself as a record.
    fn into_record(self) -> Record;

    /// What a record of this kind holds.
    fn of(record: &Record) -> Option<&Arc<Self>>;
}

macro_rules! kept {
    ($($type:ident: |$value:ident| $id:expr;)*) => {$(
        impl Kept for $type {
            const KIND: Kind = Kind::$type;

            fn id(&self) -> String {
                let $value = self;
                $id
            }

            fn into_record(self) -> Record {
                Record::$type(Arc::new(self))
            }

            fn of(record: &Record) -> Option<&Arc<Self>> {
                match record {
                    Record::$type(value) => Some(value),
                    _ => None,
                }
            }
        }
    )*
    impl Kind {
        /// All of them.
        pub const ALL: &[Self] = &[$(Self::$type),*];
    }
    impl Record {
        /// Its kind.
        #[must_use]
        pub fn kind(&self) -> Kind {
            match self {
                $(Self::$type(_) => Kind::$type,)*
            }
        }

        /// What it is found by among its kind.
        #[must_use]
        pub fn id(&self) -> String {
            match self {
                $(Self::$type(value) => value.id(),)*
            }
        }
    }
    };
}

kept! {
    User: |user| user.name.clone();
    Token: |token| hex(&token.hash);
    Session: |session| hex(&session.hash);
    MachineKey: |key| key.machine_id.as_str().to_owned();
    RemovedMachine: |removed| removed.machine.id.as_str().to_owned();
    SetupLink: |link| hex(&link.hash);
    Founding: |_founding| "founding".to_owned();
    Failures: |failures| failures.bucket.to_string();
    Browser: |browser| hex(&browser.hash);
    RefusedSource: |source| source.network.to_string();
    CustomField: |field| field.key.to_string();
    BackupRun: |_run| "backup".to_owned();
    View: |view| view.id.to_string();
    MergedMachine: |merged| merged.machine.id.as_str().to_owned();
    Distinct: |distinct| distinct.id.to_string();
}
