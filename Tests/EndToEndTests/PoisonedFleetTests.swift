// SPDX-License-Identifier: Apache-2.0

import Glibc
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Templates that try to stop, freeze, fill or break the workers that run them, all at once, with the built binary.
@Suite(.timeLimit(.minutes(3))) struct PoisonedFleetTests {
    @Test(.database(.currentSchema))
    func `three workers outlive every poison, each build ends once, and the queue moves`() async throws {
        let fleet = try await Fleet(settings: [
            "STOKER_WORKER_CONCURRENCY": "4",
            "STOKER_WORKER_LEASE_DURATION": "20s",
            "STOKER_WORKER_INTERRUPT_GRACE": "1s",
            "STOKER_WORKER_BUILD_TIMEOUT": "20s",
        ])
        try await fleet.run("users", "add", "ada")
        var workers: [RunningProcess] = []
        for name in ["one", "two", "three"] { workers.append(try await fleet.worker(name)) }
        for worker in workers { try await worker.line(containing: "worker started") }
        try await fleet.run("templates", "push", Poison.template.string)
        try await DatabaseWatch.on(fleet.database) { watch in
            for statement in Self.endCounter {
                _ = try await watch.store.pool.execute(Statement("test.ends", statement))
            }
            // Those that use up all their time come first, so that the others do not wait for them.
            let poisons = Poison.allCases.sorted { $0.takesAllTime && !$1.takesAllTime }
            try await Self.enqueue(poisons.map(\.rawValue), on: watch)
            do {
                try await watch.until("all builds to end", Self.unended, is: 0, within: .seconds(100))
            } catch let error as TimedOut {
                // The list below names them.
                Issue.record(error)
            }
            try await Self.expectEnds(watch)
            let fills = """
                SELECT count(*) FROM (
                    SELECT job_id FROM provisioner_job_logs GROUP BY job_id
                    HAVING sum(octet_length(output) + octet_length(stage)) > 1200000
                ) filled
                """ as SQL
            #expect(try await watch.number(fills) == 0)

            let leases = "SELECT min(extract(epoch FROM lease_expires_at) * 1000)::bigint FROM workers" as SQL
            let before = try await watch.number(leases)
            _ = try await watch.until("renewed leases") { try await watch.number(leases) > before ? true : nil }
            let alive = "SELECT name || ' ' || state FROM workers WHERE lease_expires_at > now() ORDER BY name" as SQL
            #expect(try await watch.column(alive) == ["one active", "three active", "two active"])
            #expect(try await watch.number("SELECT count(*) FROM workers") == 3)
            for worker in workers { #expect(kill(worker.pid, 0) == 0) }

            try await Self.enqueue(["none"], on: watch)
            let healthy = """
                SELECT count(*) FROM provisioner_jobs j JOIN workspaces w ON w.id = j.workspace_id
                WHERE w.name = 'none' AND j.job_status = 'succeeded'
                """ as SQL
            try await watch.until("a healthy build", healthy, is: 1)
        }
        for worker in workers {
            worker.send(.terminate)
            #expect(try await worker.exit(within: .seconds(30)) == .exited(0))
        }
    }

    private static let unended: SQL = "SELECT count(*) FROM provisioner_jobs WHERE completed_at IS NULL"

    private static func expectEnds(_ watch: DatabaseWatch) async throws {
        let rows = try await watch.store.pool.execute(
            Statement(
                "test.ends",
                """
                SELECT w.name, j.job_status::text, coalesce(j.error_code, ''), coalesce(left(j.error, 300), j.retry_reason, ''), j.attempt,
                    (SELECT count(*) FROM ends WHERE job_id = j.id),
                    coalesce(convert_from(b.provisioner_state, 'UTF8'), '')
                FROM provisioner_jobs j JOIN workspaces w ON w.id = j.workspace_id JOIN workspace_builds b ON b.job_id = j.id
                """
            )
        )
        #expect(rows.count == Poison.allCases.count)
        for row in rows {
            let (name, status, code, error, attempt, ends, state) = try row.decode(
                String.self,
                String.self,
                String.self,
                String.self,
                Int.self,
                Int.self,
                String.self
            )
            let failure = try #require(Poison(rawValue: name)).failure
            #expect(status == (failure == nil ? "succeeded" : "failed"), "\(name): \(error)")
            #expect(code == failure?.code ?? "", "\(name)")
            #expect(failure.map { error.contains($0.words) } ?? true, "\(name): \(error)")
            #expect((attempt, ends) == (1, 1), "\(name)")
            #expect(state == Poison.state, "\(name)")
        }
    }

    private static let endCounter: [SQL] = [
        "CREATE TABLE ends (job_id uuid)",
        """
        CREATE FUNCTION count_end() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO ends VALUES (NEW.id); RETURN NULL; END $$
        """,
        """
        CREATE TRIGGER count_end AFTER UPDATE ON provisioner_jobs FOR EACH ROW
        WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL) EXECUTE FUNCTION count_end()
        """,
    ]

    /// A build of a separate workspace for each poison, with the poison's name.
    private static func enqueue(_ poisons: [String], on watch: DatabaseWatch) async throws {
        _ = try await watch.store.pool.execute(
            Statement(
                "test.enqueue",
                """
                WITH t AS (
                    SELECT t.id, t.organization_id, v.id AS version_id, v.file_id, u.id AS owner_id
                    FROM templates t JOIN template_versions v ON v.id = t.active_version_id, users u
                    WHERE t.name = 'poison' AND u.username = 'ada'
                ), w AS (
                    INSERT INTO workspaces (owner_id, organization_id, template_id, name)
                    SELECT t.owner_id, t.organization_id, t.id, p.name
                    FROM t, unnest(\(poisons)) WITH ORDINALITY p(name, position) ORDER BY p.position
                    RETURNING id, name
                ), j AS (
                    INSERT INTO provisioner_jobs (organization_id, initiator_id, provisioner, file_id, max_attempts,
                        template_id, workspace_id)
                    SELECT t.organization_id, t.owner_id, 'process', t.file_id, 3, t.id, w.id FROM t, w
                    RETURNING id, workspace_id
                ), b AS (
                    INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id,
                        job_id)
                    SELECT j.workspace_id, t.version_id, 1, 'start', t.owner_id, j.id FROM t, j
                    RETURNING id, workspace_id
                ), p AS (
                    INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
                    SELECT b.id, 'poison', w.name FROM b JOIN w ON w.id = b.workspace_id
                )
                SELECT pg_notify(\(Channel.jobs), '')
                """
            )
        )
    }
}
