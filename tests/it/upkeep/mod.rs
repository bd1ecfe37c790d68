//! Keeping an inventory well: backups, restores, and the doctor, each with the real program, beside
//! a running server and without one.

mod backup;
mod doctor;
mod proxy;
mod restore;
mod schedule;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use tatuscan::model::access::{Role, Session, User};
use tatuscan::model::{HumanEdit, MachineId, SectionName};
use tatuscan::store::backup::Backup;
use tatuscan::store::redb::RedbStore;
use tatuscan::store::sql::SqlStore;
use tatuscan::store::{Pace, Store, transact};
use tempfile::TempDir;

use crate::process::uri;
use crate::store::places::{Database, mysql_database, postgres_database, sqlite_database};
use crate::store::sections::put;
use crate::support::edge::{tatuscan, text};
use crate::support::machines::{noon, report, section};

/// A data directory and, where the inventory is not in it, a database.
pub(crate) struct Place {
    directory: TempDir,
    database: Option<Box<Database>>,
}

impl Place {
    fn embedded() -> Self {
        Self { directory: TempDir::new().unwrap(), database: None }
    }

    fn sql(database: Database) -> Self {
        Self { directory: TempDir::new().unwrap(), database: Some(Box::new(database)) }
    }

    /// One of each kind that is here.
    async fn all() -> Vec<Self> {
        let mut places = vec![Self::embedded(), Self::sql(sqlite_database())];
        places.extend(postgres_database().await.map(Self::sql));
        places.extend(mysql_database().await.map(Self::sql));
        places
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn file(&self) -> PathBuf {
        self.path().join("tatuscan.redb")
    }

    /// `tatuscan` with the settings of this place.
    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = tatuscan(self.path());
        command.args(arguments).env("TATUSCAN_DB_DIR", self.path());
        if let Some(database) = &self.database {
            command.env("SQLALCHEMY_DATABASE_URI", uri(database));
        }
        command
    }

    fn serve(&self) -> Command {
        let mut command = self.program(&["serve"]);
        command.env("TATUSCAN_PORT", "0");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.program(arguments).output().unwrap()
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output));
        text(&output)
    }

    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output));
        text(&output)
    }

    async fn open(&self) -> Arc<dyn Store> {
        match &self.database {
            None => Arc::new(RedbStore::open(&self.file()).unwrap()),
            Some(database) => Arc::new(SqlStore::connect(database.settings()).await.unwrap()),
        }
    }

    /// Some machines, one of them edited, a user who is logged in, and what the audit log says of it.
    async fn fill(&self, machines: u32) {
        let store = self.open().await;
        let reports = (0..machines).map(|number| report(&format!("m{number}"), number.into()));
        store.record_reports(reports.collect()).await.unwrap();
        let edit = HumanEdit { activation_days: Some(Some(7)), ..HumanEdit::default() };
        store.edit_machine(&MachineId::stored("m0"), edit).await.unwrap();
        for number in 0..machines.min(40) {
            let system = section(SectionName::System, &format!("[{number}]"), number.into());
            let id = MachineId::stored(&format!("m{number}"));
            put(&*store, &id, system, Some("S")).await.unwrap();
        }
        transact(&*store, Pace::AtOnce, |transaction| {
            transaction.put_record(User {
                name: "ana".into(),
                role: Role::Admin,
                password: "$argon2id$".into(),
                created_at: noon(),
            });
            transaction.put_record(Session {
                hash: [9; 32],
                user: "ana".into(),
                created_at: noon(),
                used_at: noon(),
                peer: "10.0.0.1".into(),
            });
            transaction.audit(tatuscan::model::access::AuditEntry {
                at: noon(),
                actor: "admin.token".into(),
                peer: String::new(),
                action: "user.add".into(),
                subject: "ana".into(),
                before: None,
                after: None,
            });
            Ok(())
        })
        .await
        .unwrap();
        drop(store);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// What is in a directory, but for what a server leaves there.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn subjects(backup: &Backup) -> Vec<String> {
    let entries = backup.audit(0, usize::MAX).unwrap().into_iter();
    entries.map(|(_, entry)| format!("{} {}", entry.action, entry.subject)).collect()
}
