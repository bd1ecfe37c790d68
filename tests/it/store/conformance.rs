//! What every store must do, whatever it is made of.

use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::join_all;
use tatuscan::model::{
    Asset, AssetEdit, AssetFields, CustomValue, Filter, HumanEdit, HumanFields, Lifecycle, Machine,
    MachineId, MachineQuery, Proof, Report, Sort, Text,
};
use tatuscan::store::{Pace, Store, StoreError, Transaction, transact};

pub(super) use super::backup::a_backup_in_a_storm_is_of_one_moment;
pub(super) use super::bulk::{
    as_many_machines_as_allowed_are_changed_as_one, values_of_fields_that_are_gone_are_not_kept,
};
pub(super) use super::operations::random_operations_agree_with_the_model;
use super::places::Place;
pub(super) use super::records::{
    a_request_does_everything_or_nothing, a_request_that_fails_late_leaves_no_trace,
    counting_loses_nothing, records_of_every_kind_are_kept, the_audit_log_is_kept_in_order,
};
pub(super) use super::sections::{
    a_section_and_what_it_says_are_kept_as_one, imported_machines_have_the_sections_that_are_kept,
    sections_are_gone_with_their_machine, sections_are_kept_and_replaced,
    sections_are_part_of_a_backup, the_agents_version_is_kept,
};
use crate::support::machines::{noon, report};

fn id(text: &str) -> MachineId {
    MachineId::stored(text)
}

async fn record(store: &dyn Store, report: Report) -> bool {
    store.record_reports(vec![report]).await.unwrap()[0].created
}

async fn ids(store: &dyn Store, query: &MachineQuery) -> Vec<String> {
    let page = store.machines(query).await.unwrap();
    page.machines.iter().map(|machine| machine.id.to_string()).collect()
}

pub(super) async fn the_first_report_creates_and_the_second_updates(place: &dyn Place) {
    let store = place.open().await;
    let first = store.record_reports(vec![report("a", 0)]).await.unwrap();
    assert!(first[0].created);
    assert_eq!(first[0].machine.created_at, noon());
    assert_eq!(first[0].machine.updated_at, None);
    let later = Report { cpu_percent: 99.0, ..report("a", 60) };
    let second = store.record_reports(vec![later]).await.unwrap();
    assert!(!second[0].created);
    let machine = store.machine(&id("a")).await.unwrap();
    assert_eq!(machine, second[0].machine);
    assert_eq!(machine.created_at, noon());
    assert_eq!(machine.updated_at, Some(noon() + chrono::TimeDelta::seconds(60)));
    assert!((machine.cpu_percent - 99.0).abs() < 0.001);
    assert_eq!(store.machine_count().await.unwrap(), 1);
    store.check().await.unwrap();
}

pub(super) async fn a_report_without_optional_fields_keeps_what_is_known(place: &dyn Place) {
    let store = place.open().await;
    record(&*store, report("a", 0)).await;
    let bare = Report { os_version: None, memory_used_mb: None, ..report("a", 1) };
    record(&*store, bare.clone()).await;
    let machine = store.machine(&id("a")).await.unwrap();
    assert_eq!(machine.os_version, "Debian GNU/Linux 12 (bookworm)");
    assert_eq!(machine.memory_used_mb, 1024);
    record(&*store, Report { id: id("b"), ..bare }).await;
    let machine = store.machine(&id("b")).await.unwrap();
    assert_eq!((machine.os_version.as_str(), machine.memory_used_mb), ("", 0));
}

pub(super) async fn a_report_fills_what_people_left_empty_and_replaces_nothing(place: &dyn Place) {
    let store = place.open().await;
    record(&*store, report("a", 0)).await;
    let with_model = |model: &str, seconds| Report {
        human: HumanFields { computer_model: Some(model.into()), ..HumanFields::default() },
        ..report("a", seconds)
    };
    record(&*store, with_model("from the agent", 1)).await;
    let model = async || store.machine(&id("a")).await.unwrap().human.computer_model.clone();
    assert_eq!(model().await.as_deref(), Some("from the agent"));
    let edit = HumanEdit { computer_model: Some(Some("by hand".into())), ..HumanEdit::default() };
    store.edit_machine(&id("a"), edit).await.unwrap();
    record(&*store, with_model("from the agent", 2)).await;
    record(&*store, report("a", 3)).await;
    assert_eq!(model().await.as_deref(), Some("by hand"));
}

pub(super) async fn the_same_id_twice_in_a_batch_counts_in_order(place: &dyn Place) {
    let store = place.open().await;
    let batch = vec![report("a", 0), report("b", 0), Report { ip: "::1".into(), ..report("a", 1) }];
    let recorded = store.record_reports(batch).await.unwrap();
    let created: Vec<_> = recorded.iter().map(|one| one.created).collect();
    assert_eq!(created, [true, true, false]);
    assert_eq!(store.machine(&id("a")).await.unwrap().ip, "::1");
    assert_eq!(store.machine_count().await.unwrap(), 2);
}

pub(super) async fn an_empty_batch_does_nothing(place: &dyn Place) {
    let store = place.open().await;
    assert!(store.record_reports(Vec::new()).await.unwrap().is_empty());
    assert_eq!(store.machine_count().await.unwrap(), 0);
}

pub(super) async fn concurrent_writers_create_a_machine_once(place: &dyn Place) {
    let store = place.open().await;
    let writers = (0..64).map(|seconds| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { record(&*store, report("a", seconds)).await })
    });
    let created = join_all(writers).await.into_iter().filter(|one| *one.as_ref().unwrap()).count();
    assert_eq!(created, 1);
    assert_eq!(store.machine_count().await.unwrap(), 1);
}

pub(super) async fn batches_in_opposite_order_do_not_block_each_other(place: &dyn Place) {
    let store = place.open().await;
    let names: Vec<_> = (0..50).map(|n| format!("m{n}")).collect();
    let writers = (0..16).map(|round| {
        let (store, mut names) = (Arc::clone(&store), names.clone());
        if round % 2 == 1 {
            names.reverse();
        }
        tokio::spawn(async move {
            let batch = names.iter().map(|name| report(name, round)).collect();
            store.record_reports(batch).await.map(|recorded| recorded.len())
        })
    });
    for written in join_all(writers).await {
        assert_eq!(written.unwrap().unwrap(), 50);
    }
    assert_eq!(store.machine_count().await.unwrap(), 50);
}

pub(super) async fn ids_that_differ_by_case_are_two_machines(place: &dyn Place) {
    let store = place.open().await;
    assert!(record(&*store, report("abc", 0)).await);
    assert!(record(&*store, report("ABC", 0)).await);
    assert_eq!(store.machine_count().await.unwrap(), 2);
    store.delete_machine(&id("ABC")).await.unwrap();
    assert_eq!(ids(&*store, &MachineQuery::default()).await, ["abc"]);
}

pub(super) async fn every_text_comes_back_as_it_was(place: &dyn Place) {
    let texts =
        ["😀 日本語", "'; DROP TABLE inventory; --", "100%_\\ \"x\"", "<b>&amp;", "ção\u{301}"];
    let store = place.open().await;
    for (number, text) in texts.iter().enumerate() {
        let odd = Report {
            hostname: (*text).into(),
            ip: (*text).into(),
            os: (*text).into(),
            os_version: Some((*text).into()),
            human: HumanFields { computer_model: Some((*text).into()), ..HumanFields::default() },
            ..report(&format!("m{number}"), 0)
        };
        record(&*store, odd).await;
    }
    drop(store);
    let store = place.open().await;
    for (number, text) in texts.iter().enumerate() {
        let machine = store.machine(&id(&format!("m{number}"))).await.unwrap();
        let kept = [&machine.hostname, &machine.ip, &machine.os, &machine.os_version];
        assert!(kept.iter().all(|kept| kept == text), "{machine:?}");
        assert_eq!(machine.human.computer_model.as_deref(), Some(*text));
    }
}

pub(super) async fn unknown_ids_are_not_found(place: &dyn Place) {
    let store = place.open().await;
    record(&*store, report("a", 0)).await;
    let nobody = id("nobody");
    assert_eq!(store.machine(&nobody).await.unwrap_err(), StoreError::NotFound);
    let edited = store.edit_machine(&nobody, HumanEdit::default()).await;
    assert_eq!(edited.unwrap_err(), StoreError::NotFound);
    assert_eq!(store.delete_machine(&nobody).await.unwrap_err(), StoreError::NotFound);
}

pub(super) async fn an_edit_sets_clears_and_leaves_fields(place: &dyn Place) {
    let store = place.open().await;
    record(&*store, report("a", 0)).await;
    let edit = HumanEdit {
        computer_model: Some(Some("Dell".into())),
        computer_activation: Some(Some(noon())),
        activation_days: Some(Some(42)),
        ..HumanEdit::default()
    };
    let edited = store.edit_machine(&id("a"), edit).await.unwrap();
    assert_eq!(edited.human.activation_days, Some(42));
    let edit = HumanEdit { computer_activation: Some(None), ..HumanEdit::default() };
    store.edit_machine(&id("a"), edit).await.unwrap();
    let machine = store.machine(&id("a")).await.unwrap();
    assert_eq!(machine.human.computer_model.as_deref(), Some("Dell"));
    assert_eq!(machine.human.computer_activation, None);
    assert_eq!(machine.human.activation_days, Some(42));
    assert_eq!(machine.updated_at, None, "a change by a person is no report");
}

/// Everything that people keep, set; texts that would do harm where they are not only text.
pub(super) fn whole_asset() -> Asset {
    let text = |text: &str| Some(Text::from(text));
    let day = |year| NaiveDate::from_ymd_opt(year, 2, 28).unwrap();
    let custom = [
        ("a", CustomValue::Text("=cmd|' /C calc'!A0".into())),
        ("b", CustomValue::Number(-0.125)),
        ("c", CustomValue::Date(day(1950))),
        ("d", CustomValue::YesNo(false)),
    ];
    Asset::from(AssetFields {
        tags: vec!["'; DROP TABLE inventory; --".into(), "lab".into(), "ção 😀".into()],
        notes: text("first\n\tsecond \"quoted\" \\ <b>&amp;</b>"),
        site: text("100%_"),
        building: text("日本語"),
        room: text("-"),
        owner: text("O'Neill"),
        asset_number: text("000123"),
        lifecycle: Lifecycle::Retired,
        purchase_date: Some(day(2024)),
        warranty_end_date: Some(day(9998)),
        custom: custom.map(|(key, value)| (key.into(), value)).into_iter().collect(),
        later: None,
    })
}

fn everything_kept() -> HumanEdit {
    let asset = whole_asset();
    HumanEdit {
        asset: AssetEdit {
            tags: Some(asset.tags.clone()),
            notes: Some(asset.notes.clone()),
            site: Some(asset.site.clone()),
            building: Some(asset.building.clone()),
            room: Some(asset.room.clone()),
            owner: Some(asset.owner.clone()),
            asset_number: Some(asset.asset_number.clone()),
            lifecycle: Some(asset.lifecycle),
            purchase_date: Some(asset.purchase_date),
            warranty_end_date: Some(asset.warranty_end_date),
            custom: asset.custom.iter().map(|(k, v)| (k.clone(), Some(v.clone()))).collect(),
            ..AssetEdit::default()
        },
        ..HumanEdit::default()
    }
}

/// What people keep survives reports and openings, and goes with the machine.
pub(super) async fn what_people_keep_is_touched_by_no_report(place: &dyn Place) {
    let mut store = place.open().await;
    record(&*store, report("a", 0)).await;
    record(&*store, report("b", 0)).await;
    let edited = store.edit_machine(&id("a"), everything_kept()).await.unwrap();
    assert_eq!(edited.human.asset, whole_asset());
    assert_eq!(edited.updated_at, None);
    for round in 0..3_u32 {
        // Not even one that says something of it.
        let asset = Asset::default().with(|fields| fields.site = Some("elsewhere".into()));
        let human = HumanFields { asset, ..HumanFields::default() };
        record(&*store, Report { human, ..report("a", 60 + i64::from(round)) }).await;
        store = place.open_again(&store, round).await;
        assert_eq!(store.machine(&id("a")).await.unwrap().human.asset, whole_asset(), "{round}");
        assert!(store.machine(&id("b")).await.unwrap().human.asset.is_empty());
    }
    let clear = AssetEdit { notes: Some(None), clear_custom: true, ..AssetEdit::default() };
    let clear = HumanEdit { asset: clear, ..HumanEdit::default() };
    store.edit_machine(&id("a"), clear).await.unwrap();
    store = place.open_again(&store, 1).await;
    let asset = store.machine(&id("a")).await.unwrap().human.asset.clone();
    assert_eq!((asset.notes.as_ref(), asset.custom.len()), (None, 0));
    assert_eq!(asset.site, whole_asset().site);
    store.delete_machine(&id("a")).await.unwrap();
    record(&*store, report("a", 90)).await;
    assert!(store.machine(&id("a")).await.unwrap().human.asset.is_empty());
    store = place.open_again(&store, 1).await;
    assert!(store.machine(&id("a")).await.unwrap().human.asset.is_empty());
}

/// A request finds machines by what it and the requests before it in its batch have made of them.
pub(super) async fn a_request_finds_machines_as_they_are_now(place: &dyn Place) {
    let store = place.open().await;
    let batch = ["a", "b", "c"].map(|name| report(name, 0));
    store.record_reports(batch.to_vec()).await.unwrap();
    let found = transact(&*store, Pace::AtOnce, |transaction| {
        let tagged = Filter { tag: vec!["LAB".into()], ..Filter::default() };
        let names = |transaction: &Transaction<'_>, filter: &Filter| {
            let found = transaction.matching(filter);
            let mut names: Vec<_> = found.iter().map(|machine| machine.id.to_string()).collect();
            names.sort_unstable();
            names.concat()
        };
        let mut found = vec![names(transaction, &tagged), names(transaction, &Filter::default())];
        let edit = AssetEdit { add_tags: vec!["lab".into()], ..AssetEdit::default() };
        let edit = HumanEdit { asset: edit, ..HumanEdit::default() };
        transaction.edit_machine(&id("b"), &edit)?;
        transaction.edit_machine(&id("c"), &edit)?;
        transaction.delete_machine(&id("c"))?;
        transaction.record_reports(&[report("d", 1)])?;
        found.extend([names(transaction, &tagged), names(transaction, &Filter::default())]);
        Ok(found)
    });
    assert_eq!(found.await.unwrap(), ["", "abc", "b", "abd"]);
}

pub(super) async fn a_deleted_machine_comes_back_as_a_new_one(place: &dyn Place) {
    let store = place.open().await;
    record(&*store, report("a", 0)).await;
    let edit = HumanEdit { activation_days: Some(Some(1)), ..HumanEdit::default() };
    store.edit_machine(&id("a"), edit).await.unwrap();
    store.delete_machine(&id("a")).await.unwrap();
    assert_eq!(store.machine(&id("a")).await.unwrap_err(), StoreError::NotFound);
    assert!(record(&*store, report("a", 90)).await);
    let machine = store.machine(&id("a")).await.unwrap();
    assert_eq!(machine.created_at, noon() + chrono::TimeDelta::seconds(90));
    assert_eq!(machine.human, HumanFields::default());
}

pub(super) async fn pages_have_edges(place: &dyn Place) {
    let store = place.open().await;
    store.record_reports((0..5).map(|n| report(&format!("m{n}"), n)).collect()).await.unwrap();
    for (offset, limit, expected) in [
        (0, Some(2), 2),
        (4, Some(2), 1),
        (5, Some(2), 0),
        (9, Some(2), 0),
        (0, Some(0), 0),
        (2, None, 3),
        (0, Some(usize::MAX), 5),
        (usize::MAX, Some(usize::MAX), 0),
    ] {
        let query = MachineQuery { offset, limit, ..MachineQuery::default() };
        let page = store.machines(&query).await.unwrap();
        assert_eq!((page.machines.len(), page.total), (expected, 5), "{query:?}");
    }
}

pub(super) async fn lists_are_ordered_as_people_expect(place: &dyn Place) {
    let store = place.open().await;
    let named = |id: &str, hostname: &str, os: &str, seconds| Report {
        hostname: hostname.into(),
        os: os.into(),
        ..report(id, seconds)
    };
    let reports = vec![
        named("1", "pc-10", "windows", 3),
        named("2", "PC-2", "linux", 2),
        named("3", "lab", "Windows", 1),
        named("5", "same", "linux", 5),
        named("4", "same", "linux", 4),
    ];
    store.record_reports(reports).await.unwrap();
    let ordered = async |sort, descending| {
        let query = MachineQuery { sort, descending, ..MachineQuery::default() };
        ids(&*store, &query).await.concat()
    };
    assert_eq!(ordered(Sort::Hostname, false).await, "32145");
    assert_eq!(ordered(Sort::Hostname, true).await, "54123");
    assert_eq!(ordered(Sort::Os, false).await, "24531");
    assert_eq!(ordered(Sort::Os, true).await, "31245");
    assert_eq!(ordered(Sort::CreatedAt, false).await, "32145");
    assert_eq!(ordered(Sort::CreatedAt, true).await, "54123");
}

pub(super) async fn missing_values_come_last_either_way(place: &dyn Place) {
    let store = place.open().await;
    let reports =
        vec![report("a", 0), report("b", 0), report("c", 0), report("b", 5), report("c", 9)];
    store.record_reports(reports).await.unwrap();
    for (descending, expected) in [(false, "bca"), (true, "cba")] {
        let query = MachineQuery { sort: Sort::UpdatedAt, descending, ..MachineQuery::default() };
        assert_eq!(ids(&*store, &query).await.concat(), expected);
    }
}

pub(super) async fn everything_is_there_after_reopening(place: &dyn Place) {
    let store = place.open().await;
    for batch in 0..20 {
        let reports = (0..10).map(|n| report(&format!("m{n}"), batch)).collect();
        store.record_reports(reports).await.unwrap();
    }
    store.delete_machine(&id("m3")).await.unwrap();
    let before = store.machines(&MachineQuery::default()).await.unwrap();
    store.close().await;
    drop(store);
    let store = place.open().await;
    assert_eq!(store.machines(&MachineQuery::default()).await.unwrap(), before);
    assert!(record(&*store, report("new", 0)).await);
    drop(store);
    assert_eq!(place.open().await.machine_count().await.unwrap(), 10);
}

pub(super) async fn a_closed_store_refuses_writes(place: &dyn Place) {
    let store = place.open().await;
    record(&*store, report("a", 0)).await;
    store.close().await;
    let refused = store.record_reports(vec![report("b", 0)]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    store.close().await;
}

pub(super) async fn imported_machines_are_as_they_were(place: &dyn Place) {
    let store = place.open().await;
    record(&*store, report("a", 0)).await;
    record(&*store, report("b", 0)).await;
    let mut machines: Vec<_> = everything(&*store).await.iter().map(|m| (**m).clone()).collect();
    for machine in &mut machines {
        machine.created_at -= chrono::TimeDelta::days(400);
        machine.updated_at = Some(noon() - chrono::TimeDelta::hours(3));
        machine.interval_s = Some(300);
        machine.proof = Proof::Token;
        machine.human.computer_model = Some("Positivo".into());
        machine.human.activation_days = Some(7);
        machine.human.asset = whole_asset();
    }
    machines.push(Machine { id: id("c"), hostname: "host-c".into(), ..machines[0].clone() });
    let imported = store.import_machines(machines.clone()).await.unwrap();
    assert_eq!(imported.iter().map(|m| (**m).clone()).collect::<Vec<_>>(), machines);
    drop(store);
    let store = place.open().await;
    assert_eq!(everything(&*store).await, imported);
    assert!(store.import_machines(Vec::new()).await.unwrap().is_empty());
    assert!(!record(&*store, report("c", 60)).await, "a report of an imported machine updates it");
}

async fn everything(store: &dyn Store) -> Vec<Arc<Machine>> {
    store.machines(&MachineQuery::default()).await.unwrap().machines
}
