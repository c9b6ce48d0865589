// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The size of the runs. The default fits into a run of all tests; the environment sets a size that proves something.
enum Scale {
    /// `STOKER_CHAOS_JOBS`
    static let jobs = number("JOBS", default: 60)
    /// `STOKER_CHAOS_KILL_POINTS`: how many applies are killed midway.
    static let killPoints = number("KILL_POINTS", default: 3)
    /// `STOKER_CHAOS_SLOW`: whether tests run that wait for long time-outs of the database.
    static let includesSlow = ProcessInfo.processInfo.environment["STOKER_CHAOS_SLOW"] != nil
    /// `STOKER_SOAK_MINUTES`: 0 skips the soak test.
    static let soakMinutes = Int(ProcessInfo.processInfo.environment["STOKER_SOAK_MINUTES"] ?? "") ?? 0

    private static func number(_ name: String, default: Int) -> Int {
        Int(ProcessInfo.processInfo.environment["STOKER_CHAOS_\(name)"] ?? "") ?? `default`
    }
}

/// Workers with short leases on one database, and the witness: a template whose builds report what they saw.
struct ChaosFleet: Sendable {
    let fleet: Fleet
    let watch: DatabaseWatch
    let witness: Witness

    static let lease = Duration.seconds(3)

    /// Runs the body after the witness was pushed. The database counts how often each job has ended.
    static func open(
        database: String = TestDatabase.current.connectionString,
        settings: [String: String] = [:],
        _ body: (ChaosFleet) async throws -> Void
    ) async throws {
        let quick = [
            "STOKER_WORKER_LEASE_DURATION": "3s",
            "STOKER_WORKER_HEARTBEAT_INTERVAL": "1s",
            "STOKER_WORKER_INTERRUPT_GRACE": "1s",
            "STOKER_WORKER_CONCURRENCY": "4",
            "STOKER_LOG_LEVEL": "debug",
        ]
        let fleet = try await Fleet(database: database, settings: quick.merging(settings) { $1 })
        try await fleet.run("users", "add", "ada")
        let witness = try Witness(fleet)
        try await DatabaseWatch.on(database) { watch in
            for statement in Self.endCounter {
                _ = try await watch.store.pool.execute(Statement("test.end", statement))
            }
            let pusher = try await fleet.worker("pusher")
            try await fleet.run("templates", "push", witness.template.string)
            pusher.send(.terminate)
            try await pusher.exit()
            try await body(ChaosFleet(fleet: fleet, watch: watch, witness: witness))
        }
    }

    private static let endCounter: [SQL] = [
        "CREATE TABLE ends (job_id uuid, status text)",
        """
        CREATE FUNCTION count_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO ends VALUES (NEW.id, NEW.job_status); RETURN NULL; END $$
        """,
        """
        CREATE TRIGGER count_end AFTER UPDATE ON provisioner_jobs FOR EACH ROW
        WHEN (OLD.completed_at IS NULL AND NEW.completed_at IS NOT NULL) EXECUTE FUNCTION count_end()
        """,
    ]

    /// A worker that claims jobs.
    ///
    /// - Parameter launcher: The command line that starts it, if that is not the program itself.
    func worker(
        _ name: String,
        settings: [String: String] = [:],
        through launcher: [String] = []
    ) async throws -> RunningProcess {
        let process = try await fleet.worker(name, settings: settings, through: launcher)
        try await process.line(containing: "worker started")
        return process
    }

    /// Inserts start builds of the witness, for workspaces of ada's with the name and a number.
    ///
    /// - Parameter maxAttempts: More than usual, because here a worker dies every second, wherever a job runs.
    /// - Parameter delay: Seconds until they are due.
    func enqueue(_ count: Int, _ name: String, maxAttempts: Int = 50, due delay: Int = 0) async throws {
        _ = try await watch.store.pool.execute(
            Statement(
                "test.enqueue",
                within: .seconds(30),
                """
                WITH t AS (
                    SELECT t.id, t.organization_id, v.id AS version_id, v.file_id, u.id AS owner_id
                    FROM templates t JOIN template_versions v ON v.id = t.active_version_id, users u
                    WHERE t.name = 'witness' AND u.username = 'ada'
                ), w AS (
                    INSERT INTO workspaces (owner_id, organization_id, template_id, name)
                    SELECT t.owner_id, t.organization_id, t.id, \(name) || n FROM t, generate_series(1, \(count)) n
                    RETURNING id
                ), j AS (
                    INSERT INTO provisioner_jobs (organization_id, initiator_id, provisioner, file_id, max_attempts,
                        template_id, workspace_id, available_at)
                    SELECT t.organization_id, t.owner_id, 'process', t.file_id, \(maxAttempts), t.id, w.id,
                        now() + make_interval(secs => \(delay))
                    FROM t, w
                    RETURNING id, workspace_id
                ), b AS (
                    INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id,
                        job_id)
                    SELECT j.workspace_id, t.version_id, 1, 'start', t.owner_id, j.id FROM t, j
                )
                SELECT pg_notify(\(Channel.jobs), '')
                """
            )
        )
    }

    /// Waits until every build of the witness has succeeded, and returns how they ended: `succeeded`, each once.
    func ends(of name: String, within limit: Duration) async throws -> [String] {
        let pattern = name + "%"
        try await watch.until(
            "the builds of \(name)",
            """
            SELECT count(*) FROM provisioner_jobs j JOIN workspaces w ON w.id = j.workspace_id
            WHERE w.name LIKE \(pattern) AND j.completed_at IS NULL
            """,
            is: 0,
            within: limit
        )
        return try await watch.column(
            """
            SELECT e.status || ' ' || count(*) || ' of ' || count(DISTINCT e.job_id)
            FROM ends e JOIN provisioner_jobs j ON j.id = e.job_id JOIN workspaces w ON w.id = j.workspace_id
            WHERE w.name LIKE \(pattern) GROUP BY e.status ORDER BY e.status
            """
        )
    }

    /// Waits until nothing of any execution is left on the workers' disks; workers discard what is recorded when they
    /// look next.
    func requireNoLeftovers(of workers: [String]) async throws {
        do {
            _ = try await watch.until("no leftovers", within: .seconds(15)) {
                workers.flatMap(leftovers).isEmpty ? true : nil
            }
        } catch is TimedOut {
            Issue.record("left behind: \(workers.flatMap(leftovers))")
        }
    }

    /// What executions have left on this worker's disk: states in the spool, and work directories.
    func leftovers(of worker: String) -> [String] {
        ["spool", "executions", "workspaces"].flatMap { room in
            let path = fleet.workDirectory(of: worker).appending(room).string
            // Files that a kill has left without a name, or half written, are removed after a minute.
            return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
                .filter { !$0.hasPrefix("new-") && !$0.hasSuffix(".partial") }.map { "\(worker)/\(room)/\($0)" }
        }
    }
}
