//! An inventory section: its name on a line, and the body that an agent sends.

use serde_json::Value;
use tatuscan::model::{HardwareFields, Received, SECTION_BYTES, search};
use tatuscan::wire::sections::{Section, SectionName, parse_section};
use tatuscan::wire::{BadBody, read_packages};

use super::head;
use crate::sample::{self, ZONE, assert_harmless, now};

pub fn run(data: &[u8]) {
    let Some((name, body)) = head(data) else { return };
    let Some(name) = SectionName::of(name) else { return };
    let parsed = match parse_section(name, body) {
        Ok(parsed) => parsed,
        Err(BadBody(why)) => return assert_harmless(&why, false),
    };
    assert!(parsed.content.len() <= SECTION_BYTES);
    assert_harmless(&parsed.content, false);
    let content: Value = serde_json::from_str(&parsed.content).unwrap();
    texts(&content, &mut |text| assert_harmless(text, false));

    // What is kept is taken again, as it is.
    let again = format!("{{\"content\":{},\"hash\":\"{}\"}}", parsed.content, parsed.hash);
    assert_eq!(parse_section(name, again.as_bytes()).unwrap(), parsed);

    let received = Received { name: name.into(), hash: parsed.hash, at: now() };
    let shown = Section::new(&received, &parsed.content, ZONE);
    assert_eq!(serde_json::to_value(&shown).unwrap()["content"], content);
    read_packages(&parsed.content, &mut |package| {
        for text in [package.name, package.version, package.publisher, package.source] {
            assert_harmless(text, false);
        }
    });

    // What is searched for and shown in lists.
    let mut machine = sample::machine();
    let mut hardware = HardwareFields::default();
    parsed.facts.note(&mut hardware);
    hardware.receive(received);
    machine.hardware = hardware.into();
    serde_json::to_string(&sample::presenter().machine(&machine)).unwrap();
    search::search_text(&machine)
        .split(['\n', '\u{1f}'])
        .for_each(|line| assert_harmless(line, false));
}

/// Calls `visit` with every text in a value, names too.
fn texts(value: &Value, visit: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, visit)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            visit(name);
            texts(value, visit);
        }),
        _ => {}
    }
}
