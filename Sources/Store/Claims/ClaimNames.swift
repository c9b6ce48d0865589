// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Time

/// The rows that a claim's names refer to, as far as they exist.
struct ClaimNames: Sendable {
    /// The person who gets the workspace.
    var owner: Owner?
    var template: Template?
    /// The preset of the request's name; all presets when it names none.
    var presets: [ClaimedPreset] = []
    /// The result of an earlier claim with the same key.
    var earlier: EarlierClaim?

    struct Owner: Sendable {
        var id: UserID
        var name: String
        /// The time of the lookup, in database time.
        var now: Instant
    }

    struct Template: Sendable {
        var id: TemplateID
        var name: String
        var organizationID: OrganizationID
        var activeVersionID: TemplateVersionID?
        /// Why it is deprecated; empty: it is not.
        var deprecated: String
        /// Whether its pools, or all, are paused.
        var isPaused: Bool
        /// The rules of the active version.
        var lifetime: Lifetime
    }
}

extension ClaimNames {
    /// Looks up the names of several requests in one round trip.
    static func look(_ requests: [ClaimRequest], on pool: PostgresPool) async -> [Result<ClaimNames, any Error>] {
        do {
            return try await read(requests, on: pool).map { .success($0) }
        } catch let error as PostgresError where requests.count > 1 && error.isOfItsValues {
            // One name that the server does not take, one with a NUL for example, must not fail the others.
            var results: [Result<ClaimNames, any Error>] = []
            for request in requests { results += await look([request], on: pool) }
            return results
        } catch {
            return requests.map { _ in .failure(error) }
        }
    }

    private static func read(_ requests: [ClaimRequest], on pool: PostgresPool) async throws -> [ClaimNames] {
        let hasKeys = requests.contains { $0.idempotencyKey != nil }
        let answers = try await pool.executeBatch(
            [.indexPlans, owners(requests), templates(requests), presets(requests)]
                + (hasKeys ? [EarlierClaim.statement(of: requests)] : [])
        )
        var names = requests.map { _ in ClaimNames() }
        for row in answers[1] {
            names[try row["place"]].owner = Owner(id: try row["id"], name: try row["username"], now: try row["now"])
        }
        for row in answers[2] {
            names[try row["place"]].template = Template(
                id: try row["id"],
                name: try row["name"],
                organizationID: try row["organization_id"],
                activeVersionID: try row["active_version_id"],
                deprecated: try row["deprecated"],
                isPaused: try row["is_paused"],
                lifetime: Lifetime(
                    defaultSeconds: try row["lifetime_default_secs"],
                    maxSeconds: try row["lifetime_max_secs"]
                )
            )
        }
        for row in answers[3] { names[try row["place"]].presets.append(try ClaimedPreset(row)) }
        if hasKeys {
            for (place, earlier) in try EarlierClaim.read(answers[4]) { names[place].earlier = earlier }
        }
        return names
    }

    private static func owners(_ requests: [ClaimRequest]) -> Statement {
        Statement(
            "claims.owners",
            within: .seconds(10),
            reading: true,
            """
            SELECT q.place - 1 AS place, u.id, u.username, clock_timestamp() AS now
            FROM unnest(\(requests.map(\.owner))) WITH ORDINALITY q(name, place)
            JOIN users u ON \(sql: .isUser(namedBy: "q.name")) AND \(sql: .mayAct())
            """
        )
    }

    private static func templates(_ requests: [ClaimRequest]) -> Statement {
        Statement(
            "claims.templates",
            within: .seconds(10),
            reading: true,
            """
            SELECT q.place - 1 AS place, t.id, t.name, t.deprecated, t.active_version_id, t.organization_id,
                \(sql: .isPaused()) OR EXISTS (SELECT FROM settings s WHERE \(sql: FleetPause.isAnyInForce())) AS is_paused,
                v.lifetime_default_secs, v.lifetime_max_secs
            FROM unnest(\(requests.map(\.template))) WITH ORDINALITY q(name, place)
            JOIN templates t ON t.id = (\(sql: .templateID(namedBy: "q.name")))
            LEFT JOIN template_versions v ON v.id = t.active_version_id
            """
        )
    }

    private static func presets(_ requests: [ClaimRequest]) -> Statement {
        Statement(
            "claims.presets",
            within: .seconds(10),
            reading: true,
            """
            SELECT q.place - 1 AS place, p.id, p.template_version_id, p.name, p.is_default, p.desired_instances IS NOT NULL AS has_pool,
                p.predecessor_ids, p.standby_preset_id, p.canary_passed_at IS NOT NULL AS is_proven,
                d.names, d.mutable, d.values, d.named
            FROM unnest(\(requests.map(\.template)), \(requests.map(\.preset))) WITH ORDINALITY q(template, preset, place)
            JOIN templates t ON t.id = (\(sql: .templateID(namedBy: "q.template")))
            JOIN template_version_presets p
                ON p.template_version_id = t.active_version_id AND (q.preset IS NULL OR p.name = q.preset)
            CROSS JOIN LATERAL (\(sql: parameters)) d
            ORDER BY q.place, p.name
            """
        )
    }

    /// Presets by their ids, of any version, in the order given.
    static func presets(_ ids: [PresetID]) -> Statement {
        Statement(
            "claims.predecessors",
            within: .seconds(10),
            reading: true,
            """
            SELECT p.id, p.template_version_id, p.name, p.is_default, p.desired_instances IS NOT NULL AS has_pool,
                p.predecessor_ids, p.standby_preset_id, p.canary_passed_at IS NOT NULL AS is_proven,
                d.names, d.mutable, d.values, d.named
            FROM unnest(\(ids)) WITH ORDINALITY q(id, place)
            JOIN template_version_presets p ON p.id = q.id
            CROSS JOIN LATERAL (\(sql: parameters)) d
            ORDER BY q.place
            """
        )
    }

    /// The parameters of the preset `p`, in one row.
    private static let parameters: SQL = """
        SELECT coalesce(array_agg(d.name ORDER BY d.name), '{}') AS names,
            coalesce(array_agg(d.mutable ORDER BY d.name), '{}') AS mutable,
            coalesce(array_agg(
                coalesce(g.value, CASE WHEN NOT d.required THEN d.default_value END) ORDER BY d.name
            ), '{}') AS values,
            coalesce(array_agg(g.value IS NOT NULL ORDER BY d.name), '{}') AS named
        FROM template_version_parameters d
        LEFT JOIN template_version_preset_parameters g ON g.template_version_preset_id = p.id AND g.name = d.name
        WHERE d.template_version_id = p.template_version_id
        """
}

/// A preset that a claim may choose, with its parameters.
struct ClaimedPreset: Sendable {
    var id: PresetID
    var versionID: TemplateVersionID
    var name: String
    var isDefault: Bool
    var hasPool: Bool
    /// Presets of earlier versions whose prebuilds serve its claims, during a roll-out.
    var predecessors: [PresetID]
    /// The preset that was proven last, while this one is not: new workspaces are built from it; `nil`: from this one.
    var standby: PresetID?
    var parameters: [Parameter]

    struct Parameter: Sendable {
        var name: String
        var isMutable: Bool
        /// The preset's value, else the version's default; `nil` when there is neither.
        var value: String?
        /// Whether it is the preset's own value.
        var isNamed: Bool
    }

    init(_ row: Row) throws {
        id = try row["id"]
        versionID = try row["template_version_id"]
        name = try row["name"]
        isDefault = try row["is_default"]
        hasPool = try row["has_pool"]
        predecessors = try row["predecessor_ids"]
        let isProven: Bool = try row["is_proven"]
        standby = isProven ? nil : try row["standby_preset_id"]
        let names: [String] = try row["names"]
        let mutable: [Bool] = try row["mutable"]
        let values: [String?] = try row["values"]
        let named: [Bool] = try row["named"]
        parameters = names.indices.map {
            Parameter(name: names[$0], isMutable: mutable[$0], value: values[$0], isNamed: named[$0])
        }
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
