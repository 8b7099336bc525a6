// Toasts: good news leaves after a while unless somebody is reading it; problems stay until closed.

const STAY_MS = 6000;
const ICONS = { success: "state-met", error: "state-error", warning: "warning" };

function drawIcon(list, name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("width", "16");
  svg.setAttribute("height", "16");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${list.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

function equip(list, toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button--quiet button--icon";
  close.setAttribute("aria-label", "Close message");
  close.append(drawIcon(list, "close"));
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (toast.matches(".toast--error, .toast--warning")) return;
  let timer = 0;
  const leave = () => {
    timer = setTimeout(() => toast.remove(), STAY_MS);
  };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, leave);
  leave();
}

export function showToast({ text, level = "info" }) {
  const list = document.getElementById("toasts");
  const toast = document.createElement("div");
  toast.className = `toast toast--${level}`;
  const words = document.createElement("p");
  words.textContent = text;
  toast.append(drawIcon(list, ICONS[level] ?? "info"), words);
  list.append(toast);
  equip(list, toast);
}

function explainFailure(status) {
  if (status === 403) return "You may not do this, or the page is out of date. Reload it and try again.";
  if (status === 404) return "This no longer exists. Reload the page.";
  if (status === 413) return "This is more than can be sent at once. What you typed is still here; make it shorter.";
  if (status === 429) return "Too many requests at once. Wait a moment and try again.";
  return "The server could not do this. What you typed is still here; try again.";
}

export function startToasts() {
  const list = document.getElementById("toasts");
  for (const toast of list.querySelectorAll("[data-toast]")) equip(list, toast);
  document.addEventListener("toast", (event) => showToast(event.detail));
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.requestConfig?.triggeringEvent?.type === "live") return;
    showToast({ text: explainFailure(event.detail.xhr.status), level: "error" });
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.requestConfig?.triggeringEvent?.type === "live") return;
    showToast({ text: "The server does not answer. Check the connection and try again.", level: "error" });
  });
}
