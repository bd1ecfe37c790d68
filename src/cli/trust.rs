//! Which servers are believed, with HTTPS.

use clap::Args;

/// Whose certificate is believed.
#[derive(Debug, Clone, Default, Args)]
pub struct Trust {
    /// Authorities to trust instead of this computer's own, a file of certificates in PEM form
    #[arg(long, global = true, env = "TATUSCAN_CA_FILE", value_name = "FILE")]
    pub ca_file: Option<String>,

    /// Fingerprint of the one key that the server may have, as its start line shows it
    #[arg(long, global = true, env = "TATUSCAN_TLS_PIN", value_name = "PIN")]
    pub tls_pin: Option<String>,
}
