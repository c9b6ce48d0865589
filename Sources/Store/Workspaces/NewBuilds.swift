// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// New builds, as terms of a `WITH`: one for each row of an earlier term, each with its job.
///
/// The rows have `workspace_id`, `organization_id`, `template_id`, `version_id`, `preset_id`, `build_id`, `build_number` and
/// `job_id`.
struct NewBuilds {
    /// The name of the term with the rows.
    let rows: String
    let transition: Transition
    let reason: BuildReason
    /// The initiator: an expression that may use a row `n`.
    let initiator: SQL
    let jobClass: JobClass
    /// The job's trace: an expression that may use a row `n`.
    var trace: SQL = "\(TraceContext.current)"
    /// The time of creation.
    var moment: SQL = "now()"
    /// How long before the time of creation the jobs stand in the queue (``PoolPlace``): an expression that may use a row
    /// `n`.
    var lead: SQL = "interval '0'"

    /// Further members of the jobs' input: an object. `nil`: none.
    var input: SQL?

    /// Columns of a row for the next build of the workspace `w` after its latest one, `b`, all but `build_id` and
    /// `job_id`; and `last_build_id`, whose parameters it takes.
    static let afterLatest: SQL = """
        w.id AS workspace_id, w.organization_id, w.template_id, b.id AS last_build_id, b.build_number + 1 AS build_number,
        b.template_version_id AS version_id, b.template_version_preset_id AS preset_id
        """

    /// The terms `new_jobs`, which returns the `claim_order` of each job, and `new_builds`.
    var terms: SQL { "\(sql: jobs), \(sql: builds)" }

    private var jobs: SQL {
        // Only deletions have more attempts than other jobs.
        let (column, attempts): (SQL, SQL) =
            jobClass == .delete ? ("max_attempts,", "\(literal: JobClass.deleteAttempts),") : ("", "")
        var more: SQL = ""
        if let input { more = " || \(sql: input)" }
        return """
            new_jobs AS (
                INSERT INTO provisioner_jobs (id, organization_id, initiator_id, type, provisioner, input, file_id, tags,
                    priority, \(sql: column) available_at, queue_lead, template_id, workspace_id, trace_metadata,
                    created_at, updated_at)
                SELECT n.job_id, n.organization_id, \(sql: initiator), 'workspace_build', t.provisioner,
                    jsonb_build_object('workspace_build_id', n.build_id)\(sql: more), v.file_id,
                    coalesce(v.tags, \(sql: .defaultJobTags)), \(jobClass.priority), \(sql: attempts)
                    \(sql: moment) - \(sql: lead), \(sql: lead), t.id, n.workspace_id, \(sql: trace),
                    \(sql: moment), \(sql: moment)
                FROM \(identifier: rows) n
                JOIN templates t ON t.id = n.template_id
                JOIN template_versions v ON v.id = n.version_id
                RETURNING claim_order
            )
            """
    }

    /// The term `new_builds` alone, for a caller that makes the jobs itself.
    var builds: SQL {
        """
        new_builds AS (
            INSERT INTO workspace_builds (id, workspace_id, template_version_id, build_number, transition, initiator_id,
                job_id, reason, template_version_preset_id, created_at, updated_at)
            SELECT n.build_id, n.workspace_id, n.version_id, n.build_number, \(quoted: transition.rawValue)::workspace_transition,
                \(sql: initiator), n.job_id, \(quoted: reason.rawValue)::build_reason, n.preset_id, \(sql: moment), \(sql: moment)
            FROM \(identifier: rows) n
        )
        """
    }

    /// The term `new_parameters`.
    ///
    /// - Parameter values: A subquery for `LATERAL` with the `name` and `value` of each parameter of a row `n`.
    func parameters(_ values: SQL) -> SQL {
        """
        new_parameters AS (
            INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
            SELECT n.build_id, x.name, x.value FROM \(identifier: rows) n CROSS JOIN LATERAL (\(sql: values)) x
        )
        """
    }
}

extension SQL {
    /// The tags of a version's jobs if the version sets none: the default of `provisioner_jobs.tags` (`RuleTests`
    /// compares them).
    static let defaultJobTags: SQL = "\(quoted: defaultTags)::jsonb"

    /// The parameters of a build, `name` and `value`, for the next build of its workspace.
    static func parameters(ofBuild build: SQL) -> SQL {
        "SELECT l.name, l.value FROM workspace_build_parameters l WHERE l.workspace_build_id = \(sql: build)"
    }

    /// The parameters of a workspace's first build, `name` and `value`: the preset's values, then the defaults of the
    /// version.
    static func parameters(ofPreset preset: SQL, version: SQL) -> SQL {
        """
        SELECT g.name, g.value FROM template_version_preset_parameters g WHERE g.template_version_preset_id = \(sql: preset)
        UNION ALL
        SELECT d.name, d.default_value FROM template_version_parameters d
        WHERE d.template_version_id = \(sql: version) AND NOT d.required AND d.default_value <> '' AND NOT EXISTS (
            SELECT FROM template_version_preset_parameters g
            WHERE g.template_version_preset_id = \(sql: preset) AND g.name = d.name
        )
        """
    }
}

/// The default tags of workers and jobs, as JSON: Coder's tags of an untagged provisioner.
package let defaultTags = #"{"scope":"organization","owner":""}"#
