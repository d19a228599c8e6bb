//! Lists of candidates and voters, as spreadsheets and people write them.
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail};
use votekit::ballot::{NewCandidate, Picture, Voter};

use crate::cli::terminal::exit;

/// Lists are read into memory.
const LIST_BYTES_MOST: u64 = 256 << 20;

/// Words that name a column rather than a candidate or a voter. A first row with one of them is not taken for an entry.
const COLUMN_NAMES: &[&str] = &[
    "about",
    "account",
    "candidate",
    "candidate id",
    "candidates",
    "candidate name",
    "description",
    "email",
    "e mail",
    "email address",
    "first name",
    "firstname",
    "full name",
    "fullname",
    "id",
    "ids",
    "last name",
    "lastname",
    "login",
    "mail",
    "member",
    "member id",
    "membership",
    "name",
    "names",
    "no",
    "nr",
    "nummer",
    "number",
    "option",
    "options",
    "phone",
    "picture",
    "surname",
    "title",
    "user",
    "user id",
    "user name",
    "userid",
    "username",
    "uid",
    "vote",
    "voter",
    "voter id",
    "voterid",
    "voters",
    "姓名",
    "名字",
    "編號",
    "候選人",
];

/// How a list is read, beyond what it shows itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reading<'a> {
    /// The header of the column with the voters' ids or the candidates' names, where it is not called `id` or `name`.
    pub column: Option<&'a str>,
    /// The first row is an entry, whatever it looks like.
    pub no_header: bool,
}

/// A list: its columns' names, in lower case, and its rows with their lines.
struct List {
    what: String,
    /// `None`: it has no header.
    header: Option<Vec<String>>,
    rows: Vec<(u64, Vec<String>)>,
}

/// The candidates of the list at `path`; `taken` have their ids already. A column `name` (or `candidate`), and if there are
/// `id`, `about` and `picture`; or, without a header, a name a row.
///
/// # Errors
/// When the list cannot be read, or it is not clear what is in it.
pub(super) fn candidates(path: &Path, reading: Reading<'_>) -> anyhow::Result<Vec<NewCandidate>> {
    let list = List::read(path, &["name", "candidate"], reading)?;
    let Some(header) = &list.header else {
        let names = list.single_column("name")?;
        return Ok(NewCandidate::numbered(names));
    };
    let column = |name: &str| header.iter().position(|known| known == name);
    let (id, about, picture) = (column("id"), column("about"), column("picture"));
    let name = list.column(reading.column, &["name", "candidate"])?;
    let known = [id, about, picture, Some(name)];
    if let Some(other) = (0..header.len()).find(|at| !known.contains(&Some(*at))) {
        bail!(
            "{}: the column `{}` is not one that candidates have: name, id, about, picture. Remove it",
            list.what,
            header[other]
        );
    }
    let mut candidates = Vec::new();
    for (number, (line, row)) in (1..).zip(&list.rows) {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).filter(|text| !text.is_empty());
        let wrong = |text: &str| format!("{}: line {line}: the id {text:?} is not a whole number", list.what);
        let name = cell(Some(name)).with_context(|| format!("{}: line {line} has no name", list.what))?;
        let id = match (id, cell(id)) {
            (None, _) => number,
            (Some(_), Some(text)) => text.parse().with_context(|| wrong(text))?,
            (Some(_), None) => bail!("{}: line {line} has no id", list.what),
        };
        let file =
            cell(picture).map(|file| read_picture(path, file).with_context(|| format!("{}: line {line}", list.what)));
        let (about, picture) = (cell(about).cloned(), file.transpose()?);
        candidates.push(NewCandidate { id, name: name.clone(), about, picture });
    }
    Ok(candidates)
}

/// The picture at `file`, a path as seen from the folder of the list at `path`.
fn read_picture(path: &Path, file: &str) -> anyhow::Result<Picture> {
    let file = path.parent().unwrap_or(Path::new("")).join(file);
    let what = || format!("cannot read the picture {}", file.display());
    let mut bytes = Vec::new();
    // One byte more than may be is enough to see that it is too large.
    let most = votekit::ballot::Limits::PICTURE_BYTES as u64 + 1;
    File::open(&file).and_then(|open| open.take(most).read_to_end(&mut bytes)).with_context(what)?;
    Picture::new(bytes).map_err(|why| anyhow::anyhow!("the picture {} {why}", file.display()))
}

/// The voters of the list at `path`: a column `id`, and if there is one `name`; or, without a header, an id and perhaps a name
/// a row.
///
/// # Errors
/// When the list cannot be read, or it is not clear what is in it.
pub(super) fn voters(path: &Path, reading: Reading<'_>) -> anyhow::Result<Vec<Voter>> {
    let list = List::read(path, &["id"], reading)?;
    let (id, name) = match &list.header {
        Some(header) => (list.column(reading.column, &["id"])?, header.iter().position(|known| known == "name")),
        None => (0, Some(1)),
    };
    if list.header.is_none()
        && let Some((_, row)) = list.rows.iter().find(|(_, row)| row.len() > 2)
    {
        bail!("{}: {} columns and no header that names `id`", list.what, row.len());
    }
    let voter = |(line, row): &(u64, Vec<String>)| {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).filter(|text| !text.is_empty()).cloned();
        let id = cell(Some(id)).with_context(|| format!("{}: line {line} has no id", list.what))?;
        Ok(Voter { id, name: cell(name.filter(|name| *name != id_column(&list, reading))) })
    };
    list.rows.iter().map(voter).collect()
}

fn id_column(list: &List, reading: Reading<'_>) -> usize {
    list.header.as_ref().and_then(|_| list.column(reading.column, &["id"]).ok()).unwrap_or(0)
}

impl List {
    /// Reads the list at `path` (`-`: stdin), whose header has one of `names` or the column asked for.
    fn read(path: &Path, names: &[&str], reading: Reading<'_>) -> anyhow::Result<Self> {
        let what = format!("cannot read the list {}", path.display());
        let input: Box<dyn Read> = match path.to_str() {
            Some("-") => Box::new(io::stdin()),
            _ => Box::new(File::open(path).with_context(|| what.clone())?),
        };
        let mut bytes = Vec::new();
        input.take(LIST_BYTES_MOST + 1).read_to_end(&mut bytes).with_context(|| what.clone())?;
        if bytes.len() as u64 > LIST_BYTES_MOST {
            bail!("{what}: it is longer than {} MiB", LIST_BYTES_MOST >> 20);
        }
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        if let Err(error) = std::str::from_utf8(text) {
            let line = 1 + text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
            bail!("{what}: line {line} is not UTF-8. Save the list as CSV UTF-8");
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(delimiter(text))
            .from_reader(text);
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.with_context(|| what.clone())?;
            if row.iter().any(|cell| !cell.is_empty()) {
                let line = row.position().map_or(0, csv::Position::line);
                rows.push((line, row.iter().map(str::to_owned).collect::<Vec<String>>()));
            }
        }
        let mut list = List { what, header: None, rows };
        list.take_header(names, reading)?;
        Ok(list)
    }

    /// Makes the first row the header, if it is one.
    fn take_header(&mut self, names: &[&str], reading: Reading<'_>) -> anyhow::Result<()> {
        let Some((_, first)) = self.rows.first().filter(|_| !reading.no_header) else { return Ok(()) };
        let first: Vec<String> = first.iter().map(|cell| column_name(cell)).collect();
        let is_asked_for = reading.column.is_some_and(|column| first.contains(&column_name(column)));
        if is_asked_for || first.iter().any(|cell| names.contains(&cell.as_str())) {
            self.rows.remove(0);
            self.header = Some(first);
            return Ok(());
        }
        if let Some(column) = reading.column {
            bail!("{}: its first row does not have the column {column:?}: it has {}", self.what, first.join(", "));
        }
        if let Some(found) = first.iter().find(|cell| COLUMN_NAMES.contains(&cell.as_str())) {
            let (option, wanted) =
                if names.contains(&"id") { ("--voter-column", "ids") } else { ("--candidate-column", "names") };
            return Err(exit::misuse(format!(
                "{}: its first row looks like a header: {}. Say which column has the {wanted} ({option} {found:?}), or that the \
                 first row is an entry like the others (--no-header)",
                self.what,
                first.join(", ")
            )));
        }
        Ok(())
    }

    /// The index of the column that was asked for, or of the first of `names` that the header has.
    fn column(&self, asked: Option<&str>, names: &[&str]) -> anyhow::Result<usize> {
        let header = self.header.as_deref().unwrap_or_default();
        let at = |name: &str| header.iter().position(|known| known == name);
        let found = match asked {
            Some(column) => at(&column_name(column)),
            None => names.iter().find_map(|name| at(name)),
        };
        found.with_context(|| format!("{}: it has no column {}", self.what, names.join(" or ")))
    }

    /// The cells of a list that has one column and no header.
    fn single_column(&self, name: &str) -> anyhow::Result<Vec<String>> {
        if let Some((_, row)) = self.rows.iter().find(|(_, row)| row.len() > 1) {
            bail!("{}: {} columns and no header that names `{name}`", self.what, row.len());
        }
        Ok(self.rows.iter().filter_map(|(_, row)| row.first().cloned()).collect())
    }
}

/// A header's cell as it is compared: `Voter-ID` as `voter id`.
fn column_name(cell: &str) -> String {
    let spaced: String = cell.chars().map(|c| if matches!(c, '_' | '-' | '.') { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The separator of the columns: the one of `,`, `;` and tab that most lines at the beginning have, since a comma may be part of
/// a name in one of them.
fn delimiter(text: &[u8]) -> u8 {
    let lines = || text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(100);
    let lines_with = |separator: u8| lines().filter(|line| outside_quotes(line, separator)).count();
    // Of equally many the first: a comma.
    let best = [b'\t', b';', b','].into_iter().max_by_key(|separator| lines_with(*separator)).unwrap_or(b',');
    // A header shows it for certain.
    let in_header = |separator: &u8| {
        let mut cells = lines().next().unwrap_or_default().split(|byte| byte == separator);
        cells.clone().count() > 1 && cells.any(is_column_name)
    };
    [b',', b';', b'\t'].into_iter().find(in_header).unwrap_or(if lines_with(best) > 0 { best } else { b',' })
}

fn is_column_name(cell: &[u8]) -> bool {
    let text = String::from_utf8_lossy(cell);
    COLUMN_NAMES.contains(&column_name(text.trim().trim_matches('"')).as_str())
}

fn outside_quotes(line: &[u8], separator: u8) -> bool {
    let mut quoted = false;
    line.iter().any(|byte| {
        quoted ^= *byte == b'"';
        !quoted && *byte == separator
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn ids(text: &str, reading: Reading<'_>) -> Result<Vec<String>, String> {
        let (_folder, path) = written(text);
        let voters = voters(&path, reading).map_err(|error| format!("{error:#}"))?;
        Ok(voters.into_iter().map(|voter| voter.id).collect())
    }

    fn numbered(text: &str) -> Result<Vec<(i64, String)>, String> {
        let (_folder, path) = written(text);
        let candidates = candidates(&path, Reading::default()).map_err(|error| format!("{error:#}"))?;
        Ok(candidates.into_iter().map(|candidate| (candidate.id, candidate.name)).collect())
    }

    #[test]
    fn separators_and_headers_as_spreadsheets_write_them() {
        let expected: Vec<String> = ["u1", "u2"].map(str::to_owned).to_vec();
        for text in [
            "id,name\nu1,Ann\nu2,\n",
            "name;id\nAnn;u1\n\"Bo; B.\";u2\n",
            "u1;Ann\nu2;Bo, B.\n",
            "u1\nu2\n",
            "ID\tx\nu1\t\nu2\t7\n",
        ] {
            assert_eq!(ids(text, Reading::default()).as_ref(), Ok(&expected), "{text:?}");
        }
        let by_email = Reading { column: Some("E-Mail"), ..Reading::default() };
        assert_eq!(ids("Name,e_mail\nAnn,u1\nBo,u2\n", by_email), Ok(expected));
    }

    #[test]
    fn a_first_row_that_looks_like_a_header_is_asked_about() {
        for text in ["email\na@b\n", "voter_id\nu1\n", "name,email\nAnn,a@b\n", "u,Voter\nu1,Ann\n"] {
            let told = ids(text, Reading::default()).unwrap_err();
            assert!(told.contains("looks like a header") && told.contains("--voter-column"), "{text:?}: {told}");
        }
        let no_header = Reading { no_header: true, ..Reading::default() };
        assert_eq!(ids("email\nu1\n", no_header), Ok(["email", "u1"].map(str::to_owned).to_vec()));
        assert!(numbered("email\nAnn\n").unwrap_err().contains("--candidate-column"));
    }

    #[test]
    fn candidates_keep_the_ids_they_have() {
        let named = |id, name: &str| (id, name.to_owned());
        assert_eq!(numbered("id,name\n2,Bo\n1,Ann\n"), Ok(vec![named(2, "Bo"), named(1, "Ann")]));
        assert_eq!(numbered("candidate\nBo\nAnn\n"), Ok(vec![named(1, "Bo"), named(2, "Ann")]));
        assert!(numbered("Bo\nAnn, Dr.\n").unwrap_err().contains("2 columns"));
        assert!(numbered("id,name\n2.5,Bo\n").unwrap_err().contains("\"2.5\" is not a whole number"));
        assert!(numbered("id,name\n,Bo\n").unwrap_err().contains("line 2 has no id"));
        assert!(numbered("name,party\nBo,x\n").unwrap_err().contains("`party`"));
    }
}
