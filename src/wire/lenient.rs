//! JSON values read as the original reads them: numbers may come as text, whole numbers with a
//! fraction, and every refusal names the field.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::MOST_EXACT;
use crate::model::clean;

/// A field's name, borrowed from the body where it has no escapes.
pub(super) struct Name<'a>(pub(super) Cow<'a, str>);

impl<'de> de::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text { name: "a field name", nullable: false }.deserialize(deserializer)?;
        Ok(Self(text.unwrap_or_default()))
    }
}

/// Text.
pub(super) struct Text {
    pub(super) name: &'static str,
    pub(super) nullable: bool,
}

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be text", self.name)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        null(self.nullable, self.name)
    }
}

/// A finite number, or text that spells one.
pub(super) struct Float {
    pub(super) name: &'static str,
}

impl<'de> DeserializeSeed<'de> for Float {
    type Value = Option<f64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let name = self.name;
        let number = match (AnyScalar { name }).deserialize(deserializer)? {
            Some(Scalar::Number(number)) => number,
            Some(Scalar::Text(text)) => match text.trim().parse() {
                Ok(number) => number,
                Err(_) => return Err(not_a_number(name, &text)),
            },
            None => return null(false, name),
        };
        if !number.is_finite() {
            return Err(de::Error::custom(format!("{name} must be a finite number")));
        }
        Ok(Some(number))
    }
}

/// A whole number, not negative and at most [`MOST_EXACT`]; fractions are cut off.
pub(super) struct Integer {
    pub(super) name: &'static str,
    pub(super) nullable: bool,
}

impl<'de> DeserializeSeed<'de> for Integer {
    type Value = Option<i64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Integer {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be a number", self.name)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        if number < 0 {
            return Err(E::custom(format!("{} must not be negative", self.name)));
        }
        if number.unsigned_abs() > MOST_EXACT {
            return Err(E::custom(format!("{} is too large", self.name)));
        }
        Ok(Some(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        if !number.is_finite() {
            return Err(E::custom(format!("{} must be a finite number", self.name)));
        }
        #[expect(clippy::cast_possible_truncation, reason = "a fraction is cut off on purpose")]
        self.visit_i64(number as i64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if let Ok(number) = text.trim().parse::<i64>() {
            return self.visit_i64(number);
        }
        match text.trim().parse::<f64>() {
            Ok(number) => self.visit_f64(number),
            Err(_) => Err(not_a_number(self.name, text)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        null(self.nullable, self.name)
    }
}

/// Text or a number.
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(f64),
}

pub(super) struct AnyScalar {
    pub(super) name: &'static str,
}

impl<'de> DeserializeSeed<'de> for AnyScalar {
    type Value = Option<Scalar<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Option<Scalar<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to be text or a number", self.name)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Number(number)))
    }

    #[expect(clippy::cast_precision_loss, reason = "as every JSON reader with floats does")]
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "as every JSON reader with floats does")]
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_f64(number as f64)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// A value that nobody asked for. Read value by value, not skipped in one go, because only so does
/// the parser count the depth of its nesting.
pub(super) struct Skipped;

impl<'de> DeserializeSeed<'de> for Skipped {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skipped {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Skipped)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Skipped)?;
        }
        Ok(())
    }
}

fn null<T, E: de::Error>(nullable: bool, name: &str) -> Result<Option<T>, E> {
    if nullable { Ok(None) } else { Err(E::custom(format!("{name} must not be null"))) }
}

fn not_a_number<E: de::Error>(name: &str, text: &str) -> E {
    E::custom(format!("{name} must be a number, not '{}'", clean(text, 40)))
}
