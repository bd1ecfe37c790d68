//! What of the original's server is on this machine: its units, its socket, its Supervisor program, its
//! settings and its database.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{SETTINGS, UNIT};
use crate::atomic_file::{self, PRIVATE};
use crate::config::dotenv;
use crate::config::{Serve, server_variables};
use crate::settings_file;
use crate::store::is_sqlite;
use crate::systemd::{Place, UNITS, UnitFile, tell};

/// Where what is taken out of the way is kept, for the way back.
pub(super) const KEPT: &str = "/etc/tatuscan/original";
/// What to do when this server does not come up in its place.
pub(super) const WAY_BACK: &str = "what was there before is in /etc/tatuscan/original: move its units back to \
     /etc/systemd/system, systemctl daemon-reload, and start them";
const SOCKET: &str = "tatuscan.socket";
const TEMPLATE: &str = "tatuscan@.service";
/// Later versions of it have two, the first of which holds the port.
const LATER: [&str; 2] = ["tatuscan-api.service", "tatuscan-web.service"];
/// Its program under Supervisor, on Debian and on Red Hat's systems.
const SUPERVISOR: [&str; 2] =
    ["/etc/supervisor/conf.d/tatuscan.conf", "/etc/supervisord.d/tatuscan.ini"];
/// Read by the original only.
const UNUSED: &str = "SECRET_KEY";

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Original {
    /// What it was told, as far as this server reads such variables.
    pub(super) settings: BTreeMap<String, String>,
    /// Units that are disabled.
    units: Vec<&'static str>,
    /// Its file for Supervisor.
    supervisor: Option<&'static str>,
    /// Its SQLite file.
    database: Option<PathBuf>,
}

/// Whether the unit with the server's name is an agent's: the original's agent was installed so.
#[must_use]
pub fn agent_under_the_servers_name(place: &Place) -> bool {
    place.unit(UNIT).is_some_and(|unit| unit.starts_an_agent())
}

/// Looks for it; changes nothing.
pub(super) fn look(place: &Place) -> anyhow::Result<Original> {
    let mut original = Original::default();
    for name in [UNIT, TEMPLATE].into_iter().chain(LATER) {
        let Some(unit) = place.unit(name) else { continue };
        let is_ours =
            unit.starts_our_server() && unit.settings_files.iter().any(|it| it == SETTINGS);
        if is_ours && !place.path(&format!("{UNITS}/{name}")).exists() {
            bail!(
                "the server is here already, with a package: its settings are in {SETTINGS}, and \
                 systemctl enable --now tatuscan starts it"
            );
        }
        if is_ours {
            continue;
        }
        // An agent's settings are for the agent, which is installed under a name of its own.
        if !unit.starts_an_agent() {
            original.take(place, &unit, !unit.starts_our_server());
        }
        original.units.push(name);
    }
    if place.unit(SOCKET).is_some() {
        // First: it would start the server again.
        original.units.insert(0, SOCKET);
    }
    if let Some(file) = SUPERVISOR.into_iter().find(|file| place.path(file).exists()) {
        let text = fs::read_to_string(place.path(file)).with_context(|| file.to_owned())?;
        let program = supervisor_program(&text);
        original.take(place, &program, !program.starts_our_server());
        original.supervisor = Some(file);
    }
    Ok(original)
}

impl Original {
    /// Takes over what a unit was told.
    fn take(&mut self, place: &Place, unit: &UnitFile, is_original: bool) {
        let directory = PathBuf::from(unit.directory.as_deref().unwrap_or("/"));
        let mut told = BTreeMap::new();
        let file = directory.join(".env");
        if let Ok(text) = fs::read_to_string(place.path(&file.to_string_lossy())) {
            told.extend(dotenv::parse(&text).values);
        }
        told.extend(place.settings_of(unit));
        let known = server_variables();
        told.retain(|name, value| {
            name != UNUSED && !value.trim().is_empty() && known.iter().any(|known| known == name)
        });
        if is_original {
            let named = told.remove("TATUSCAN_DB_DIR");
            let named = named.map_or_else(|| directory.join("data"), |named| directory.join(named));
            let file = told.get("TATUSCAN_DB_FILE").map_or("tatuscan.db", String::as_str);
            let mut files = [named, PathBuf::from("/data")].map(|it| it.join(file)).into_iter();
            let is_there = |file: &PathBuf| is_sqlite(&place.path(&file.to_string_lossy()));
            self.database = self.database.take().or_else(|| files.find(is_there));
            if let Some(uri) = told.get_mut("SQLALCHEMY_DATABASE_URI") {
                make_absolute(place, uri, &directory);
            }
        }
        self.settings.extend(told);
    }

    /// Stops it, and takes it out of the way: its files are kept.
    pub(super) fn disable(&self, place: &Place) -> anyhow::Result<()> {
        for name in &self.units {
            tell(format_args!("{name} is of an earlier installation: it is disabled, and kept"));
            if *name == TEMPLATE {
                place.systemctl(&["stop", "tatuscan@*.service"])?;
                for instance in instances(place) {
                    place.systemctl(&["disable", &instance])?;
                }
            } else {
                place.systemctl(&["disable", "--now", name])?;
            }
            for file in [(*name).to_owned(), format!("{name}.d")] {
                place.rename(&format!("{UNITS}/{file}"), &format!("{KEPT}/{file}"))?;
            }
        }
        if let Some(file) = self.supervisor {
            tell(format_args!(
                "Supervisor's program tatuscan is of an earlier installation: it is stopped, and kept"
            ));
            let name = Path::new(file).file_name().unwrap_or_default().to_string_lossy();
            place.rename(file, &format!("{KEPT}/supervisor-{name}"))?;
            // Without its daemon nothing of it runs.
            if place.run("supervisorctl", &["update"]).is_err() {
                tell(format_args!(
                    "supervisorctl does not answer: it will not start tatuscan again"
                ));
            }
        }
        Ok(())
    }

    /// Copies its SQLite file to where this server looks for it, unless there is something.
    pub(super) fn copy_inventory(&self, place: &Place, serve: &Serve) -> anyhow::Result<()> {
        let Some(from) = self.database.as_ref().filter(|_| serve.store.database.is_none()) else {
            return Ok(());
        };
        let to = &serve.store.data_dir;
        let is_taken = [serve.store.path(), serve.store.legacy_sqlite.clone()]
            .iter()
            .any(|path| place.path(&path.to_string_lossy()).exists());
        if from.parent() == Some(to) || is_taken {
            return Ok(());
        }
        let stem = serve.store.legacy_sqlite.file_name().unwrap_or_default().to_string_lossy();
        for (source, ending) in with_journal(place, from) {
            let name = to.join(format!("{stem}{ending}"));
            tell(format_args!("{}: copy it to {}", source.display(), name.display()));
            if place.is_dry_run {
                continue;
            }
            let target = place.path(&name.to_string_lossy());
            let copy = || {
                fs::create_dir_all(atomic_file::directory_of(&target))?;
                atomic_file::write(&target, &fs::read(&source)?, PRIVATE)
            };
            copy().with_context(|| format!("{} cannot be copied", source.display()))?;
        }
        Ok(())
    }
}

/// An SQLite file, and what SQLite keeps beside it until it is closed, with how those end.
fn with_journal(place: &Place, file: &Path) -> Vec<(PathBuf, &'static str)> {
    let beside = |ending: &'static str| {
        let mut path = place.path(&file.to_string_lossy()).into_os_string();
        path.push(ending);
        (PathBuf::from(path), ending)
    };
    ["", "-wal"].map(beside).into_iter().filter(|(path, _)| path.exists()).collect()
}

/// A relative SQLite path, as Flask finds it from the directory in which it was started.
fn make_absolute(place: &Place, uri: &mut String, directory: &Path) {
    let Some((scheme, path)) = uri.split_once(":///") else { return };
    if !scheme.starts_with("sqlite") || path.starts_with('/') || path.is_empty() {
        return;
    }
    let mut places = ["", "instance"].map(|below| directory.join(below).join(path)).into_iter();
    if let Some(found) = places.find(|path| place.path(&path.to_string_lossy()).exists()) {
        *uri = format!("sqlite:///{}", found.display());
    }
}

/// Instances of the original's template that are started at boot: links in the directories of what
/// wants them.
fn instances(place: &Place) -> Vec<String> {
    let names_in = |directory: PathBuf| {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let wanting = names_in(place.path(UNITS)).into_iter().filter(|name| name.ends_with(".wants"));
    let wanted = wanting.flat_map(|name| names_in(place.path(&format!("{UNITS}/{name}"))));
    wanted.filter(|name| name.starts_with("tatuscan@") && name.ends_with(".service")).collect()
}

/// What Supervisor's file says of its program, in the words of a unit.
fn supervisor_program(text: &str) -> UnitFile {
    let mut program = UnitFile::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with([';', '#'])) {
        match line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
            Some(("command", command)) => {
                program.command = command.split_whitespace().map(ToOwned::to_owned).collect();
            }
            Some(("directory", directory)) => program.directory = Some(directory.to_owned()),
            Some(("environment", values)) => {
                let lines = split_outside_quotes(values).join("\n");
                program.settings.extend(settings_file::read(&lines));
            }
            _ => {}
        }
    }
    program
}

/// The parts between commas that no quotes surround.
fn split_outside_quotes(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut quote) = (Vec::new(), String::new(), None);
    for c in text.chars() {
        match (c, quote) {
            (',', None) => parts.push(std::mem::take(&mut part)),
            ('"' | '\'', None) => {
                quote = Some(c);
                part.push(c);
            }
            (c, open) => {
                if open == Some(c) {
                    quote = None;
                }
                part.push(c);
            }
        }
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_supervisor_is_read() {
        let program = supervisor_program(
            "[program:tatuscan]\n; mine\ncommand=/opt/tatuscan/.venv/bin/gunicorn -w 4 app:app\n\
             directory = /opt/tatuscan\n\
             environment=TATUSCAN_DB_DIR=\"/srv/a,b\",TIMEZONE='America/Manaus',PORT=80\n",
        );
        assert_eq!(program.directory.as_deref(), Some("/opt/tatuscan"));
        assert_eq!(program.command.len(), 4);
        let expected =
            [("TATUSCAN_DB_DIR", "/srv/a,b"), ("TIMEZONE", "America/Manaus"), ("PORT", "80")];
        assert_eq!(program.settings, expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn a_relative_database_is_found_where_flask_finds_it() {
        let root = tempfile::tempdir().unwrap();
        let place = Place { is_dry_run: true, destination: Some(root.path().to_owned()) };
        let instance = root.path().join("opt/tatuscan/instance");
        fs::create_dir_all(&instance).unwrap();
        fs::write(instance.join("x.db"), "").unwrap();
        for (uri, expected) in [
            ("sqlite:///x.db", "sqlite:////opt/tatuscan/instance/x.db"),
            ("sqlite:///y.db", "sqlite:///y.db"),
            ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
            ("postgresql:///x.db", "postgresql:///x.db"),
        ] {
            let mut found = uri.to_owned();
            make_absolute(&place, &mut found, Path::new("/opt/tatuscan"));
            assert_eq!(found, expected);
        }
    }
}
