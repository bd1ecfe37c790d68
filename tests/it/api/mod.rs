//! What the API takes, refuses and answers.

mod answers;
mod reports;
mod routes;
