//! Every store keeps the same promises: one suite of cases and one model, run on each back end.

mod backup;
mod bulk;
mod conformance;
mod damage;
mod first;
mod journal;
mod operations;
pub(crate) mod places;
mod records;
pub(crate) mod sections;
pub(crate) mod shared;

/// Runs every case of the suite on each back end: on the embedded store with its ordinary pace and
/// folding after every batch, on an SQLite file, and on a fresh database of each server.
macro_rules! on_every_store {
    ($($case:ident)+) => {
        on_every_store! { @on redb, plain: $($case)+ }
        on_every_store! { @on redb_folding, folding: $($case)+ }
        on_every_store! { @on sqlite, sqlite: $($case)+ }
        on_every_store! { @on postgres, postgres: $($case)+ }
        on_every_store! { @on mysql, mysql: $($case)+ }
    };
    (@on $name:ident, $place:ident: $($case:ident)+) => {
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(place) = crate::store::places::$place().await {
                        super::conformance::$case(&*place).await;
                    }
                }
            )+
        }
    };
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
    what_people_keep_is_touched_by_no_report
    a_request_finds_machines_as_they_are_now
    a_deleted_machine_comes_back_as_a_new_one
    pages_have_edges
    lists_are_ordered_as_people_expect
    missing_values_come_last_either_way
    everything_is_there_after_reopening
    imported_machines_are_as_they_were
    random_operations_agree_with_the_model
    a_closed_store_refuses_writes
    records_of_every_kind_are_kept
    the_audit_log_is_kept_in_order
    a_request_does_everything_or_nothing
    a_request_that_fails_late_leaves_no_trace
    counting_loses_nothing
    as_many_machines_as_allowed_are_changed_as_one
    values_of_fields_that_are_gone_are_not_kept
    a_backup_in_a_storm_is_of_one_moment
    sections_are_kept_and_replaced
    a_section_and_what_it_says_are_kept_as_one
    sections_are_gone_with_their_machine
    imported_machines_have_the_sections_that_are_kept
    the_agents_version_is_kept
    sections_are_part_of_a_backup
}
