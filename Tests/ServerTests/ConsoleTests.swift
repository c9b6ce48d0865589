// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import HTTPTypes
import PostgresClient
import Server
import Store
import SystemPackage
import TestSupport
import Testing

/// The console as it is sent: who sees what, what is refused, and that nothing foreign runs in it. `console.py` has what a
/// browser makes of it.
@Suite(.timeLimit(.minutes(1))) struct ConsoleTests {
    private static let pages = [
        "/", "/pools", "/pools/go-dev/us", "/jobs", "/workspaces", "/templates", "/templates/go-dev", "/workers",
        "/webhooks",
        "/people",
    ]

    @Test(.database(.currentSchema)) func `pages run their own files alone, and browsers keep those`() async throws {
        try await APIRoom.open { room async throws in
            let session = try await room.signIn("oona")
            let page = try await room.browse("/", session: session)
            #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
            #expect(page.headers["cache-control"] == "no-store")
            let policy = try #require(page.headers["content-security-policy"])
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'"))
            #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
            // What the policy would keep from running, and what would come from elsewhere.
            for forbidden in ["<style", " style=", "onclick", "javascript:", "http://", "https://", "<script>"] {
                #expect(!page.body.contains(forbidden), "\(forbidden)")
            }
            let style = try await room.browse("/assets/console.css")
            let tag = try #require(style.headers["etag"])
            #expect(style.status == 200 && style.headers["content-type"] == "text/css; charset=utf-8")
            let known = try await room.browse("/assets/console.css", headers: ["If-None-Match": tag])
            #expect(known.status == 304 && known.body.isEmpty)
            #expect(try await room.browse("/assets/none.js").status == 404)
        }
    }

    @Test(.database(.currentSchema)) func `a session is made of a token, and ends at once with it`() async throws {
        try await APIRoom.open { room async throws in
            let first = try await room.browse("/pools?status=empty")
            #expect(first.status == 303 && first.headers["location"] == "/sign-in?to=%2Fpools%3Fstatus%3Dempty")
            let wrong = try await room.browse("/sign-in", form: [("token", "stoker_wrong"), ("to", "/")])
            #expect(wrong.status == 401 && wrong.headers["set-cookie"] == nil && wrong.body.contains("not known"))

            let token = try #require(room.tokens["ada"])
            let entered = try await room.browse("/sign-in", form: [("token", token), ("to", "/pools?status=empty")])
            #expect(entered.status == 303 && entered.headers["location"] == "/pools?status=empty")
            let cookie = try #require(entered.headers["set-cookie"])
            #expect(
                cookie.contains("; HttpOnly; SameSite=Strict;") && !cookie.contains("Secure") && !cookie.contains(token)
            )
            let overTLS = try await room.browse(
                "/sign-in",
                form: [("token", token)],
                headers: ["X-Forwarded-Proto": "https"]
            )
            #expect(overTLS.headers["set-cookie"]?.hasSuffix("; Secure") == true)
            // Never to another host.
            let elsewhere = try await room.browse("/sign-in", form: [("token", token), ("to", "//example.com/")])
            #expect(elsewhere.headers["location"] == "/")
            let foreign = try await room.browse(
                "/sign-in",
                form: [("token", token)],
                headers: ["Sec-Fetch-Site": "cross-site"]
            )
            #expect(foreign.status == 403 && foreign.headers["set-cookie"] == nil)

            func isOpen(_ session: String) async throws -> Bool {
                try await room.browse("/jobs", session: session).status == 200
            }
            let signedOut = try await room.signIn("ada")
            #expect(try await isOpen(signedOut))
            let form = try await room.formToken(signedOut)
            #expect(try await room.browse("/sign-out", session: signedOut, form: [("csrf", "x")]).status == 403)
            #expect(try await isOpen(signedOut))
            let left = try await room.browse("/sign-out", session: signedOut, form: [("csrf", form)])
            #expect(left.status == 303 && left.headers["set-cookie"]?.contains("Max-Age=0") == true)
            #expect(try await !isOpen(signedOut))

            let expired = try await room.signIn("ada")
            try await room.sql("UPDATE sessions SET expires_at = now()")
            #expect(try await !isOpen(expired))
            let revoked = try await room.signIn("ada")
            try await room.sql("DELETE FROM api_tokens a USING users u WHERE u.id = a.user_id AND u.username = 'ada'")
            #expect(try await !isOpen(revoked))
            let disabled = try await room.signIn("bob")
            #expect(try await isOpen(disabled))
            _ = try await room.store.disableUser("bob")
            #expect(try await !isOpen(disabled))
        }
    }

    @Test(.database(.currentSchema))
    func `every page is open to those who may ask for it, and no menu leads elsewhere`()
        async throws
    {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            try await room.sql("UPDATE template_version_presets SET desired_instances = 1")
            _ = try await room.addWorkspace("hers", owner: "ada", of: preset)
            let closed = [
                "oona": [], "tess": ["/webhooks", "/audit"],
                "ada": ["/templates/go-dev", "/workers", "/webhooks", "/audit"],
            ]
            for (person, paths) in closed {
                let session = try await room.signIn(person)
                let overview = try await room.browse("/", session: session)
                for page in Self.pages {
                    let reply = try await room.browse(page, session: session)
                    #expect(reply.status == (paths.contains(page) ? 403 : 200), "\(person) \(page)")
                    guard page.split(separator: "/").count == 1 else { continue }
                    let isListed = overview.body.contains("<a href=\"\(page)\" data-key")
                    #expect(isListed == !paths.contains(page), "\(person) \(page)")
                }
            }
            #expect(try await room.browse("/pools/none/none", session: room.signIn("oona")).status == 404)
            // Things of others do not exist.
            let job = try await room.addWorkspace("his", owner: "bob", of: preset)
            #expect(try await room.browse("/jobs/\(job)", session: room.signIn("ada")).status == 404)
            #expect(try await room.browse("/jobs/\(job)/log", session: room.signIn("oona")).body.hasSuffix(" made\n"))
        }
    }

    @Test(.database(.currentSchema)) func `a form does what the caller may, and nothing for another site`() async throws
    {
        try await APIRoom.open { room async throws in
            let oona = try await room.signIn("oona")
            let ada = try await room.signIn("ada")
            let (owners, members) = (try await room.formToken(oona), try await room.formToken(ada))
            func pause(_ session: String, _ form: String?) async throws -> Int {
                let fields =
                    [("reason", "a drill"), ("until.in", "3600"), ("back", "/")]
                    + (form.map { [("csrf", $0)] } ?? [])
                return try await room.browse("/do/startMaintenance", session: session, form: fields).status
            }
            #expect(try await pause(oona, nil) == 403)
            #expect(try await pause(oona, members) == 403)
            #expect(try await pause(ada, members) == 403)
            #expect(try await room.store.pause() == nil)
            #expect(try await pause(oona, owners) == 303)
            #expect(try await room.store.pause()?.reason == "a drill")
            let page = try await room.browse("/", session: oona)
            #expect(page.body.contains("The fleet is in maintenance") && page.body.contains("a drill"))

            // Scripts are told in JSON, and where to go on.
            _ = try await room.addTemplate()
            let claimed = try await room.browse(
                "/do/claimWorkspace",
                session: ada,
                form: [
                    ("csrf", members), ("pool", "go-dev/us"), ("name", "dev"), ("then", "/workspaces/{workspace_id}"),
                ],
                headers: ["Accept": "application/json"]
            )
            #expect(claimed.status == 200 && claimed.body.contains("\"then\":\"/workspaces/"))
            let again = try await room.browse(
                "/do/claimWorkspace",
                session: ada,
                form: [("csrf", members), ("pool", "go-dev/us"), ("name", "dev")],
                headers: ["Accept": "application/json"]
            )
            #expect(again.status == 409 && again.problem == "name-taken")
            // A secret is shown once, here.
            let made = try await room.browse(
                "/do/addToken",
                session: ada,
                form: [("csrf", members), ("name", "laptop"), ("scopes", "read"), ("back", "/people")]
            )
            #expect(made.status == 200 && made.body.contains("stoker_"))
            // Reads are pages, not forms.
            #expect(try await room.browse("/do/listUsers", session: oona, form: [("csrf", owners)]).status == 404)
        }
    }

    @Test(.database(.currentSchema)) func `what comes from templates stays text, with its colours`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let job = try await room.addWorkspace("prebuild", owner: "prebuilds", of: preset)
            let evil =
                "<script>alert(1)</script> \u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{07}\u{1b}[2Jend \u{202e}turned"
            try await room.sql("UPDATE template_version_presets SET desired_instances = 1, name = '\"><b>us'")
            try await room.sql("UPDATE provisioner_jobs SET error = \(evil) WHERE id = \(job)")
            try await room.sql("UPDATE provisioner_job_logs SET output = \(evil)")
            let session = try await room.signIn("oona")
            for path in ["/", "/pools", "/pools/go-dev/%22%3E%3Cb%3Eus", "/jobs", "/jobs/\(job)"] {
                let page = try await room.browse(path, session: session)
                #expect(page.status == 200, "\(path)")
                #expect(
                    page.body.contains("&lt;") && !page.body.contains("<script>alert") && !page.body.contains("<b>us")
                )
                #expect(!page.body.contains("\u{202e}") && !page.body.contains("\u{1b}"), "\(path)")
            }
            let page = try await room.browse("/jobs/\(job)", session: session)
            let line =
                "&lt;script&gt;alert(1)&lt;/script&gt; <span class=\"f1\">red</span> end \\u202eturned</span></li>"
            #expect(page.body.contains(line))
        }
    }

    @Test(.database(.currentSchema)) func `a thousand pools are found by filter, order and part, in little`()
        async throws
    {
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            try await room.sql(
                """
                INSERT INTO template_version_presets (template_version_id, name, desired_instances)
                SELECT v.id, 'preset-with-a-rather-long-name-' || n, n % 7
                FROM template_versions v, generate_series(1, 1000) n
                """
            )
            let session = try await room.signIn("oona")
            let began = ContinuousClock.now
            let first = try await room.browse("/pools", session: session)
            let took = began.duration(to: .now)
            print("1,000 pools: \(first.body.utf8.count) bytes, \(took)")
            #expect(first.status == 200 && first.body.utf8.count < 300_000)
            #expect(first.body.contains("1–100 of 1000") && first.body.contains("rel=\"next\" href=\"/pools?page=2\""))
            let one = try await room.browse("/pools?q=go-dev%20name-77&sort=-name", session: session)
            #expect(one.body.contains("name-778") && !one.body.contains("name-1000") && one.body.contains("aria-sort"))
            let last = try await room.browse("/pools?page=99&sort=name", session: session)
            #expect(last.body.contains("901–1000 of 1000") && last.body.contains("rel=\"prev\""))
            let empty = try await room.browse("/pools?status=healthy&q=nothing", session: session)
            #expect(empty.body.contains("No pool fits the filter."))
        }
    }

    @Test(.database(.currentSchema)) func `a stream tells what the page has not, and goes on where it was cut`()
        async throws
    {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let job = try await room.addWorkspace("hers", owner: "ada", of: preset)
            let session = try await room.signIn("ada")
            let page = try await room.browse("/jobs/\(job)", session: session)
            let seen = try #require(page.body.firstMatch(of: /data-seen="([^"]+)"/)?.output.1)
            func events(_ id: String, until word: String) async throws -> [String] {
                // It ends the connection as soon as it has read the word, or after the time of a look without one.
                let command = """
                    timeout 20 curl -sN -H 'Cookie: stoker_session=\(session)' -H 'Last-Event-ID: \(id)' \
                    'http://\(room.address)/live?page=/jobs/\(job)' | sed '/\(word)/q'
                    """
                return try await RunningProcess.outcome(of: "/bin/sh", ["-c", command]).standardOutput
            }
            // Nothing is new: a sign of life comes.
            #expect(try await events(String(seen), until: "^:").contains { $0.hasPrefix("event: ") } == false)
            let known = try await events("x.0", until: "event: log")
            #expect(known.contains("event: page") && known.contains("event: log"))
            try await room.sql(
                "INSERT INTO provisioner_job_logs (job_id, level, output) VALUES (\(job), 'info', 'more')"
            )
            let fresh = try await events(String(seen), until: "^data")
            #expect(fresh.contains("event: log") && !fresh.contains("event: page"))
            #expect(fresh.last?.contains("more") == true && fresh.last?.contains("made") == false)
            try await room.sql("DELETE FROM sessions")
            #expect(try await room.browse("/live?page=/jobs/\(job)", session: session).status == 401)
        }
    }
}

extension APIRoom {
    /// Signs somebody in; returns the text of the session.
    fileprivate func signIn(_ person: String) async throws -> String {
        let reply = try await browse("/sign-in", form: [("token", tokens[person] ?? person)])
        let cookie = try #require(reply.headers["set-cookie"], "\(reply.body)")
        return String(cookie.prefix { $0 != ";" }.dropFirst("stoker_session=".count))
    }

    /// What the forms of a session carry.
    fileprivate func formToken(_ session: String) async throws -> String {
        let page = try await browse("/", session: session)
        return String(try #require(page.body.firstMatch(of: /name="csrf" value="([^"]+)"/)?.output.1))
    }
}
