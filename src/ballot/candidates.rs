//! The candidates of a vote: which one a ballot names, and who may be added or renamed.
use std::collections::HashMap;

use super::errors::BoxError;
use super::limits::{Limits, check_name, visual_key};
use super::vote::{CandidateId, Choice};

/// Someone or something to vote for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its number, which clients send.
    pub id: CandidateId,
    /// Unique in the vote.
    pub name: String,
}

/// All candidates of one vote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// In order of their ids.
    list: Vec<Candidate>,
    ids: HashMap<String, CandidateId>,
}

impl Candidates {
    /// The candidates of `list`, in any order.
    pub fn new(mut list: Vec<Candidate>) -> Self {
        list.sort_by_key(|candidate| candidate.id);
        let ids = list.iter().map(|candidate| (candidate.name.clone(), candidate.id)).collect();
        Candidates { list, ids }
    }

    /// The candidates called `names`, with the ids 1, 2, 3, …
    pub fn numbered(names: &[String]) -> Self {
        Candidates::new((1..).zip(names).map(|(id, name)| Candidate { id, name: name.clone() }).collect())
    }

    /// All of them, in order of their ids.
    pub fn as_slice(&self) -> &[Candidate] {
        &self.list
    }

    /// The index in [`as_slice`](Self::as_slice) of the candidate that `choice` names.
    pub fn position(&self, choice: &Choice) -> Option<usize> {
        let id = match choice {
            Choice::Id(id) => *id,
            Choice::Name(name) => *self.ids.get(name)?,
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
        Ok(Candidate { id, name: name.to_owned() })
    }

    /// The candidate to store when `id` is renamed to `name`. `has_votes`: a vote was cast for it, be it withdrawn since.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when there is no such candidate, when the name is not allowed or taken, or when it has votes:
    /// what somebody voted for is not renamed.
    pub fn rename(&self, id: CandidateId, name: &str, has_votes: bool) -> Result<Candidate, BoxError> {
        if self.position(&Choice::Id(id)).is_none() {
            return Err(BoxError::Candidate(format!("there is no candidate {id}")));
        }
        self.check_new_name(name, Some(id))?;
        if has_votes {
            return Err(BoxError::Candidate(format!("candidate {id} has votes: what was voted for is not renamed")));
        }
        Ok(Candidate { id, name: name.to_owned() })
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
pub(super) fn check_first_names(names: &[String]) -> Result<(), BoxError> {
    if names.is_empty() {
        return Err(BoxError::Candidate("a vote needs a candidate".into()));
    }
    if names.len() > Limits::CANDIDATES {
        let (found, most) = (names.len(), Limits::CANDIDATES);
        return Err(BoxError::Candidate(format!("{found} candidates are more than the {most} a vote can have")));
    }
    let mut seen = HashMap::new();
    for name in names {
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
        Candidates::new(of.iter().map(|(id, name)| Candidate { id: *id, name: (*name).to_owned() }).collect())
    }

    #[test]
    fn a_candidate_is_found_by_id_and_by_exact_name_also_where_ids_have_gaps() {
        let some = candidates(&[(7, "c"), (1, "a"), (3, "b")]);
        for (choice, position) in
            [("1", Some(0)), ("3", Some(1)), ("7", Some(2)), ("2", None), ("0", None), ("-1", None)]
        {
            assert_eq!(some.position(&Choice::parse(choice)), position, "{choice}");
        }
        for (choice, position) in [("a", Some(0)), ("c", Some(2)), ("A", None)] {
            assert_eq!(some.position(&Choice::parse(choice)), position, "{choice}");
        }
    }

    #[test]
    fn who_may_be_added() {
        let some = candidates(&[(1, "a"), (7, "Jose\u{301}")]);
        assert_eq!(some.add("b"), Ok(Candidate { id: 8, name: "b".into() }));
        for (name, why) in [
            ("a", "candidate 1 is called a already"),
            ("Jos\u{e9}", "looks the same as that of candidate 7"),
            ("2", "is a number"),
            ("", "is empty"),
        ] {
            let refused = some.add(name).unwrap_err().to_string();
            assert!(refused.contains(why), "{name:?}: {refused}");
        }
        let full = Candidates::numbered(&(0..Limits::CANDIDATES).map(|at| format!("c{at}")).collect::<Vec<_>>());
        assert_eq!(full.add("b").unwrap_err().to_string(), "a vote can have 1000 candidates");
    }

    #[test]
    fn who_may_be_renamed() {
        let some = candidates(&[(1, "a"), (2, "Jose\u{301}")]);
        let respelled = Candidate { id: 2, name: "Jos\u{e9}".into() };
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
