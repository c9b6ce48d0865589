// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// The fleet on one screen: what `stoker status` shows.
package struct Overview: Hashable, Sendable, Codable {
    package var now: Instant
    /// Jobs that have not ended, by status and class.
    package var jobs: [JobCount]
    /// How long the oldest due job has waited, in seconds.
    package var oldestPendingSeconds: Double
    package var workers: [WorkerSummary]
    /// Tags that jobs or templates ask for and no worker has, when workers are up.
    package var unservedTags: [UnservedTags]
    package var deliveries: DeliveryCounts
    /// Of the last 24 hours.
    package var claims: ClaimCounts

    private enum CodingKeys: String, CodingKey {
        case now, jobs, workers, deliveries, claims
        case unservedTags = "unserved_tags"
        case oldestPendingSeconds = "oldest_pending_seconds"
    }

    /// What claims of workspaces got.
    package struct ClaimCounts: Hashable, Sendable, Codable {
        /// Ready prebuilds.
        package var hits: Int
        /// Workspaces that were built for the claim.
        package var misses: Int
    }

    /// How many jobs of a class have a status.
    package struct JobCount: Hashable, Sendable, Codable {
        package var status: OpenEnum<JobStatus>
        package var jobClass: OpenEnum<JobClass>
        package var count: Int

        private enum CodingKeys: String, CodingKey {
            case status, count
            case jobClass = "class"
        }
    }

    /// Deliveries of all endpoints that have not arrived.
    package struct DeliveryCounts: Hashable, Sendable, Codable {
        /// Deliveries that wait or are being sent.
        package var backlog: Int
        /// Dead letters.
        package var dead: Int
        package var oldestPendingSeconds: Double

        private enum CodingKeys: String, CodingKey {
            case backlog, dead
            case oldestPendingSeconds = "oldest_pending_seconds"
        }
    }
}

/// A worker as lists show it.
package struct WorkerSummary: Hashable, Sendable, Codable {
    package var id: WorkerID
    package var name: String
    package var state: OpenEnum<WorkerState>
    package var stateReason: String
    package var capacity: Int
    package var running: Int
    package var version: String
    package var tags: Tags
    /// Whether a template in use, or a job that waits or runs, asks for tags that it has.
    package var isAskedFor: Bool
    package var leaseRemainingSeconds: Double

    private enum CodingKeys: String, CodingKey {
        case id, name, state, capacity, running, version, tags
        case isAskedFor = "asked_for"
        case stateReason = "state_reason"
        case leaseRemainingSeconds = "lease_remaining_seconds"
    }
}

extension Store {
    /// Jobs, workers and deliveries as they are now, from one snapshot's worth of statements.
    package func overview() async throws -> Overview {
        let answers = try await pool.executeBatch([
            Self.activeJobs, Self.queueAge, Self.workerList, Self.deliveryCounts, Self.unservedTags,
            Self.claimCounts,
        ])
        let queue = try answers[1].only()
        let deliveries = try answers[3].only()
        let claims = try answers[5].only()
        return Overview(
            now: try queue["now"],
            jobs: try answers[0].map {
                .init(status: try $0["status"], jobClass: OpenEnum(try $0["priority"]), count: try $0["jobs"])
            },
            oldestPendingSeconds: try queue["oldest_pending"],
            workers: try answers[2].map(WorkerSummary.init),
            unservedTags: try answers[4].map(UnservedTags.init),
            deliveries: Overview.DeliveryCounts(
                backlog: try deliveries["backlog"],
                dead: try deliveries["dead"],
                oldestPendingSeconds: try deliveries["oldest_pending"]
            ),
            claims: Overview.ClaimCounts(hits: try claims["hits"], misses: try claims["misses"])
        )
    }

    /// Running workers, and those lost or drained within the last hour.
    package func workers() async throws -> [WorkerSummary] {
        try await pool.execute(Self.workerList).map(WorkerSummary.init)
    }

    static let activeJobs = Statement(
        "overview.jobs",
        """
        SELECT job_status::text AS status, priority, count(*) AS jobs FROM provisioner_jobs
        WHERE job_status = 'pending' GROUP BY job_status, priority
        UNION ALL
        SELECT job_status::text, priority, count(*) FROM provisioner_jobs h
        WHERE \(sql: .isRunning("h")) GROUP BY job_status, priority
        ORDER BY 1, 2 DESC
        """
    )

    static let queueAge = Statement(
        "overview.queue_age",
        """
        SELECT now() AS now,
            coalesce(extract(epoch FROM now() - min(\(sql: PoolPlace.waitsSince())))::float8, 0) AS oldest_pending
        FROM provisioner_jobs j
        WHERE job_status = 'pending' AND available_at <= now() AND isfinite(available_at)
        """
    )

    private static let workerList = Statement(
        "overview.workers",
        """
        WITH asked AS MATERIALIZED (\(sql: .tagsAskedFor))
        SELECT w.id, w.name, w.state::text AS state, w.state_reason, w.capacity,
            (SELECT count(*) FROM provisioner_jobs j WHERE j.worker_id = w.id AND j.completed_at IS NULL) AS running,
            w.version, w.tags::text AS tags,
            EXISTS (SELECT FROM asked WHERE \(sql: .serves(tags: "asked.tags", of: "asked.organization_id")))
                -- The import of the first template will ask for the usual ones.
                OR w.tags = \(sql: .defaultJobTags) AND NOT EXISTS (SELECT FROM asked) AS asked_for,
            extract(epoch FROM least(w.lease_expires_at, now() + interval '100 years') - now())::float8 AS lease
        FROM workers w
        WHERE \(sql: .isListed("w"))
        ORDER BY w.state, w.name, w.created_at
        """
    )

    private static let claimCounts = Statement(
        "overview.claims",
        """
        SELECT count(*) FILTER (WHERE outcome = 'hit') AS hits, count(*) FILTER (WHERE outcome LIKE 'miss%') AS misses
        FROM workspace_claims WHERE created_at >= now() - interval '24 hours'
        """
    )

    private static let deliveryCounts = Statement(
        "overview.deliveries",
        """
        SELECT count(*) FILTER (WHERE \(sql: DeliveryStatus.open)) AS backlog,
            count(*) FILTER (WHERE \(sql: DeliveryStatus.dead)) AS dead,
            coalesce(extract(epoch FROM now() - min(created_at) FILTER (
                WHERE \(sql: DeliveryStatus.open) AND isfinite(created_at)
            ))::float8, 0) AS oldest_pending
        FROM webhook_deliveries
        """
    )
}

extension WorkerSummary {
    fileprivate init(_ row: Row) throws {
        self.init(
            id: try row["id"],
            name: try row["name"],
            state: try row["state"],
            stateReason: try row["state_reason"],
            capacity: try row["capacity"],
            running: try row["running"],
            version: try row["version"],
            tags: Tags(stored: try row["tags"]),
            isAskedFor: try row["asked_for"],
            leaseRemainingSeconds: try row["lease"]
        )
    }
}
