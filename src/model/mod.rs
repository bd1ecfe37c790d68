//! What an inventory is made of, and the rules that need nothing but their arguments: no I/O,
//! no clock, no serialisation format, no HTTP.

pub mod access;
mod asked;
mod asset;
mod backup_run;
mod custom;
mod duplicates;
mod edit;
mod filter;
mod handle;
mod hardware;
mod id;
mod import;
mod machine;
mod merge;
mod order;
mod proof;
mod query;
mod report;
pub mod search;
mod section;
mod software;
mod status;
mod summary;
mod tags;
mod text;
mod view;
mod zone;

pub use asked::Asked;
pub use asset::{Asset, AssetFields, Lifecycle};
pub use backup_run::BackupRun;
pub use custom::{
    CHOICE_CHARS, CHOICES, CUSTOM_FIELDS, CUSTOM_TEXT_CHARS, CustomField, CustomKind, CustomValue,
    CustomValues, KEY_CHARS, LABEL_CHARS, Labels, is_key,
};
pub use duplicates::{Candidate, Distinct, Doubt, MOST_DISTINCT, Reason, Shared, candidates};
pub use edit::{AssetEdit, HumanEdit};
pub use filter::{Activation, Filter, Period, StatusFilter, any_tag, one_of};
pub use handle::{Fields, Handle};
pub use hardware::{HARDWARE_LIST, Hardware, HardwareFields, Received, SectionFacts};
pub use id::{InvalidMachineId, MachineId};
pub use import::{ImportRow, MatchBy, hostname_number};
pub use machine::{BY_HAND, HumanFields, Machine};
pub use merge::{MergedMachine, merged, unmerged};
pub use order::NameKey;
pub use proof::Proof;
pub use query::{MachinePage, MachineQuery, Sort};
pub use report::Report;
pub use search::Search;
pub use section::{SECTION_BYTES, SectionHash, SectionName};
pub use software::{
    FoundSoftware, MOST_NAMED, MOST_PROGRAMS, Package, Program, ProgramTally, SoftwareQuery,
};
pub use status::{Exempt, Liveness, Status, StatusRules};
pub use summary::{
    AGE_RANGES, Ages, Counts, DAYS_PER_MONTH, Facets, MEMORY_RANGES, MemorySizes, Moment,
    StatusCounts, Summary, facets, summary,
};
pub use tags::{BadTag, TAG_CHARS, TAGS, tag, with_tags, without_tags};
pub use text::{
    AGENT_VERSION_CHARS, HOSTNAME_CHARS, IP_CHARS, MODEL_CHARS, NOTES_CHARS, OS_CHARS, PLACE_CHARS,
    Text, clean, clean_lines, for_terminal,
};
pub use view::{VIEW_NAME_CHARS, VIEW_QUERY_CHARS, View};
pub use zone::wall_time;
