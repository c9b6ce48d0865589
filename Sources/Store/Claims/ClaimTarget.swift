// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Time

/// The rows that a claim's names refer to.
package struct ClaimTarget: Sendable {
    var ownerID: UserID
    var ownerName: String
    var organizationID: OrganizationID
    var templateID: TemplateID
    var templateName: String
    var versionID: TemplateVersionID
    var presetID: PresetID
    var presetName: String
    /// The request's values, each in its canonical text (``ParameterType/canonical(_:)``).
    var parameters: [String: String]
    /// Whether a prebuild of the preset can become what was requested.
    var fitsPool: Bool
    /// The outcome if no prebuild is eligible.
    var missOutcome: ClaimOutcome
    /// The reason for that outcome, in words.
    var missReason: String
    /// When the names were looked up, in database time.
    var askedAt: Instant
}

/// The rows that a claim's names refer to, or the earlier result of its key, for which the names do not matter.
package enum ResolvedClaim {
    case target(ClaimTarget)
    case earlier(EarlierClaim)
}

/// A preset that a claim may choose, with its parameters.
private struct ClaimedPreset {
    var id: PresetID
    var name: String
    var isDefault: Bool
    var hasPool: Bool
    var parameters: [Parameter]

    struct Parameter {
        var name: String
        var isMutable: Bool
        /// The preset's value, else the version's default; `nil` when there is neither.
        var value: String?
    }

    init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        isDefault = try row["is_default"]
        hasPool = try row["has_pool"]
        let names: [String] = try row["names"]
        let mutable: [Bool] = try row["mutable"]
        let values: [String?] = try row["values"]
        parameters = names.indices.map { Parameter(name: names[$0], isMutable: mutable[$0], value: values[$0]) }
    }

    /// Why no prebuild can become what was requested: a value that cannot change differs from the built one; `nil`: one
    /// can.
    ///
    /// Throws ``StoreError`` of code `.invalid` when no workspace can be built with these values.
    ///
    /// - Parameter types: The types of the given parameters. Other programs may have written rows in another notation.
    func misfit(
        _ given: [String: String],
        _ types: [String: ParameterType],
        of template: String
    ) throws -> String? {
        if let unknown = given.keys.sorted().first(where: { name in !parameters.contains { $0.name == name } }) {
            let names = parameters.map(\.name).joined(separator: ", ")
            throw StoreError(
                .invalid,
                "Template '\(template)' has no parameter '\(unknown)'",
                remedy: names.isEmpty ? "It has none." : "It has: \(names)."
            )
        }
        if let missing = parameters.first(where: { $0.value == nil && given[$0.name] == nil }) {
            throw StoreError(
                .invalid,
                "Parameter '\(missing.name)' of template '\(template)' needs a value",
                remedy: "Give one: preset '\(name)' has none."
            )
        }
        if !hasPool { return "preset '\(name)' has no pool" }
        let changed = parameters.first { parameter in
            guard !parameter.isMutable, let wanted = given[parameter.name] else { return false }
            guard let value = parameter.value else { return true }
            return !(types[parameter.name] ?? .text).areEqual(wanted, value)
        }
        return changed.map { "parameter '\($0.name)' cannot change after the build" }
    }
}

extension Store {
    /// Looks up the names. Throws ``StoreError`` of code `.notFound`, `.invalid` or `.conflict`.
    package func resolve(_ request: ClaimRequest) async throws -> ResolvedClaim {
        let earlier = request.idempotencyKey.map { EarlierClaim.statement($0, of: request.owner) }
        let answers = try await pool.executeBatch(
            [owner(request), template(request), presets(request)] + (earlier.map { [$0] } ?? [])
        )
        if earlier != nil, let row = answers[3].first { return .earlier(try EarlierClaim(row)) }
        guard let owner = answers[0].first else {
            throw StoreError.notFound("user", request.owner, remedy: "Add one with 'stoker users add'.")
        }
        guard let template = answers[1].first else {
            throw try await missingTemplate(request.template)
        }
        let templateName: String = try template["name"]
        guard let versionID: TemplateVersionID = try template["active_version_id"] else {
            throw StoreError(
                .conflict,
                "Template '\(templateName)' has no active version yet",
                remedy: "Wait for its import, or promote one: 'stoker templates promote \(templateName) VERSION'."
            )
        }
        let deprecated: String = try template["deprecated"]
        guard deprecated.isEmpty else {
            throw StoreError(.conflict, "Template '\(templateName)' is deprecated: \(deprecated)")
        }
        let preset = try await choosePreset(answers[2], request, templateName)
        let (given, types) = try await canonical(request.parameters, of: versionID)
        let misfit = try preset.misfit(given, types, of: templateName)
        let isPaused: Bool = try template["is_paused"]
        return .target(
            ClaimTarget(
                ownerID: try owner["id"],
                ownerName: try owner["username"],
                organizationID: try template["organization_id"],
                templateID: try template["id"],
                templateName: templateName,
                versionID: versionID,
                presetID: preset.id,
                presetName: preset.name,
                parameters: given,
                fitsPool: misfit == nil,
                missOutcome: misfit != nil ? .missUnmatched : isPaused ? .missPaused : .missEmpty,
                missReason: misfit ?? (isPaused ? "the pools are paused, and none is ready" : "none is ready"),
                askedAt: try owner["now"]
            )
        )
    }

    /// The values in their canonical texts, and the types of their parameters. Values of unknown names stay as they
    /// are.
    ///
    /// Throws ``StoreError`` of code `.invalid` when a value breaks its parameter's type, options or validation.
    private func canonical(
        _ values: [String: String],
        of version: TemplateVersionID
    ) async throws -> (values: [String: String], types: [String: ParameterType]) {
        guard !values.isEmpty else { return ([:], [:]) }
        let rows = try await pool.execute(
            SnapshotQuery.parameters(
                "FROM template_version_parameters p WHERE p.template_version_id = \(version)"
            )
        )
        var types: [String: ParameterType] = [:]
        for parameter in try SnapshotQuery.readParameters(rows).of(version) {
            guard let value = values[parameter.name] else { continue }
            if let problem = parameter.problem(of: value) {
                throw StoreError(.invalid, "The \(problem)", remedy: "Give another value.")
            }
            types[parameter.name] = ParameterType(parameter.type)
        }
        return (types.canonical(values), types)
    }

    /// The error for a missing template: whether it was deleted.
    private func missingTemplate(_ name: String) async throws -> StoreError {
        let deleted = try await pool.execute(
            Statement(
                "claims.deleted",
                reading: true,
                "SELECT FROM templates WHERE lower(name) = lower(\(name)) AND deleted LIMIT 1"
            )
        )
        guard deleted.isEmpty else {
            return StoreError(.deleted, "Template '\(name)' was deleted", remedy: "See 'stoker templates list'.")
        }
        return StoreError.noTemplate(name)
    }

    private func choosePreset(
        _ rows: QueryResult,
        _ request: ClaimRequest,
        _ template: String
    ) async throws -> ClaimedPreset {
        let presets = try rows.map(ClaimedPreset.init)
        let chosen =
            if let wanted = request.preset {
                presets.first { $0.name == wanted }
            } else {
                presets.first(where: \.isDefault) ?? (presets.count == 1 ? presets[0] : nil)
            }
        if let chosen { return chosen }
        var all = request
        all.preset = nil
        let names = try await pool.execute(self.presets(all)).map { try ClaimedPreset($0).name }.joined(separator: ", ")
        let remedy = names.isEmpty ? "Give it a preset and push it again." : "It has: \(names)."
        guard let wanted = request.preset else {
            throw StoreError(.invalid, "Template '\(template)' has no default preset", remedy: remedy)
        }
        throw StoreError.notFound("preset", wanted, remedy: remedy)
    }

    private func owner(_ request: ClaimRequest) -> Statement {
        Statement(
            "claims.owner",
            reading: true,
            """
            SELECT u.id, u.username, clock_timestamp() AS now FROM users u
            WHERE \(sql: .isUser(named: request.owner)) AND \(sql: .mayAct())
            """
        )
    }

    private func template(_ request: ClaimRequest) -> Statement {
        Statement(
            "claims.template",
            reading: true,
            """
            SELECT t.id, t.name, t.deprecated, t.active_version_id, t.organization_id,
                \(sql: .isPaused()) OR EXISTS (SELECT FROM settings s WHERE \(sql: FleetPause.isAnyInForce())) AS is_paused
            FROM templates t WHERE t.id = (\(sql: .templateID(named: request.template)))
            """
        )
    }

    private func presets(_ request: ClaimRequest) -> Statement {
        Statement(
            "claims.presets",
            reading: true,
            """
            SELECT p.id, p.name, p.is_default, p.desired_instances IS NOT NULL AS has_pool,
                coalesce(array_agg(d.name ORDER BY d.name) FILTER (WHERE d.name IS NOT NULL), '{}') AS names,
                coalesce(array_agg(d.mutable ORDER BY d.name) FILTER (WHERE d.name IS NOT NULL), '{}') AS mutable,
                coalesce(array_agg(coalesce(g.value, CASE WHEN NOT d.required THEN d.default_value END) ORDER BY d.name)
                    FILTER (WHERE d.name IS NOT NULL), '{}') AS values
            FROM templates t
            JOIN template_version_presets p ON p.template_version_id = t.active_version_id
            LEFT JOIN template_version_parameters d ON d.template_version_id = p.template_version_id
            LEFT JOIN template_version_preset_parameters g ON g.template_version_preset_id = p.id AND g.name = d.name
            WHERE t.id = (\(sql: .templateID(named: request.template)))
                AND (\(request.preset) IS NULL OR p.name = \(request.preset))
            GROUP BY p.id
            ORDER BY p.name
            """
        )
    }
}
