// SPDX-License-Identifier: Apache-2.0
// Makes the page's content what the server has drawn, and leaves alone what is the same: focus, scrolling, open menus and
// what somebody is typing stay.

export function morph(target, html) {
  // In an element of its own, so that blanks at its beginning are kept as the page has them.
  const drawn = new DOMParser().parseFromString(`<main>${html}</main>`, "text/html").body.firstChild;
  children(target, drawn);
  document.dispatchEvent(new Event("console:drawn"));
}

const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.id || node.getAttribute("data-key") : "";
const isSameKind = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName;

function children(target, drawn) {
  const keyed = new Map();
  for (const child of target.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  let place = target.firstChild;
  for (const wanted of [...drawn.childNodes]) {
    const key = keyOf(wanted);
    const match = key ? keyed.get(key) : ahead(place, wanted);
    if (!match || !isSameKind(match, wanted)) {
      target.insertBefore(document.importNode(wanted, true), place);
      continue;
    }
    // What lies between is not wanted; what has a key may still be.
    while (!key && place !== match) {
      const next = place.nextSibling;
      if (!keyOf(place)) place.remove();
      place = next;
    }
    if (match === place) place = place.nextSibling;
    else target.insertBefore(match, place);
    keyed.delete(key);
    node(match, wanted);
  }
  while (place) {
    const next = place.nextSibling;
    if (!keyOf(place)) place.remove();
    place = next;
  }
  for (const rest of keyed.values()) rest.remove();
}

/** The next node without a key that can become the wanted one. */
function ahead(place, wanted) {
  for (let node = place; node; node = node.nextSibling) if (!keyOf(node) && isSameKind(node, wanted)) return node;
  return null;
}

function node(target, wanted) {
  if (target.nodeType !== Node.ELEMENT_NODE) {
    if (target.data !== wanted.data) target.data = wanted.data;
    return;
  }
  // What people do here is theirs.
  if (target.hasAttribute("data-keep")) return;
  if (target.localName === "details" && target.open) return;
  if (target.localName === "form" && target.hasAttribute("data-filter") && target.contains(document.activeElement)) return;
  attributes(target, wanted);
  if (target.localName === "time" && target.dataset.local) return;
  if (target.localName === "select") return options(target, wanted);
  children(target, wanted);
}

function attributes(target, wanted) {
  for (const { name } of [...target.attributes]) {
    if (!wanted.hasAttribute(name) && !["open", "data-local", "data-count", "checked"].includes(name)) target.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (name === "title" && target.localName === "time" && target.getAttribute("datetime") === wanted.getAttribute("datetime")) continue;
    if (target.getAttribute(name) === value) continue;
    if (name === "datetime") delete target.dataset.local;
    target.setAttribute(name, value);
  }
}

function options(target, wanted) {
  if (target.innerHTML === wanted.innerHTML) return;
  const value = target.value;
  children(target, wanted);
  if ([...target.options].some(option => option.value === value)) target.value = value;
}
