// SPDX-License-Identifier: Apache-2.0

/// The reasons why a preset cannot be built, in the order of the version's parameters.
struct PresetValidation {
    private(set) var problems: [String] = []

    /// - Parameter patterns: A cache of compiled patterns for the next presets.
    init(of preset: PresetSnapshot, patterns: inout ParameterPatterns) {
        for parameter in preset.parameters {
            if let value = preset.values[parameter.name] {
                if let problem = Self.problem(of: value, for: parameter, &patterns) { problems.append(problem) }
            } else if parameter.isRequired, parameter.defaultValue.isEmpty {
                problems.append(
                    "parameter '\(parameter.name)' is required: the preset gives no value and the version no default"
                )
            }
        }
    }

    static func problem(
        of value: String,
        for parameter: VersionParameter,
        _ patterns: inout ParameterPatterns
    ) -> String? {
        violation(of: value, for: parameter, &patterns).map { "parameter '\(parameter.name)': \($0)" }
    }

    /// The same without the parameter's name.
    static func violation(
        of value: String,
        for parameter: VersionParameter,
        _ patterns: inout ParameterPatterns
    ) -> String? {
        let shown = parameter.isSensitive ? "the value" : "'\(value)'"
        let type = ParameterType(parameter.type)
        guard let value = type.canonical(value) else { return "\(shown) is not \(type.expectation)" }

        if !parameter.options.isEmpty {
            guard type.choices(in: value).isSubset(of: parameter.options.map(type.canonicalChoice)) else {
                let options = parameter.options.map { "'\($0)'" }.joined(separator: ", ")
                return "\(shown) is none of the options (\(options))"
            }
        }
        guard let validation = parameter.validation else { return nil }
        if let regex = validation.regex {
            switch patterns.isFound(regex, in: value) {
            case nil: return "the validation's regex '\(regex)' is not a regular expression"
            case false?: return validation.explanation(of: shown, "\(shown) does not match '\(regex)'")
            case true?: break
            }
        }
        if type == .number, let number = Double(value) {
            if let minimum = validation.minimum, number < minimum {
                return validation.explanation(of: shown, "\(shown) is below \(minimum.shortest)")
            }
            if let maximum = validation.maximum, number > maximum {
                return validation.explanation(of: shown, "\(shown) is above \(maximum.shortest)")
            }
        }
        return nil
    }
}

extension ParameterValidation {
    /// The template's own message with its placeholders filled in, or else `otherwise`.
    fileprivate func explanation(of shown: String, _ otherwise: String) -> String {
        guard !error.isEmpty else { return otherwise }
        let values = [("{value}", shown), ("{min}", minimum?.shortest), ("{max}", maximum?.shortest)]
        return values.reduce(error) { text, entry in
            text.split(separator: entry.0, omittingEmptySubsequences: false).joined(separator: entry.1 ?? "")
        }
    }
}

extension Double {
    /// Without a redundant fraction.
    fileprivate var shortest: String {
        Int(exactly: self).map(String.init) ?? String(self)
    }
}
