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

/// Nothing is said to be done that the database has not kept: every operation that writes, with a commit that fails.
@Suite(.timeLimit(.minutes(2)))
struct RefusedCommitTests {
    /// How an operation is asked for.
    private struct Recipe {
        let path: String
        /// A statement that returns the text in the place of `{}` in the path.
        let find: String?
        let body: String?
        let headers: [String: String]
        /// Makes what must be there first.
        let setUp: @Sendable (APIRoom) async throws -> Void

        init(
            _ path: String,
            find: String? = nil,
            _ body: String? = "{}",
            headers: [String: String] = [:],
            setUp: @escaping @Sendable (APIRoom) async throws -> Void = { _ in }
        ) {
            self.path = path
            self.find = find
            self.body = body
            self.headers = headers
            self.setUp = setUp
        }

        func path(_ room: APIRoom) async throws -> String {
            guard let find else { return path }
            let rows = try await room.sql(SQL(trusted: find))
            return path.replacing("{}", with: try #require(rows.first).decode(String.self))
        }
    }

    /// Those that are asked for by a method that writes, and write nothing.
    private static let reading: Set<String> = ["explainSchedule", "previewSchedules", "revealOutputs"]

    private static func archive() throws -> String {
        let manifest = """
            name: pushed
            provisioner: process
            presets: [{ name: base, prebuilds: { instances: 0 } }]
            """
        let entries = [
            ArchiveEntry.file("stoker.yaml", Array(manifest.utf8)),
            .file("provision", Array("#!/bin/sh\n".utf8), executable: true),
        ]
        return String(decoding: try TarArchive.pack(entries), as: UTF8.self)
    }

    private static let pendingJob = """
        SELECT job_id::text FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
        WHERE j.job_status = 'pending' LIMIT 1
        """

    private static let allJobsEnd: SQL = """
        UPDATE provisioner_jobs SET started_at = now(), completed_at = now() WHERE completed_at IS NULL
        """

    /// In an order in which each finds what it needs.
    private static func recipes() throws -> [(name: String, recipe: Recipe)] {
        [
            ("addUser", Recipe("/users", #"{"name": "carla"}"#)),
            ("setUserRoles", Recipe("/users/carla/roles", #"{"roles": ["owner"]}"#)),
            ("disableUser", Recipe("/users/carla/disable")),
            ("enableUser", Recipe("/users/carla/enable")),
            ("removeUser", Recipe("/users/carla", nil)),
            ("addOrganization", Recipe("/organizations", #"{"name": "lab"}"#)),
            ("setOrganization", Recipe("/organizations/lab", #"{"prebuild_quota": 3}"#)),
            ("addToken", Recipe("/tokens", #"{"name": "mine"}"#)),
            ("revokeToken", Recipe("/tokens/{}", find: "SELECT id::text FROM api_tokens WHERE name = 'mine'", nil)),
            (
                "pushTemplate",
                Recipe("/templates", try archive(), headers: ["Content-Type": "application/x-tar"])
            ),
            ("setTemplate", Recipe("/templates/go-dev", #"{"max_concurrent_builds": 3}"#)),
            ("promoteTemplateVersion", Recipe("/templates/go-dev/promote", #"{"version": "v1"}"#)),
            ("deprecateTemplate", Recipe("/templates/go-dev/deprecate", #"{"undo": true}"#)),
            ("resetPresets", Recipe("/presets/reset", #"{"target": "go-dev"}"#)),
            ("invalidatePresets", Recipe("/presets/invalidate", #"{"target": "go-dev"}"#)),
            (
                "setPool",
                Recipe("/pools/set", #"{"target": "go-dev/us", "instances": 2}"#) {
                    try await $0.sql("UPDATE template_version_presets SET desired_instances = 0")
                }
            ),
            ("resetPool", Recipe("/pools/reset", #"{"target": "go-dev/us"}"#)),
            ("pausePrebuilds", Recipe("/prebuilds/pause")),
            ("resumePrebuilds", Recipe("/prebuilds/resume")),
            (
                "reconcile",
                Recipe("/reconcile") { try await $0.sql("UPDATE template_version_presets SET desired_instances = 1") }
            ),
            (
                "claimWorkspace",
                Recipe("/claims", #"{"template": "go-dev", "name": "dev", "owner": "ada"}"#) {
                    try await $0.sql("UPDATE template_version_presets SET desired_instances = 0")
                }
            ),
            ("cancelJob", Recipe("/jobs/{}/cancel", find: pendingJob)),
            (
                "retryJob",
                Recipe("/jobs/{}/retry", find: "SELECT id::text FROM provisioner_jobs WHERE job_status = 'failed'") {
                    try await $0.sql(
                        """
                        UPDATE provisioner_jobs SET started_at = now(), completed_at = now(), canceled_at = NULL,
                            error = 'x', error_code = 'FAILED'
                        WHERE id IN (SELECT job_id FROM workspace_builds WHERE reason = 'initiator')
                        """
                    )
                }
            ),
            ("cancelJobs", Recipe("/job-batches/cancel", #"{"status": "pending"}"#)),
            ("retryJobs", Recipe("/job-batches/retry", #"{"template": "go-dev"}"#)),
            (
                "deleteWorkspace",
                Recipe("/workspaces/old?owner=ada", nil) {
                    let rows = try await $0.sql("SELECT max(id::text)::uuid FROM template_version_presets")
                    _ = try await $0.addWorkspace("old", owner: "ada", of: rows[0].decode(PresetID.self))
                }
            ),
            (
                "stopWorkspace",
                Recipe("/workspaces/box/stop") {
                    let rows = try await $0.sql("SELECT max(id::text)::uuid FROM template_version_presets")
                    _ = try await $0.addWorkspace("box", owner: "ada", of: rows[0].decode(PresetID.self))
                }
            ),
            ("startWorkspace", Recipe("/workspaces/box/start") { try await $0.sql(allJobsEnd) }),
            ("restartWorkspace", Recipe("/workspaces/box/restart") { try await $0.sql(allJobsEnd) }),
            ("extendWorkspace", Recipe("/workspaces/box/extend", #"{"ttl": 3600}"#)),
            (
                "claimWorkspaces",
                Recipe(
                    "/claim-batches",
                    #"{"template": "go-dev", "name": "run", "owner": "ada", "count": 1, "labels": {"run": "17"}}"#
                ) {
                    let rows = try await $0.sql("SELECT max(id::text)::uuid FROM template_version_presets")
                    _ = try await $0.addWorkspace("ready", owner: "prebuilds", of: rows[0].decode(PresetID.self))
                }
            ),
            (
                "deleteWorkspaces",
                Recipe("/workspace-batches/delete", #"{"selector": "run=17"}"#) { try await $0.sql(allJobsEnd) }
            ),
            (
                "pauseRollout",
                Recipe("/rollouts/go-dev/pause") {
                    try await $0.sql(
                        """
                        INSERT INTO template_rollouts (template_id, from_version_id, to_version_id)
                        SELECT id, active_version_id, active_version_id FROM templates WHERE name = 'go-dev'
                        """
                    )
                }
            ),
            ("resumeRollout", Recipe("/rollouts/go-dev/resume")),
            ("rollBackRollout", Recipe("/rollouts/go-dev/rollback")),
            (
                "updateWorkspace",
                Recipe("/workspaces/box/update", #"{"yes": true}"#) {
                    try await $0.sql(allJobsEnd)
                    try await $0.sql(
                        """
                        WITH version AS (
                            INSERT INTO template_versions (template_id, organization_id, name, created_by)
                            SELECT id, organization_id, 'v2', created_by FROM templates WHERE name = 'go-dev'
                            RETURNING id, template_id
                        )
                        UPDATE templates t SET active_version_id = version.id FROM version WHERE t.id = version.template_id
                        """
                    )
                }
            ),
            (
                "drainWorkers",
                Recipe("/workers/one/drain") {
                    try await $0.sql(
                        "INSERT INTO workers (name, lease_expires_at) VALUES ('one', now() + interval '1 hour')"
                    )
                }
            ),
            ("resumeWorkers", Recipe("/workers/one/resume")),
            ("startMaintenance", Recipe("/maintenance")),
            ("stopMaintenance", Recipe("/maintenance", nil)),
            ("addEndpoint", Recipe("/webhooks", #"{"name": "hook", "url": "https://example.com/hook"}"#)),
            ("rotateEndpointSecret", Recipe("/webhooks/hook/rotate-secret")),
            ("disableEndpoint", Recipe("/webhooks/hook/disable")),
            ("enableEndpoint", Recipe("/webhooks/hook/enable")),
            ("testEndpoint", Recipe("/webhooks/hook/test", #"{"wait": 0}"#)),
            (
                "replayDeliveries",
                Recipe("/deliveries/replay", #"{"since": "2020-01-01T00:00:00Z"}"#) {
                    try await $0.sql(
                        "UPDATE webhook_deliveries SET status = 'permanent_failure', is_trial = false, completed_at = now()"
                    )
                }
            ),
            ("removeEndpoint", Recipe("/webhooks/hook?force=true", nil)),
            (
                "deleteTemplate",
                Recipe("/templates/go-dev", nil) { try await $0.sql("UPDATE workspaces SET deleted = true") }
            ),
        ]
    }

    @Test(.database(.currentSchema))
    func `an operation whose commit fails says so, and can be asked for again`() async throws {
        let recipes = try Self.recipes()
        let writing = OperationTable.all.filter { !$0.route.isRead && !Self.reading.contains($0.name) }
        #expect(Set(recipes.map(\.name)) == Set(writing.map(\.name)), "an operation that is not tried here")
        let routes = Dictionary(uniqueKeysWithValues: writing.map { ($0.name, $0.route) })
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            try await room.refuseCommits()
            for (name, recipe) in recipes {
                let route = try #require(routes[name])
                try await recipe.setUp(room)
                let path = try await recipe.path(room)
                try await room.sql("UPDATE refusing SET refuses = true")
                let refused = try await room.ask(route.method, path, body: recipe.body, headers: recipe.headers)
                #expect(refused.status >= 500, "\(name) was answered \(refused.status): \(refused.body)")
                try await room.sql("UPDATE refusing SET refuses = false")
                let done = try await room.ask(route.method, path, body: recipe.body, headers: recipe.headers)
                #expect(done.status == route.status.code, "\(name) again: \(done.status) \(done.body)")
            }
        }
    }

    @Test(.database(.currentSchema))
    func `a connection that is lost during the commit leaves the outcome unknown, and a key makes it sure`()
        async throws
    {
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            try await room.refuseCommits()
            try await room.sql("UPDATE refusing SET refuses = true, hangs_up = true")
            let body = #"{"template": "go-dev", "name": "dev", "owner": "ada"}"#
            let key = ["Idempotency-Key": "once"]
            let lost = try await room.ask(.post, "/claims", body: body, headers: key)
            #expect(lost.problem == "outcome-unknown")
            #expect(lost.status == 500)
            #expect(lost.headers["Retry-After"] == nil)
            try await room.sql("UPDATE refusing SET refuses = false")
            struct Claim: Decodable { let workspace_id: String }
            let first = try await room.ask(.post, "/claims", body: body, headers: key).decoded(Claim.self)
            let second = try await room.ask(.post, "/claims", body: body, headers: key).decoded(Claim.self)
            #expect(first.workspace_id == second.workspace_id)
        }
    }
}

extension APIRoom {
    /// Lets commits that change anything fail while the table `refusing` says so.
    fileprivate func refuseCommits() async throws {
        try await store.pool.withSession { session in
            try await session.executeScript(
                Statement(
                    "test.refuse",
                    """
                    CREATE TABLE refusing (refuses bool, hangs_up bool);
                    INSERT INTO refusing VALUES (false, false);
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        IF (SELECT refuses AND hangs_up FROM refusing) THEN
                            PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(60);
                        END IF;
                        IF (SELECT refuses FROM refusing) THEN RAISE EXCEPTION 'refused at the commit'; END IF;
                        RETURN NULL;
                    END $$;
                    DO $$
                    DECLARE name text;
                    BEGIN
                        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'refusing' LOOP
                            EXECUTE format(
                                'CREATE CONSTRAINT TRIGGER refuse AFTER %s ON %I DEFERRABLE INITIALLY DEFERRED '
                                    'FOR EACH ROW EXECUTE FUNCTION refuse()',
                                -- A token's use is noted with each request.
                                CASE name WHEN 'api_tokens' THEN 'INSERT OR DELETE' ELSE 'INSERT OR UPDATE OR DELETE' END,
                                name
                            );
                        END LOOP;
                    END $$;
                    """
                )
            )
        }
    }
}
