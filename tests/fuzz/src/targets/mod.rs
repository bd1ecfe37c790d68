//! The targets, each named as its file and as its directory in `corpus`.

mod answer;
mod certificate;
mod damage;
mod database;
mod edit;
mod export;
mod firmware;
mod inventory;
mod query;
mod report;
mod request;
mod search;
mod section;
mod settings;
mod state;
mod stored;
mod table;
mod words;

/// What is done with an input.
pub type Target = fn(&[u8]);

/// All of them, by their names.
pub const ALL: [(&str, Target); 18] = [
    ("answer", answer::run),
    ("certificate", certificate::run),
    ("damage", damage::run),
    ("database", database::run),
    ("edit", edit::run),
    ("export", export::run),
    ("firmware", firmware::run),
    ("inventory", inventory::run),
    ("query", query::run),
    ("report", report::run),
    ("request", request::run),
    ("search", search::run),
    ("section", section::run),
    ("settings", settings::run),
    ("state", state::run),
    ("stored", stored::run),
    ("table", table::run),
    ("words", words::run),
];

/// The first line of an input, which says what the rest is, and the rest.
fn head(data: &[u8]) -> Option<(&str, &[u8])> {
    let end = data.iter().position(|byte| *byte == b'\n')?;
    Some((std::str::from_utf8(&data[..end]).ok()?, &data[end + 1..]))
}
