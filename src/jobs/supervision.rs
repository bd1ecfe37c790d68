//! What systemd is told of the server, where systemd started it as a service that says so.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::inventory::Inventory;

/// Time between two words to systemd where it does not watch the server.
const IDLE: Duration = Duration::from_secs(60);

/// The server's word to systemd. Elsewhere nobody hears it.
#[derive(Debug, Clone, Copy)]
pub struct Supervision;

impl Supervision {
    /// It takes requests now.
    pub fn ready(self) {
        notify(&[NotifyState::Ready]);
    }

    /// It was asked to stop.
    pub fn stopping(self) {
        notify(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
    }

    /// Says that the server is alive, twice in each time in which systemd wants to hear it, until the
    /// server stops: only while the inventory answers. A server that hangs is started again.
    pub async fn run(self, inventory: Inventory, shutdown: CancellationToken) {
        let mut round =
            tokio::time::interval(sd_notify::watchdog_enabled().map_or(IDLE, |it| it / 2));
        while shutdown.run_until_cancelled(round.tick()).await.is_some() {
            let status = match inventory.machine_count().await {
                Ok(machines) => format!("{machines} machines"),
                // It goes on by itself: to be started again would not help.
                Err(_) => "waits for its database".to_owned(),
            };
            notify(&[NotifyState::Watchdog, NotifyState::Status(&status)]);
        }
    }
}

fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "systemd does not hear it");
    }
}
