// ---- Voting

const { tag } = document.body.dataset;
const GIVE_UP_AFTER_MS = 60_000;
/** Not refusals: the vote may be stored, or may still be stored. */
const TRY_AGAIN = new Set([408, 429, 500, 502, 503, 504]);
const PENDING = "votekit.pending";
const VOTED_FOR_SECS = 31_536_000;
/** "Vote again" does nothing for as long as it may be the second tap of a double tap. */
const STRAY_TAP_MS = 700;

/**
 * The ballots whose outcome is not known yet, each with its own key: sent again, it counts once, even after a reload. Another
 * ballot for the same candidate is another vote, since the next person may use this device.
 */
const pending = recallPending();
/** The ballot whose outcome the person before the page waits for. */
let current = null;

function recallPending() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PENDING) ?? "{}");
    return kept.tag === tag ? kept.ballots : [];
  } catch {
    return [];
  }
}

function keepPending() {
  const ballots = pending.map(({ id, name, key, body }) => ({ id, name, key, body }));
  try {
    sessionStorage.setItem(PENDING, JSON.stringify({ tag, ballots }));
  } catch {
    // A browser that stores nothing: a reload forgets them.
  }
}

function forget(ballot) {
  const place = pending.indexOf(ballot);
  if (place >= 0) pending.splice(place, 1);
  keepPending();
}

/** `crypto.randomUUID` does not exist without TLS. */
function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const chosen = () => form.querySelector(".choice:checked");

/** What is in the form, with a key of its own. */
function filledIn() {
  const id = Number(chosen().value);
  const { opinion, voter, change, generation } = form.elements;
  const vote = { candidate_id: id, generation: Number(generation.value) };
  if (opinion.value !== "") vote.opinion = opinion.value;
  if (voter) vote.voter = voter.value;
  if (change && (change.type === "hidden" || change.checked)) vote.change = true;
  return { id, name: rows.get(id).name.textContent, key: freshKey(), body: JSON.stringify(vote) };
}

/** Why a vote is refused: by its kind, or as the service tells it. */
const problemWords = ({ type = "" }, told) => words.problems[type.split(":").pop()] ?? told;

/** One attempt: done, refused, or to be tried again. */
async function post({ body, key }) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  let response, answer;
  try {
    response = await fetch(`${base}/vote`, { method: "POST", headers, body, signal: AbortSignal.timeout?.(ANSWER_WITHIN_MS) });
    answer = await response.json();
  } catch {
    answer = null;
  }
  if (response?.ok && answer?.success === true) return { is: "done" };
  const known = typeof answer?.error_message === "string";
  if (known && !TRY_AGAIN.has(response.status)) {
    return { is: "refused", why: problemWords(answer, answer.error_message), status: response.status };
  }
  // No response, or one that is not votekit's: a captive portal, a proxy's error.
  const why = known ? problemWords(answer, answer.title) : words.service_silent;
  return { is: "again", why, afterMs: 1000 * Number(response?.headers.get("Retry-After")) || 0 };
}

/** Waits for that time, or until it is hurried. */
const pause = (ballot, ms) =>
  new Promise((resolve) => {
    ballot.hurry = resolve;
    setTimeout(resolve, ms);
  });

/** Sends `ballot` until there is an answer, for up to a minute; what is left then is sent when the service is back. */
async function deliver(ballot) {
  if (ballot.running) return;
  ballot.running = true;
  const startMs = Date.now();
  let outcome;
  for (let attempt = 0; ; attempt++) {
    outcome = await post(ballot);
    if (outcome.is !== "again" || Date.now() - startMs > GIVE_UP_AFTER_MS) break;
    const waitMs = outcome.afterMs + backoffMs(attempt);
    const trouble = fill(words.trouble, { why: outcome.why, secs: Math.ceil(waitMs / 1000) });
    if (ballot === current) tellTrouble(trouble, attempt % 3 === 0);
    await pause(ballot, waitMs);
  }
  ballot.running = false;
  if (outcome.is !== "again") forget(ballot);
  if (ballot !== current) return;
  if (outcome.is === "done") showVoted(ballot);
  else if (outcome.is === "refused") showRefused(outcome);
  else tellTrouble(fill(words.outcome_unknown, outcome), true);
}

/** Sends what has no answer yet, now that there may be one. */
function deliverPending() {
  for (const ballot of [...pending]) {
    ballot.hurry?.();
    deliver(ballot);
  }
}

/** Called whenever the service has answered. */
function reachable() {
  deliverPending();
}

function tellTrouble(text, aloud) {
  at("trouble").hidden = at("retry").hidden = false;
  setText(at("trouble"), text);
  if (aloud) say(text);
}

function tellRefusal(text) {
  at("refusal").hidden = text === "";
  setText(at("refusal"), text);
  if (text !== "") say(text);
}

/** Shows the ballot, a vote on its way, or one that is stored: `voted` and `sending` are the candidate's id. */
function showStage({ voted, sending, name = "" }) {
  const { dataset } = document.body;
  delete dataset.voted;
  delete dataset.sending;
  if (voted !== undefined) dataset.voted = voted;
  if (sending !== undefined) dataset.sending = sending;
  for (const bdi of at("outcome").querySelectorAll("bdi")) setText(bdi, name);
  at("trouble").hidden = at("retry").hidden = true;
  for (const [id, { row, own }] of rows) {
    row.classList.toggle("mine", id === voted);
    own.hidden = id !== voted;
  }
  stagedMs = performance.now();
}

let stagedMs = 0;

function remember(value, secs) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `votekit_voted=${value}; Path=${base || "/"}; Max-Age=${secs}; SameSite=Lax${secure}`;
}

/** Empties the form: the next voter on this device may be somebody else. */
function clearForm() {
  const { opinion, voter, change } = form.elements;
  opinion.value = "";
  if (voter) voter.value = "";
  if (change?.type === "checkbox") change.checked = false;
  for (const choice of form.querySelectorAll(".choice")) choice.checked = false;
  form.querySelector("details").open = false;
  showChoice();
}

function showVoted(ballot) {
  current = null;
  clearForm();
  remember(`${tag}.${ballot.id}`, VOTED_FOR_SECS);
  showStage({ voted: ballot.id, name: ballot.name });
  say(fill(words.you_voted_said, ballot));
}

function showRefused({ why, status }) {
  current = null;
  showStage({});
  const hint = status === 409 && at("change") ? words.change_hint : "";
  tellRefusal(fill(words.refused_said, { why: why.replace(/[.!。]$/, "") }) + hint);
  at("send").focus();
}

function showSending(ballot) {
  current = ballot;
  tellRefusal("");
  showStage({ sending: ballot.id, name: ballot.name });
  at("outcome").focus();
}

/** A ballot for whoever comes next; a vote whose outcome is not known goes on being sent with its own key. */
function showBallot() {
  current = null;
  remember("", 0);
  clearForm();
  tellRefusal("");
  showStage({});
  form.focus();
}

/** The button says for whom it votes. */
function showChoice() {
  const choice = chosen();
  at("send-for").hidden = !choice;
  at("send-plain").hidden = Boolean(choice);
  if (choice) setText(at("send-for").querySelector("bdi"), rows.get(Number(choice.value)).name.textContent);
}

/** The service checks this too, but may not read a body that is far too long to its end. */
function tooLong({ value, dataset }) {
  const chars = [...value].length;
  const most = Number(dataset.most);
  if (chars <= most) return "";
  return fill(words.too_long, { chars: grouped(chars), most: grouped(most) });
}

form.addEventListener("change", showChoice);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (current) return;
  if (event.submitter?.name === "unsent") {
    // Enter in a field goes on to the button rather than pressing it.
    at("send").focus();
    return;
  }
  const problem = tooLong(form.elements.opinion);
  tellRefusal(problem);
  if (problem) return;
  const ballot = filledIn();
  pending.push(ballot);
  keepPending();
  showSending(ballot);
  deliver(ballot);
});
at("retry").addEventListener("click", () => {
  current?.hurry?.();
  if (current) deliver(current);
});
at("again")?.addEventListener("click", (event) => {
  event.preventDefault();
  if (performance.now() - stagedMs > STRAY_TAP_MS) showBallot();
});

for (const row of list.children) knowRow(row);
for (const time of document.querySelectorAll("time[datetime]")) time.textContent = localTime(time.dateTime);
// A reload shows what has become of the vote, not what a link of the form asked for.
if (location.search !== "") history.replaceState(null, "", location.pathname);
showChoice();
if (pending.length > 0) {
  showSending(pending.at(-1));
  deliverPending();
}
connect();
