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
const ANSWER_WITHIN_MS = 15_000;
const GIVE_UP_AFTER_MS = 60_000;
/** With more bars than this, none is animated. */
const BARS_THAT_GLIDE = 60;
/** Not refusals: the vote may be stored, or may still be stored. */
const TRY_AGAIN = new Set([408, 429, 500, 502, 503, 504]);

const at = (id) => document.getElementById(id);
/** What the service's own paths begin with. */
const { base } = document.body.dataset;
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

function barWidth(votes, most) {
  const share = votes === 0 ? 0 : Math.max(5, thousandths(votes, most));
  return `${Math.floor(share / 10)}.${share % 10}%`;
}

function isolated(name) {
  const bdi = document.createElement("bdi");
  bdi.textContent = name;
  return bdi;
}

/**
 * The sentence above the figures, as parts: texts, and names in elements of their own. The announced sentence leaves out the
 * share, which changes with every vote.
 */
function standing(result, most, first, { withShare }) {
  const closed = result.state === "closed";
  if (result.hidden) return ["The result is hidden until voting closes."];
  if (most === 0) return ["No votes yet."];
  if (first.length === 1) {
    const share = withShare ? ` with ${shareWords(most, result.total_votes)} of the votes` : "";
    return [isolated(first[0].name), ` ${closed ? "came first" : "leads"}${share}.`];
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
  const parts = { row, names: row.querySelectorAll("bdi"), count: part(".count"), chip: part(".chip") };
  Object.assign(parts, { votes: part(".votes"), share: part(".share"), bar: part(".bar"), rect: part("rect") });
  Object.assign(parts, { message: part(".message"), verb: part(".verb") });
  Object.assign(parts, { picture: part(".picture"), about: part(".about") });
  rows.set(Number(row.dataset.id), parts);
  return parts;
}

function newRow(id) {
  const row = at("candidate").content.firstElementChild.cloneNode(true);
  row.dataset.id = id;
  row.querySelector(".vote").value = id;
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
  for (const bdi of parts.names) setText(bdi, name);
  setText(parts.about, about);
  parts.about.hidden = about === "";
  drawPicture(parts, picture);
  const known = votes !== null && !result.hidden;
  parts.count.hidden = !known;
  parts.bar.toggleAttribute("hidden", !known);
  const leads = known && most > 0 && votes === most;
  parts.row.classList.toggle("leads", leads);
  parts.chip.hidden = !leads;
  if (!known) return;
  setText(parts.chip, chip);
  setText(parts.votes, `${grouped(votes)} ${votes === 1 ? "vote" : "votes"}`);
  setText(parts.share, shareWords(votes, result.total_votes));
  const width = barWidth(votes, most);
  if (parts.rect.getAttribute("width") !== width) parts.rect.setAttribute("width", width);
}

/** Rows keep their places while somebody may be about to press a button; once voting has closed, the most votes come first. */
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
  const { candidates, state, hidden } = result;
  const closed = state === "closed";
  const most = hidden ? 0 : candidates.reduce((most, { votes }) => Math.max(most, votes), 0);
  const first = candidates.filter(({ votes }) => votes === most);
  const chip = first.length > 1 ? "Tied for first" : closed ? "First" : "Leading";
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

// ---- The event stream

const connection = { source: null, attempt: 0, timer: 0, lostTimer: 0, lost: false };

function connected() {
  clearTimeout(connection.lostTimer);
  connection.lostTimer = 0;
  connection.attempt = 0;
  if (connection.lost) say("The result is live again.");
  connection.lost = false;
  at("connection").hidden = false;
  at("connection").className = "connection live";
  setText(at("connection"), "Live");
}

function disconnected() {
  // The browser reconnects by itself, but not after a response that was not a stream, such as 503.
  if (connection.source?.readyState === EventSource.CLOSED) reconnect(backoffMs(connection.attempt++));
  connection.lostTimer ||= setTimeout(() => {
    connection.lost = true;
    at("connection").hidden = false;
    at("connection").className = "connection lost";
    setText(at("connection"), "Connection lost. Trying again …");
    say("The connection is lost. Trying again.");
  }, LOST_AFTER_MS);
}

function disconnect() {
  clearTimeout(connection.timer);
  connection.timer = 0;
  connection.source?.close();
  connection.source = null;
}

function connect() {
  disconnect();
  const source = new EventSource(`${base}/events`);
  connection.source = source;
  source.onopen = connected;
  source.onerror = disconnected;
  source.addEventListener("result", (event) => show(JSON.parse(event.data)));
}

function reconnect(afterMs) {
  disconnect();
  connection.timer = setTimeout(connect, afterMs);
}

let hiddenTimer = 0;

function rest() {
  clearTimeout(connection.lostTimer);
  connection.lostTimer = 0;
  disconnect();
}

function seenOrNot() {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(rest, HIDDEN_FOR_MS);
  else if (!connection.source && !connection.timer) connect();
}

document.addEventListener("visibilitychange", seenOrNot);
addEventListener("online", connect);
addEventListener("pagehide", disconnect);
addEventListener("pageshow", (event) => event.persisted && connect());

// ---- Voting

const KEYS = "votekit.keys";

/**
 * The keys of ballots that are not acknowledged yet: cast again, the same ballot has the same key and counts once, even after
 * another one or a reload.
 */
const keys = new Map(recallKeys());

function recallKeys() {
  try {
    return JSON.parse(sessionStorage.getItem(KEYS) ?? "[]");
  } catch {
    return [];
  }
}

function keepKeys() {
  try {
    sessionStorage.setItem(KEYS, JSON.stringify([...keys]));
  } catch {
    // A browser that stores nothing: a reload forgets the keys.
  }
}

function settle(body) {
  keys.delete(body);
  keepKeys();
}

/** `crypto.randomUUID` does not exist without TLS. */
function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keyOf(body) {
  if (!keys.has(body)) keys.set(body, freshKey());
  keepKeys();
  return keys.get(body);
}

function filledIn(button) {
  const ballot = { candidate_id: Number(button.value) };
  const { opinion, voter, change } = form.elements;
  if (opinion.value !== "") ballot.opinion = opinion.value;
  if (voter) ballot.voter = voter.value;
  if (change?.checked) ballot.change = true;
  return JSON.stringify(ballot);
}

/** One attempt: done, refused, or to be tried again. */
async function post(body, key) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  let response, answer;
  try {
    response = await fetch(`${base}/vote`, { method: "POST", headers, body, signal: AbortSignal.timeout?.(ANSWER_WITHIN_MS) });
    answer = await response.json();
  } catch {
    answer = null;
  }
  if (response?.ok && answer?.success === true) {
    return { is: "done", again: response.headers.get("Idempotent-Replayed") === "true" };
  }
  const known = typeof answer?.error_message === "string";
  if (known && !TRY_AGAIN.has(response.status)) {
    return { is: "refused", why: answer.error_message, status: response.status };
  }
  // No response, or one that is not votekit's: a captive portal, a proxy's error.
  const why = (known && answer.title) || "The service does not answer";
  return { is: "again", why, afterMs: 1000 * Number(response?.headers.get("Retry-After")) || 0 };
}

let hurry = null;

/** Waits for that time, or until the button is pressed again. */
const pause = (ms) =>
  new Promise((resolve) => {
    hurry = resolve;
    setTimeout(resolve, ms);
  });

/** Tries until there is an answer, for up to a minute. */
async function cast(body, key, tell) {
  const startMs = Date.now();
  for (let attempt = 0; ; attempt++) {
    const outcome = await post(body, key);
    if (outcome.is !== "again" || Date.now() - startMs > GIVE_UP_AFTER_MS) return outcome;
    const waitMs = outcome.afterMs + backoffMs(attempt);
    tell(`${outcome.why}. Trying again in ${Math.ceil(waitMs / 1000)} s; your vote will count once.`, attempt);
    await pause(waitMs);
    hurry = null;
  }
}

/** Settles the ballot `body`; returns what to tell the voter, and in which style. */
function finish(outcome, body) {
  if (outcome.is === "done") {
    settle(body);
    // The next voter on this device may be somebody else.
    const { opinion, voter, change } = form.elements;
    opinion.value = "";
    if (voter) voter.value = "";
    if (change) change.checked = false;
    form.querySelector("details").open = false;
    return [outcome.again ? "Your vote is stored, and counts once." : "Your vote is stored.", "good"];
  }
  if (outcome.is === "refused") {
    // The key was used for another vote: this one can never be stored with it.
    if (outcome.status === 422) settle(body);
    const hint = outcome.status === 409 && form.elements.change ? " To change it, tick the box above." : "";
    return [`Not stored: ${outcome.why.replace(/[.!]$/, "")}.${hint}`, "bad"];
  }
  const known = "It is not known whether your vote is stored.";
  return [`${outcome.why}. ${known} Press the same button again: it will count once.`, "bad"];
}

/** The service checks this too, but may not read a body that is far too long to its end. */
function tooLong({ value, dataset }) {
  const chars = [...value].length;
  const most = Number(dataset.most);
  if (chars <= most) return null;
  return `Not stored: the opinion has ${grouped(chars)} characters, ${grouped(most)} are allowed.`;
}

function tellIn({ message, names }, text, kind) {
  for (const other of rows.values()) other.message.hidden = true;
  message.className = `message ${kind}`;
  message.hidden = false;
  setText(message, text);
  say(`${names[0].textContent}: ${text}`);
}

async function vote(button) {
  const parts = rows.get(Number(button.value));
  const problem = tooLong(form.elements.opinion);
  if (problem) {
    tellIn(parts, problem, "bad");
    return;
  }
  const body = filledIn(button);
  form.classList.add("sending");
  button.classList.add("pressed");
  setText(parts.verb, "Sending …");
  const outcome = await cast(body, keyOf(body), (text, attempt) => {
    if (attempt % 3 === 0) tellIn(parts, text, "bad");
    else setText(parts.message, text);
  });
  form.classList.remove("sending");
  button.classList.remove("pressed");
  setText(parts.verb, "Vote");
  for (const { row } of rows.values()) row.classList.remove("chosen");
  if (outcome.is === "done") parts.row.classList.add("chosen");
  tellIn(parts, ...finish(outcome, body));
}

form.addEventListener("submit", (event) => {
  // A browser that does not report which button was pressed submits the form itself, as without JavaScript.
  if (!("submitter" in event)) return;
  event.preventDefault();
  const button = event.submitter;
  if (button?.name !== "candidate_id") say("Press the button of a candidate to vote.");
  else if (!form.classList.contains("sending")) vote(button);
  else if (button.classList.contains("pressed")) hurry?.();
  else say("Your vote is still being sent.");
});

// ---- Start

/** In the reader's time zone. */
function localTimes() {
  for (const time of document.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    const shape = { weekday: "short", day: "numeric", month: "long", year: "numeric" };
    Object.assign(shape, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
    if (date.getUTCSeconds() !== 0) shape.second = "2-digit";
    time.textContent = new Intl.DateTimeFormat("en-GB", shape).format(date);
  }
}

for (const row of list.children) knowRow(row);
localTimes();
connect();
