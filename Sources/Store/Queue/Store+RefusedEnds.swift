// SPDX-License-Identifier: Apache-2.0

package import Domain
package import PostgresClient

/// What of a build could be stored whose end the database refuses.
package struct RefusedEnd: Hashable, Sendable {
    /// Whether the state is stored, or there was none. Else whoever has it must keep it: it is handed in again.
    package var isStateKept: Bool
    /// Why the state, or the event that tells of the failure, could not be written.
    package var problems: [PostgresError] = []
}

extension Store {
    /// Ends a build as failed, with `INVALID`, because the database refuses what it reported: a failed build of its preset.
    ///
    /// Nothing of what was reported is written but the state, apart from the rest: what was made is never forgotten. When the
    /// build cannot have the state, it is kept beside it, for the workspace's next build or its deletion. When that is
    /// refused too, the epoch grows, so that the state in its worker's spool is handed in later as one that came too late.
    ///
    /// Fenced like ``completeBuild(_:_:)``.
    ///
    /// - Parameter message: For people; of the program's own making, so that it cannot be what is refused.
    package func endRefused(
        _ job: HeldJob,
        message: String,
        state: [UInt8]?
    ) async throws -> RefusedEnd {
        try await pool.withTransaction("executions.end_refused") { transaction in
            try await Self.end(job, .failed(.invalid, message: message), on: transaction)
            // What is deferred about the end itself is no fault of the state's.
            _ = try await transaction.execute(Self.checkConstraints)
            var end = RefusedEnd(isStateKept: state == nil)
            /// Whether it was written; a refusal is noted, and takes nothing else back.
            func wrote(_ statement: Statement) async throws -> Bool {
                do {
                    _ = try await transaction.savepoint("apart") {
                        // Deferred constraints speak up now, while the rest can still go without it.
                        try await transaction.executeBatch([statement, Self.checkConstraints])
                    }
                    return true
                } catch let error as PostgresError where error.isRefusedValue {
                    end.problems.append(error)
                    return false
                }
            }
            if let state {
                end.isStateKept = try await wrote(Self.state(job, state))
                if !end.isStateKept { end.isStateKept = try await wrote(Self.lateState(job, state)) }
                if !end.isStateKept { _ = try await transaction.execute(Self.shutOut(job)) }
            }
            _ = try await wrote(Self.failedEvents([job.id]))
            _ = try await transaction.executeBatchAndCommit([Self.ended([job.id])])
            return end
        }
    }

    private static func lateState(_ job: HeldJob, _ state: [UInt8]) -> Statement {
        Statement(
            "executions.refused_state",
            """
            INSERT INTO late_states (job_id, claim_epoch, workspace_id, worker_name, state)
            SELECT b.job_id, \(job.epoch), b.workspace_id,
                coalesce((
                    SELECT w.name FROM provisioner_jobs j JOIN workers w ON w.id = j.worker_id WHERE j.id = b.job_id
                ), ''),
                \(state)
            FROM workspace_builds b WHERE b.job_id = \(job.id)
            ON CONFLICT (job_id, claim_epoch) DO UPDATE SET state = excluded.state, received_at = now()
            """
        )
    }

    private static func shutOut(_ job: HeldJob) -> Statement {
        Statement(
            "executions.shut_out",
            "UPDATE provisioner_jobs SET claim_epoch = claim_epoch + 1, updated_at = now() WHERE id = \(job.id)"
        )
    }
}
