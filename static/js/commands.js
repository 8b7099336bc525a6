// The command box: what this page offers at once, and what the platform finds as somebody types.

import { openDialog } from "./dialog.js";

const WAIT_MS = 150;

function ofPage(goKey) {
  const links = [...document.querySelectorAll("[data-goto], [data-command]")];
  return links.map((element) => ({
    label: element.dataset.command || element.getAttribute("aria-label") || element.textContent.trim(),
    hint: element.dataset.goto ? `${goKey} ${element.dataset.goto}` : element.dataset.key ?? "",
    url: element.href,
    run: () => element.click(),
  }));
}

function searchCommand(text) {
  const form = document.querySelector(".bar [role=search]");
  return {
    label: `Search for “${text}”`,
    hint: "",
    run: () => {
      form.querySelector("[data-search]").value = text;
      form.submit();
    },
  };
}

async function ask(url, text, signal) {
  const answer = await fetch(`${url}?q=${encodeURIComponent(text)}`, {
    headers: { Accept: "application/json" },
    signal,
  });
  if (!answer.ok) return [];
  const { items } = await answer.json();
  return items.map(({ label, sort, url: address }) => ({
    label,
    hint: sort,
    url: new URL(address, location.href).href,
    run: () => location.assign(address),
  }));
}

export function openCommands(goKey) {
  const box = document.getElementById("command-box");
  const input = box.querySelector("input");
  const list = box.querySelector("ul");
  const count = box.querySelector("[data-command-count]");
  const local = ofPage(goKey);
  let found = [];
  let shown = [];
  let selected = 0;
  let timer = 0;
  let pending = null;

  const paint = () => {
    list.replaceChildren(
      ...shown.map((command, index) => {
        const item = document.createElement("li");
        item.id = `command-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(index === selected));
        const words = document.createElement("span");
        words.textContent = command.label;
        item.append(words);
        if (command.hint) {
          const hint = document.createElement("kbd");
          hint.textContent = command.hint;
          item.append(hint);
        }
        item.addEventListener("click", () => choose(index));
        return item;
      }),
    );
    if (shown.length) input.setAttribute("aria-activedescendant", `command-${selected}`);
    else input.removeAttribute("aria-activedescendant");
    list.children[selected]?.scrollIntoView({ block: "nearest" });
  };
  const choose = (index) => {
    if (!shown[index]) return;
    box.close();
    shown[index].run();
  };
  // What is there stays where it is: answers are put below it, and the search of the library last.
  const gather = () => {
    const text = input.value.trim();
    const wanted = text.toLowerCase();
    const here = local.filter((command) => command.label.toLowerCase().includes(wanted));
    const known = new Set(here.map((command) => command.url));
    shown = [...here, ...found.filter((command) => !known.has(command.url))];
    if (text && document.querySelector(".bar [role=search]")) shown.push(searchCommand(text));
    selected = Math.min(selected, Math.max(0, shown.length - 1));
    paint();
  };
  const look = async () => {
    pending?.abort();
    pending = new AbortController();
    try {
      found = await ask(box.dataset.url, input.value.trim(), pending.signal);
    } catch (error) {
      if (error.name === "AbortError") return;
      found = [];
    }
    gather();
    count.textContent = `${shown.length} to choose from`;
  };
  // Answers to what was typed before stay only as far as they hold the new words, for Enter takes the first one.
  const typed = () => {
    const wanted = input.value.trim().toLowerCase();
    pending?.abort();
    found = found.filter((command) => command.label.toLowerCase().includes(wanted));
    selected = 0;
    gather();
    clearTimeout(timer);
    if (box.dataset.url) timer = setTimeout(look, WAIT_MS);
  };
  input.oninput = typed;
  input.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) {
      event.preventDefault();
      selected = (selected + step + shown.length) % shown.length;
      paint();
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(selected);
    }
  };
  input.value = "";
  openDialog(box);
  typed();
}
