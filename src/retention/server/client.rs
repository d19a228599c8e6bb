//! The questions on a server: their values are bound, the texts run as they are, and nothing is written.
use std::collections::BTreeMap;

use chrono::NaiveDate;
use mysql::prelude::Queryable;
use mysql::{Params, Value};

use super::columns::{Column, EventColumns};
use super::error::ServerError;
use crate::dial::Connection;
use crate::retention::cells::{self, Cell, Cells, from_hex};
use crate::retention::curve::{Curves, CurvesFound, DaysAfter, Period};
use crate::retention::data_end::{DataEnd, judge};
use crate::retention::database::Reading;
use crate::retention::date_time::DateTimeParser;
use crate::retention::engine::{Answer, Engine};
use crate::retention::event_names::{NameSeen, NamesSeen};
use crate::retention::moment::day_number;
use crate::retention::names::TableNames;
use crate::retention::question::{Borders, Question, SQL};
use crate::retention::sql_text::{self, MYSQL_CALENDAR_END, for_table};
use crate::units::Zone;

/// A table of events on a server.
#[derive(Debug)]
pub struct Server {
    connection: Connection,
    names: TableNames,
    reading: Reading,
    event_name: Column,
}

impl Server {
    /// The table and columns of `names` in the connection's database.
    ///
    /// # Errors
    /// When the table is missing, is not as the question needs it, or the server does not answer.
    pub fn new(mut connection: Connection, names: TableNames, reading: Reading) -> Result<Self, ServerError> {
        if reading.zone != Zone::UTC {
            // Stored times are UTC then, also those of a TIMESTAMP, which a session shows in its own zone.
            connection.run("the zone", |server| server.query_drop("SET time_zone = '+00:00'"))?;
        }
        // So that several questions see one state. Not every server supports it, and failing does no harm: q1 only reads.
        let _ = connection
            .run("for a snapshot", |server| server.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"));
        let EventColumns { event_name } = EventColumns::of(&mut connection, &names)?;
        Ok(Server { connection, names, reading, event_name })
    }

    fn borders(&self) -> Borders<'static> {
        Borders { zone: self.reading.zone, calendar_end: MYSQL_CALENDAR_END }
    }

    /// Sets the variables of a text. A variable has its own collation with the same rank as a column's, so `MySQL` would
    /// refuse to compare the two, or compare by the wrong one and without an index: names of events take the column's.
    fn bind(&mut self, parameters: &[(&'static str, Option<String>)]) -> Result<(), ServerError> {
        let as_column = match self.event_name.convertible() {
            Some((set, collation)) => format!("CONVERT(? USING {set}) COLLATE {collation}"),
            None => "?".to_owned(),
        };
        let mut assignments = Vec::new();
        for (name, value) in parameters {
            let is_event = matches!(*name, "@event" | "@return_event");
            if let (true, Some(event)) = (is_event, value) {
                self.check_writable(event)?;
            }
            assignments.push(format!("{name} = {}", if is_event && value.is_some() { &as_column } else { "?" }));
        }
        let values: Vec<Value> = parameters.iter().map(|(_, value)| Value::from(value)).collect();
        let sql = format!("SET {}", assignments.join(", "));
        Ok(self.connection.run("the values", |server| server.exec_drop(sql, Params::Positional(values)))?)
    }

    /// Refuses a name that the column cannot hold. CONVERT would silently write a question mark for a character that the
    /// column's character set lacks; a column of whole numbers would compare with 0.
    fn check_writable(&mut self, event: &str) -> Result<(), ServerError> {
        let no_such_text = |server: &Server, what: String| ServerError::NoSuchText {
            server: server.connection.address().to_string(),
            column: server.event_name.name.clone(),
            what,
            event: event.to_owned(),
        };
        if self.event_name.is_whole_number() {
            let is_number = event.parse::<i64>().is_ok_and(|number| number.to_string() == event);
            return if is_number { Ok(()) } else { Err(no_such_text(self, "holds numbers".to_owned())) };
        }
        let Some((set, _)) = self.event_name.convertible() else { return Ok(()) };
        let sql = format!("SELECT CAST(CONVERT(CONVERT(? USING {set}) USING utf8mb4) AS BINARY)");
        let back: Option<Vec<u8>> =
            self.connection.run("the event's name", |server| server.exec_first(sql, (event,)))?;
        if back.as_deref() == Some(event.as_bytes()) {
            return Ok(());
        }
        let what = format!("is in {set}, which lacks a character of it");
        Err(no_such_text(self, what))
    }

    /// The number of users of a cohort of one day.
    fn cohort_users(&mut self, question: &Question) -> Result<u64, ServerError> {
        let period = Period::day(question.install_day);
        let Some(curves) = Curves::new(&question.event, vec![period], vec![DaysAfter::day(0)]) else { return Ok(0) };
        let cell = Cell { curves: &curves, period, day_zero: question.install_day, active: None };
        Ok(self.cell(&cell)?.iter().map(|(_, users)| users).sum())
    }

    /// Where the events end: all of them are looked at.
    fn end(&mut self) -> Result<DataEnd, ServerError> {
        if let Some(day) = self.reading.end {
            return Ok(DataEnd::default().or_given(Some(day)));
        }
        type Row = (Option<String>, u64, Option<String>);
        let sql = for_table(sql_text::DAYS, &self.names);
        let rows: Vec<Row> = self.connection.run("the days of events", |server| server.query(sql))?;
        let (mut days, mut latest) = (BTreeMap::new(), BTreeMap::new());
        for (day, events, time) in rows {
            if let Some(day) = day.and_then(|day| day.parse::<NaiveDate>().ok()) {
                days.insert(day_number(day), events);
                latest.insert(day, time.unwrap_or_default());
            }
        }
        let end = judge(&days, self.reading.today);
        let local = |day: NaiveDate| self.day_of(latest.get(&day)?);
        Ok(DataEnd { day: end.day.map(|day| local(day).unwrap_or(day)), ..end })
    }

    /// The same, for a figure that counts somebody: only the latest event is looked for, unless it is before the window's end.
    fn end_for(&mut self, question: &Question, users: u64) -> Result<DataEnd, ServerError> {
        if self.reading.end.is_some() || users == 0 {
            return self.end();
        }
        let tomorrow = self.reading.today.succ_opt().unwrap_or(self.reading.today);
        let before = self.borders().end(tomorrow);
        self.bind(&[("@tomorrow", Some(before))])?;
        let sql = for_table(sql_text::LATEST, &self.names);
        let latest: Option<Option<String>> =
            self.connection.run("the latest event's time", |server| server.query_first(sql))?;
        let day = latest.flatten().and_then(|time| self.day_of(&time));
        match day {
            Some(day) if day >= question.to => Ok(DataEnd { day: Some(day), ..DataEnd::default() }),
            _ => self.end(),
        }
    }

    /// The day of a time, in the zone of the question.
    fn day_of(&self, time: &str) -> Option<NaiveDate> {
        let mut times = DateTimeParser::new(self.reading.zone);
        let moment = times.read(time.get(..19).unwrap_or(time))?;
        times.day(moment).and_then(NaiveDate::from_num_days_from_ce_opt)
    }
}

impl Cells for Server {
    type Error = ServerError;

    fn cell(&mut self, cell: &Cell) -> Result<Vec<(String, u64)>, ServerError> {
        let is_event = self.names.columns.install_time.is_none();
        self.bind(&cell.parameters(self.borders(), is_event))?;
        if cell.curves.by_value {
            let sql = for_table(sql_text::CELL_BY_VALUE, &self.names);
            let rows: Vec<(String, u64)> = self.connection.run("the question", |server| server.query(sql))?;
            return Ok(rows.into_iter().map(|(value, users)| (from_hex(&value), users)).collect());
        }
        let sql = for_table(sql_text::CELL, &self.names);
        let users: Option<u64> = self.connection.run("the question", |server| server.query_first(sql))?;
        Ok(vec![(String::new(), users.unwrap_or_default())])
    }
}

impl Engine for Server {
    type Error = ServerError;

    fn answer(&mut self, question: &Question) -> Result<Answer, ServerError> {
        let is_event = self.names.columns.install_time.is_none();
        self.bind(&question.parameters(self.borders(), is_event))?;
        let sql = for_table(SQL, &self.names);
        let users: Option<u64> = self.connection.run("the question", |server| server.query_first(sql))?;
        let users = users.unwrap_or_default();
        Ok(Answer { users, cohort_users: self.cohort_users(question)?, end: self.end_for(question, users)? })
    }

    fn curves(&mut self, curves: &Curves) -> Result<CurvesFound, ServerError> {
        let end = self.end()?;
        let counts = cells::count(self, curves, &end)?;
        Ok(curves.found(counts, end))
    }

    fn event_names(&mut self) -> Result<Option<Vec<NameSeen>>, ServerError> {
        type Row = (Option<Vec<u8>>, u64, Option<String>, Option<String>);
        let sql = for_table(sql_text::NAMES, &self.names);
        let rows: Vec<Row> = self.connection.run("the events' names", |server| server.query(sql))?;
        let mut names = NamesSeen::default();
        for (name, events, first, last) in rows {
            let day = |time: Option<String>| time.and_then(|time| self.day_of(&time)).map(day_number);
            names.add(&String::from_utf8_lossy(&name.unwrap_or_default()), events, day(first), day(last));
        }
        Ok(Some(names.sorted()))
    }
}
