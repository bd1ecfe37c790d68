//! A change that a person makes to a machine.

use chrono::{DateTime, Utc};

use super::Text;

/// New values for human fields. The outer `None` leaves a field as it is, the inner one clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HumanEdit {
    /// Make and model of the computer.
    pub computer_model: Option<Option<Text>>,
    /// When the computer went into use.
    pub computer_activation: Option<Option<DateTime<Utc>>>,
    /// Days in use.
    pub activation_days: Option<Option<i32>>,
}

impl HumanEdit {
    /// Changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
