// The result on the page, drawn as the server draws it.

/** With more bars than this, none is animated. */
const BARS_THAT_GLIDE = 60;

const form = at("ballot");

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
  setText(parts.votes, votesWords(votes));
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
    Object.assign(said, { lead, state, atMs: Date.now() });
    say(`${words[`said_${state}`]} ${lead}`);
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
  if (String(result.generation) !== document.body.dataset.generation && !current) location.reload();
  const { candidates, state, hidden } = result;
  drawTimes(result, localTime);
  const closed = state === "closed";
  const most = hidden ? 0 : candidates.reduce((most, { votes }) => Math.max(most, votes), 0);
  const first = candidates.filter(({ votes }) => votes === most);
  const chip = first.length > 1 ? words.chip_tied : closed ? words.chip_winner : words.chip_leading;
  document.body.dataset.state = state;
  const title = result.title || words.vote_title;
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
