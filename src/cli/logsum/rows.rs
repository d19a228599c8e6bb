//! The options for which rows count and how logs are read.
use std::collections::HashSet;
use std::ffi::OsStr;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use votekit::nearest::nearest;
use votekit::report::Value;
use votekit::units::{DateOrder, Day, TypedTime, Zone};
use votekit::weblog::{
    Choice, Column, DayRange, FORMATS, Filter, GivenColumns, LogTime, Media, Needs, Place, StatusKind, Test, TimeRange,
};

use crate::cli::terminal::exit;
use crate::cli::terminal::times::{self, ClockArgs, TypedDateOrder};

/// The options as they are typed.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Rows that count")]
pub(super) struct RowArgs {
    /// The first day or time: 2019-08-24, 08-24, 2019-08-24T10:00, 10:00, today or -2d
    ///
    /// 08-24 is that day of any year, -2d the day before yesterday, -3h the hour three hours ago, and 10:00 is today.
    #[arg(long, value_name = "TIME", visible_alias = "since", allow_hyphen_values = true)]
    from: Option<String>,
    /// The last day or time, included
    ///
    /// 2019-08-24 ends at midnight, 10:00 with its last second, -3h with the last second of that hour.
    #[arg(long, value_name = "TIME", visible_alias = "until", allow_hyphen_values = true)]
    to: Option<String>,
    #[command(flatten)]
    clock: ClockArgs,
    /// What 4/8/2019 is: 4 August (dmy) or 8 April (mdy)
    #[arg(long, value_name = "ORDER", default_value = "dmy")]
    date_order: TypedDateOrder,
    /// Kinds of files: jpeg, image, video, css, image/webp, any [default: jpeg; any with --ext]
    ///
    /// By the content type if the log has one, else by the URL.
    #[arg(long = "type", value_name = "NAME,…")]
    media: Vec<Kinds>,
    /// Only URLs with one of these extensions
    #[arg(long, value_name = "EXT,…")]
    ext: Vec<String>,
    /// Only URLs that match this regular expression
    #[arg(long, value_name = "REGEX")]
    url: Vec<regex::bytes::Regex>,
    /// Only these statuses: 200,206 or 2xx
    #[arg(long, value_name = "STATUS,…")]
    status: Vec<Statuses>,
    /// Only these hosts
    #[arg(long, value_name = "NAME,…")]
    host: Vec<String>,
    /// Only rows with this value in another column
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = equation)]
    equal: Vec<(String, String)>,
    /// The format of the logs, or a format string of Apache or nginx [default: detected; -v shows it]
    #[arg(long, value_name = "NAME", value_parser = LogFormatParser, help_heading = "Reading")]
    log_format: Option<String>,
    /// Columns by name or position from 0: size=bytes-out or date=0,size=4,url=7
    #[arg(long, value_name = "NAME=COLUMN,…", value_parser = place, value_delimiter = ',', conflicts_with = "log_format",
        help_heading = "Reading")]
    columns: Vec<(String, Place)>,
    /// The column separator: one character, tab or space [default: detected]
    #[arg(long, value_name = "CHAR", value_parser = delimiter, requires = "columns", help_heading = "Reading")]
    delimiter: Option<u8>,
}

/// Alternatives: any of these statuses.
#[derive(Debug, Clone)]
struct Statuses {
    kinds: Vec<StatusKind>,
    typed: String,
}

impl FromStr for Statuses {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kind = |part: &str| {
            let class = part.strip_suffix("xx").or(part.strip_suffix("XX"));
            let number = class.unwrap_or(part).parse::<u16>().ok();
            match (class, number) {
                (Some(_), Some(class @ 1..=9)) => Ok(StatusKind::Class(class)),
                (None, Some(status)) => Ok(StatusKind::Exactly(status)),
                _ => Err(format!("{part:?} is not a status: write 200,206 or 2xx")),
            }
        };
        let kinds = text.split(',').map(|part| kind(part.trim())).collect::<Result<_, _>>()?;
        Ok(Statuses { kinds, typed: text.to_owned() })
    }
}

/// Alternatives: any of these kinds, and how they were named.
#[derive(Debug, Clone)]
struct Kinds {
    media: Vec<Media>,
    typed: String,
    in_words: String,
}

impl FromStr for Kinds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = text.split(',').map(str::trim).collect();
        let media = names.iter().map(|name| media(name)).collect::<Result<Vec<_>, _>>()?;
        let words = media.iter().zip(&names).map(|(media, name)| match media {
            Media::Jpeg => "JPEGs",
            Media::Any => "all files",
            Media::Named(_) => name,
        });
        Ok(Kinds { typed: names.join(","), in_words: words.collect::<Vec<_>>().join(","), media })
    }
}

/// The options, checked against each other.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// The rows that count.
    pub filter: Filter,
    /// The columns needed for that.
    pub needs: Needs,
    /// How the logs are read.
    pub format: Choice,
    /// The rows that count, in words: `JPEGs, 2019-08-24 to 2019-08-25`.
    pub in_words: String,
    /// What is asked, as JSON echoes it.
    pub question: Vec<(String, Value)>,
    pub range: Range,
    /// The zone of days and hours.
    pub zone: Zone,
}

/// The range of time, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    /// The first day or time.
    pub from: Option<TypedTime>,
    /// The last day or time.
    pub to: Option<TypedTime>,
    /// The zone of both.
    pub zone: Zone,
}

impl RowArgs {
    /// Checks the options.
    ///
    /// # Errors
    /// When the options contradict each other.
    pub(super) fn resolve(self) -> anyhow::Result<Rows> {
        let range = self.range()?;
        let time_range = range.time_range()?;
        let mut seen = HashSet::new();
        let mut names = self.columns.iter().map(|(name, _)| name.to_lowercase());
        if let Some(twice) = names.find(|name| !seen.insert(name.clone())) {
            return Err(exit::misuse(format!("--columns names {twice} twice")));
        }
        let mut needs = Needs {
            time: time_range.needs_time(),
            date_order: self.date_order.into(),
            columns: vec![Column::ContentType],
        };
        let mut tests = Vec::new();
        let words = |list: &String| list.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
        tests.extend(self.ext.iter().map(|list| {
            let bare = |ext: String| ext.trim_start_matches('.').to_ascii_lowercase();
            Test::Extension(words(list).into_iter().map(bare).collect())
        }));
        tests.extend(self.url.iter().cloned().map(Test::Url));
        for statuses in &self.status {
            tests.push(Test::Status(needs.place_of(Column::Status), statuses.kinds.clone()));
        }
        for hosts in &self.host {
            tests.push(Test::host_in(needs.place_of(Column::Host), words(hosts)));
        }
        for (column, value) in &self.equal {
            tests.push(Test::is(needs.place_of(Column::Named(column.clone())), value));
        }
        let (in_words, question) = (self.in_words(&range), self.question(&range));
        let content_type = needs.place_of(Column::ContentType);
        let mut kinds = self.media.into_iter().map(|kinds| kinds.media);
        let media = match kinds.next() {
            // A single kind, the usual case, is tested faster.
            Some(kind) if kind.len() == 1 => kind.into_iter().next().unwrap_or(Media::Any),
            Some(either) => {
                tests.push(Test::Media(content_type, either));
                Media::Any
            }
            // With --ext, the default of JPEGs would exclude most extensions.
            None if self.ext.is_empty() => Media::Jpeg,
            None => Media::Any,
        };
        tests.extend(kinds.map(|either| Test::Media(content_type, either)));
        let format = match (self.log_format, self.columns) {
            (Some(pattern), _) if is_pattern(&pattern) => Choice::Pattern(pattern),
            (Some(name), _) => Choice::Named(name),
            (None, columns) if columns.is_empty() => Choice::Detect,
            (None, columns) => Choice::Columns(GivenColumns { delimiter: self.delimiter, columns }),
        };
        Ok(Rows {
            filter: Filter { time_range, media, content_type: Some(content_type), tests },
            needs,
            format,
            in_words,
            question,
            range,
            zone: range.zone,
        })
    }

    /// What is asked, with what options mean where they are left out.
    fn question(&self, range: &Range) -> Vec<(String, Value)> {
        let kinds: Vec<&str> = self.media.iter().map(|kinds| kinds.typed.as_str()).collect();
        let default = if self.ext.is_empty() { "jpeg" } else { "any" };
        let kinds = if kinds.is_empty() { default.to_owned() } else { kinds.join(" and ") };
        let mut question = vec![
            ("from".to_owned(), range.first_text().into()),
            ("to".to_owned(), range.last_text().into()),
            ("time_zone".to_owned(), range.zone.to_string().into()),
            ("type".to_owned(), kinds.into()),
        ];
        let urls: Vec<String> = self.url.iter().map(|regex| regex.as_str().to_owned()).collect();
        let statuses: Vec<String> = self.status.iter().map(|statuses| statuses.typed.clone()).collect();
        let equal: Vec<String> = self.equal.iter().map(|(column, value)| format!("{column}={value}")).collect();
        let filters =
            [("ext", &self.ext), ("url", &urls), ("status", &statuses), ("host", &self.host), ("where", &equal)];
        for (name, values) in filters.iter().filter(|(_, values)| !values.is_empty()) {
            question.push(((*name).to_owned(), values.join(" and ").into()));
        }
        question
    }

    fn range(&self) -> anyhow::Result<Range> {
        let (zone, order) = (self.clock.zone(), DateOrder::from(self.date_order));
        let time = |option: &str, text: &Option<String>| {
            text.as_deref().map(|text| times::time(option, text, zone, order)).transpose()
        };
        Ok(Range { from: time("--from", &self.from)?, to: time("--to", &self.to)?, zone })
    }

    /// The rows that count, in words.
    fn in_words(&self, range: &Range) -> String {
        let kinds = self.media.iter().map(|kinds| kinds.in_words.as_str());
        let mut what = kinds.chain(self.ext.iter().map(String::as_str)).collect::<Vec<_>>().join(" and ");
        if what.is_empty() {
            "JPEGs".clone_into(&mut what);
        }
        let mut text = match (range.first_text(), range.last_text()) {
            (None, None) => format!("{what}, all days"),
            (Some(from), None) => format!("{what}, from {from} on"),
            (None, Some(to)) => format!("{what}, up to {to}"),
            (Some(from), Some(to)) if from == to => format!("{what}, {from}"),
            (Some(from), Some(to)) => format!("{what}, {from} to {to}"),
        };
        let more = self.url.len() + self.status.len() + self.host.len() + self.equal.len();
        if more > 0 {
            text.push_str(", filtered");
        }
        text
    }
}

impl Range {
    /// The beginning, as reports show it.
    pub(super) fn first_text(&self) -> Option<String> {
        self.from.map(|from| from.first_text(self.zone))
    }

    /// The end, as reports show it.
    pub(super) fn last_text(&self) -> Option<String> {
        self.to.map(|to| to.last_text(self.zone))
    }

    /// The range as whole days in the zone, or as moments.
    fn time_range(&self) -> anyhow::Result<TimeRange> {
        let Range { from, to, zone } = *self;
        let first = from.filter(|from| from.day().is_none()).and_then(|from| from.first(zone));
        let last = to.filter(|to| to.day().is_none()).and_then(|to| to.last(zone));
        let day = |time: Option<TypedTime>, moment: Option<i64>| {
            time.and_then(TypedTime::day).or_else(|| moment.map(|moment| Day::Dated(zone.shown(moment).date())))
        };
        let days = DayRange::new(day(from, first), day(to, last))?;
        if let (Some(from), Some(to)) = (from.and_then(|from| from.first(zone)), to.and_then(|to| to.last(zone)))
            && from > to
        {
            let [from, to] = [self.first_text(), self.last_text()].map(Option::unwrap_or_default);
            return Err(exit::misuse(format!("the range ends before it begins: {from} is after {to}")));
        }
        let log_time = |moment: Option<i64>| moment.map(LogTime::from_unix);
        Ok(TimeRange { days, clock: zone.into(), from: log_time(first), to: log_time(last) })
    }
}

fn media(text: &str) -> Result<Media, String> {
    Media::named(text).ok_or_else(|| {
        let meant = nearest(text, Media::USUAL).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
        format!("no such media type{meant}: write jpeg, image, video, css, png, image/webp, any")
    })
}

fn equation(text: &str) -> Result<(String, String), String> {
    let (column, value) = text.split_once('=').ok_or("write COLUMN=VALUE, as in x-edge-result-type=Hit")?;
    Ok((column.trim().to_owned(), value.to_owned()))
}

fn place(text: &str) -> Result<(String, Place), String> {
    let (name, column) =
        text.split_once('=').ok_or("write NAME=COLUMN, as in size=bytes_out or date=0,size=4,url=7")?;
    let column = column.trim();
    let place = match column.parse() {
        Ok(position) => Place::At(position),
        Err(_) if column.is_empty() => {
            return Err(format!("which column is {name}? Write its name, or its position from 0"));
        }
        Err(_) => Place::Named(column.to_owned()),
    };
    Ok((name.trim().to_owned(), place))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match (text, text.as_bytes()) {
        ("tab" | "\\t", _) => Ok(b'\t'),
        ("space", _) => Ok(b' '),
        (_, [byte]) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Ok(*byte),
        _ => Err("one character, tab or space".to_owned()),
    }
}

/// Whether a log format is a format string and not a name.
fn is_pattern(text: &str) -> bool {
    text.contains(['$', '%'])
}

/// The name of a format, or a format string.
#[derive(Debug, Clone)]
struct LogFormatParser;

impl TypedValueParser for LogFormatParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        match value.to_str() {
            Some(pattern) if is_pattern(pattern) => Ok(pattern.to_owned()),
            _ => PossibleValuesParser::new(format_names()).parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(format_names()))
    }
}

fn format_names() -> impl Iterator<Item = PossibleValue> {
    FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about))
}
