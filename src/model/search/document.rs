//! The search box, described for people.

use super::FIELDS;

/// What can be searched for and how, in Markdown: a table of examples.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(
        "Words, phrases and conditions, all of which must hold, without regard to case and \
         accents:\n\n| search | finds machines with |\n|---|---|\n",
    );
    let general = [
        ("lab 01", "both words, each anywhere in the texts of the machine"),
        ("\"lab 01\"", "the phrase; in quotes nothing has a meaning of its own"),
        ("-lab", "none of it; a dash negates conditions too"),
    ];
    let of_fields = FIELDS.iter().flat_map(|field| field.examples.iter().copied());
    for (search, finds) in general.into_iter().chain(of_fields) {
        text.push_str(&format!("| `{search}` | {finds} |\n"));
    }
    text.push_str("| `custom.rack:12` | a field that an admin defined, by its key |\n");
    text.push_str(
        "\nA comma means or. `=` before the value of a text or an id means all of it, `\"\"` that \
         there is none. Addresses and `http://…` are words; any other word with a colon that is no \
         condition goes into quotes. An error says in `token` which characters are wrong.",
    );
    text
}
