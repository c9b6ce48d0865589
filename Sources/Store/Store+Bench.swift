// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Prebuilds

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

/// Percentiles of waiting times, in milliseconds.
package struct LatencyPercentiles: Hashable, Sendable {
    package var p50: Double
    package var p95: Double
    package var p99: Double
}

extension Store {
    /// Enqueues so many jobs without any work, in one transaction with one wake-up, as a producer would.
    package func enqueueNoOps(_ count: Int, _ bench: BenchJobs) async throws {
        _ = try await pool.execute(
            Statement(
                "bench.enqueue",
                within: .seconds(300),
                """
                WITH jobs AS (
                    INSERT INTO provisioner_jobs (organization_id, initiator_id, provisioner, input, tags, created_at)
                    SELECT o.id, \(prebuildsUserID), 'echo', '{"no_op": true}', \(PostgresJSON(bench.tags)),
                        clock_timestamp()
                    FROM organizations o, generate_series(1, \(count)) WHERE o.is_default
                    RETURNING id
                )
                SELECT pg_notify(\(Channel.jobs), '') FROM (SELECT count(*) FROM jobs) all_jobs
                """
            )
        )
    }

    /// How many of the run's jobs have ended, and how many of those were executed other than once.
    package func benchProgress(_ bench: BenchJobs) async throws -> (ended: Int, notOnce: Int) {
        let rows = try await pool.execute(
            Statement(
                "bench.progress",
                within: .seconds(60),
                """
                SELECT count(*) FILTER (WHERE completed_at IS NOT NULL),
                    count(*) FILTER (WHERE completed_at IS NOT NULL AND claim_epoch <> 1)
                FROM provisioner_jobs WHERE tags = \(PostgresJSON(bench.tags))
                """
            )
        )
        return try rows.only().decode(Int.self, Int.self)
    }

    /// From being enqueued to being claimed, over all jobs of the run.
    package func benchLatency(_ bench: BenchJobs) async throws -> LatencyPercentiles {
        let rows = try await pool.execute(
            Statement(
                "bench.latency",
                within: .seconds(60),
                """
                SELECT coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY waited), 0),
                    coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY waited), 0),
                    coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY waited), 0)
                FROM (
                    SELECT extract(epoch FROM started_at - created_at)::float8 * 1000 AS waited FROM provisioner_jobs
                    WHERE tags = \(PostgresJSON(bench.tags)) AND started_at IS NOT NULL
                ) w
                """
            )
        )
        let (p50, p95, p99) = try rows.only().decode(Double.self, Double.self, Double.self)
        return LatencyPercentiles(p50: p50, p95: p95, p99: p99)
    }

    /// The floor: takes one job and ends it with two plain statements and two commits, as the simplest queue would.
    /// Returns false when none is left.
    package func claimAndCompleteOne(_ bench: BenchJobs) async throws -> Bool {
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
        guard let row = rows.first else { return false }
        let job = try row.decode(JobID.self)
        _ = try await pool.execute(
            Statement("bench.floor_complete", "UPDATE provisioner_jobs SET completed_at = now() WHERE id = \(job)")
        )
        return true
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
