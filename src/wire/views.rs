//! Views, as the API shows and takes them.

use poem_openapi::{Object, types::Example};
use serde::{Deserialize, Serialize};

use super::{BadBody, Presenter, Timestamp, parse_query};
use crate::model::{self, Asked, Text, VIEW_NAME_CHARS, VIEW_QUERY_CHARS, clean};

/// A question about machines under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct View {
    /// Names it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The question: what stands after `?` in the address of a list or of the report.
    pub query: String,
    /// Who made it; null for a program.
    #[oai(nullable)]
    pub owner: Option<String>,
    /// Whether everybody who may read sees it.
    pub shared: bool,
    /// When it was made or changed last.
    pub changed_at: Timestamp,
}

/// Views.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct ViewList {
    /// By name.
    pub items: Vec<View>,
}

/// A view to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct NewView {
    /// What people call it.
    #[oai(validator(min_length = 1, max_length = 100))]
    pub name: String,
    /// The question: what stands after `?` in the address of a list or of the report.
    #[oai(validator(max_length = 4096))]
    pub query: String,
    /// Whether it is for everybody; only admins may say so.
    #[oai(nullable)]
    #[serde(default)]
    pub shared: Option<bool>,
}

/// What is to be different about a view. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(example)]
#[serde(default)]
pub struct ViewEdit {
    /// What people call it.
    #[oai(nullable, validator(min_length = 1, max_length = 100))]
    pub name: Option<String>,
    /// The question.
    #[oai(nullable, validator(max_length = 4096))]
    pub query: Option<String>,
    /// Whether it is for everybody.
    #[oai(nullable)]
    pub shared: Option<bool>,
}

/// The name of a view.
///
/// # Errors
/// [`BadBody`] says what a name takes.
pub fn view_name(name: &str) -> Result<Text, BadBody> {
    let length = name.chars().count();
    let name = clean(name, usize::MAX);
    if name.is_empty() || length > VIEW_NAME_CHARS {
        return Err(BadBody(format!("name must have 1 to {VIEW_NAME_CHARS} characters")));
    }
    Ok(name)
}

/// The question of a view, which must be one that a list answers. What a list does not know, such as
/// which columns are shown, is kept as it is.
///
/// # Errors
/// [`BadBody`] names the condition that is wrong.
pub fn view_query(query: &str, asked: &Asked<'_>) -> Result<String, BadBody> {
    let query = query.trim().trim_start_matches('?');
    if query.chars().count() > VIEW_QUERY_CHARS {
        return Err(BadBody(format!("query takes at most {VIEW_QUERY_CHARS} characters")));
    }
    if query.chars().any(|c| c.is_control() || c.is_whitespace() || c == '#') {
        let text = "query must be written as in an address: a space is %20 or +, # is %23";
        return Err(BadBody(text.into()));
    }
    parse_query(query, asked).map_err(|bad| BadBody(format!("query: {}", bad.error)))?;
    Ok(query.to_owned())
}

impl Presenter {
    /// The view as the API shows it.
    #[must_use]
    pub fn view(&self, view: &model::View) -> View {
        View {
            id: view.id.to_string(),
            name: view.name.to_string(),
            query: view.query.clone(),
            owner: view.owner.clone(),
            shared: view.is_shared,
            changed_at: Timestamp::new(view.changed_at, self.zone),
        }
    }
}

impl Example for View {
    fn example() -> Self {
        let NewView { name, query, shared } = NewView::example();
        Self {
            id: "5f1c0e9a7b3d".into(),
            name,
            query,
            owner: Some("ana".into()),
            shared: shared.unwrap_or_default(),
            changed_at: super::Machine::example().created_at,
        }
    }
}

impl Example for ViewList {
    fn example() -> Self {
        Self { items: vec![View::example()] }
    }
}

impl Example for NewView {
    fn example() -> Self {
        Self {
            name: "Windows 10, silent for a week".into(),
            query: "q=version%3A%22Windows+10%22&seen=%3E7d&sort=updated_at".into(),
            shared: Some(true),
        }
    }
}

impl Example for ViewEdit {
    fn example() -> Self {
        Self { name: Some("Windows 10, silent".into()), ..Self::default() }
    }
}
