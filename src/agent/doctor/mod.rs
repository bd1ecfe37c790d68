//! `tatuscan agent doctor`: looks whether this machine can report, and says what to do. It changes
//! nothing, here or on the server.

mod machine;
mod network;
mod server;

use std::path::PathBuf;

use super::client::{Client, Credentials};
use super::{Url, inventory};
use crate::findings::Report;
use crate::trust::Trust;

/// What is looked at.
pub struct Examination {
    /// The server's address; `None` where none is set.
    pub url: Option<Url>,
    /// Which servers are believed.
    pub trust: Trust,
    /// Directory of what must survive a restart.
    pub state_dir: PathBuf,
    /// A token with which the machine gets a key of its own.
    pub enrol_token: Option<String>,
    /// What is read of the machine beyond its report.
    pub inventory: inventory::Options,
}

/// Looks at everything, as far as it can be seen from here.
pub async fn examine(asked: Examination) -> Report {
    let mut report = Report::default();
    let machine_id = machine::look(&asked.state_dir, &mut report);
    machine::look_inside(asked.inventory, &mut report).await;
    let Some(url) = asked.url else {
        let advice = "Set TATUSCAN_URL, or use --url, to the server's address";
        report.fail("address", "TATUSCAN_URL is not set", advice);
        return report;
    };
    let Some(way) = network::look(&url, &mut report).await else { return report };
    let has_token = asked.enrol_token.is_some();
    let credentials =
        Credentials { state_dir: asked.state_dir.clone(), enrol_token: asked.enrol_token };
    match Client::new(&url, asked.trust, credentials) {
        Ok(client) => server::look(&client, &url, &machine_id, has_token, way, &mut report).await,
        Err(error) => report.fail("tls", format!("{error:#}"), "Without it there is no HTTPS"),
    }
    report
}
