// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

extension Store {
    /// What the success of a stop brings: its agents are off, and the start of a restart is ordered.
    static func stopped(_ job: HeldJob, _ completion: BuildCompletion) -> [Statement] {
        guard completion.transition == .stop else { return [] }
        return [agentsOff(job)] + (completion.next.map { [following(job, $0)] } ?? [])
    }

    private static func agentsOff(_ job: HeldJob) -> Statement {
        Statement(
            "completion.agents_off",
            """
            UPDATE workspace_agents a SET lifecycle_state = 'off', updated_at = now()
            FROM workspace_builds b
            JOIN workspace_builds p ON p.workspace_id = b.workspace_id
            JOIN workspace_resources r ON r.job_id = p.job_id
            WHERE b.job_id = \(job.id) AND a.resource_id = r.id AND NOT a.deleted
            """
        )
    }

    private static func following(_ job: HeldJob, _ next: Transition) -> Statement {
        let builds = NewBuilds(
            rows: "target",
            transition: next,
            reason: .initiator,
            initiator: "n.initiator_id",
            jobClass: .interactive
        )
        return Statement(
            "completion.following",
            """
            WITH target AS MATERIALIZED (
                SELECT \(sql: NewBuilds.afterLatest), b.initiator_id, gen_random_uuid() AS build_id,
                    gen_random_uuid() AS job_id
                FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id
                WHERE b.job_id = \(job.id) AND \(sql: .isLatest()) AND NOT w.retiring AND NOT w.deleted
            ), \(sql: builds.terms), \(sql: builds.parameters(.parameters(ofBuild: "n.last_build_id")))
            SELECT job_id, \(sql: News.column(News.jobs(of: "new_jobs"))) FROM target
            """
        )
    }
}
