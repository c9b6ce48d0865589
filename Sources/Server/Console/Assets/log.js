// SPDX-License-Identifier: Apache-2.0
// The log of a job: new lines at its end, and a search in it.

const logOf = () => document.querySelector("[data-log]");

/** Adds lines that the server has drawn; follows them when the end is in view. */
export function appendLog(html) {
  const log = logOf();
  if (!log) return;
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const lines = new DOMParser().parseFromString(`<ol>${html}</ol>`, "text/html").body.firstChild;
  for (const line of [...lines.children]) {
    if (!document.getElementById(line.id)) log.append(document.importNode(line, true));
  }
  search();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

export function watchLog() {
  document.addEventListener("input", event => { if (event.target.matches("[data-log-search]")) search(); });
  document.addEventListener("change", event => { if (event.target.matches("[data-log-errors]")) search(); });
  const log = logOf();
  if (log && !location.hash) log.scrollTop = log.scrollHeight;
}

function search() {
  const log = logOf();
  const words = (document.querySelector("[data-log-search]")?.value || "").toLowerCase();
  const errors = document.querySelector("[data-log-errors]")?.checked;
  let found = 0;
  for (const line of log?.children || []) {
    const fits = (!words || line.querySelector(".text").textContent.toLowerCase().includes(words))
      && (!errors || line.matches(".error-line, .warn-line"));
    line.hidden = !fits;
    if (fits) found += 1;
  }
  const told = document.querySelector("[data-log-found]");
  if (told) told.textContent = words || errors ? `${found} lines` : "";
}
