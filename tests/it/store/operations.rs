//! Random operations, also with the store closed and opened between them, against a model that
//! keeps the machines in a map.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use tatuscan::model::{
    AssetEdit, CustomValue, Filter, HumanEdit, HumanFields, Lifecycle, Machine, MachineId,
    MachineQuery, NameKey, Proof, Report, SectionName, Sort, Text, with_tags,
};
use tatuscan::store::{Section, Store, StoreError};

use super::places::Place;
use super::sections::{self, put};
use crate::support::machines::{noon, report, section};
use crate::support::seed::campaign;

#[derive(Debug, Clone)]
enum Operation {
    Report(Vec<Report>),
    Edit(MachineId, Box<HumanEdit>),
    Delete(MachineId),
    Section(MachineId, Arc<Section>),
    Reopen,
}

fn any_id() -> impl Strategy<Value = MachineId> {
    (0..12_u8).prop_map(|n| MachineId::stored(&format!("m{n}")))
}

fn any_report() -> impl Strategy<Value = Report> {
    let fields = (any_id(), 0..9_u8, 0..3_u8, any::<bool>(), 0..1000_i64, 0..1000_i64);
    fields.prop_map(|(id, name, os, brief, seconds, memory)| Report {
        proof: Proof::ALL[usize::from(name) % 3],
        agent_version: brief.then(|| format!("1.{os}").into()),
        hostname: format!("pc-{name}").into(),
        os: ["", "linux", "Windows"][usize::from(os)].into(),
        os_version: (!brief).then(|| format!("{os}.{name}").into()),
        memory_used_mb: (!brief).then_some(memory),
        human: HumanFields {
            activation_days: brief.then_some(i32::from(name)),
            ..HumanFields::default()
        },
        id,
        ..report("", seconds)
    })
}

fn any_section() -> impl Strategy<Value = (MachineId, Arc<Section>)> {
    let name = prop::sample::select(&SectionName::ALL[..3]);
    let content = prop::collection::vec("[a-zé]{0,5}", 0..9);
    (any_id(), name, content, 0..1000_i64).prop_map(|(id, name, content, seconds)| {
        (id, section(name, &serde_json::json!(content).to_string(), seconds))
    })
}

fn any_edit() -> impl Strategy<Value = HumanEdit> {
    let model = prop::option::of(prop::option::of("[a-z]{1,8}"));
    let days = prop::option::of(prop::option::of(0..99_i32));
    let asset = prop_oneof![Just(AssetEdit::default()), any_asset_edit()];
    let activation = prop::option::of(prop::option::of(0..9999_i64));
    (model, days, activation, asset).prop_map(|(model, days, at, asset)| {
        let time = |seconds| noon() + chrono::TimeDelta::seconds(seconds);
        HumanEdit {
            computer_model: model.map(|model| model.map(Into::into)),
            activation_days: days,
            computer_activation: at.map(|at| at.map(time)),
            asset,
        }
    })
}

fn any_asset_edit() -> impl Strategy<Value = AssetEdit> {
    let tag = || prop::sample::select(&["lab", "LAB", "Sala 12", "ção"][..]).prop_map(Text::from);
    let tags = || prop::collection::vec(tag(), 0..3);
    let text = || prop::option::of(prop::option::of("[a-zé\n]{1,30}"));
    let day = |days| NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + TimeDelta::days(days);
    let date = prop::option::of(prop::option::of((0..999_i64).prop_map(day)));
    let value = prop_oneof![
        "[a-z ]{0,9}".prop_map(|text| CustomValue::Text(text.into())),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(CustomValue::Number),
        any::<bool>().prop_map(CustomValue::YesNo),
        (0..999_i64).prop_map(move |days| CustomValue::Date(day(days))),
    ];
    let custom = prop::collection::btree_map(tag(), prop::option::of(value), 0..3);
    let uses = prop::option::of(prop::sample::select(&Lifecycle::ALL[..]));
    let tags = (prop::option::weighted(0.2, tags()), tags(), tags());
    let fields = (text(), text(), text(), date, uses, any::<bool>(), custom);
    (tags, fields).prop_map(|((tags, add_tags, remove_tags), fields)| {
        let (notes, site, room, purchase_date, lifecycle, clear_custom, custom) = fields;
        let text = |text: Option<Option<String>>| text.map(|text| text.map(Text::from));
        AssetEdit {
            tags: tags.map(|tags| with_tags(&tags, &[])),
            add_tags,
            remove_tags,
            notes: text(notes),
            site: text(site),
            room: text(room),
            purchase_date,
            lifecycle,
            clear_custom,
            custom,
            ..AssetEdit::default()
        }
    })
}

fn any_operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => prop::collection::vec(any_report(), 0..6).prop_map(Operation::Report),
        3 => (any_id(), any_edit()).prop_map(|(id, edit)| Operation::Edit(id, Box::new(edit))),
        3 => any_id().prop_map(Operation::Delete),
        4 => any_section().prop_map(|(id, section)| Operation::Section(id, section)),
        1 => Just(Operation::Reopen),
    ]
}

/// What a store must do, in the simplest words.
#[derive(Default)]
struct Model(HashMap<MachineId, Machine>, BTreeMap<(MachineId, SectionName), String>);

impl Model {
    fn report(&mut self, report: Report) -> (Machine, bool) {
        let known = self.0.get(&report.id);
        let created = known.is_none();
        let machine = match known {
            Some(machine) => machine.reported(report),
            None => Machine::first_seen(report),
        };
        self.0.insert(machine.id.clone(), machine.clone());
        (machine, created)
    }

    fn page(&self, query: &MachineQuery) -> Vec<Machine> {
        let mut machines: Vec<_> = self.0.values().cloned().collect();
        machines.sort_by_key(|machine| NameKey::new(&machine.hostname, &machine.id));
        match query.sort {
            Sort::UpdatedAt => machines.sort_by_key(|m| (m.updated_at.is_none(), m.updated_at)),
            Sort::OsVersion => machines.sort_by_key(|m| {
                let text = NameKey::new(&m.os_version, &MachineId::stored(""));
                (m.os_version.is_empty(), text)
            }),
            _ => assert_eq!(query.sort, Sort::Hostname),
        }
        let end = query.limit.map_or(usize::MAX, |limit| query.offset.saturating_add(limit));
        let end = end.min(machines.len());
        machines[query.offset.min(end)..end].to_vec()
    }
}

pub(super) async fn random_operations_agree_with_the_model(place: &dyn Place) {
    let mut store = place.open().await;
    for mut round in campaign(20) {
        let mut model = Model::default();
        for machine in store.machines(&MachineQuery::default()).await.unwrap().machines {
            store.delete_machine(&machine.id).await.unwrap();
        }
        for operation in round.any(prop::collection::vec(any_operation(), 1..40)) {
            let context = format!("{operation:?}");
            store = apply(store, place, &mut model, operation).await;
            agree(&*store, &model, &context).await;
        }
    }
}

async fn apply(
    store: Arc<dyn Store>,
    place: &dyn Place,
    model: &mut Model,
    operation: Operation,
) -> Arc<dyn Store> {
    match operation {
        Operation::Report(reports) => {
            let recorded = store.record_reports(reports.clone()).await.unwrap();
            assert_eq!(recorded.len(), reports.len());
            for (recorded, report) in recorded.iter().zip(reports) {
                let (machine, created) = model.report(report);
                assert_eq!((&*recorded.machine, recorded.created), (&machine, created));
            }
        }
        Operation::Edit(id, edit) => {
            let edited = store.edit_machine(&id, (*edit).clone()).await;
            let expected = model.0.get_mut(&id).map(|machine| {
                *machine = machine.edited(&edit);
                machine.clone()
            });
            assert_eq!(edited.map(|m| (*m).clone()), expected.ok_or(StoreError::NotFound));
        }
        Operation::Delete(id) => {
            let deleted = store.delete_machine(&id).await;
            let expected = model.0.remove(&id).map(|_| ()).ok_or(StoreError::NotFound);
            assert_eq!(deleted, expected);
            model.1.retain(|(of, _), _| *of != id);
        }
        Operation::Section(id, section) => {
            let serial = section.content().unwrap();
            let put = put(&*store, &id, Arc::clone(&section), Some(&serial)).await;
            let expected = model.0.get_mut(&id).map(|machine| {
                machine.hardware = machine.hardware.with(|hardware| {
                    hardware.serial = Some(serial.as_str().into());
                    hardware.receive(*section.received());
                });
                model.1.insert((id, section.received().name), serial);
                machine.clone()
            });
            assert_eq!(put.map(|m| (*m).clone()), expected.ok_or(StoreError::NotFound));
        }
        Operation::Reopen => {
            store.close().await;
            drop(store);
            return place.open().await;
        }
    }
    store
}

async fn agree(store: &dyn Store, model: &Model, context: &str) {
    assert_eq!(store.machine_count().await.unwrap(), model.0.len(), "{context}");
    for query in [
        MachineQuery::default(),
        MachineQuery { sort: Sort::OsVersion, ..MachineQuery::default() },
        MachineQuery {
            sort: Sort::UpdatedAt,
            offset: 1,
            limit: Some(4),
            ..MachineQuery::default()
        },
    ] {
        let page = store.machines(&query).await.unwrap();
        let machines: Vec<_> = page.machines.iter().map(|machine| (**machine).clone()).collect();
        assert_eq!(machines, model.page(&query), "{context} {query:?}");
        assert_eq!(page.total, model.0.len());
    }
    let sections = sections::agree(store).await.into_iter();
    let sections = sections.map(|((id, name), (_, text))| ((MachineId::stored(&id), name), text));
    assert_eq!(sections.collect::<BTreeMap<_, _>>(), model.1, "{context}");
    for filter in [
        Filter { tag: vec!["lab".into()], ..Filter::default() },
        Filter { tag: vec![String::new(), "SALA 12".into()], ..Filter::default() },
        Filter { lifecycle: vec![Lifecycle::Stock, Lifecycle::Retired], ..Filter::default() },
        Filter { site: vec![String::new()], ..Filter::default() },
    ] {
        let query = MachineQuery { filter, ..MachineQuery::default() };
        let found = store.machines(&query).await.unwrap().machines;
        let found: Vec<_> = found.iter().map(|machine| &machine.id).collect();
        let met = model.page(&MachineQuery::default());
        let met: Vec<_> = met
            .iter()
            .filter(|m| query.filter.choices_met(m) == [true; 9])
            .map(|m| &m.id)
            .collect();
        assert_eq!(found, met, "{context} {query:?}");
    }
}
