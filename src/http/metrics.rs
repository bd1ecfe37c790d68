//! `/metrics`: what the server does, for Prometheus.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use poem::web::Data;
use poem::{Response, Route, get, handler};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::context::Context;
use super::error::ApiError;
use super::process::{self, Process};
use crate::access::FreeSpace;
use crate::model::access::RefusedSource;
use crate::model::{BackupRun, Filter, StatusCounts};
use crate::store::StoreStats;

/// The path served here, for `OPTIONS`.
pub(super) const PAGES: &[&str] = &["/metrics"];

/// Upper bounds of latencies in seconds: a lone report waits 10 ms for company.
const BUCKETS_S: [f64; 12] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: Arc<str>,
    status: u16,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: Arc<str>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct NetworkLabels {
    network: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

/// What is counted while requests are answered.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<RouteLabels, Histogram>,
    reports: Family<ResultLabels, Counter>,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let (requests, reports) = (Family::default(), Family::default());
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS_S);
        let seconds = Family::new_with_constructor(histogram);
        let mut registry = Registry::with_prefix("tatuscan");
        registry.register("http_requests", "Requests answered", Family::clone(&requests));
        let help = "Time from a request's head to its answer's head";
        registry.register("http_request_seconds", help, Family::clone(&seconds));
        registry.register("reports", "Reports of machines", Family::clone(&reports));
        Self { registry, requests, seconds, reports }
    }

    /// Counts an answered request.
    pub(super) fn answered(
        &self,
        method: &Method,
        route: &Arc<str>,
        status: StatusCode,
        took: Duration,
    ) {
        if method == Method::POST && &**route == "/api/machines" {
            let result = match status.as_u16() {
                201 => "created",
                200 => "updated",
                400..=499 => "refused",
                _ => "failed",
            };
            self.reports.get_or_create(&ResultLabels { result }).inc();
        }
        let labels = RequestLabels {
            method: method_name(method),
            route: Arc::clone(route),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
        let labels = RouteLabels { route: Arc::clone(route) };
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
    }

    fn text(
        &self,
        refused: &[RefusedSource],
        store: &StoreStats,
        states: StatusCounts,
        process: &Process,
        space: Option<FreeSpace>,
        backup: Option<&BackupRun>,
    ) -> Result<String, std::fmt::Error> {
        let mut text = String::with_capacity(16 << 10);
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &refused_registry(refused))?;
        encode_registry(&mut text, &store_registry(store, states))?;
        encode_registry(&mut text, &process_registry(process))?;
        if let Some(space) = space {
            encode_registry(&mut text, &space_registry(space))?;
        }
        if let Some(backup) = backup {
            encode_registry(&mut text, &backup_registry(backup))?;
        }
        encode_eof(&mut text)?;
        Ok(text)
    }
}

/// The methods that are told apart; anything else a client makes up is one.
fn method_name(method: &Method) -> &'static str {
    [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE, Method::OPTIONS]
        .iter()
        .zip(["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"])
        .find_map(|(known, name)| (known == method).then_some(name))
        .unwrap_or("other")
}

fn refused_registry(refused: &[RefusedSource]) -> Registry {
    let mut registry = Registry::with_prefix("tatuscan");
    let sources = Family::<NetworkLabels, Gauge>::default();
    for source in refused {
        let reports = i64::try_from(source.reports).unwrap_or(i64::MAX);
        sources.get_or_create(&NetworkLabels { network: source.network.to_string() }).set(reports);
    }
    let help = "Reports refused for want of a token, from networks that sent some within 30 days, by \
                the network that TATUSCAN_LEGACY_CIDRS would have to hold to admit them";
    registry.register("refused_reports", help, sources);
    registry
}

fn store_registry(store: &StoreStats, states: StatusCounts) -> Registry {
    let mut registry = Registry::with_prefix("tatuscan");
    let machines = Family::<StatusLabels, Gauge>::default();
    for (status, count) in [
        ("online", states.online),
        ("late", states.late),
        ("offline", states.offline),
        ("missing", states.missing),
        ("manual", states.manual),
        ("retired", states.retired),
    ] {
        machines.get_or_create(&StatusLabels { status }).set(gauge(count));
    }
    registry.register("machines", "Machines by state", machines);
    let mut counter = |name: &str, help: &str, value: u64| {
        registry.register(name, help, counted(value));
    };
    counter("store_commits", "Batches made durable", store.commits);
    counter(
        "store_commit_bytes",
        "Bytes of the batches, before the store's own",
        store.commit_bytes,
    );
    counter("store_requests", "Requests that shared those batches", store.requests);
    counter("store_folds", "Folds of the journal", store.folds);
    counter("store_failures", "Times that the store went from working to failing", store.failures);
    let mut seconds = |name: &str, help: &str, value: f64| {
        let counter = Counter::<f64, std::sync::atomic::AtomicU64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    };
    seconds("store_commit_seconds", "Time spent on making batches durable", store.commit_seconds);
    seconds("store_fold_seconds", "Time spent on folding the journal", store.fold_seconds);
    let waiting = Gauge::<i64>::default();
    waiting.set(gauge(store.waiting));
    registry.register("store_waiting", "Requests that wait for a batch", waiting);
    registry
}

fn process_registry(process: &Process) -> Registry {
    let mut registry = Registry::with_prefix("process");
    let mut number = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    number("resident_memory_bytes", "Memory in use", process.resident_bytes);
    number("open_fds", "Open descriptors", process.descriptors);
    number("start_time_seconds", "When the process began, since 1970", process.started_s);
    let seconds = Counter::<f64, std::sync::atomic::AtomicU64>::default();
    seconds.inc_by(process.cpu_seconds);
    registry.register("cpu_seconds", "Processor time used", seconds);
    registry
}

/// Of the device that the inventory is on.
fn space_registry(space: FreeSpace) -> Registry {
    let mut registry = Registry::with_prefix("tatuscan");
    let mut number = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        registry.register(name, help, gauge);
    };
    number("free_bytes", "Space that is free where the inventory is kept", space.bytes);
    number("min_free_bytes", "Space below which no report is taken", space.needed);
    registry
}

/// Of the backups that servers take by themselves.
fn backup_registry(backup: &BackupRun) -> Registry {
    let mut registry = Registry::with_prefix("tatuscan_backup");
    let mut number = |name: &str, help: &str, value: i64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    if let Some(at) = backup.succeeded_at {
        let help = "The moment that the last good backup is of, since 1970";
        number("last_success_timestamp_seconds", help, at.timestamp());
        let bytes = i64::try_from(backup.bytes).unwrap_or(i64::MAX);
        number("last_success_bytes", "The length of the last good backup", bytes);
    }
    let help = "Whether the last backup failed";
    number("last_failed", help, i64::from(backup.error.is_some()));
    registry
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn counted(value: u64) -> Counter {
    let counter = Counter::default();
    counter.inc_by(value);
    counter
}

pub(super) fn routes(route: Route) -> Route {
    route.at("/metrics", get(show))
}

#[handler]
async fn show(
    context: Data<&Arc<Context>>,
    metrics: Data<&Arc<Metrics>>,
) -> Result<Response, ApiError> {
    let presenter = context.presenter();
    let summary =
        context.inventory.summary(Filter::default(), presenter.now, presenter.zone).await?;
    let process = process::observe(presenter.now);
    let refused = context.access.refused_sources(presenter.now).await?;
    let backup = context.inventory.last_backup().await?;
    let stats = context.inventory.stats();
    let space = context.access.free_space();
    let text = metrics.text(&refused, &stats, summary.status, &process, space, backup.as_deref());
    let text = text.map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ApiError::internal(status, "The server failed", &error.to_string())
    })?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(Response::builder().content_type(kind).body(text))
}
