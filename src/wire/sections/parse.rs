//! A section as it comes in: checked, cleaned, and asked what it says of its machine.

use serde_json::{Map, Value};

use super::{HASH_CHARS, SectionName, is_junk_identifier, mac_address};
use crate::model::{
    HARDWARE_LIST, MODEL_CHARS, PLACE_CHARS, SECTION_BYTES, SectionFacts, SectionHash, Text, clean,
};
use crate::wire::BadBody;

/// A section that passed every check.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedSection {
    /// By what it is known.
    pub hash: SectionHash,
    /// What it holds, as compact JSON without anything harmful in it.
    pub content: String,
    /// What it says of its machine that is searched for.
    pub facts: SectionFacts,
}

/// Reads the body of the section `name`: see [`super::Upload`].
///
/// # Errors
/// [`BadBody`] names the field, or the line and column, and says what is wrong.
pub fn parse_section(name: SectionName, body: &[u8]) -> Result<ParsedSection, BadBody> {
    let bad = |text: &str| BadBody(text.into());
    let Value::Object(mut fields) = serde_json::from_slice(body)? else {
        return Err(bad("The body must be an object with the fields hash and content"));
    };
    let hash = match fields.remove("hash") {
        Some(Value::String(text)) => section_hash(&text, "hash")?,
        Some(_) => return Err(bad("hash must be text")),
        None => return Err(bad("hash is missing: 1 to 64 characters from 0-9 a-f")),
    };
    let content = match fields.remove("content") {
        Some(content @ (Value::Object(_) | Value::Array(_))) => cleaned(content),
        Some(_) => return Err(bad("content must be an object or an array")),
        None => return Err(bad("content is missing: an object or an array")),
    };
    let facts = facts(name, &content);
    let content = content.to_string();
    // Some numbers are longer in the one form that they are kept in.
    if content.len() > SECTION_BYTES {
        return Err(bad("content is larger than 1024 KiB once its numbers are written out"));
    }
    Ok(ParsedSection { hash, content, facts })
}

/// The hash of a section in the field `name`.
pub(in crate::wire) fn section_hash(text: &str, name: &str) -> Result<SectionHash, BadBody> {
    SectionHash::parse(text)
        .ok_or_else(|| BadBody(format!("{name} must be 1 to {HASH_CHARS} characters from 0-9 a-f")))
}

/// The same without anything that could do harm where it is shown.
fn cleaned(value: Value) -> Value {
    let harmless = |text: &str| clean(text, usize::MAX).to_string();
    match value {
        Value::String(text) => Value::String(harmless(&text)),
        Value::Array(values) => values.into_iter().map(cleaned).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields
                .map(|(name, value)| (harmless(&name), cleaned(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        other => other,
    }
}

/// What a section says that is searched for. Of what cannot be read nothing is said.
fn facts(name: SectionName, content: &Value) -> SectionFacts {
    let text = |field: &str, chars| {
        let text = content.get(field).and_then(Value::as_str);
        text.map(|text| clean(text, chars)).filter(|text| !text.is_empty())
    };
    let list = |field: &str| content.get(field).and_then(Value::as_array).into_iter().flatten();
    let identifier =
        |field: &str| text(field, PLACE_CHARS).filter(|identifier| !is_junk_identifier(identifier));
    let told = |field: &str| text(field, MODEL_CHARS).filter(|told| !is_junk_identifier(told));
    match name {
        SectionName::System => SectionFacts::System {
            manufacturer: told("manufacturer"),
            model: told("model"),
            serial: identifier("serial"),
            uuid: identifier("uuid").map(|uuid| uuid.to_lowercase()),
        },
        SectionName::Interfaces => {
            let is_virtual =
                |one: &Value| one.get("virtual").and_then(Value::as_bool) == Some(true);
            let real = list("interfaces").filter(|one| !is_virtual(one));
            let macs = real.filter_map(|one| mac_address(one.get("mac")?.as_str()?));
            SectionFacts::Interfaces { macs: distinct(macs.map(Text::from)) }
        }
        SectionName::Users => {
            let names = list("logged_in").filter_map(|one| one.get("name")?.as_str());
            let names = names.map(|name| clean(name, PLACE_CHARS)).filter(|name| !name.is_empty());
            SectionFacts::Users { logged_in: distinct(names), last: text("last", PLACE_CHARS) }
        }
        _ => SectionFacts::Nothing,
    }
}

/// Each once, and not more than are kept.
fn distinct(texts: impl Iterator<Item = Text>) -> Vec<Text> {
    let mut distinct = Vec::new();
    for text in texts {
        if distinct.len() == HARDWARE_LIST {
            break;
        }
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(name: SectionName, content: &Value) -> ParsedSection {
        let body = json!({"hash": "0a1", "content": content}).to_string();
        parse_section(name, body.as_bytes()).unwrap()
    }

    #[test]
    fn content_is_kept_compact_and_without_what_could_do_harm() {
        let body =
            b"{ \"content\": {\"b\": [1, 1.50, true, null],\n \"a\\u202e\": \" x\\u0000\\ny \"},\
            \"hash\": \"ff\", \"later\": 1}";
        let parsed = parse_section(SectionName::Cpu, body).unwrap();
        assert_eq!(parsed.content, r#"{"a":"xy","b":[1,1.5,true,null]}"#);
        assert_eq!((parsed.hash.to_string().as_str(), parsed.facts), ("ff", SectionFacts::Nothing));
        assert_eq!(parse(SectionName::Software, &json!([])).content, "[]");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let deep = format!(r#"{{"hash":"a","content":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        let numbers = vec!["1e15"; 100_000].join(",");
        let long = format!(r#"{{"hash":"a","content":[{numbers}]}}"#);
        for (body, named) in [
            ("", "Malformed JSON"),
            ("[]", "an object"),
            ("{\"content\":{}}", "hash is missing"),
            (r#"{"hash":1,"content":{}}"#, "hash must be text"),
            (r#"{"hash":"A","content":{}}"#, "0-9 a-f"),
            (r#"{"hash":"a"}"#, "content is missing"),
            (r#"{"hash":"a","content":"x"}"#, "content must be"),
            (r#"{"hash":"a","content":[1e999]}"#, "number out of range"),
            (r#"{"hash":"a","content":[NaN]}"#, "line 1 column"),
            (deep.as_str(), "recursion"),
            (long.as_str(), "larger than 1024 KiB"),
        ] {
            let error = parse_section(SectionName::Cpu, body.as_bytes()).unwrap_err().0;
            assert!(error.contains(named), "{}: {error}", &body[..body.len().min(60)]);
        }
    }

    #[test]
    fn identifiers_that_say_nothing_are_shown_and_not_known() {
        let system = json!({"manufacturer": "Dell Inc.", "model": "OptiPlex 7090", "serial": "ABC1234",
            "uuid": "4C4C4544-0042-3510-8052-B4C04F4A3132"});
        let known = SectionFacts::System {
            manufacturer: Some("Dell Inc.".into()),
            model: Some("OptiPlex 7090".into()),
            serial: Some("ABC1234".into()),
            uuid: Some("4c4c4544-0042-3510-8052-b4c04f4a3132".into()),
        };
        assert_eq!(parse(SectionName::System, &system).facts, known);
        let junk = json!({"manufacturer": "System manufacturer", "model": 7,
            "serial": "To be filled by O.E.M.", "uuid": "03000200-0400-0500-0006-000700080009"});
        let parsed = parse(SectionName::System, &junk);
        let nothing =
            SectionFacts::System { manufacturer: None, model: None, serial: None, uuid: None };
        assert_eq!(parsed.facts, nothing);
        assert!(parsed.content.contains("To be filled by O.E.M."));
        assert_eq!(parse(SectionName::System, &json!([1])).facts, nothing);
    }

    #[test]
    fn only_hardware_has_mac_addresses_that_count() {
        let content = json!({"interfaces": [
            {"name": "eth0", "mac": "00-1B-21-AA-BB-CC", "virtual": false},
            {"name": "eth0.7", "mac": "00:1b:21:aa:bb:cc"},
            {"name": "docker0", "mac": "02:42:00:00:00:01", "virtual": true},
            {"name": "lo", "mac": "00:00:00:00:00:00"}, {"mac": 7}, 7,
        ]});
        let macs = vec!["00:1b:21:aa:bb:cc".into()];
        assert_eq!(
            parse(SectionName::Interfaces, &content).facts,
            SectionFacts::Interfaces { macs }
        );
        let many: Vec<_> =
            (0..99).map(|n| json!({"mac": format!("00:1b:21:aa:bb:{n:02}")})).collect();
        let SectionFacts::Interfaces { macs } =
            parse(SectionName::Interfaces, &json!({"interfaces": many})).facts
        else {
            panic!("no addresses");
        };
        assert_eq!(macs.len(), HARDWARE_LIST);
    }

    #[test]
    fn users_are_named_once() {
        let content = json!({"logged_in": [{"name": "ana", "since": "x"}, {"name": "ana"},
            {"name": " "}, {"since": "y"}, "bea"], "last": "bea"});
        let facts = SectionFacts::Users { logged_in: vec!["ana".into()], last: Some("bea".into()) };
        assert_eq!(parse(SectionName::Users, &content).facts, facts);
    }
}
