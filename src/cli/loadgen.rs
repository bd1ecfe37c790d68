//! Putting a server under load.

use clap::Args;

/// What each request of the load generator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Work {
    /// Reports of the fleet's machines
    Report,
    /// `{}` as a report, which is refused: the cost of the HTTP loop alone
    Empty,
    /// One page of the list, sorted and filtered in changing ways
    Page,
    /// The whole list
    List,
    /// The same machines' figures as VictoriaMetrics imports them: /api/v1/import/prometheus
    Import,
    /// The same machines' figures as the Prometheus Pushgateway takes them: /metrics/job/…/instance/…
    Push,
}

/// Options of the load generator.
#[derive(Debug, Clone, Args)]
pub struct Loadgen {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8040")]
    pub url: String,

    /// What each request asks for
    #[arg(long, value_enum, default_value = "report")]
    pub work: Work,

    /// Requests under way at once
    #[arg(long, default_value_t = 64)]
    pub connections: usize,

    /// Requests a second; without it, as many as are answered
    #[arg(long)]
    pub rate: Option<f64>,

    /// Machines in the fleet
    #[arg(long, default_value_t = 20_000)]
    pub machines: usize,

    /// How long to go on
    #[arg(long, default_value = "10s")]
    pub duration: String,

    /// Chooses the fleet
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// A token to send with each request that is not signed
    #[arg(long)]
    pub token: Option<String>,

    /// Enrol every machine with this token first, and sign its reports
    #[arg(long, value_name = "TOKEN")]
    pub enrol_token: Option<String>,

    /// Of a hundred requests, how many read a page instead
    #[arg(long, default_value_t = 0)]
    pub reads: u8,

    /// Write each machine's last acknowledged report to this file
    #[arg(long)]
    pub ack_log: Option<std::path::PathBuf>,

    /// Check at the end that every acknowledged report is in the list
    #[arg(long)]
    pub verify: bool,

    /// The server's process, to observe
    #[arg(long)]
    pub pid: Option<u32>,

    /// Time between two lines about the run
    #[arg(long)]
    pub progress: Option<String>,

    /// Print the outcome as JSON
    #[arg(long)]
    pub json: bool,
}
