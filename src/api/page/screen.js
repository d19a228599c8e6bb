// The result for a hall. Renders the same words as screen.rs.

const MOST_ROWS = 12;
const rows = new Map();

function knowRow(row) {
  const part = (selector) => row.querySelector(selector);
  rows.set(Number(row.dataset.id), { row, name: part(".name bdi"), share: part(".share"), rect: part("rect") });
  return rows.get(Number(row.dataset.id));
}

function newRow(id) {
  const row = at("candidate").content.firstElementChild.cloneNode(true);
  row.dataset.id = id;
  return knowRow(row);
}

function drawRow({ id, name, votes }, result, most) {
  const parts = rows.get(id) ?? newRow(id);
  const shown = votes !== null && !result.hidden;
  setText(parts.name, name);
  setText(parts.share, shown ? shareWords(votes, result.total_votes) : "");
  parts.rect.setAttribute("width", barWidth(shown ? votes : 0, result.total_votes));
  parts.row.classList.toggle("leads", shown && most > 0 && votes === most);
  return parts.row;
}

/** The candidates in their order; once voting is over, or if not all fit, those with the most votes first. */
function draw(result) {
  if (String(result.generation) !== document.body.dataset.generation) location.reload();
  const { candidates, state, hidden } = result;
  const most = hidden ? 0 : candidates.reduce((most, { votes }) => Math.max(most, votes), 0);
  const ranked = state === "closed" || candidates.length > MOST_ROWS;
  const sorted = ranked ? [...candidates].sort((a, b) => b.votes - a.votes || a.id - b.id) : candidates;
  const wanted = sorted.slice(0, MOST_ROWS).map((candidate) => drawRow(candidate, result, most));
  if (wanted.some((row, index) => list.children[index] !== row) || list.children.length !== wanted.length) {
    list.replaceChildren(...wanted);
  }
  document.body.dataset.state = state;
  setText(at("title").firstElementChild, result.title || words.vote_title);
  const first = candidates.filter(({ votes }) => votes === most);
  at("summary").replaceChildren(...standing(result, most, first, { withShare: true }));
  setText(at("votes-total"), grouped(result.total_votes));
  setText(at("votes-word"), result.total_votes === 1 ? words.total_one : words.total_many);
  const more = candidates.length - wanted.length;
  at("more").hidden = more === 0;
  setText(at("more"), fill(words.more, { count: more }));
}

/** Nothing waits for an answer here. */
function reachable() {}

// ---- The countdown, by the service's clock

const aheadMs = Date.now() - Date.parse(document.body.dataset.now);

/** `04:59`, `1:04:59`, or days. */
function untilWords(secs) {
  const two = (number) => String(number).padStart(2, "0");
  const [days, hours, minutes] = [Math.floor(secs / 86_400), Math.floor(secs / 3600), Math.floor((secs % 3600) / 60)];
  if (days >= 2) return fill(words.in_days, { count: grouped(days) });
  return fill(words.in_time, { time: `${hours > 0 ? `${hours}:` : ""}${two(minutes)}:${two(secs % 60)}` });
}

function untilTime(iso) {
  const leftMs = Date.parse(iso) - (Date.now() - aheadMs);
  return untilWords(Math.max(0, Math.ceil(leftMs / 1000)));
}

const tick = () => drawTimes(known, untilTime);

for (const row of list.children) knowRow(row);
for (const time of document.querySelectorAll("time[datetime]:not(.until)")) time.textContent = localTime(time.dateTime);
tick();
setInterval(tick, 500);
connect();
