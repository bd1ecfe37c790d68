//! Two machines become one, and two again.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{
    Asset, AssetFields, HumanFields, Lifecycle, Machine, MachineId, NOTES_CHARS, TAGS, Text,
    with_tags, without_tags,
};

/// A machine that was merged into another one. Reports under its id are the other's from then on.
#[derive(Debug, Clone, PartialEq)]
pub struct MergedMachine {
    /// As it was.
    pub machine: Arc<Machine>,
    /// The machine that was kept, as it was before …
    pub before: Arc<Machine>,
    /// … and after.
    pub after: Arc<Machine>,
    /// When they were merged.
    pub merged_at: DateTime<Utc>,
    /// By whom, as in [`super::access::AuditEntry::actor`].
    pub merged_by: String,
}

impl MergedMachine {
    /// The machine that was kept.
    #[must_use]
    pub fn into_id(&self) -> &MachineId {
        &self.after.id
    }
}

/// The machine that is kept with the better of each field: its own where it has one, otherwise the
/// other's; the tags and notes of both, and the earlier first report.
#[must_use]
pub fn merged(kept: &Machine, other: &Machine) -> Machine {
    let (own, its) = (&kept.human, &other.human);
    Machine {
        human: HumanFields {
            computer_model: own.computer_model.clone().or_else(|| its.computer_model.clone()),
            computer_activation: own.computer_activation.or(its.computer_activation),
            activation_days: own.activation_days.or(its.activation_days),
            asset: merged_assets(&own.asset, &its.asset),
        },
        os_version: if kept.os_version.is_empty() && kept.os == other.os {
            other.os_version.clone()
        } else {
            kept.os_version.clone()
        },
        created_at: kept.created_at.min(other.created_at),
        ..kept.clone()
    }
}

fn merged_assets(own: &Asset, its: &Asset) -> Asset {
    if its.is_empty() {
        return own.clone();
    }
    own.with(|fields| {
        let tags = with_tags(&fields.tags, &its.tags);
        // What does not fit stays with the machine that was merged.
        if tags.len() <= TAGS {
            fields.tags = tags;
        }
        fields.notes = merged_notes(fields.notes.as_ref(), its.notes.as_ref());
        for (own, its) in [
            (&mut fields.site, &its.site),
            (&mut fields.building, &its.building),
            (&mut fields.room, &its.room),
            (&mut fields.owner, &its.owner),
            (&mut fields.asset_number, &its.asset_number),
            (&mut fields.later, &its.later),
        ] {
            if own.is_none() {
                own.clone_from(its);
            }
        }
        if fields.lifecycle == Lifecycle::default() && its.lifecycle != Lifecycle::Retired {
            fields.lifecycle = its.lifecycle;
        }
        fields.purchase_date = fields.purchase_date.or(its.purchase_date);
        fields.warranty_end_date = fields.warranty_end_date.or(its.warranty_end_date);
        for (key, value) in its.custom.iter() {
            if fields.custom.get(key).is_none() {
                fields.custom.insert(key.clone(), value.clone());
            }
        }
    })
}

fn merged_notes(own: Option<&Text>, its: Option<&Text>) -> Option<Text> {
    let (Some(own), Some(its)) = (own, its) else { return own.or(its).cloned() };
    if own.contains(its.as_str()) {
        return Some(own.clone());
    }
    let both = format!("{own}\n{its}");
    Some(if both.chars().count() <= NOTES_CHARS { both.into() } else { own.clone() })
}

/// The machine that was kept without what the merge gave it, as far as nobody changed that since.
#[must_use]
pub fn unmerged(kept: &Machine, merge: &MergedMachine) -> Machine {
    let MergedMachine { before, after, .. } = merge;
    let back = Back { before, after };
    let mut machine = kept.clone();
    back.put(&mut machine.os_version, |machine| &machine.os_version);
    back.put(&mut machine.created_at, |machine| &machine.created_at);
    let human = &mut machine.human;
    back.put(&mut human.computer_model, |machine| &machine.human.computer_model);
    back.put(&mut human.computer_activation, |machine| &machine.human.computer_activation);
    back.put(&mut human.activation_days, |machine| &machine.human.activation_days);
    human.asset = kept.human.asset.with(|fields| back.put_asset(fields));
    machine
}

/// Puts back what a machine was before a merge.
struct Back<'a> {
    before: &'a Machine,
    after: &'a Machine,
}

impl Back<'_> {
    fn put<T: Clone + PartialEq>(&self, field: &mut T, of: impl Fn(&Machine) -> &T) {
        if field == of(self.after) {
            field.clone_from(of(self.before));
        }
    }

    fn put_asset(&self, fields: &mut AssetFields) {
        let (before, after) = (&self.before.human.asset, &self.after.human.asset);
        let came = without_tags(&after.tags, &before.tags);
        fields.tags = without_tags(&fields.tags, &came);
        self.put(&mut fields.notes, |machine| &machine.human.asset.notes);
        self.put(&mut fields.site, |machine| &machine.human.asset.site);
        self.put(&mut fields.building, |machine| &machine.human.asset.building);
        self.put(&mut fields.room, |machine| &machine.human.asset.room);
        self.put(&mut fields.owner, |machine| &machine.human.asset.owner);
        self.put(&mut fields.asset_number, |machine| &machine.human.asset.asset_number);
        self.put(&mut fields.later, |machine| &machine.human.asset.later);
        self.put(&mut fields.lifecycle, |machine| &machine.human.asset.lifecycle);
        self.put(&mut fields.purchase_date, |machine| &machine.human.asset.purchase_date);
        self.put(&mut fields.warranty_end_date, |machine| &machine.human.asset.warranty_end_date);
        for (key, came) in after.custom.iter() {
            if before.custom.get(key).is_none() && fields.custom.get(key) == Some(came) {
                fields.custom.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::model::{CustomValue, Proof, Report};

    fn machine(id: &str, fields: AssetFields) -> Machine {
        let report = Report {
            id: MachineId::stored(id),
            hostname: "lab-01".into(),
            ip: "10.0.0.1".into(),
            os: "linux".into(),
            os_version: None,
            cpu_percent: 1.0,
            memory_total_mb: 8000,
            memory_used_mb: None,
            interval_s: None,
            proof: Proof::Legacy,
            human: HumanFields::default(),
            agent_version: None,
            sections: Vec::new(),
            received_at: DateTime::UNIX_EPOCH,
        };
        let mut machine = Machine::first_seen(report);
        machine.human.asset = fields.into();
        machine
    }

    fn pair() -> (Machine, Machine) {
        let mut kept = machine(
            "new",
            AssetFields {
                tags: vec!["Lab".into()],
                notes: Some("new power supply".into()),
                room: Some("12".into()),
                ..AssetFields::default()
            },
        );
        kept.created_at += TimeDelta::days(9);
        let mut other = machine(
            "old",
            AssetFields {
                tags: vec!["lab".into(), "aluno".into()],
                notes: Some("fan".into()),
                room: Some("11".into()),
                site: Some("Norte".into()),
                lifecycle: Lifecycle::Repair,
                ..AssetFields::default()
            },
        );
        other.os_version = "Debian 12".into();
        other.human.activation_days = Some(7);
        other.human.asset = other.human.asset.with(|fields| {
            fields.custom.insert("rack".into(), CustomValue::Number(2.0));
        });
        (kept, other)
    }

    #[test]
    fn the_better_of_each_field_is_kept() {
        let (kept, other) = pair();
        let one = merged(&kept, &other);
        let asset = &one.human.asset;
        assert_eq!(asset.tags, ["aluno", "Lab"]);
        assert_eq!(asset.notes.as_deref(), Some("new power supply\nfan"));
        assert_eq!((asset.room.as_deref(), asset.site.as_deref()), (Some("12"), Some("Norte")));
        assert_eq!(asset.lifecycle, Lifecycle::Repair);
        assert_eq!(asset.custom.get("rack"), Some(&CustomValue::Number(2.0)));
        assert_eq!((one.os_version.as_str(), one.human.activation_days), ("Debian 12", Some(7)));
        assert_eq!((&one.id, one.created_at), (&kept.id, other.created_at));
        assert_eq!(merged(&one, &other), one, "what is there is not taken twice");
    }

    #[test]
    fn what_was_merged_goes_back_and_what_people_changed_since_stays() {
        let (kept, other) = pair();
        let after = merged(&kept, &other);
        let merge = MergedMachine {
            machine: Arc::new(other),
            before: Arc::new(kept.clone()),
            after: Arc::new(after.clone()),
            merged_at: DateTime::UNIX_EPOCH,
            merged_by: String::new(),
        };
        assert_eq!(unmerged(&after, &merge), kept);
        let mut since = after;
        since.cpu_percent = 50.0;
        since.human.asset = since.human.asset.with(|fields| {
            fields.site = Some("Sul".into());
            fields.tags.push("server".into());
            fields.notes = None;
        });
        let back = unmerged(&since, &merge);
        let asset = &back.human.asset;
        assert_eq!((asset.site.as_deref(), asset.notes.as_deref()), (Some("Sul"), None));
        assert_eq!(asset.tags, ["Lab", "server"]);
        assert_eq!((back.cpu_percent, back.created_at), (50.0, kept.created_at));
        assert_eq!(back.human.activation_days, None);
    }

    #[test]
    fn what_does_not_fit_stays_with_the_machine_that_was_merged() {
        let many = |prefix: &str| (0..40).map(|n| Text::from(format!("{prefix}{n}"))).collect();
        let long = |c: &str| Some(Text::from(c.repeat(NOTES_CHARS)));
        let fields = |prefix: &str| AssetFields {
            tags: many(prefix),
            notes: long(prefix),
            ..AssetFields::default()
        };
        let (kept, other) = (machine("a", fields("a")), machine("b", fields("b")));
        assert_eq!(merged(&kept, &other).human, kept.human);
    }
}
