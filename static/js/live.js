// One WebSocket for the page's job. An event refreshes every element with data-live-job by its own hx-get
// (hx-trigger="live"); after a lost connection the page asks for what it missed; without one it polls.

const POLL_MS = 10_000;
const ANNOUNCE_MS = 5_000;
const ACCESS_ENDED = 4403;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];

let indicator = null;
let socket = null;
let sequence = 0;
let attempts = 0;
let lastAt = 0;
let retryTimer = 0;
let announcedAt = 0;
let announceTimer = 0;
let isBehind = false;

function liveElements(jobId) {
  const all = [...document.querySelectorAll("[data-live-job]")];
  return jobId ? all.filter((element) => element.dataset.liveJob === jobId) : all;
}

// An element that is being replaced cannot be asked again; what happened meanwhile is fetched once it has settled.
function refresh(jobId) {
  for (const element of liveElements(jobId)) {
    if (element.classList.contains("htmx-request")) isBehind = true;
    else window.htmx?.trigger(element, "live");
  }
}

function catchUp() {
  if (!isBehind || liveElements().some((element) => element.classList.contains("htmx-request"))) return;
  isBehind = false;
  refresh(indicator?.dataset.job);
}

function paint() {
  if (!indicator?.isConnected) return;
  const state = socket?.readyState === WebSocket.OPEN ? "live" : "polling";
  indicator.dataset.connection = state;
  const seconds = Math.max(0, Math.round((Date.now() - lastAt) / 1000));
  const age = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  const words = state === "live" ? `live · ${age} ago` : `every 10 s · ${age} ago`;
  const text = indicator.querySelector("[data-live-text]");
  if (text.textContent !== words) text.textContent = words;
}

function announce(stage) {
  clearTimeout(announceTimer);
  const wait = Math.max(0, announcedAt + ANNOUNCE_MS - Date.now());
  announceTimer = setTimeout(() => {
    announcedAt = Date.now();
    document.getElementById("live-summary").textContent = `Now: ${stage.replaceAll("_", " ")}`;
  }, wait);
}

function onMessage(event) {
  const message = JSON.parse(event.data);
  if (typeof message.sequence !== "number" || message.sequence <= sequence) return;
  sequence = message.sequence;
  lastAt = Date.now();
  document.dispatchEvent(new CustomEvent("nofx:job", { detail: message }));
  refresh(indicator.dataset.job);
  if (message.stage) announce(message.stage);
  paint();
}

function connect() {
  clearTimeout(retryTimer);
  const jobId = indicator?.dataset.job;
  if (!jobId) return;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}/ws/jobs/${jobId}/?since=${sequence}`);
  socket = mine;
  mine.addEventListener("open", () => {
    attempts = 0;
    lastAt = Date.now();
    paint();
  });
  mine.addEventListener("message", onMessage);
  mine.addEventListener("close", (event) => {
    if (socket !== mine) return;
    socket = null;
    paint();
    if (event.code === ACCESS_ENDED) {
      location.reload();
      return;
    }
    const wait = RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)];
    attempts += 1;
    retryTimer = setTimeout(connect, wait);
  });
}

function disconnect() {
  clearTimeout(retryTimer);
  const old = socket;
  socket = null;
  old?.close();
}

// Jobs that are not the page's own, and the page's own without a socket, are asked for every ten seconds.
function poll() {
  if (document.hidden) return;
  const isConnected = socket?.readyState === WebSocket.OPEN;
  for (const element of liveElements()) {
    if (isConnected && element.dataset.liveJob === indicator?.dataset.job) continue;
    window.htmx?.trigger(element, "live");
    if (!isConnected) lastAt = Date.now();
  }
  paint();
}

function follow() {
  let found = document.querySelector("[data-live-indicator]");
  if (found) {
    // Parts of a page stop following a job that has ended; then there is nothing to be live about.
    found.hidden = liveElements(found.dataset.job).length === 0;
    if (found.hidden) found = null;
  }
  const isSame = found && indicator && found.dataset.job === indicator.dataset.job;
  indicator = found;
  if (isSame) {
    sequence = Math.max(sequence, Number(found.dataset.sequence));
    paint();
    return;
  }
  disconnect();
  if (!found) return;
  sequence = Number(found.dataset.sequence);
  lastAt = Date.now();
  attempts = 0;
  connect();
  paint();
}

export function startLive() {
  follow();
  setInterval(poll, POLL_MS);
  setInterval(paint, 1_000);
  document.addEventListener("htmx:afterSettle", () => {
    follow();
    catchUp();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && indicator && !socket) connect();
  });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => {
    if (event.persisted && indicator && !socket) connect();
  });
}
