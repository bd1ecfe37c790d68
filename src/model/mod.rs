//! What an inventory is made of, and the rules that need nothing but their arguments: no I/O,
//! no clock, no serialisation format, no HTTP.

pub mod access;
mod backup_run;
mod edit;
mod filter;
mod id;
mod machine;
mod order;
mod query;
mod report;
mod status;
mod summary;
mod text;
mod zone;

pub use backup_run::BackupRun;
pub use edit::HumanEdit;
pub use filter::{Activation, Filter, Period, StatusFilter, one_of, search_text};
pub use id::{InvalidMachineId, MachineId};
pub use machine::{HumanFields, Machine};
pub use order::NameKey;
pub use query::{MachinePage, MachineQuery, Sort};
pub use report::Report;
pub use status::{Liveness, Status, StatusRules};
pub use summary::{
    AGE_RANGES, Ages, Counts, DAYS_PER_MONTH, Facets, Moment, StatusCounts, Summary, facets,
    summary,
};
pub use text::{HOSTNAME_CHARS, IP_CHARS, MODEL_CHARS, OS_CHARS, Text, clean};
pub use zone::wall_time;
