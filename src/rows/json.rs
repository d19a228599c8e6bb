//! JSON lines: extracts the wanted values of an object in one pass over its text.
//!
//! Nothing is built but what is asked for: text without escapes is borrowed from the line, numbers are given as they are
//! written, and all else is skipped.
use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use fearless_simd::Simd;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{RowFault, excerpt};
use super::shape::{Kind, Leads, Shape};
use super::split::Span;

/// Lines from which shapes are learned, at most: where no two lines are alike, there is nothing to learn.
const LESSONS_MOST: u32 = 64;
/// With more places than these, lines are not looked at but read.
const PLACES_LOOKED_AT: usize = 8;

/// The wanted fields of each object.
#[derive(Debug)]
pub struct JsonFields {
    /// For each field, the places where its value may be, the preferred one first.
    fields: Vec<Vec<usize>>,
    /// Keys that lead to values; the first is the object itself.
    nodes: Vec<Node>,
    /// The number of places.
    places: usize,
    /// The shapes of the first lines.
    shapes: [OnceLock<Shape>; 4],
    /// How many lines were looked at to learn their shape.
    lessons: AtomicU32,
}

/// A key that leads to values, or the object itself.
#[derive(Debug, Clone, Default)]
struct Node {
    /// The place of its value, if that is wanted.
    place: Option<usize>,
    /// The keys in its object that lead on.
    children: Vec<(String, usize)>,
}

/// A value in an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum JsonValue<'a> {
    /// The object has no such key.
    #[default]
    Absent,
    /// The literal `null`.
    Null,
    /// The literal `true` or `false`.
    Bool(bool),
    /// A number as written, with all its digits.
    Number(&'a str),
    /// A string, with escapes resolved.
    Text(Cow<'a, str>),
    /// An object or an array, as it is written.
    Nested(&'a str),
}

/// The wanted values of an object.
#[derive(Debug)]
pub struct JsonRow<'f, 'a> {
    fields: &'f JsonFields,
    values: Vec<JsonValue<'a>>,
}

impl JsonValue<'_> {
    /// The value as text; None for null, for what is absent, and for objects and arrays.
    pub fn text(&self) -> Option<&str> {
        match self {
            JsonValue::Text(text) => Some(text),
            JsonValue::Number(number) => Some(number),
            JsonValue::Bool(true) => Some("true"),
            JsonValue::Bool(false) => Some("false"),
            JsonValue::Absent | JsonValue::Null | JsonValue::Nested(_) => None,
        }
    }
}

impl<'a> JsonRow<'_, 'a> {
    /// The value of a field, counted from 0 as in [`JsonFields::new`]: that of the first of its names that the object has.
    pub fn get(&self, field: usize) -> &JsonValue<'a> {
        let mut places = self.fields.fields[field].iter().map(|place| &self.values[*place]);
        places.find(|value| **value != JsonValue::Absent).unwrap_or(&JsonValue::Absent)
    }
}

impl JsonFields {
    /// Fields of which each has one name or several. A name is a key of the object, dots and all; if there is none, its dots
    /// lead into objects: `httpRequest.status`. A key that leads to one of them and is twice in its object is a
    /// fault: which of the two counts is not known.
    pub fn new<N: AsRef<str>>(fields: impl IntoIterator<Item = impl IntoIterator<Item = N>>) -> Self {
        let (shapes, lessons) = (Default::default(), AtomicU32::new(0));
        let mut found = JsonFields { fields: Vec::new(), nodes: vec![Node::default()], places: 0, shapes, lessons };
        for names in fields {
            let places = names.into_iter().flat_map(|name| found.places_of(name.as_ref())).collect();
            found.fields.push(places);
        }
        found
    }

    /// Reads the object in `line`, which may follow a syslog prefix.
    ///
    /// # Errors
    /// When there is none, or a key that matters is repeated.
    pub fn read<'a>(&self, line: &'a [u8]) -> Result<JsonRow<'_, 'a>, RowFault> {
        if let Some(row) = self.read_by_shape(line) {
            return Ok(row);
        }
        let row = self.read_in_full(line)?;
        self.learn(line);
        Ok(row)
    }

    /// The wanted values of the first line of `text` in a hot loop, where there is nothing to be said of it: its shape is known,
    /// all of it is ASCII, and each value is a number or a string without escapes. None for any other line, which is to be given
    /// to [`JsonFields::read`]. A value is at `spans[field]` as long as `spans` has room for it, None if it is absent. Gives the
    /// line's length without and with its line end.
    #[inline(always)]
    pub fn look<S: Simd, const FIELDS: usize>(
        &self,
        simd: S,
        text: &[u8],
        spans: &mut [Option<Span>; FIELDS],
    ) -> Option<(usize, usize)> {
        // Closures would be compiled without the instruction set.
        for shape in &self.shapes {
            let mut places = [None; PLACES_LOOKED_AT];
            if let Some(line) = shape.get()?.look(simd, text, places.get_mut(..self.places)?) {
                for (span, field) in spans.iter_mut().zip(&self.fields) {
                    *span = field.iter().find_map(|place| places[*place]);
                }
                return Some(line);
            }
        }
        None
    }

    /// The values of a line whose shape is known.
    #[inline]
    fn read_by_shape<'a>(&self, line: &'a [u8]) -> Option<JsonRow<'_, 'a>> {
        self.shapes[0].get()?;
        let line = std::str::from_utf8(line).ok()?;
        let mut values = vec![JsonValue::Absent; self.places];
        for (attempt, shape) in self.shapes.iter().map_while(OnceLock::get).enumerate() {
            if attempt > 0 {
                values.fill(JsonValue::Absent);
            }
            let take = |place: usize, kind, value| {
                values[place] = match kind {
                    Kind::Text => JsonValue::Text(Cow::Borrowed(value)),
                    Kind::Number => JsonValue::Number(value),
                };
            };
            if shape.read(line, take) {
                return Some(JsonRow { fields: self, values });
            }
        }
        None
    }

    /// Learns the shape of `line`, which was read without a fault, while there is room for one.
    fn learn(&self, line: &[u8]) {
        let Some(room) = self.shapes.iter().find(|shape| shape.get().is_none()) else { return };
        if self.lessons.load(Ordering::Relaxed) >= LESSONS_MOST {
            return;
        }
        self.lessons.fetch_add(1, Ordering::Relaxed);
        let leads = |key: &str| match self.nodes[0].children.iter().find(|(name, _)| name == key) {
            None => Leads::Nowhere,
            Some((_, child)) => match &self.nodes[*child] {
                Node { place: Some(place), children } if children.is_empty() => Leads::To(*place),
                _ => Leads::Unknown,
            },
        };
        if let Some(shape) = Shape::learn(line, leads) {
            // Another thread may have learned one meanwhile.
            let _ = room.set(shape);
        }
    }

    fn read_in_full<'a>(&self, line: &'a [u8]) -> Result<JsonRow<'_, 'a>, RowFault> {
        let fault = |cause| RowFault::NotJson { excerpt: excerpt(line), cause };
        let text = std::str::from_utf8(object_text(line)).map_err(|error| fault(error.to_string()))?;
        let mut values = vec![JsonValue::Absent; self.places];
        let mut parser = serde_json::Deserializer::from_str(text);
        let mut repeated = None;
        let walk = Walk { fields: self, node: &self.nodes[0], values: &mut values, repeated: &mut repeated };
        let read = parser.deserialize_map(walk).and_then(|()| parser.end());
        read.map_err(|error| fault(error.to_string()))?;
        if let Some(key) = repeated {
            return Err(RowFault::RepeatedKey { key, excerpt: excerpt(line) });
        }
        Ok(JsonRow { fields: self, values })
    }

    /// The places of what `name` leads to: a key of its own, then a path.
    fn places_of(&mut self, name: &str) -> Vec<usize> {
        let key = self.child(0, name);
        let mut places = vec![self.place(key)];
        if name.contains('.') {
            let last = name.split('.').fold(0, |node, part| self.child(node, part));
            places.push(self.place(last));
        }
        places
    }

    fn child(&mut self, node: usize, key: &str) -> usize {
        if let Some((_, child)) = self.nodes[node].children.iter().find(|(other, _)| other == key) {
            return *child;
        }
        let child = self.nodes.len();
        self.nodes.push(Node::default());
        self.nodes[node].children.push((key.to_owned(), child));
        child
    }

    fn place(&mut self, node: usize) -> usize {
        let next = self.places;
        let place = *self.nodes[node].place.get_or_insert(next);
        self.places = self.places.max(place + 1);
        place
    }
}

/// The object of `line`, or `line` itself where it does not begin with a syslog prefix: `<134>2019-08-24T10:28:13Z cache-hkg1 log[123]: {…}` without what comes before the object.
pub fn object_text(line: &[u8]) -> &[u8] {
    if line.first() == Some(&b'<')
        && let Some(start) = memchr::memchr(b'{', line)
        && line[..start].trim_ascii_end().ends_with(b":")
    {
        return &line[start..];
    }
    line
}

/// Walks an object and keeps what is wanted of it.
struct Walk<'f, 'v, 'a> {
    fields: &'f JsonFields,
    node: &'f Node,
    values: &'v mut [JsonValue<'a>],
    /// The first key that is twice in its object.
    repeated: &'v mut Option<String>,
}

impl<'de> Walk<'_, '_, 'de> {
    /// Takes the value of the key `child`.
    fn value<A: MapAccess<'de>>(&mut self, child: usize, map: &mut A) -> Result<(), A::Error> {
        let node = &self.fields.nodes[child];
        let inner = Walk { fields: self.fields, node, values: &mut *self.values, repeated: &mut *self.repeated };
        let Some(place) = node.place else { return map.next_value_seed(inner) };
        let raw: &'de RawValue = map.next_value()?;
        if !node.children.is_empty() && raw.get().starts_with('{') {
            inner.deserialize(&mut serde_json::Deserializer::from_str(raw.get())).map_err(A::Error::custom)?;
        }
        self.values[place] = value_of(raw.get()).map_err(A::Error::custom)?;
        Ok(())
    }
}

fn value_of(raw: &str) -> serde_json::Result<JsonValue<'_>> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') if raw.contains('\\') => JsonValue::Text(serde_json::from_str::<String>(raw)?.into()),
        Some(b'"') => JsonValue::Text(raw[1..raw.len() - 1].into()),
        Some(b'{' | b'[') => JsonValue::Nested(raw),
        Some(b'n') => JsonValue::Null,
        Some(b't') => JsonValue::Bool(true),
        Some(b'f') => JsonValue::Bool(false),
        _ => JsonValue::Number(raw),
    })
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0u128;
        while let Some(child) = map.next_key_seed(Key(&self.node.children))? {
            match child {
                Some(at) => {
                    let (key, child) = &self.node.children[at];
                    let bit = 1u128.checked_shl(at as u32).unwrap_or(0);
                    if seen & bit != 0 {
                        self.repeated.get_or_insert_with(|| key.clone());
                    }
                    seen |= bit;
                    self.value(*child, &mut map)?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    // Where an object would lead on, anything else leads nowhere.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
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
}

/// Finds the next key among these, by its place.
struct Key<'f>(&'f [(String, usize)]);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|(name, _)| name == key))
    }
}

#[cfg(test)]
mod tests;
