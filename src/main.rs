//! `tatuscan`: the server, and the agent under one roof.

mod serve;

use std::process::ExitCode;

use tatuscan::admin::{export, loadgen, manage, migrate};
use tatuscan::cli;
use tatuscan::config::{self, Command, Environment, Serve};
use tatuscan::store::OpenError;
use tatuscan::workstation;
use tokio::runtime::{Builder, Runtime};

/// The exit code when the store is not what it should be: starting again will not help.
const STORE_REFUSED: u8 = 3;

fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match config::command(std::env::args_os(), &Environment::read()) {
        Ok(Command::Serve(config)) => start_server(*config),
        Ok(Command::Agent(config)) => workstation::start(config),
        Ok(Command::Migrate(config)) => copy_inventory(*config),
        Ok(Command::Export(config)) => export_machines(&config),
        Ok(Command::Manage(target, management)) => administer(&target, management),
        Ok(Command::Loadgen(raw)) => put_under_load(&raw),
        Err(refusal) => return refusal.report(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tatuscan: {error:#}");
            let refused = error.downcast_ref().is_some_and(OpenError::is_refusal);
            if refused { STORE_REFUSED.into() } else { ExitCode::FAILURE }
        }
    }
}

fn copy_inventory(config: config::Migrate) -> anyhow::Result<()> {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    let outcome = Runtime::new()?.block_on(migrate::run(config))?;
    print!("{outcome}");
    Ok(())
}

fn export_machines(config: &config::Export) -> anyhow::Result<()> {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    Runtime::new()?.block_on(export::run(config))
}

fn administer(target: &config::Target, management: config::Management) -> anyhow::Result<()> {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    print!("{}", Runtime::new()?.block_on(manage::run(target, management))?);
    Ok(())
}

fn put_under_load(raw: &cli::Loadgen) -> anyhow::Result<()> {
    let settings = loadgen::Settings::from_raw(raw)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(loadgen::run(settings))?;
    if raw.json {
        println!("{}", serde_json::to_string(&outcome)?);
    } else {
        print!("{outcome}");
    }
    Ok(())
}

fn start_server(config: Serve) -> anyhow::Result<()> {
    // What the server makes is nobody else's: hashes of passwords are in it.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    config.log.start(&config.warnings)?;
    Runtime::new()?.block_on(serve::serve(config))
}
