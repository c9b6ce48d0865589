// SPDX-License-Identifier: Apache-2.0

extension VersionParameter {
    /// Which rule the value breaks (type, options or validation), in words; `nil`: none.
    package func problem(of value: String) -> String? {
        var patterns = ParameterPatterns()
        return problem(of: value, &patterns)
    }

    /// The same with patterns that are kept for the next value.
    package func problem(of value: String, _ patterns: inout ParameterPatterns) -> String? {
        violation(of: value, &patterns).map { "parameter '\(name)': \($0)" }
    }

    /// The same without the parameter's name.
    package func violation(of value: String) -> String? {
        var patterns = ParameterPatterns()
        return violation(of: value, &patterns)
    }

    private func violation(of value: String, _ patterns: inout ParameterPatterns) -> String? {
        let shown = isSensitive ? "the value" : "'\(value)'"
        let type = ParameterType(self.type)
        guard let value = type.canonical(value) else { return "\(shown) is not \(type.expectation)" }

        if !options.isEmpty {
            guard type.choices(in: value).isSubset(of: options.map(type.canonicalChoice)) else {
                let options = options.map { "'\($0)'" }.joined(separator: ", ")
                return "\(shown) is none of the options (\(options))"
            }
        }
        guard let validation = validation else { return nil }
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
