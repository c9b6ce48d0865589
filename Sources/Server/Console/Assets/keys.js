// SPDX-License-Identifier: Apache-2.0
// Keys for hands that stay on the keyboard.
import { hold, isHeld } from "./live.js";

let wantsPage;

export function watchKeys() {
  document.addEventListener("keydown", pressed);
  document.querySelector("[data-help]")?.addEventListener("click", help);
}

function help() { document.getElementById("help")?.showModal(); }

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return escape(event);
  if (event.target.matches?.("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
  if (wantsPage) {
    clearTimeout(wantsPage);
    wantsPage = undefined;
    const link = document.querySelector(`.bar [data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  switch (event.key) {
    case "/": {
      const search = document.querySelector("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
      search.select?.();
      return;
    }
    case "g": wantsPage = setTimeout(() => { wantsPage = undefined; }, 1500); return;
    case "p": return hold(!isHeld());
    case "?": event.preventDefault(); return help();
  }
}

function escape(event) {
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (event.target.matches?.("[data-search]")) {
    event.target.blur();
  }
}
