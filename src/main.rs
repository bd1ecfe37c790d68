//! `tatuscan`: the server, and the agent under one roof.

mod serve;

use std::process::ExitCode;

use tatuscan::agent::{self, Settings};
use tatuscan::config::{self, Command, Destination, Environment};
use tatuscan::store::OpenError;
use tokio::runtime::Builder;

/// The exit code when the store is not what it should be: starting again will not help.
const STORE_REFUSED: u8 = 3;

fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match config::command(std::env::args_os(), &Environment::read()) {
        Ok(Command::Serve(config)) => config.log.start(&config.warnings).and_then(|()| {
            Builder::new_multi_thread()
                .enable_all()
                .build()?
                .block_on(serve::serve(*config))
        }),
        Ok(Command::Agent(config)) => config.log.start(&config.warnings).and_then(|()| {
            Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(report(config))
        }),
        Err(refusal) => return refusal.report(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tatuscan: {error:#}");
            if error.is::<OpenError>() {
                STORE_REFUSED.into()
            } else {
                ExitCode::FAILURE
            }
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
