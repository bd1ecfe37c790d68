//! The server, put together from its parts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use chrono::TimeDelta;
use tatuscan::agent::{self, Settings as AgentSettings};
use tatuscan::clock;
use tatuscan::config::{Serve, StatusThresholds, prepare_data_dir};
use tatuscan::http::{self, App, Limits, Settings};
use tatuscan::inventory::Inventory;
use tatuscan::model::StatusRules;
use tatuscan::store::redb::RedbStore;
use tatuscan::store::{OpenError, is_sqlite};
use tokio_util::sync::CancellationToken;

/// Time between two reports of the server's own machine.
const LOCAL_INTERVAL: Duration = Duration::from_secs(60);

/// Files that the server has open beside its connections.
const OTHER_FILES: usize = 32;

/// Serves until the system or a person asks to stop.
pub(crate) async fn serve(config: Serve) -> anyhow::Result<()> {
    let store = open_store(&config)?;
    let inventory = Inventory::new(Arc::new(store), rules(&config.status)?);
    let listener = http::bind(SocketAddr::new(config.bind, config.port))?;
    let url = http::local_url(listener.local_addr()?);
    let machines = inventory.machine_count().await?;
    let store = config.store_path();
    tracing::info!(%url, store = %store.display(), machines, "tatuscan is ready");
    let shutdown = CancellationToken::new();
    let reporting = config.local_agent.then(|| report_locally(&config, &url, &shutdown));
    let app = App::new(inventory.clone(), Settings { zone: config.zone, now: clock::now });
    let limits = Limits { connections: connections(&config), ..Limits::default() };
    let mut serving = tokio::spawn(http::serve(listener, Arc::new(app), limits, shutdown.clone()));
    tokio::select! {
        () = agent::stop_requested() => {}
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

fn open_store(config: &Serve) -> anyhow::Result<RedbStore> {
    if let Some(database) = &config.database {
        bail!(
            "SQLALCHEMY_DATABASE_URI is {database}, but this version keeps the inventory in a file of \
             its own only. Leave the variable empty to use it, or keep the original running"
        );
    }
    prepare_data_dir(&config.data_dir)?;
    let path = config.store_path();
    if !path.exists() && is_sqlite(&config.legacy_sqlite) {
        return Err(OpenError::Refused {
            path: config.legacy_sqlite.clone(),
            what: "holds an inventory of the original, which this version cannot take over".into(),
            advice: "Keep the original running, or name another directory with TATUSCAN_DB_DIR",
        }
        .into());
    }
    Ok(RedbStore::open(&path)?)
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

/// Reports this very machine, over HTTP as every agent does.
fn report_locally(
    config: &Serve,
    url: &str,
    shutdown: &CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let settings = url.parse().map(|url| AgentSettings {
        url,
        interval: Some(LOCAL_INTERVAL),
        state_dir: config.data_dir.join("agent"),
    });
    let stopped = shutdown.clone().cancelled_owned();
    tokio::spawn(async move {
        let outcome = match settings {
            Ok(settings) => agent::run(settings, stopped).await,
            Err(error) => Err(anyhow::Error::new(error)),
        };
        if let Err(error) = outcome {
            tracing::error!(%error, "the local agent cannot report this machine");
        }
    })
}
