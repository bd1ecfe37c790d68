//! Custom fields, as admins define them.

use poem_openapi::{Enum, Object, types::Example};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::BadBody;
use crate::model::{
    self, CHOICE_CHARS, CHOICES, CustomKind, KEY_CHARS, LABEL_CHARS, Text, clean, is_key,
};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[oai(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// A line of text, at most 500 characters.
    Text,
    /// A number.
    Number,
    /// A calendar date.
    Date,
    /// True or false.
    YesNo,
    /// One of its choices.
    Choice,
}

/// What a field is called by people, in each language; the key stands in for what is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Object)]
pub struct FieldLabels {
    /// In Portuguese.
    #[oai(rename = "pt-BR", nullable, validator(max_length = 60))]
    #[serde(rename = "pt-BR", default)]
    pub pt_br: Option<String>,
    /// In English.
    #[oai(nullable, validator(max_length = 60))]
    #[serde(default)]
    pub en: Option<String>,
    /// In Spanish.
    #[oai(nullable, validator(max_length = 60))]
    #[serde(default)]
    pub es: Option<String>,
}

/// A field that machines can have a value of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct Field {
    /// What it is called in `custom`.
    pub key: String,
    /// What it holds.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What it is called by people.
    pub labels: FieldLabels,
    /// What can be chosen, in order; empty unless the type is `choice`.
    pub choices: Vec<String>,
    /// Where it stands among the fields: smaller comes first.
    pub order: i32,
}

/// The fields that there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Object)]
#[oai(example)]
pub struct FieldList {
    /// In order.
    pub items: Vec<Field>,
}

/// A field to define.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct NewField {
    /// What it is called in `custom`; it never changes.
    #[oai(validator(pattern = "^[a-z][a-z0-9_]{0,31}$"))]
    pub key: String,
    /// What it holds; this never changes.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What it is called by people.
    #[oai(nullable)]
    #[serde(default, deserialize_with = "labels_by_language")]
    pub labels: Option<FieldLabels>,
    /// What can be chosen, in order: 1 to 100 texts of at most 100 characters, no two the same but for
    /// their case. For the type `choice`, and only there.
    #[oai(nullable, validator(max_items = 100))]
    pub choices: Option<Vec<String>>,
    /// Where it stands among the fields: smaller comes first. At the end, when left out.
    #[oai(nullable)]
    pub order: Option<i32>,
}

/// What is to be different about a field. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct FieldEdit {
    /// What it is called by people: all languages in place of those before.
    #[oai(nullable)]
    #[serde(default, deserialize_with = "labels_by_language")]
    pub labels: Option<FieldLabels>,
    /// What can be chosen, in order. A choice that machines have is only left out when
    /// `discard_values` says so.
    #[oai(nullable, validator(max_items = 100))]
    pub choices: Option<Vec<String>>,
    /// Where it stands among the fields.
    #[oai(nullable)]
    pub order: Option<i32>,
}

/// A list of labels would be read as well, in the order in which they are declared.
fn labels_by_language<'de, D: Deserializer<'de>>(from: D) -> Result<Option<FieldLabels>, D::Error> {
    let labels = Option::<Map<String, Value>>::deserialize(from)?;
    let labels = labels.map(|labels| FieldLabels::deserialize(Value::Object(labels))).transpose();
    labels.map_err(|error| D::Error::custom(format!("labels: {error}")))
}

impl NewField {
    /// What a field of this key, type and choices is in the model.
    ///
    /// # Errors
    /// [`BadBody`] names the field that is wrong.
    pub fn checked(&self) -> Result<(Text, CustomKind, model::Labels), BadBody> {
        if !is_key(&self.key) {
            return Err(BadBody(format!(
                "key must be 1 to {KEY_CHARS} characters from a-z 0-9 _, the first a letter"
            )));
        }
        let given = self.choices.as_deref().unwrap_or_default();
        let kind = match self.kind {
            FieldType::Choice => CustomKind::Choice(choices(given)?),
            _ if !given.is_empty() => {
                return Err(BadBody("choices are for fields of the type choice".into()));
            }
            FieldType::Text => CustomKind::Text,
            FieldType::Number => CustomKind::Number,
            FieldType::Date => CustomKind::Date,
            FieldType::YesNo => CustomKind::YesNo,
        };
        let labels = self.labels.as_ref().map_or_else(|| Ok(model::Labels::default()), labels)?;
        Ok((self.key.as_str().into(), kind, labels))
    }
}

impl FieldEdit {
    /// The new labels and choices in the model.
    ///
    /// # Errors
    /// [`BadBody`] names the field that is wrong, also when nothing is to be changed.
    pub fn checked(&self) -> Result<(Option<model::Labels>, Option<Vec<Text>>), BadBody> {
        if self.labels.is_none() && self.choices.is_none() && self.order.is_none() {
            return Err(BadBody("Nothing to change: give labels, choices or order".into()));
        }
        let labels = self.labels.as_ref().map(labels).transpose()?;
        Ok((labels, self.choices.as_deref().map(choices).transpose()?))
    }
}

fn labels(labels: &FieldLabels) -> Result<model::Labels, BadBody> {
    let label = |language: &str, label: &Option<String>| -> Result<Option<Text>, BadBody> {
        let text = clean(label.as_deref().unwrap_or_default(), usize::MAX);
        if text.chars().count() > LABEL_CHARS {
            let text = format!("labels.{language} takes at most {LABEL_CHARS} characters");
            return Err(BadBody(text));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    };
    let FieldLabels { pt_br, en, es } = labels;
    Ok(model::Labels { pt_br: label("pt-BR", pt_br)?, en: label("en", en)?, es: label("es", es)? })
}

fn choices(given: &[String]) -> Result<Vec<Text>, BadBody> {
    let choices: Vec<_> = given.iter().map(|choice| clean(choice, usize::MAX)).collect();
    if choices.is_empty() || choices.len() > CHOICES {
        return Err(BadBody(format!("choices must hold 1 to {CHOICES} texts")));
    }
    let mut seen = std::collections::HashSet::new();
    for choice in &choices {
        if choice.is_empty() || choice.chars().count() > CHOICE_CHARS {
            return Err(BadBody(format!(
                "choices must be texts of 1 to {CHOICE_CHARS} characters"
            )));
        }
        if !seen.insert(choice.to_lowercase()) {
            let choice = clean(choice, 40);
            return Err(BadBody(format!("choices holds '{choice}' more than once")));
        }
    }
    Ok(choices)
}

impl From<&model::CustomField> for Field {
    fn from(field: &model::CustomField) -> Self {
        let text = |text: &Option<Text>| text.as_ref().map(ToString::to_string);
        let model::Labels { pt_br, en, es } = &field.labels;
        let (kind, choices) = match &field.kind {
            CustomKind::Text => (FieldType::Text, Vec::new()),
            CustomKind::Number => (FieldType::Number, Vec::new()),
            CustomKind::Date => (FieldType::Date, Vec::new()),
            CustomKind::YesNo => (FieldType::YesNo, Vec::new()),
            CustomKind::Choice(choices) => {
                (FieldType::Choice, choices.iter().map(ToString::to_string).collect())
            }
        };
        Self {
            key: field.key.to_string(),
            kind,
            labels: FieldLabels { pt_br: text(pt_br), en: text(en), es: text(es) },
            choices,
            order: field.order,
        }
    }
}

impl FieldLabels {
    fn example() -> Self {
        Self { pt_br: Some("Rack".into()), en: Some("Rack".into()), es: None }
    }
}

impl Example for Field {
    fn example() -> Self {
        Self {
            key: "rack".into(),
            kind: FieldType::Choice,
            labels: FieldLabels::example(),
            choices: vec!["R1".into(), "R2".into()],
            order: 1,
        }
    }
}

impl Example for FieldList {
    fn example() -> Self {
        Self { items: vec![Field::example()] }
    }
}

impl Example for NewField {
    fn example() -> Self {
        let Field { key, kind, labels, choices, order } = Field::example();
        Self { key, kind, labels: Some(labels), choices: Some(choices), order: Some(order) }
    }
}

impl Example for FieldEdit {
    fn example() -> Self {
        Self { labels: Some(FieldLabels::example()), choices: None, order: Some(2) }
    }
}
