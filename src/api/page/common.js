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
/** Every text that the scripts say, in the language of the page. */
const words = JSON.parse(document.body.dataset.words);
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
  if (share === 0 && votes > 0) return words.under;
  if (share >= 1000 && votes < total) return words.over;
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

/** `text` with its places filled with texts. */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

/** `text` in parts, its place `name` taken by `value`, which are texts and elements. */
function parts(text, name, value) {
  const [before, after] = text.split(`{${name}}`);
  return [before, ...value, after ?? ""].filter((part) => part !== "");
}

/** When a hidden result comes. */
function hiddenUntil({ hidden_from, closes }) {
  if (hidden_from === "audience") return [words.hidden_for_good];
  if (!closes) return [words.hidden_until_closed];
  const time = Object.assign(document.createElement("time"), { dateTime: closes });
  time.textContent = localTime(closes);
  return parts(words.hidden_until, "time", [time]);
}

/**
 * The sentence above the figures, as parts: texts, and names in elements of their own. The announced sentence leaves out the
 * share, which changes with every vote.
 */
function standing(result, most, first, { withShare }) {
  const closed = result.state === "closed";
  if (result.hidden) return hiddenUntil(result);
  if (most === 0) return [words.no_votes];
  if (first.length === 1) {
    const text = withShare ? (closed ? words.won : words.leads) : closed ? words.won_said : words.leads_said;
    return parts(fill(text, { share: shareWords(most, result.total_votes) }), "name", [isolated(first[0].name)]);
  }
  if (first.length > 3) return [fill(closed ? words.many_tied_closed : words.many_tied, { count: first.length })];
  const names = first.flatMap(({ name }, index) => [
    index === 0 ? "" : index === first.length - 1 ? words.and : words.comma,
    isolated(name),
  ]);
  return parts(closed ? words.tied_closed : words.tied, "names", names);
}

const votesWords = (votes) => fill(votes === 1 ? words.votes_one : words.votes_many, { count: grouped(votes) });

/** When voting opens and closes, which may be set anew while people watch; `write` says how a time is written. */
function drawTimes(vote, write) {
  for (const time of document.querySelectorAll("[data-of]")) {
    const iso = vote[time.dataset.of];
    time.parentElement.hidden = !iso;
    if (!iso) continue;
    time.dateTime = iso;
    setText(time, write(iso));
  }
}

/** In the reader's time zone. */
function localTime(iso) {
  const date = new Date(iso);
  const shape = { weekday: "short", day: "numeric", month: "long", year: "numeric" };
  Object.assign(shape, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  if (date.getUTCSeconds() !== 0) shape.second = "2-digit";
  return new Intl.DateTimeFormat(words.locale, shape).format(date);
}
