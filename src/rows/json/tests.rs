use super::*;
use proptest::prelude::*;
use serde_json::Value;

const NAMES: &[&[&str]] = &[&["a"], &["a.b"], &["a.b.c", "b"], &["c", "a.c"], &["b.a", "é"]];

fn values(line: &str) -> Result<Vec<JsonValue<'_>>, RowFault> {
    let fields = JsonFields::new(NAMES.iter().copied());
    let row = fields.read(line.as_bytes())?;
    Ok((0..NAMES.len()).map(|field| row.get(field).clone()).collect())
}

/// The same from the whole object, written to be read.
fn plainly(object: &Value, names: &[&str]) -> Option<Value> {
    let find = |name: &&str| {
        let path = || name.split('.').try_fold(object, |value, part| value.get(part));
        object.get(name).or_else(path).cloned()
    };
    names.iter().find_map(find)
}

#[test]
fn values_are_given_as_they_are_written() {
    let text = |text: &'static str| JsonValue::Text(text.into());
    for (line, expected) in [
        (
            r#"{"a":123456789012345678901,"b":1234567890.1491043201}"#,
            ["123456789012345678901", "1234567890.1491043201"],
        ),
        (r#"{"a":-0.50e+3,"b":1E400}"#, ["-0.50e+3", "1E400"]),
    ] {
        let found = values(line).unwrap();
        assert_eq!((&found[0], &found[2]), (&JsonValue::Number(expected[0]), &JsonValue::Number(expected[1])));
    }
    assert_eq!(values(r#"{"a":"\u00e9\"","c":null}"#).unwrap()[0], text("é\""));
    assert_eq!(values("<134>1 h s[1]: {\"a\":true}").unwrap()[0], JsonValue::Bool(true));
    assert_eq!(values(" {\"a\":[{\"b\":1}]}\r").unwrap()[..2], [JsonValue::Nested(r#"[{"b":1}]"#), JsonValue::Absent]);
    // A key of its own is preferred to a path, and a name that is there to one that is not.
    assert_eq!(values(r#"{"a":{"b":"path"},"a.b":"key"}"#).unwrap()[1], text("key"));
    for (line, repeated) in [
        (r#"{"a":{"b":"1"},"a":{"c":"2"}}"#, Some("a")),
        (r#"{"a":{"b":"1","\u0062":"2"}}"#, Some("b")),
        (r#"{"x":1,"x":2,"y":{"a":1,"b":2},"a":3}"#, None),
    ] {
        let key = match values(line) {
            Err(RowFault::RepeatedKey { key, .. }) => Some(key),
            _ => None,
        };
        assert_eq!(key.as_deref(), repeated, "{line}");
    }
    assert_eq!(values(r#"{"c":null,"a":{"c":1}}"#).unwrap()[3], JsonValue::Null);
}

#[test]
fn what_is_not_one_object_is_a_fault_with_its_cause() {
    let invalid: &[&[u8]] = &[
        b"",
        b"{",
        b"[1]",
        b"{} {}",
        b"text",
        b"x {\"a\":1}",
        b"<1> no colon {}",
        b"{\"a\":01}",
        b"{\"x\":\"\x01\"}",
        b"{\"x\":\"\xff\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":1,}",
    ];
    let fields = JsonFields::new(NAMES.iter().copied());
    for line in invalid {
        let fault = fields.read(line).unwrap_err();
        assert!(matches!(&fault, RowFault::NotJson { cause, .. } if !cause.is_empty()), "{fault:?}");
    }
}

/// Objects, written as JSON, with keys that are repeated and keys that are looked for.
fn object() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "[a-zé ]{0,4}".prop_map(|text| Value::from(text).to_string()),
        "-?(0|[1-9][0-9]{0,17})".prop_map(|number| number),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just(r#""\n\u0041""#.to_owned()),
        Just("[1,{\"a\":2}]".to_owned()),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let key = prop::sample::select(vec!["a", "b", "c", "a.b", "a.b.c", "é", "\\u0061", "x"]);
        prop::collection::vec((key, inner), 0..5).prop_map(|members| {
            let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
            format!("{{{}}}", members.join(" ,"))
        })
    })
}

/// Lines of a program that always writes the same keys, and of one that does not.
fn line_of_shapes() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        6 => "[a-z0-9 é薯:,{}-]{0,6}",
        1 => Just("\\u00e9\\n".to_owned()),
        1 => Just("a\u{1}b".to_owned()),
    ];
    let number = prop_oneof![
        6 => "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        1 => prop::sample::select(vec!["01", "1.", "-", "1e", ".5", "+1", "1e400"]).prop_map(str::to_owned),
    ];
    let other =
        prop::sample::select(vec!["true", "null", "{}", "[1,2]", "{\"b\":\"x\"}", "", "nul"]).prop_map(str::to_owned);
    let value = prop_oneof![6 => text.prop_map(|text| format!("\"{text}\"")), 4 => number, 1 => other];
    let keys = prop::sample::select(vec![
        vec!["c", "x", "é"],
        vec!["x", "c", "é"],
        vec!["c", "c"],
        vec!["x", "x", "é"],
        vec!["a", "c"],
        vec!["a.b"],
    ]);
    let blank = prop::sample::select(vec!["", " "]);
    let end = prop::sample::select(vec!["", "", "", " ", ",", "}", "x"]);
    (keys, prop::collection::vec(value, 3), blank, end).prop_map(|(keys, values, blank, end)| {
        let member = |(key, value): (&&str, &String)| format!("\"{key}\":{blank}{value}");
        format!("{{{}}}{end}", keys.iter().zip(&values).map(member).collect::<Vec<_>>().join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_shape_reads_what_the_parser_does(
        lines in prop::collection::vec(line_of_shapes(), 1..40),
        broken in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let fields = JsonFields::new(NAMES.iter().copied());
        let mut lines: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
        if let Some((line, at, byte)) = broken {
            let line = line.get_mut(&mut lines);
            let at = at.index(line.len());
            line[at] = byte;
        }
        for line in &lines {
            let told = |row: Result<JsonRow, RowFault>| {
                row.map(|row| (0..NAMES.len()).map(|at| row.get(at).clone()).map(|value| format!("{value:?}")).collect::<Vec<_>>())
                    .map_err(|fault| fault.to_string())
            };
            prop_assert_eq!(told(fields.read(line)), told(fields.read_in_full(line)), "{}", String::from_utf8_lossy(line));
        }
    }
}

#[test]
fn lines_of_one_shape_are_not_parsed() {
    let fields = JsonFields::new(NAMES.iter().copied());
    let line = |value: &str| format!("{{\"c\": \"{value}\", \"n\":12, \"x\":null,\"z\":\"\" }}");
    assert!(fields.read_by_shape(line("a").as_bytes()).is_none());
    assert!(fields.read(line("a").as_bytes()).is_ok());
    assert!(fields.read_by_shape(line("薯片").as_bytes()).is_some());
    assert!(fields.read_by_shape(line("a\\n").as_bytes()).is_none());
}

proptest! {
    #[test]
    fn one_walk_finds_what_the_whole_object_holds(line in object()) {
        let whole: Value = serde_json::from_str(&line).unwrap();
        let found = values(&line);
        // What `Value` makes of a repeated key is its last value; here it is a fault.
        prop_assume!(!matches!(found, Err(RowFault::RepeatedKey { .. })));
        prop_assert_eq!(found.is_ok(), whole.is_object());
        prop_assume!(whole.is_object());
        for (found, names) in values(&line).unwrap().into_iter().zip(NAMES) {
            let expected = match plainly(&whole, names) {
                None => JsonValue::Absent,
                Some(Value::Null) => JsonValue::Null,
                Some(Value::Bool(flag)) => JsonValue::Bool(flag),
                Some(Value::String(text)) => JsonValue::Text(text.into()),
                Some(nested @ (Value::Array(_) | Value::Object(_))) => {
                    prop_assert!(matches!(found, JsonValue::Nested(raw) if serde_json::from_str::<Value>(raw).unwrap() == nested));
                    continue;
                }
                Some(Value::Number(number)) => {
                    prop_assert!(matches!(found, JsonValue::Number(text) if text.parse::<i64>().ok() == number.as_i64() || number.is_f64()));
                    continue;
                }
            };
            prop_assert_eq!(found, expected, "{:?}", names);
        }
    }
}
