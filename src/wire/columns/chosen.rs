//! The columns that somebody chose of a table of machines.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Cell, Column, Language, MACHINE_COLUMNS};
use crate::model::{CustomField, CustomKind, Text, clean};
use crate::wire::{BadBody, Machine};

/// What the name of a custom field's column begins with.
const CUSTOM: &str = "custom.";

/// A column of a table of machines.
#[derive(Debug, Clone)]
pub enum MachineColumn {
    /// A field that every machine has.
    Field(&'static Column<Machine>),
    /// One that an admin defined.
    Custom(Arc<CustomField>),
}

/// Columns, in order.
#[derive(Debug, Clone)]
pub struct MachineColumns(Vec<MachineColumn>);

impl MachineColumn {
    /// What people call it.
    #[must_use]
    pub fn header(&self, language: Language) -> &str {
        match self {
            Self::Field(column) => column.header(language),
            Self::Custom(field) => {
                let labels = &field.labels;
                let label = match language {
                    Language::PtBr => &labels.pt_br,
                    Language::En => &labels.en,
                    Language::Es => &labels.es,
                };
                label.as_ref().unwrap_or(&field.key)
            }
        }
    }

    /// What programs call it.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Field(column) => column.name.into(),
            Self::Custom(field) => format!("{CUSTOM}{}", field.key).into(),
        }
    }

    /// How many characters of it are shown where there is room.
    #[must_use]
    pub fn width(&self) -> u8 {
        match self {
            Self::Field(column) => column.width,
            Self::Custom(_) => 20,
        }
    }

    /// What stands in it.
    #[must_use]
    pub fn cell<'a>(&self, machine: &'a Machine) -> Cell<'a> {
        let field = match self {
            Self::Field(column) => return (column.cell)(machine),
            Self::Custom(field) => field,
        };
        match machine.custom.get(field.key.as_str()).map(|value| &value.0) {
            None | Some(Value::Null | Value::Array(_) | Value::Object(_)) => Cell::Empty,
            Some(Value::Bool(is_so)) => Cell::YesNo(*is_so),
            Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Cell::Whole(whole),
                (None, number) => number.map_or(Cell::Empty, Cell::Number),
            },
            Some(Value::String(text)) => match (&field.kind, text.parse()) {
                (CustomKind::Date, Ok(day)) => Cell::Day(day),
                _ => Cell::Text(text),
            },
        }
    }
}

impl MachineColumns {
    /// Every column there is.
    #[must_use]
    pub fn all(fields: &[Arc<CustomField>]) -> Self {
        let custom = fields.iter().cloned().map(MachineColumn::Custom);
        Self(MACHINE_COLUMNS.iter().map(MachineColumn::Field).chain(custom).collect())
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &MachineColumn> {
        self.0.iter()
    }

    /// A machine, with what stands in these columns alone: as JSON an object like those of the list,
    /// in which custom fields are in one of their own.
    pub fn of<'a>(&'a self, machine: &'a Machine) -> impl Serialize + 'a {
        Picked { columns: &self.0, machine }
    }
}

struct Picked<'a> {
    columns: &'a [MachineColumn],
    machine: &'a Machine,
}

/// The custom fields among columns.
struct PickedCustom<'a>(&'a Picked<'a>);

impl Serialize for Picked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        let mut has_custom = false;
        for column in self.columns {
            match column {
                MachineColumn::Field(field) => {
                    object.serialize_entry(field.name, &(field.cell)(self.machine))?;
                }
                MachineColumn::Custom(_) if has_custom => {}
                MachineColumn::Custom(_) => {
                    object.serialize_entry("custom", &PickedCustom(self))?;
                    has_custom = true;
                }
            }
        }
        object.end()
    }
}

impl Serialize for PickedCustom<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Picked { columns, machine } = self.0;
        let values = columns.iter().filter_map(|column| match column {
            MachineColumn::Field(_) => None,
            MachineColumn::Custom(field) => machine.custom.get_key_value(field.key.as_str()),
        });
        serializer.collect_map(values)
    }
}

/// Reads which columns a URL's query asks for; `None` when it does not say.
///
/// # Errors
/// [`BadBody`] names a column that there is none of.
pub fn parse_columns(
    query: &str,
    fields: &[Arc<CustomField>],
) -> Result<Option<MachineColumns>, BadBody> {
    let mut columns = Vec::new();
    let mut add = |column: MachineColumn| {
        let is_same = |other: &MachineColumn| match (other, &column) {
            (MachineColumn::Field(one), MachineColumn::Field(other)) => one.name == other.name,
            (MachineColumn::Custom(one), MachineColumn::Custom(other)) => one.key == other.key,
            _ => false,
        };
        if !columns.iter().any(is_same) {
            columns.push(column);
        }
    };
    let given = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "columns");
    for (_, names) in given {
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let key = name.strip_prefix(CUSTOM);
            if let Some(column) = MACHINE_COLUMNS.iter().find(|column| column.name == name) {
                add(MachineColumn::Field(column));
            } else if name == "custom" {
                fields.iter().cloned().map(MachineColumn::Custom).for_each(&mut add);
            } else if let Some(field) = fields.iter().find(|field| Some(field.key.as_str()) == key)
            {
                add(MachineColumn::Custom(Arc::clone(field)));
            } else {
                return Err(unknown(name));
            }
        }
    }
    Ok((!columns.is_empty()).then_some(MachineColumns(columns)))
}

fn unknown(name: &str) -> BadBody {
    let name: Text = clean(name, 60);
    let names: Vec<_> = MACHINE_COLUMNS.iter().map(|column| column.name).collect();
    let names = names.join(", ");
    BadBody(format!(
        "columns has '{name}', but takes {names}, custom, and custom.KEY of the fields that \
         GET /api/fields lists"
    ))
}
