// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import Operations
import PostgresClient
import Store
import Templates
import TestSupport
import Testing

/// Who changed what and when.
@Suite(.timeLimit(.minutes(1)))
struct AuditTests {
    /// A request that changes something: the operation, and its fields as JSON.
    private struct Step: Sendable {
        let name: String
        let fields: @Sendable (APIRoom) async throws -> String

        init(_ name: String, _ fields: String = "{}") {
            self.init(name) { _ in fields }
        }

        init(_ name: String, _ fields: @escaping @Sendable (APIRoom) async throws -> String) {
            self.name = name
            self.fields = fields
        }
    }

    private static let archive: [ArchiveEntry] = [
        .file("stoker.yaml", Array("name: pushed\nprovisioner: process\npresets: [{ name: base }]".utf8)),
        .file("provision", [1], executable: true),
    ]

    /// Every operation that changes something, in an order in which each has something to change.
    private static let steps: [Step] = [
        Step("addUser", #"{"name": "zoe"}"#),
        Step("setUserRoles", #"{"user": "zoe", "roles": ["template-admin"]}"#),
        Step("addToken", #"{"name": "laptop", "user": "zoe"}"#),
        Step("revokeToken") {
            #"{"token": "\#(try await id("SELECT id FROM api_tokens WHERE name = 'laptop'", $0))"}"#
        },
        Step("disableUser", #"{"user": "zoe"}"#),
        Step("enableUser", #"{"user": "zoe"}"#),
        Step("removeUser", #"{"user": "zoe"}"#),
        Step("addOrganization", #"{"name": "lab"}"#),
        Step("setOrganization", #"{"organization": "lab", "prebuild_quota": 3}"#),
        Step("pushTemplate") { _ in
            #"{"archive": "\#(Data(try TarArchive.pack(archive)).base64EncodedString())", "message": "first"}"#
        },
        Step("setTemplate", #"{"template": "go-dev", "max_concurrent_builds": 3}"#),
        Step("promoteTemplateVersion", #"{"template": "go-dev", "version": "v1"}"#),
        Step(
            "claimWorkspace",
            #"{"template": "go-dev", "name": "dev", "owner": "ada", "parameters": {"key": "sensitive"}}"#
        ),
        Step("cancelJob") { #"{"job": "\#(try await id(claimJob, $0))"}"# },
        Step("retryJob") { #"{"job": "\#(try await id(claimJob, $0))"}"# },
        Step("cancelJobs", #"{"workspace": "dev", "status": "pending"}"#),
        Step("retryJobs", #"{"workspace": "dev", "template": "go-dev"}"#),
        Step("revealOutputs", #"{"workspace": "box"}"#),
        Step("deleteWorkspace", #"{"workspace": "old", "owner": "ada"}"#),
        Step("resetPresets", #"{"target": "go-dev/us"}"#),
        Step("invalidatePresets", #"{"target": "go-dev", "preset": "us"}"#),
        Step("setPool", #"{"target": "go-dev/us", "instances": 2}"#),
        Step("resetPool", #"{"target": "go-dev/us"}"#),
        Step("pausePrebuilds", #"{"reason": "lunch"}"#),
        Step("resumePrebuilds"),
        Step("startMaintenance", #"{"reason": "upgrade"}"#),
        Step("stopMaintenance"),
        Step("reconcile"),
        Step("drainWorkers", #"{"worker": "one"}"#),
        Step("resumeWorkers", #"{"worker": "one"}"#),
        Step(
            "addEndpoint",
            #"{"name": "hook", "url": "https://example.com/sensitive", "headers": {"X-Key": "sensitive"}, "secret": "\#(secret)"}"#
        ),
        Step("rotateEndpointSecret", #"{"endpoint": "hook"}"#),
        Step("disableEndpoint", #"{"endpoint": "hook", "reason": "noise"}"#),
        Step("enableEndpoint", #"{"endpoint": "hook"}"#),
        Step("testEndpoint", #"{"endpoint": "hook", "wait": 0}"#),
        Step("replayDeliveries", #"{"since": "2025-06-02T03:00:00Z"}"#),
        Step("removeEndpoint", #"{"endpoint": "hook", "force": true}"#),
        Step("deprecateTemplate", #"{"template": "other", "message": "use go-dev"}"#),
        Step("deleteTemplate", #"{"template": "other"}"#),
    ]

    /// Those that need much to be there, and come the same way.
    private static let alike: Set<String> = [
        "claimWorkspaces", "deleteWorkspaces", "extendWorkspace", "pauseRollout", "restartWorkspace", "resumeRollout",
        "rollBackRollout", "startWorkspace", "stopWorkspace", "updateWorkspace",
    ]

    private static let secret = "whsec_" + String(repeating: "c2Vuc2l0aXZl", count: 3)
    private static let claimJob: SQL = """
        SELECT b.job_id FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id WHERE w.name = 'dev'
        """

    private static func id(_ query: SQL, _ room: APIRoom) async throws -> JobID {
        try #require(try await room.sql(query).first).decode(JobID.self)
    }

    /// A template with a workspace and a worker, and operations that oona asks for.
    private static func open(_ body: (APIRoom, OperationContext) async throws -> Void) async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            try await room.sql(
                """
                INSERT INTO template_version_parameters (template_version_id, name, required)
                SELECT template_version_id, 'key', false FROM template_version_presets
                """
            )
            try await room.sql("UPDATE template_version_presets SET desired_instances = 0")
            _ = try await room.addWorkspace("old", owner: "ada", of: preset)
            _ = try await room.addWorkspace("box", owner: "oona", of: preset)
            _ = try await room.addTemplate("other")
            try await room.sql("INSERT INTO workers (name, lease_expires_at) VALUES ('one', now() + interval '1 hour')")
            var context = try APIRoom.context(room.store, TestDatabase.current.connectionString)
            let oona: UserID = try #require(try await room.sql("SELECT id FROM users WHERE username = 'oona'").first)
                .decode(UserID.self)
            context.caller = Caller(name: "oona", userID: oona, role: .owner)
            context.origin = .console
            try await body(room, context)
        }
    }

    private static func perform(_ step: Step, in room: APIRoom, _ context: OperationContext) async throws {
        let operation = try #require(OperationTable.all.first { $0.name == step.name })
        _ = try await operation.read(Data(try await step.fields(room).utf8)).perform(context)
    }

    @Test(.database(.currentSchema)) func `each operation that changes something leaves one entry`() async throws {
        let changing = OperationTable.all.filter { !$0.route.isRead }.map(\.name)
        // A new operation needs a step here.
        #expect(Set(Self.steps.map(\.name)).union(Self.alike) == Set(changing))
        try await Self.open { room, context in
            for step in Self.steps {
                let before = try await room.store.audit(AuditSelection(), limit: 1000).count
                try await Self.perform(step, in: room, context)
                let entries = try await room.store.audit(AuditSelection(), limit: 1000)
                #expect(entries.count == before + 1, "\(step.name)")
                let entry = try #require(entries.first)
                #expect(entry.action == step.name)
                #expect(entry.actor == "oona" && entry.actorID == context.caller.userID && entry.origin == .console)
            }
            let entries = try await room.store.audit(AuditSelection(), limit: 1000)
            let targets = Dictionary(entries.map { ($0.action, $0.target) }) { first, _ in first }
            #expect(targets["addUser"] == "zoe" && targets["claimWorkspace"] == "ada/dev")
            #expect(targets["deleteWorkspace"] == "ada/old" && targets["addToken"] == "zoe/laptop")
            #expect(targets["promoteTemplateVersion"] == "go-dev" && targets["pushTemplate"] == "pushed")
            #expect(targets["invalidatePresets"] == "go-dev/us" && targets["drainWorkers"] == "one")
            let claim = try #require(entries.first { $0.action == "claimWorkspace" })
            #expect(claim.details == ["template": "go-dev", "name": "dev", "owner": "ada", "parameters": "key"])
            #expect(entries.first { $0.action == "pausePrebuilds" }?.details == ["reason": "lunch"])
            let text = String(decoding: try JSONEncoder.sorted.encode(entries), as: UTF8.self)
            #expect(!text.contains("sensitive") && !text.contains(Self.secret))
        }
    }

    @Test(.database(.currentSchema)) func `without its entry there is no change`() async throws {
        let together = Set(Self.steps.map(\.name)).subtracting(["reconcile", "testEndpoint", "revealOutputs"])
        try await Self.open { room, context in
            for step in Self.steps {
                if together.contains(step.name) {
                    try await room.sql("ALTER TABLE audit_entries ADD CONSTRAINT refused CHECK (false) NOT VALID")
                    let before = try await Self.contents(room)
                    await #expect(throws: PostgresError.self, "\(step.name)") {
                        try await Self.perform(step, in: room, context)
                    }
                    #expect(try await Self.contents(room) == before, "\(step.name)")
                    try await room.sql("ALTER TABLE audit_entries DROP CONSTRAINT refused")
                }
                try await Self.perform(step, in: room, context)
            }
        }
    }

    /// Everything that operations change, but for what a failed claim leaves on purpose: its record.
    private static func contents(_ room: APIRoom) async throws -> String {
        let rows = try await room.sql(
            """
            SELECT md5(concat(
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM users x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM api_tokens x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM organizations x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM templates x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM template_versions x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM template_version_presets x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM workspaces x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM workspace_builds x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM provisioner_jobs x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM workers x),
                (SELECT string_agg(x::text, '' ORDER BY x.key) FROM settings x),
                (SELECT string_agg(x::text, '' ORDER BY x.id) FROM webhook_endpoints x)
            ))
            """
        )
        return try rows.only().decode(String.self)
    }

    @Test(.database(.currentSchema)) func `what was refused, or asked again with the same key, leaves none`()
        async throws
    {
        try await Self.open { room, context in
            await #expect(throws: StoreError.self) { _ = try await AddUser(name: "ada").performed(in: context) }
            #expect(try await room.store.audit(AuditSelection(), limit: 10).isEmpty)
            let request = ClaimRequest(template: "go-dev", owner: "ada", name: "dev", idempotencyKey: "k")
            for _ in 0..<2 { _ = try await ClaimWorkspace(request).performed(in: context) }
            #expect(try await room.store.audit(AuditSelection(), limit: 10).map(\.action) == ["claimWorkspace"])
        }
    }

    @Test(.database(.currentSchema)) func `it is for owners, has pages and filters, and says by which way`()
        async throws
    {
        try await APIRoom.open { room async throws in
            for name in ["u1", "u2", "u3"] {
                let added = try await room.ask(.post, "/users", body: #"{"name": "\#(name)"}"#)
                #expect(added.status == 201)
            }
            _ = try await room.ask(.post, "/maintenance", body: "{}")
            for person in ["ada", "tess"] {
                #expect(try await room.ask(.get, "/audit", as: person).problem == "forbidden")
            }
            let first = try await room.ask(.get, "/audit?limit=3")
            #expect(try first.decoded([AuditEntry].self).map(\.action) == ["startMaintenance", "addUser", "addUser"])
            let link = try #require(first.headers["link"])
            let next = link.dropFirst("</api/v1".count).prefix { $0 != ">" }
            let rest = try await room.ask(.get, String(next)).decoded([AuditEntry].self)
            #expect(rest.map(\.target) == ["u1"] && rest.map(\.origin.text) == ["api"] && rest.map(\.actor) == ["oona"])
            #expect(try await room.ask(.get, "/audit?target=U2").decoded([AuditEntry].self).count == 1)
            #expect(try await room.ask(.get, "/audit?actor=ada").decoded([AuditEntry].self).isEmpty)
            #expect(try await room.ask(.get, "/audit?since=2999-01-01T00:00:00Z").decoded([AuditEntry].self).isEmpty)
            let unknown = try await room.ask(.get, "/audit?action=addUsr")
            #expect(unknown.problem == "not-found" && unknown.body.contains("addUser"))
        }
    }
}
