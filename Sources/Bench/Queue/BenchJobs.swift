// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
package import Store
import Time

/// Jobs that only the measurement that made them executes: no other worker has their tags.
package struct BenchJobs: Hashable, Sendable {
    /// The tags that a worker needs for them; they distinguish this run's jobs from all others.
    package let tags: String

    package init() {
        tags = "{\"bench\":\"\(JobID.random())\"}"
    }

    var json: PostgresJSON { PostgresJSON(tags) }

    /// The result.
    struct Result: Hashable {
        let ended: Int
        /// Jobs that were not executed exactly once. Must be 0.
        let notOnce: Int
        /// From the first claim to the last end, by the database's clock.
        let seconds: Double
        /// Jobs per second, over the last quarter of them.
        let lateRate: Double

        /// Jobs per second.
        var rate: Double { Double(ended) / max(seconds, .ulpOfOne) }
    }
}

extension Store {
    /// Enqueues that many jobs without work, in one transaction with one notification, as a producer would.
    package func enqueueNoOps(_ count: Int, _ bench: BenchJobs) async throws {
        let id = TimeOrderedID.sql(at: try await now())
        try await self.bench(
            """
            WITH jobs AS (
                INSERT INTO provisioner_jobs (id, organization_id, initiator_id, provisioner, input, tags, created_at)
                SELECT \(sql: id), o.id, \(prebuildsUserID), 'echo', '{"no_op": true}', \(bench.json), clock_timestamp()
                FROM organizations o, generate_series(1, \(count)) WHERE o.is_default
                RETURNING claim_order
            )
            SELECT \(sql: News.column(News.jobs(of: "jobs")))
            """
        )
    }

    /// Enqueues one job without work, of the class for which a person waits.
    func enqueueNoOp(_ bench: BenchJobs) async throws {
        try await self.bench(
            """
            WITH job AS (
                INSERT INTO provisioner_jobs (organization_id, initiator_id, provisioner, input, tags, priority)
                SELECT o.id, \(prebuildsUserID), 'echo', '{"no_op": true}', \(bench.json), \(JobClass.interactive.priority)
                FROM organizations o WHERE o.is_default
                RETURNING claim_order
            )
            SELECT \(sql: News.column(News.jobs(of: "job")))
            """
        )
    }

    /// Adds that many jobs that ended over the last weeks. Only for a database that holds nothing else.
    func addFinished(_ count: Int) async throws {
        let id = TimeOrderedID.sql(at: try await now() - .seconds(3_600))
        try await bench(
            """
            INSERT INTO provisioner_jobs (id, organization_id, initiator_id, provisioner, tags, available_at, started_at,
                completed_at, created_at, worker_id, claim_epoch, attempt)
            SELECT \(sql: id), o.id, \(prebuildsUserID), 'echo', \(BenchJobs().json), at, at, at, at, o.id, 1, 1
            FROM organizations o, generate_series(1, \(count)) n,
                LATERAL (SELECT now() - make_interval(secs => 3600 + 2 * (\(count) - n)) AS at) age
            WHERE o.is_default
            """
        )
        try await settle()
    }

    /// How many transactions this database has seen, as reported by its sessions: idle sessions report some seconds
    /// later.
    func transactionCount() async throws -> Int {
        try await bench("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
            .only().decode(Int.self)
    }

    /// Performs the body while a transaction is held open that began before and keeps its snapshot.
    package func holdingTransaction<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await pool.withTransaction("bench.hold", isolation: .repeatableRead, attempts: 1) { transaction in
            _ = try await transaction.execute(Statement("bench.hold", "SELECT count(*) FROM workers"))
            return try await body()
        }
    }

    /// Whether jobs of the run are not finished yet.
    func hasUnfinished(_ bench: BenchJobs) async throws -> Bool {
        try await self.bench(
            """
            SELECT EXISTS (
                SELECT FROM provisioner_jobs WHERE job_status = 'pending' AND tags = \(bench.json)
            ) OR EXISTS (
                SELECT FROM provisioner_jobs
                WHERE completed_at IS NULL AND worker_id IS NOT NULL AND tags = \(bench.json)
            )
            """
        ).only().decode(Bool.self)
    }

    /// The result of the run.
    func result(of bench: BenchJobs) async throws -> BenchJobs.Result {
        let row = try await self.bench(
            """
            SELECT count(*) FILTER (WHERE completed_at IS NOT NULL), count(*) FILTER (WHERE claim_epoch <> 1),
                coalesce(extract(epoch FROM max(completed_at) - min(started_at))::float8, 0),
                coalesce(count(*) / 4 / nullif(extract(epoch FROM
                    max(completed_at) - percentile_disc(0.75) WITHIN GROUP (ORDER BY completed_at)
                ), 0), 0)::float8
            FROM provisioner_jobs WHERE tags = \(bench.json)
            """
        ).only()
        let (ended, notOnce, seconds, lateRate) = try row.decode(Int.self, Int.self, Double.self, Double.self)
        return BenchJobs.Result(ended: ended, notOnce: notOnce, seconds: seconds, lateRate: lateRate)
    }

    /// Removes the run's jobs.
    func remove(_ bench: BenchJobs) async throws {
        try await self.bench("DELETE FROM provisioner_jobs WHERE tags = \(bench.json)")
    }
}
