//! What people keep about a machine beyond what the original kept.

use chrono::NaiveDate;

use super::handle::{Fields, Handle};
use super::{CustomValues, Text};

/// What people keep about a machine. Most machines have none of it, and then it takes one word.
pub type Asset = Handle<AssetFields>;

/// The fields of an [`Asset`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct AssetFields {
    /// Tags, as [`super::with_tags`] orders them.
    pub tags: Vec<Text>,
    /// Free text of several lines.
    pub notes: Option<Text>,
    /// Where it is: the site, …
    pub site: Option<Text>,
    /// … the building there, …
    pub building: Option<Text>,
    /// … and the room.
    pub room: Option<Text>,
    /// Whose it is: a person or a department.
    pub owner: Option<Text>,
    /// The number on its label.
    pub asset_number: Option<Text>,
    /// What it is used for at the moment.
    pub lifecycle: Lifecycle,
    /// When it was bought.
    pub purchase_date: Option<NaiveDate>,
    /// The last day of its warranty.
    pub warranty_end_date: Option<NaiveDate>,
    /// Values of the fields that admins defined, by their keys.
    pub custom: CustomValues,
    /// What a later version of this program keeps beyond this, as a JSON object.
    pub later: Option<Text>,
}

/// What a machine is used for. In use, unless somebody says otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lifecycle {
    /// In use.
    #[default]
    Active,
    /// In store.
    Stock,
    /// Being repaired.
    Repair,
    /// Taken out of use: nobody waits for its reports.
    Retired,
}

impl Lifecycle {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Active, Self::Stock, Self::Repair, Self::Retired];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Stock => "stock",
            Self::Repair => "repair",
            Self::Retired => "retired",
        }
    }

    /// The one with this name, in any case.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }
}

static NOTHING: AssetFields = AssetFields {
    tags: Vec::new(),
    notes: None,
    site: None,
    building: None,
    room: None,
    owner: None,
    asset_number: None,
    lifecycle: Lifecycle::Active,
    purchase_date: None,
    warranty_end_date: None,
    custom: CustomValues::new(),
    later: None,
};

impl Fields for AssetFields {
    fn nothing() -> &'static Self {
        &NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_kept_takes_one_word_however_it_came_to_that() {
        assert_eq!(size_of::<Asset>(), size_of::<usize>());
        let kept = Asset::default().with(|fields| fields.room = Some("12".into()));
        assert!(!kept.is_empty());
        let cleared = kept.with(|fields| fields.room = None);
        assert!(cleared.is_empty());
        assert_eq!(cleared, Asset::default());
        assert_eq!(cleared.lifecycle, Lifecycle::Active);
    }
}
