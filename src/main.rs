//! `tatuscan`: the server, and the agent under one roof.

use std::process::ExitCode;

use anyhow::bail;
use tatuscan::agent::{self, Settings};
use tatuscan::config::{self, Command, Destination, Environment, Serve, prepare_data_dir};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match config::command(std::env::args_os(), &Environment::read()) {
        Ok(Command::Serve(config)) => config.log.start(&config.warnings).and_then(|()| {
            Builder::new_multi_thread()
                .enable_all()
                .build()?
                .block_on(serve(*config))
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
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Serve) -> anyhow::Result<()> {
    if let Some(uri) = &config.database_uri {
        bail!(
            "SQLALCHEMY_DATABASE_URI (--database-uri): {uri} cannot be used yet: SQL databases \
             come with the next release. Leave it empty to keep the inventory in a file"
        );
    }
    prepare_data_dir(&config.data_dir)?;
    bail!("the server is not linked yet")
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
