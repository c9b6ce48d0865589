// SPDX-License-Identifier: Apache-2.0

/// Turns a value in `stoker.yaml` into the text that a build gets, and checks it against its parameter.
struct ParameterValue {
    enum Form {
        /// Lists and maps as JSON.
        case json
        /// Lists and maps as `TF_VAR_` takes them.
        case terraform
    }

    let form: Form

    /// The text, or `nil` after reporting why there is none.
    func text(
        of node: YAMLNode,
        for parameter: TemplateParameter,
        _ field: String,
        _ reader: inout ManifestReader
    ) -> String? {
        guard let text = text(of: node, type: parameter.type) else {
            reader.report("expected \(Self.expectation(parameter.type)), found \(node.kind)", at: node, field)
            return nil
        }
        if let problem = Self.problem(with: text, for: parameter) {
            reader.report(problem, at: node, field)
            return nil
        }
        return text
    }

    private func text(of node: YAMLNode, type: String) -> String? {
        switch (Self.shape(type), node.content) {
        case (.text, .scalar(let text, _)): text
        case (.number, .scalar(let text, isQuoted: _)) where JSONReader.isNumber(text): text
        case (.bool, .scalar(let text, isQuoted: _)) where ["true", "false"].contains(text): text
        case (.list, .sequence), (.map, .mapping): written(node.json)
        case (.any, .null): nil
        case (.any, _): written(node.json)
        default: nil
        }
    }

    private func written(_ value: JSONValue) -> String {
        form == .json ? value.text : value.terraformText
    }

    private enum Shape {
        case text, number, bool, list, map, any
    }

    private static func shape(_ type: String) -> Shape {
        switch type.prefix(while: { $0 != "(" }) {
        case "string": .text
        case "number": .number
        case "bool": .bool
        case "list", "set", "tuple": .list
        case "map", "object": .map
        default: .any
        }
    }

    private static func expectation(_ type: String) -> String {
        switch shape(type) {
        case .text: "text"
        case .number: "a number"
        case .bool: "true or false"
        case .list: "a list (\(type))"
        case .map: "a mapping (\(type))"
        case .any: "a value"
        }
    }

    /// What a value that has the right type breaks otherwise.
    private static func problem(with text: String, for parameter: TemplateParameter) -> String? {
        let shown = parameter.sensitive ? "the value" : "'\(text)'"
        if !parameter.options.isEmpty, shape(parameter.type) != .list, !parameter.options.contains(text) {
            return "\(shown) is none of the options (\(parameter.options.joined(separator: ", ")))"
        }
        let rules = parameter.rules
        let otherwise = rules.error.isEmpty ? nil : rules.error
        if let regex = rules.regex, let pattern = (try? Regex(regex))?.matchingSemantics(.unicodeScalar),
            !text.contains(pattern)
        {
            return otherwise ?? "\(shown) does not match '\(regex)'"
        }
        if shape(parameter.type) == .number, let number = Double(text) {
            if let minimum = rules.minimum, number < minimum { return otherwise ?? "\(shown) is below \(minimum)" }
            if let maximum = rules.maximum, number > maximum { return otherwise ?? "\(shown) is above \(maximum)" }
        }
        return nil
    }
}
