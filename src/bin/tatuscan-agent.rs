//! `tatuscan-agent`: the agent alone.

use std::process::ExitCode;

use tatuscan::agent;
use tatuscan::config::{self, Environment};

fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = match config::agent_command(std::env::args_os(), &Environment::read()) {
        Ok(config) => config,
        Err(refusal) => return refusal.report(),
    };
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tatuscan-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: config::Agent) -> anyhow::Result<()> {
    config.log.start(&config.warnings)?;
    let config::Agent { destination, trust, interval, state_dir, .. } = config;
    agent::run_process(destination.into_url(), trust, interval, state_dir)
}
