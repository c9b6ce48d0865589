// SPDX-License-Identifier: Apache-2.0

// Made of Sources/Server/Page/page.html by Scripts/embed-pages.
package enum Page {
    package static let html = ####"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Stoker</title>
        <link rel="icon" href="data:,">
        <style>
        :root {
          color-scheme: light dark;
          --back: light-dark(#f6f7f9, #14171c);
          --card: light-dark(#ffffff, #1c2027);
          --line: light-dark(#d8dce3, #333a45);
          --text: light-dark(#1a1f27, #e4e8ee);
          --soft: light-dark(#5b6472, #98a3b3);
          --accent: light-dark(#a6420e, #f08a4b);
          --good: light-dark(#1a7f43, #53c27f);
          --bad: light-dark(#b3261e, #f2867d);
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
        header, main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
        header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; }
        h1 { font-size: 1.4rem; margin: 0; color: var(--accent); }
        h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
        #at { color: var(--soft); margin-left: auto; }
        section, form { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem;
          margin-bottom: 1rem; overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        th { color: var(--soft); font-weight: 500; white-space: nowrap; }
        tr:last-child td { border-bottom: 0; }
        td.number, th.number { text-align: right; }
        td.why { white-space: pre-line; color: var(--soft); min-width: 16rem; }
        .good { color: var(--good); } .bad { color: var(--bad); }
        .notice { border-left: .3rem solid var(--accent); }
        p { margin: .3rem 0; } .soft { color: var(--soft); }
        label { display: block; margin-bottom: .3rem; }
        input { font: inherit; width: 100%; max-width: 34rem; padding: .4rem .6rem; border: 1px solid var(--line);
          border-radius: .3rem; background: var(--back); color: inherit; }
        button { font: inherit; padding: .4rem 1rem; border: 0; border-radius: .3rem; background: var(--accent);
          color: light-dark(#fff, #14171c); cursor: pointer; }
        button.plain { background: none; color: var(--soft); padding: 0; text-decoration: underline; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        [hidden] { display: none; }
        </style>
        </head>
        <body>
        <header>
          <h1>Stoker</h1>
          <span id="at" role="status" aria-live="off"></span>
          <button id="leave" class="plain" hidden>Forget the token</button>
        </header>
        <main>
          <form id="enter" hidden>
            <label for="token">Token (<code>stoker tokens add page --user NAME --scope read</code> makes one)</label>
            <p><input id="token" type="password" autocomplete="off" spellcheck="false" required></p>
            <button>Show</button>
          </form>
          <section id="problem" class="notice" role="alert" hidden></section>
          <div id="fleet" hidden>
            <section id="pause" class="notice" hidden></section>
            <section><h2>Pools</h2><div id="pools"></div></section>
            <section><h2>Jobs</h2><div id="jobs"></div></section>
            <section><h2>Workers</h2><div id="workers"></div></section>
            <section><h2>Deliveries</h2><div id="deliveries"></div></section>
          </div>
          <noscript><section>This page shows what <code>/api/v1/status</code> tells, and needs JavaScript for it.</section></noscript>
        </main>
        <script>
        "use strict";
        const byId = id => document.getElementById(id);
        const stored = "stoker-token";
        let timer;

        // 'stoker up' prints an address that ends in a token; it is taken out of sight and of the history.
        if (location.hash.startsWith("#stoker_")) {
          sessionStorage.setItem(stored, location.hash.slice(1));
          history.replaceState(null, "", location.pathname);
        }

        function element(name, text, className) {
          const made = document.createElement(name);
          if (text !== undefined) made.textContent = text;
          if (className) made.className = className;
          return made;
        }

        function table(columns, rows, empty) {
          if (!rows.length) return element("p", empty, "soft");
          const made = element("table");
          const head = made.createTHead().insertRow();
          for (const column of columns) {
            const cell = element("th", column.title, column.className);
            cell.scope = "col";
            head.append(cell);
          }
          const body = made.createTBody();
          for (const row of rows) {
            const line = body.insertRow();
            for (const column of columns) {
              const shown = column.of(row);
              const cell = element("td", shown && shown.text !== undefined ? shown.text : shown, column.className);
              if (shown && shown.mark) cell.classList.add(shown.mark);
              line.append(cell);
            }
          }
          return made;
        }

        const number = (title, of) => ({ title, of, className: "number" });
        const age = seconds => seconds < 120 ? `${Math.floor(seconds)} s` : seconds < 7200 ? `${Math.floor(seconds / 60)} min`
          : `${Math.floor(seconds / 3600)} h`;

        function why(pool) {
          const withheld = pool.withheld.map(one =>
            `${one.type} ${one.count} withheld${one.until ? ` until ${one.until}` : ""}: ${one.reason}: ${one.message}`);
          const actions = pool.actions.map(one => one.type === "create" ? `create ${one.count}`
            : `delete ${one.workspace_ids.length}: ${one.reason}`);
          return [...actions, ...withheld, ...(pool.warnings || [])].join("\n") || "";
        }

        function show(status) {
          byId("at").textContent = status.now;
          const pause = status.pause;
          byId("pause").hidden = !pause;
          if (pause) {
            byId("pause").textContent = (pause.kind === "maintenance" ? "The fleet is in maintenance" : "The reconciler is paused")
              + (pause.until ? ` until ${pause.until}` : "") + (pause.ordered_by ? `, by ${pause.ordered_by}` : "")
              + (pause.reason ? `: ${pause.reason}` : ".");
          }
          byId("pools").replaceChildren(table([
            { title: "Template", of: pool => pool.template_name },
            { title: "Preset", of: pool => pool.preset_name },
            { title: "Status", of: pool => ({
              text: pool.active ? pool.status.replace("_", " ") : "inactive",
              mark: pool.active && pool.status !== "healthy" ? "bad" : "" }) },
            number("Desired", pool => pool.state.desired),
            number("Running", pool => pool.state.actual),
            number("Eligible", pool => ({ text: pool.state.eligible,
              mark: pool.state.desired ? (pool.state.eligible ? "good" : "bad") : "" })),
            number("Starting", pool => pool.state.starting),
            number("Deleting", pool => pool.state.deleting),
            { title: "Next, and why not", of: why, className: "why" },
          ], status.presets, "There are no pools. Push a template with 'stoker templates push DIR'."));
          const waits = status.oldest_pending_seconds;
          byId("jobs").replaceChildren(table([
            { title: "Status", of: job => job.status },
            { title: "Class", of: job => job.class },
            number("Count", job => job.count),
          ], status.jobs, "No jobs wait or run."), element("p", waits > 0 ? `The oldest has waited for ${age(waits)}.` : "", "soft"));
          byId("workers").replaceChildren(table([
            { title: "Name", of: worker => worker.name },
            { title: "State", of: worker => ({ text: worker.state, mark: worker.state === "active" ? "good" : "bad" }) },
            number("Busy", worker => `${worker.running} of ${worker.capacity}`),
            { title: "Lease", of: worker => worker.lease_remaining_seconds > 0 ? age(worker.lease_remaining_seconds) : "ended" },
            { title: "Version", of: worker => worker.version },
            { title: "Why", of: worker => worker.state_reason, className: "why" },
          ], status.workers, "No worker is up. Start one with 'stoker worker'."));
          const sent = status.deliveries;
          byId("deliveries").replaceChildren(element("p", `${sent.backlog} waiting`
            + (sent.oldest_pending_seconds > 0 ? `, the oldest for ${age(sent.oldest_pending_seconds)}` : "")
            + `; ${sent.dead} given up.`, sent.dead ? "bad" : ""));
        }

        function complain(text) {
          byId("problem").hidden = !text;
          byId("problem").textContent = text;
        }

        function ask() {
          byId("fleet").hidden = byId("leave").hidden = true;
          byId("enter").hidden = false;
          byId("token").focus();
        }

        async function refresh() {
          clearTimeout(timer);
          const token = sessionStorage.getItem(stored);
          if (!token) return ask();
          try {
            const answer = await fetch("/api/v1/status", { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
            const body = await answer.json();
            if (answer.ok) {
              complain("");
              show(body);
              byId("fleet").hidden = byId("leave").hidden = false;
            } else {
              complain([body.detail || body.title, body.remedy].filter(Boolean).join(" "));
              if (answer.status === 401 || answer.status === 403) { sessionStorage.removeItem(stored); return ask(); }
            }
          } catch (error) {
            complain(`The server does not answer (${error.message}). What is shown may be out of date.`);
          }
          timer = setTimeout(refresh, document.hidden ? 15000 : 2000);
        }

        byId("enter").addEventListener("submit", event => {
          event.preventDefault();
          sessionStorage.setItem(stored, byId("token").value.trim());
          byId("token").value = "";
          byId("enter").hidden = true;
          refresh();
        });
        byId("leave").addEventListener("click", () => { sessionStorage.removeItem(stored); complain(""); refresh(); });
        document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
        refresh();
        </script>
        </body>
        </html>

        """####
}
