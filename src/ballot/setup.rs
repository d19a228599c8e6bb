//! What a new vote starts with.
use std::collections::HashMap;

use super::candidates::{NewCandidate, check_first};
use super::errors::BoxError;
use super::limits::{check_voter_id, visual_key};
use super::settings::Settings;

/// Someone who may vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// What ballots call them: the number on a card, an account.
    pub id: String,
    /// Their name, where known.
    pub name: Option<String>,
}

/// What a new vote starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Title and rules, checked when the box is made.
    pub settings: Settings,
    /// The candidates with their ids.
    pub candidates: Vec<NewCandidate>,
    /// Who may vote, where [`Settings::voters_only`] is set.
    pub voters: Vec<Voter>,
    /// The box may be read and written by its owner's group too, not by the owner alone.
    pub group_access: bool,
}

impl Setup {
    /// Checks that such a vote is possible.
    ///
    /// # Errors
    /// [`BoxError::Setup`] where settings contradict each other or the list of voters is wrong, [`BoxError::Candidate`]
    /// where the candidates are.
    pub fn check(&self) -> Result<(), BoxError> {
        if let Some(problem) = self.settings.contradiction() {
            return Err(BoxError::Setup(problem));
        }
        check_first(&self.candidates)?;
        let mut voters = HashMap::new();
        for voter in &self.voters {
            let id = &voter.id;
            check_voter_id(id).map_err(|why| BoxError::Setup(format!("the voter's id {id:?} {why}")))?;
            if let Some(name) = &voter.name {
                check_voter_id(name).map_err(|why| BoxError::Setup(format!("the name of voter {id} {why}")))?;
            }
            match voters.insert(visual_key(id), id) {
                Some(other) if other == id => {
                    return Err(BoxError::Setup(format!("voter {id} is on the list twice")));
                }
                Some(other) => {
                    return Err(BoxError::Setup(format!("two voters on the list look the same: {other:?} and {id:?}")));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// The vote that `votekit vote` creates if there is none: three candidates, no limits.
    pub fn first() -> Self {
        Setup {
            settings: Settings::default(),
            candidates: NewCandidate::numbered(["薯片", "林林", "正氣"]),
            voters: Vec::new(),
            group_access: false,
        }
    }
}
