// SPDX-License-Identifier: Apache-2.0
// Pages are complete without this: it keeps them up to date, sends their forms, and listens to keys.
import { watchForms } from "./actions.js";
import { watchKeys } from "./keys.js";
import { follow } from "./live.js";
import { watchLog } from "./log.js";
import { watchTimes } from "./times.js";

document.documentElement.classList.add("js");
watchTimes();
watchForms();
watchKeys();
watchLog();
if (document.querySelector("main[data-page]")) follow();
