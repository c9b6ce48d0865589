// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import PostgresClient
import Store
import TestSupport
import Testing

/// Lists that are narrowed, and orders for all that a filter selects.
@Suite(.timeLimit(.minutes(1)))
struct FilterTests {
    private struct Job: Decodable { let id: JobID, workspace_name: String }

    /// Three workspaces of ada's and one of bob's: their builds have succeeded, failed, wait and run.
    private static func open(_ body: (APIRoom, [String: JobID]) async throws -> Void) async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            var jobs: [String: JobID] = [:]
            for (name, owner) in [("done", "ada"), ("failed", "ada"), ("waits", "ada"), ("runs", "bob")] {
                jobs[name] = try await room.addWorkspace(name, owner: owner, of: preset)
            }
            try await room.sql("INSERT INTO workers (name, lease_expires_at) VALUES ('one', now() + interval '1 hour')")
            try await room.sql(
                """
                UPDATE provisioner_jobs j SET priority = 3, completed_at = CASE WHEN w.name IN ('done', 'failed') THEN now() END,
                    error = CASE WHEN w.name = 'failed' THEN 'it broke' END,
                    error_code = CASE WHEN w.name = 'failed' THEN 'PROVISIONER_FAILED' END,
                    started_at = CASE WHEN w.name <> 'waits' THEN now() END,
                    worker_id = CASE WHEN w.name = 'runs' THEN (SELECT id FROM workers) END
                FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id WHERE b.job_id = j.id
                """
            )
            try await body(room, jobs)
        }
    }

    @Test(
        .database(.currentSchema),
        arguments: [
            ("status=failed", ["failed"]), ("class=interactive&status=pending", ["waits"]), ("class=pool", []),
            ("template=GO-dev&preset=us", ["done", "failed", "runs", "waits"]), ("worker=one", ["runs"]),
            ("workspace=Done", ["done"]), ("owner=bob", ["runs"]), ("error_code=PROVISIONER_FAILED", ["failed"]),
            ("since=2999-01-01T00:00:00Z", []), ("until=2999-01-01T00:00:00Z&owner=ada", ["done", "failed", "waits"]),
        ]
    )
    func `jobs are narrowed`(query: String, names: [String]) async throws {
        try await Self.open { room, _ in
            let found = try await room.ask(.get, "/jobs?\(query)").decoded([Job].self)
            #expect(found.map(\.workspace_name).sorted() == names)
        }
    }

    @Test(.database(.currentSchema)) func `a filter that names nothing that exists is refused, with the nearest name`()
        async throws
    {
        try await Self.open { room, _ in
            for (path, hint) in [
                ("/jobs?template=go-dv", "go-dev"), ("/jobs?template=go-dev&preset=uss", "us"),
                ("/jobs?worker=onne", "one"),
                ("/jobs?workspace=fialed", "failed"), ("/jobs?owner=oda", "ada"), ("/workspaces?owner=bbo", "bob"),
                ("/workspaces?template=go-dew", "go-dev"), ("/workspaces?preset=uz", "us"),
                ("/prebuilds?template=go-dav", "go-dev"), ("/prebuilds?preset=ur", "us"),
            ] {
                let reply = try await room.ask(.get, path)
                #expect(
                    reply.problem == "not-found" && reply.body.contains("Did you mean '\(hint)'?"),
                    "\(path): \(reply.body)"
                )
            }
            // What is somebody else's does not exist.
            #expect(try await room.ask(.get, "/workspaces?owner=bob", as: "ada").problem == "not-found")
            #expect(try await room.ask(.get, "/jobs?workspace=runs", as: "ada").problem == "not-found")
            #expect(
                try await room.ask(.get, "/workspaces?owner=ada&status=failed&template=go-dev", as: "ada").status == 200
            )
            #expect(try await room.ask(.get, "/jobs?limit=-1").problem == "wrong-type")
        }
    }

    @Test(.database(.currentSchema)) func `the first digits of an id are enough`() async throws {
        try await Self.open { room, jobs in
            let job = try #require(jobs["done"])
            let workspace = try #require(try await room.sql("SELECT id FROM workspaces WHERE name = 'done'").first)
                .decode(WorkspaceID.self)
            for digits in ["\(job)".prefix(9), "\(job)".prefix(36)] {
                #expect(try await room.ask(.get, "/jobs?id=\(digits)").decoded([Job].self).map(\.id) == [job])
            }
            #expect(try await room.ask(.get, "/jobs?id=zzzz").decoded([Job].self).isEmpty)
            struct Shown: Decodable { let name: String }
            #expect(
                try await room.ask(.get, "/workspaces/\("\(workspace)".prefix(10))").decoded(Shown.self).name == "done"
            )
        }
    }

    @Test(.database(.currentSchema)) func `jobs of a filter are canceled and retried together, and only one's own`()
        async throws
    {
        try await Self.open { room, jobs in
            struct Batch: Decodable { let jobs: [JobID], more: Bool }
            let none = try await room.ask(.post, "/job-batches/cancel", body: "{}")
            #expect(none.problem == "invalid", "\(none.body)")
            let ended = try await room.ask(.post, "/job-batches/cancel", body: #"{"status": "failed"}"#)
            #expect(ended.problem == "invalid")
            let mine = try await room.ask(.post, "/job-batches/cancel", as: "ada", body: #"{"template": "go-dev"}"#)
            #expect(try mine.decoded(Batch.self).jobs == [jobs["waits"]])
            let all = try await room.ask(.post, "/job-batches/cancel", body: #"{"template": "go-dev"}"#).decoded(
                Batch.self
            )
            #expect(all.jobs == [jobs["runs"]] && !all.more)
            let cut = try await room.ask(.post, "/job-batches/retry", body: #"{"owner": "ada", "limit": 1}"#).decoded(
                Batch.self
            )
            #expect(cut.jobs == [jobs["waits"]] && cut.more)
            let rest = try await room.ask(.post, "/job-batches/retry", body: #"{"owner": "ada"}"#).decoded(Batch.self)
            #expect(rest.jobs == [jobs["failed"]] && !rest.more)
            let pending = try await room.ask(.get, "/jobs?status=pending").decoded([Job].self)
            #expect(pending.map(\.workspace_name).sorted() == ["failed", "waits"])
        }
    }
}
