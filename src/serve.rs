//! The server, put together from its parts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chrono::TimeDelta;
use tatuscan::admin::adopt::adopt;
use tatuscan::admin::database::sql_settings;
use tatuscan::agent::{self, Settings as AgentSettings};
use tatuscan::clock;
use tatuscan::config::{Serve, ServerTls, StatusThresholds, prepare_data_dir};
use tatuscan::http::{self, App, Limits, Settings};
use tatuscan::inventory::Inventory;
use tatuscan::model::StatusRules;
use tatuscan::store::redb::RedbStore;
use tatuscan::store::sql::SqlStore;
use tatuscan::store::{Store, is_sqlite};
use tatuscan::tls::{CertificateFiles, Tls, reload_on_hangup};
use tatuscan::trust::{Pin, Trust};
use tokio_util::sync::CancellationToken;

/// Time between two reports of the server's own machine.
const LOCAL_INTERVAL: Duration = Duration::from_secs(60);

/// Files that the server has open beside its connections.
const OTHER_FILES: usize = 32;

/// Serves until the system or a person asks to stop.
pub(crate) async fn serve(config: Serve) -> anyhow::Result<()> {
    prepare_data_dir(&config.data_dir)?;
    let tls = start_tls(&config)?;
    let (store, place) = open_store(&config).await?;
    let inventory = Inventory::new(store, rules(&config.status)?);
    let listener = http::bind(SocketAddr::new(config.bind, config.port))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = http::local_url(scheme, listener.local_addr()?);
    // Whoever reads the ready line may send a signal at once.
    let stop_requested = agent::stop_requested();
    announce(&url, tls.as_deref().map(Tls::pin), &place, &inventory).await;
    let shutdown = CancellationToken::new();
    let local = AgentSettings {
        url: url.parse()?,
        trust: Trust::System,
        interval: Some(LOCAL_INTERVAL),
        state_dir: config.data_dir.join("agent"),
    };
    let reporting = report_locally(local, tls.clone(), shutdown.clone());
    let reporting = config.local_agent.then(|| tokio::spawn(reporting));
    let app = App::new(inventory.clone(), Settings { zone: config.zone, now: clock::now });
    let limits = Limits { connections: connections(&config), ..Limits::default() };
    let serving = http::serve(listener, tls, Arc::new(app), limits, shutdown.clone());
    let mut serving = tokio::spawn(serving);
    tokio::select! {
        () = stop_requested => {}
        ended = &mut serving => bail!("the server ended by itself: {ended:?}"),
    }
    tracing::info!("stopping");
    shutdown.cancel();
    serving.await?;
    if let Some(reporting) = reporting {
        reporting.await?;
    }
    inventory.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The certificate that the server shows, read again at each SIGHUP.
fn start_tls(config: &Serve) -> anyhow::Result<Option<Arc<Tls>>> {
    let files = match &config.tls {
        ServerTls::Off => return Ok(None),
        ServerTls::Own => CertificateFiles::own(&config.data_dir)?,
        ServerTls::Files { certificate, key } => CertificateFiles::named(certificate, key),
    };
    let tls = Arc::new(Tls::new(files.read()?)?);
    tokio::spawn(reload_on_hangup(Arc::clone(&tls), files)?);
    Ok(Some(tls))
}

/// The store, and where it is.
async fn open_store(config: &Serve) -> anyhow::Result<(Arc<dyn Store>, String)> {
    if let Some(database) = &config.database {
        let store = SqlStore::connect(sql_settings(database, config.zone)).await;
        let store = store.with_context(|| format!("SQLALCHEMY_DATABASE_URI is {database}"))?;
        return Ok((Arc::new(store), database.to_string()));
    }
    let path = config.store_path();
    if !path.exists() && is_sqlite(&config.legacy_sqlite) {
        adopt(&config.legacy_sqlite, &path, config.zone).await?;
    }
    Ok((Arc::new(RedbStore::open(&path)?), path.display().to_string()))
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
