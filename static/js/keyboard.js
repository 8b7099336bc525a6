// Shortcuts of PRODUCT's keyboard list. Single keys rest while somebody types, in dialogs, and when turned off.

import { openCommands } from "./commands.js";
import { openDialog } from "./dialog.js";
import { moveChange, moveLine } from "./lines.js";
import { reviewShortcut } from "./review.js";

const CHORD_MS = 1500;
let chordUntil = 0;
let keymap = {};

function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function visit(link) {
  if (link) link.click();
  return Boolean(link);
}

function rows() {
  return [...document.querySelectorAll("main tr[data-href], main [data-row]")];
}

function moveCursor(step) {
  const all = rows();
  if (!all.length) return false;
  const current = all.findIndex((row) => row.classList.contains("is-cursor"));
  const next = all[Math.min(Math.max(current + step, 0), all.length - 1)];
  all[current]?.classList.remove("is-cursor");
  next.classList.add("is-cursor");
  next.scrollIntoView({ block: "nearest" });
  const link = next.querySelector("a[href], button");
  link?.focus({ preventScroll: true });
  return true;
}

function openRow() {
  const row = document.querySelector("main .is-cursor");
  const href = row?.dataset.href ?? row?.querySelector("a[href]")?.href;
  if (href) location.assign(href);
  else row?.querySelector("button")?.click();
  return Boolean(row);
}

// A key of the row that the cursor is on, or of the first one.
function rowShortcut(key) {
  const row = document.querySelector("main .is-cursor") ?? document.querySelector("main [data-row]");
  const owner = [...(row?.querySelectorAll("[data-row-key]") ?? [])].find((element) => element.dataset.rowKey === key);
  owner?.click();
  return Boolean(owner);
}

function pageShortcut(key) {
  const owner = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key);
  if (!owner || owner.disabled || owner.closest("dialog:not([open])")) return false;
  owner.click();
  return true;
}

const SINGLE = {
  sheet: () => showShortcuts(),
  search: () => {
    const field = document.querySelector("[data-search-here]") ?? document.querySelector("[data-search]");
    if (field) field.focus();
    else openCommands(keymap.go);
    return true;
  },
  next: () => moveLine(1) || moveCursor(1),
  previous: () => moveLine(-1) || moveCursor(-1),
  next_change: () => moveChange(1),
  previous_change: () => moveChange(-1),
  open: openRow,
  up: () => visit([...document.querySelectorAll(".breadcrumb a")].at(-1)),
};

// Which key does what is chosen in the profile; the server has checked it.
function actionOf(key) {
  return Object.entries(keymap).find(([, chosen]) => chosen === key)?.[0];
}

function showShortcuts() {
  const sheet = document.getElementById("shortcuts-sheet");
  const place = sheet.querySelector("[data-page-shortcuts]");
  const ofRows = new Map();
  for (const element of document.querySelectorAll("main [data-row-key]")) {
    if (!ofRows.has(element.dataset.rowKey)) ofRows.set(element.dataset.rowKey, element);
  }
  place.replaceChildren(
    ...[...document.querySelectorAll("main :is([data-key], [data-shortcut])"), ...ofRows.values()].map((element) => {
      const line = document.createElement("div");
      const words = document.createElement("span");
      const key = document.createElement("kbd");
      const label = element.firstChild?.textContent.trim() || element.textContent.trim();
      words.textContent = element.dataset.rowKey ? `${label}, for the row` : label || element.getAttribute("aria-label");
      key.textContent = element.dataset.key ?? element.dataset.shortcut ?? element.dataset.rowKey;
      line.append(words, key);
      return line;
    }),
  );
  openDialog(sheet);
  return true;
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) openCommands(keymap.go);
    return;
  }
  if (isCommand && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    const form = event.target.form;
    // What is signed needs a press of its own button; what is confirmed first goes to the page or the sheet that asks.
    const asks = form.querySelector("[data-confirms]");
    if ("signs" in form.dataset) form.querySelector("[type=submit], button:not([type])").focus();
    else if (event.target.matches("dialog [type=submit]")) event.target.click();
    else if (asks) asks.click();
    else form.requestSubmit(form.querySelector("[data-ask]"));
    return;
  }
  const isOff = document.documentElement.dataset.keys === "off";
  if (isCommand || event.altKey || isOff || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.timeStamp < chordUntil) {
    chordUntil = 0;
    const link = [...document.querySelectorAll("[data-goto]")].find((entry) => entry.dataset.goto === event.key);
    if (visit(link)) event.preventDefault();
    return;
  }
  const action = actionOf(event.key);
  if (action === "go") {
    chordUntil = event.timeStamp + CHORD_MS;
    return;
  }
  if (rowShortcut(event.key) || reviewShortcut(event.key) || pageShortcut(event.key) || SINGLE[action]?.()) event.preventDefault();
}

export function startKeyboard() {
  keymap = JSON.parse(document.getElementById("keymap")?.textContent ?? "{}");
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-commands]")) openCommands(keymap.go);
  });
}
