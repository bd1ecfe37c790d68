//! What the API takes, refuses and answers.

mod answers;
mod duplicates;
mod fields;
mod figures;
mod kept;
mod reports;
mod routes;
mod search;
mod sections;
mod software;
