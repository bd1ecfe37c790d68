//! The JSON that agents and servers exchange. It only grows: a newer agent talks to an older
//! server, and the agents that are out there talk to this one.

#[cfg(feature = "server")]
pub mod access;
#[cfg(feature = "server")]
mod activation;
#[cfg(feature = "server")]
mod asset;
#[cfg(feature = "server")]
mod bulk;
#[cfg(feature = "server")]
pub mod columns;
#[cfg(feature = "server")]
mod documented;
#[cfg(feature = "server")]
mod duplicates;
#[cfg(feature = "server")]
mod edit;
#[cfg(feature = "server")]
mod fields;
#[cfg(feature = "server")]
mod import;
#[cfg(feature = "server")]
mod ingest;
#[cfg(feature = "server")]
mod lenient;
#[cfg(feature = "server")]
mod machine;
#[cfg(feature = "server")]
mod manual;
#[cfg(feature = "server")]
mod origin;
#[cfg(feature = "server")]
mod query;
mod report;
pub mod sections;
pub mod signing;
#[cfg(feature = "server")]
mod software;
#[cfg(feature = "server")]
mod summary;
#[cfg(feature = "server")]
mod timestamp;
#[cfg(feature = "server")]
mod views;

#[cfg(feature = "server")]
pub use asset::{Day, FieldValue, Lifecycle, custom_value, read_tags};
#[cfg(feature = "server")]
pub use bulk::{BulkEdit, MachinesEdit, MachinesReply, check_conditions, parse_bulk_edit};
#[cfg(feature = "server")]
pub use duplicates::{
    Distinct, DistinctList, Doubt, Duplicates, DuplicatesList, MergeGroup, MergeOrder, MergeReply,
    MergedList, MergedMachine, NewDistinct, Reason, Shared,
};
#[cfg(feature = "server")]
pub use edit::{MachineEdit, parse_edit, read_human};
#[cfg(feature = "server")]
pub use fields::{Field, FieldEdit, FieldLabels, FieldList, FieldType, NewField};
#[cfg(feature = "server")]
pub use import::{
    FieldChange, ImportColumn, ImportProblem, ImportReply, MachineChange, UnmatchedLine,
};
#[cfg(feature = "server")]
pub use ingest::parse_report;
#[cfg(feature = "server")]
pub use machine::{Machine, MachineList, MachineReply, Message, Presenter, Proof, Status};
#[cfg(feature = "server")]
pub use manual::ManualMachine;
#[cfg(feature = "server")]
pub use origin::Origin;
#[cfg(feature = "server")]
pub use query::{
    BadQuestion, FILTER_PARAMETERS, MOST_EXACT, PAGE_PARAMETERS, PROGRAM_PARAMETERS, Parameter,
    names_custom_fields, parse_query,
};
pub use report::Report;
#[cfg(feature = "server")]
pub use software::{Programs, read_packages};
#[cfg(feature = "server")]
pub use summary::{Facets, Summary};
#[cfg(feature = "server")]
pub use timestamp::Timestamp;
#[cfg(feature = "server")]
pub use views::{NewView, View, ViewEdit, ViewList, view_name, view_query};

#[cfg(feature = "server")]
use crate::model::clean;

/// What is wrong with a body, in words for the one who sent it.
#[cfg(feature = "server")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadBody(pub String);

#[cfg(feature = "server")]
impl From<serde_json::Error> for BadBody {
    fn from(error: serde_json::Error) -> Self {
        /// A message quotes what was sent; more of it than this helps nobody.
        const MAX_CHARS: usize = 300;
        // What is no field, kind or choice is quoted as it came.
        let text = clean(&error.to_string(), usize::MAX);
        let mut message: String = text.chars().take(MAX_CHARS).collect();
        if message.len() < text.len() {
            message.push('…');
            message.push_str(&format!(" at line {} column {}", error.line(), error.column()));
        }
        Self(match error.classify() {
            serde_json::error::Category::Data => message,
            _ => format!("Malformed JSON: {message}"),
        })
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::BadBody;

    #[test]
    fn what_is_quoted_of_a_body_could_do_no_harm() {
        let body = r#"{"name": "x", "scope": "\u001b[31mread\u202e\n"}"#;
        let BadBody(said) =
            super::access::parse::<super::access::NewToken>(body.as_bytes()).unwrap_err();
        assert!(said.starts_with("unknown variant `[31mread`, expected"), "{said}");
    }
}
