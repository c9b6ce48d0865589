// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// What happens to a claim whose build was stopped before any change: a replacement policy forbids it (jobs.md,
/// "Executing"), or the template refuses its values.
package enum ClaimRefusal: Hashable, Sendable {
    /// The claim fails.
    case block
    /// The claim continues with a new workspace.
    case fresh
}

extension Store {
    /// Undoes a claim whose build was stopped before any change: the prebuild goes back to its pool as it was, and the
    /// claim's build becomes that of a new workspace of the claimant. Under `block` that workspace is deleted, and its
    /// build failed; under `fresh` the same job is enqueued again at interactive priority and builds it from the start.
    ///
    /// A claim that was a new build from the beginning has no prebuild to return: under `block` its workspace, of which
    /// nothing exists, is deleted, and its name is free.
    ///
    /// One transaction, fenced: throws ``StoreError`` of code `.leaseLost`, and changes nothing, when the execution has lost
    /// the job.
    ///
    /// - Parameters:
    ///   - code: The error's code, for a claim that fails.
    ///   - message: The reason, for people.
    /// - Returns: False when the workspace is neither a prebuild that can go back nor a claim's own; then nothing is
    ///   changed.
    package func refuseClaim(
        _ job: HeldJob,
        _ refusal: ClaimRefusal,
        code: FailureCode,
        message: String
    ) async throws -> Bool {
        try await pool.withTransaction("executions.refuse") { transaction in
            let rows = try await transaction.execute(Self.claimed(job))
            guard let row = rows.first else { throw StoreError.leaseLost(job.id) }
            let undoing: [Statement]
            if try row["is_returnable"] {
                undoing = try Self.split(
                    job,
                    row["id"],
                    into: .random(),
                    of: row["owner_id"],
                    called: row["name"],
                    labelled: row["labels"],
                    refusal,
                    message
                )
            } else if try row["is_own"], refusal == .block {
                undoing = try Self.abandon(job, row["id"], message)
            } else {
                return false
            }
            switch refusal {
            case .block:
                try await Self.end(job, .failed(code, message: message), on: transaction)
                _ = try await transaction.executeBatchAndCommit(
                    undoing + [Self.failedEvents([job.id]), Self.ended([job.id])]
                )
            case .fresh: _ = try await transaction.executeBatchAndCommit(undoing + [Self.restart(job)])
            }
            return true
        }
    }

    /// The claim's workspace, locked with its job. It may go back while the claim build is its latest and it is not
    /// being deleted.
    private static func claimed(_ job: HeldJob) -> Statement {
        Statement(
            "refusals.claimed",
            within: .seconds(10),
            """
            SELECT w.id, w.owner_id, w.name, w.labels::text AS labels, w.prebuild_name IS NOT NULL AND NOT w.retiring AND NOT w.deleted
                AND b.reason = 'claim' AND NOT EXISTS (
                    SELECT FROM workspace_builds l WHERE l.workspace_id = w.id AND l.build_number > b.build_number
                ) AS is_returnable,
                b.reason = 'initiator' AND NOT w.deleted AND b.provisioner_state IS NULL AND NOT EXISTS (
                    SELECT FROM workspace_builds o WHERE o.workspace_id = w.id AND o.id <> b.id
                ) AND EXISTS (
                    SELECT FROM workspace_claims c WHERE c.workspace_id = w.id AND c.usable_at IS NULL
                ) AS is_own
            FROM provisioner_jobs j
            JOIN workspace_builds b ON b.job_id = j.id
            JOIN workspaces w ON w.id = b.workspace_id
            WHERE \(sql: .isHeld("j", by: job))
            FOR UPDATE OF j, w
            """
        )
    }

    /// Deletes a claim's own workspace, of which nothing exists.
    private static func abandon(_ job: HeldJob, _ workspace: WorkspaceID, _ message: String) -> [Statement] {
        [
            Statement(
                "refusals.abandon_workspace",
                "UPDATE workspaces SET deleted = true, updated_at = now() WHERE id = \(workspace)"
            ),
            agentsGone(job),
            Statement(
                "refusals.fresh_claim",
                """
                UPDATE workspace_claims SET outcome_reason = \(message), outcome = \(ClaimOutcome.error.rawValue),
                    updated_at = now()
                WHERE workspace_id = \(workspace) AND usable_at IS NULL
                """
            ),
        ]
    }

    private static func agentsGone(_ job: HeldJob) -> Statement {
        Statement(
            "refusals.agents",
            """
            UPDATE workspace_agents a SET deleted = true, updated_at = now()
            FROM workspace_resources r WHERE r.job_id = \(job.id) AND a.resource_id = r.id
            """
        )
    }

    private static func split(
        _ job: HeldJob,
        _ prebuild: WorkspaceID,
        into own: WorkspaceID,
        of owner: UserID,
        called name: String,
        labelled labels: String,
        _ refusal: ClaimRefusal,
        _ message: String
    ) -> [Statement] {
        [
            Statement(
                "refusals.return_prebuild",
                """
                UPDATE workspaces SET owner_id = \(prebuildsUserID), name = prebuild_name,
                    prebuild_name = NULL, claimed_at = NULL, labels = '{}', updated_at = now()
                WHERE id = \(prebuild)
                """
            ),
            Statement(
                "refusals.own_workspace",
                """
                WITH own AS (
                    INSERT INTO workspaces (id, owner_id, organization_id, template_id, name, deleted, claimed_at, labels,
                        expires_at)
                    SELECT \(own), \(owner), organization_id, template_id, \(name), \(refusal == .block), now(),
                        \(PostgresJSON(labels)), expires_at
                    FROM workspaces WHERE id = \(prebuild)
                )
                -- Its end was that of the claim.
                UPDATE workspaces SET expires_at = NULL, expiry_warned_for = NULL
                WHERE id = \(prebuild) AND expires_at IS NOT NULL
                """
            ),
            Statement(
                "refusals.move_build",
                """
                UPDATE workspace_builds SET workspace_id = \(own), build_number = 1, reason = 'initiator',
                    provisioner_state = NULL, updated_at = now()
                WHERE job_id = \(job.id)
                """
            ),
            Statement(
                "refusals.move_job",
                "UPDATE provisioner_jobs SET workspace_id = \(own) WHERE id = \(job.id)"
            ),
            // The agents stay with the prebuild; the new workspace gets others.
            agentsGone(job),
            Statement(
                "refusals.claim",
                """
                UPDATE workspace_claims SET workspace_id = \(own), outcome_reason = \(message),
                    outcome = \(refusal == .block ? ClaimOutcome.error.rawValue : ClaimOutcome.missUnmatched.rawValue),
                    updated_at = now()
                WHERE workspace_id = \(prebuild) AND outcome = 'hit' AND usable_at IS NULL
                """
            ),
        ]
    }

    /// Enqueues the same job again, as the build of a new workspace. Stoker interrupted it, so the attempt does not
    /// count.
    private static func restart(_ job: HeldJob) -> Statement {
        Statement(
            "refusals.restart",
            """
            WITH returned AS (
                UPDATE provisioner_jobs SET \(sql: backInQueue(refundingAttempt: true)), available_at = now(),
                    priority = \(JobClass.interactive.priority), refresh_first = false, input = input - 'replaced'
                WHERE id = \(job.id)
                RETURNING id, claim_order, completed_at
            )
            SELECT \(sql: News.returnedJob) FROM returned
            """
        )
    }
}
