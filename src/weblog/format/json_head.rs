//! The names and values in the first objects of a log.
use serde_json::Value;

use super::super::log_time::Date;
use super::super::read_time::read_moment;
use super::error::FormatError;
use super::roles::Role;
use crate::rows::{lines, object_text};
use crate::units::DateOrder;

/// So many lines are looked at.
const LINES_LOOKED_AT: usize = 256;
/// Objects in objects deeper than this are not looked into.
const DEPTH_MAX: usize = 5;

/// The first objects: for each the paths of its values, `httpRequest.status`, and the values.
#[derive(Debug)]
pub(super) struct JsonHead {
    objects: Vec<Vec<(String, String)>>,
    /// All paths, in the order in which they come.
    paths: Vec<String>,
}

impl JsonHead {
    /// Looks at the objects in the first lines of `head`.
    pub(super) fn new(head: &[u8]) -> Self {
        let mut found = JsonHead { objects: Vec::new(), paths: Vec::new() };
        let parse = |line| serde_json::from_slice::<Value>(object_text(line)).ok();
        for value in lines(head).take(LINES_LOOKED_AT).filter_map(parse).filter(Value::is_object) {
            let mut object = Vec::new();
            flatten("", &value, 0, &mut object);
            for (path, _) in &object {
                if !found.paths.contains(path) {
                    found.paths.push(path.clone());
                }
            }
            found.objects.push(object);
        }
        found
    }

    /// All names, in their order.
    pub(super) fn listed(&self) -> Vec<String> {
        self.paths.clone()
    }

    /// Whether an object has a value of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.paths.iter().any(|path| path == name)
    }

    /// Whether some value of this name is so.
    pub(super) fn any(&self, name: &str, is_so: impl Fn(&str) -> bool) -> bool {
        self.values(name).any(is_so)
    }

    /// The name as the log spells it; as it is where the log has no such name.
    pub(super) fn spelled(&self, name: &str) -> String {
        let same = |path: &&String| path.eq_ignore_ascii_case(name);
        if self.has(name) { name.to_owned() } else { self.paths.iter().find(same).cloned().unwrap_or(name.to_owned()) }
    }

    /// The names that `role` usually has and whose values may be of it, the most wanted first.
    pub(super) fn find(&self, role: Role) -> Vec<String> {
        let found = role.find(self.paths.iter().map(String::as_str));
        let is_so = |path: &String| self.any(path, |value| may_be(role, value));
        found.into_iter().map(|index| self.paths[index].clone()).filter(is_so).collect()
    }

    /// Checks that the values of `names` agree wherever an object has two of them; `what` they are, and the `alias` for one.
    ///
    /// # Errors
    /// With the first that do not.
    pub(super) fn agree(
        &self,
        what: &'static str,
        alias: &'static str,
        names: &[String],
        compared: impl Fn(&str) -> String,
    ) -> Result<(), FormatError> {
        for object in &self.objects {
            let values = names.iter().filter_map(|name| object.iter().find(|(path, _)| path == name));
            let values: Vec<&(String, String)> = values.collect();
            if let Some(pair) = values.windows(2).find(|pair| compared(&pair[0].1) != compared(&pair[1].1)) {
                let shown = |(name, value): &(String, String)| format!("{name} ({value})");
                let (first, second) = (shown(pair[0]), shown(pair[1]));
                return Err(FormatError::Ambiguous { what, alias, first, second, name: pair[0].0.clone() });
            }
        }
        Ok(())
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let of = move |object: &'_ Vec<(String, String)>| object.iter().position(|(path, _)| path == name);
        self.objects.iter().filter_map(move |object| of(object).map(|at| object[at].1.as_str()))
    }
}

/// Whether a value may be what `role` says: evidence for which name it is, not a condition on rows.
fn may_be(role: Role, value: &str) -> bool {
    match role {
        Role::Moment => {
            let moment = read_moment(value.as_bytes(), false, DateOrder::DayFirst);
            let month_first = || read_moment(value.as_bytes(), false, DateOrder::MonthFirst);
            moment.or_else(|_| month_first()).is_ok_and(|moment| moment.date >= Date::EARLIEST)
        }
        Role::Size => value == "-" || (!value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())),
        Role::Url => value.contains('/') || value == "-" || value == "*",
        Role::Request => value.contains(' ') || value == "-",
        Role::Day | Role::Time | Role::Status | Role::Host | Role::ContentType => true,
    }
}

fn flatten(path: &str, value: &Value, depth: usize, found: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Object(members) if depth < DEPTH_MAX => {
            for (key, member) in members {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, member, depth + 1, found);
            }
            return;
        }
        Value::Array(items) => match items.first() {
            Some(Value::String(first)) => first.clone(),
            _ => return,
        },
        Value::String(text) => text.clone(),
        Value::Object(_) => return,
        Value::Null => String::new(),
        scalar => scalar.to_string(),
    };
    found.push((path.to_owned(), text));
}
