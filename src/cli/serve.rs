//! The server.

use clap::Args;

use super::{Schedule, Store};

/// Options of the server.
#[derive(Debug, Clone, Default, Args)]
pub struct Serve {
    /// Address to listen on (every network if not given: ::, or 0.0.0.0 where there is no IPv6)
    #[arg(long, env = "TATUSCAN_BIND", value_name = "ADDRESS")]
    pub bind: Option<String>,

    /// Port to listen on; 0 takes any free one (8040 if not given; PORT is read too)
    #[arg(long, env = "TATUSCAN_PORT", value_name = "PORT", allow_hyphen_values = true)]
    pub port: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub store: Store,

    /// debug, info, warning, error or critical (info if not given)
    #[arg(long, env = "LOG_LEVEL", value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Log lines as text or as json (text if not given)
    #[arg(long, env = "TATUSCAN_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// Silence after which a machine is late (three of its intervals if not given)
    #[arg(long, env = "TATUSCAN_LATE", value_name = "DURATION", allow_hyphen_values = true)]
    pub late: Option<String>,

    /// Silence after which a machine is offline (15m if not given)
    #[arg(long, env = "TATUSCAN_OFFLINE", value_name = "DURATION", allow_hyphen_values = true)]
    pub offline: Option<String>,

    /// Silence after which a machine is missing (7d if not given)
    #[arg(long, env = "TATUSCAN_MISSING", value_name = "DURATION", allow_hyphen_values = true)]
    pub missing: Option<String>,

    /// Connections served at the same time (4096 if not given)
    #[arg(
        long,
        env = "TATUSCAN_MAX_CONNECTIONS",
        value_name = "NUMBER",
        allow_hyphen_values = true
    )]
    pub max_connections: Option<String>,

    /// Report this machine to the server as well
    #[arg(
        long,
        env = "TATUSCAN_LOCAL_AGENT",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub local_agent: Option<String>,

    /// Who may do what: compat, strict or off (compat if not given: machines on private networks
    /// report without a token, everything else takes one or a login)
    #[arg(long, env = "TATUSCAN_AUTH", value_name = "MODE")]
    pub auth: Option<String>,

    /// Allow TATUSCAN_AUTH=off on an address that others reach
    #[arg(
        long,
        env = "TATUSCAN_INSECURE",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub insecure: Option<String>,

    /// More networks whose machines report without a token, such as 203.0.113.0/24
    #[arg(long, env = "TATUSCAN_LEGACY_CIDRS", value_name = "NETWORKS")]
    pub legacy_cidrs: Option<String>,

    /// Let everybody read the inventory without a login
    #[arg(
        long,
        env = "TATUSCAN_PUBLIC_READ",
        value_name = "YES|NO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes"
    )]
    pub public_read: Option<String>,

    /// Proxies in front, whose word counts on where a request comes from
    #[arg(long, env = "TATUSCAN_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,

    /// Address at which browsers find the server: http:// or https://, and its name
    #[arg(long, env = "TATUSCAN_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// File with a password for the first admin, named admin
    #[arg(long, env = "TATUSCAN_ADMIN_PASSWORD_FILE", value_name = "FILE")]
    pub admin_password_file: Option<String>,

    /// Days that the audit log goes back, 0 for ever (1095, three years, if not given)
    #[arg(long, env = "TATUSCAN_AUDIT_DAYS", value_name = "DAYS", allow_hyphen_values = true)]
    pub audit_days: Option<String>,

    /// New machines that are taken at once without a token, as at the first rollout (25000 if not
    /// given)
    #[arg(long, env = "TATUSCAN_NEW_BURST", value_name = "MACHINES", allow_hyphen_values = true)]
    pub new_burst: Option<String>,

    /// New machines that are taken without a token in each minute after that (1000 if not given)
    #[arg(
        long,
        env = "TATUSCAN_NEW_PER_MINUTE",
        value_name = "MACHINES",
        allow_hyphen_values = true
    )]
    pub new_per_minute: Option<String>,

    /// Machines in all, above which new ones need a token (150000 if not given)
    #[arg(long, env = "TATUSCAN_MAX_LEGACY", value_name = "MACHINES", allow_hyphen_values = true)]
    pub max_legacy: Option<String>,

    /// Machines in all, above which no new one is taken (250000 if not given)
    #[arg(
        long,
        env = "TATUSCAN_MAX_MACHINES",
        value_name = "MACHINES",
        allow_hyphen_values = true
    )]
    pub max_machines: Option<String>,

    /// Space that must stay free where the inventory is kept, in MB: below it reports are answered
    /// 507 (64 if not given)
    #[arg(long, env = "TATUSCAN_MIN_FREE", value_name = "MB", allow_hyphen_values = true)]
    pub min_free: Option<String>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub backups: Schedule,

    /// HTTPS: off, or self for a certificate that the server makes for itself (off if not given,
    /// unless there is a certificate)
    #[arg(long, env = "TATUSCAN_TLS", value_name = "OFF|SELF")]
    pub tls: Option<String>,

    /// HTTPS with this certificate: a file in PEM form, the server's own first
    #[arg(long, env = "TATUSCAN_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<String>,

    /// Private key of that certificate, a file in PEM form
    #[arg(long, env = "TATUSCAN_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<String>,

    /// Accepted because old environment files have it; nothing uses it
    #[arg(long, env = "SECRET_KEY", hide = true, hide_env_values = true)]
    pub secret_key: Option<String>,
}
