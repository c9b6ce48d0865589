// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Prebuilds

/// The queue, the workers and the deliveries at a moment, as one worker tells them for the whole fleet.
package struct FleetFacts: Hashable, Sendable {
    /// Jobs that have not ended, by status and class.
    package var jobs: [Overview.JobCount]
    /// How long the oldest due job has waited.
    package var oldestPending: Duration
    /// Workers by state; those lost or drained within the last hour.
    package var workers: [WorkerState: Int]
    package var deliveries: DeliveryBacklog
    /// For how long, from before the question, the worker may tell it: never two workers at a time.
    package var voice: Duration
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
            Self.activeJobs, Self.queueAge, Self.workerStates, Self.deliveryBacklog,
        ])
        let (_, oldest) = try answers[1].only().decode(Instant.self, Double.self)
        let states = try answers[2].map { try $0.decode(String.self, Int.self) }
        return FleetFacts(
            jobs: try Overview.jobCounts(answers[0]),
            oldestPending: .seconds(oldest),
            workers: Dictionary(
                states.compactMap { state, count in WorkerState(rawValue: state).map { ($0, count) } },
                uniquingKeysWith: +
            ),
            deliveries: try DeliveryBacklog(answers[3].only()),
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
                extract(epoch FROM lease_expires_at - transaction_timestamp())::float8
            END
            FROM workers WHERE state = 'active' AND lease_expires_at > transaction_timestamp()
            ORDER BY updated_at, id LIMIT 1
        ), 0)
        """
    }

    private static let workerStates = Statement(
        "fleet.workers",
        within: .seconds(5),
        """
        SELECT state::text, count(*) FROM workers
        WHERE state IN ('active', 'draining') OR last_seen_at > now() - interval '1 hour' GROUP BY state
        """
    )
}
