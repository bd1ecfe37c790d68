//! Files in the data directory by which commands on the same computer find the server, and prove
//! that they may tell it what to do.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};

use crate::access::{Secret, is_token_of};
use crate::atomic_file::{self, PRIVATE};
use crate::model::access::Scope;
use crate::trust::{Pin, Trust};

/// The file with the token that admits to everything.
const TOKEN_FILE: &str = "admin.token";
/// The file that says where the server is.
const SERVER_FILE: &str = "server.json";
/// Most bytes of either that are read.
const LARGEST: u64 = 64 << 10;

/// Where a running server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Its process.
    pub pid: u32,
    /// Its address on this computer.
    pub url: String,
    /// The pin of its certificate, with HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_pin: Option<String>,
    /// Whether the server made that certificate itself, so that only the pin vouches for it.
    #[serde(default)]
    pub is_self_signed: bool,
}

/// The file of the token that admits to everything; made (mode 0600) where it is missing.
///
/// # Errors
/// When it cannot be made.
pub fn token_file(data_dir: &Path) -> anyhow::Result<PathBuf> {
    let path = data_dir.join(TOKEN_FILE);
    if !path.exists() {
        let token = Secret::token(Scope::Admin);
        let text = format!("{}\n", token.expose());
        atomic_file::write(&path, text.as_bytes(), PRIVATE)
            .with_context(|| path.display().to_string())?;
    }
    Ok(path)
}

/// The token in that file, which is told to the server. Whoever owns the directory could have put
/// another file of root's there: anything but an admin's token is told to nobody.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn read_token(file: &Path) -> anyhow::Result<String> {
    let text = read_little(file).with_context(|| file.display().to_string())?;
    let text = text.trim();
    if !is_token_of(Scope::Admin, text) {
        bail!(
            "{} holds no admin's token: remove it, and the next start makes a new one",
            file.display()
        );
    }
    Ok(text.to_owned())
}

/// The text of a small file. What else may be in its place, a pipe or a device that gives without end,
/// holds up nobody.
fn read_little(file: &Path) -> io::Result<String> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    let opened = options.open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "is not a file"));
    }
    let mut text = String::new();
    opened.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// Removes the file when the server ends.
#[derive(Debug)]
pub struct Announced {
    path: PathBuf,
    presence: Presence,
}

impl Presence {
    /// Writes down (mode 0600) where this process serves, until the answer is dropped.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn announce(
        data_dir: &Path,
        url: &str,
        pin: Option<Pin>,
        is_self_signed: bool,
    ) -> anyhow::Result<Announced> {
        let (pid, url) = (std::process::id(), url.to_owned());
        let presence = Self { pid, url, tls_pin: pin.map(|pin| pin.to_string()), is_self_signed };
        let path = data_dir.join(SERVER_FILE);
        let text = serde_json::to_vec(&presence)?;
        atomic_file::write(&path, &text, PRIVATE).with_context(|| path.display().to_string())?;
        Ok(Announced { path, presence })
    }

    /// Whom to believe that it is this server.
    ///
    /// # Errors
    /// When what was written down is no pin.
    pub fn trust(&self) -> anyhow::Result<Trust> {
        Ok(match &self.tls_pin {
            Some(pin) => Trust::Pin(pin.parse().context("server.json holds no pin")?),
            None => Trust::System,
        })
    }

    /// What was written down last; the server may be gone since.
    #[must_use]
    pub fn of(data_dir: &Path) -> Option<Self> {
        serde_json::from_str(&read_little(&data_dir.join(SERVER_FILE)).ok()?).ok()
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        // Another server may have come since.
        if Presence::of(directory).as_ref() == Some(&self.presence) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
