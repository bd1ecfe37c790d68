//! The only reader of the environment and of `.env` files.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::builder::{OsStr, Resettable};

use super::dotenv;
use crate::settings_file;

/// Other names under which a variable is known, asked when the first one is not set.
pub(super) const ALIASES: [(&str, &str); 2] =
    [("TATUSCAN_PORT", "PORT"), ("TIMEZONE", "TATUSCAN_TIMEZONE")];

/// Where an installation and packages put the programs.
#[cfg(not(windows))]
const INSTALLED: [&str; 2] = ["/usr/local/bin", "/usr/bin"];

/// The variables this process was started with, and those of the `.env` files behind them.
///
/// White space and CR around a value are cut off; a value that is blank then counts as unset.
#[derive(Clone, Default)]
pub struct Environment {
    process: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl Environment {
    /// Reads the process environment, then `.env` beside the program and in the working directory,
    /// then the settings of the installed service. The first to name a variable wins. A `.env` file that
    /// another user put where everybody may is passed over. Nothing is written back to the process environment.
    #[must_use]
    pub fn read() -> Self {
        let variables = std::env::vars_os().map(|(name, value)| {
            (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
        });
        let mut environment = Self::of(variables);
        for path in dotenv_paths() {
            if let Some(owner) = stranger(&path) {
                environment.warnings.push(format!(
                    "{}: is passed over, because it belongs to uid {owner}, and everybody may write \
                     to its directory; start in another directory",
                    path.display()
                ));
                continue;
            }
            match std::fs::read(&path) {
                Ok(bytes) => environment.add_file(&path, &String::from_utf8_lossy(&bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    environment
                        .warnings
                        .push(format!("{}: cannot be read: {error}", path.display()));
                }
            }
        }
        environment.add_settings_of_the_service();
        environment
    }

    /// As [`Environment::read`], but what stands in the settings of the service wins over the variables
    /// of the machine: the service manager of Windows does not hand it its settings.
    #[cfg(windows)]
    #[must_use]
    pub fn read_for_service() -> Self {
        let mut environment = Self::read();
        let mut installed = Self::default();
        installed.add_settings_of_the_service();
        environment.process.extend(installed.files);
        environment
    }

    /// Puts the settings of the installed service behind what is known so far, where this is its
    /// program: what people run by hand is about the same inventory. Without the right to read them
    /// there are none, as in the service itself, which is handed them.
    fn add_settings_of_the_service(&mut self) {
        #[cfg(windows)]
        let path = super::windows::settings();
        #[cfg(not(windows))]
        let path = std::env::current_exe().ok().and_then(|program| settings_of(&program));
        let Some(path) = path else { return };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                for (name, value) in trimmed(settings_file::read(&text)) {
                    self.files.entry(name).or_insert(value);
                }
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {}
            Err(error) => {
                self.warnings.push(format!("{}: cannot be read: {error}", path.display()))
            }
        }
    }

    /// An environment of the given variables and no `.env` file.
    #[must_use]
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { process: trimmed(variables), ..Self::default() }
    }

    /// Puts the text of one `.env` file behind what is known so far.
    pub fn add_file(&mut self, path: &Path, text: &str) {
        let file = dotenv::parse(text);
        self.warnings
            .extend(file.warnings.iter().map(|warning| format!("{}: {warning}", path.display())));
        for (name, value) in trimmed(file.values) {
            self.files.entry(name).or_insert(value);
        }
    }

    /// The value of a variable; `None` when it is unset or blank. The process environment wins
    /// over `.env`, and a variable's own name over its alias.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let own = |name: &str| self.process.get(name).or_else(|| self.files.get(name));
        own(name)
            .or_else(|| {
                let (_, alias) = ALIASES.iter().find(|(known, _)| *known == name)?;
                own(alias)
            })
            .map(String::as_str)
    }

    /// Names of the variables that start with `prefix`, in order.
    pub fn names_starting_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let mut names: Vec<&str> =
            self.process.keys().chain(self.files.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter(move |name| name.starts_with(prefix))
    }

    /// What was wrong with the `.env` files, one sentence each, with path and line.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Gives every option of `command` that names a variable that variable's value from here, and
    /// shows the name, never the value, in its help. An option on the command line wins.
    #[must_use]
    pub fn fill(&self, command: clap::Command) -> clap::Command {
        command
            .mut_args(|option| self.fill_option(option))
            .mut_subcommands(|subcommand| self.fill(subcommand))
    }

    fn fill_option(&self, option: clap::Arg) -> clap::Arg {
        let Some(name) = option.get_env().map(|name| name.to_string_lossy().into_owned()) else {
            return option;
        };
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        let option = option.env(Resettable::<OsStr>::Reset).help(format!("{help} [env: {name}]"));
        match self.value(&name) {
            Some(value) => option.default_value(value.to_owned()).hide_default_value(true),
            None => option,
        }
    }
}

/// Trimmed variables, without the blank ones. Of a name given twice the last value counts.
fn trimmed(variables: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut map: BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (name, value.trim().to_owned())).collect();
    map.retain(|_, value| !value.is_empty());
    map
}

/// The file of the service's settings, for a program that an installation or a package put there.
#[cfg(not(windows))]
fn settings_of(program: &Path) -> Option<PathBuf> {
    let is_installed = INSTALLED.iter().any(|place| program.parent() == Some(Path::new(place)));
    let name = match program.file_name()?.to_str()? {
        "tatuscan" => "tatuscan.env",
        "tatuscan-agent" => "agent.env",
        _ => return None,
    };
    is_installed.then(|| Path::new("/etc/tatuscan").join(name))
}

/// Whose a file is, when it is neither this user's nor root's, in a directory in which everybody makes
/// files: it may be there for whoever starts a program in such a place.
#[cfg(unix)]
fn stranger(file: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = file.symlink_metadata().ok()?.uid();
    let is_for_all = file.parent()?.metadata().ok()?.mode() & 0o002 != 0;
    let is_known = owner == 0 || owner == nix::unistd::geteuid().as_raw();
    (is_for_all && !is_known).then_some(owner)
}

#[cfg(not(unix))]
fn stranger(_: &Path) -> Option<u32> {
    None
}

fn dotenv_paths() -> Vec<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join(".env")));
    let here = std::env::current_dir().ok().map(|path| path.join(".env"));
    let mut paths: Vec<PathBuf> = beside.into_iter().chain(here).collect();
    paths.dedup();
    paths
}
