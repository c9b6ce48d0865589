// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// The results of validating presets. The process keeps each result from pass to pass, until the preset's values or its
/// version's parameters change: an import creates new presets, and a corrected row is validated again at once.
package final class PresetValidations: Sendable {
    private struct Known {
        let parameters: [VersionParameter]
        let values: [String: String]
        let problems: [String]

        func isOf(_ preset: PresetSnapshot) -> Bool {
            preset.values == values && preset.parameters == parameters
        }
    }

    private let known = Mutex<[PresetID: Known]>([:])

    package init() {}

    /// The reasons why each of the presets cannot be built, in the order of its version's parameters. There are none
    /// for presets that are not active, and while the version's parameters are unknown.
    ///
    /// - Parameter areAll: Whether results of all other presets are removed.
    package func problems(of presets: [PresetSnapshot], areAll: Bool = true) -> [[String]] {
        known.withLock { known in
            var current: [PresetID: Known] = areAll ? [:] : known
            var patterns = ParameterPatterns()
            let problems = presets.map { preset -> [String] in
                guard preset.isActive, preset.versionReadiness == .ready else { return [] }
                let id = preset.pool.presetID
                let entry = known[id].flatMap { $0.isOf(preset) ? $0 : nil } ?? Self.validate(preset, &patterns)
                current[id] = entry
                return entry.problems
            }
            known = current
            return problems
        }
    }

    private static func validate(_ preset: PresetSnapshot, _ patterns: inout ParameterPatterns) -> Known {
        var problems: [String] = []
        for parameter in preset.parameters {
            if let value = preset.values[parameter.name] {
                if let problem = parameter.problem(of: value, &patterns) { problems.append(problem) }
            } else if parameter.isRequired, parameter.defaultValue.isEmpty {
                problems.append(
                    "parameter '\(parameter.name)' is required: the preset gives no value and the version no default"
                )
            }
        }
        return Known(parameters: preset.parameters, values: preset.values, problems: problems)
    }
}
