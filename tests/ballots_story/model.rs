//! The rules of a vote over plain lists, with which every store is compared. Written from the trait's documentation, not
//! from a store.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use votekit::ballot::{
    AllOrNothing, Ballot, BallotBox, BoxError, Candidate, CandidateId, CandidateTotal, Change, Changed, Choice, Clock,
    Finding, Flow, Hiding, Keep, Moment, Occasion, Opening, Outcome, PacePoint, PrivateRecord, Record, Refusal,
    Settings, Setup, Tally,
};
use votekit::units::DurationSecs;

#[derive(Clone)]
struct Vote {
    at: i64,
    candidate: CandidateId,
    voter: Option<String>,
    opinion: Option<String>,
    key: Option<String>,
    replaced_by: Option<i64>,
}

struct State {
    setup: Setup,
    candidates: Vec<String>,
    votes: Vec<Vote>,
    changes: u64,
    /// Keys of votes before the last reset.
    spent: Vec<String>,
    history: Vec<Occasion>,
}

/// The new number of vote `id` after the votes from `first` on moved to `places`.
fn renumbered(id: i64, first: usize, places: &[usize]) -> i64 {
    match (id as usize).checked_sub(first + 1) {
        Some(at) => (first + places[at] + 1) as i64,
        None => id,
    }
}

/// Handles share one state, like handles on one file.
pub(crate) struct Model(Arc<Mutex<State>>);

impl Model {
    pub(crate) fn create(setup: &Setup) -> Self {
        let candidates = setup.candidates.iter().map(|of| of.name.clone()).collect();
        Model(Arc::new(Mutex::new(State {
            setup: setup.clone(),
            candidates,
            votes: Vec::new(),
            changes: 0,
            spent: Vec::new(),
            history: Vec::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn id_of(&self, choice: &Choice) -> Option<CandidateId> {
        match choice {
            Choice::Id(id) => (*id >= 1 && *id <= self.candidates.len() as i64).then_some(*id),
            Choice::Name(name) => self.candidates.iter().position(|known| known == name).map(|at| at as i64 + 1),
        }
    }

    fn place(&mut self, ballot: &Ballot, now: Moment) -> Outcome {
        let rules = self.setup.settings.clone();
        if let Err(refusal) = ballot.check() {
            return Outcome::Refused(refusal);
        }
        let is_spent = ballot.key.as_ref().is_some_and(|key| self.spent.contains(key));
        if is_spent || ballot.generation.is_some_and(|generation| generation != rules.generation) {
            return Outcome::Refused(Refusal::EarlierGeneration);
        }
        let opinion = ballot.opinion.clone().filter(|opinion| !opinion.is_empty());
        let candidate = self.id_of(&ballot.choice);
        if let Some(key) = &ballot.key
            && let Some(at) = self.votes.iter().position(|vote| vote.key.as_ref() == Some(key))
        {
            let first = &self.votes[at];
            let same = Some(first.candidate) == candidate && first.voter == ballot.voter && first.opinion == opinion;
            return if same {
                Outcome::Repeated { id: at as i64 + 1 }
            } else {
                Outcome::Refused(Refusal::KeyReused(key.clone()))
            };
        }
        if let Some(closes) = rules.closes.filter(|closes| now >= *closes) {
            return Outcome::Refused(Refusal::Closed(closes));
        }
        if let Some(opens) = rules.opens.filter(|opens| now < *opens) {
            return Outcome::Refused(Refusal::NotOpenYet(opens));
        }
        if ballot.change && !rules.change_allowed {
            return Outcome::Refused(Refusal::ChangeNotAllowed);
        }
        if ballot.voter.is_none() && (rules.votes_per_voter.is_some() || rules.voters_only || ballot.change) {
            return Outcome::Refused(Refusal::VoterMissing);
        }
        let Some(candidate) = candidate else {
            return Outcome::Refused(Refusal::UnknownCandidate(match &ballot.choice {
                Choice::Id(id) => id.to_string(),
                Choice::Name(name) => name.clone(),
            }));
        };
        let mut replaced = None;
        if let Some(voter) = &ballot.voter {
            if rules.voters_only && !self.setup.voters.iter().any(|known| known.id == *voter) {
                return Outcome::Refused(Refusal::UnknownVoter(voter.clone()));
            }
            let standing: Vec<usize> = (0..self.votes.len())
                .filter(|at| self.votes[*at].voter.as_ref() == Some(voter) && self.votes[*at].replaced_by.is_none())
                .collect();
            replaced = standing.last().copied().filter(|_| ballot.change);
            if let Some(votes_per_voter) = rules.votes_per_voter
                && replaced.is_none()
                && standing.len() >= votes_per_voter as usize
            {
                return Outcome::Refused(Refusal::LimitReached { voter: voter.clone(), votes_per_voter });
            }
        }
        self.votes.push(Vote {
            at: now.0,
            candidate,
            voter: ballot.voter.clone(),
            opinion,
            key: ballot.key.clone(),
            replaced_by: None,
        });
        let id = self.votes.len() as i64;
        if let Some(at) = replaced {
            self.votes[at].replaced_by = Some(id);
        }
        Outcome::Stored { id, replaced: replaced.map(|at| at as i64 + 1) }
    }

    /// Numbers the votes from `first` on, all of one call, as the `SQLite` store does, so that records can be compared:
    /// votes without a key in the order of their ballots, then those with a key in key order, except that a voter's later
    /// ballot has a higher number. The trait promises only that exception. Returns the new place of each.
    fn renumber(&mut self, first: usize) -> Vec<usize> {
        let votes = self.votes.split_off(first);
        let mut order: Vec<usize> = (0..votes.len()).collect();
        order.sort_by_key(|at| votes[*at].key.clone());
        let mut places_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, at) in order.iter().enumerate() {
            if let Some(voter) = &votes[*at].voter {
                places_of.entry(voter).or_default().push(place);
            }
        }
        for places in places_of.values() {
            let mut theirs: Vec<usize> = places.iter().map(|place| order[*place]).collect();
            theirs.sort();
            places.iter().zip(theirs).for_each(|(place, at)| order[*place] = at);
        }
        let mut places = vec![0; votes.len()];
        order.iter().enumerate().for_each(|(place, at)| places[*at] = place);
        self.votes.extend(order.into_iter().map(|at| votes[at].clone()));
        for vote in &mut self.votes {
            vote.replaced_by = vote.replaced_by.map(|id| renumbered(id, first, &places));
        }
        places
    }

    fn standing(&self) -> impl Iterator<Item = &Vote> {
        self.votes.iter().filter(|vote| vote.replaced_by.is_none())
    }

    /// With `live`, totals are of all standing votes, whatever their timestamps.
    fn tally(&self, window: DurationSecs, at: Moment, now: Moment, live: bool) -> Tally {
        let settings = self.setup.settings.clone();
        let over = |now: Moment| settings.closes.is_some_and(|closes| now >= closes);
        let hidden = settings.hide_results == Hiding::UntilClosed && !over(now);
        let counted = || self.standing().filter(|vote| live || vote.at <= at.0);
        let total = |id: i64| counted().filter(|vote| vote.candidate == id).count() as u64;
        let opening = match settings.opens {
            _ if over(at) => Opening::Closed,
            Some(opens) if at < opens => Opening::NotOpenYet,
            _ => Opening::Open,
        };
        let from = at.0 - i64::from(window.secs);
        let candidates = (1..).zip(&self.candidates).map(|(id, name)| CandidateTotal {
            candidate: Candidate::named(id, name.clone()),
            votes: if hidden { 0 } else { total(id) },
        });
        Tally {
            candidates: candidates.collect(),
            opening,
            votes_total: counted().count() as u64,
            votes_in_window: self.standing().filter(|vote| vote.at > from && vote.at <= at.0).count() as u64,
            votes_after: self.standing().filter(|vote| vote.at > at.0).count() as u64,
            window,
            at,
            hidden,
            settings,
        }
    }
}

impl BallotBox for Model {
    fn cast(&mut self, ballots: &[Ballot], clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        let mut state = self.state();
        state.changes += 1;
        let first = state.votes.len();
        let mut outcomes: Vec<Outcome> = ballots.iter().map(|ballot| state.place(ballot, clock.now())).collect();
        let places = state.renumber(first);
        let renumber = |id: &mut i64| *id = renumbered(*id, first, &places);
        for outcome in &mut outcomes {
            match outcome {
                Outcome::Stored { id, replaced } => {
                    renumber(id);
                    replaced.iter_mut().for_each(renumber);
                }
                Outcome::Repeated { id } => renumber(id),
                Outcome::Refused(_) => {}
            }
        }
        Ok(outcomes)
    }

    fn cast_all(
        &mut self,
        ballots: &mut dyn Iterator<Item = Ballot>,
        clock: &dyn Clock,
    ) -> Result<AllOrNothing, BoxError> {
        let mut state = self.state();
        let before = state.votes.clone();
        let mut done = AllOrNothing::default();
        for (index, ballot) in (0..).zip(ballots) {
            match state.place(&ballot, clock.now()) {
                Outcome::Stored { .. } => done.stored += 1,
                Outcome::Repeated { .. } => done.repeated += 1,
                Outcome::Refused(refusal) => done.refused.push((index, refusal)),
            }
        }
        state.changes += 1;
        let first = before.len();
        state.renumber(first);
        if !done.refused.is_empty() {
            state.votes = before;
        }
        Ok(done)
    }

    fn tally(&mut self, window: DurationSecs, now: Moment) -> Result<Tally, BoxError> {
        Ok(self.state().tally(window, now, now, true))
    }

    fn tally_at(&mut self, window: DurationSecs, at: Moment, now: Moment) -> Result<Tally, BoxError> {
        Ok(self.state().tally(window, at, now, false))
    }

    fn pace(&mut self, step_secs: u32, now: Moment) -> Result<Vec<PacePoint>, BoxError> {
        let state = self.state();
        if state.tally(DurationSecs::TEN_MINUTES, now, now, true).hidden {
            return Ok(Vec::new());
        }
        let mut points: Vec<PacePoint> = Vec::new();
        let start = |vote: &Vote| Moment(vote.at.div_euclid(step_secs.into()) * i64::from(step_secs));
        for vote in state.standing() {
            match points.iter_mut().find(|p| p.start == start(vote) && p.candidate_id == vote.candidate) {
                Some(point) => point.votes += 1,
                None => points.push(PacePoint { start: start(vote), candidate_id: vote.candidate, votes: 1 }),
            }
        }
        points.sort_by_key(|point| (point.start, point.candidate_id));
        Ok(points)
    }

    fn candidates(&mut self) -> Result<Vec<Candidate>, BoxError> {
        Ok((1..).zip(&self.state().candidates).map(|(id, name)| Candidate::named(id, name.clone())).collect())
    }

    fn add_candidate(&mut self, name: &str, _clock: &dyn Clock) -> Result<CandidateId, BoxError> {
        let mut state = self.state();
        if state.candidates.iter().any(|known| known == name) || votekit::ballot::check_name(name).is_err() {
            return Err(BoxError::Candidate(String::new()));
        }
        state.candidates.push(name.to_owned());
        state.changes += 1;
        Ok(state.candidates.len() as i64)
    }

    fn rename_candidate(&mut self, id: CandidateId, name: &str, _clock: &dyn Clock) -> Result<(), BoxError> {
        let mut state = self.state();
        let known = id >= 1 && id <= state.candidates.len() as i64;
        let taken = state.candidates.iter().any(|known| known == name);
        if !known
            || taken
            || votekit::ballot::check_name(name).is_err()
            || state.votes.iter().any(|v| v.candidate == id)
        {
            return Err(BoxError::Candidate(String::new()));
        }
        state.candidates[id as usize - 1] = name.to_owned();
        state.changes += 1;
        Ok(())
    }

    fn remove_candidate(&mut self, _id: CandidateId, _clock: &dyn Clock) -> Result<(), BoxError> {
        // Gaps in the ids are told in a story of their own.
        Err(BoxError::Candidate(String::new()))
    }

    fn change(&mut self, change: &Change, clock: &dyn Clock) -> Result<Changed, BoxError> {
        let mut state = self.state();
        let changed = change.apply(&state.setup.settings, clock.now())?;
        if !changed.what.is_empty() {
            state.setup.settings = changed.settings.clone();
            state.history.push(Occasion { at: clock.now(), what: changed.what.join("; ") });
            state.changes += 1;
        }
        Ok(changed)
    }

    fn reset(&mut self, keep: &mut Keep<'_>, clock: &dyn Clock) -> Result<Option<u64>, BoxError> {
        if !keep(&mut *self.reader()?)? {
            return Ok(None);
        }
        let mut state = self.state();
        let standing = state.standing().count() as u64;
        let votes = std::mem::take(&mut state.votes);
        state.spent.extend(votes.into_iter().filter_map(|vote| vote.key));
        state.setup.settings.generation += 1;
        state.history.push(Occasion { at: clock.now(), what: format!("reset: {standing} votes were taken away") });
        state.changes += 1;
        Ok(Some(standing))
    }

    fn history(&mut self) -> Result<Vec<Occasion>, BoxError> {
        Ok(self.state().history.clone())
    }

    fn backup(&mut self, _target: &std::path::Path) -> Result<Vec<Finding>, BoxError> {
        Err(BoxError::Io { place: "the model".into(), reason: "it has no file".into() })
    }

    fn settings(&mut self) -> Result<Settings, BoxError> {
        Ok(self.state().setup.settings.clone())
    }

    fn version(&mut self) -> Result<u64, BoxError> {
        Ok(self.state().changes)
    }

    fn export(
        &mut self,
        with_voters: bool,
        now: Moment,
        sink: &mut dyn FnMut(Record<'_>) -> Flow,
    ) -> Result<(), BoxError> {
        let state = self.state();
        if state.tally(DurationSecs::TEN_MINUTES, now, now, true).hidden {
            return Err(BoxError::Hidden { closes: state.setup.settings.closes });
        }
        let mut votes: Vec<(i64, &Vote)> = (1..).zip(&state.votes).collect();
        if !with_voters {
            votes.retain(|(_, vote)| vote.replaced_by.is_none());
            votes.sort_by_key(|(_, vote)| (vote.candidate, &vote.opinion));
        }
        for (id, vote) in votes {
            let record = Record {
                candidate_id: vote.candidate,
                candidate: &state.candidates[vote.candidate as usize - 1],
                opinion: vote.opinion.as_deref(),
                private: with_voters.then_some(PrivateRecord {
                    id,
                    created_at: Moment(vote.at),
                    voter: vote.voter.as_deref(),
                    key: vote.key.as_deref(),
                    replaced_by: vote.replaced_by,
                }),
            };
            if sink(record).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<Vec<Finding>, BoxError> {
        Ok(Vec::new())
    }

    fn reader(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        Ok(Box::new(Model(self.0.clone())))
    }

    fn checkpoint(&mut self) -> Result<bool, BoxError> {
        Ok(true)
    }
}
