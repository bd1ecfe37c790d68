//! Rows of WMI's classes, in any thread.

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::de::{Error as _, IntoDeserializer as _};
use wmi::{IWbemClassWrapper, Variant, WMIConnection, WMIError, WMIResult};

/// Where hardware is described.
pub(super) const CIMV2: &str = r"root\cimv2";
/// Where drivers speak for themselves.
pub(super) const DRIVERS: &str = r"root\wmi";
/// Where disks are described, since Windows 8.
pub(super) const STORAGE: &str = r"root\microsoft\windows\storage";

/// `WBEM_E_NOT_FOUND`: the class has no such column on this system.
const NOT_FOUND: i32 = 0x8004_1002_u32.cast_signed();

/// What a query answers, as structs whose fields are named as columns are. A column that the class does
/// not have on this system is absent.
pub(super) fn rows<T: DeserializeOwned>(namespace: &str, query: &str) -> WMIResult<Vec<T>> {
    let rows = WMIConnection::with_namespace_path(namespace)?.exec_query(query)?;
    rows.map(|row| T::deserialize(Row(row?))).collect()
}

/// The same where a class may be missing, or not for this account: none then.
pub(super) fn rows_if_any<T: DeserializeOwned>(namespace: &str, query: &str) -> Vec<T> {
    rows(namespace, query).unwrap_or_else(|error| {
        tracing::debug!("WMI does not answer {query}: {error}");
        Vec::new()
    })
}

/// Has COM set up as WMI needs it, which whatever starts COM first in a process decides for all of it.
pub(super) fn prepare() {
    if let Err(error) = WMIConnection::new() {
        tracing::debug!("WMI is not there: {error}");
    }
}

struct Row(IWbemClassWrapper);

impl<'de> Deserializer<'de> for Row {
    type Error = WMIError;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> WMIResult<V::Value> {
        let mut columns = Vec::new();
        for field in fields {
            match self.0.get_property(field) {
                Err(WMIError::HResultError { hres: NOT_FOUND }) => {}
                value => columns.push((*field, value?)),
            }
        }
        visitor.visit_map(Columns { rest: columns.into_iter(), value: Variant::Null })
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> WMIResult<V::Value> {
        Err(WMIError::custom("a row has the form of a struct"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Columns, and the value of the one whose name was said last.
struct Columns {
    rest: std::vec::IntoIter<(&'static str, Variant)>,
    value: Variant,
}

impl<'de> MapAccess<'de> for Columns {
    type Error = WMIError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> WMIResult<Option<K::Value>> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = value;
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> WMIResult<V::Value> {
        seed.deserialize(std::mem::replace(&mut self.value, Variant::Null))
    }
}
