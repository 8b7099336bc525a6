// The editor of a specification: what was found is marked in the text itself, keys go from one finding to the next,
// and accepting a suggestion writes it as somebody would type it, so that the browser's undo takes it back.

import { moved, piecesOf, unitsOf } from "./marks.js";

const STILL_MS = 1_500;
let area = null;
let mirror = null;
let known = ""; // the text that the places are about
let findings = [];
let criteria = [];
let current = "";
let score = "";
let announced = "";
let stillTimer = 0;
let isRestOpen = false;

function listed(key) {
  return document.querySelector(`#analysis [data-finding="${CSS.escape(key)}"]`);
}

function pin(className, label = "") {
  const element = document.createElement("span");
  element.className = `editor__pin ${className}`;
  element.textContent = label;
  return element;
}

function marked(piece) {
  const covering = piece.places.filter((place) => place.key);
  if (!covering.length) return document.createTextNode(piece.text);
  const element = document.createElement("span");
  element.className = "editor__mark";
  if (covering.some((place) => place.kind === "conflict")) element.classList.add("editor__mark--conflict");
  if (covering.some((place) => place.key === current)) element.classList.add("is-current");
  element.textContent = piece.text;
  return element;
}

function paint() {
  const spans = findings.filter((place) => place.end > place.start);
  const nodes = piecesOf(known, [...spans, ...criteria]).flatMap((piece) => {
    const criterion = criteria.find((place) => place.start === piece.start);
    const finding = spans.find((place) => place.start === piece.start);
    return [
      ...(criterion ? [pin("", criterion.label)] : []),
      ...(finding ? [pin(`editor__pin--${finding.kind}`)] : []),
      marked(piece),
    ];
  });
  mirror.replaceChildren(...nodes, document.createTextNode("\n"));
  mirror.scrollTop = area.scrollTop;
}

function say(words) {
  document.getElementById("live-summary").textContent = words;
}

// Once, when somebody stops typing, and only what changed.
function announceLater() {
  clearTimeout(stillTimer);
  stillTimer = setTimeout(() => {
    if (score === "" || score === announced) return;
    announced = score;
    say(score);
  }, STILL_MS);
}

function follow() {
  findings = moved(findings, known, area.value);
  criteria = moved(criteria, known, area.value);
  known = area.value;
  paint();
  announceLater();
}

function select(finding) {
  current = finding.key;
  area.focus();
  area.setSelectionRange(finding.start, finding.end);
  paint();
  mirror.querySelector(".is-current")?.scrollIntoView({ block: "nearest" });
  area.scrollTop = mirror.scrollTop;
  for (const item of document.querySelectorAll("#analysis [data-finding]")) {
    item.classList.toggle("is-current", item.dataset.finding === current);
  }
  const item = listed(current);
  item?.closest("details")?.setAttribute("open", "");
  item?.scrollIntoView({ block: "nearest" });
  say(finding.words);
}

function step(by) {
  if (!findings.length) {
    say("There is no open question.");
    return;
  }
  const at = findings.findIndex((finding) => finding.key === current);
  const next = at < 0 ? (by > 0 ? 0 : findings.length - 1) : (at + by + findings.length) % findings.length;
  select(findings[next]);
}

// execCommand is the one way of writing that a textarea's undo knows.
function write(start, end, text) {
  area.focus();
  area.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, start, end, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function accept(key) {
  const finding = findings.find((one) => one.key === key);
  if (!finding?.insert) {
    say(finding ? "This suggestion is advice; answer it in your own words." : "Go to a finding first, with F8.");
    return;
  }
  write(finding.at, finding.at, finding.insert);
  say(`Added: ${finding.insert.trim()}`);
}

function moveLine(by) {
  const text = area.value;
  const { selectionStart, selectionEnd } = area;
  const start = text.lastIndexOf("\n", selectionStart - 1) + 1;
  const found = text.indexOf("\n", Math.max(selectionEnd - (selectionEnd > selectionStart ? 1 : 0), start));
  const end = found < 0 ? text.length : found;
  const lines = text.slice(start, end);
  if (by < 0) {
    if (start === 0) return;
    const above = text.lastIndexOf("\n", start - 2) + 1;
    write(above, end, `${lines}\n${text.slice(above, start - 1)}`);
    area.setSelectionRange(selectionStart - (start - above), selectionEnd - (start - above));
  } else {
    if (end === text.length) return;
    const stop = text.indexOf("\n", end + 1);
    const below = text.slice(end + 1, stop < 0 ? text.length : stop);
    write(start, stop < 0 ? text.length : stop, `${below}\n${lines}`);
    area.setSelectionRange(selectionStart + below.length + 1, selectionEnd + below.length + 1);
  }
}

function onKey(event) {
  if (!area?.isConnected || document.querySelector("dialog[open]")) return;
  const isCommand = event.ctrlKey || event.metaKey;
  if (event.key === "F8" && !isCommand && !event.altKey) step(event.shiftKey ? -1 : 1);
  else if (event.key === "." && isCommand) accept(current);
  else if (event.altKey && !isCommand && event.target === area && event.key === "ArrowUp") moveLine(-1);
  else if (event.altKey && !isCommand && event.target === area && event.key === "ArrowDown") moveLine(1);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const key = event.target.closest("[data-finding]")?.dataset.finding;
  if (!area?.isConnected || !key) return;
  if (event.target.closest("[data-accept]")) {
    event.preventDefault();
    accept(key);
  } else if (event.target.closest("[data-show]")) {
    const finding = findings.find((one) => one.key === key);
    if (finding) select(finding);
  }
}

// The places of the newest answer, which are about the text that was sent with it.
function take(text) {
  const source = document.getElementById("editor-marks");
  const marks = source ? JSON.parse(source.textContent) : { findings: [], criteria: [] };
  const at = unitsOf(text);
  const placed = (one) => ({ ...one, start: at(one.start), end: at(one.end) });
  // Where a suggestion would be written moves with the text, too.
  findings = marks.findings.map((one) => ({ ...placed(one), at: at(one.at) }));
  criteria = marks.criteria.map(placed);
  known = text;
  const open = marks.findings.length;
  score = source ? `Clarity ${marks.score} of 100, ${open} open question${open === 1 ? "" : "s"}.` : "";
  follow();
}

export function mountEditor(root) {
  const editor = root.querySelector("[data-editor]");
  if (!editor || editor.dataset.watched) return;
  editor.dataset.watched = "yes";
  area = editor.querySelector("textarea");
  const frame = document.createElement("div");
  frame.className = "editor__frame";
  mirror = document.createElement("div");
  mirror.className = "editor__mirror";
  mirror.setAttribute("aria-hidden", "true");
  area.replaceWith(frame);
  frame.append(mirror, area);
  area.addEventListener("input", follow);
  area.addEventListener("scroll", () => {
    mirror.scrollTop = area.scrollTop;
  });
  take(area.value);
  announced = score;
}

export function startEditor() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "analysis") isRestOpen = Boolean(document.querySelector("#findings-rest[open]"));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const sent = event.detail.requestConfig?.parameters?.text;
    if (!area?.isConnected || event.detail.target.id !== "analysis" || typeof sent !== "string") return;
    take(sent.replaceAll("\r\n", "\n"));
    if (isRestOpen) document.getElementById("findings-rest")?.setAttribute("open", "");
    if (document.activeElement === document.body) document.getElementById("findings-title")?.focus();
  });
}
