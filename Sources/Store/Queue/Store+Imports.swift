// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Prebuilds
package import Templates

extension Store {
    /// Ends an import that succeeded: parameters, agents, presets and schedules of the version, the template if this is its
    /// first version, and its promotion, in one transaction.
    ///
    /// Fenced like ``completeBuild(_:_:)``.
    package func completeImport(_ job: HeldJob, _ manifest: TemplateManifest, _ context: ImportContext) async throws {
        let version = context.versionID
        try await pool.withTransaction("imports.complete") { transaction in
            try await Self.end(job, .succeeded, on: transaction)
            _ = try await transaction.executeBatchAndCommit([
                ensureTemplate(manifest, context), parameters(manifest.parameters, of: version),
                agents(manifest.agents, of: version), presets(manifest.presets, of: version),
                presetParameters(manifest.presets, of: version), autoscaling(manifest.presets, of: version),
                schedules(manifest.presets, of: version),
                activate(manifest, context), Self.ended([job.id]),
            ])
        }
    }

    /// Ends an import without a version. Fenced like ``completeBuild(_:_:)``.
    package func endImport(_ job: HeldJob, _ result: JobResult) async throws {
        try await pool.withTransaction("imports.end") { transaction in
            try await Self.end(job, result, on: transaction)
            _ = try await transaction.executeBatchAndCommit([Self.ended([job.id])])
        }
    }

    /// Finds or makes the template and locks it until the end of the transaction, so that imports of one template end
    /// one after the other.
    private func ensureTemplate(_ manifest: TemplateManifest, _ context: ImportContext) -> Statement {
        Statement(
            "imports.template",
            """
            WITH template AS (
                INSERT INTO templates (organization_id, name, display_name, description, icon, provisioner, created_by)
                SELECT v.organization_id, \(context.templateName), \(manifest.displayName), \(manifest.description),
                    \(manifest.icon), \(manifest.provisioner.rawValue)::provisioner_type, v.created_by
                FROM template_versions v WHERE v.id = \(context.versionID)
                ON CONFLICT (organization_id, lower(name)) WHERE NOT deleted DO UPDATE SET updated_at = now()
                RETURNING id
            )
            UPDATE template_versions SET template_id = template.id, updated_at = now()
            FROM template WHERE template_versions.id = \(context.versionID)
            """
        )
    }

    /// Makes the version the active one, unless its push asked not to, or a later push or promotion has set another
    /// one.
    private func activate(_ manifest: TemplateManifest, _ context: ImportContext) -> Statement {
        Statement(
            "imports.activate",
            """
            UPDATE templates t SET active_version_id = v.id, activated_at = v.created_at,
                display_name = \(manifest.displayName), description = \(manifest.description), icon = \(manifest.icon),
                provisioner = \(manifest.provisioner.rawValue)::provisioner_type, updated_at = now()
            FROM template_versions v
            WHERE v.id = \(context.versionID) AND t.id = v.template_id AND \(context.activates)
                -- The version's own time counts as well: programs of the previous release do not record when they
                -- activate.
                AND v.created_at >= coalesce(greatest(t.activated_at, (
                    SELECT a.created_at FROM template_versions a WHERE a.id = t.active_version_id
                )), '-infinity')
            """
        )
    }

    private func parameters(_ parameters: [TemplateParameter], of version: TemplateVersionID) -> Statement {
        Statement(
            "imports.parameters",
            """
            INSERT INTO template_version_parameters (template_version_id, name, description, type, mutable, sensitive,
                default_value, required, options, validation, display_order, source, display_name, icon, ephemeral,
                option_labels)
            SELECT \(version), p.* FROM unnest(
                \(parameters.map(\.name)), \(parameters.map(\.description)), \(parameters.map(\.type)),
                \(parameters.map(\.mutable)), \(parameters.map(\.sensitive)), \(parameters.map { $0.defaultValue ?? "" }),
                \(parameters.map(\.required)), \(parameters.map { PostgresJSON($0.optionsJSON) }),
                \(parameters.map { PostgresJSON($0.validation) }), \(parameters.map { Int32($0.displayOrder) }),
                \(parameters.map(\.source.rawValue)), \(parameters.map(\.displayName)), \(parameters.map(\.icon)),
                \(parameters.map(\.ephemeral)), \(parameters.map { PostgresJSON($0.labelsJSON) })
            ) p
            """
        )
    }

    private func agents(_ agents: [String], of version: TemplateVersionID) -> Statement {
        Statement(
            "imports.agents",
            """
            INSERT INTO template_version_agents (template_version_id, name) SELECT \(version), unnest(\(agents))
            """
        )
    }
}

// MARK: - Presets

extension Store {
    private func presets(_ presets: [TemplatePreset], of version: TemplateVersionID) -> Statement {
        Statement(
            "imports.presets",
            """
            INSERT INTO template_version_presets (template_version_id, name, description, icon, is_default,
                desired_instances, invalidate_after_secs, scheduling_timezone, weight,
                max_unavailable)
            SELECT \(version), p.* FROM unnest(
                \(presets.map(\.name)), \(presets.map(\.description)), \(presets.map(\.icon)), \(presets.map(\.isDefault)),
                \(presets.map { $0.prebuilds.map { Int32($0.instances) } }),
                \(presets.map { Int32($0.prebuilds?.ttlSeconds ?? 0) }), \(presets.map { $0.prebuilds?.timezone ?? "" }),
                \(presets.map { Int32($0.prebuilds?.weight ?? 1) }),
                \(presets.map { $0.prebuilds.map { Int32($0.maxUnavailable) } })
            ) p
            """
        )
    }

    private func presetParameters(_ presets: [TemplatePreset], of version: TemplateVersionID) -> Statement {
        let values = presets.flatMap { preset in
            preset.parameters.sorted { $0.key < $1.key }.map { (preset.name, $0.key, $0.value) }
        }
        return Statement(
            "imports.preset_parameters",
            """
            INSERT INTO template_version_preset_parameters (template_version_preset_id, name, value)
            SELECT p.id, x.name, x.value
            FROM unnest(\(values.map(\.0)), \(values.map(\.1)), \(values.map(\.2))) x(preset, name, value)
            JOIN template_version_presets p ON p.template_version_id = \(version) AND p.name = x.preset
            """
        )
    }

    private func autoscaling(_ presets: [TemplatePreset], of version: TemplateVersionID) -> Statement {
        let settings = presets.compactMap { preset in preset.prebuilds.map { (preset.name, $0.autoscale) } }
        return Statement(
            "imports.autoscaling",
            """
            UPDATE template_version_presets p SET autoscale_mode = x.mode, autoscale_goal = x.goal, autoscale_min = x.least,
                autoscale_max = x.most
            FROM unnest(
                \(settings.map(\.0)), \(settings.map(\.1.mode.rawValue)), \(settings.map(\.1.goal)),
                \(settings.map { Int32($0.1.min) }), \(settings.map { Int32($0.1.max) })
            ) x(name, mode, goal, least, most)
            WHERE p.template_version_id = \(version) AND p.name = x.name
            """
        )
    }

    private func schedules(_ presets: [TemplatePreset], of version: TemplateVersionID) -> Statement {
        let rows = presets.flatMap { preset in
            (preset.prebuilds?.schedule ?? []).map { (preset.name, $0.cron, Int32($0.instances)) }
        }
        return Statement(
            "imports.schedules",
            """
            INSERT INTO template_version_preset_prebuild_schedules (preset_id, cron_expression, desired_instances)
            SELECT p.id, s.cron, s.instances
            FROM unnest(\(rows.map(\.0)), \(rows.map(\.1)), \(rows.map(\.2))) s(preset, cron, instances)
            JOIN template_version_presets p ON p.template_version_id = \(version) AND p.name = s.preset
            """
        )
    }
}
