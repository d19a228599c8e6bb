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
  generation: Number(document.body.dataset.generation),
  opens: document.body.dataset.opens,
  closes: document.body.dataset.closes,
  candidates: Array.from(list.children, (row) => ({
    id: Number(row.dataset.id),
    name: row.querySelector(".name").textContent,
    about: row.querySelector(".about")?.textContent ?? "",
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
  if (kind !== "lost") {
    clearTimeout(connection.lostTimer);
    connection.lostTimer = 0;
    reachable();
  }
  if (connection.is === kind) return;
  if (kind === "lost") say(words.lost_said);
  else if (connection.is === "lost") say(words.back_said);
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
    ballotTag = "";
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

/** The `ETag` of the ballot that is known; none while it is the one that the server drew or the stream sent. */
let ballotTag = "";

/** The figures as an event has them. */
async function askResult() {
  const response = await fetch(`${base}/result`, { signal: AbortSignal.timeout?.(ANSWER_WITHIN_MS) });
  if (!response.ok && response.status !== 403) throw new Error(`status ${response.status}`);
  const state = response.headers.get("Votekit-State") ?? document.body.dataset.state;
  const tag = response.headers.get("Votekit-Ballot") ?? "";
  if (tag !== ballotTag) {
    known = await askBallot();
    ballotTag = tag;
  }
  if (response.status === 403) {
    const { hidden = true, hidden_from, total_votes = 0, recent_votes = 0 } = latest ?? drawnHidden();
    return { state, hidden, hidden_from, total_votes, recent_votes, candidates: [] };
  }
  const [rows, [{ total_vote_10_min: recent_votes }]] = await response.json();
  const candidates = rows.map(({ candidate_id: id, num_vote: votes }) => ({ id, votes }));
  const total_votes = candidates.reduce((sum, { votes }) => sum + votes, 0);
  return { state, hidden: false, total_votes, recent_votes, candidates };
}

/** What the server drew, where the figures are hidden. */
function drawnHidden() {
  const number = (id) => Number((at(id)?.textContent ?? "").replace(/\D/g, ""));
  const hidden_from = document.body.dataset.hiddenFrom;
  return { hidden_from, total_votes: number("votes-total"), recent_votes: number("votes-recent") };
}

async function askBallot() {
  const response = await fetch(`${base}/ballot`, { signal: AbortSignal.timeout?.(ANSWER_WITHIN_MS) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
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
