// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

extension Store {
    /// Drains the workers of this name, or of this id: they claim nothing; running jobs go on until the deadline, and
    /// are then handed over. Returns their ids. Repeating it changes the deadline.
    ///
    /// Throws ``StoreError`` of code `.notFound` when no such worker runs.
    package func drainWorkers(named name: String, within deadline: Duration, by user: String) async throws -> [WorkerID]
    {
        try await change(
            "drain",
            workers: name,
            from: [.active, .draining],
            """
            state = 'draining', state_reason = \("drained by \(user)"),
            drain_deadline = now() + make_interval(secs => \(deadline.inSeconds))
            """
        )
    }

    /// Resumes workers that were drained by command and still run. Returns their ids.
    ///
    /// Throws ``StoreError`` of code `.notFound` when no such worker runs, and of `.conflict` when none of them was
    /// drained by command.
    package func resumeWorkers(named name: String) async throws -> [WorkerID] {
        try await change(
            "resume",
            workers: name,
            from: [.draining, .drained],
            "state = 'active', state_reason = '', drain_deadline = NULL"
        )
    }

    /// - Parameter verb: The requested action, as it stands in a refusal.
    private func change(
        _ verb: String,
        workers name: String,
        from states: [WorkerState],
        _ change: SQL
    ) async throws -> [WorkerID] {
        try await changing("workers.order") { transaction in
            let rows = try await transaction.execute(
                "workers.order",
                within: .seconds(10),
                """
                WITH named AS MATERIALIZED (
                    SELECT id, state, state_reason FROM workers w
                    WHERE (name = \(name) OR id::text = lower(\(name))) AND \(sql: .isUp("w"))
                    FOR UPDATE
                ), changed AS (
                    UPDATE workers w SET updated_at = now(), \(sql: change)
                    FROM named n
                    WHERE w.id = n.id AND n.state::text = ANY(\(states.map(\.rawValue)))
                        AND n.state_reason NOT IN (\(Self.stopping), \(Self.stopped))
                    RETURNING w.id
                )
                SELECT n.id, n.state::text AS state, n.state_reason, c.id IS NOT NULL AS is_changed,
                    CASE WHEN c.id IS NOT NULL THEN ARRAY[\(sql: News.reconcile), \(sql: News.on(Channel.workers, "c.id"))] END AS news
                FROM named n LEFT JOIN changed c ON c.id = n.id ORDER BY n.id
                """
            )
            guard let first = rows.first else {
                try await requireWorker(name)
                throw StoreError.notFound("worker", name, remedy: "See 'stoker workers list' for those that are up.")
            }
            let changed: [WorkerID] = try rows.filter { try $0["is_changed"] }.map { try $0["id"] }
            guard changed.isEmpty else { return changed }
            let (state, reason): (String, String) = try (first["state"], first["state_reason"])
            throw StoreError(
                .conflict,
                "The worker '\(name)' is \(state)\(reason.isEmpty ? "" : " (\(reason))"), so that it cannot \(verb)"
            )
        }
    }

    /// The state reasons of a worker whose process ends, which cannot be resumed.
    package static let stopping = "stopping"
    package static let stopped = "stopped"

    /// Marks a worker's drain as finished if it still drains and holds no job. Returns whether it has.
    package func finishDrain(of worker: WorkerID) async throws -> Bool {
        try await pool.withTransaction("workers.finish_drain") { transaction in
            // The row is locked, so a resume comes before this, and there is no drain any more, or after it.
            let rows = try await transaction.execute(
                "workers.drained",
                within: .seconds(10),
                """
                SELECT state_reason FROM workers w
                WHERE id = \(worker) AND state = 'draining' AND NOT EXISTS (
                    SELECT FROM provisioner_jobs j WHERE j.worker_id = w.id AND j.completed_at IS NULL
                ) FOR UPDATE
                """
            )
            guard let row = rows.first else { return false }
            let reason = try row.decode(String.self)
            _ = try await transaction.execute(Self.workerState(worker, .drained, reason: reason))
            return true
        }
    }
}
