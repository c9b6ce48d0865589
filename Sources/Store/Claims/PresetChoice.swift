// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// The presets that a claim may take.
///
/// A claim that names a preset gets that one, and a claim that names neither preset nor value the default one. Any other
/// gets one whose values it does not contradict: of those with an eligible prebuild, and else of all, the one that names
/// most of the claim's values, then the default one.
struct PresetChoice {
    /// What is built when no prebuild is ready.
    let chosen: ClaimedPreset
    /// Why no prebuild of ``chosen`` can become what was requested; `nil`: one can.
    let misfit: String?
    /// Other presets of which a prebuild can, best first.
    let others: [ClaimedPreset]

    /// `nil` when no preset can be chosen: none has the requested name, or none is the default one and nothing is
    /// requested that would tell them apart.
    ///
    /// Throws ``StoreError`` of code `.invalid` when no workspace can be built with these values.
    ///
    /// - Parameter values: The requested values, each in its canonical text.
    init?(
        of presets: [ClaimedPreset],
        named name: String?,
        _ values: [String: String],
        _ types: [String: ParameterType],
        template: String
    ) throws {
        let standard = presets.first(where: \.isDefault) ?? (presets.count == 1 ? presets[0] : nil)
        if let only = name.map({ name in presets.first { $0.name == name } }) ?? (values.isEmpty ? standard : nil) {
            chosen = only
            misfit = try only.misfit(values, types, of: template)
            others = []
            return
        }
        guard name == nil, !values.isEmpty else { return nil }
        var offers: [(preset: ClaimedPreset, misfit: String?, rank: Rank)] = []
        var refusal: (any Error)?
        for preset in presets {
            do {
                let misfit = try preset.misfit(values, types, of: template)
                offers.append((preset, misfit, Rank(preset, values, types)))
            } catch {
                // One that cannot be built with these values is no choice; the default one's reason is told.
                refusal = preset.isDefault ? error : refusal ?? error
            }
        }
        if offers.isEmpty, let refusal { throw refusal }
        offers.sort { $0.rank < $1.rank }
        // What contradicts every preset is built from the default one.
        let fitting = offers.first { !$0.rank.isContradicted } ?? offers.first { $0.preset.id == standard?.id }
        guard let fitting else { return nil }
        (chosen, misfit) = (fitting.preset, fitting.misfit)
        others = offers.filter { $0.misfit == nil && $0.preset.id != fitting.preset.id }.map(\.preset)
    }
}

extension PresetChoice {
    /// The order of presets for a claim, best first.
    private struct Rank: Comparable {
        /// A value that cannot change after a build differs.
        let isContradicted: Bool
        /// How many values of the preset the claim build must change.
        private let changes: Int
        /// How many of the claim's values the preset names.
        private let named: Int
        private let isDefault: Bool
        private let name: String

        init(_ preset: ClaimedPreset, _ values: [String: String], _ types: [String: ParameterType]) {
            var (isContradicted, changes, named) = (false, 0, 0)
            for parameter in preset.parameters {
                guard let wanted = values[parameter.name] else { continue }
                let type = types[parameter.name] ?? .text
                if let value = parameter.value, type.areEqual(wanted, value) {
                    named += parameter.isNamed ? 1 : 0
                } else if !parameter.isMutable {
                    isContradicted = true
                } else if parameter.isNamed {
                    changes += 1
                }
            }
            (self.isContradicted, self.changes, self.named) = (isContradicted, changes, named)
            (isDefault, name) = (preset.isDefault, preset.name)
        }

        private var order: (Int, Int, Int, Int, String) {
            (isContradicted ? 1 : 0, changes, -named, isDefault ? 0 : 1, name)
        }

        static func < (left: Self, right: Self) -> Bool { left.order < right.order }
    }
}

extension Store {
    /// Those of the targets for which a prebuild can be claimed now, in their order.
    func eligible(of targets: [ClaimTarget]) async throws -> [ClaimTarget] {
        let answers = try await pool.executeBatch([
            .indexPlans,
            Statement(
                "claims.eligible",
                within: .seconds(5),
                reading: true,
                """
                SELECT q.place - 1
                FROM unnest(\(targets.map(\.presetID))) WITH ORDINALITY q(id, place)
                JOIN template_version_presets p ON p.id = q.id
                WHERE EXISTS (
                    SELECT FROM workspaces w
                    WHERE \(sql: .isPrebuild()) AND NOT w.retiring AND w.claimable_preset_id = p.id
                        AND w.created_at >= coalesce(\(sql: .expiry()), '-infinity')
                )
                ORDER BY q.place
                """
            ),
        ])
        return try answers[1].map { targets[try $0.decode(Int.self)] }
    }
}
