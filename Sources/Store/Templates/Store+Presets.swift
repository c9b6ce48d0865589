// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
package import Time

extension Store {
    /// The presets of all active versions, by template and name.
    package func presets() async throws -> [PresetSummary] {
        try await pool.execute(
            "presets.list",
            """
            SELECT p.id, p.name, t.name AS template, v.name AS version, o.name AS organization, p.is_default,
                p.desired_instances, p.prebuild_status::text AS status, p.prebuild_status_message,
                p.failures_forgotten_before, p.last_invalidated_at,
                CASE WHEN \(sql: .isPaused()) THEN t.prebuilds_paused_until END AS paused_until
            FROM templates t
            JOIN organizations o ON o.id = t.organization_id
            JOIN template_versions v ON \(sql: .isActive())
            JOIN template_version_presets p ON p.template_version_id = v.id
            ORDER BY o.name, t.name, p.name, p.id
            """
        ).map(PresetSummary.init)
    }

    /// Makes hard limited presets healthy again, and forgets all failures up to now, so that neither hard limit nor
    /// back-off counts them. Returns all matching presets.
    ///
    /// For each preset that was hard limited, one `prebuild_failure_limit_resolved` ends its incident. An invalid
    /// preset stays invalid until it is corrected.
    ///
    /// - Parameter now: The moment up to which failures are forgotten; `nil` is the transaction's own time.
    @discardableResult
    package func resetPresets(
        _ selection: PresetSelection,
        by operatorName: String,
        at now: Instant? = nil
    ) async throws -> [ChangedPreset] {
        try await change(selection) { ids in
            Statement(
                "presets.reset",
                """
                WITH resolved AS (
                    UPDATE notification_events SET resolved_at = now(), updated_at = now()
                    FROM unnest(\(ids)) preset_id
                    WHERE dedupe_key = 'prebuild_failure_limit/' || preset_id AND resolved_at IS NULL
                ), reset AS (
                    UPDATE template_version_presets SET failures_forgotten_before = coalesce(\(now), now()),
                        prebuild_status = CASE prebuild_status
                            WHEN 'hard_limited' THEN 'healthy' ELSE prebuild_status
                        END,
                        prebuild_status_message = CASE prebuild_status
                            WHEN 'hard_limited' THEN '' ELSE prebuild_status_message
                        END,
                        hard_limited_at = NULL, limit_trials = 0, limit_trial_at = NULL,
                        updated_at = now()
                    WHERE id = ANY(\(ids))
                )
                SELECT stoker_emit_event(
                    'prebuild_failure_limit_resolved', NULL, \(sql: PlanWriter.templateAdmins),
                    \(sql: PlanWriter.presetLabels),
                    \(sql: PlanWriter.presetData) || jsonb_build_object('how', 'reset', 'by', \(operatorName)),
                    ARRAY[t.id, p.id], 'preset/' || p.id, NULL, now()
                ), \(sql: News.ofEvents)
                -- The rows before the update, which is not visible here; they are locked.
                FROM \(sql: PlanWriter.presetTables)
                WHERE p.id = ANY(\(ids)) AND p.prebuild_status = 'hard_limited'
                """
            )
        }
    }

    /// Expires all existing prebuilds: the next pass replaces them. Returns all matching presets.
    ///
    /// - Parameter now: Prebuilds created before it expire; `nil` is the transaction's own time.
    @discardableResult
    package func invalidatePresets(_ selection: PresetSelection, at now: Instant? = nil) async throws -> [ChangedPreset]
    {
        try await change(selection) { ids in
            Statement(
                "presets.invalidate",
                """
                UPDATE template_version_presets SET last_invalidated_at = coalesce(\(now), now()), updated_at = now()
                WHERE id = ANY(\(ids))
                """
            )
        }
    }

    /// Locks the presets, changes them, and notifies the reconciler, in one transaction.
    ///
    /// The change is a statement of its own after the lock, so that it sees what a pass that held the rows has written.
    private func change(
        _ selection: PresetSelection,
        _ makeChange: ([PresetID]) -> Statement
    ) async throws -> [ChangedPreset] {
        try await changing("presets.change") { transaction in
            let presets = try await transaction.execute(Self.lock(selection)).map(ChangedPreset.init)
            guard !presets.isEmpty else {
                try await requireTemplate(selection.template)
                try await requirePreset(selection.name, of: selection.template)
                throw selection.missing
            }
            _ = try await transaction.executeBatch([
                makeChange(presets.map(\.id)),
                Statement("presets.news", "SELECT \(sql: News.column(News.reconcile))"),
            ])
            return presets
        }
    }

    private static func lock(_ selection: PresetSelection) -> Statement {
        Statement(
            "presets.lock",
            within: .seconds(90),
            """
            SELECT p.id, p.name, t.name AS template, p.prebuild_status::text AS status
            FROM template_version_presets p
            JOIN template_versions v ON v.id = p.template_version_id
            JOIN templates t ON t.id = v.template_id
            WHERE p.id = \(selection.presetID)
                OR t.id = (\(sql: .templateID(named: selection.template)))
                    AND v.id = t.active_version_id AND p.name = coalesce(\(selection.name), p.name)
            ORDER BY p.id
            FOR UPDATE OF p
            """
        )
    }
}

extension PresetSummary {
    fileprivate init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        templateName = try row["template"]
        versionName = try row["version"]
        organizationName = try row["organization"]
        isDefault = try row["is_default"]
        desiredInstances = try row["desired_instances"]
        status = PrebuildStatus(rawValue: try row["status"]) ?? .unknown
        statusMessage = try row["prebuild_status_message"]
        failuresForgottenBefore = try row["failures_forgotten_before"]
        lastInvalidatedAt = try row["last_invalidated_at"]
        pausedUntil = try row["paused_until"]
    }
}

extension ChangedPreset {
    fileprivate init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        templateName = try row["template"]
        statusBefore = PrebuildStatus(rawValue: try row["status"]) ?? .unknown
    }
}

extension PrebuildStatus {
    /// Reads a label of the database's enum.
    init(stored label: String) throws {
        guard let status = Self(rawValue: label) else {
            throw StoreError.internalInconsistency("prebuild_status '\(label)'")
        }
        self = status
    }
}
