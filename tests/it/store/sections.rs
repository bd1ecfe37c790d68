//! Inventory sections on each store: kept whole, with what they say of the machine, and gone with it.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use chrono::TimeDelta;
use tatuscan::inventory::Inventory;
use tatuscan::model::access::{Caller, Identity};
use tatuscan::model::{
    Hardware, Machine, MachineId, MachineQuery, Received, Report, SectionName, StatusRules,
};
use tatuscan::store::backup::{self, Backup, section_pieces};
use tatuscan::store::redb::RedbStore;
use tatuscan::store::{Pace, Section, Store, StoreError, transact};
use tempfile::TempDir;

use super::places::Place;
use crate::support::machines::{noon, report, section};

/// What is kept of machines: their ids and the sections' names, and the content.
pub(crate) type Kept = BTreeMap<(String, SectionName), (Received, String)>;

fn id(text: &str) -> MachineId {
    MachineId::stored(text)
}

/// Puts a section that says a serial number.
pub(crate) async fn put(
    store: &dyn Store,
    id: &MachineId,
    section: Arc<Section>,
    serial: Option<&str>,
) -> Result<Arc<Machine>, StoreError> {
    let (id, serial) = (id.clone(), serial.map(Into::into));
    transact(store, Pace::Shared, move |transaction| {
        let serial = serial.clone();
        transaction.put_section(&id, &section, |hardware| hardware.serial = serial)
    })
    .await
}

pub(crate) fn by_name(sections: Vec<(MachineId, Arc<Section>)>) -> Kept {
    let kept = sections.into_iter().map(|(id, section)| {
        let received = *section.received();
        ((id.to_string(), received.name), (received, section.content().unwrap()))
    });
    kept.collect()
}

async fn kept(store: &dyn Store, ids: &[&str]) -> Kept {
    let ids: Vec<_> = ids.iter().map(|text| id(text)).collect();
    by_name(store.sections(&ids).await.unwrap())
}

/// What is known of sections, in the machines.
fn known(machines: &[Arc<Machine>]) -> BTreeMap<(String, SectionName), Received> {
    let of = |machine: &Arc<Machine>| {
        let id = machine.id.to_string();
        let sections = machine.hardware.sections.clone();
        sections.into_iter().map(move |section| ((id.clone(), section.name), section))
    };
    machines.iter().flat_map(of).collect()
}

/// Of each section that is known there is the content, and of no other.
pub(crate) async fn agree(store: &dyn Store) -> Kept {
    let machines = store.machines(&MachineQuery::default()).await.unwrap().machines;
    let ids: Vec<_> = machines.iter().map(|machine| machine.id.clone()).collect();
    let kept = by_name(store.sections(&ids).await.unwrap());
    let received: BTreeMap<_, _> =
        kept.iter().map(|(at, (received, _))| (at.clone(), *received)).collect();
    assert_eq!(received, known(&machines));
    kept
}

pub(super) async fn sections_are_kept_and_replaced(place: &dyn Place) {
    let mut store = place.open().await;
    store.record_reports(vec![report("a", 0), report("b", 0), report("c", 0)]).await.unwrap();
    let large = format!("[\"{}\"]", "ção 😀 ".repeat(90_000));
    let first = section(SectionName::Software, "[]", 1);
    put(&*store, &id("a"), first, Some("S1")).await.unwrap();
    for round in 0..2 {
        store = place.open_again(&store, round).await;
        let newer = section(SectionName::Software, &large, 2 + i64::from(round));
        let machine = put(&*store, &id("a"), Arc::clone(&newer), Some("S2")).await.unwrap();
        assert_eq!(machine.hardware.serial.as_deref(), Some("S2"));
        let cpu = section(SectionName::Cpu, r#"{"cores":4}"#, 5);
        put(&*store, &id("b"), cpu, Some("S3")).await.unwrap();
        // Reports have no part in it.
        store.record_reports(vec![report("a", 60), report("b", 60)]).await.unwrap();
        let found = kept(&*store, &["a", "b", "c", "unknown"]).await;
        let names: Vec<_> = found.keys().map(|(id, name)| (id.as_str(), *name)).collect();
        assert_eq!(names, [("a", SectionName::Software), ("b", SectionName::Cpu)]);
        let (received, content) = &found[&("a".into(), SectionName::Software)];
        assert!((received, content) == (newer.received(), &large), "{received:?}");
        let at = noon() + TimeDelta::seconds(2 + i64::from(round));
        assert_eq!(received.at, at);
        assert_eq!(agree(&*store).await, found);
        assert_eq!(store.machine(&id("a")).await.unwrap().hardware.serial.as_deref(), Some("S2"));
        assert!(store.machine(&id("c")).await.unwrap().hardware.is_empty());
    }
}

pub(super) async fn a_section_and_what_it_says_are_kept_as_one(place: &dyn Place) {
    let store = place.open().await;
    store.record_reports(vec![report("a", 0), report("b", 0)]).await.unwrap();
    let unknown = put(&*store, &id("x"), section(SectionName::Cpu, "{}", 0), None).await;
    assert_eq!(unknown.unwrap_err(), StoreError::NotFound);
    let before = section(SectionName::System, r#"{"serial":"S1"}"#, 1);
    put(&*store, &id("a"), before, Some("S1")).await.unwrap();
    let held = agree(&*store).await;
    let failed: Result<(), _> = transact(&*store, Pace::AtOnce, |transaction| {
        let newer = section(SectionName::System, r#"{"serial":"S2"}"#, 2);
        for id in [id("a"), id("b"), id("x")] {
            transaction.put_section(&id, &newer, |hardware| hardware.serial = Some("S2".into()))?;
        }
        Ok(())
    })
    .await;
    assert_eq!(failed.unwrap_err(), StoreError::NotFound);
    for round in 0..2 {
        let store = place.open_again(&store, round).await;
        assert_eq!(agree(&*store).await, held);
        let serial = |machine: Arc<Machine>| machine.hardware.serial.clone();
        let serials =
            [store.machine(&id("a")).await.unwrap(), store.machine(&id("b")).await.unwrap()];
        assert_eq!(serials.map(serial), [Some("S1".into()), None]);
    }
}

/// Sections go with their machine, also in the batch that puts them; when it comes back, it has none.
pub(super) async fn sections_are_gone_with_their_machine(place: &dyn Place) {
    let mut store = place.open().await;
    let put_both = async |store: &dyn Store| {
        store.record_reports(vec![report("a", 0), report("b", 0)]).await.unwrap();
        for id in [id("a"), id("b")] {
            let section = section(SectionName::System, r#"{"serial":"S1"}"#, 1);
            put(store, &id, section, Some("S1")).await.unwrap();
        }
    };
    let by = || Identity { caller: Caller::TokenFile, peer: None, at: noon() };
    for round in 0..2 {
        store = place.open_again(&store, round).await;
        put_both(&*store).await;
        store.delete_machine(&id("a")).await.unwrap();
        assert!(kept(&*store, &["a"]).await.is_empty());
        // Removed and reported again: another machine.
        store.record_reports(vec![report("a", 1)]).await.unwrap();
        assert!(store.machine(&id("a")).await.unwrap().hardware.is_empty());
        assert!(kept(&*store, &["a"]).await.is_empty());
        // Removed by somebody, and brought back: what is searched for is there, the sections are not.
        let inventory = Inventory::new(Arc::clone(&store), StatusRules::default());
        inventory.delete(&id("b"), by()).await.unwrap();
        let restored = inventory.restore(&id("b"), by()).await.unwrap();
        assert_eq!(restored.hardware.serial.as_deref(), Some("S1"));
        assert!(restored.hardware.sections.is_empty());
        assert!(agree(&*store).await.is_empty());
        store = place.open_again(&store, round).await;
        assert!(agree(&*store).await.is_empty());
        // Removed and put again in one batch.
        put_both(&*store).await;
        transact(&*store, Pace::AtOnce, |transaction| {
            let gone = section(SectionName::Users, r#"{"last":"gone"}"#, 7);
            transaction.put_section(&id("a"), &gone, |_| {})?;
            transaction.delete_machine(&id("a"))?;
            transaction.record_reports(&[report("a", 8)])?;
            transaction.put_section(&id("a"), &section(SectionName::Cpu, "{}", 9), |_| {})?;
            transaction.put_section(&id("b"), &gone, |_| {})?;
            transaction.delete_machine(&id("b"))
        })
        .await
        .unwrap();
        let left = agree(&*store).await;
        assert_eq!(left.into_keys().collect::<Vec<_>>(), [("a".into(), SectionName::Cpu)]);
    }
}

/// A machine that is put in place of another one has the sections that are kept, and no others.
pub(super) async fn imported_machines_have_the_sections_that_are_kept(place: &dyn Place) {
    let store = place.open().await;
    store.record_reports(vec![report("a", 0)]).await.unwrap();
    put(&*store, &id("a"), section(SectionName::Cpu, "[1]", 1), Some("S1")).await.unwrap();
    let a = (*store.machine(&id("a")).await.unwrap()).clone();
    let elsewhere = Machine { id: id("b"), ..a.clone() };
    // Another date of making needs another row in some databases.
    let again = Machine {
        created_at: noon() - TimeDelta::days(1),
        hardware: Hardware::default(),
        ..a.clone()
    };
    let imported = store.import_machines(vec![again, elsewhere]).await.unwrap();
    assert_eq!(imported[0].hardware.sections, a.hardware.sections);
    assert_eq!(imported[0].hardware.serial, None);
    assert!(imported[1].hardware.sections.is_empty());
    assert_eq!(imported[1].hardware.serial.as_deref(), Some("S1"));
    for round in 0..2 {
        let store = place.open_again(&store, round).await;
        let left = agree(&*store).await;
        assert_eq!(left.into_keys().collect::<Vec<_>>(), [("a".into(), SectionName::Cpu)]);
    }
}

pub(super) async fn the_agents_version_is_kept(place: &dyn Place) {
    let store = place.open().await;
    let with = |id: &str, version: Option<&str>, seconds| Report {
        agent_version: version.map(Into::into),
        ..report(id, seconds)
    };
    store.record_reports(vec![with("a", Some("1.0"), 0), with("b", None, 0)]).await.unwrap();
    store.record_reports(vec![with("a", Some("1.1"), 60), with("b", None, 60)]).await.unwrap();
    store.record_reports(vec![with("a", None, 120)]).await.unwrap();
    for round in 0..2 {
        let store = place.open_again(&store, round).await;
        let a = store.machine(&id("a")).await.unwrap();
        assert_eq!(a.hardware.agent_version.as_deref(), Some("1.1"));
        assert!(store.machine(&id("b")).await.unwrap().hardware.is_empty());
    }
}

/// A backup has the sections of its machines, and is a store that has them.
pub(super) async fn sections_are_part_of_a_backup(place: &dyn Place) {
    let store = place.open().await;
    let reports = (0..40).map(|n| report(&format!("m{n}"), 0)).collect();
    store.record_reports(reports).await.unwrap();
    for number in 0..40 {
        let content = format!(r#"{{"serial":"S{number}"}}"#);
        let serial = format!("S{number}");
        let machine = id(&format!("m{number}"));
        put(&*store, &machine, section(SectionName::System, &content, number), Some(&serial))
            .await
            .unwrap();
    }
    let held = agree(&*store).await;
    assert_eq!(held.len(), 40);
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("tatuscan.redb");
    let file =
        File::create_new(&path).and_then(|_| File::options().read(true).write(true).open(&path));
    let summary = backup::take(&*store, file.unwrap(), noon()).await.unwrap();
    assert_eq!((summary.machines, summary.sections), (40, 40));
    let backup = Backup::open(&path).unwrap();
    assert_eq!(backup.summary(), summary);
    let mut found = Vec::new();
    for ids in section_pieces(&backup.snapshot().machines) {
        found.extend(backup.sections(&ids).unwrap());
    }
    assert_eq!(by_name(found), held);
    drop(backup);
    let restored = RedbStore::open(&path).unwrap();
    assert_eq!(agree(&restored).await, held);
}
