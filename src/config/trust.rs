//! Which servers an agent believes.

use super::{ConfigError, present};
use crate::cli;
use crate::trust::{CA_FILE, PIN, Trust};

/// Reads the two settings, of which one at most may be set.
pub(super) fn choose(raw: cli::Trust) -> Result<Trust, ConfigError> {
    match (present(raw.ca_file), present(raw.tls_pin)) {
        (None, None) => Ok(Trust::System),
        (Some(ca_file), None) => Ok(Trust::CaFile(ca_file.into())),
        (None, Some(pin)) => pin.parse().map(Trust::Pin).map_err(|_| {
            let advice = "Write sha256: and 64 hexadecimal digits, as the server's start line \
                          shows them";
            ConfigError::new(PIN, &pin, "is not a pin", advice)
        }),
        (Some(ca_file), Some(_)) => {
            let problem = format!("contradicts {PIN}, which asks for one key alone");
            Err(ConfigError::new(CA_FILE, &ca_file, &problem, "Set one of the two"))
        }
    }
}

/// Refuses to check a certificate where there is none.
pub(super) fn check_scheme(trust: &Trust, scheme: &str) -> Result<(), ConfigError> {
    let setting = match trust {
        Trust::CaFile(_) if scheme == "http" => CA_FILE,
        Trust::Pin(_) if scheme == "http" => PIN,
        _ => return Ok(()),
    };
    Err(ConfigError::text(format!(
        "{setting} is set, but the address in TATUSCAN_URL (--url) begins with http://, where \
         servers have no certificate. Write https://, or set only one of the two"
    )))
}
