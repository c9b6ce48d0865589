// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

/// The queue, the workers and the deliveries at a moment, as one worker tells them for the whole fleet.
package struct FleetFacts: Hashable, Sendable {
    /// Jobs that have not ended.
    package var jobs: [JobCount]
    /// How long the oldest due job has waited.
    package var oldestPending: Duration
    /// Workers by state; those lost or drained within the last hour.
    package var workers: [WorkerState: Int]
    package var deliveries: DeliveryBacklog
    /// How much of the server's queue of notifications is full, from 0 to 1; `nil`: the server does not say. While it cuts a
    /// long queue off, it does not for minutes.
    package var notificationQueueUsage: Double?
    /// For how long, from before the question, the worker may tell it: never two workers at a time.
    package var voice: Duration

    /// How many jobs of one status and class there are for one pool.
    package struct JobCount: Hashable, Sendable {
        package var status: String
        package var jobClass: String
        /// What the job is for; an import has its template's name alone.
        package var pool: PoolName
        package var count: Int
    }
}

extension Store {
    /// The facts, if this worker is the one that speaks for the fleet; else `nil`, after one statement that reads one row.
    package func fleetFacts(for worker: WorkerID) async throws -> FleetFacts? {
        let voice = try await pool.execute(
            Statement("fleet.voice", within: .seconds(5), "SELECT \(sql: Self.voice(of: worker))")
        )
        let seconds = try voice.only().decode(Double.self)
        guard seconds > 0 else { return nil }
        let answers = try await pool.executeBatch([
            Self.jobsOfPools, Self.queueAge, Self.workerStates, Self.deliveryBacklog,
        ])
        let (_, oldest) = try answers[1].only().decode(Instant.self, Double.self)
        let states = try answers[2].map { try $0.decode(String.self, Int.self) }
        return FleetFacts(
            jobs: try answers[0].map(FleetFacts.JobCount.init),
            oldestPending: .seconds(oldest),
            workers: Dictionary(
                states.compactMap { state, count in WorkerState(rawValue: state).map { ($0, count) } },
                uniquingKeysWith: +
            ),
            deliveries: try DeliveryBacklog(answers[3].only()),
            notificationQueueUsage: pool.notifier.queueUsage(),
            voice: .seconds(seconds)
        )
    }

    /// For how many seconds the worker speaks for the fleet; 0: another does.
    ///
    /// Of the workers whose lease runs, the one that has been active longest. One that was drained and resumed comes last,
    /// so that it does not speak beside its successor.
    static func voice(of worker: WorkerID?) -> SQL {
        """
        coalesce((
            SELECT CASE WHEN id = \(worker) THEN
                extract(epoch FROM least(lease_expires_at, transaction_timestamp() + interval '1 day')
                    - transaction_timestamp())::float8
            END
            FROM workers WHERE state = 'active' AND lease_expires_at > transaction_timestamp()
            ORDER BY updated_at, id LIMIT 1
        ), 0)
        """
    }

    /// Counted before names are looked up: there are many jobs of few pools. Each job's build is read by its key, in whatever
    /// plan.
    private static let jobsOfPools = Statement(
        "fleet.jobs",
        within: .seconds(10),
        """
        WITH active AS (
            SELECT id, job_status, priority, template_id, organization_id, input FROM provisioner_jobs
            WHERE job_status = 'pending'
            UNION ALL
            SELECT id, job_status, priority, template_id, organization_id, input FROM provisioner_jobs
            WHERE completed_at IS NULL AND worker_id IS NOT NULL
        ), counted AS (
            SELECT job_status, priority, organization_id, \(sql: JobClaim.template(of: "active")) AS template_id,
                coalesce(input->>'template_name', '') AS pushed,
                (SELECT b.template_version_preset_id FROM workspace_builds b WHERE b.job_id = active.id) AS preset_id,
                count(*) AS jobs
            FROM active GROUP BY 1, 2, 3, 4, 5, 6
        )
        SELECT c.job_status::text, c.priority, coalesce(t.name, c.pushed), coalesce(p.name, ''), coalesce(o.name, ''),
            sum(c.jobs)::bigint
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
        SELECT state::text, count(*) FROM workers
        WHERE state IN ('active', 'draining') OR last_seen_at > now() - interval '1 hour' GROUP BY state
        """
    )
}

extension FleetFacts.JobCount {
    /// Reads a row of what pools' jobs are.
    fileprivate init(_ row: Row) throws {
        let (status, priority, template, preset, organization, count) = try row.decode(
            String.self,
            Int16.self,
            String.self,
            String.self,
            String.self,
            Int.self
        )
        self.init(
            status: status,
            jobClass: (JobClass(rawValue: priority) ?? .interactive).name,
            pool: PoolName(template: template, preset: preset, organization: organization),
            count: count
        )
    }
}
