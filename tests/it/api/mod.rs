//! What the API takes, refuses and answers.

mod answers;
mod figures;
mod reports;
mod routes;
