//! What people keep about a machine beyond what the original kept.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;

use super::{CustomValues, Text};

/// What people keep about a machine. Most machines have none of it, and then it takes one word.
#[derive(Debug, Clone, Default)]
pub struct Asset(Option<Arc<Kept>>);

#[derive(Debug)]
struct Kept {
    fields: AssetFields,
    /// How whoever keeps it writes it: every report of the machine carries it along unchanged.
    text: OnceLock<Box<str>>,
}

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

impl Deref for Asset {
    type Target = AssetFields;

    fn deref(&self) -> &AssetFields {
        self.0.as_deref().map_or(&NOTHING, |kept| &kept.fields)
    }
}

impl From<AssetFields> for Asset {
    fn from(fields: AssetFields) -> Self {
        let kept = |fields| Arc::new(Kept { fields, text: OnceLock::new() });
        Self((fields != NOTHING).then(|| kept(fields)))
    }
}

impl PartialEq for Asset {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one.fields == other.fields,
            _ => false,
        }
    }
}

impl Eq for Asset {}

impl Hash for Asset {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Asset {
    /// Whether it is the very same, and not only equal; nothing is the same as nothing.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// It as text; `None` for nothing. Written by `write` once, however often it is asked for, so that
    /// only one form of it may be.
    #[must_use]
    pub fn text(&self, write: impl FnOnce(&AssetFields) -> String) -> Option<&str> {
        let kept = self.0.as_deref()?;
        Some(kept.text.get_or_init(|| write(&kept.fields).into()))
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What it is after a change.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut AssetFields)) -> Self {
        let mut fields = (**self).clone();
        change(&mut fields);
        fields.into()
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
