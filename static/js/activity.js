// For how long somebody actively reviewed: the time between two movements (pointer, wheel, key, scrolling, touch) on the
// visible page, but for pauses of more than a minute, which count for nothing. It is remembered in this tab only, for as
// long as the same content is voted on.

const IDLE_MS = 60_000;
const EVENTS = ["pointermove", "pointerdown", "wheel", "keydown", "scroll", "touchmove"];

function recall(key) {
  try {
    return Number(sessionStorage.getItem(key)) || 0;
  } catch {
    return 0;
  }
}

function remember(key, total) {
  try {
    sessionStorage.setItem(key, String(Math.round(total)));
  } catch {
    // A full or forbidden store forgets the time before a reload, and nothing else.
  }
}

function watch(field) {
  const key = `nofx-activity:${field.dataset.activity}`;
  let total = recall(key);
  let last = performance.now();

  const write = () => {
    field.value = String(Math.round(total / 1000));
    remember(key, total);
  };
  const moved = () => {
    const now = performance.now();
    if (now - last <= IDLE_MS) total += now - last;
    const isNextSecond = Math.floor((total - (now - last)) / 1000) < Math.floor(total / 1000);
    last = now;
    if (isNextSecond) write();
  };
  for (const event of EVENTS) document.addEventListener(event, moved, { passive: true, capture: true });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") last = performance.now();
    else moved();
  });
  field.form.addEventListener("submit", () => {
    moved();
    write();
  });
  write();
}

export function mountActivity(root) {
  const field = root.querySelector("input[data-activity]");
  if (!field || field.dataset.watched) return;
  field.dataset.watched = "yes";
  watch(field);
}
