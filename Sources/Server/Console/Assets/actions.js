// SPDX-License-Identifier: Apache-2.0
// Sends forms without leaving the page, copies identifiers, chooses rows, and filters while somebody types.
import { go, reload, say } from "./live.js";

export function watchForms() {
  document.addEventListener("submit", submitted);
  document.addEventListener("click", clicked);
  document.addEventListener("change", changed);
  document.addEventListener("input", typed);
  document.addEventListener("console:drawn", count);
}

async function submitted(event) {
  const form = event.target;
  if (form.hasAttribute("data-filter")) {
    event.preventDefault();
    return filter(form);
  }
  if (!form.hasAttribute("data-action")) return;
  event.preventDefault();
  const button = event.submitter;
  const question = button?.dataset.ask;
  if (question && !await confirmed(question, button.textContent)) return;
  const fields = new URLSearchParams(new FormData(form));
  if (button) button.disabled = true;
  try {
    const answer = await fetch(button?.getAttribute("formaction") || form.getAttribute("action"), {
      method: "POST", body: fields, headers: { Accept: "application/json" },
    });
    const told = await answer.json();
    if (!answer.ok) return say([told.detail || told.title, told.remedy].filter(Boolean).join(" "), true);
    say(told.message || button?.dataset.done || form.dataset.done || "Done.", Boolean(told.message));
    form.closest("details")?.removeAttribute("open");
    for (const box of document.querySelectorAll("tbody .box input:checked")) box.checked = false;
    count();
    if (told.then) location.assign(told.then); else await reload();
  } catch {
    say("The server does not answer. Nothing is known of what was asked: look before you repeat it.", true);
  } finally {
    if (button) button.disabled = false;
  }
}

function confirmed(question, verb) {
  const dialog = document.createElement("dialog");
  const text = document.createElement("p");
  const form = document.createElement("form");
  text.textContent = question;
  form.method = "dialog";
  form.className = "actions";
  for (const [value, label, look] of [["yes", verb, "button danger"], ["", "Leave it", "button"]]) {
    const button = document.createElement("button");
    Object.assign(button, { value, textContent: label, className: look });
    form.append(button);
  }
  dialog.setAttribute("aria-label", verb);
  dialog.append(text, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes");
  }));
}

async function clicked(event) {
  const copied = event.target.closest?.("[data-copy]");
  if (copied) {
    try {
      await navigator.clipboard.writeText(copied.dataset.copy);
      say("Copied.");
    } catch {
      say(copied.dataset.copy);
    }
    return;
  }
  // A click elsewhere closes menus.
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

function changed(event) {
  const box = event.target;
  if (box.matches("[data-all]")) {
    for (const other of box.closest("table").querySelectorAll("tbody .box input")) other.checked = box.checked;
  }
  if (box.closest(".box")) count();
  const form = box.closest("form[data-filter]");
  if (form && box.matches("select")) filter(form);
}

function count() {
  const bulk = document.querySelector("[data-bulk]");
  if (!bulk) return;
  const chosen = document.querySelectorAll("tbody .box input:checked").length;
  if (chosen) bulk.dataset.count = chosen; else delete bulk.dataset.count;
}

let waiting;

function typed(event) {
  const form = event.target.closest("form[data-filter]");
  if (!form || event.target.matches("select")) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => filter(form), 250);
}

function filter(form) {
  clearTimeout(waiting);
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) query.append(name, value);
  const text = String(query);
  go(form.getAttribute("action") + (text && `?${text}`));
}
