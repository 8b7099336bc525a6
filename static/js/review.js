// The review page: keys for the candidate in focus, and an approval that waits for what was not looked at.

import { focusPane, paneAt } from "./lines.js";

const KEYS = {
  v: () => press(paneAt()?.querySelector("[data-tick]")),
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
}
