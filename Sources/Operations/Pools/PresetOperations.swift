// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Prebuilds
package import Store

/// Lists the presets of active versions, with the state of their pools.
package struct ListPresets: Operation {
    package static let route = Route(.get, "/presets", .pools, for: .member)
        .doing("List the presets of all active versions, with the counts of their pools")
        .answering("Presets by template and name.", .list("Preset"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> [PresetReport] {
        let plan = try await context.reconciliation.plan()
        let pools = try await context.report(plan).presets
        return PresetReport.list(try await context.store.presets(), pools)
    }
}

/// Makes hard limited presets healthy again, and forgets their failures.
package struct ResetPresets: Operation {
    /// A template, for all its presets; a preset as `template/preset`; or a preset's id.
    package var target: String
    /// One of the template's presets.
    package var preset: String?

    package static let route = Route(.post, "/presets/reset", .pools, for: .templateAdmin)
        .doing("Lift the hard limit of presets, and forget their failures")
        .taking(presetFields)
        .answering("The changed presets.", .list("ChangedPreset"))

    package init(target: String, preset: String? = nil) {
        self.target = target
        self.preset = preset
    }

    package func perform(in context: OperationContext) async throws -> [ChangedPreset] {
        try await context.store.resetPresets(PresetSelection(target, preset), by: context.caller.name)
    }
}

/// Expires every existing prebuild.
package struct InvalidatePresets: Operation {
    /// As in ``ResetPresets``.
    package var target: String
    package var preset: String?

    package static let route = Route(.post, "/presets/invalidate", .pools, for: .templateAdmin)
        .doing("Replace every prebuild that exists at this moment")
        .taking(presetFields)
        .answering("The changed presets.", .list("ChangedPreset"))

    package init(target: String, preset: String? = nil) {
        self.target = target
        self.preset = preset
    }

    package func perform(in context: OperationContext) async throws -> [ChangedPreset] {
        try await context.store.invalidatePresets(PresetSelection(target, preset))
    }
}

private let presetFields = [
    Field(
        "target",
        .text(most: 200),
        "A template, for all its presets; a preset as `template/preset`; or a preset's id.",
        required: true
    ),
    Field("preset", .text(most: 128), "One of the template's presets."),
]

extension PresetSelection {
    fileprivate init(_ target: String, _ preset: String?) throws(Refusal) {
        guard preset == nil || !target.contains("/") else {
            throw Refusal(.invalid, "The preset is named twice", remedy: "Name it in 'target' or in 'preset'.")
        }
        if let preset {
            self = .ofTemplate(target, named: preset)
        } else if let id = PresetID(target) {
            self = .id(id)
        } else if let slash = target.firstIndex(of: "/") {
            self = .ofTemplate(String(target[..<slash]), named: String(target[target.index(after: slash)...]))
        } else {
            self = .ofTemplate(target)
        }
    }
}

/// A preset with the present state of its pool.
package struct PresetReport: Hashable, Sendable, Codable {
    package let preset: PresetSummary
    /// This and the following are `nil` when the preset has no pool.
    package let state: PoolState?
    package let health: PoolHealth?
    /// Only when the newest ended build failed, and for callers who may see it.
    package let lastFailure: PoolFailure?
    /// What is withheld, and why.
    package let withheld: [Withheld]?
    /// Only when there are some.
    package let warnings: [String]?

    package init(preset: PresetSummary, pool: PlanReport.Preset?) {
        self.preset = preset
        state = pool?.state
        health = pool?.health
        lastFailure = pool?.lastFailure
        withheld = pool?.withheld
        warnings = pool?.warnings
    }

    static func list(_ presets: [PresetSummary], _ pools: [PlanReport.Preset]) -> [PresetReport] {
        let byID = Dictionary(pools.map { ($0.presetID, $0) }) { first, _ in first }
        return presets.map { PresetReport(preset: $0, pool: byID[$0.id]) }
    }

    private enum CodingKeys: String, CodingKey {
        case state, health, withheld, warnings
        case lastFailure = "last_failure"
    }

    package init(from decoder: any Decoder) throws {
        preset = try PresetSummary(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        state = try container.decodeIfPresent(PoolState.self, forKey: .state)
        health = try container.decodeIfPresent(PoolHealth.self, forKey: .health)
        lastFailure = try container.decodeIfPresent(PoolFailure.self, forKey: .lastFailure)
        withheld = try container.decodeIfPresent([Withheld].self, forKey: .withheld)
        warnings = try container.decodeIfPresent([String].self, forKey: .warnings)
    }

    /// The preset's members, and the pool's.
    package func encode(to encoder: any Encoder) throws {
        try preset.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(state, forKey: .state)
        try container.encodeIfPresent(health, forKey: .health)
        try container.encodeIfPresent(lastFailure, forKey: .lastFailure)
        try container.encodeIfPresent(withheld, forKey: .withheld)
        try container.encodeIfPresent(warnings, forKey: .warnings)
    }
}
