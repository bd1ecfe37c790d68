//! The query of an address: which machines, in which form, which columns, how to import.

use tatuscan::import::parse_options;
use tatuscan::wire::columns::{parse_columns, parse_table_form};
use tatuscan::wire::{
    BadBody, MOST_EXACT, check_conditions, names_custom_fields, parse_query, view_query,
};

use crate::sample::{FIELDS, MACHINES, asked, assert_harmless};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = parse_query(text, &asked());
    match &read {
        Ok(query) => {
            let all = query.filter.choices_met(&MACHINES[0]);
            let without = query.filter.without_choices().choices_met(&MACHINES[0]);
            assert!(without.iter().all(|met| *met), "{all:?} {without:?}");
            assert!(query.limit.is_none_or(|limit| limit as u64 <= MOST_EXACT));
            for machine in MACHINES.iter() {
                let _ = query.filter.search.finds(machine);
            }
        }
        Err(bad) => assert_harmless(&bad.error, false),
    }
    // A view is a question that a list answers, as it was written.
    match view_query(text, &asked()) {
        Ok(view) => {
            assert_harmless(&view, false);
            assert!(!view.contains(char::is_whitespace));
            assert_eq!(view_query(&view, &asked()).as_ref(), Ok(&view));
            assert!(parse_query(&view, &asked()).is_ok());
        }
        Err(BadBody(why)) => assert_harmless(&why, false),
    }
    if read.is_ok()
        && parse_query(text, &tatuscan::model::Asked { fields: &[], ..asked() }).is_err()
    {
        assert!(names_custom_fields(text), "{text:?} was read without what it takes");
    }
    let told = [
        check_conditions(text).err(),
        parse_table_form(text).err(),
        parse_columns(text, &FIELDS).err(),
        parse_options(text).err(),
    ];
    told.into_iter().flatten().for_each(|BadBody(why)| assert_harmless(&why, false));
}
