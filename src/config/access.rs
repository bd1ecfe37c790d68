//! Who may do what, as the settings say it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use ipnet::IpNet;

use super::{ConfigError, present, yes_or_no};
use crate::cli;

/// How far the audit log goes back when nothing is said: three years.
const AUDIT_DAYS: u16 = 1_095;

/// How strict the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// Machines on private networks report without a token.
    Compat,
    /// Every report takes a token or a signature.
    Strict,
    /// Everybody may do everything.
    Off,
}

/// How many new machines are taken; see [`crate::access::FloodLimits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewMachines {
    /// Without a token, at once …
    pub burst: u32,
    /// … and in each minute after that.
    pub per_minute: u32,
    /// Machines in all, above which new ones need a token.
    pub most_legacy: u32,
    /// Machines in all, above which there are no new ones.
    pub most: u32,
}

/// Checked settings of who may do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRules {
    /// How strict the rules are.
    pub mode: AuthMode,
    /// More networks whose machines report without a token.
    pub legacy_networks: Vec<IpNet>,
    /// Whether somebody wants it to be `Off` where others can reach the server.
    pub is_insecure: bool,
    /// Whether everybody may read.
    pub public_read: bool,
    /// Proxies whose word on where a request comes from counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Address at which browsers find the server.
    pub public_url: Option<String>,
    /// File with the first admin's password.
    pub admin_password_file: Option<PathBuf>,
    /// Days that the audit log goes back; `None` for ever.
    pub audit_days: Option<u16>,
    /// How many new machines are taken.
    pub new_machines: NewMachines,
    /// Bytes that must stay free where the inventory is kept, for reports to be taken.
    pub min_free_bytes: u64,
}

impl AccessRules {
    /// Takes its part of the raw options; `bind` is where the server is to listen.
    pub(super) fn take(raw: &mut cli::Serve, bind: Option<IpAddr>) -> Result<Self, ConfigError> {
        let is_insecure =
            yes_or_no("TATUSCAN_INSECURE (--insecure)", present(raw.insecure.take()))?;
        let rules = Self {
            mode: mode(present(raw.auth.take()))?,
            is_insecure,
            legacy_networks: networks(
                "TATUSCAN_LEGACY_CIDRS (--legacy-cidrs)",
                present(raw.legacy_cidrs.take()),
            )?,
            public_read: yes_or_no(
                "TATUSCAN_PUBLIC_READ (--public-read)",
                present(raw.public_read.take()),
            )?,
            trusted_proxies: networks(
                "TATUSCAN_TRUSTED_PROXIES (--trusted-proxies)",
                present(raw.trusted_proxies.take()),
            )?,
            public_url: public_url(present(raw.public_url.take()))?,
            admin_password_file: present(raw.admin_password_file.take()).map(PathBuf::from),
            audit_days: audit_days(present(raw.audit_days.take()))?,
            new_machines: NewMachines {
                burst: count("TATUSCAN_NEW_BURST (--new-burst)", raw.new_burst.take(), 25_000)?,
                per_minute: count(
                    "TATUSCAN_NEW_PER_MINUTE (--new-per-minute)",
                    raw.new_per_minute.take(),
                    1_000,
                )?,
                most_legacy: count(
                    "TATUSCAN_MAX_LEGACY (--max-legacy)",
                    raw.max_legacy.take(),
                    150_000,
                )?,
                most: count(
                    "TATUSCAN_MAX_MACHINES (--max-machines)",
                    raw.max_machines.take(),
                    250_000,
                )?,
            },
            min_free_bytes: min_free(present(raw.min_free.take()))?,
        };
        if rules.mode == AuthMode::Off && !is_insecure && !bind.is_some_and(|ip| ip.is_loopback()) {
            return Err(ConfigError::text(
                "TATUSCAN_AUTH=off lets whoever reaches the server read, change and delete \
                 everything. Set TATUSCAN_BIND=127.0.0.1 with it, or TATUSCAN_INSECURE=1 if that \
                 is what you want",
            ));
        }
        Ok(rules)
    }
}

fn mode(text: Option<String>) -> Result<AuthMode, ConfigError> {
    match text.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("compat") => Ok(AuthMode::Compat),
        Some("strict") => Ok(AuthMode::Strict),
        Some("off") => Ok(AuthMode::Off),
        Some(_) => Err(ConfigError::new(
            "TATUSCAN_AUTH (--auth)",
            &text.unwrap_or_default(),
            "is not a mode",
            "Write compat (machines on private networks report without a token), strict (every \
             report takes one) or off",
        )),
    }
}

/// Networks and addresses, with commas or spaces between them.
fn networks(setting: &str, text: Option<String>) -> Result<Vec<IpNet>, ConfigError> {
    let text = text.unwrap_or_default();
    let parts = text.split([',', ' ', ';']).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let network = part.parse::<IpNet>().ok();
            let network = network.or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
            network.map(|network| network.trunc()).ok_or_else(|| {
                let advice = "Write networks such as 203.0.113.0/24, 2001:db8::/32, with commas \
                              between them";
                ConfigError::new(setting, part, "is neither a network nor an address", advice)
            })
        })
        .collect()
}

/// 0 is for ever.
fn audit_days(text: Option<String>) -> Result<Option<u16>, ConfigError> {
    let Some(text) = text else { return Ok(Some(AUDIT_DAYS)) };
    match text.parse::<u16>() {
        Ok(days) => Ok(Some(days).filter(|days| *days > 0)),
        Err(_) => Err(ConfigError::new(
            "TATUSCAN_AUDIT_DAYS (--audit-days)",
            &text,
            "is not a number of days",
            "Write a whole number up to 65535, such as 1095; 0 keeps the audit log for ever",
        )),
    }
}

fn count(setting: &str, text: Option<String>, unset: u32) -> Result<u32, ConfigError> {
    let Some(text) = present(text) else { return Ok(unset) };
    text.parse().map_err(|_| {
        let advice = format!("Write a whole number such as {unset}");
        ConfigError::new(setting, &text, "is not a number of machines", &advice)
    })
}

/// The variable counts in millions of bytes.
fn min_free(text: Option<String>) -> Result<u64, ConfigError> {
    const MB: u64 = 1_000_000;
    let Some(text) = text else { return Ok(64 * MB) };
    match text.parse::<u64>() {
        Ok(number) if number <= 1_000_000 => Ok(number * MB),
        _ => Err(ConfigError::new(
            "TATUSCAN_MIN_FREE (--min-free)",
            &text,
            "is not a number of megabytes",
            "Write a number from 0 to 1000000, such as 64; 0 lets reports fill the disk",
        )),
    }
}

fn public_url(text: Option<String>) -> Result<Option<String>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.trim_end_matches('/'));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@']) => {
            Ok(Some(text.trim_end_matches('/').to_owned()))
        }
        _ => Err(ConfigError::new(
            "TATUSCAN_PUBLIC_URL (--public-url)",
            &text,
            "is not the address of a server",
            "Write http:// or https://, the name and, if it has one, the port; no path",
        )),
    }
}

/// Where the server listens when nothing is said.
pub(super) const EVERYWHERE: [IpAddr; 2] =
    [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
