// Small manners of a page: focus on errors, copy buttons, panes that scroll together, forms that submit on change,
// dialogs that open where they are swapped in.

import { openDialog } from "./dialog.js";

function syncScroll(group) {
  const scrollers = [...group.querySelectorAll(".code__scroll")];
  let leader = null;
  for (const scroller of scrollers) {
    scroller.addEventListener("scroll", () => {
      if (leader && leader !== scroller) return;
      leader = scroller;
      for (const other of scrollers) {
        if (other !== scroller) other.scrollTo(scroller.scrollLeft, scroller.scrollTop);
      }
      requestAnimationFrame(() => {
        leader = null;
      });
    });
  }
}

async function copy(button) {
  const words = button.querySelector("span");
  const before = words.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    words.textContent = "Copied";
  } catch {
    words.textContent = "Select and copy by hand";
  }
  setTimeout(() => {
    words.textContent = before;
  }, 2000);
}

function mountOnce(root, selector, mount) {
  const found = [...root.querySelectorAll(selector)];
  if (root.matches?.(selector)) found.unshift(root);
  for (const element of found) {
    if (element.dataset.manners) continue;
    element.dataset.manners = "yes";
    mount(element);
  }
}

export function mountPage(root) {
  mountOnce(root, "dialog[data-opens-now]", openDialog);
  mountOnce(root, "[data-focus]", (element) => element.focus());
  mountOnce(root, "[data-sync-scroll]", syncScroll);
  mountOnce(root, "[data-copy]", (button) => button.addEventListener("click", () => copy(button)));
  mountOnce(root, "form[data-submit-on-change]", (form) =>
    form.addEventListener("change", () => form.requestSubmit()),
  );
}
