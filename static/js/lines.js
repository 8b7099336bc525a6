// The line of code that somebody is at: it moves from change to change in all panes, and line by line in one of them.

const PANES = "main .panes";

export function lineAt() {
  return document.querySelector(`${PANES} .line.is-cursor`);
}

export function paneAt() {
  return (
    lineAt()?.closest(".pane") ??
    document.activeElement?.closest(`${PANES} .pane`) ??
    document.querySelector(`${PANES} .pane.is-focused`) ??
    document.querySelector(`${PANES} .pane`)
  );
}

export function goToLine(line, block) {
  lineAt()?.classList.remove("is-cursor");
  line.classList.add("is-cursor");
  line.scrollIntoView({ block });
  return true;
}

export function focusPane(pane) {
  lineAt()?.classList.remove("is-cursor");
  for (const other of document.querySelectorAll(`${PANES} .pane.is-focused`)) other.classList.remove("is-focused");
  pane.classList.add("is-focused");
  pane.querySelector(".code__scroll").focus();
  return true;
}

// The first line of each run of changed lines, in every pane that is in view.
function changes() {
  const isChanged = (line) => line?.matches(".line--add, .line--del") ?? false;
  return [...document.querySelectorAll(`${PANES} .line--add, ${PANES} .line--del`)].filter(
    (line) => !isChanged(line.previousElementSibling),
  );
}

function isBehind(line, other) {
  return Boolean(other.compareDocumentPosition(line) & Node.DOCUMENT_POSITION_FOLLOWING);
}

export function moveChange(step) {
  const all = changes();
  if (!all.length) return false;
  const cursor = lineAt();
  const behind = cursor ? all.find((line) => isBehind(line, cursor)) : all[0];
  const before = cursor ? all.findLast((line) => isBehind(cursor, line)) : all.at(-1);
  return goToLine((step > 0 ? behind : before) ?? all.at(step > 0 ? 0 : -1), "center");
}

// Only where code is reviewed: elsewhere the same keys move from row to row.
export function moveLine(step) {
  if (!document.querySelector("main [data-review]")) return false;
  const lines = [...(paneAt()?.querySelectorAll(".line[data-n]") ?? [])];
  if (!lines.length) return false;
  const at = lines.indexOf(lineAt());
  return goToLine(lines[Math.min(Math.max(at < 0 ? 0 : at + step, 0), lines.length - 1)], "nearest");
}
