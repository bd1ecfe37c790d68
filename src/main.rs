//! `tatuscan`: the server, and the agent under one roof.

use std::process::ExitCode;

use anyhow::bail;
use tatuscan::agent;
use tatuscan::config::{self, Command, Environment, Serve, prepare_data_dir};
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match config::command(std::env::args_os(), &Environment::read()) {
        Ok(Command::Serve(config)) => start_server(*config),
        Ok(Command::Agent(config)) => start_agent(config),
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

fn start_agent(config: config::Agent) -> anyhow::Result<()> {
    config.log.start(&config.warnings)?;
    agent::run_process(
        config.destination.into_url(),
        config.interval,
        config.state_dir,
    )
}

fn start_server(config: Serve) -> anyhow::Result<()> {
    config.log.start(&config.warnings)?;
    Runtime::new()?.block_on(serve(config))
}

async fn serve(config: Serve) -> anyhow::Result<()> {
    if let Some(uri) = &config.database_uri {
        bail!(
            "SQLALCHEMY_DATABASE_URI (--database-uri): {uri} cannot be used yet, SQL databases \
             come with the next release. Leave it empty to keep the inventory in a file"
        );
    }
    prepare_data_dir(&config.data_dir)?;
    bail!("the server is not linked yet")
}
