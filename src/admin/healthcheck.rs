//! `tatuscan healthcheck`: whether the server of this machine answers, for containers and scripts.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Client;

use super::presence::Presence;
use crate::config::StorePlace;

/// How long an answer may take: less than a container's own patience.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks the server how it is, and answers what to print.
///
/// # Errors
/// When none runs, or none that is well.
pub async fn run(place: &StorePlace) -> anyhow::Result<String> {
    let Some(presence) = Presence::of(&place.data_dir) else {
        bail!(
            "no server runs over {}: there is no server.json; TATUSCAN_DB_DIR (--data-dir) says \
             where it is",
            place.data_dir.display()
        );
    };
    let url = &presence.url;
    let builder = Client::builder().no_proxy().timeout(PATIENCE);
    let client = presence.trust()?.client_for(url, builder)?;
    let answer = client.get(format!("{url}/api/health")).send().await;
    let answer =
        answer.with_context(|| format!("{url} does not answer; the server's log says why"))?;
    if !answer.status().is_success() {
        bail!(
            "{url} answers, but its store does not work ({}); the server's log says why",
            answer.status()
        );
    }
    Ok(format!("{url} is well\n"))
}
