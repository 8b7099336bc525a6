// How much of the change under review was in view: each changed line for at least 300 ms, large enough to be read.
// What was seen is remembered in this tab only, for as long as the same content is voted on.

const DWELL_MS = 300;
const READABLE_PX = 9;

function recall(key) {
  try {
    return new Set(JSON.parse(sessionStorage.getItem(key) ?? "[]"));
  } catch {
    return new Set();
  }
}

function remember(key, seen) {
  try {
    sessionStorage.setItem(key, JSON.stringify([...seen]));
  } catch {
    // A full or forbidden store forgets what was seen before a reload, and nothing else.
  }
}

// Lines of the pane, by sign and number: those of a new file, or those that were added or removed.
function paneLines() {
  const lines = new Map();
  for (const pane of document.querySelectorAll("[data-depth-lines]")) {
    const selector = pane.dataset.depthLines === "all" ? ".line[data-n]" : ".line--add[data-n], .line--del[data-n]";
    for (const line of pane.querySelectorAll(selector)) {
      lines.set(line, `${line.classList.contains("line--del") ? "-" : "+"}${line.dataset.n}`);
    }
  }
  return lines;
}

// The same lines where the patch as a whole shows them.
function patchLines() {
  const lines = new Map();
  for (const block of document.querySelectorAll("[data-depth-patch]")) {
    let isTarget = false;
    let before = 0;
    let after = 0;
    for (const line of block.querySelectorAll(".line")) {
      const text = line.textContent;
      const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(text);
      if (text.startsWith("diff --git ")) {
        isTarget = text.trimEnd().endsWith(` b/${block.dataset.depthPatch}`);
        before = after = 0;
      } else if (hunk) {
        [before, after] = [Number(hunk[1]), Number(hunk[2])];
      } else if (after || before) {
        if (text.startsWith("+")) lines.set(line, `+${after}`);
        else if (text.startsWith("-")) lines.set(line, `-${before}`);
        if (!isTarget) lines.delete(line);
        if (!text.startsWith("-") && !text.startsWith("\\")) after += 1;
        if (!text.startsWith("+") && !text.startsWith("\\")) before += 1;
      }
    }
  }
  return lines;
}

function isReadable(line) {
  const zoom = window.outerWidth && window.innerWidth ? window.outerWidth / window.innerWidth : 1;
  const pinch = window.visualViewport?.scale ?? 1;
  return parseFloat(getComputedStyle(line).fontSize) * Math.min(zoom, 1) * pinch >= READABLE_PX;
}

function isInView(line) {
  const box = line.getBoundingClientRect();
  const frame = line.closest(".code__scroll").getBoundingClientRect();
  const middle = (box.top + box.bottom) / 2;
  return middle >= Math.max(frame.top, 0) && middle <= Math.min(frame.bottom, window.innerHeight);
}

function watch(field) {
  const key = `nofx-depth:${field.dataset.depth}`;
  const total = Number(field.dataset.depthTotal);
  const lines = new Map([...paneLines(), ...patchLines()]);
  if (!total) return;
  const seen = recall(key);
  const since = new Map();
  let timer = 0;

  const write = () => {
    field.value = String(Math.min(100, Math.round((100 * seen.size) / total)));
  };
  const sweep = () => {
    timer = 0;
    const isLooking = document.visibilityState === "visible" && !document.querySelector("dialog[open]");
    const now = performance.now();
    const before = seen.size;
    for (const [line, start] of since) {
      if (!isLooking || !isReadable(line) || !isInView(line)) {
        since.set(line, now);
      } else if (now - start >= DWELL_MS) {
        seen.add(lines.get(line));
        since.delete(line);
        observer.unobserve(line);
      }
    }
    if (seen.size > before) {
      remember(key, seen);
      write();
    }
    plan();
  };
  const plan = () => {
    if (since.size && !timer) timer = setTimeout(sweep, DWELL_MS / 3);
  };
  const observer = new IntersectionObserver((entries) => {
    const now = performance.now();
    for (const entry of entries) {
      if (entry.isIntersecting) since.set(entry.target, now);
      else since.delete(entry.target);
    }
    plan();
  });
  for (const line of lines.keys()) observer.observe(line);
  write();
}

export function mountDepth(root) {
  const field = root.querySelector("input[data-depth]");
  if (!field || field.dataset.watched || !window.IntersectionObserver) return;
  field.dataset.watched = "yes";
  watch(field);
}
