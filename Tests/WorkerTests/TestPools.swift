// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Logging
import Operations
import PostgresClient
import Prebuilds
import Store
import TestSupport

@testable import Worker

extension DatabaseTemplate {
    /// The schema of this program, and nothing else.
    static let migrated = DatabaseTemplate("migrated") { url in
        try await TestPools.connected(to: url, sessions: 1) { _ = try await $0.migrate() }
    }
}

/// The database of the running test, with one template whose presets are pools.
struct TestPools: Sendable {
    let store: Store

    static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    static func open<Result>(sessions: Int = 8, _ body: (TestPools) async throws -> Result) async throws -> Result {
        try await open(on: TestDatabase.current.connectionString, sessions: sessions, body)
    }

    static func open<Result>(
        on url: String,
        sessions: Int = 8,
        _ body: (TestPools) async throws -> Result
    ) async throws -> Result {
        try await connected(to: url, sessions: sessions) { store in
            let pools = TestPools(store: store)
            try await pools.sql(
                """
                WITH template AS (
                    INSERT INTO templates (organization_id, name, created_by, active_version_id)
                    SELECT id, 'go-dev', \(prebuildsUserID), gen_random_uuid() FROM organizations WHERE is_default
                    RETURNING *
                )
                INSERT INTO template_versions (id, template_id, organization_id, name, created_by)
                SELECT active_version_id, id, organization_id, 'first', created_by FROM template
                """
            )
            return try await body(pools)
        }
    }

    static func connected<Result>(
        to url: String,
        sessions: Int,
        _ body: (Store) async throws -> Result
    ) async throws -> Result {
        try await PostgresPool.withPool(PostgresConfiguration(url), size: sessions, logger: logger) { pool in
            try await body(Store(pool: pool))
        }
    }

    @discardableResult
    func sql(_ sql: SQL) async throws -> QueryResult {
        try await store.pool.execute(Statement("test", within: .seconds(60), sql))
    }

    func value<Value: PostgresDecodable>(_ sql: SQL, as type: Value.Type = Value.self) async throws -> Value {
        guard let row = try await self.sql(sql).first else {
            throw StoreError(.inconsistent, "a test's statement returned no row")
        }
        return try row.decode(Value.self)
    }

    /// One pass of a reconciler.
    @discardableResult
    func reconcile() async throws -> PassResult {
        try await Reconciler(
            store: store,
            worker: .random(),
            interval: .seconds(60),
            limits: PlanLimits(),
            bell: Doorbell(),
            drain: Drain(),
            logger: Self.logger
        ).pass()
    }

    func addWorker(slots: Int) async throws -> WorkerID {
        let worker = WorkerRegistration(
            name: "w",
            hostname: "",
            version: "1",
            tags: #"{"scope":"organization","owner":""}"#,
            capacity: slots,
            leaseDuration: .seconds(60)
        )
        try await store.register(worker)
        return worker.id
    }

    @discardableResult
    func addPreset(_ name: String, desired: Int) async throws -> PresetID {
        try await value(
            """
            INSERT INTO template_version_presets (template_version_id, name, desired_instances)
            SELECT active_version_id, \(name), \(desired) FROM templates RETURNING id
            """
        )
    }

    /// Prebuilds whose first build runs.
    func addStarting(_ count: Int, of preset: PresetID) async throws {
        for _ in 0..<count {
            try await sql(
                """
                WITH job AS (
                    INSERT INTO provisioner_jobs (organization_id, initiator_id, started_at)
                    SELECT organization_id, \(prebuildsUserID), now() FROM templates RETURNING id
                ), workspace AS (
                    INSERT INTO workspaces (owner_id, organization_id, template_id, name)
                    SELECT \(prebuildsUserID), organization_id, id, 'prebuild-' || gen_random_uuid() FROM templates
                    RETURNING id
                )
                INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id,
                    job_id, template_version_preset_id)
                SELECT workspace.id, active_version_id, 1, 'start', \(prebuildsUserID), job.id, \(preset)
                FROM templates, job, workspace
                """
            )
        }
    }

    /// Every build that was begun succeeds.
    func finishBuilds() async throws {
        try await sql(
            """
            UPDATE provisioner_jobs SET started_at = coalesce(started_at, now()), completed_at = now()
            WHERE completed_at IS NULL
            """
        )
    }

    /// Prebuilds that wait for their first build.
    var pending: Int {
        get async throws {
            try await value(
                """
                SELECT count(*) FROM workspace_latest_builds b JOIN workspaces w ON w.id = b.workspace_id
                WHERE w.owner_id = \(prebuildsUserID) AND b.transition = 'start' AND b.job_status = 'pending'
                """
            )
        }
    }

    /// From now on, whoever inserts prebuilds takes a second about it and leaves a row in `visits`.
    func slowDown() async throws {
        try await sql("CREATE TABLE visits (entered timestamptz, left_at timestamptz)")
        try await sql(
            """
            CREATE FUNCTION visit() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE entered timestamptz := clock_timestamp();
            BEGIN
                PERFORM pg_sleep(1);
                INSERT INTO visits VALUES (entered, clock_timestamp());
                RETURN NULL;
            END $$
            """
        )
        try await sql("CREATE TRIGGER visit AFTER INSERT ON workspaces FOR EACH STATEMENT EXECUTE FUNCTION visit()")
    }

    /// Waits until a session is inside of what ``slowDown()`` made slow. The server looks for it.
    func awaitVisit() async throws {
        try await sql(
            """
            DO $$
            BEGIN
                WHILE NOT EXISTS (
                    SELECT FROM pg_stat_activity
                    WHERE wait_event = 'PgSleep' AND datname = current_database() AND pid <> pg_backend_pid()
                ) LOOP
                    PERFORM pg_sleep(0.01);
                    PERFORM pg_stat_clear_snapshot();
                END LOOP;
            END $$
            """
        )
    }

    /// Waits until the condition is true. The server looks.
    func until(_ condition: String) async throws {
        try await sql(
            .init(
                trusted: """
                    DO $$
                    BEGIN
                        WHILE NOT (\(condition)) LOOP PERFORM pg_sleep(0.01); END LOOP;
                    END $$
                    """
            )
        )
    }
}
