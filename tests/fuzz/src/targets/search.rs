//! The search box.

use tatuscan::model::search::{Query, SearchError};

use crate::sample::{MACHINES, asked, assert_harmless};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(wrong) => return check(&wrong, text),
    };
    let printed = query.to_string();
    let again = Query::parse(&printed);
    let again = again.unwrap_or_else(|wrong| panic!("{text:?} is {printed:?}: {wrong}"));
    assert_eq!(again.to_string(), printed, "{text:?}");
    match (query.search(&asked()), again.search(&asked())) {
        (Ok(search), Ok(same)) => {
            assert_eq!(search.values(), same.values());
            for machine in MACHINES.iter() {
                assert_eq!(search.finds(machine), same.finds(machine), "{text:?} is {printed:?}");
            }
        }
        (Err(wrong), Err(same)) => {
            check(&wrong, text);
            check(&same, &printed);
            assert_eq!(wrong.message, same.message);
        }
        (one, other) => panic!("{text:?} is {printed:?}, but {one:?} and {other:?}"),
    }
}

/// What is said of a text points into it.
fn check(wrong: &SearchError, text: &str) {
    assert_harmless(&wrong.message, false);
    let token = &wrong.token;
    let pointed: String = text.chars().skip(token.offset).take(token.length).collect();
    assert_eq!(pointed, token.text, "{wrong:?}");
    assert!(token.offset + token.length <= text.chars().count(), "{wrong:?} {text:?}");
}
