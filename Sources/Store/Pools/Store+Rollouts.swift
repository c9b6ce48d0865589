// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A roll-out of a template's version, as lists show it.
package struct RolloutSummary: Hashable, Sendable, Codable {
    package var id: RolloutID
    package var templateName: String
    package var organizationName: String
    package var fromVersion: String
    package var toVersion: String
    /// `running`, `paused`, `held`, `completed`, `rolled_back` or `superseded`.
    package var status: String
    /// Why it is paused or held, or was rolled back; may be empty.
    package var reason: String
    /// Whether it takes back another one.
    package var isRollback: Bool
    /// Prebuilds that were taken over as they are, because only numbers have changed.
    package var adopted: Int
    package var startedAt: Instant
    package var endedAt: Instant?
    /// The pools that it hands over, while it has not ended.
    package var pools: [Pool]

    /// A pool that is handed over.
    package struct Pool: Hashable, Sendable, Codable {
        package var presetName: String
        /// Whether enough prebuilds of the new version have become ready.
        package var isProven: Bool
        /// How many prebuilds of the new version, and of earlier ones, can be claimed.
        package var ready: Int
        package var previous: Int
        /// How much of the pool is always ready, in hundredths.
        package var floor: Int
        package var canary: Int
        package var progressDeadline: Int
        package var onFailure: String

        private enum CodingKeys: String, CodingKey {
            case ready, previous, floor, canary
            case presetName = "preset_name"
            case isProven = "proven"
            case progressDeadline = "progress_deadline_seconds"
            case onFailure = "on_failure"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case id, status, reason, adopted, pools
        case templateName = "template_name"
        case organizationName = "org_name"
        case fromVersion = "from_version"
        case toVersion = "to_version"
        case isRollback = "rollback"
        case startedAt = "started_at"
        case endedAt = "ended_at"
    }
}

extension Store {
    /// Roll-outs, the newest first; of one template, if given.
    package func rollouts(of template: String? = nil, limit: Int = 100) async throws -> [RolloutSummary] {
        try await pool.execute(
            Statement(
                "rollouts.list",
                within: .seconds(10),
                """
                SELECT r.id, t.name AS template, o.name AS organization, f.name AS from_version, v.name AS to_version, r.status,
                    r.reason, r.is_rollback, r.adopted, r.started_at, r.ended_at, p.*
                FROM template_rollouts r
                JOIN templates t ON t.id = r.template_id AND NOT t.deleted
                JOIN organizations o ON o.id = t.organization_id
                JOIN template_versions f ON f.id = r.from_version_id
                JOIN template_versions v ON v.id = r.to_version_id
                CROSS JOIN LATERAL (
                    SELECT coalesce(array_agg(p.name ORDER BY p.name), '{}') AS presets,
                        coalesce(array_agg(p.canary_passed_at IS NOT NULL ORDER BY p.name), '{}') AS proven,
                        coalesce(array_agg(p.rollout_floor ORDER BY p.name), '{}') AS floors,
                        coalesce(array_agg(p.rollout_canary ORDER BY p.name), '{}') AS canaries,
                        coalesce(array_agg(p.rollout_deadline_secs ORDER BY p.name), '{}') AS deadlines,
                        coalesce(array_agg(p.rollout_on_failure ORDER BY p.name), '{}') AS on_failures,
                        coalesce(array_agg((
                            SELECT count(*) FROM workspaces w
                            WHERE \(sql: .isPrebuild()) AND NOT w.retiring AND w.claimable_preset_id = p.id
                        ) ORDER BY p.name), '{}') AS ready,
                        coalesce(array_agg((
                            SELECT count(*) FROM workspaces w
                            WHERE \(sql: .isPrebuild()) AND NOT w.retiring AND w.claimable_preset_id = ANY(p.predecessor_ids)
                        ) ORDER BY p.name), '{}') AS previous
                    FROM template_version_presets p
                    WHERE p.template_version_id = r.to_version_id AND r.ended_at IS NULL AND p.predecessor_ids <> '{}'
                ) p
                WHERE \(template) IS NULL OR t.id = (\(sql: .templateID(named: template)))
                ORDER BY r.started_at DESC, r.id LIMIT \(limit)
                """
            )
        ).map(RolloutSummary.init)
    }

    /// The template's roll-out that has not ended, or the last one.
    ///
    /// Throws ``StoreError`` of code `.notFound`.
    package func rollout(of template: String) async throws -> RolloutSummary {
        if let rollout = try await rollouts(of: template, limit: 1).first { return rollout }
        throw StoreError.notFound(
            "roll-out of template",
            template,
            remedy: "A push of another version begins one; see 'stoker rollouts list'."
        )
    }

    /// Stops a roll-out where it is. Throws ``StoreError`` of code `.notFound` or `.conflict`.
    package func pauseRollout(of template: String, reason: String = "") async throws -> RolloutSummary {
        try await changeRollout(
            of: template,
            "status = 'paused', reason = \(reason)",
            where: "r.status = 'running'",
            refusal: "Only a roll-out that runs can be paused"
        )
    }

    /// Lets a paused or held roll-out go on; its deadline counts from now. Throws ``StoreError`` of code `.notFound` or
    /// `.conflict`.
    package func resumeRollout(of template: String, by operatorName: String) async throws -> RolloutSummary {
        let refusal = "Only a roll-out that is paused or held can be resumed"
        let before = try await rollout(of: template)
        guard ["paused", "held"].contains(before.status) else { throw Self.conflict(refusal, before) }
        // It may be held because its presets are hard limited. They come first: if this is all that is done, it can be
        // asked for again.
        try await resetPresets(.ofTemplate(template), by: operatorName)
        return try await changeRollout(
            of: template,
            "status = 'running', reason = '', progressed_at = now()",
            where: "r.status IN ('paused', 'held')",
            refusal: refusal
        )
    }

    /// Promotes the version again from which a roll-out began. Throws ``StoreError`` of code `.notFound` or `.conflict`.
    package func rollBack(_ template: String, by operatorName: String) async throws -> RolloutSummary {
        let before = try await rollout(of: template)
        let refusal = "Only a roll-out that has not ended can be rolled back"
        try await changing("rollouts.roll_back") { transaction in
            let ended = try await transaction.execute(
                "rollouts.roll_back",
                """
                WITH ended AS (
                    UPDATE template_rollouts SET status = 'rolled_back', reason = \("asked for by \(operatorName)"),
                        ended_at = now(), updated_at = now()
                    WHERE id = \(before.id) AND ended_at IS NULL RETURNING from_version_id, to_version_id
                )
                SELECT coalesce((
                    -- The version that was proven last may be an earlier one.
                    SELECT s.template_version_id FROM template_version_presets p
                    JOIN template_version_presets s ON s.id = p.standby_preset_id
                    WHERE p.template_version_id = r.to_version_id LIMIT 1
                ), r.from_version_id) AS version FROM ended r
                """
            )
            guard let version: TemplateVersionID = try ended.first?["version"] else {
                throw Self.conflict(refusal, before)
            }
            let promoted = try await transaction.executeBatch(
                Self.promotion(of: "\(version)::uuid", if: "true", takingBack: true)
            )
            guard promoted.last?.isEmpty == false else {
                throw StoreError(
                    .conflict,
                    "The version '\(before.fromVersion)' of '\(template)' cannot be promoted again",
                    remedy: "See 'stoker templates versions \(template)'."
                )
            }
        }
        return try await rollout(of: template)
    }

    private func changeRollout(
        of template: String,
        _ change: SQL,
        where condition: SQL,
        refusal: String
    ) async throws -> RolloutSummary {
        let before = try await rollout(of: template)
        let changed = try await pool.execute(
            "rollouts.change",
            """
            WITH changed AS (
                UPDATE template_rollouts r SET \(sql: change), updated_at = now()
                WHERE r.id = \(before.id) AND r.ended_at IS NULL AND \(sql: condition) RETURNING r.id
            )
            SELECT id, \(sql: News.column(News.reconcile)) FROM changed
            """
        )
        guard !changed.isEmpty else { throw Self.conflict(refusal, before) }
        return try await rollout(of: template)
    }

    private static func conflict(_ refusal: String, _ last: RolloutSummary) -> StoreError {
        StoreError(
            .conflict,
            "\(refusal): the last one of '\(last.templateName)' is \(last.status)",
            remedy: "See 'stoker rollouts show \(last.templateName)'."
        )
    }
}

extension RolloutSummary {
    fileprivate init(_ row: Row) throws {
        id = try row["id"]
        templateName = try row["template"]
        organizationName = try row["organization"]
        fromVersion = try row["from_version"]
        toVersion = try row["to_version"]
        status = try row["status"]
        reason = try row["reason"]
        isRollback = try row["is_rollback"]
        adopted = try row["adopted"]
        startedAt = try row["started_at"]
        endedAt = try row["ended_at"]
        let names: [String] = try row["presets"]
        let (proven, onFailures): ([Bool], [String]) = (try row["proven"], try row["on_failures"])
        let (ready, previous): ([Int], [Int]) = (try row["ready"], try row["previous"])
        let (floors, canaries, deadlines): ([Int], [Int], [Int]) = try (
            row["floors"], row["canaries"], row["deadlines"]
        )
        pools = names.indices.map {
            Pool(
                presetName: names[$0],
                isProven: proven[$0],
                ready: ready[$0],
                previous: previous[$0],
                floor: floors[$0],
                canary: canaries[$0],
                progressDeadline: deadlines[$0],
                onFailure: onFailures[$0]
            )
        }
    }
}
