//! The pieces of the server's work, each alone: `cargo bench --bench pieces`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]

use std::hint::black_box;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::America::Cuiaba;
use divan::Bencher;
use divan::counter::ItemsCount;
use tatuscan::model::{
    Asked, AssetFields, CustomValue, Lifecycle, Machine, MachineQuery, Report, StatusRules,
};
use tatuscan::store::Store;
use tatuscan::store::redb::RedbStore;
use tatuscan::wire::{Presenter, parse_query, parse_report};

const MACHINES: usize = 20_000;

fn main() {
    divan::main();
}

fn now() -> DateTime<Utc> {
    // Noon, which is the same day in every zone that is asked in.
    DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(20_000 * 24 + 12)
}

fn body(number: usize) -> String {
    let systems = ["Windows 10", "Windows 11", "Debian GNU/Linux 12 (bookworm)", "macOS 14.5"];
    format!(
        "{{\"machine_id\":\"{:064x}\",\"hostname\":\"lab-{:02}-pc{number}\",\"ip\":\"10.0.{}.{}\",\
         \"os\":\"{}\",\"os_version\":\"{}\",\"cpu_percent\":12.5,\"memory_total_mb\":16068,\
         \"memory_used_mb\":4211,\"timestamp\":\"2026-11-23T07:24:37Z\"}}",
        (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        number % 20,
        number / 256 % 256,
        number % 256,
        ["windows", "linux"][number % 2],
        systems[number % 4],
    )
}

fn reports(count: usize) -> Vec<Report> {
    (0..count).map(|number| parse_report(body(number).as_bytes(), Cuiaba, now()).unwrap()).collect()
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let body = body(7);
    bencher
        .counter(ItemsCount::new(1_usize))
        .bench(|| parse_report(black_box(body.as_bytes()), Cuiaba, now()).unwrap());
}

/// A batch of reports, durable.
#[divan::bench(args = [2, 64, 1024], sample_count = 20)]
fn store_batch(bencher: Bencher<'_, '_>, size: usize) {
    let (runtime, _directory, store) = store(MACHINES);
    let batch = reports(size);
    bencher
        .counter(ItemsCount::new(size))
        .with_inputs(|| batch.clone())
        .bench_values(|batch| runtime.block_on(store.record_reports(batch)).unwrap());
}

/// A machine of which people know everything.
fn kept(number: usize, machine: &Machine) -> Machine {
    let (text, day) =
        (|name: &str| Some(format!("{name} {}", number % 40).into()), now().date_naive());
    let mut machine = machine.clone();
    machine.human.computer_model = text("Dell OptiPlex 7090");
    machine.human.computer_activation = Some(now() - chrono::TimeDelta::days(2_000));
    machine.human.asset = AssetFields {
        tags: vec!["lab".into(), format!("batch {}", number % 9).into()],
        notes: text("Fan replaced in March; the second disk came from the old server. Ask Ana"),
        site: text("Campus"),
        building: text("Bloco"),
        room: text("Sala"),
        owner: text("Coordenação de Informática"),
        asset_number: Some(number.to_string().into()),
        lifecycle: Lifecycle::Active,
        purchase_date: Some(day),
        warranty_end_date: Some(day),
        custom: [("rack".into(), CustomValue::Text("R-7".into()))].into_iter().collect(),
        later: None,
    }
    .into();
    machine
}

/// Every kind of condition, each of which every machine meets, so that all are looked at.
const EVERYTHING: &str = "limit=100&q=lab+pc+10.0+%22s%22+-xyz+-00:1b:21:aa:bb:cc+hostname:lab,pc+\
    os:win,lin+version:1+-model:hp+ip:10.0.0.0/8+-mac:001b21aabbcc+-id:ffffff+\
    memory:8g..32g+-status:manual+seen:<1y+created:%3C2999+age:>1y+activated:%3C2999+has:age+tag:lab+-tag:x+\
    site:campus+building:bloco+room:sala+owner:coordenacao+-asset:x+notes:ana+lifecycle:active+\
    warranty:<90d+purchased:<1y+no:activation_days";

/// A page of 100 of 20,000 machines.
#[divan::bench(args = [
    "limit=100",
    "limit=100&sort=os_version&dir=desc",
    "limit=100&sort=updated_at",
    "limit=100&q=lab+07",
    "limit=100&q=version:%22windows+11%22+-hostname:pc1+memory:8g..32g",
    "limit=100&q=tag:lab+site:%22campus+7%22+warranty:<90d",
    "limit=100&q=-id:00+-mac:00:1b:21:aa:bb:cc+age:none",
    "everything",
    "limit=100&status=online&os=windows&ip=10.0.0.0%2F16",
])]
fn page(bencher: Bencher<'_, '_>, url: &str) {
    let (runtime, _directory, store) = store(MACHINES);
    let everything = runtime.block_on(store.machines(&MachineQuery::default())).unwrap();
    let kept =
        everything.machines.iter().enumerate().map(|(number, machine)| kept(number, machine));
    runtime.block_on(store.import_machines(kept.collect())).unwrap();
    let rules = StatusRules::default();
    let asked = Asked { now: now(), zone: Cuiaba, rules, fields: &[] };
    let url = if url == "everything" { EVERYTHING } else { url };
    let ask = || {
        let query = parse_query(black_box(url), &asked).unwrap();
        runtime.block_on(store.machines(&query)).unwrap()
    };
    assert!(url != EVERYTHING || ask().total == MACHINES);
    bencher.bench(ask);
}

/// Every machine as JSON.
#[divan::bench]
fn serialise(bencher: Bencher<'_, '_>) {
    let (runtime, _directory, store) = store(MACHINES);
    let page = runtime.block_on(store.machines(&MachineQuery::default())).unwrap();
    let presenter = Presenter { zone: Cuiaba, now: now(), rules: StatusRules::default() };
    bencher
        .counter(ItemsCount::new(MACHINES))
        .bench(|| serde_json::to_vec(&presenter.machines(&page.machines)).unwrap().len());
}

/// Opening a store with every machine in it.
#[divan::bench(args = [20_000, 100_000], sample_count = 5)]
fn open(bencher: Bencher<'_, '_>, machines: usize) {
    let (_, directory, store) = store(machines);
    drop(store);
    let path = directory.path().join("tatuscan.redb");
    bencher.bench_local(|| RedbStore::open(&path).unwrap());
}

fn store(machines: usize) -> (tokio::runtime::Runtime, tempfile::TempDir, Arc<RedbStore>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&directory.path().join("tatuscan.redb")).unwrap();
    runtime.block_on(store.record_reports(reports(machines))).unwrap();
    (runtime, directory, Arc::new(store))
}
