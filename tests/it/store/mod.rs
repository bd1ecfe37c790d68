//! Every store keeps the same promises: one suite of cases and one model, run on each back end.

mod conformance;
mod damage;
mod journal;
mod operations;
mod power;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tatuscan::store::Store;
use tatuscan::store::redb::{FoldPace, RedbStore};

/// Runs every case of the suite on the embedded store, once with its ordinary pace and once folding
/// after every batch; later back ends join here.
macro_rules! on_every_store {
    ($($case:ident)+) => {
        on_every_store! { @on redb, crate::store::plain: $($case)+ }
        on_every_store! { @on redb_folding, crate::store::folding: $($case)+ }
    };
    (@on $name:ident, $open:path: $($case:ident)+) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let directory = tempfile::tempdir().unwrap();
                    super::conformance::$case(&|| $open(directory.path())).await;
                }
            )+
        }
    };
}

fn plain(directory: &Path) -> Arc<dyn Store> {
    Arc::new(RedbStore::open(&directory.join("tatuscan.redb")).unwrap())
}

fn folding(directory: &Path) -> Arc<dyn Store> {
    let pace = FoldPace { every: Duration::ZERO, bytes: 0 };
    Arc::new(RedbStore::open_with(&directory.join("tatuscan.redb"), pace).unwrap())
}

on_every_store! {
    the_first_report_creates_and_the_second_updates
    a_report_without_optional_fields_keeps_what_is_known
    a_report_fills_what_people_left_empty_and_replaces_nothing
    the_same_id_twice_in_a_batch_counts_in_order
    an_empty_batch_does_nothing
    concurrent_writers_create_a_machine_once
    batches_in_opposite_order_do_not_block_each_other
    ids_that_differ_by_case_are_two_machines
    every_text_comes_back_as_it_was
    unknown_ids_are_not_found
    an_edit_sets_clears_and_leaves_fields
    a_deleted_machine_comes_back_as_a_new_one
    pages_have_edges
    lists_are_ordered_as_people_expect
    missing_values_come_last_either_way
    everything_is_there_after_reopening
    random_operations_agree_with_the_model
    a_closed_store_refuses_writes
}
