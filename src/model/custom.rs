//! Fields that admins define, and their values.

use std::hash::{Hash, Hasher};

use chrono::NaiveDate;

use super::Text;
use super::filter::same;

/// Most fields that can be defined.
pub const CUSTOM_FIELDS: usize = 100;
/// Most characters of a field's key.
pub const KEY_CHARS: usize = 32;
/// Most characters of a label.
pub const LABEL_CHARS: usize = 60;
/// Most values that a field can offer to choose from.
pub const CHOICES: usize = 100;
/// Most characters of such a value.
pub const CHOICE_CHARS: usize = 100;
/// Most characters of a text.
pub const CUSTOM_TEXT_CHARS: usize = 500;

/// A field that an admin defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    /// What it is called by programs; it never changes.
    pub key: Text,
    /// What it holds; this never changes, but for what can be chosen.
    pub kind: CustomKind,
    /// What it is called by people.
    pub labels: Labels,
    /// Where it stands among the fields: smaller comes first.
    pub order: i32,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomKind {
    /// A line of text.
    Text,
    /// A finite number.
    Number,
    /// A calendar date.
    Date,
    /// Yes or no.
    YesNo,
    /// One of these, in this order.
    Choice(Vec<Text>),
}

/// A name in each language of the dashboard; the key stands in for what is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Portuguese.
    pub pt_br: Option<Text>,
    /// English.
    pub en: Option<Text>,
    /// Spanish.
    pub es: Option<Text>,
}

/// The value of a field.
#[derive(Debug, Clone)]
pub enum CustomValue {
    /// Of a text, or chosen.
    Text(Text),
    /// Finite.
    Number(f64),
    /// A calendar date.
    Date(NaiveDate),
    /// Yes or no.
    YesNo(bool),
}

/// Values by their fields' keys: few, in the order of the keys, and close together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CustomValues(Vec<(Text, CustomValue)>);

impl CustomValues {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&CustomValue> {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    /// Puts a value in place of the one before.
    pub fn insert(&mut self, key: Text, value: CustomValue) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, (key, value));
            }
        }
    }

    /// Takes a value away.
    pub fn remove(&mut self, key: &str) {
        if let Ok(place) = self.place(key) {
            self.0.remove(place);
        }
    }

    /// Takes all of them away.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Keys and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &CustomValue)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(key))
    }
}

impl FromIterator<(Text, CustomValue)> for CustomValues {
    fn from_iter<I: IntoIterator<Item = (Text, CustomValue)>>(values: I) -> Self {
        let mut all = Self::new();
        values.into_iter().for_each(|(key, value)| all.insert(key, value));
        all
    }
}

impl CustomField {
    /// Whether a value is one of this field.
    #[must_use]
    pub fn takes(&self, value: &CustomValue) -> bool {
        match (&self.kind, value) {
            (CustomKind::Text, CustomValue::Text(_))
            | (CustomKind::Number, CustomValue::Number(_))
            | (CustomKind::Date, CustomValue::Date(_))
            | (CustomKind::YesNo, CustomValue::YesNo(_)) => true,
            (CustomKind::Choice(choices), CustomValue::Text(text)) => choices.contains(text),
            _ => false,
        }
    }
}

impl CustomKind {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::YesNo => "yes_no",
            Self::Choice(_) => "choice",
        }
    }

    /// The choice that somebody wrote in whatever case.
    #[must_use]
    pub fn choice(&self, text: &str) -> Option<&Text> {
        let Self::Choice(choices) = self else { return None };
        choices.iter().find(|choice| same(choice, text))
    }
}

/// Whether a text can be a field's key: 1 to [`KEY_CHARS`] characters from a-z 0-9 _, the first a
/// letter.
#[must_use]
pub fn is_key(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= KEY_CHARS
        && text.bytes().all(allowed)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
}

impl CustomValue {
    /// What tells numbers apart; there is one zero, and none of them is NaN.
    fn bits(number: f64) -> u64 {
        if number == 0.0 { 0 } else { number.to_bits() }
    }
}

impl PartialEq for CustomValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => Self::bits(*a) == Self::bits(*b),
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::YesNo(a), Self::YesNo(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for CustomValue {}

impl Hash for CustomValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Text(text) => text.hash(state),
            Self::Number(number) => Self::bits(*number).hash(state),
            Self::Date(date) => date.hash(state),
            Self::YesNo(is_so) => is_so.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_words_in_lower_case() {
        for good in ["a", "rack_2", "patrimonio"] {
            assert!(is_key(good), "{good}");
        }
        for bad in ["", "2a", "_a", "A", "a-b", "ção", "a b", &"a".repeat(33)] {
            assert!(!is_key(bad), "{bad}");
        }
    }

    #[test]
    fn a_field_takes_values_of_its_kind_and_choices_in_any_case() {
        let text = |text: &str| CustomValue::Text(text.into());
        let kinds = [
            (CustomKind::Text, text("anything")),
            (CustomKind::Number, CustomValue::Number(-0.0)),
            (CustomKind::Date, CustomValue::Date(NaiveDate::MIN)),
            (CustomKind::YesNo, CustomValue::YesNo(false)),
            (CustomKind::Choice(vec!["Sim".into(), "Não".into()]), text("Sim")),
        ];
        for (kind, value) in &kinds {
            let field = |kind: &CustomKind| CustomField {
                key: "k".into(),
                kind: kind.clone(),
                labels: Labels::default(),
                order: 0,
            };
            assert!(field(kind).takes(value), "{kind:?}");
            let others = kinds.iter().filter(|(other, _)| other != kind);
            let is_wrong = |(other, _): &(CustomKind, CustomValue)| !field(other).takes(value);
            let may_be_text = *value == text("Sim");
            assert!(
                others
                    .clone()
                    .all(|other| is_wrong(other) || may_be_text && other.0.name() == "text"),
                "{kind:?}"
            );
        }
        assert_eq!(kinds[4].0.choice("NÃO").map(Text::as_str), Some("Não"));
        assert_eq!(kinds[4].0.choice("talvez"), None);
        assert_eq!(CustomValue::Number(0.0), CustomValue::Number(-0.0));
    }
}
