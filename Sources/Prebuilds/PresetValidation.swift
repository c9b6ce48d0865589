// SPDX-License-Identifier: Apache-2.0

import Domain

/// The reasons why a preset cannot be built, in the order of the version's parameters.
struct PresetValidation {
    private(set) var problems: [String] = []

    /// - Parameter patterns: A cache of compiled patterns for the next presets.
    init(of preset: PresetSnapshot, patterns: inout ParameterPatterns) {
        for parameter in preset.parameters {
            if let value = preset.values[parameter.name] {
                if let problem = parameter.problem(of: value, &patterns) { problems.append(problem) }
            } else if parameter.isRequired, parameter.defaultValue.isEmpty {
                problems.append(
                    "parameter '\(parameter.name)' is required: the preset gives no value and the version no default"
                )
            }
        }
    }
}
