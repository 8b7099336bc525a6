// The review page: keys for the candidate in focus, and an approval that waits for what was not looked at.

import { focusPane, goToLine, lineAt, paneAt } from "./lines.js";

const KEYS = {
  v: () => press(paneAt()?.querySelector("[data-tick]")),
  c: comment,
};

function press(button) {
  button?.click();
  return Boolean(button);
}

function focusCandidate(key) {
  const link = [...document.querySelectorAll("main [data-pane]")].find((one) => one.dataset.key === key);
  const pane = link && document.getElementById(`pane-${link.dataset.pane}`);
  // Whoever is not in view yet is brought there by the link itself.
  return Boolean(pane) && focusPane(pane);
}

export function reviewShortcut(key) {
  if (!document.querySelector("main [data-review]")) return false;
  return focusCandidate(key) || (KEYS[key]?.() ?? false);
}

// Opens the form at the line in focus, or else at the candidate whose pane is.
function comment() {
  const form = document.getElementById("comment-new");
  if (!form) return false;
  const line = lineAt();
  const pane = line?.closest(".pane") ?? document.querySelector("main .panes .pane.is-focused");
  const field = (name) => form.querySelector(`[name=thread-${name}]`);
  form.open = true;
  if (pane) field("letter").value = pane.id.replace("pane-", "").toUpperCase();
  field("line").value = line?.dataset.n ?? "";
  field("side").value = line?.matches(".line--del") ? "old" : "new";
  form.scrollIntoView({ block: "center" });
  field("text").focus({ preventScroll: true });
  return true;
}

function moveThread(step) {
  const all = [...document.querySelectorAll("#comments .thread")].filter((one) => one.offsetParent);
  if (!all.length) return;
  const at = all.indexOf(document.activeElement?.closest(".thread"));
  const next = all[(at < 0 && step < 0 ? 0 : at + step + all.length) % all.length];
  next.scrollIntoView({ block: "center" });
  next.focus({ preventScroll: true });
}

// The line that a thread is about, where it is in view.
function lineOf(thread) {
  const { threadLetter, threadPath, threadLine, threadSide } = thread.dataset;
  if (!threadLine || document.querySelector("#ticks [name=path]")?.value !== threadPath) return null;
  const kind = threadSide === "old" ? ".line--del" : ".line:not(.line--del)";
  return document.querySelector(`#pane-${threadLetter} ${kind}[data-n="${threadLine}"]`);
}

function markThreads() {
  for (const thread of document.querySelectorAll("#comments .thread")) lineOf(thread)?.classList.add("has-thread");
}

function syncApproval() {
  const waits = document.getElementById("approval-waits");
  const approve = document.querySelector("input[name=verdict][value=approve]");
  if (!waits || !approve) return;
  approve.disabled = waits.dataset.approvalWaits === "yes";
  if (approve.disabled) approve.checked = false;
}

export function mountReview(root) {
  const section = root.querySelector("[data-review]");
  if (!section) return;
  document.addEventListener("htmx:afterSettle", syncApproval);
  markThreads();
  const comments = document.getElementById("comments");
  comments.addEventListener("click", (event) => {
    const step = event.target.closest("[data-thread-step]");
    const line = event.target.closest("[data-thread-place]") && lineOf(event.target.closest(".thread"));
    if (step) moveThread(Number(step.dataset.threadStep));
    if (line) {
      event.preventDefault();
      goToLine(line, "center");
    }
  });
}
