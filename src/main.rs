//! `tatuscan`: the server, and the agent under one roof.

mod install;
mod serve;

use std::fmt::Display;
use std::process::ExitCode;

use tatuscan::admin::{
    backup, dedupe, doctor, export, healthcheck, import, loadgen, machine, manage, migrate, restore,
};
use tatuscan::cli;
use tatuscan::config::{self, Command, Environment, Serve};
use tatuscan::findings::Verdict;
use tatuscan::model::for_terminal;
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
        Ok(Command::Agent(config)) => workstation::start(config).and_then(judge),
        Ok(Command::Backup(config)) => say(backup::run(*config)),
        Ok(Command::Restore(config)) => say(restore::run(*config)),
        Ok(Command::Doctor(config)) => examine(*config),
        Ok(Command::Migrate(config)) => say(migrate::run(*config)),
        Ok(Command::Export(config)) => export_machines(&config),
        Ok(Command::Dedupe(config)) => say(dedupe::run(&config)),
        Ok(Command::Import(config)) => say(import::run(&config)),
        Ok(Command::Machine(target, task)) => say(machine::run(&target, task)),
        Ok(Command::Manage(target, management)) => say(manage::run(&target, management)),
        Ok(Command::Installation(installation)) => install::attend(installation),
        Ok(Command::Healthcheck(place)) => say(healthcheck::run(&place)),
        Ok(Command::Completions(raw)) => {
            install::print_completions(&raw);
            Ok(())
        }
        Ok(Command::Man(raw)) => install::write_manual(raw.to.as_deref()),
        Ok(Command::Loadgen(raw)) => put_under_load(&raw),
        Err(refusal) => return refusal.report(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Unwell>() => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("tatuscan: {}", for_terminal(&format!("{error:#}")));
            let refused = error.downcast_ref().is_some_and(OpenError::is_refusal);
            if refused { STORE_REFUSED.into() } else { ExitCode::FAILURE }
        }
    }
}

/// Does what a command asks, and prints what came of it.
fn say<T: Display>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<()> {
    make_private();
    print!("{}", for_terminal(&Runtime::new()?.block_on(work)?.to_string()));
    Ok(())
}

fn export_machines(config: &config::Export) -> anyhow::Result<()> {
    make_private();
    Runtime::new()?.block_on(export::run(config))
}

/// The doctor found something that fails, and has said so.
#[derive(Debug, thiserror::Error)]
#[error("something is wrong")]
struct Unwell;

fn examine(config: config::Doctor) -> anyhow::Result<()> {
    let is_json = config.json;
    make_private();
    let report = Runtime::new()?.block_on(doctor::run(config))?;
    let shown = if is_json { report.to_json() } else { report.to_string() };
    print!("{}", for_terminal(&shown));
    judge(report.verdict())
}

fn judge(verdict: Verdict) -> anyhow::Result<()> {
    if verdict == Verdict::Fail { Err(Unwell.into()) } else { Ok(()) }
}

/// What is made is nobody else's: hashes of passwords are in it.
fn make_private() {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
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
    make_private();
    config.log.start(&config.warnings)?;
    Runtime::new()?.block_on(serve::serve(config))
}
