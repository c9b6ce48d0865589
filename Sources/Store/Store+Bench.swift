// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

/// Jobs that nobody but the measurement that made them executes: no other worker has their tags.
package struct BenchJobs: Hashable, Sendable {
    /// Tells this run's jobs from all others.
    package let run: JobID

    package init(run: JobID = .random()) {
        self.run = run
    }

    /// What a worker must have to get them.
    package var tags: String { "{\"bench\":\"\(run)\"}" }
}

/// What became of the jobs of a measurement.
package struct BenchResult: Hashable, Sendable {
    package var ended: Int
    /// Must be 0.
    package var notOnce: Int
    package var seconds: Double
    /// Jobs per second, over the last quarter of them.
    package var lateRate: Double
    /// From being enqueued to being claimed, in milliseconds.
    package var waited: Percentiles

    /// Percentiles, in milliseconds.
    package struct Percentiles: Hashable, Sendable {
        package var p50: Double
        package var p95: Double
        package var p99: Double
    }
}

extension Store {
    /// Enqueues so many jobs without any work, in one transaction with one wake-up, as a producer would.
    package func enqueueNoOps(_ count: Int, _ bench: BenchJobs) async throws {
        let id = TimeOrderedID.sql(at: try await now())
        _ = try await pool.execute(
            Statement(
                "bench.enqueue",
                within: .seconds(300),
                """
                WITH jobs AS (
                    INSERT INTO provisioner_jobs (id, organization_id, initiator_id, provisioner, input, tags, created_at)
                    SELECT \(sql: id), o.id, \(prebuildsUserID), 'echo', '{"no_op": true}', \(PostgresJSON(bench.tags)),
                        clock_timestamp()
                    FROM organizations o, generate_series(1, \(count)) WHERE o.is_default
                    RETURNING claim_order
                )
                SELECT \(sql: News.column(News.jobs(of: "jobs")))
                """
            )
        )
    }

    /// Enqueues one job without any work, as one that a person waits for, and returns its id.
    package func enqueueNoOp(_ bench: BenchJobs) async throws -> JobID {
        let rows = try await pool.execute(
            Statement(
                "bench.enqueue_one",
                """
                WITH job AS (
                    INSERT INTO provisioner_jobs (organization_id, initiator_id, provisioner, input, tags, priority)
                    SELECT o.id, \(prebuildsUserID), 'echo', '{"no_op": true}', \(PostgresJSON(bench.tags)),
                        \(JobClass.interactive.rawValue)
                    FROM organizations o WHERE o.is_default
                    RETURNING id, claim_order
                )
                SELECT id, \(sql: News.column(News.jobs(of: "job"))) FROM job
                """
            )
        )
        return try rows.only().decode(column: 0)
    }

    /// Adds so many jobs that have ended over the last weeks. Only for a database that holds nothing else.
    package func addBenchFinished(_ count: Int) async throws {
        let id = TimeOrderedID.sql(at: try await now() - .seconds(3_600))
        _ = try await pool.execute(
            Statement(
                "bench.finished",
                within: .seconds(1_800),
                """
                INSERT INTO provisioner_jobs (id, organization_id, initiator_id, provisioner, tags, available_at, started_at,
                    completed_at, created_at, worker_id, claim_epoch, attempt)
                SELECT \(sql: id), o.id, \(prebuildsUserID), 'echo', \(PostgresJSON(BenchJobs().tags)), at, at, at, at,
                    o.id, 1, 1
                FROM organizations o, generate_series(1, \(count)) n,
                    LATERAL (SELECT now() - make_interval(secs => 3600 + 2 * (\(count) - n)) AS at) age
                WHERE o.is_default
                """
            )
        )
        try await settleBench()
    }

    /// How many transactions this database has seen, as far as its sessions have reported them: those that are idle do it
    /// with each transaction.
    package func transactionCount() async throws -> Int {
        let rows = try await pool.execute(
            Statement(
                "bench.transactions",
                """
                SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()
                """
            )
        )
        return try rows.only().decode(Int.self)
    }

    /// Runs the body while a transaction that has begun before it is held open and sees everything as it was then.
    package func holdingTransaction<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await pool.withTransaction("bench.hold", isolation: .repeatableRead, attempts: 1) { transaction in
            _ = try await transaction.execute(Statement("bench.hold", "SELECT count(*) FROM workers"))
            return try await body()
        }
    }

    /// Whether jobs of the run are still to be done.
    package func hasUnfinished(_ bench: BenchJobs) async throws -> Bool {
        let rows = try await pool.execute(
            Statement(
                "bench.unfinished",
                """
                SELECT EXISTS (
                    SELECT FROM provisioner_jobs WHERE job_status = 'pending' AND tags = \(PostgresJSON(bench.tags))
                ) OR EXISTS (
                    SELECT FROM provisioner_jobs
                    WHERE completed_at IS NULL AND worker_id IS NOT NULL AND tags = \(PostgresJSON(bench.tags))
                )
                """
            )
        )
        return try rows.only().decode(Bool.self)
    }

    /// What became of the run: jobs ended, jobs executed other than once, and seconds from the first claim to the last end,
    /// by the database's clock.
    package func benchResult(_ bench: BenchJobs) async throws -> BenchResult {
        let rows = try await pool.execute(
            Statement(
                "bench.result",
                within: .seconds(120),
                """
                SELECT count(*) FILTER (WHERE completed_at IS NOT NULL), count(*) FILTER (WHERE claim_epoch <> 1),
                    coalesce(extract(epoch FROM max(completed_at) - min(started_at))::float8, 0),
                    coalesce(count(*) / 4 / nullif(extract(epoch FROM
                        max(completed_at) - percentile_disc(0.75) WITHIN GROUP (ORDER BY completed_at)
                    ), 0), 0)::float8,
                    coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY waited), 0),
                    coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY waited), 0),
                    coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY waited), 0)
                FROM (
                    SELECT *, extract(epoch FROM started_at - created_at)::float8 * 1000 AS waited
                    FROM provisioner_jobs WHERE tags = \(PostgresJSON(bench.tags))
                ) jobs
                """
            )
        )
        let (ended, notOnce, seconds, lateRate, p50, p95, p99) = try rows.only().decode(
            Int.self,
            Int.self,
            Double.self,
            Double.self,
            Double.self,
            Double.self,
            Double.self
        )
        return BenchResult(
            ended: ended,
            notOnce: notOnce,
            seconds: seconds,
            lateRate: lateRate,
            waited: .init(p50: p50, p95: p95, p99: p99)
        )
    }

    /// The floor: takes one job and ends it with two plain statements and two commits, as the simplest queue would.
    /// Returns false when none is left.
    package func claimAndCompleteOne(_ bench: BenchJobs) async throws -> Bool {
        guard let job = try await claimPlainly(bench) else { return false }
        try await completePlainly(job)
        return true
    }

    /// Takes one job by one statement; `nil`: none is left.
    package func claimPlainly(_ bench: BenchJobs) async throws -> JobID? {
        let rows = try await pool.execute(
            Statement(
                "bench.floor_claim",
                """
                UPDATE provisioner_jobs SET started_at = now(), claim_epoch = claim_epoch + 1, attempt = attempt + 1
                WHERE id = (
                    SELECT id FROM provisioner_jobs WHERE job_status = 'pending' AND tags = \(PostgresJSON(bench.tags))
                    ORDER BY claim_order, id LIMIT 1 FOR UPDATE SKIP LOCKED
                ) RETURNING id
                """
            )
        )
        return try rows.first?.decode(JobID.self)
    }

    /// Ends a job by one statement, without a fence.
    package func completePlainly(_ job: JobID) async throws {
        _ = try await pool.execute(
            Statement("bench.floor_complete", "UPDATE provisioner_jobs SET completed_at = now() WHERE id = \(job)")
        )
    }

    /// Removes the run's jobs.
    package func removeBench(_ bench: BenchJobs) async throws {
        _ = try await pool.execute(
            Statement(
                "bench.remove",
                within: .seconds(300),
                "DELETE FROM provisioner_jobs WHERE tags = \(PostgresJSON(bench.tags))"
            )
        )
    }
}
