//! The candidates of a vote: which one a ballot names, and who may be added or renamed.
use std::collections::HashMap;

use super::errors::BoxError;
use super::limits::{Limits, check_name, visual_key};
use super::picture::Picture;
use super::vote::{CandidateId, Choice};

/// Someone or something to vote for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its number, which clients send.
    pub id: CandidateId,
    /// Unique in the vote, also by its looks.
    pub name: String,
    /// What is said about it.
    pub about: Option<String>,
    /// The [tag](super::Picture::tag) of its picture.
    pub picture: Option<String>,
}

impl Candidate {
    /// A candidate of whom only the name is known.
    pub fn named(id: CandidateId, name: impl Into<String>) -> Self {
        Candidate { id, name: name.into(), about: None, picture: None }
    }
}

/// A candidate of a new vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCandidate {
    /// Its number, from 1, which clients send.
    pub id: CandidateId,
    /// As [`Candidate::name`]: 1 to [`Limits::NAME_CHARS`] characters, unique by look.
    pub name: String,
    /// What is said about it, up to [`Limits::ABOUT_CHARS`].
    pub about: Option<String>,
    /// None: it has no picture.
    pub picture: Option<Picture>,
}

impl NewCandidate {
    /// Candidates called `names`, with the ids 1, 2, 3, …
    pub fn numbered<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Vec<Self> {
        let named = |(id, name): (_, T)| NewCandidate { id, name: name.into(), about: None, picture: None };
        (1..).zip(names).map(named).collect()
    }

    /// The same without the picture itself.
    pub fn candidate(&self) -> Candidate {
        let picture = self.picture.as_ref().map(Picture::tag);
        Candidate { id: self.id, name: self.name.clone(), about: self.about.clone(), picture }
    }
}

/// All candidates of one vote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// In order of their ids.
    list: Vec<Candidate>,
    ids: HashMap<String, CandidateId>,
    ids_by_look: HashMap<String, CandidateId>,
}

impl Candidates {
    /// The candidates of `list`, in any order.
    pub fn new(mut list: Vec<Candidate>) -> Self {
        list.sort_by_key(|candidate| candidate.id);
        let ids = list.iter().map(|candidate| (candidate.name.clone(), candidate.id)).collect();
        let look = |candidate: &Candidate| (visual_key(&candidate.name).into_owned(), candidate.id);
        let ids_by_look = list.iter().map(look).collect();
        Candidates { list, ids, ids_by_look }
    }

    /// All of them, in order of their ids.
    pub fn as_slice(&self) -> &[Candidate] {
        &self.list
    }

    /// The index in [`as_slice`](Self::as_slice) of the candidate that `choice` names.
    pub fn position(&self, choice: &Choice) -> Option<usize> {
        let id = match choice {
            Choice::Id(id) => *id,
            Choice::Name(name) => *self.ids.get(name).or_else(|| self.ids_by_look.get(&*visual_key(name)))?,
        };
        // Ids usually have no gaps: look at the likely place first.
        let guess = usize::try_from(id).ok()?.checked_sub(1)?;
        match self.list.get(guess) {
            Some(candidate) if candidate.id == id => Some(guess),
            _ => self.list.binary_search_by_key(&id, |candidate| candidate.id).ok(),
        }
    }

    /// The candidate to store when `name` is added: it gets the next free id.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when the name is not allowed or taken, or there are [`Limits::CANDIDATES`] already.
    pub fn add(&self, name: &str) -> Result<Candidate, BoxError> {
        self.check_new_name(name, None)?;
        if self.list.len() >= Limits::CANDIDATES {
            return Err(BoxError::Candidate(format!("a vote can have {} candidates", Limits::CANDIDATES)));
        }
        let id = self.list.last().map_or(1, |candidate| candidate.id + 1);
        Ok(Candidate::named(id, name))
    }

    /// The candidate `id`.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when there is none; it names the existing ones.
    fn get(&self, id: CandidateId) -> Result<&Candidate, BoxError> {
        let none = || BoxError::Candidate(format!("there is no candidate {id}; there are {}", self.listed()));
        self.position(&Choice::Id(id)).map(|at| &self.list[at]).ok_or_else(none)
    }

    /// `1 薯片, 2 林林, 3 正氣`; only the first if there are many.
    pub fn listed(&self) -> String {
        const SHOWN: usize = 20;
        let names: Vec<String> = self.list.iter().take(SHOWN).map(|of| format!("{} {}", of.id, of.name)).collect();
        let rest = if self.list.len() > SHOWN { " … (all: votekit candidates)" } else { "" };
        format!("{}{rest}", names.join(", "))
    }

    /// Checks that candidate `id` may be removed. `has_votes`: a vote was cast for it, be it withdrawn since.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when there is no such candidate, when it has votes, or when it is the last one.
    pub fn check_removal(&self, id: CandidateId, has_votes: bool) -> Result<&Candidate, BoxError> {
        let candidate = self.get(id)?;
        if has_votes {
            return Err(BoxError::Candidate(format!("candidate {id} has votes, which would be lost")));
        }
        if self.list.len() == 1 {
            return Err(BoxError::Candidate("a vote needs a candidate, and this is the only one".into()));
        }
        Ok(candidate)
    }

    /// The candidate to store when `id` is renamed to `name`. `has_votes`: a vote was cast for it, be it withdrawn since.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when there is no such candidate, when the name is not allowed or taken, or when it has votes:
    /// what somebody voted for is not renamed.
    pub fn rename(&self, id: CandidateId, name: &str, has_votes: bool) -> Result<Candidate, BoxError> {
        let candidate = self.get(id)?;
        self.check_new_name(name, Some(id))?;
        if has_votes {
            return Err(BoxError::Candidate(format!("candidate {id} has votes: what was voted for is not renamed")));
        }
        Ok(Candidate { name: name.to_owned(), ..candidate.clone() })
    }

    /// Checks that `name` can be given to a new candidate, or to candidate `id`.
    fn check_new_name(&self, name: &str, id: Option<CandidateId>) -> Result<(), BoxError> {
        check_name(name).map_err(|why| BoxError::Candidate(format!("the name {name:?} {why}")))?;
        let key = visual_key(name);
        match self.list.iter().find(|candidate| visual_key(&candidate.name) == key) {
            Some(other) if other.name == name => {
                Err(BoxError::Candidate(format!("candidate {} is called {name} already", other.id)))
            }
            // A candidate may get a name that looks like its own: that is how a spelling is corrected.
            Some(other) if Some(other.id) != id => {
                let problem =
                    format!("the name {name:?} looks the same as that of candidate {}, {:?}", other.id, other.name);
                Err(BoxError::Candidate(problem))
            }
            _ => Ok(()),
        }
    }
}

/// Checks the candidates of a new vote.
///
/// # Errors
/// [`BoxError::Candidate`] when there are none or too many, or a name is not allowed or there twice.
pub(super) fn check_first(candidates: &[NewCandidate]) -> Result<(), BoxError> {
    if candidates.is_empty() {
        return Err(BoxError::Candidate("a vote needs a candidate".into()));
    }
    if candidates.len() > Limits::CANDIDATES {
        let (found, most) = (candidates.len(), Limits::CANDIDATES);
        return Err(BoxError::Candidate(format!("{found} candidates are more than the {most} a vote can have")));
    }
    let mut seen = HashMap::new();
    let mut ids = HashMap::new();
    for NewCandidate { id, name, about, .. } in candidates {
        if *id < 1 {
            return Err(BoxError::Candidate(format!("candidate {name} has the id {id}: ids are whole numbers from 1")));
        }
        if let Some(other) = ids.insert(*id, name) {
            return Err(BoxError::Candidate(format!("two candidates have the id {id}: {other} and {name}")));
        }
        if let Some(chars) =
            about.as_ref().map(|about| about.chars().count()).filter(|chars| *chars > Limits::ABOUT_CHARS)
        {
            let most = Limits::ABOUT_CHARS;
            return Err(BoxError::Candidate(format!(
                "what is said about {name} has {chars} characters, {most} are allowed"
            )));
        }
        check_name(name).map_err(|why| BoxError::Candidate(format!("the name {name:?} {why}")))?;
        match seen.insert(visual_key(name), name) {
            Some(other) if other == name => {
                return Err(BoxError::Candidate(format!("two candidates are called {name}")));
            }
            Some(other) => {
                let problem = format!("two candidates' names look the same: {other:?} and {name:?}");
                return Err(BoxError::Candidate(problem));
            }
            None => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(of: &[(CandidateId, &str)]) -> Candidates {
        Candidates::new(of.iter().map(|(id, name)| Candidate::named(*id, *name)).collect())
    }

    #[test]
    fn a_candidate_is_found_by_id_and_by_exact_name_also_where_ids_have_gaps() {
        let some = candidates(&[(7, "c"), (1, "a"), (3, "b")]);
        for (choice, position) in
            [("1", Some(0)), ("3", Some(1)), ("7", Some(2)), ("2", None), ("0", None), ("-1", None)]
        {
            assert_eq!(some.position(&Choice::parse(choice)), position, "{choice}");
        }
        for (choice, position) in [("a", Some(0)), ("c", Some(2)), ("A", Some(0)), ("x", None)] {
            assert_eq!(some.position(&Choice::parse(choice)), position, "{choice}");
        }
    }

    #[test]
    fn who_may_be_added() {
        let some = candidates(&[(1, "a"), (7, "Jose\u{301}")]);
        assert_eq!(some.add("b"), Ok(Candidate::named(8, "b")));
        for (name, why) in [
            ("a", "candidate 1 is called a already"),
            ("Jos\u{e9}", "looks the same as that of candidate 7"),
            ("2", "is a number"),
            ("", "is empty"),
        ] {
            let refused = some.add(name).unwrap_err().to_string();
            assert!(refused.contains(why), "{name:?}: {refused}");
        }
        let full =
            Candidates::new((1..=Limits::CANDIDATES as i64).map(|at| Candidate::named(at, format!("c{at}"))).collect());
        assert_eq!(full.add("b").unwrap_err().to_string(), "a vote can have 1000 candidates");
    }

    #[test]
    fn who_may_be_removed() {
        let some = candidates(&[(1, "a"), (2, "b")]);
        assert_eq!(some.check_removal(2, false).map(|candidate| candidate.id), Ok(2));
        let one = candidates(&[(7, "a")]);
        for (of, id, has_votes, why) in [
            (&some, 3, false, "there is no candidate 3; there are 1 a, 2 b"),
            (&some, 2, true, "candidate 2 has votes"),
            (&one, 7, false, "the only one"),
        ] {
            let refused = of.check_removal(id, has_votes).unwrap_err().to_string();
            assert!(refused.contains(why), "{id}: {refused}");
        }
    }

    #[test]
    fn who_may_be_renamed() {
        let some = candidates(&[(1, "a"), (2, "Jose\u{301}")]);
        let respelled = Candidate::named(2, "Jos\u{e9}");
        assert_eq!(some.rename(2, "Jos\u{e9}", false), Ok(respelled));
        for (id, name, has_votes, why) in [
            (3, "b", false, "there is no candidate 3"),
            (2, "a", false, "candidate 1 is called a already"),
            (1, "Jos\u{e9}", false, "looks the same as that of candidate 2"),
            (1, "7", true, "is a number"),
            (1, "b", true, "candidate 1 has votes: what was voted for is not renamed"),
        ] {
            let refused = some.rename(id, name, has_votes).unwrap_err().to_string();
            assert!(refused.contains(why), "{id} {name:?}: {refused}");
        }
    }
}
