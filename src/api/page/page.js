// Keeps the page up to date and casts votes without leaving it. Renders the same words as page.rs.

const DRAW_EVERY_MS = 250;
/** A result is announced to screen readers at most this often, and only when the lead has changed. */
const SAY_RESULT_EVERY_MS = 20_000;
/** And only this long after any other announcement, so that it does not interrupt it. */
const SAY_RESULT_AFTER_MS = 6_000;
/** A lost connection is shown only after this time. */
const LOST_AFTER_MS = 2_000;
/** A page that has been hidden for this long closes its connection: browsers open only six to a host. */
const HIDDEN_FOR_MS = 10_000;
/** A stream that sends nothing for this long is asked for by `/result`: at first, and later, when it beats every 15 s. */
const FIRST_WITHIN_MS = 4_000;
const SILENT_FOR_MS = 40_000;
const POLL_EVERY_MS = 3_000;
const ANSWER_WITHIN_MS = 15_000;
const GIVE_UP_AFTER_MS = 60_000;
/** With more bars than this, none is animated. */
const BARS_THAT_GLIDE = 60;
/** Not refusals: the vote may be stored, or may still be stored. */
const TRY_AGAIN = new Set([408, 429, 500, 502, 503, 504]);

const at = (id) => document.getElementById(id);
/** What the service's own paths begin with. */
const { base, tag } = document.body.dataset;
const form = at("ballot");
const list = at("candidates");

/** 1 s, 2 s, 4 s … 15 s, each shortened at random, so that not all pages reconnect at the same moment. */
const backoffMs = (attempt) => Math.min(15_000, 1000 * 2 ** attempt) * (0.7 + 0.3 * Math.random());

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// ---- What screen readers announce; nothing else on the page is announced when it changes.

let spokenMs = 0;

function say(text) {
  spokenMs = Date.now();
  const live = at("live");
  live.textContent = "";
  setTimeout(() => setText(live, text), 100);
}

// ---- The result

const grouped = (number) => number.toLocaleString("en");

/** In integers, rounded half up, as in page.rs. */
const thousandths = (part, whole) => Math.floor((part * 2000 + whole) / (whole * 2));

function shareWords(votes, total) {
  if (total === 0) return "";
  const share = thousandths(votes, total);
  if (share === 0 && votes > 0) return "under 0.1 %";
  if (share >= 1000 && votes < total) return "over 99.9 %";
  return `${Math.floor(share / 10)}.${share % 10} %`;
}

function barWidth(votes, total) {
  const share = votes === 0 ? 0 : Math.max(5, thousandths(votes, total));
  return `${Math.floor(share / 10)}.${share % 10}%`;
}

function isolated(name) {
  const bdi = document.createElement("bdi");
  bdi.textContent = name;
  return bdi;
}

/** When a hidden result comes. */
function hiddenUntil({ hidden_from, closes }) {
  if (hidden_from === "audience") return ["The result is not shown here: those who hold the vote announce it."];
  if (!closes) return ["The result comes when voting is closed."];
  const time = Object.assign(document.createElement("time"), { dateTime: closes });
  time.textContent = localTime(time.dateTime);
  return ["The result comes when voting closes: ", time, "."];
}

/**
 * The sentence above the figures, as parts: texts, and names in elements of their own. The announced sentence leaves out the
 * share, which changes with every vote.
 */
function standing(result, most, first, { withShare }) {
  const closed = result.state === "closed";
  if (result.hidden) return hiddenUntil(result);
  if (most === 0) return ["No votes yet."];
  if (first.length === 1) {
    const share = withShare ? ` with ${shareWords(most, result.total_votes)} of the votes` : "";
    return [isolated(first[0].name), ` ${closed ? "won" : "leads"}${share}.`];
  }
  const tied = closed ? " tied for first." : " are tied for the lead.";
  if (first.length > 3) return [`${first.length} candidates${tied}`];
  const names = first.flatMap(({ name }, index) => [
    index === 0 ? "" : index === first.length - 1 ? " and " : ", ",
    isolated(name),
  ]);
  return [...names, tied];
}

const rows = new Map();

function knowRow(row) {
  const part = (selector) => row.querySelector(selector);
  const parts = { row, name: part(".name bdi"), choice: part(".choice"), own: part(".own"), chip: part(".lead") };
  Object.assign(parts, { figure: part(".figure"), votes: part(".votes"), share: part(".share") });
  Object.assign(parts, { bar: part(".bar"), rect: part("rect"), picture: part(".picture"), about: part(".about") });
  rows.set(Number(row.dataset.id), parts);
  return parts;
}

function newRow(id) {
  const row = at("candidate").content.firstElementChild.cloneNode(true);
  row.dataset.id = id;
  const choice = row.querySelector(".choice");
  Object.assign(choice, { id: `choice-${id}`, value: id });
  row.querySelector(".name").htmlFor = choice.id;
  return knowRow(row);
}

/** `path` is empty where there is no picture. */
function drawPicture(parts, path) {
  if ((parts.picture?.getAttribute("src") ?? "") === path) return;
  parts.picture?.remove();
  parts.picture = null;
  if (path === "") return;
  parts.picture = Object.assign(document.createElement("img"), { className: "picture", alt: "", src: path });
  parts.row.prepend(parts.picture);
}

function drawRow(candidate, result, most, chip) {
  const { id, name, votes, about = "", picture = "" } = candidate;
  const parts = rows.get(id) ?? newRow(id);
  setText(parts.name, name);
  setText(parts.about, about);
  parts.about.hidden = about === "";
  drawPicture(parts, picture);
  const known = votes !== null && !result.hidden;
  parts.figure.hidden = !known;
  parts.bar.toggleAttribute("hidden", !known);
  const leads = known && most > 0 && votes === most;
  parts.row.classList.toggle("leads", leads);
  parts.chip.hidden = !leads;
  if (!known) return;
  setText(parts.chip, chip);
  setText(parts.votes, `${grouped(votes)} ${votes === 1 ? "vote" : "votes"}`);
  setText(parts.share, shareWords(votes, result.total_votes));
  const width = barWidth(votes, result.total_votes);
  if (parts.rect.getAttribute("width") !== width) parts.rect.setAttribute("width", width);
}

/** Rows keep their places while somebody may be about to choose one; once voting has closed, the most votes come first. */
function arrange(candidates, closed) {
  const sorted = closed ? [...candidates].sort((a, b) => b.votes - a.votes || a.id - b.id) : candidates;
  const wanted = sorted.map(({ id }) => rows.get(id).row);
  const stay = new Set(wanted);
  for (const [id, { row }] of rows) {
    if (stay.has(row)) continue;
    row.remove();
    rows.delete(id);
  }
  // Moving a row takes its focus away, so only those are moved that must be.
  wanted.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  });
}

const said = { lead: null, state: document.body.dataset.state, atMs: 0, timer: 0 };

/** Announces the state when it has changed, and who leads when that has: not too often, and not before what the voter must hear. */
function sayResult(state, lead) {
  clearTimeout(said.timer);
  if (state !== said.state) {
    const words = { open: "Voting is open.", closed: "Voting has closed.", not_open_yet: "Voting is not open yet." };
    Object.assign(said, { lead, state, atMs: Date.now() });
    say(`${words[state]} ${lead}`);
    return;
  }
  said.lead ??= lead;
  if (lead === said.lead) return;
  const dueMs = Math.max(said.atMs + SAY_RESULT_EVERY_MS, spokenMs + SAY_RESULT_AFTER_MS);
  said.timer = setTimeout(() => {
    Object.assign(said, { lead, atMs: Date.now() });
    say(lead);
  }, dueMs - Date.now());
}

function draw(result) {
  // What this page knows of the vote is from before a reset.
  if (String(result.generation) !== form.elements.generation.value && !current) location.reload();
  const { candidates, state, hidden } = result;
  const closed = state === "closed";
  const most = hidden ? 0 : candidates.reduce((most, { votes }) => Math.max(most, votes), 0);
  const first = candidates.filter(({ votes }) => votes === most);
  const chip = first.length > 1 ? "Tied for first" : closed ? "Winner" : "Leading";
  document.body.dataset.state = state;
  const title = result.title || "Vote";
  setText(at("title").firstElementChild, title);
  setText(document.querySelector("title"), title);
  list.classList.toggle("still", candidates.length > BARS_THAT_GLIDE);
  for (const candidate of candidates) drawRow(candidate, result, most, chip);
  arrange(candidates, closed);
  const text = (parts) => parts.map((part) => part.textContent ?? part).join("");
  const summary = standing(result, most, first, { withShare: true });
  if (at("summary").textContent !== text(summary)) at("summary").replaceChildren(...summary);
  setText(at("votes-total"), grouped(result.total_votes));
  setText(at("votes-recent"), grouped(result.recent_votes));
  sayResult(state, text(standing(result, most, first, { withShare: false })));
}

let latest = null;
let drawing = 0;
let drawnMs = 0;

/** However fast results arrive, they are drawn four times a second. */
function show(result) {
  latest = result;
  if (drawing) return;
  drawing = setTimeout(() => {
    drawing = 0;
    drawnMs = Date.now();
    draw(latest);
  }, Math.max(0, drawnMs + DRAW_EVERY_MS - Date.now()));
}

// ---- Where results come from: the event stream, or /result where that is full or blocked

/** What is voted on; the figures come without it. At first as the server drew it. */
let known = {
  title: at("title").textContent,
  generation: Number(form.elements.generation.value),
  opens: document.body.dataset.opens,
  closes: document.body.dataset.closes,
  candidates: Array.from(list.children, (row) => ({
    id: Number(row.dataset.id),
    name: row.querySelector(".name").textContent,
    about: row.querySelector(".about").textContent,
    picture: row.querySelector(".picture")?.getAttribute("src") ?? "",
  })).sort((a, b) => a.id - b.id),
};

function showFigures(figures) {
  const votes = new Map(figures.candidates.map(({ id, votes }) => [id, votes]));
  const candidates = known.candidates.map((candidate) => ({ ...candidate, votes: votes.get(candidate.id) ?? null }));
  show({ ...known, ...figures, candidates });
}

const connection = { source: null, attempt: 0, timer: 0, silence: 0, polling: 0, lostTimer: 0, is: "" };

/** `kind` is `live`, `polled` or `lost`; it is told aloud when a loss begins or ends. */
function showConnection(kind) {
  const words = { live: "Live", polled: "Renewed every few seconds", lost: "Connection lost. Trying again …" };
  if (kind !== "lost") {
    clearTimeout(connection.lostTimer);
    connection.lostTimer = 0;
    deliverPending();
  }
  if (connection.is === kind) return;
  if (kind === "lost") say("The connection is lost. Trying again.");
  else if (connection.is === "lost") say("The result is renewed again.");
  connection.is = kind;
  at("connection").hidden = false;
  at("connection").className = `connection ${kind}`;
  setText(at("connection"), words[kind]);
}

function lostSoon() {
  connection.lostTimer ||= setTimeout(() => showConnection("lost"), LOST_AFTER_MS);
}

/** Something came through the stream; it beats even without news. */
function heard() {
  stopPolling();
  connection.attempt = 0;
  clearTimeout(connection.silence);
  connection.silence = setTimeout(() => {
    poll();
    connect();
  }, SILENT_FOR_MS);
  showConnection("live");
}

function connect() {
  disconnect();
  const source = new EventSource(`${base}/events`);
  connection.source = source;
  // A proxy that holds the stream back neither fails nor sends anything.
  connection.silence = setTimeout(poll, FIRST_WITHIN_MS);
  source.onerror = () => {
    // The browser reconnects by itself, but not after a response that was not a stream, such as 503.
    if (source.readyState === EventSource.CLOSED) reconnect(backoffMs(connection.attempt++));
    poll();
  };
  source.addEventListener("beat", heard);
  source.addEventListener("vote", (event) => {
    known = JSON.parse(event.data);
    heard();
  });
  source.addEventListener("result", (event) => {
    showFigures(JSON.parse(event.data));
    heard();
  });
}

function disconnect() {
  clearTimeout(connection.timer);
  clearTimeout(connection.silence);
  connection.timer = 0;
  connection.source?.close();
  connection.source = null;
}

function reconnect(afterMs) {
  disconnect();
  connection.timer = setTimeout(connect, afterMs);
}

function stopPolling() {
  clearTimeout(connection.polling);
  connection.polling = 0;
}

/** Asks `/result` now, and then every few seconds until the stream is back. */
async function poll() {
  if (connection.polling) return;
  const round = (connection.polling = setTimeout(() => {
    connection.polling = 0;
    poll();
  }, POLL_EVERY_MS * (0.8 + 0.4 * Math.random())));
  const figures = await askResult().catch(() => null);
  if (connection.polling !== round) return;
  if (figures === null) {
    lostSoon();
    return;
  }
  showFigures(figures);
  showConnection("polled");
}

/** The figures as an event has them. The state follows from the known times, by the service's clock. */
async function askResult() {
  const response = await fetch(`${base}/result`, { signal: AbortSignal.timeout?.(ANSWER_WITHIN_MS) });
  const nowMs = Date.parse(response.headers.get("Date")) || Date.now();
  const state = closesBy(nowMs) ? "closed" : Date.parse(known.opens) > nowMs ? "not_open_yet" : "open";
  if (response.status === 403) {
    const { hidden = true, hidden_from, total_votes = 0, recent_votes = 0 } = latest ?? drawnHidden();
    return { state, hidden, hidden_from, total_votes, recent_votes, candidates: [] };
  }
  if (!response.ok) throw new Error(`status ${response.status}`);
  const [rows, [{ total_vote_10_min: recent_votes }]] = await response.json();
  const candidates = rows.map(({ candidate_id: id, num_vote: votes }) => ({ id, votes }));
  if (String(rows.map((row) => row.candidate_id)) !== String(known.candidates.map(({ id }) => id))) await askCandidates();
  const total_votes = candidates.reduce((sum, { votes }) => sum + votes, 0);
  return { state, hidden: false, total_votes, recent_votes, candidates };
}

const closesBy = (nowMs) => document.body.dataset.state === "closed" || Date.parse(known.closes) <= nowMs;

/** What the server drew, where the figures are hidden. */
function drawnHidden() {
  const number = (id) => Number(at(id).textContent.replace(/\D/g, ""));
  const hidden_from = document.body.dataset.hiddenFrom;
  return { hidden_from, total_votes: number("votes-total"), recent_votes: number("votes-recent") };
}

async function askCandidates() {
  const response = await fetch(`${base}/candidates`);
  const candidates = await response.json();
  known.candidates = candidates.map(({ candidate_id: id, ...rest }) => ({ id, ...rest }));
}

let hiddenTimer = 0;

function rest() {
  clearTimeout(connection.lostTimer);
  connection.lostTimer = 0;
  stopPolling();
  disconnect();
}

function seenOrNot() {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(rest, HIDDEN_FOR_MS);
  else if (!connection.source && !connection.timer) connect();
}

document.addEventListener("visibilitychange", seenOrNot);
addEventListener("online", connect);
addEventListener("pagehide", rest);
addEventListener("pageshow", (event) => event.persisted && connect());

// ---- Voting

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
    return { is: "refused", why: answer.error_message, status: response.status };
  }
  // No response, or one that is not votekit's: a captive portal, a proxy's error.
  const why = (known && answer.title) || "The service does not answer";
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
    const when = `Trying again in ${Math.ceil(waitMs / 1000)} s; your vote will count once.`;
    if (ballot === current) tellTrouble(`${outcome.why}. ${when}`, attempt % 3 === 0);
    await pause(ballot, waitMs);
  }
  ballot.running = false;
  if (outcome.is !== "again") forget(ballot);
  if (ballot !== current) return;
  if (outcome.is === "done") showVoted(ballot);
  else if (outcome.is === "refused") showRefused(outcome);
  else tellTrouble(`${outcome.why}. It is not known whether your vote is stored; sent again, it will count once.`, true);
}

/** Sends what has no answer yet, now that there may be one. */
function deliverPending() {
  for (const ballot of [...pending]) {
    ballot.hurry?.();
    deliver(ballot);
  }
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
  say(`You voted for ${ballot.name}.`);
}

function showRefused({ why, status }) {
  current = null;
  showStage({});
  const hint = status === 409 && at("change") ? " To change it, tick the box above." : "";
  tellRefusal(`Not stored: ${why.replace(/[.!]$/, "")}.${hint}`);
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
  if (choice) setText(at("send-for").querySelector("bdi"), rows.get(Number(choice.value)).name.textContent);
}

/** The service checks this too, but may not read a body that is far too long to its end. */
function tooLong({ value, dataset }) {
  const chars = [...value].length;
  const most = Number(dataset.most);
  if (chars <= most) return "";
  return `Not stored: the opinion has ${grouped(chars)} characters, ${grouped(most)} are allowed.`;
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

// ---- Start

/** In the reader's time zone. */
function localTime(iso) {
  const date = new Date(iso);
  const shape = { weekday: "short", day: "numeric", month: "long", year: "numeric" };
  Object.assign(shape, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  if (date.getUTCSeconds() !== 0) shape.second = "2-digit";
  return new Intl.DateTimeFormat("en-GB", shape).format(date);
}

for (const row of list.children) knowRow(row);
for (const time of document.querySelectorAll("time")) time.textContent = localTime(time.dateTime);
// A reload shows what has become of the vote, not what a link of the form asked for.
if (location.search !== "") history.replaceState(null, "", location.pathname);
showChoice();
if (pending.length > 0) {
  showSending(pending.at(-1));
  deliverPending();
}
connect();
