// The end of the session: said two minutes before, put off by one press, and shared by all tabs of the browser.
// What a page asks for by itself is marked, so that the server does not take it for a person.

import { openDialog } from "./dialog.js";

const WARN_MS = 120_000;
const SHARED = "nofx-session-ends";
const BACKGROUND = "X-NOFX-Background";

let endsAt = 0;
let sheet = null;

function remember(moment, isTold) {
  endsAt = moment;
  if (isTold) return;
  try {
    localStorage.setItem(SHARED, String(moment));
  } catch {
    // Without a store each tab counts for itself.
  }
}

function inWords(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return seconds > 60 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`;
}

function paint(left) {
  const isOver = left <= 0;
  for (const part of sheet.querySelectorAll("[data-session-over]")) part.hidden = !isOver;
  sheet.querySelector("[data-session-soon]").hidden = isOver;
  sheet.querySelector("[data-session-stay] span").textContent = isOver ? "Close" : "Stay signed in";
  const place = sheet.querySelector("[data-session-left]");
  const words = inWords(left);
  if (place.textContent !== words) place.textContent = words;
}

function look() {
  const left = endsAt - Date.now();
  if (left > WARN_MS) {
    if (sheet.open) sheet.close();
    return;
  }
  paint(left);
  if (!sheet.open && !sheet.dataset.dismissed && !document.querySelector("dialog[open]")) openDialog(sheet);
}

async function stay() {
  if (endsAt <= Date.now()) {
    sheet.dataset.dismissed = "yes";
    return;
  }
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  const answer = await fetch(sheet.dataset.stay, { method: "POST", headers: { "X-CSRFToken": token } });
  if (answer.ok && !answer.redirected) remember(Date.now() + Number(await answer.text()) * 1000);
  else remember(Date.now());
}

export function startSession() {
  document.addEventListener("htmx:configRequest", (event) => {
    const cause = event.detail.triggeringEvent?.type;
    if (!cause || cause === "live" || cause === "load") event.detail.headers[BACKGROUND] = "1";
  });
  sheet = document.getElementById("session-sheet");
  if (!sheet) return;
  const length = Number(document.documentElement.dataset.sessionEnds) * 1000;
  remember(Date.now() + length);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!event.detail.requestConfig?.headers?.[BACKGROUND] && event.detail.xhr?.status < 400) {
      remember(Date.now() + length);
    }
  });
  addEventListener("storage", (event) => {
    if (event.key === SHARED && Number(event.newValue) > endsAt) remember(Number(event.newValue), true);
  });
  sheet.querySelector("[data-session-stay]").addEventListener("click", stay);
  setInterval(look, 1_000);
}
