//! The API's document, generated from the code.

use http::Method;
use poem_openapi::types::Type as _;
use poem_openapi::{LicenseObject, OpenApiService};
use serde_json::{Map, Value, json};

use super::api::{Api, operations};
use super::error::example_of;
use super::headers::SESSION;
use super::planes;
use super::routes::pattern;
use crate::access::Plane;
use crate::import::IMPORT_PARAMETERS;
use crate::model::search;
use crate::wire::access::{NewToken, Setup, UserEdit};
use crate::wire::columns::{COLUMN_PARAMETERS, CSV_PARAMETERS, LANGUAGE_PARAMETERS};
use crate::wire::{
    FILTER_PARAMETERS, FieldEdit, FieldLabels, MOST_EXACT, MachineEdit, MachinesEdit,
    ManualMachine, NewField, PAGE_PARAMETERS, PROGRAM_PARAMETERS, Parameter, Report,
};

pub(super) fn service() -> OpenApiService<Api, ()> {
    OpenApiService::new(operations(), "TatuScan", env!("CARGO_PKG_VERSION"))
        .description(
            "The machine inventory. Errors are JSON with `error`; times are RFC 3339 in the \
             server's zone; unknown fields in bodies are ignored.",
        )
        .license(LicenseObject::new("MIT").url("https://opensource.org/licenses/MIT"))
}

/// The document as it is served and kept in `openapi/tatuscan.json`.
#[must_use]
pub fn document() -> String {
    let mut document: Value = serde_json::from_str(&service().spec()).unwrap_or_default();
    for path in ["/api/machines", "/api/inventory"] {
        let parameters = [FILTER_PARAMETERS, PAGE_PARAMETERS].concat();
        add_parameters(&mut document, path, "get", &parameters);
    }
    for path in ["/api/facets", "/api/summary"] {
        add_parameters(&mut document, path, "get", FILTER_PARAMETERS);
    }
    add_parameters(&mut document, "/api/machines", "patch", FILTER_PARAMETERS);
    let software = [FILTER_PARAMETERS, PROGRAM_PARAMETERS].concat();
    add_parameters(&mut document, "/api/software", "get", &software);
    describe_exports(&mut document);
    add_parameters(&mut document, "/api/import/machines", "post", IMPORT_PARAMETERS);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        describe_null(schemas);
        describe_bodies(schemas);
    }
    for (path, item) in members(&mut document, "paths") {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            describe_parameters(operation);
            describe_responses(method, operation);
            operation["security"] = security(method, path);
        }
    }
    document["components"]["securitySchemes"] = security_schemes();
    format!("{document:#}\n")
}

/// The path whose description holds the table of searches.
const SEARCHES: &str = "/api/machines";

/// Describes the parameters of a question, which are read all together.
fn add_parameters(document: &mut Value, path: &str, method: &str, parameters: &[Parameter]) {
    let described = &mut document["paths"][path][method]["parameters"];
    if !described.is_array() {
        *described = Value::Array(Vec::new());
    }
    let Some(described) = described.as_array_mut() else { return };
    described.extend(parameters.iter().map(|parameter| {
        let mut schema = if parameter.is_number {
            json!({"type": "integer", "minimum": 0, "maximum": MOST_EXACT})
        } else {
            json!({"type": "string"})
        };
        let mut description = parameter.description.to_owned();
        if parameter.is_search {
            schema["format"] = "search".into();
            schema["example"] = "lab os:windows -seen:<7d".into();
            description.push_str(&if path == SEARCHES {
                format!("\n\n{}", search::document())
            } else {
                format!(" `GET {SEARCHES}` says how.")
            });
        }
        if !parameter.values.is_empty() {
            // Empty text asks for nothing.
            schema["enum"] = [parameter.values, &[""]].concat().into();
        }
        if !parameter.pattern.is_empty() {
            schema["pattern"] = parameter.pattern.into();
        }
        if parameter.repeats {
            schema = json!({"type": "array", "items": schema});
        }
        if !parameter.default.is_empty() {
            schema["default"] = parameter.default.into();
        }
        json!({
            "name": parameter.name,
            "in": "query",
            "description": description,
            "required": false,
            "schema": schema,
        })
    }));
}

/// What exports take beside the question.
fn describe_exports(document: &mut Value) {
    let question = [FILTER_PARAMETERS, PAGE_PARAMETERS, COLUMN_PARAMETERS].concat();
    let sheet = [question.as_slice(), LANGUAGE_PARAMETERS].concat();
    let csv = [sheet.as_slice(), CSV_PARAMETERS].concat();
    add_parameters(document, "/api/export/machines.csv", "get", &csv);
    add_parameters(document, "/api/export/machines.xlsx", "get", &sheet);
    add_parameters(document, "/api/export/machines.jsonl", "get", &question);
    let form = [LANGUAGE_PARAMETERS, CSV_PARAMETERS].concat();
    add_parameters(document, "/api/export/audit.csv", "get", &form);
}

/// What the derived schemas do not say about null: a field of an answer that may be null is always
/// there, and null is one more value of an enumeration.
fn describe_null(schemas: &mut Map<String, Value>) {
    let named = schemas.clone();
    // What clients send may leave such fields out.
    let sent = [
        Report::name(),
        MachineEdit::name(),
        MachinesEdit::name(),
        ManualMachine::name(),
        NewField::name(),
        FieldEdit::name(),
        FieldLabels::name(),
        Setup::name(),
        NewToken::name(),
        UserEdit::name(),
    ];
    let sent = sent.map(std::borrow::Cow::into_owned);
    for (name, schema) in schemas.iter_mut() {
        let mut always = Vec::new();
        for (field, property) in members(schema, "properties") {
            if property["nullable"] != true {
                continue;
            }
            always.push(Value::from(field.as_str()));
            let target = property["allOf"][0]["$ref"].as_str().and_then(|at| at.rsplit('/').next());
            let named = target.and_then(|name| named.get(name)?["enum"].as_array());
            if let Some(values) = named {
                let mut values = values.clone();
                values.push(Value::Null);
                let description = property["description"].take();
                *property = json!({
                    "description": description, "type": "string", "nullable": true, "enum": values,
                });
            }
        }
        if sent.contains(name) {
            continue;
        }
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.extend(always);
        }
    }
    let referred = Value::Object(schemas.clone()).to_string();
    schemas.retain(|name, schema| {
        schema["enum"].is_null() || referred.contains(&format!("/schemas/{name}\""))
    });
}

/// What clients send: a number may be text that spells it, a date may be a number, and a change
/// changes something.
fn describe_bodies(schemas: &mut Map<String, Value>) {
    for name in [Report::name(), MachineEdit::name()] {
        let is_edit = name == MachineEdit::name();
        let Some(schema) = schemas.get_mut(&*name) else { continue };
        if is_edit {
            let fields = members(schema, "properties");
            let one_of_them: Vec<_> =
                fields.map(|(field, _)| json!({"required": [field]})).collect();
            // In one more layer, so that what makes types from this keeps the fields.
            schema["allOf"] = json!([{"anyOf": one_of_them}]);
        }
        for (field, property) in members(schema, "properties") {
            describe_field(field, property, is_edit);
        }
    }
    describe_fields(schemas);
    // Null is no change.
    let given =
        |field: &str| json!({"required": [field], "properties": {field: {"type": "string"}}});
    if let Some(edit) = schemas.get_mut(&*UserEdit::name()) {
        edit["anyOf"] = json!([given("role"), given("password")]);
    }
    if let Some(token) = schemas.get_mut(&*NewToken::name()) {
        let unlimited = json!({"type": "integer", "nullable": true, "enum": [null]});
        let none = json!({"type": "array", "nullable": true, "maxItems": 0});
        token["anyOf"] = json!([
            {"properties": {"scope": {"type": "string", "enum": ["enrol"]}}},
            {"properties": {"max_uses": unlimited, "tags": none}},
        ]);
    }
}

/// What is text of a form of its own, and what belongs together.
fn describe_fields(schemas: &mut Map<String, Value>) {
    let texts = |format: &str| json!({"type": "string", "format": format});
    for (name, field, format) in [
        (MachineEdit::name(), "tags", "tag"),
        (MachinesEdit::name(), "add_tags", "tag"),
        (MachinesEdit::name(), "remove_tags", "tag"),
        (NewToken::name(), "tags", "tag"),
        (NewField::name(), "choices", "choice"),
        (FieldEdit::name(), "choices", "choice"),
    ] {
        let Some(schema) = schemas.get_mut(&*name) else { continue };
        let list = &mut schema["properties"][field];
        list["items"] = texts(format);
        if format == "choice" {
            list["minItems"] = 1.into();
            list["uniqueItems"] = true.into();
        }
    }
    if let Some(edit) = schemas.get_mut(&*MachineEdit::name()) {
        for date in ["purchase_date", "warranty_end_date"] {
            edit["properties"][date]["format"] = "day".into();
        }
        // Null clears one of them.
        edit["properties"]["custom"]["additionalProperties"]["oneOf"][0]["nullable"] = true.into();
    }
    let given = |field: &str, kind: &str| json!({"required": [field], "properties": {field: {"type": kind}}});
    if let Some(edit) = schemas.get_mut(&*FieldEdit::name()) {
        edit["anyOf"] = json!([
            given("labels", "object"),
            given("choices", "array"),
            given("order", "integer")
        ]);
    }
    if let Some(field) = schemas.get_mut(&*NewField::name()) {
        let mut of_choice = given("choices", "array");
        of_choice["properties"]["type"] = json!({"type": "string", "enum": ["choice"]});
        let others = json!({"type": "string", "enum": ["text", "number", "date", "yes_no"]});
        let none = json!({"type": "array", "items": {}, "nullable": true, "enum": [null]});
        field["anyOf"] = json!([of_choice, {"properties": {"type": others, "choices": none}}]);
    }
}

/// A field of what clients send, as one of the forms in which it may come.
fn describe_field(field: &str, property: &mut Value, is_edit: bool) {
    let Some(schema) = property.as_object_mut() else { return };
    let description = schema.remove("description");
    let other = match (field, schema["type"].as_str()) {
        ("timestamp" | "cloned_from", _) => {
            *property = json!({"description": description});
            return;
        }
        (_, Some("integer")) => {
            if !is_edit {
                // A fraction is cut off.
                schema.remove("format");
                schema.insert("type".into(), "number".into());
                schema.entry("maximum").or_insert(MOST_EXACT.into());
            }
            // Empty text clears what a person changes, but is no number in a report.
            let least = u8::from(!is_edit);
            json!({"type": "string", "pattern": format!("^[0-9]{{{least},9}}$")})
        }
        (_, Some("number")) => json!({"type": "string", "pattern": "^[0-9]{1,9}([.][0-9]{1,9})?$"}),
        ("computer_activation", _) => {
            schema.insert("format".into(), "activation".into());
            // From the beginning of 1950 to the end of 9998.
            let (least, most) = (-631_152_000_i64, 253_370_764_799_i64);
            json!({"type": "number", "minimum": least, "maximum": most})
        }
        _ => {
            schema.extend(description.map(|text| ("description".to_owned(), text)));
            return;
        }
    };
    *property = json!({"description": description, "oneOf": [property.take(), other]});
}

/// What a request can show to be admitted.
fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A token, or the text of the file `admin.token` on the server. \
                `Authorization: Basic` with the token as password does too, as does an address \
                that begins with `/t/TOKEN/` for tokens that are not an admin's.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION.plain,
            "description": "What `POST /api/session` sets; over HTTPS its name begins with \
                `__Host-`. A change takes it only from the server's own pages.",
        },
        "signature": {
            "type": "http",
            "scheme": "TatuScan-Ed25519",
            "description": "`id=…, seq=…, sig=…`, with which a machine signs its report.",
        },
    })
}

/// What an operation takes: any one of these, where `{}` is nothing at all.
fn security(method: &str, path: &str) -> Value {
    let (route, verb) = (pattern(path), method.to_uppercase());
    let verb = Method::from_bytes(verb.as_bytes()).unwrap_or_default();
    match (planes::plane(&verb, &route, false), path, method) {
        (Plane::Public, "/api/session", "patch") => json!([{"session": []}]),
        (Plane::Public, "/api/session", "get" | "delete") => {
            json!([{}, {"session": []}, {"token": []}])
        }
        (Plane::Public, _, _) => json!([]),
        (Plane::Ingest, _, _) => json!([{}, {"token": []}, {"signature": []}]),
        (Plane::Read | Plane::Change | Plane::Administer, _, _) => {
            json!([{"session": []}, {"token": []}])
        }
    }
}

/// An example of each parameter of the administration.
fn describe_parameters(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let example = match (parameter["in"].as_str(), parameter["name"].as_str()) {
            (Some("path"), Some("id")) => json!("5f1c0e9a7b3d"),
            (Some("path"), Some("name")) => json!("ana"),
            (Some("path"), Some("key")) => json!("rack"),
            (_, Some("before")) => {
                parameter["schema"]["maximum"] = MOST_EXACT.into();
                json!(7_340_032)
            }
            (_, Some("subject")) => json!("lab-01"),
            (_, Some("action")) => json!("machine."),
            _ => continue,
        };
        parameter["schema"]["example"] = example;
    }
}

/// The headers that answers of a status have, and an example of each failure.
fn describe_responses(method: &str, operation: &mut Value) {
    let is_tagged = operation["responses"].get("304").is_some();
    for (status, response) in members(operation, "responses") {
        let header = match status.as_str() {
            "401" => Some(("WWW-Authenticate", "The kind of credential.", "string")),
            "429" | "503" => Some(("Retry-After", "Seconds after which to ask again.", "integer")),
            "200" | "304" if is_tagged => Some(("ETag", "For If-None-Match.", "string")),
            _ => None,
        };
        if let Some((name, description, kind)) = header {
            let schema = json!({"type": kind});
            response["headers"] =
                json!({name: {"description": description, "required": true, "schema": schema}});
        }
        let schema = response["content"]["application/json"]["schema"]["$ref"].as_str();
        let example = match schema.and_then(|schema| schema.rsplit('/').next()) {
            Some("ErrorBody") => example_of(method, status),
            Some("HealthReply") if status == "503" => json!({"status": "unhealthy"}),
            _ => continue,
        };
        response["content"]["application/json"]["example"] = example;
    }
}

/// What an object holds under a name, where that is an object too.
fn members<'a>(
    object: &'a mut Value,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a mut Value)> {
    object.get_mut(name).and_then(Value::as_object_mut).into_iter().flatten()
}
