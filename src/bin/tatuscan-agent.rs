//! `tatuscan-agent`: the agent alone.

use std::process::ExitCode;

use tatuscan::agent::{self, Settings};
use tatuscan::config::{self, Destination, Environment};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = match config::agent_command(std::env::args_os(), &Environment::read()) {
        Ok(config) => config,
        Err(refusal) => return refusal.report(),
    };
    let result = config.log.start(&config.warnings).and_then(|()| {
        Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(report(config))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tatuscan-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn report(config: config::Agent) -> anyhow::Result<()> {
    let config::Agent {
        destination,
        interval,
        state_dir,
        ..
    } = config;
    match destination {
        Destination::Server(url) => {
            let settings = Settings {
                url: url.into_url(),
                interval,
                state_dir,
            };
            agent::run(settings, agent::stop_requested()).await
        }
        Destination::Stdout => agent::print(state_dir, interval).await,
    }
}
