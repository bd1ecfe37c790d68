//! What people change and enter, as JSON: a word for what it is on a line, and the body.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tatuscan::model::HumanEdit;
use tatuscan::wire::access::{self, parse};
use tatuscan::wire::{
    BadBody, FieldEdit, ManualMachine, MergeOrder, NewDistinct, NewField, NewView, ViewEdit,
    parse_bulk_edit, parse_edit,
};

use super::head;
use crate::sample::{self, FIELDS, MACHINES, ZONE, assert_harmless, now};

/// Fields that people change.
const HUMAN: [&str; 14] = [
    "computer_model",
    "computer_activation",
    "activation_days",
    "tags",
    "notes",
    "site",
    "building",
    "room",
    "owner",
    "asset_number",
    "lifecycle",
    "purchase_date",
    "warranty_end_date",
    "custom",
];

pub fn run(data: &[u8]) {
    let Some((what, body)) = head(data) else { return };
    let told = match what {
        "edit" => parse_edit(body, ZONE, &FIELDS).map(|edit| applied(&edit)),
        "bulk" => parse_bulk_edit(body, ZONE, &FIELDS).map(|bulk| applied(&bulk.edit)),
        "manual" => parse::<ManualMachine>(body).and_then(|manual| {
            let report = manual.checked(now())?;
            assert!(!report.hostname.is_empty());
            assert_harmless(&report.hostname, false);
            Ok(())
        }),
        "field" => parse::<NewField>(body).and_then(|field| field.checked().map(|_| ())),
        "fields" => parse::<FieldEdit>(body).and_then(|field| field.checked().map(|_| ())),
        "view" => read::<NewView>(body),
        "views" => read::<ViewEdit>(body),
        "merge" => read::<MergeOrder>(body),
        "distinct" => read::<NewDistinct>(body),
        "token" => read::<access::NewToken>(body),
        "user" => read::<access::NewUser>(body),
        "login" => read::<access::Login>(body),
        "setup" => read::<access::Setup>(body),
        "password" => read::<access::PasswordChange>(body),
        "enrol" => read::<access::Enrolment>(body),
        "key" => read::<access::KeyApproval>(body),
        _ => return,
    };
    if let Err(BadBody(why)) = told {
        assert_harmless(&why, false);
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<(), BadBody> {
    parse::<T>(body).map(drop)
}

/// What a change makes of machines can be shown, and what is shown changes a blank machine into the
/// same.
fn applied(edit: &HumanEdit) {
    for machine in MACHINES.iter() {
        let changed = machine.edited(edit);
        assert_eq!(changed.edited(edit).human, changed.human, "twice is once");
        let Ok(Value::Object(shown)) = serde_json::to_value(sample::presenter().machine(&changed))
        else {
            panic!("a machine is shown as an object");
        };
        let human: Map<String, Value> =
            shown.into_iter().filter(|(name, _)| HUMAN.contains(&name.as_str())).collect();
        assert_harmless(&Value::Object(human.clone()).to_string(), false);
        let body = serde_json::to_vec(&human).unwrap();
        let again = parse_edit(&body, ZONE, &FIELDS).unwrap();
        assert_eq!(sample::machine().edited(&again).human, changed.human, "{human:?}");
    }
}
