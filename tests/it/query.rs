//! Lists, totals, facets and summaries against an evaluation so simple that it must be right.

mod search;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Days, TimeDelta, Utc};
use chrono_tz::America::Cuiaba;
use proptest::prelude::*;
use tatuscan::inventory::Inventory;
use tatuscan::model::{
    Asked, Asset, AssetFields, Counts, CustomValue, CustomValues, Exempt, Hardware, HardwareFields,
    HumanFields, Lifecycle, Machine, MachineId, MachinePage, NameKey, Proof, Report, Status,
    StatusCounts, StatusRules, Text,
};
use tatuscan::store::Store;
use tatuscan::wire::parse_query;

use crate::store::places::{self, Place};
use crate::support::machines::{noon, report};
use crate::support::seed::{Round, campaign};

const SYSTEMS: [&str; 4] = ["linux", "Windows", "windows", ""];
const VERSIONS: [&str; 4] = ["Windows 11", "Debian 12", "debian 9", ""];
const MODELS: [Option<&str>; 3] = [None, Some("Dell 7090"), Some("HP G6")];
const AGENTS: [Option<&str>; 3] = [None, Some("0.2.0"), Some("0.10.1")];
const MAKERS: [Option<&str>; 3] = [None, Some("LENOVO"), Some("São Inc.")];
const USERS: [&[&str]; 3] = [&[], &["João"], &["ana", "bea"]];
const TAGS: [&[&str]; 4] = [&[], &["lab"], &["Lab", "büro"], &["server"]];
const SITES: [Option<&str>; 3] = [None, Some("Norte"), Some("SÃO João")];
const MEMORY: [i64; 5] = [2048, 4095, 7856, 8192, 16384];
const NAMES: [&str; 6] = ["lab-1", "LAB-02", "lab-10", "IFMT-7", "ção", ""];

prop_compose! {
    pub(crate) fn any_report()(
        number in 0..60_u16, name in 0..6_usize, system in 0..4_usize, version in 0..4_usize,
        model in 0..3_usize, net in 0..4_u8, silent_s in 0..2_000_000_i64,
        age_days in prop::option::of(-40..5000_i64),
        agent in 0..3_usize,
        manual in prop::bool::weighted(0.1), memory in 0..5_usize, interval_s in prop::option::of(10..4000_u32),
    ) -> Report {
        let activation = age_days.map(|days| noon() - TimeDelta::days(days) - TimeDelta::hours(7));
        Report {
            id: MachineId::stored(&format!("m{number}")),
            hostname: NAMES[name].into(),
            ip: if manual { "0.0.0.0".into() } else { format!("10.{net}.0.{number}").into() },
            os: SYSTEMS[system].into(),
            os_version: Some(VERSIONS[version].into()),
            memory_total_mb: if manual { 0 } else { MEMORY[memory] },
            interval_s,
            proof: Proof::ALL[usize::from(net) % 3],
            human: HumanFields {
                computer_model: MODELS[model].map(Into::into),
                computer_activation: activation,
                ..HumanFields::default()
            },
            agent_version: AGENTS[agent].map(Into::into),
            received_at: noon() - TimeDelta::seconds(silent_s),
            ..report("", 0)
        }
    }
}

prop_compose! {
    pub(crate) fn any_asset()(
        tags in 0..4_usize, site in 0..3_usize, owner in 0..3_usize, lifecycle in 0..4_usize,
        notes in prop::option::of(0..9_u8), days in prop::option::of(-300..300_i64),
        rack in prop::option::of(0..9_u8),
    ) -> Asset {
        AssetFields {
            tags: TAGS[tags].iter().map(|tag| (*tag).into()).collect(),
            site: SITES[site].map(Into::into),
            owner: SITES[owner].map(Into::into),
            lifecycle: Lifecycle::ALL[lifecycle],
            notes: notes.map(|number| format!("fan {number}\nloud").into()),
            warranty_end_date: days.map(|days| noon().date_naive() + TimeDelta::days(days)),
            custom: custom_values(rack, notes),
            ..AssetFields::default()
        }
        .into()
    }
}

prop_compose! {
    /// What an agent found out, with the version that it said before.
    pub(crate) fn any_hardware(agent_version: Option<Text>)(
        maker in 0..3_usize, model in prop::option::weighted(0.3, 0..9_u8),
        serial in prop::option::of(0..9_u8), macs in prop::collection::vec(0..4_u8, 0..3),
        users in 0..3_usize, last in prop::option::of(0..3_u8),
    ) -> Hardware {
        HardwareFields {
            manufacturer: MAKERS[maker].map(Into::into),
            model: model.map(|number| format!("20XW{number}").into()),
            serial: serial.map(|number| format!("PF-{number}X").into()),
            uuid: serial.map(|number| format!("4c4c4544-{number}").into()),
            macs: macs.iter().map(|number| format!("00:1b:21:aa:0{number}:cc").into()).collect(),
            logged_in: USERS[users].iter().map(|name| (*name).into()).collect(),
            last_user: last.map(|number| format!("last-{number}").into()),
            agent_version: agent_version.clone(),
            sections: Vec::new(),
        }
        .into()
    }
}

fn custom_values(rack: Option<u8>, watts: Option<u8>) -> CustomValues {
    let rack = rack.map(|number| ("rack".into(), CustomValue::Text(format!("R-{number}").into())));
    let watts = watts.map(|watts| ("watts".into(), CustomValue::Number(f64::from(watts) / 2.0)));
    rack.into_iter().chain(watts).collect()
}

/// A question: each condition as it stands in the URL.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    parameters: BTreeMap<&'static str, String>,
    /// What `q` says.
    search: search::Search,
}

pub(crate) fn any_conditions() -> impl Strategy<Value = Conditions> {
    let one = |name: &'static str, values: &'static [&'static str]| {
        prop::option::weighted(0.2, prop::sample::select(values))
            .prop_map(move |value| value.map(|value| (name, value.to_owned())))
    };
    let filters = (
        one("os", &["linux", "WINDOWS", "-"]),
        one("os_version", &["Debian 12", "windows 11", "-"]),
        one("model", &["dell 7090", "-"]),
        one("status", &["online", "late,offline", "missing", "manual", "retired,online"]),
        one("ip", &["10.1.0.0/16", "10.2.0.7", "192.168.0.0/16"]),
        one("seen", &[">1h", "<7d", "1h..3d"]),
        one("age", &[">60mo", "<12mo", "100d..1000d", "none", "future"]),
    );
    let kept = (
        one("tag", &["LAB", "BÜRO", "server", "-"]),
        one("lifecycle", &["active", "retired", "stock,repair"]),
        one("site", &["norte", "são joão", "-"]),
        one("owner", &["Norte", "-"]),
        one("agent_version", &["0.2.0", "-"]),
    );
    let pages = (
        one(
            "sort",
            &["hostname", "os", "os_version", "created_at", "updated_at", "computer_activation"],
        ),
        one("dir", &["asc", "desc"]),
        one("limit", &["0", "1", "7", "1000"]),
        one("offset", &["0", "3", "500"]),
    );
    (search::any_search(), filters, kept, pages).prop_map(|(search, f, k, p)| {
        let q = Some(("q", search.to_string()));
        let all =
            [q, f.0, f.1, f.2, f.3, f.4, f.5, f.6, k.0, k.1, k.2, k.3, k.4, p.0, p.1, p.2, p.3];
        Conditions { parameters: all.into_iter().flatten().collect(), search }
    })
}

impl Conditions {
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    fn without(&self, name: &str) -> Self {
        let mut conditions = self.clone();
        conditions.parameters.remove(name);
        conditions
    }

    pub(crate) fn url(&self) -> String {
        let mut url = form_urlencoded::Serializer::new(String::new());
        url.extend_pairs(&self.parameters).finish()
    }

    /// Whether a machine meets every condition.
    fn met(&self, machine: &Machine) -> bool {
        let lower = |text: &str| text.to_lowercase();
        let equal = |name: &str, value: &str| {
            self.get(name).is_none_or(|wanted| {
                lower(value) == if wanted == "-" { String::new() } else { lower(wanted) }
            })
        };
        self.search.is_met(machine)
            && equal("os", &machine.os)
            && equal("os_version", &machine.os_version)
            && equal("model", model(machine).unwrap_or_default())
            && equal("agent_version", machine.hardware.agent_version.as_deref().unwrap_or_default())
            && equal("site", machine.human.asset.site.as_deref().unwrap_or_default())
            && equal("owner", machine.human.asset.owner.as_deref().unwrap_or_default())
            && self.get("tag").is_none_or(|wanted| match wanted {
                "-" => machine.human.asset.tags.is_empty(),
                wanted => machine.human.asset.tags.iter().any(|tag| lower(tag) == lower(wanted)),
            })
            && self.get("lifecycle").is_none_or(|names| {
                names.split(',').any(|name| name == machine.human.asset.lifecycle.name())
            })
            && self
                .get("status")
                .is_none_or(|names| names.split(',').any(|name| name == status_name(machine)))
            && self.get("ip").is_none_or(|network| match network {
                "10.2.0.7" => machine.ip == network,
                network => machine.ip.starts_with(network.split(".0.0/").next().unwrap()),
            })
            && self.get("seen").is_none_or(|span| {
                let ago = noon() - machine.last_seen();
                match span {
                    ">1h" => ago > TimeDelta::hours(1),
                    "<7d" => ago <= TimeDelta::days(7),
                    _ => ago > TimeDelta::hours(1) && ago <= TimeDelta::days(3),
                }
            })
            && self.get("age").is_none_or(|age| match (age, age_days(machine)) {
                ("none", days) => days.is_none(),
                (_, None) => false,
                ("future", Some(days)) => days < 0,
                (_, Some(days)) if days < 0 => false,
                (">60mo", Some(days)) => days as f64 / 30.42 >= 60.0,
                ("<12mo", Some(days)) => (days as f64 / 30.42) < 12.0,
                (_, Some(days)) => (100..1000).contains(&days),
            })
    }

    fn page(&self, machines: &[Machine]) -> (Vec<Machine>, usize) {
        let mut met: Vec<_> =
            machines.iter().filter(|machine| self.met(machine)).cloned().collect();
        let descending = self.get("dir") == Some("desc");
        let sort = self.get("sort").unwrap_or("hostname");
        met.sort_by(|a, b| {
            let name = name_key(a).cmp(&name_key(b));
            if sort == "hostname" {
                return if descending { name.reverse() } else { name };
            }
            let by = |order: Ordering| if descending { order.reverse() } else { order };
            match (column(a, sort), column(b, sort)) {
                (None, None) => name,
                (None, _) => Ordering::Greater,
                (_, None) => Ordering::Less,
                (a, b) => by(a.cmp(&b)).then(name),
            }
        });
        let total = met.len();
        let number = |name: &str| self.get(name).map(|text| text.parse::<usize>().unwrap());
        let skipped = met.into_iter().skip(number("offset").unwrap_or(0));
        (skipped.take(number("limit").unwrap_or(usize::MAX)).collect(), total)
    }
}

fn name_key(machine: &Machine) -> NameKey {
    NameKey::new(&machine.hostname, &machine.id)
}

/// The value of a column, in a form that compares as it should.
fn column(machine: &Machine, sort: &str) -> Option<NameKey> {
    let text = |text: &str| (!text.is_empty()).then(|| NameKey::new(text, &MachineId::stored("")));
    let time = |at: DateTime<Utc>| text(&at.format("%Y%m%d%H%M%S").to_string());
    match sort {
        "os" => text(&machine.os),
        "os_version" => text(&machine.os_version),
        "created_at" => time(machine.created_at),
        "updated_at" => machine.updated_at.and_then(time),
        _ => machine.human.computer_activation.and_then(time),
    }
}

fn status_name(machine: &Machine) -> &'static str {
    match StatusRules::default().judge(&machine.liveness(), noon()) {
        Ok(Status::Online) => "online",
        Ok(Status::Late) => "late",
        Ok(Status::Offline) => "offline",
        Ok(Status::Missing) => "missing",
        Err(Exempt::Manual) => "manual",
        Err(Exempt::Retired) => "retired",
    }
}

/// What people say of the model, otherwise what the firmware says.
fn model(machine: &Machine) -> Option<&str> {
    machine.human.computer_model.as_deref().or(machine.hardware.model.as_deref())
}

fn age_days(machine: &Machine) -> Option<i64> {
    let day = |at: DateTime<Utc>| at.with_timezone(&Cuiaba).date_naive();
    machine.human.computer_activation.map(|at| (day(noon()) - day(at)).num_days())
}

fn tally<'a>(texts: impl Iterator<Item = &'a str>) -> Counts {
    let mut counts = BTreeMap::<&str, usize>::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let mut counts: Vec<_> =
        counts.into_iter().map(|(text, count)| (text.to_owned(), count)).collect();
    let key = |text: &str| NameKey::new(text, &MachineId::stored(text));
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| key(&a.0).cmp(&key(&b.0))));
    counts
}

fn states<'a>(machines: impl Iterator<Item = &'a Machine>) -> StatusCounts {
    let mut states = StatusCounts::default();
    let rules = StatusRules::default();
    machines.for_each(|machine| states.count(rules.judge(&machine.liveness(), noon())));
    states
}

#[tokio::test]
async fn every_answer_is_what_a_naive_evaluation_says() {
    for mut round in campaign(12) {
        evaluate(places::plain().await, &mut round).await;
    }
}

#[tokio::test]
async fn an_sqlite_file_answers_the_same() {
    for mut round in campaign(1) {
        evaluate(places::sqlite().await, &mut round).await;
    }
}

#[tokio::test]
async fn postgres_answers_the_same() {
    for mut round in campaign(1) {
        evaluate(places::postgres().await, &mut round).await;
    }
}

#[tokio::test]
async fn mysql_answers_the_same() {
    for mut round in campaign(1) {
        evaluate(places::mysql().await, &mut round).await;
    }
}

/// A store with machines that know everything of themselves, and what `any_kept` makes of people's part.
pub(crate) async fn filled<S: Strategy<Value = Asset>>(
    place: &dyn Place,
    round: &mut Round,
    any_kept: impl Fn() -> S,
) -> (Arc<dyn Store>, Vec<Machine>) {
    let store = place.open().await;
    let reports = round.any(prop::collection::vec(any_report(), 1..120));
    store.record_reports(reports).await.unwrap();
    let everything = store.machines(&Default::default()).await.unwrap().machines;
    let mut machines: Vec<_> = everything.iter().map(|machine| (**machine).clone()).collect();
    for machine in &mut machines {
        machine.human.asset = round.any(any_kept());
        let agent = machine.hardware.agent_version.clone();
        machine.hardware = round.any(any_hardware(agent));
    }
    store.import_machines(machines.clone()).await.unwrap();
    (store, machines)
}

async fn evaluate(place: Option<Box<dyn Place>>, round: &mut Round) {
    let Some(place) = place else { return };
    let (store, machines) = filled(&*place, round, any_asset).await;
    let inventory = Inventory::new(store, StatusRules::default());
    for _ in 0..40 {
        let conditions = round.any(any_conditions());
        check(&inventory, &machines, &conditions).await;
    }
}

async fn check(inventory: &Inventory, machines: &[Machine], conditions: &Conditions) {
    let url = conditions.url();
    let fields = search::custom_fields();
    let rules = StatusRules::default();
    let asked = Asked { now: noon(), zone: Cuiaba, rules, fields: &fields };
    let query = parse_query(&url, &asked).unwrap();

    let MachinePage { machines: page, total } = inventory.machines(&query).await.unwrap();
    let page: Vec<_> = page.iter().map(|machine| (**machine).clone()).collect();
    assert_eq!((page, total), conditions.page(machines), "{url}");

    let facets = inventory.facets(query.filter.clone(), noon()).await.unwrap();
    let met_without = |name: &str| {
        let conditions = conditions.without(name);
        let met: Vec<_> = machines.iter().filter(|machine| conditions.met(machine)).collect();
        met
    };
    let model = |machine: &&'_ Machine| model(machine).map(Text::from).unwrap_or_default();
    let models: Vec<_> = met_without("model").iter().map(model).collect();
    assert_eq!(facets.total, total, "{url}");
    assert_eq!(facets.os, tally(met_without("os").iter().map(|m| m.os.as_str())), "{url}");
    assert_eq!(
        facets.os_version,
        tally(met_without("os_version").iter().map(|m| m.os_version.as_str())),
        "{url}"
    );
    assert_eq!(facets.model, tally(models.iter().map(|model| model.as_str())), "{url}");
    assert_eq!(facets.status, states(met_without("status").into_iter()), "{url}");

    let tags = |machine: &&'_ Machine| match machine.human.asset.tags.as_slice() {
        [] => vec![String::new()],
        tags => tags.iter().map(ToString::to_string).collect(),
    };
    let tags: Vec<_> = met_without("tag").iter().flat_map(tags).collect();
    assert_eq!(facets.tag, tally(tags.iter().map(String::as_str)), "{url}");
    let text = |text: &Option<Text>| text.clone().unwrap_or_default();
    let sites: Vec<_> =
        met_without("site").iter().map(|machine| text(&machine.human.asset.site)).collect();
    assert_eq!(facets.site, tally(sites.iter().map(Text::as_str)), "{url}");
    let owners: Vec<_> =
        met_without("owner").iter().map(|machine| text(&machine.human.asset.owner)).collect();
    assert_eq!(facets.owner, tally(owners.iter().map(Text::as_str)), "{url}");
    let agents: Vec<_> = met_without("agent_version")
        .iter()
        .map(|machine| text(&machine.hardware.agent_version))
        .collect();
    assert_eq!(facets.agent_version, tally(agents.iter().map(Text::as_str)), "{url}");
    let used = met_without("lifecycle");
    let of = |lifecycle| used.iter().filter(|m| m.human.asset.lifecycle == lifecycle).count();
    assert_eq!(facets.lifecycle, Lifecycle::ALL.map(of), "{url}");

    let summary = inventory.summary(query.filter, noon(), Cuiaba).await.unwrap();
    let met = met_without("");
    assert_eq!(summary.total, total, "{url}");
    assert_eq!(summary.status, states(met.iter().copied()), "{url}");
    assert_eq!(summary.os, tally(met.iter().map(|m| m.os.as_str())), "{url}");
    let week_ago = noon().checked_sub_days(Days::new(7)).unwrap();
    assert_eq!(summary.new_in_7_days, met.iter().filter(|m| m.created_at > week_ago).count());
    let ages: Vec<_> = met.iter().filter_map(|machine| age_days(machine)).collect();
    let known: Vec<_> = ages.iter().copied().filter(|days| *days >= 0).collect();
    assert_eq!((summary.ages.known, summary.ages.future), (known.len(), ages.len() - known.len()));
    assert_eq!(summary.ages.unknown, met.len() - ages.len());
    for (index, count) in summary.ages.ranges.iter().enumerate() {
        let from = [0.0, 12.0, 36.0, 60.0, 120.0][index];
        let to = [12.0, 36.0, 60.0, 120.0, f64::INFINITY][index];
        let within = |days: &&i64| (from..to).contains(&(**days as f64 / 30.42));
        assert_eq!(*count, known.iter().filter(within).count(), "{url} {index}");
    }
    assert_eq!(summary.ages.oldest_months, known.iter().max().map(|days| *days as f64 / 30.42));
    let unknown = met.iter().filter(|machine| machine.memory_total_mb == 0).count();
    assert_eq!(summary.memory.unknown, unknown, "{url}");
    assert_eq!(summary.memory.ranges.iter().sum::<usize>(), total - unknown, "{url}");
    assert!(summary.arrivals.is_sorted_by_key(|machine| std::cmp::Reverse(machine.created_at)));
    assert_eq!(summary.arrivals.len(), total.min(10));
}
