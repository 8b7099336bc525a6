// What a page keeps while parts of it are replaced: which folds stand open, and whether a log is followed to its end.

const folds = new Map();
let isFollowing = false;

function toEnd(button) {
  const lines = document.getElementById(button.dataset.follow);
  if (isFollowing && lines) lines.scrollTop = lines.scrollHeight;
}

function restore() {
  for (const fold of document.querySelectorAll("details[data-kept]")) {
    if (folds.has(fold.dataset.kept)) fold.open = folds.get(fold.dataset.kept);
  }
  for (const button of document.querySelectorAll("[data-follow]")) {
    button.setAttribute("aria-pressed", String(isFollowing));
    toEnd(button);
  }
}

export function startFollow() {
  document.addEventListener("click", (event) => {
    const fold = event.target.closest("details[data-kept] > summary")?.parentElement;
    // The fold changes after its summary was pressed.
    if (fold) folds.set(fold.dataset.kept, !fold.open);
    const button = event.target.closest("[data-follow]");
    if (!button) return;
    isFollowing = !isFollowing;
    restore();
  });
  document.addEventListener("htmx:afterSettle", restore);
}
