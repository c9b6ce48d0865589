// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

/// Facts about the queue, the workers and the deliveries, which one worker exports for the whole fleet.
package struct FleetFacts: Hashable, Sendable {
    /// Jobs that have not ended.
    package var jobs: [JobCount]
    /// How long the oldest due job has waited.
    package var oldestPending: Duration
    /// Workers by state; those lost or drained within the last hour.
    package var workers: [WorkerState: Int]
    package var deliveries: DeliveryBacklog
    /// How much of the server's queue of notifications is full, from 0 to 1; `nil`: the server does not answer. It does
    /// not for minutes while it truncates a long queue.
    package var notificationQueueUsage: Double?
    /// How long the worker is the fleet's reporter, counted from before the query, so that there are never two at the
    /// same time.
    package var reporterLease: Duration

    /// The number of jobs of one status and class for one pool.
    package struct JobCount: Hashable, Sendable {
        package var status: OpenEnum<JobStatus>
        package var jobClass: JobClass
        /// The pool of the job; an import has only its template's name.
        package var pool: PoolName
        package var count: Int
    }
}

extension Store {
    /// The facts, if this worker is the fleet's reporter; else `nil`.
    ///
    /// - Parameter wasReporter: Whether it was when it last asked. Then all is read in one transaction. Otherwise one
    ///   statement, which reads one row, comes first.
    package func fleetFacts(for worker: WorkerID, wasReporter: Bool = false) async throws -> FleetFacts? {
        guard
            let (lease, answers) = try await report(
                by: worker,
                wasReporter: wasReporter,
                [Self.jobsOfPools, Self.queueAge, Self.workerStates, Self.deliveryBacklog]
            )
        else { return nil }
        let states = try answers[2].map { (try $0["state"] as OpenEnum<WorkerState>, try $0["workers"] as Int) }
        return FleetFacts(
            jobs: try answers[0].map(FleetFacts.JobCount.init),
            oldestPending: .seconds(try answers[1].only()["oldest_pending"]),
            workers: Dictionary(
                states.compactMap { state, count in state.known.map { ($0, count) } },
                uniquingKeysWith: +
            ),
            deliveries: try DeliveryBacklog(answers[3].only()),
            notificationQueueUsage: pool.notifier.queueUsage(),
            reporterLease: lease
        )
    }

    /// Executes the statements in one transaction, and returns how long the worker is the fleet's reporter; `nil` if
    /// another one is. For one that was not before, they are executed only when it has become so.
    func report(
        by worker: WorkerID,
        wasReporter: Bool,
        _ statements: [Statement]
    ) async throws -> (lease: Duration, answers: [QueryResult])? {
        let question = Statement(
            "fleet.reporter_lease",
            within: .seconds(5),
            "SELECT \(sql: Self.reporterLease(of: worker))"
        )
        if !wasReporter, try await pool.execute(question).only().decode(Double.self) <= 0 { return nil }
        let answers = try await pool.executeBatch([question] + statements)
        let seconds = try answers[0].only().decode(Double.self)
        return seconds > 0 ? (.seconds(seconds), Array(answers.dropFirst())) : nil
    }

    /// For how many seconds the worker is the fleet's reporter, which publishes the metrics of the whole fleet; 0 if
    /// another one is.
    ///
    /// The reporter is the worker with a valid lease that has been active longest. A worker that was drained and
    /// resumed comes last, so that it does not report beside its successor.
    static func reporterLease(of worker: WorkerID?) -> SQL {
        """
        coalesce((
            SELECT CASE WHEN w.id = \(worker) THEN
                extract(epoch FROM least(w.lease_expires_at, now() + interval '1 day') - now())::float8
            END
            FROM workers w WHERE \(sql: .isClaiming("w")) ORDER BY w.updated_at, w.id LIMIT 1
        ), 0)
        """
    }

    /// They are counted before names are looked up: there are many jobs of few pools. Each job's build is read by its
    /// key, in any plan.
    private static let jobsOfPools = Statement(
        "fleet.jobs",
        within: .seconds(10),
        """
        WITH active AS (
            SELECT id, job_status, priority, template_id, organization_id, input FROM provisioner_jobs
            WHERE job_status = 'pending'
            UNION ALL
            SELECT id, job_status, priority, template_id, organization_id, input FROM provisioner_jobs h
            WHERE \(sql: .isRunning("h"))
        ), counted AS (
            SELECT job_status, priority, organization_id, \(sql: JobClaim.template(of: "active")) AS template_id,
                coalesce(input->>'template_name', '') AS pushed,
                (SELECT b.template_version_preset_id FROM workspace_builds b WHERE b.job_id = active.id) AS preset_id,
                count(*) AS jobs
            FROM active GROUP BY 1, 2, 3, 4, 5, 6
        )
        SELECT c.job_status::text AS status, c.priority, coalesce(t.name, c.pushed) AS template,
            coalesce(p.name, '') AS preset, coalesce(o.name, '') AS organization, sum(c.jobs)::bigint AS jobs
        FROM counted c
        LEFT JOIN templates t ON t.id = c.template_id
        LEFT JOIN template_version_presets p ON p.id = c.preset_id
        LEFT JOIN organizations o ON o.id = c.organization_id
        GROUP BY 1, 2, 3, 4, 5
        """
    )

    private static let workerStates = Statement(
        "fleet.workers",
        within: .seconds(5),
        """
        SELECT state::text AS state, count(*) AS workers FROM workers w WHERE \(sql: .isListed("w")) GROUP BY w.state
        """
    )
}

extension FleetFacts.JobCount {
    /// Reads a row of ``Store/jobsOfPools``.
    fileprivate init(_ row: Row) throws {
        self.init(
            status: try row["status"],
            jobClass: try row["priority"],
            pool: try PoolName(row),
            count: try row["jobs"]
        )
    }
}
