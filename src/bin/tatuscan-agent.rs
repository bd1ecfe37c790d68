//! `tatuscan-agent`: the agent alone.

use std::process::ExitCode;

use tatuscan::config::{self, Environment};
use tatuscan::findings::Verdict;
use tatuscan::workstation;

fn main() -> ExitCode {
    // Fails only when a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[cfg(windows)]
    match workstation::answer_the_system() {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tatuscan-agent: {error:#}");
            return ExitCode::FAILURE;
        }
    }
    let config = match config::agent_command(std::env::args_os(), &Environment::read()) {
        Ok(config) => config,
        Err(refusal) => return refusal.report(),
    };
    match workstation::start(config) {
        Ok(Verdict::Fail) => ExitCode::FAILURE,
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tatuscan-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}
