// What the page and the screen share: they are each one module, made of these files in the order that assets.rs says. Renders
// the same words as figures.rs and page.rs.

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

const at = (id) => document.getElementById(id);
/** What the service's own paths begin with. */
const { base } = document.body.dataset;
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

/** In the reader's time zone. */
function localTime(iso) {
  const date = new Date(iso);
  const shape = { weekday: "short", day: "numeric", month: "long", year: "numeric" };
  Object.assign(shape, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  if (date.getUTCSeconds() !== 0) shape.second = "2-digit";
  return new Intl.DateTimeFormat("en-GB", shape).format(date);
}
