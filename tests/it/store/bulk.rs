//! Changes of many machines as one, on each store.

use std::sync::Arc;

use tatuscan::inventory::{EditError, Edited, Inventory, MOST_AT_ONCE, Selection};
use tatuscan::model::access::{AuditQuery, Caller, Identity};
use tatuscan::model::{
    AssetEdit, CustomValue, Filter, HumanEdit, Machine, MachineId, MachineQuery, StatusRules,
};
use tatuscan::store::{Pace, StoreError, transact};

use super::conformance::whole_asset;
use super::places::Place;
use crate::support::machines::{noon, report};

fn by() -> Identity {
    Identity { caller: Caller::TokenFile, peer: None, at: noon() }
}

fn linux() -> Selection {
    Selection::Filter(Box::new(Filter { os: vec!["LINUX".into()], ..Filter::default() }))
}

fn tag(name: &str) -> HumanEdit {
    let asset = AssetEdit { add_tags: vec![name.into()], ..AssetEdit::default() };
    HumanEdit { asset, ..HumanEdit::default() }
}

/// The most that are changed at once are changed, with everything that people can keep already there,
/// before the store's patience ends; one more is refused.
pub(super) async fn as_many_machines_as_allowed_are_changed_as_one(place: &dyn Place) {
    let store = place.open().await;
    let mut machine = Machine::first_seen(report("", 0));
    machine.human.asset = whole_asset();
    let machines: Vec<_> = (0..MOST_AT_ONCE)
        .map(|number| Machine { id: MachineId::stored(&format!("m{number}")), ..machine.clone() })
        .collect();
    for piece in machines.chunks(1_000) {
        store.import_machines(piece.to_vec()).await.unwrap();
    }
    let inventory = Inventory::new(Arc::clone(&store), StatusRules::default());
    let edited = inventory.edit_many(linux(), tag("new"), false, by()).await.unwrap();
    assert_eq!(edited, Edited { matched: MOST_AT_ONCE, changed: MOST_AT_ONCE });

    let store = place.open_again(&store, 1).await;
    let tagged = Filter { tag: vec!["NEW".into()], ..Filter::default() };
    let query = MachineQuery { filter: tagged, limit: Some(0), ..MachineQuery::default() };
    assert_eq!(store.machines(&query).await.unwrap().total, MOST_AT_ONCE);
    let query = AuditQuery {
        before: None,
        subject: None,
        action: None,
        until: None,
        limit: MOST_AT_ONCE + 1,
    };
    let entries = store.audit(&query).await.unwrap().entries;
    assert_eq!(entries.len(), MOST_AT_ONCE, "one for each");
    assert!(entries.iter().all(|(_, entry)| entry.action == "machine.edit"));

    store.record_reports(vec![report("one-more", 0)]).await.unwrap();
    let inventory = Inventory::new(store, StatusRules::default());
    let refused = inventory.edit_many(linux(), tag("newer"), false, by()).await;
    assert_eq!(refused, Err(EditError::TooMany(MOST_AT_ONCE + 1)));
}

/// A value whose field was removed after it was read is not kept, and neither is anything beside it.
pub(super) async fn values_of_fields_that_are_gone_are_not_kept(place: &dyn Place) {
    let store = place.open().await;
    store.record_reports(vec![report("a", 0), report("b", 0)]).await.unwrap();
    let inventory = Inventory::new(Arc::clone(&store), StatusRules::default());
    let mut edit = tag("lab");
    edit.asset.custom.insert("rack".into(), Some(CustomValue::YesNo(true)));
    let gone = Err(EditError::FieldChanged("rack".into()));
    let id = MachineId::stored("a");
    assert_eq!(inventory.edit(&id, edit.clone(), by()).await.map(drop), gone.clone().map(drop));
    assert_eq!(inventory.edit_many(linux(), edit.clone(), false, by()).await, gone);
    edit.asset.custom.insert("rack".into(), None);
    inventory.edit(&id, edit, by()).await.unwrap();
    let ids = Selection::Ids(vec![id, MachineId::stored("nobody")]);
    let refused = inventory.edit_many(ids, tag("x"), false, by()).await;
    assert_eq!(refused, Err(EditError::Unknown(MachineId::stored("nobody"))));
    let broken = transact(&*store, Pace::AtOnce, |transaction| {
        transaction.edit_machine(&MachineId::stored("b"), &tag("x"))?;
        Err::<(), _>(StoreError::NotFound)
    });
    assert_eq!(broken.await, Err(StoreError::NotFound));
    let store = place.open_again(&store, 1).await;
    let tags = async |id: &str| {
        let machine = store.machine(&MachineId::stored(id)).await.unwrap();
        machine.human.asset.tags.join(" ")
    };
    assert_eq!((tags("a").await, tags("b").await), ("lab".into(), String::new()));
}
