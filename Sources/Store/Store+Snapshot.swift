// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Prebuilds

extension Store {
    /// What a plan is made from, as of now and without the lock: for `stoker plan`.
    package func snapshot(at now: Instant? = nil, limits: PlanLimits) async throws -> (now: Instant, snapshot: Snapshot)
    {
        let answers = try await pool.executeBatch(SnapshotQuery(now: now, limits: limits).statements)
        return try SnapshotQuery.read(answers)
    }
}

/// The statements that make a ``Snapshot``, for one round trip. The first of them alone holds everything that must agree
/// with itself; the others read what does not change once a preset is visible.
struct SnapshotQuery {
    let now: Instant?
    let limits: PlanLimits

    var statements: [Statement] { [settings, presets, parameters] }

    static func read(_ answers: [QueryResult]) throws -> (now: Instant, snapshot: Snapshot) {
        guard answers.count == 3 else { throw StoreError.internalInconsistency("the snapshot is not whole") }
        let (now, pause, quotas) = try readSettings(answers[0])
        let parameters = try readParameters(answers[2])
        var pending = 0
        let presets = try answers[1].map { row in
            let (preset, waiting) = try readPreset(row, parameters: parameters)
            pending += waiting
            return preset
        }
        return (now, Snapshot(presets: presets, pause: pause, pendingJobs: pending, prebuildQuotas: quotas))
    }
}

// MARK: - Settings

extension SnapshotQuery {
    private var settings: Statement {
        Statement(
            "snapshot.settings",
            """
            SELECT coalesce(\(now), transaction_timestamp()) AS now, s.key, (s.value->>'until')::timestamptz AS until,
                coalesce(s.value->>'reason', '') AS reason, s.updated_by,
                ARRAY(SELECT id FROM organizations WHERE prebuild_quota IS NOT NULL ORDER BY id) AS quota_organizations,
                ARRAY(SELECT prebuild_quota FROM organizations WHERE prebuild_quota IS NOT NULL ORDER BY id) AS quotas
            FROM (SELECT) one
            LEFT JOIN LATERAL (
                -- Maintenance comes before a pause of the reconciler: it holds more.
                SELECT * FROM settings
                WHERE (
                    key = 'maintenance' AND (value->>'active')::boolean
                    OR key = 'prebuilds' AND (value->>'reconciliation_paused')::boolean
                ) AND coalesce((value->>'until')::timestamptz > coalesce(\(now), transaction_timestamp()), true)
                ORDER BY key LIMIT 1
            ) s ON true
            """
        )
    }

    private static func readSettings(
        _ answer: QueryResult
    ) throws -> (now: Instant, pause: FleetPause?, quotas: [OrganizationID: Int]) {
        let (now, key, until, reason, orderedBy, organizations, quotas) = try answer.only().decode(
            Instant.self,
            String?.self,
            Instant?.self,
            String.self,
            String?.self,
            [OrganizationID].self,
            [Int].self
        )
        let pause = key.map {
            FleetPause(
                kind: $0 == "maintenance" ? .maintenance : .reconciliation,
                until: until,
                reason: reason,
                orderedBy: orderedBy
            )
        }
        return (now, pause, Dictionary(zip(organizations, quotas)) { first, _ in first })
    }
}

// MARK: - Parameters

extension SnapshotQuery {
    private var parameters: Statement {
        Self.parameters(
            """
            FROM templates t JOIN template_version_parameters p ON p.template_version_id = t.active_version_id
            WHERE NOT t.deleted AND t.deprecated = ''
            """
        )
    }

    /// Parameters `p` that the clauses select, for ``readParameters(_:)``.
    static func parameters(_ selection: SQL) -> Statement {
        Statement(
            "snapshot.parameters",
            """
            SELECT p.template_version_id, p.name, p.type, p.required, p.default_value,
                ARRAY(SELECT coalesce(o->>'value', o #>> '{}') FROM jsonb_array_elements(p.options) o) AS options,
                p.validation->>'regex' AS regex, (p.validation->>'min')::float8 AS minimum,
                (p.validation->>'max')::float8 AS maximum, coalesce(p.validation->>'error', '') AS error, p.sensitive
            \(sql: selection)
            ORDER BY p.template_version_id, p.display_order, p.name
            """
        )
    }

    static func readParameters(_ answer: QueryResult) throws -> [TemplateVersionID: [VersionParameter]] {
        var parameters: [TemplateVersionID: [VersionParameter]] = [:]
        for row in answer {
            let (
                version, name, type, required, defaultValue, options, regex, minimum, maximum, error, isSensitive
            ) = try row.decode(
                TemplateVersionID.self,
                String.self,
                String.self,
                Bool.self,
                String.self,
                [String].self,
                String?.self,
                Double?.self,
                Double?.self,
                String.self,
                Bool.self
            )
            let hasRules = regex != nil || minimum != nil || maximum != nil
            parameters[version, default: []].append(
                VersionParameter(
                    name: name,
                    type: type,
                    isRequired: required,
                    defaultValue: defaultValue,
                    options: options,
                    validation: hasRules
                        ? ParameterValidation(regex: regex, minimum: minimum, maximum: maximum, error: error) : nil,
                    isSensitive: isSensitive
                )
            )
        }
        return parameters
    }
}
