//! The server, put together from its parts.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use tatuscan::access::{self, Access, FloodLimits, LinkPlace, Mode, SpaceLimit, UserError};
use tatuscan::admin::open::open_store;
use tatuscan::admin::presence::{Presence, token_file};
use tatuscan::agent::inventory::Options as InventoryOptions;
use tatuscan::agent::{self, Settings as AgentSettings, Url};
use tatuscan::clock;
use tatuscan::config::{
    AuthMode, BackupSchedule, Serve, ServerTls, StatusThresholds, prepare_data_dir,
};
use tatuscan::http::{self, App, Gate, Limits, Settings};
use tatuscan::inventory::Inventory;
use tatuscan::jobs::{Backups, Housekeeping, Supervision, remove_leftovers};
use tatuscan::model::StatusRules;
use tatuscan::model::access::{Caller, Identity, Role};
use tatuscan::store::{Store, StoreError};
use tatuscan::tls::{CertificateFiles, Tls, outlive_hangup, reload_on_hangup};
use tatuscan::trust::{Pin, Trust};
use tokio_util::sync::CancellationToken;

/// Time between two reports of the server's own machine.
const LOCAL_INTERVAL: Duration = Duration::from_secs(60);

/// Files that the server has open beside its connections.
const OTHER_FILES: usize = 32;

/// Serves until the system or a person asks to stop.
pub(crate) async fn serve(config: Serve) -> anyhow::Result<()> {
    prepare_data_dir(&config.store.data_dir)?;
    let tls = start_tls(&config)?;
    let (store, place) = open_store(&config.store, config.zone).await?;
    let access = open_gate(&config, &store).await?;
    let inventory = Inventory::new(store, rules(&config.status)?);
    let listener = http::bind(&config.addresses())?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = http::local_url(scheme, listener.local_addr()?);
    let literal = http::literal_url(scheme, listener.local_addr()?);
    // Whoever reads the ready line may send a signal at once.
    let stop_requested = agent::stop_requested();
    let pin = tls.as_deref().map(Tls::pin);
    let announced = Presence::announce(
        &config.store.data_dir,
        &literal,
        pin,
        matches!(config.tls, ServerTls::Own),
    )?;
    announce(&url, pin, &place, &inventory).await;
    let public_url = config.access.public_url.clone();
    recall_refused(&access).await;
    invite(&access, public_url.as_deref().unwrap_or(&url)).await;
    let shutdown = CancellationToken::new();
    let local = AgentSettings {
        url: own_address(&literal, &token_file(&config.store.data_dir)?)?,
        trust: Trust::System,
        interval: Some(LOCAL_INTERVAL),
        state_dir: config.store.data_dir.join("agent"),
        enrol_token: None,
        inventory: InventoryOptions {
            users: config.local_privacy.users,
            software: config.local_privacy.software,
            ..InventoryOptions::default()
        },
    };
    let reporting = report_locally(local, tls.clone(), shutdown.clone());
    let reporting = config.local_agent.then(|| tokio::spawn(reporting));
    remove_leftovers(&config.store.data_dir, clock::now());
    let backing_up = config.backups.as_ref().map(backups);
    let backing_up =
        backing_up.map(|backups| tokio::spawn(backups.run(inventory.clone(), shutdown.clone())));
    let trusted_proxies = config.access.trusted_proxies.clone();
    let own_names_only = access.mode() == Mode::Off && !config.access.is_insecure;
    let gate = Gate { trusted_proxies, public_url, own_names_only };
    let work_dir = config.store.data_dir.clone();
    let settings = Settings { zone: config.zone, now: clock::now, gate, work_dir };
    let app = App::new(inventory.clone(), access.clone(), settings);
    let limits = Limits { connections: connections(&config), ..Limits::default() };
    let serving = http::serve(listener, tls, Arc::new(app), limits, shutdown.clone());
    let mut serving = tokio::spawn(serving);
    let housekeeping = Housekeeping { audit_days: config.access.audit_days, now: clock::now };
    let keeping = housekeeping.run(access, inventory.clone(), shutdown.clone());
    let keeping = tokio::spawn(keeping);
    Supervision.ready();
    let supervised = tokio::spawn(Supervision.run(inventory.clone(), shutdown.clone()));
    tokio::select! {
        () = stop_requested => {}
        ended = &mut serving => bail!("the server ended by itself: {ended:?}"),
    }
    tracing::info!("stopping");
    Supervision.stopping();
    shutdown.cancel();
    serving.await?;
    keeping.await?;
    supervised.await?;
    if let Some(reporting) = reporting {
        reporting.await?;
    }
    if let Some(backing_up) = backing_up {
        backing_up.await?;
    }
    drop(announced);
    inventory.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The server's address with the token of its own data directory: whatever is asked of agents, and
/// whatever is in front, its own machine may report. The token leaves this machine to nobody: an address
/// that is reached over a network goes without it.
fn own_address(url: &str, token_file: &Path) -> anyhow::Result<Url> {
    let mut url: Url = url.parse()?;
    if agent::is_this_machine(&url) {
        let token = std::fs::read_to_string(token_file)?;
        // Fails for addresses without a host only.
        let _ = url.set_username("agent");
        let _ = url.set_password(Some(token.trim()));
    }
    Ok(url)
}

/// The backups that the settings ask for.
fn backups(schedule: &BackupSchedule) -> Backups {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let BackupSchedule { directory, every, keep } = schedule.clone();
    let server = format!("{} (process {})", host.to_string_lossy(), std::process::id());
    Backups { directory, every, keep, server, now: clock::now }
}

/// The certificate that the server shows, read again at each SIGHUP.
fn start_tls(config: &Serve) -> anyhow::Result<Option<Arc<Tls>>> {
    let files = match &config.tls {
        ServerTls::Off => {
            // One that was started in a terminal ends with it.
            if !std::io::stdin().is_terminal() {
                tokio::spawn(outlive_hangup()?);
            }
            return Ok(None);
        }
        ServerTls::Own => CertificateFiles::own(&config.store.data_dir)?,
        ServerTls::Files { certificate, key } => CertificateFiles::named(certificate, key),
    };
    let tls = Arc::new(Tls::new(files.read()?)?);
    tokio::spawn(reload_on_hangup(Arc::clone(&tls), files)?);
    Ok(Some(tls))
}

/// The gate, told by the settings.
async fn open_gate(config: &Serve, store: &Arc<dyn Store>) -> anyhow::Result<Access> {
    let rules = &config.access;
    let settings = access::Settings {
        mode: match rules.mode {
            AuthMode::Compat => Mode::Compat,
            AuthMode::Strict => Mode::Strict,
            AuthMode::Off => Mode::Off,
        },
        legacy_networks: rules.legacy_networks.clone(),
        public_read: rules.public_read,
        token_file: Some(token_file(&config.store.data_dir)?),
        // A database on another machine watches its own disk.
        space: config.store.database.is_none().then(|| SpaceLimit {
            path: config.store.data_dir.clone(),
            bytes: rules.min_free_bytes,
        }),
        flood: FloodLimits {
            burst: rules.new_machines.burst,
            per_minute: rules.new_machines.per_minute,
            most_legacy: rules.new_machines.most_legacy.try_into()?,
            most: rules.new_machines.most.try_into()?,
        },
    };
    let access = Access::new(Arc::clone(store), settings);
    if let Some(file) = &rules.admin_password_file
        && let Err(error) = first_admin(&access, file).await
    {
        // Without its database the server starts all the same.
        match error.downcast_ref::<StoreError>() {
            Some(StoreError::Unavailable(_)) => {
                tracing::warn!("{error:#}; start again to make the first admin");
            }
            _ => return Err(error),
        }
    }
    Ok(access)
}

/// Makes the first admin with the password in a file, when there is none.
async fn first_admin(access: &Access, file: &Path) -> anyhow::Result<()> {
    let setting = || format!("TATUSCAN_ADMIN_PASSWORD_FILE is {}", file.display());
    let text = std::fs::read_to_string(file).with_context(setting)?;
    let password = text.trim_end_matches(['\r', '\n']);
    if access.is_claimed().await? {
        return Ok(());
    }
    let caller = Caller::TokenFile;
    let by = Identity { caller, peer: None, at: clock::now() };
    match access.add_user("admin", Role::Admin, password, by).await {
        // Another server was faster.
        Ok(_) | Err(UserError::Exists(_)) => Ok(()),
        Err(error) => Err(error).with_context(setting),
    }
}

/// Says how the first admin comes in, as long as there is none.
async fn invite(access: &Access, url: &str) {
    if access.mode() == Mode::Off {
        tracing::warn!(
            "TATUSCAN_AUTH=off: whoever reaches the server can read, change and delete everything"
        );
        return;
    }
    let invited = async {
        access.found(clock::now()).await?;
        if access.is_claimed().await? {
            return Ok(None);
        }
        let by = Identity { caller: Caller::TokenFile, peer: None, at: clock::now() };
        Ok::<_, StoreError>(Some(access.new_setup_link(LinkPlace::BesideOthers, by).await?))
    };
    match invited.await {
        Ok(Some(key)) => tracing::info!(
            "the first admin comes in here, once, within 30 minutes: {url}/setup#k={}",
            key.expose()
        ),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, "tatuscan setup-link makes the link to the first login")
        }
    }
}

/// Says where reports were refused, and what would admit them.
async fn recall_refused(access: &Access) {
    // Without its database the server starts all the same.
    let Ok(sources) = access.refused_sources(clock::now()).await else { return };
    for source in sources.iter().filter(|source| source.network.prefix_len() > 0).take(5) {
        tracing::warn!(
            reports = source.reports,
            "reports without a token were refused from {0}; TATUSCAN_LEGACY_CIDRS={0} would admit \
             them",
            source.network
        );
    }
}

/// Says that the server is there, and what with.
async fn announce(url: &str, pin: Option<Pin>, store: &str, inventory: &Inventory) {
    let pin = pin.map(tracing::field::display);
    match inventory.machine_count().await {
        Ok(machines) => tracing::info!(%url, pin, %store, machines, "tatuscan is ready"),
        Err(error) => {
            tracing::info!(%url, pin, %store, "tatuscan is ready, but for its database");
            tracing::warn!(%error, "the database is tried again every second");
        }
    }
}

/// Raises the limit of open files as far as the system allows, and says how many connections fit.
fn connections(config: &Serve) -> usize {
    let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    let room = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(OTHER_FILES).max(8);
    if room < config.max_connections {
        tracing::warn!(
            connections = room,
            wanted = config.max_connections,
            "the limit of open files allows fewer connections; raise it (LimitNOFILE=, ulimit -n)"
        );
    }
    room.min(config.max_connections)
}

fn rules(thresholds: &StatusThresholds) -> anyhow::Result<StatusRules> {
    Ok(StatusRules {
        late: thresholds.late.map(TimeDelta::from_std).transpose()?,
        offline: TimeDelta::from_std(thresholds.offline)?,
        missing: TimeDelta::from_std(thresholds.missing)?,
    })
}

/// Reports this very machine, over HTTP as every agent does. Of TLS it believes the key that the
/// server shows at the moment.
async fn report_locally(
    settings: AgentSettings,
    tls: Option<Arc<Tls>>,
    shutdown: CancellationToken,
) {
    while !shutdown.is_cancelled() {
        let pin = tls.as_deref().map(Tls::pin);
        let renewed = async {
            match (&tls, pin) {
                (Some(tls), Some(pin)) => tls.outgrown(pin).await,
                _ => std::future::pending().await,
            }
        };
        let stop = async {
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = renewed => {}
            }
        };
        let trust = pin.map_or(Trust::System, Trust::Pin);
        if let Err(error) = agent::run(AgentSettings { trust, ..settings.clone() }, stop).await {
            tracing::error!(%error, "the local agent cannot report this machine");
            return;
        }
    }
}
