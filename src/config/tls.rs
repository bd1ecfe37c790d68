//! Whether and how the server speaks HTTPS.

use std::path::PathBuf;

use super::ConfigError;

const MODE: &str = "TATUSCAN_TLS (--tls)";
const CERTIFICATE: &str = "TATUSCAN_TLS_CERT (--tls-cert)";
const KEY: &str = "TATUSCAN_TLS_KEY (--tls-key)";

/// Where the server's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ServerTls {
    /// Nowhere: plain HTTP.
    #[default]
    Off,
    /// The server makes one for itself, and keeps it in the data directory.
    Own,
    /// From files in PEM form.
    Files {
        /// The certificate, followed by those between it and its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// Reads the three settings, none of which may contradict another.
pub(super) fn choose(
    mode: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
) -> Result<ServerTls, ConfigError> {
    let mode = match mode.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None => None,
        Some("off") => Some(ServerTls::Off),
        Some("self") => Some(ServerTls::Own),
        Some(_) => {
            let advice = format!(
                "Write off or self; for a certificate from files set {CERTIFICATE} and {KEY} alone"
            );
            let text = mode.unwrap_or_default();
            return Err(ConfigError::new(MODE, &text, "is no way to speak HTTPS", &advice));
        }
    };
    let lone = |set: &str, path: &str, missing: &str| {
        let advice = format!("Set {missing} as well, or neither of them");
        Err(ConfigError::new(set, path, "is only one half", &advice))
    };
    match (mode, certificate, key) {
        (mode, None, None) => Ok(mode.unwrap_or_default()),
        (None, Some(certificate), Some(key)) => {
            Ok(ServerTls::Files { certificate: certificate.into(), key: key.into() })
        }
        (None, Some(certificate), None) => lone(CERTIFICATE, &certificate, KEY),
        (None, None, Some(key)) => lone(KEY, &key, CERTIFICATE),
        (Some(mode), certificate, key) => {
            let setting = if certificate.is_some() { CERTIFICATE } else { KEY };
            let path = certificate.or(key).unwrap_or_default();
            let mode = if mode == ServerTls::Off { "off" } else { "self" };
            let problem = format!("contradicts {MODE}, which says {mode}");
            Err(ConfigError::new(setting, &path, &problem, "Set one of the two"))
        }
    }
}
