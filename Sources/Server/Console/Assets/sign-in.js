// SPDX-License-Identifier: Apache-2.0
// 'stoker up' prints an address whose fragment is a token: it goes into the form, and out of the address and the history.
function enter() {
  if (!location.hash.startsWith("#stoker_")) return;
  const token = document.getElementById("token");
  token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  token.form.requestSubmit();
}

window.addEventListener("hashchange", enter);
enter();
