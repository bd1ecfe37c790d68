//! What few machines have, in one word where there is nothing of it.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Fields that may all be empty.
pub trait Fields: Clone + PartialEq + 'static {
    /// All of them empty.
    fn nothing() -> &'static Self;
}

/// Fields that are shared by all copies, and of which nothing is kept where all are empty.
#[derive(Debug)]
pub struct Handle<T>(Option<Arc<Kept<T>>>);

#[derive(Debug)]
struct Kept<T> {
    fields: T,
    /// How whoever keeps it writes it: every report of the machine carries it along unchanged.
    text: OnceLock<Box<str>>,
}

impl<T> Default for Handle<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Fields> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(kept) => &kept.fields,
            None => T::nothing(),
        }
    }
}

impl<T: Fields> From<T> for Handle<T> {
    fn from(fields: T) -> Self {
        let kept = |fields| Arc::new(Kept { fields, text: OnceLock::new() });
        Self((fields != *T::nothing()).then(|| kept(fields)))
    }
}

impl<T: Fields> PartialEq for Handle<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one.fields == other.fields,
            _ => false,
        }
    }
}

impl<T: Fields + Eq> Eq for Handle<T> {}

impl<T: Fields + Hash> Hash for Handle<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: Fields> Handle<T> {
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
    pub fn text(&self, write: impl FnOnce(&T) -> String) -> Option<&str> {
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
    pub fn with(&self, change: impl FnOnce(&mut T)) -> Self {
        let mut fields = (**self).clone();
        change(&mut fields);
        fields.into()
    }
}
