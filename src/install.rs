//! The services of a machine, put together from the server's and the agent's.

use std::io;
use std::path::Path;

use clap::CommandFactory as _;
use tatuscan::admin::service as server;
use tatuscan::agent::service as agent;
use tatuscan::cli;
use tatuscan::config::{Environment, Installation, ServicePlace};
use tatuscan::systemd::{Place, tell};
use tokio::runtime::Runtime;

/// Installs or removes the server, and with it this machine's agent where that is asked for. The
/// original's agent, which went by the server's name, becomes one with its own.
pub(crate) fn attend(installation: Installation) -> anyhow::Result<()> {
    match installation {
        Installation::Install { settings, with_agent, place } => {
            let place = at(place);
            let had_agent = server::agent_under_the_servers_name(&place);
            if had_agent {
                agent::install(&[], &place)?;
            }
            let runtime = Runtime::new()?;
            let installed = runtime.block_on(server::install(&settings, &place))?;
            if with_agent && !had_agent {
                let is_new = place.is_live() && !agent::is_installed(&place);
                let way = runtime.block_on(installed.for_an_agent(is_new))?;
                agent::install(&way, &place)?;
            }
            if place.is_live() && !with_agent {
                tell(format_args!("Agents are installed with: tatuscan agent install --url URL"));
            }
            Ok(())
        }
        Installation::Uninstall { purge, place } => server::uninstall(purge, &at(place)),
    }
}

fn at(place: ServicePlace) -> Place {
    Place { is_dry_run: place.is_dry_run, destination: place.destination }
}

/// Prints what a shell needs to complete the command line.
pub(crate) fn print_completions(raw: &cli::Completions) {
    let mut command = cli::Tatuscan::command();
    clap_complete::generate(raw.shell, &mut command, "tatuscan", &mut io::stdout());
}

/// Writes manual pages into a directory, or the first one to standard output.
pub(crate) fn write_manual(to: Option<&Path>) -> anyhow::Result<()> {
    // Options then name the variables behind them.
    let documented = |command: clap::Command| Environment::default().fill(command);
    let server = documented(cli::Tatuscan::command());
    let Some(directory) = to else {
        return Ok(clap_mangen::Man::new(server).render(&mut io::stdout())?);
    };
    std::fs::create_dir_all(directory)?;
    clap_mangen::generate_to(server, directory)?;
    let agent = documented(cli::TatuscanAgent::command());
    let page = clap_mangen::Man::new(agent);
    let mut file = std::fs::File::create(directory.join("tatuscan-agent.1"))?;
    Ok(page.render(&mut file)?)
}
