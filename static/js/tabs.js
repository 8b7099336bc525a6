// Turns <div data-tabs="Label"> with <section data-tab="Name"> children into tabs; without scripts the sections stack.
// Tabs that are links scroll to the current one where they are wider than the window.

let counter = 0;

function select(tabs, panels, index, { focus = false } = {}) {
  tabs.forEach((tab, position) => {
    tab.setAttribute("aria-selected", String(position === index));
    tab.tabIndex = position === index ? 0 : -1;
    panels[position].hidden = position !== index;
  });
  if (focus) tabs[index].focus();
}

function mountOne(box) {
  const panels = [...box.querySelectorAll(":scope > [data-tab]")];
  if (!panels.length || box.dataset.mounted) return;
  box.dataset.mounted = "yes";
  const list = document.createElement("div");
  list.className = "tabs";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", box.dataset.tabs);
  const tabs = panels.map((panel, index) => {
    panel.id ||= `tab-panel-${++counter}`;
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `${panel.id}-tab`;
    tab.className = "tabs__tab";
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    tab.textContent = panel.dataset.tab;
    tab.addEventListener("click", () => select(tabs, panels, index));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    panel.classList.add("tabs__panel");
    list.append(tab);
    return tab;
  });
  list.addEventListener("keydown", (event) => {
    const current = tabs.indexOf(document.activeElement);
    const target = {
      ArrowRight: (current + 1) % tabs.length,
      ArrowLeft: (current - 1 + tabs.length) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    if (target === undefined || current < 0) return;
    event.preventDefault();
    select(tabs, panels, target, { focus: true });
  });
  box.prepend(list);
  const chosen = panels.findIndex((panel) => `#${panel.id}` === location.hash);
  select(tabs, panels, Math.max(chosen, 0));
}

function reveal(tab) {
  const list = tab.closest("ul");
  const beyond = tab.getBoundingClientRect().right - list.getBoundingClientRect().right;
  if (beyond > 0) list.scrollLeft += beyond;
}

export function mountTabs(root) {
  for (const tab of root.querySelectorAll(".tabs li > [aria-current]")) reveal(tab);
  if (root.matches?.("[data-tabs]")) mountOne(root);
  for (const box of root.querySelectorAll("[data-tabs]")) mountOne(box);
}
