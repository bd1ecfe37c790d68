//! A change that a person makes to a machine.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Asset, CustomValue, HumanFields, Lifecycle, Text, with_tags, without_tags};

/// New values for human fields. The outer `None` leaves a field as it is, the inner one clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HumanEdit {
    /// Make and model of the computer.
    pub computer_model: Option<Option<Text>>,
    /// When the computer went into use.
    pub computer_activation: Option<Option<DateTime<Utc>>>,
    /// Days in use.
    pub activation_days: Option<Option<i32>>,
    /// What people keep beyond these.
    pub asset: AssetEdit,
}

/// New values for what an [`Asset`] holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetEdit {
    /// Tags in place of those that are there.
    pub tags: Option<Vec<Text>>,
    /// Tags to take away, whatever their case.
    pub remove_tags: Vec<Text>,
    /// Tags to add then.
    pub add_tags: Vec<Text>,
    /// Notes.
    pub notes: Option<Option<Text>>,
    /// Site.
    pub site: Option<Option<Text>>,
    /// Building.
    pub building: Option<Option<Text>>,
    /// Room.
    pub room: Option<Option<Text>>,
    /// Owner.
    pub owner: Option<Option<Text>>,
    /// Asset number.
    pub asset_number: Option<Option<Text>>,
    /// Lifecycle.
    pub lifecycle: Option<Lifecycle>,
    /// Purchase date.
    pub purchase_date: Option<Option<NaiveDate>>,
    /// The last day of the warranty.
    pub warranty_end_date: Option<Option<NaiveDate>>,
    /// Whether all values of custom fields go, before others are set.
    pub clear_custom: bool,
    /// Values of custom fields, by key.
    pub custom: BTreeMap<Text, Option<CustomValue>>,
}

impl HumanEdit {
    /// Changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The fields after the change.
    #[must_use]
    pub fn applied(&self, fields: &HumanFields) -> HumanFields {
        let mut fields = fields.clone();
        if let Some(model) = &self.computer_model {
            fields.computer_model.clone_from(model);
        }
        if let Some(activation) = self.computer_activation {
            fields.computer_activation = activation;
        }
        if let Some(days) = self.activation_days {
            fields.activation_days = days;
        }
        if self.asset != AssetEdit::default() {
            fields.asset = self.asset.applied(&fields.asset);
        }
        fields
    }
}

impl AssetEdit {
    fn applied(&self, asset: &Asset) -> Asset {
        asset.with(|fields| {
            let tags = self.tags.as_ref().unwrap_or(&fields.tags);
            fields.tags = with_tags(&without_tags(tags, &self.remove_tags), &self.add_tags);
            set(&mut fields.notes, self.notes.as_ref());
            set(&mut fields.site, self.site.as_ref());
            set(&mut fields.building, self.building.as_ref());
            set(&mut fields.room, self.room.as_ref());
            set(&mut fields.owner, self.owner.as_ref());
            set(&mut fields.asset_number, self.asset_number.as_ref());
            set(&mut fields.lifecycle, self.lifecycle.as_ref());
            set(&mut fields.purchase_date, self.purchase_date.as_ref());
            set(&mut fields.warranty_end_date, self.warranty_end_date.as_ref());
            if self.clear_custom {
                fields.custom.clear();
            }
            for (key, value) in &self.custom {
                match value {
                    Some(value) => fields.custom.insert(key.clone(), value.clone()),
                    None => fields.custom.remove(key),
                }
            }
        })
    }
}

fn set<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}
