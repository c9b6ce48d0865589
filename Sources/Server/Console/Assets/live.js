// SPDX-License-Identifier: Apache-2.0
// One stream for the page, which goes on where it was cut; and going from page to page without losing the place.
import { appendLog } from "./log.js";
import { morph } from "./morph.js";
import { holdsSelection } from "./times.js";

const main = document.getElementById("main");
let stream, pending, held = false, cutSince, retry, pause = 1000;

export function follow() {
  const control = document.querySelector("[data-live-switch]");
  control.addEventListener("click", () => hold(!held));
  // A hidden page needs no stream, and browsers allow few.
  document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
  document.addEventListener("selectionchange", settle);
  window.addEventListener("pagehide", close);
  document.addEventListener("click", clicked);
  window.addEventListener("popstate", () => go(location.href, false));
  open();
}

export function hold(isHeld) {
  held = isHeld;
  const control = document.querySelector("[data-live-switch]");
  control.setAttribute("aria-pressed", String(!held));
  control.querySelector("[data-live-word]").textContent = held ? "held" : "live";
  held ? close() : open();
}

export const isHeld = () => held;

function open() {
  if (stream || held || document.hidden) return;
  clearTimeout(retry);
  const query = new URLSearchParams({ page: main.dataset.page, seen: main.dataset.seen });
  stream = new EventSource(`/live?${query}`);
  stream.addEventListener("open", () => { pause = 1000; back(); });
  stream.addEventListener("page", event => {
    pending = { id: event.lastEventId, ...JSON.parse(event.data) };
    settle();
  });
  stream.addEventListener("log", event => {
    appendLog(JSON.parse(event.data));
    main.dataset.seen = event.lastEventId;
  });
  stream.addEventListener("ended", () => { close(); location.assign(`/sign-in?to=${encodeURIComponent(main.dataset.page)}`); });
  stream.addEventListener("gone", event => { close(); say(JSON.parse(event.data) || "This is gone.", true); });
  stream.addEventListener("error", () => {
    cut();
    // A refused stream is not tried again by the browser.
    close();
    retry = setTimeout(open, pause);
    pause = Math.min(pause * 2, 10000);
  });
}

function close() {
  clearTimeout(retry);
  stream?.close();
  stream = undefined;
}

/** Draws what has come, unless somebody is selecting text. */
function settle() {
  if (!pending || holdsSelection()) return;
  const news = pending;
  pending = undefined;
  main.dataset.seen = news.id;
  document.title = `${news.title} · Stoker`;
  morph(main, news.main);
}

function cut() {
  if (cutSince) return;
  cutSince = new Date();
  setTimeout(() => {
    if (!cutSince) return;
    document.querySelector("[data-cut-at]").textContent = cutSince.toLocaleTimeString();
    document.getElementById("cut").hidden = false;
  }, 1500);
}

function back() {
  cutSince = undefined;
  document.getElementById("cut").hidden = true;
}

/** Says something for a while. */
export function say(text, isBad = false) {
  const line = document.createElement("p");
  line.textContent = text;
  if (isBad) line.className = "bad";
  document.getElementById("said").append(line);
  setTimeout(() => line.remove(), isBad ? 15000 : 5000);
}

function clicked(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  // Sorting, filters and parts of the same page.
  if (link.origin !== location.origin || link.pathname !== location.pathname || link.hash || link.hasAttribute("download")) return;
  event.preventDefault();
  go(link.href, true);
}

/** Shows another view of this page, at its own address. */
export async function go(address, isNew = true) {
  const url = new URL(address, location.href);
  if (url.pathname !== location.pathname && isNew) return location.assign(url);
  if (isNew) history.pushState(null, "", url);
  await reload();
}

/** Asks for the page again at once. */
export async function reload() {
  close();
  const address = location.pathname + location.search;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) return location.reload();
    const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = drawn.getElementById("main");
    pending = undefined;
    Object.assign(main.dataset, { page: fresh.dataset.page, seen: fresh.dataset.seen });
    document.title = drawn.title;
    morph(main, fresh.innerHTML);
  } catch {
    cut();
  }
  open();
}
