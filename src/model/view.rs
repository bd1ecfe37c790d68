//! Questions that people keep under a name.

use chrono::{DateTime, Utc};

use super::Text;

/// Most characters of a view's name.
pub const VIEW_NAME_CHARS: usize = 100;
/// Most characters of a view's question.
pub const VIEW_QUERY_CHARS: usize = 4_096;

/// A question about machines, and how its answer is shown, under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What programs call it.
    pub id: Text,
    /// What people call it.
    pub name: Text,
    /// The question, as it stands in the address of a list after `?`.
    pub query: String,
    /// Who made it: a person's name; `None` for a token.
    pub owner: Option<String>,
    /// Whether everybody who may read sees it, and admins may change it.
    pub is_shared: bool,
    /// When it was made or changed last.
    pub changed_at: DateTime<Utc>,
}
