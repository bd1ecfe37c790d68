//! What the API takes, refuses and answers.

mod answers;
mod fields;
mod figures;
mod kept;
mod reports;
mod routes;
mod search;
