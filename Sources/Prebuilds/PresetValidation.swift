// SPDX-License-Identifier: Apache-2.0

/// Why a preset cannot be built: what its values lack or break, in words, in the order of the version's parameters.
struct PresetValidation {
    private(set) var problems: [String] = []

    /// - Parameter patterns: Keeps what is compiled, for the next preset.
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
        var shown: String { parameter.isSensitive ? "the value" : "'\(value)'" }
        var subject: String { "parameter '\(parameter.name)': " }
        let type = ParameterType(parameter.type)
        guard type.accepts(value) else { return subject + "\(shown) is not \(type.expectation)" }

        if !parameter.options.isEmpty {
            let elements = type == .strings ? ListLiteral(value)?.elements ?? [] : [value]
            guard elements.allSatisfy(parameter.options.contains) else {
                let options = parameter.options.map { "'\($0)'" }.joined(separator: ", ")
                return subject + "\(shown) is none of the options (\(options))"
            }
        }
        guard let validation = parameter.validation else { return nil }
        if let regex = validation.regex {
            switch patterns.isFound(regex, in: value) {
            case nil: return subject + "the validation's regex '\(regex)' is not a regular expression"
            case false?: return subject + validation.explanation(of: shown, "\(shown) does not match '\(regex)'")
            case true?: break
            }
        }
        if type == .number, let number = Double(value) {
            if let minimum = validation.minimum, number < minimum {
                return subject + validation.explanation(of: shown, "\(shown) is below \(minimum.shortest)")
            }
            if let maximum = validation.maximum, number > maximum {
                return subject + validation.explanation(of: shown, "\(shown) is above \(maximum.shortest)")
            }
        }
        return nil
    }
}

extension ParameterValidation {
    /// The template's own words, with its placeholders filled in, or else `otherwise`.
    fileprivate func explanation(of shown: String, _ otherwise: String) -> String {
        guard !error.isEmpty else { return otherwise }
        let values = [("{value}", shown), ("{min}", minimum?.shortest), ("{max}", maximum?.shortest)]
        return values.reduce(error) { text, entry in
            text.split(separator: entry.0, omittingEmptySubsequences: false).joined(separator: entry.1 ?? "")
        }
    }
}

extension Double {
    /// Without a fraction that says nothing.
    fileprivate var shortest: String {
        Int(exactly: self).map(String.init) ?? String(self)
    }
}

/// What a parameter's type demands of the text of a value. A type that is not known here demands nothing.
enum ParameterType: Hashable, Sendable {
    case any, number, bool, strings, list, map

    init(_ name: String) {
        switch name {
        case "string": self = .any
        case "number": self = .number
        case "bool": self = .bool
        default: self.init(constructed: name.filter { !$0.isWhitespace })
        }
    }

    private init(constructed name: String) {
        func isOne(of constructors: [String]) -> Bool {
            constructors.contains { name == $0 || name.hasPrefix($0 + "(") }
        }
        if name == "list(string)" || name == "set(string)" {
            self = .strings
        } else if isOne(of: ["list", "set", "tuple"]) {
            self = .list
        } else if isOne(of: ["map", "object"]) {
            self = .map
        } else {
            self = .any
        }
    }

    var expectation: String {
        switch self {
        case .any: "text"
        case .number: "a number"
        case .bool: "true or false"
        case .strings: #"a list of strings such as ["a", "b"]"#
        case .list: "a list in square brackets"
        case .map: "a map in braces"
        }
    }

    func accepts(_ value: String) -> Bool {
        switch self {
        case .any:
            true
        case .number:
            // `Double` also reads infinities, NaN and hexadecimal digits, which Terraform does not.
            value.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } && Double(value)?.isFinite == true
        case .bool:
            // Terraform converts these four.
            ["true", "false", "1", "0"].contains(value)
        case .strings:
            ListLiteral(value) != nil
        case .list:
            Self.isEnclosed(value, "[", "]")
        case .map:
            Self.isEnclosed(value, "{", "}")
        }
    }

    private static func isEnclosed(_ value: String, _ first: Character, _ last: Character) -> Bool {
        let inner = value.drop(while: \.isWhitespace)
        return inner.first == first && inner.last { !$0.isWhitespace } == last
    }
}
