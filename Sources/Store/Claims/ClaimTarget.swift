// SPDX-License-Identifier: Apache-2.0

import Basics
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
    /// Other presets of which a prebuild can become what was requested, best first.
    var others: [Other] = []

    struct Other: Sendable {
        var presetID: PresetID
        var presetName: String
    }

    /// The same claim of each of the presets whose prebuilds fit it, best first.
    var pools: [ClaimTarget] {
        let mine = fitsPool ? [self] : []
        return mine
            + others.map { other in
                var target = self
                (target.presetID, target.presetName, target.others) = (other.presetID, other.presetName, [])
                return target
            }
    }

    /// The reason of a miss that nothing but the size of the pool has caused.
    static let noneIsReady = "none is ready"
}

/// The rows that a claim's names refer to, or the earlier result of its key, for which the names do not matter.
package enum ResolvedClaim {
    case target(ClaimTarget)
    case earlier(EarlierClaim)
}

extension Store {
    /// Looks up the names. Throws ``StoreError`` of code `.notFound`, `.invalid` or `.conflict`.
    package func resolve(_ request: ClaimRequest) async throws -> ResolvedClaim {
        let names = try await claimNames(request)
        if let earlier = names.earlier { return .earlier(earlier) }
        guard let owner = names.owner else {
            let remedy = "Add one with 'stoker users add'."
            try await requireOwner(request.owner, visibleTo: .everything, remedy: remedy)
            throw StoreError.notFound("user", request.owner, remedy: remedy)
        }
        guard let template = names.template else { throw try await missingTemplate(request.template) }
        guard template.activeVersionID != nil else {
            throw StoreError(
                .conflict,
                "Template '\(template.name)' has no active version yet",
                remedy: "Wait for its import, or promote one: 'stoker templates promote \(template.name) VERSION'."
            )
        }
        guard template.deprecated.isEmpty else {
            throw StoreError(.conflict, "Template '\(template.name)' is deprecated: \(template.deprecated)")
        }
        guard let version = names.presets.first?.versionID else { throw try await noPreset(request, template.name) }
        let (given, types) = try await canonical(request.parameters, of: version)
        let choice = try PresetChoice(of: names.presets, named: request.preset, given, types, template: template.name)
        guard let choice else { throw try await noPreset(request, template.name) }
        let (preset, misfit) = (choice.chosen, choice.misfit)
        return .target(
            ClaimTarget(
                ownerID: owner.id,
                ownerName: owner.name,
                organizationID: template.organizationID,
                templateID: template.id,
                templateName: template.name,
                // Not the template's: a promotion may have come between the two statements of the lookup.
                versionID: preset.versionID,
                presetID: preset.id,
                presetName: preset.name,
                parameters: given,
                fitsPool: misfit == nil,
                missOutcome: misfit != nil ? .missUnmatched : template.isPaused ? .missPaused : .missEmpty,
                missReason: misfit
                    ?? (template.isPaused ? "the pools are paused, and none is ready" : ClaimTarget.noneIsReady),
                askedAt: owner.now,
                others: choice.others.map { ClaimTarget.Other(presetID: $0.id, presetName: $0.name) }
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

    /// The error for a preset that is missing, or that nothing chooses.
    private func noPreset(_ request: ClaimRequest, _ template: String) async throws -> StoreError {
        var all = request
        all.preset = nil
        let names = try await claimNames(all).presets.map(\.name).joined(separator: ", ")
        let remedy = names.isEmpty ? "Give it a preset and push it again." : "It has: \(names)."
        guard let wanted = request.preset else {
            return StoreError(.invalid, "Template '\(template)' has no default preset", remedy: remedy)
        }
        return StoreError.notFound("preset", wanted, remedy: remedy)
    }
}
