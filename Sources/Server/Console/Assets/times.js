// SPDX-License-Identifier: Apache-2.0
// Relative times as the server writes them, kept up to date by the server's clock.

let ahead = 0;

/** How far the server's clock is ahead of this one, by a moment that it has just told. */
export function setClock(milliseconds) { ahead = milliseconds - Date.now(); }

export function length(seconds) {
  const s = Math.max(Math.floor(seconds), 0);
  const minutes = Math.floor(s / 60), hours = Math.floor(s / 3600);
  if (s < 60) return `${s} s`;
  if (s < 600) return s % 60 ? `${minutes} min ${s % 60} s` : `${minutes} min`;
  if (s < 3600) return `${minutes} min`;
  if (s < 36000) return s % 3600 < 60 ? `${hours} h` : `${hours} h ${Math.floor(s % 3600 / 60)} min`;
  return s < 172800 ? `${hours} h` : `${Math.floor(s / 86400)} d`;
}

export function relative(element) {
  const at = Date.parse(element.dateTime);
  const seconds = (Date.now() + ahead - at) / 1000;
  if (element.hasAttribute("data-since")) return length(seconds);
  if (Math.abs(seconds) < 2) return "now";
  return seconds > 0 ? `${length(seconds)} ago` : `in ${length(-seconds)}`;
}

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

function refresh() {
  for (const element of document.querySelectorAll("time[datetime]")) {
    const text = relative(element);
    // The text node stays, so that a selection around it does.
    if (element.firstChild && element.firstChild.data !== text) element.firstChild.data = text;
    if (!element.dataset.local) {
      element.dataset.local = "1";
      element.title = `${local.format(Date.parse(element.dateTime))}\n${element.title}`;
    }
  }
}

export function watchTimes() {
  refresh();
  setInterval(() => { if (!document.hidden && !holdsSelection()) refresh(); }, 1000);
  document.addEventListener("console:drawn", refresh);
}

/** Whether something in the page is selected: then nothing is drawn anew. */
export function holdsSelection() {
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && document.getElementById("main").contains(selection.anchorNode));
}
