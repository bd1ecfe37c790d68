//! What can be asked about, one line a field.

use chrono::NaiveDate;

use crate::model::{CustomValue, Machine, Text};

/// What stands before the key of a field that an admin defined.
pub const CUSTOM: &str = "custom.";

/// Something of a machine that a search can name.
#[derive(Debug)]
pub struct Field {
    /// The name in searches.
    pub name: &'static str,
    /// Other names, those of the API among them.
    pub(super) aliases: &'static [&'static str],
    pub(super) kind: Kind,
    /// What a machine's search text holds of it, for words to be found in; [`nothing`] for none.
    pub(super) texts: Texts,
    /// What may stand after the colon, for messages.
    pub takes: &'static str,
    /// Searches that use it, and what they find.
    pub examples: &'static [(&'static str, &'static str)],
}

/// Hands out the texts of a machine.
pub(super) type Texts = fn(&Machine, &mut dyn FnMut(&str));

/// How values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As text.
    Text(Part),
    /// As the machine's address.
    Network,
    /// As a part of the address of a network card, or as all of the one that the machine's id was made
    /// from.
    Mac,
    /// As the beginning of the id.
    Id,
    /// As an amount of memory.
    Memory,
    /// As how long ago, or when, the machine was last heard of.
    Seen,
    /// As how long ago, or when, it first reported.
    Created,
    /// As how long the computer has been in use.
    Age,
    /// As the day on which it went into use.
    Activated,
    /// As the state.
    State,
    /// As what it is used for.
    Lifecycle,
    /// As what its agent proves.
    Proof,
    /// As a day, and how long it is ago or left.
    Day(Day),
    /// As the number of days in use.
    ActivationDays,
    /// As the name of a field, which must have a value or (`false`) must not.
    Presence(bool),
}

/// Days that people keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// When it was bought.
    Purchase,
    /// The last day of its warranty.
    Warranty,
}

impl Day {
    pub(super) fn of(self, machine: &Machine) -> Option<NaiveDate> {
        match self {
            Self::Purchase => machine.human.asset.purchase_date,
            Self::Warranty => machine.human.asset.warranty_end_date,
        }
    }
}

/// The part of a text that a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Anywhere in it.
    Any,
    /// Its beginning.
    Beginning,
    /// All of it.
    Whole,
}

/// Where to see whether a machine has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// This line of its search text is not empty.
    Line(usize),
    /// Its memory is above 0.
    Memory,
    /// The date on which it went into use is known.
    Activation,
    /// The number of days in use is known.
    ActivationDays,
    /// This day is known.
    Day(Day),
}

/// Every field, in the order in which the search text and the documents have them.
pub static FIELDS: &[Field] = &[
    Field {
        name: "hostname",
        aliases: &["host", "name"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| put(&machine.hostname),
        takes: "a part of the name, or =NAME for all of it",
        examples: &[
            ("hostname:lab-01", "`lab-01` in the name"),
            ("hostname:=pc-7,=pc-8", "these two names"),
        ],
    },
    Field {
        name: "os",
        aliases: &[],
        kind: Kind::Text(Part::Beginning),
        texts: |machine, put| put(&machine.os),
        takes: "how the operating system's name begins, or =NAME for all of it",
        examples: &[("os:windows,linux", "one of these")],
    },
    Field {
        name: "version",
        aliases: &["os_version"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| put(&machine.os_version),
        takes: "a part of the operating system's version, or =VERSION for all of it",
        examples: &[("version:\"Windows 11\"", "a value with a space")],
    },
    Field {
        name: "model",
        aliases: &["computer_model"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| put(machine.model().map(Text::as_str).unwrap_or_default()),
        takes: "a part of the computer's model, or =MODEL for all of it",
        examples: &[("-model:dell", "without `dell` in the model, or without a model")],
    },
    Field {
        name: "manufacturer",
        aliases: &["maker"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.hardware.manufacturer.iter().for_each(|text| put(text)),
        takes: "a part of the manufacturer's name, or =NAME for all of it",
        examples: &[("manufacturer:lenovo", "who made it, as its agent says")],
    },
    Field {
        name: "serial",
        aliases: &["serial_number"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.hardware.serial.iter().for_each(|text| put(text)),
        takes: "a part of the serial number, or =NUMBER for all of it",
        examples: &[("serial:5cd12", "`5cd12` in the serial number, as its agent says")],
    },
    Field {
        name: "uuid",
        aliases: &[],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.hardware.uuid.iter().for_each(|text| put(text)),
        takes: "a part of the UUID of the firmware's tables, or =UUID for all of it",
        examples: &[("uuid:4c4c4544", "a part of the UUID, as its agent says")],
    },
    Field {
        name: "user",
        aliases: &["users"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.hardware.users().for_each(|user| put(user)),
        takes: "a part of a user's name, or =NAME for all of it",
        examples: &[("user:=ana", "logged in, or the last one who was, as its agent says")],
    },
    Field {
        name: "agent",
        aliases: &["agent_version"],
        kind: Kind::Text(Part::Beginning),
        texts: |machine, put| machine.hardware.agent_version.iter().for_each(|text| put(text)),
        takes: "how the version of the agent begins, or =VERSION for all of it",
        examples: &[("agent:0.2", "the version of its agent begins so")],
    },
    Field {
        name: "ip",
        aliases: &["address"],
        kind: Kind::Network,
        texts: |machine, put| put(&machine.ip),
        takes: "an address, a network such as 10.1.0.0/16, its beginning such as 10.1, or a range \
                such as 10.1.0.5..10.1.0.20",
        examples: &[
            ("ip:10.1.0.0/16", "in the network; `ip:10.1` is the same"),
            ("ip:10.1.0.5..10.1.0.20", "both included"),
        ],
    },
    Field {
        name: "mac",
        aliases: &[],
        kind: Kind::Mac,
        texts: |machine, put| machine.hardware.macs.iter().for_each(|mac| put(mac)),
        takes: "a MAC address, or a part of one, in any notation, such as 00:1b:21:aa:bb:cc, \
                001b21aabbcc or 00-1b-21",
        examples: &[
            ("mac:00-1B-21-AA-BB-CC", "a network card with this address"),
            ("mac:00:1b:21", "an address with this in it, of machines whose agents send theirs"),
        ],
    },
    Field {
        name: "id",
        aliases: &["machine_id"],
        kind: Kind::Id,
        texts: |machine, put| {
            /// Enough to tell machines apart; more would only make short words match by chance.
            const CHARS: usize = 12;
            let id = machine.id.as_str();
            put(id.get(..CHARS).unwrap_or(id));
        },
        takes: "how the id begins, or =ID for all of it",
        examples: &[("id:b151a3", "the id begins so")],
    },
    Field {
        name: "memory",
        aliases: &["ram"],
        kind: Kind::Memory,
        texts: nothing,
        takes: "an amount with a unit (m, g or t), such as 8g, <8g, >=16g or 4g..8g",
        examples: &[
            ("memory:<8g", "less than 8 GiB is reported; 8 GB computers report some 7.7"),
            ("memory:8g", "about 8 GiB, as 8 GB computers report"),
            ("memory:4g..8g", "from 4 to 8 GiB, both included"),
        ],
    },
    Field {
        name: "status",
        aliases: &["is"],
        kind: Kind::State,
        texts: nothing,
        takes: "online, late, offline, missing, manual or retired",
        examples: &[("is:online", "the state; `status:late,offline`: one of these")],
    },
    Field {
        name: "seen",
        aliases: &["updated_at"],
        kind: Kind::Seen,
        texts: nothing,
        takes: "how long ago, such as >7d, <1h or 1d..30d (s, m, h, d, w, mo, y), or a date such \
                as 2026-11-23, 2026-11 or >=2026-11-01",
        examples: &[("seen:>7d", "silent for longer than a week")],
    },
    Field {
        name: "created",
        aliases: &["created_at"],
        kind: Kind::Created,
        texts: nothing,
        takes: "how long ago, such as >7d, <1h or 1d..30d (s, m, h, d, w, mo, y), or a date such \
                as 2026-11-23, 2026-11 or >=2026-11-01",
        examples: &[
            ("created:<30d", "first report less than 30 days ago"),
            ("created:2026-11", "in that month; also `2026`, `2026-11-23`, `>=2026-11-01`"),
        ],
    },
    Field {
        name: "age",
        aliases: &[],
        kind: Kind::Age,
        texts: nothing,
        takes: "an age such as >60mo, <1y or 12mo..36mo, or none, or future",
        examples: &[
            ("age:>60mo", "in use for 60 months or more"),
            ("age:12mo..36mo", "the first included, the second not"),
        ],
    },
    Field {
        name: "activated",
        aliases: &["computer_activation"],
        kind: Kind::Activated,
        texts: nothing,
        takes: "a date such as 2024-01-15, 2024-01, 2024, <2020 or 2019..2021",
        examples: &[("activated:2019..2021", "in use since one of these years")],
    },
    Field {
        name: "tag",
        aliases: &["tags"],
        kind: Kind::Text(Part::Whole),
        texts: |machine, put| machine.human.asset.tags.iter().for_each(|tag| put(tag)),
        takes: "a whole tag",
        examples: &[("tag:lab -tag:\"to do\"", "the one tag and not the other")],
    },
    Field {
        name: "site",
        aliases: &[],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.human.asset.site.iter().for_each(|site| put(site)),
        takes: "a part of the site's name, or =SITE for all of it",
        examples: &[("site:norte building:b room:=12", "where it is")],
    },
    Field {
        name: "building",
        aliases: &[],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.human.asset.building.iter().for_each(|name| put(name)),
        takes: "a part of the building's name, or =BUILDING for all of it",
        examples: &[],
    },
    Field {
        name: "room",
        aliases: &[],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.human.asset.room.iter().for_each(|room| put(room)),
        takes: "a part of the room's name, or =ROOM for all of it",
        examples: &[],
    },
    Field {
        name: "owner",
        aliases: &[],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.human.asset.owner.iter().for_each(|owner| put(owner)),
        takes: "a part of the owner's name, or =OWNER for all of it",
        examples: &[("owner:ana", "whose it is")],
    },
    Field {
        name: "asset",
        aliases: &["asset_number"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.human.asset.asset_number.iter().for_each(|text| put(text)),
        takes: "a part of the number on the label, or =NUMBER for all of it",
        examples: &[("asset:=10422", "the number on its label")],
    },
    Field {
        name: "notes",
        aliases: &["note"],
        kind: Kind::Text(Part::Any),
        texts: |machine, put| machine.human.asset.notes.iter().for_each(|notes| put(notes)),
        takes: "a part of the notes",
        examples: &[("notes:fan", "in the notes")],
    },
    Field {
        name: "lifecycle",
        aliases: &[],
        kind: Kind::Lifecycle,
        texts: nothing,
        takes: "active, stock, repair or retired",
        examples: &[("lifecycle:stock,repair", "what it is used for")],
    },
    Field {
        name: "proof",
        aliases: &[],
        kind: Kind::Proof,
        texts: nothing,
        takes: "legacy, token or signature",
        examples: &[("proof:legacy", "its agent reports without a token or key of its own")],
    },
    Field {
        name: "purchased",
        aliases: &["purchase_date"],
        kind: Kind::Day(Day::Purchase),
        texts: nothing,
        takes: "how long ago, such as >3y or 1y..2y (d, w, mo, y), or a date such as 2024-01-15, \
                2024-01, 2024, <2020 or 2019..2021",
        examples: &[("purchased:>3y", "bought three years ago or earlier; also dates")],
    },
    Field {
        name: "warranty",
        aliases: &["warranty_end_date"],
        kind: Kind::Day(Day::Warranty),
        texts: nothing,
        takes: "how much is left, such as <90d or >1y (d, w, mo, y), expired, or a date such as \
                2026-12-31, 2026-12, 2026, <2027 or 2026..2027",
        examples: &[
            ("warranty:<90d", "it ends within 90 days; also dates"),
            ("warranty:expired", "it has ended"),
        ],
    },
    Field {
        name: "activation_days",
        aliases: &[],
        kind: Kind::ActivationDays,
        texts: nothing,
        takes: "a number of days such as 365, >1000 or 100..200",
        examples: &[("activation_days:>1000", "days in use, as the original's scripts keep them")],
    },
    Field {
        name: "has",
        aliases: &[],
        kind: Kind::Presence(true),
        texts: nothing,
        takes: "the name of a field",
        examples: &[("has:notes", "there are some")],
    },
    Field {
        name: "no",
        aliases: &[],
        kind: Kind::Presence(false),
        texts: nothing,
        takes: "the name of a field",
        examples: &[
            ("no:model,activated", "one of these is not known"),
            ("no:agent", "its agent does not say its version, as the original's"),
        ],
    },
];

/// For fields that words are not looked for in.
fn nothing(_: &Machine, _: &mut dyn FnMut(&str)) {}

/// The field of a name, in any case.
pub(super) fn named(name: &str) -> Option<&'static Field> {
    let is_called = |called: &&str| called.eq_ignore_ascii_case(name);
    FIELDS.iter().find(|field| is_called(&field.name) || field.aliases.iter().any(&is_called))
}

/// The key in the name of a field that an admin defined, in any case; `None` for another name.
pub(super) fn custom_key(name: &str) -> Option<String> {
    let start = name.get(..CUSTOM.len()).filter(|start| start.eq_ignore_ascii_case(CUSTOM))?;
    Some(name[start.len()..].to_ascii_lowercase())
}

/// The names of all fields, for messages.
pub(super) fn names() -> String {
    joined(FIELDS.iter())
}

/// The names of the fields that a machine may lack.
pub(super) fn optional_names() -> String {
    joined(FIELDS.iter().filter(|field| field.presence().is_some()))
}

fn joined(fields: impl Iterator<Item = &'static Field>) -> String {
    let names: Vec<_> = fields.map(|field| field.name).collect();
    names.join(", ")
}

/// What people keep in fields of their own, for words to be found in.
pub(super) fn custom_texts(machine: &Machine, put: &mut dyn FnMut(&str)) {
    for (_, value) in machine.human.asset.custom.iter() {
        match value {
            CustomValue::Text(text) => put(text),
            CustomValue::Number(number) => put(&number.to_string()),
            CustomValue::Date(date) => put(&date.to_string()),
            CustomValue::YesNo(_) => {}
        }
    }
}

impl PartialEq for Field {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Field {}

impl Field {
    /// The place of its texts in a search text.
    pub(super) fn line(&self) -> usize {
        FIELDS.iter().position(|field| field.name == self.name).unwrap_or(FIELDS.len())
    }

    /// How to see whether a machine has it; `None` for what every machine has.
    pub(super) fn presence(&self) -> Option<Presence> {
        match self.kind {
            Kind::Text(_) | Kind::Network | Kind::Mac => Some(Presence::Line(self.line())),
            Kind::Memory => Some(Presence::Memory),
            Kind::Age | Kind::Activated => Some(Presence::Activation),
            Kind::ActivationDays => Some(Presence::ActivationDays),
            Kind::Day(day) => Some(Presence::Day(day)),
            _ => None,
        }
    }
}
