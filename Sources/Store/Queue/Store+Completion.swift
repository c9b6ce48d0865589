// SPDX-License-Identifier: Apache-2.0

package import Domain
import FoundationEssentials
import PostgresClient

extension Store {
    /// Ends a workspace build: its job, state, resources, the workspace, events and notifications, in one transaction.
    ///
    /// Fenced: throws ``StoreError`` of code `.leaseLost`, and changes nothing, when the execution has lost the job.
    ///
    /// - Returns: The pool of the prebuild whose resources a claim build replaced; `nil` for other builds.
    @discardableResult
    package func completeBuild(_ job: HeldJob, _ completion: BuildCompletion) async throws -> PoolName? {
        try await pool.withTransaction("executions.complete") { transaction in
            try await Self.end(job, completion.result, on: transaction)
            let replaced = completion.isRehearsal ? [] : completion.outcome.replacements
            let event = replaced.isEmpty ? [] : [try replacedEvent(job, replaced)]
            var statements = event
            statements += [
                Self.state(job, completion.outcome.state), resources(job, completion.outcome.resources),
                timings(job, completion.timings),
            ]
            statements += try Self.outputs(job, completion.outputs) + Self.rehearsed(job, completion)
            statements += try readyAgents(job, completion.outcome.agents) + rehearsed(job, completion)
            statements += manifest(job, completion.manifest)
            statements += settle(job, completion)
            statements.append(Self.ended([job.id]))
            let answers = try await transaction.executeBatchAndCommit(statements)
            try Self.change(by: completion.result, answers.dropLast().last?.first).map(observe)
            guard !event.isEmpty, let row = answers.first?.first else { return nil }
            return try PoolName(row)
        }
    }

    private func rehearsed(_ job: HeldJob, _ completion: BuildCompletion) throws -> [Statement] {
        guard completion.result == .succeeded, let rehearsal = completion.outcome.rehearsal else { return [] }
        return [try Self.rehearsed(job, rehearsal)]
    }

    /// Reads the metrics of a pool from the last of the statements in ``settle(_:_:)``.
    private static func change(by result: JobResult, _ row: Row?) throws -> PoolChange? {
        guard let row else { return nil }
        switch result {
        case .succeeded: return PoolChange(refilledAfter: try row["refilled_after"])
        case .failed: return try row["is_refill"] ? .failed(PoolName(row)) : nil
        case .canceled: return nil
        }
    }

    /// Ends the job's row. It is the first statement of every completion, because it is the fence.
    static func end(_ job: HeldJob, _ result: JobResult, on transaction: PostgresTransaction) async throws {
        var (error, code): (String?, String?) = (nil, nil)
        if case .failed(let failure, let message) = result {
            (error, code) = (message.isEmpty ? failure.rawValue : message, failure.rawValue)
        }
        let rows = try await transaction.execute(
            "executions.end",
            within: .seconds(10),
            """
            UPDATE provisioner_jobs j SET completed_at = now(), error = \(error), error_code = \(code),
                input = input - 'replaced',
                canceled_at = CASE WHEN \(result == .canceled) THEN coalesce(canceled_at, now()) WHEN \(error) <> '' THEN canceled_at END,
                updated_at = now()
            WHERE \(sql: .isHeld("j", by: job))
            RETURNING id
            """
        )
        if rows.isEmpty { throw StoreError.leaseLost(job.id) }
    }
}

// MARK: - What a build leaves behind

extension Store {
    /// What the agents of the build run.
    private func manifest(_ job: HeldJob, _ manifest: [UInt8]?) -> [Statement] {
        guard let manifest else { return [] }
        return [
            Statement(
                "completion.agent_manifest",
                """
                UPDATE workspace_agents a SET manifest = \(manifest), updated_at = now()
                FROM workspace_resources r WHERE r.job_id = \(job.id) AND a.resource_id = r.id AND NOT a.deleted
                """
            )
        ]
    }

    static func state(_ job: HeldJob, _ state: [UInt8]?) -> Statement {
        Statement(
            "completion.state",
            """
            UPDATE workspace_builds SET provisioner_state = coalesce(\(state), provisioner_state), updated_at = now()
            WHERE job_id = \(job.id)
            """
        )
    }

    private func resources(_ job: HeldJob, _ resources: [BuiltResource]) -> Statement {
        Statement(
            "completion.resources",
            """
            WITH built AS (
                INSERT INTO workspace_resources (job_id, transition, type, name, address, daily_cost)
                SELECT b.job_id, b.transition, r.type, r.name, r.address, r.daily_cost
                FROM workspace_builds b, unnest(
                    \(resources.map(\.type)), \(resources.map(\.name)), \(resources.map(\.address)),
                    \(resources.map(\.dailyCost))
                ) r(type, name, address, daily_cost)
                WHERE b.job_id = \(job.id)
                RETURNING daily_cost
            )
            UPDATE workspace_builds SET daily_cost = (SELECT coalesce(sum(daily_cost), 0) FROM built)
            WHERE job_id = \(job.id)
            """
        )
    }

    /// Marks agents that the build itself found ready.
    private func readyAgents(_ job: HeldJob, _ names: [String]) -> [Statement] {
        guard !names.isEmpty else { return [] }
        return [
            Statement(
                "completion.ready_agents",
                """
                UPDATE workspace_agents a SET lifecycle_state = 'ready', started_at = coalesce(a.started_at, now()),
                    ready_at = now(), updated_at = now()
                FROM workspace_resources r
                WHERE r.job_id = \(job.id) AND a.resource_id = r.id AND NOT a.deleted AND a.name = ANY(\(names))
                    AND a.lifecycle_state <> 'ready'
                """
            )
        ]
    }

    private func timings(_ job: HeldJob, _ timings: [StageTiming]) -> Statement {
        Statement(
            "completion.timings",
            """
            INSERT INTO provisioner_job_timings (job_id, attempt, stage, action, resource, started_at, ended_at)
            SELECT j.id, j.attempt, t.stage, t.action, t.resource, j.started_at + make_interval(secs => t.started_after),
                j.started_at + make_interval(secs => t.ended_after)
            FROM provisioner_jobs j, unnest(
                \(timings.map(\.stage)), \(timings.map(\.action)), \(timings.map(\.resource)),
                \(timings.map(\.startedAfter.inSeconds)), \(timings.map(\.endedAfter.inSeconds))
            ) t(stage, action, resource, started_after, ended_after)
            WHERE j.id = \(job.id)
            """
        )
    }

    /// Applies the result to the workspace: a finished deletion removes it, a finished claim build makes it usable.
    private func settle(_ job: HeldJob, _ completion: BuildCompletion) -> [Statement] {
        switch completion.result {
        case .succeeded:
            [
                Statement(
                    "completion.deleted",
                    """
                    WITH outputs AS (\(sql: Self.outputsGone(of: Self.workspaceDeleted(by: job))))
                    UPDATE workspaces SET deleted = true, updated_at = now() WHERE id = \(sql: Self.workspaceDeleted(by: job))
                    """
                ),
                Statement(
                    "completion.usable",
                    """
                    WITH usable AS (
                        UPDATE workspace_claims c SET usable_at = now(), updated_at = now()
                        FROM workspace_builds b
                        WHERE b.job_id = \(job.id) AND b.transition = 'start' AND c.workspace_id = b.workspace_id
                            AND c.usable_at IS NULL
                        RETURNING c.id, c.workspace_id, c.outcome, c.created_at
                    )
                    SELECT stoker_emit_event(
                        \(sql: .event(.workspaceReady)), NULL, ARRAY[w.owner_id], \(sql: Self.claimLabels),
                        jsonb_build_object(
                            \(sql: Self.claimData("c")),
                            'seconds', greatest(extract(epoch FROM now() - c.created_at), 0)::bigint,
                            'outputs', \(sql: Self.openOutputs(ofBuild: "b.id")), \(sql: Self.buildNames)
                        ),
                        array_remove(ARRAY[w.id, t.id, p.id], NULL), 'workspace/' || w.id, NULL, now()
                    ), \(sql: News.ofEvents)
                    \(sql: Self.buildSources([job.id], joining: "JOIN usable c ON c.workspace_id = w.id"))
                    """
                ),
                Self.agentsGone(of: Self.workspaceDeleted(by: job)),
            ] + Self.destroyed(job, completion.destroyed) + Self.stopped(job, completion) + [
                // Notifies waiting claims, and agents that wait for a claim. It is the last statement, because its row
                // is read.
                Statement(
                    "completion.ready",
                    """
                    SELECT \(sql: .refilledAfter(if: "b.reason = 'prebuild'")),
                    ARRAY[CASE b.reason
                        WHEN 'claim' THEN \(sql: News.on(Channel.claimed, "b.workspace_id"))
                        ELSE \(sql: News.on(Channel.ready, "coalesce(b.template_version_preset_id::text, '')"))
                    END] AS news
                    FROM workspace_builds b
                    WHERE b.job_id = \(job.id) AND b.transition = 'start' AND b.reason IN ('claim', 'prebuild')
                    """
                )
            ]
        case .failed: [Self.failedEvents([job.id])]
        case .canceled: []
        }
    }

    /// The workspace whose deletion the job is; NULL for other jobs.
    static func workspaceDeleted(by job: HeldJob) -> SQL {
        "(SELECT b.workspace_id FROM workspace_builds b WHERE b.job_id = \(job.id) AND b.transition = 'delete')"
    }

    /// Notifies followers of these jobs that they have ended, and the reconciler of the builds' pools. A claim build
    /// changes no pool, and what is no build may have changed any.
    static func ended(_ jobs: [JobID]) -> Statement {
        Statement(
            "completion.news",
            """
            SELECT \(sql: News.column(
                "CASE WHEN b.reason IS DISTINCT FROM 'claim' THEN \(sql: News.reconcile("b.template_version_preset_id")) END",
                News.on(Channel.finished, "ended.id")
            ))
            FROM unnest(\(jobs)) ended(id)
            -- By key, whatever the planner estimates.
            LEFT JOIN LATERAL (
                SELECT x.reason, x.template_version_preset_id FROM workspace_builds x WHERE x.job_id = ended.id OFFSET 0
            ) b ON true
            """
        )
    }
}

// MARK: - Events

extension Store {
    /// `workspace_resource_replaced`, for claim builds only.
    private func replacedEvent(_ job: HeldJob, _ replacements: [Replacement]) throws -> Statement {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func json(_ value: some Encodable) throws -> PostgresJSON {
            PostgresJSON(String(decoding: try encoder.encode(value), as: UTF8.self))
        }
        let paths = try json(Dictionary(replacements.map { ($0.address, $0.paths) }) { $0 + $1 })
        let said = replacements.filter { !$0.reason.isEmpty }
        let reasons =
            try said.isEmpty ? nil : json(Dictionary(said.map { ($0.address, $0.reason) }) { first, _ in first })
        return Statement(
            "completion.replaced_event",
            """
            SELECT \(sql: Self.poolNames), stoker_emit_event(
                \(sql: .event(.workspaceResourceReplaced)), '89d9745a-816e-4695-a17f-3d0a229e2b8d', \(sql: PlanWriter.templateAdmins),
                jsonb_build_object('org', o.name, 'workspace', w.name, 'template', t.name, 'template_version', v.name,
                    'preset', coalesce(p.name, ''), 'claimant', coalesce(u.username, ''),
                    'workspace_build_num', b.build_number::text),
                jsonb_build_object('replacements', \(paths), 'reasons', \(reasons), \(sql: Self.buildNames)),
                array_remove(ARRAY[w.id, w.owner_id, t.id, p.id], NULL), 'workspace/' || w.id, NULL, now()
            ), \(sql: News.ofEvents)
            \(sql: Self.buildSources([job.id])) AND b.reason = 'claim'
            """
        )
    }

    /// `workspace_build_failed` or `workspace_delete_failed` for each of the jobs that failed for good, and `claim_failed` for
    /// the claimant whose workspace it was to be.
    static func failedEvents(_ jobs: [JobID]) -> Statement {
        Statement(
            "completion.failed_event",
            """
            SELECT \(sql: Self.poolNames), b.reason = 'prebuild' AND b.transition = 'start' AS is_refill, stoker_emit_event(
                CASE WHEN b.transition = 'delete' THEN \(sql: .event(.workspaceDeleteFailed))
                    ELSE \(sql: .event(.workspaceBuildFailed)) END,
                NULL, \(sql: PlanWriter.templateAdmins),
                jsonb_build_object('org', o.name, 'workspace', w.name, 'template', t.name, 'template_version', v.name,
                    'preset', coalesce(p.name, '')),
                jsonb_build_object('error', left(coalesce(j.error, ''), 2000), 'error_code', coalesce(j.error_code, ''),
                    'log', coalesce((
                        SELECT string_agg(left(l.output, 200), E'\\n' ORDER BY l.id)
                        FROM (
                            SELECT id, output FROM provisioner_job_logs WHERE job_id = j.id ORDER BY id DESC LIMIT 10
                        ) l
                    ), ''),
                    \(sql: Self.buildNames)),
                array_remove(ARRAY[w.id, t.id, p.id], NULL), 'workspace/' || w.id, NULL, now()
            ), CASE WHEN b.transition = 'start' THEN (
                SELECT stoker_emit_event(
                    \(sql: .event(.claimFailed)), NULL, ARRAY[c.claimant_id], \(sql: Self.claimLabels),
                    jsonb_build_object(
                        \(sql: Self.claimData("c")), 'error', left(coalesce(j.error, ''), 2000),
                        'error_code', coalesce(j.error_code, ''), \(sql: Self.buildNames)
                    ),
                    array_remove(ARRAY[w.id, t.id, p.id], NULL), 'workspace/' || w.id, NULL, now()
                )
                FROM workspace_claims c WHERE c.workspace_id = w.id AND c.usable_at IS NULL ORDER BY c.created_at DESC LIMIT 1
            ) END, \(sql: News.ofEvents)
            \(sql: Self.buildSources(jobs)) AND j.job_status = 'failed'
            """
        )
    }

    /// The columns that ``PoolName`` reads.
    private static let poolNames: SQL = "t.name AS template, coalesce(p.name, '') AS preset, o.name AS organization"

    private static let buildNames: SQL = """
        'organization', jsonb_build_object('id', o.id, 'name', o.name),
        'template', jsonb_build_object('id', t.id, 'name', t.name),
        'template_version', jsonb_build_object('id', v.id, 'name', v.name),
        'preset', CASE WHEN p.id IS NOT NULL THEN jsonb_build_object('id', p.id, 'name', p.name) END,
        'workspace', jsonb_build_object('id', w.id, 'name', w.name),
        'claimant', jsonb_build_object('id', w.owner_id, 'username', coalesce(u.username, '')),
        'build', jsonb_build_object('id', b.id, 'number', b.build_number), 'build_number', b.build_number,
        'workspace_labels', to_jsonb(w)->'labels'
        """

    /// The labels of an event about a claim.
    private static let claimLabels: SQL = """
        jsonb_build_object('org', o.name, 'workspace', w.name, 'template', t.name, 'template_version', v.name,
            'preset', coalesce(p.name, ''), 'claimant', coalesce(u.username, ''))
        """

    private static func claimData(_ claim: String) -> SQL {
        """
        'claim', jsonb_build_object('id', \(identifier: claim).id), 'outcome', \(identifier: claim).outcome
        """
    }

    /// - Parameter joins: Further tables.
    private static func buildSources(_ jobs: [JobID], joining joins: SQL = "") -> SQL {
        """
        FROM unnest(\(jobs)) ended(id)
        JOIN LATERAL (SELECT * FROM provisioner_jobs WHERE id = ended.id OFFSET 0) j ON true
        JOIN workspace_builds b ON b.job_id = j.id
        JOIN workspaces w ON w.id = b.workspace_id
        JOIN template_versions v ON v.id = b.template_version_id
        JOIN templates t ON t.id = w.template_id
        JOIN organizations o ON o.id = w.organization_id
        LEFT JOIN template_version_presets p ON p.id = b.template_version_preset_id
        LEFT JOIN users u ON u.id = w.owner_id
        \(sql: joins)
        WHERE true
        """
    }
}
