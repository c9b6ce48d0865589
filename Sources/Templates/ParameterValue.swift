// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// Converts a value of `stoker.yaml` into the text that is stored, and checks it against its parameter.
enum ParameterValue {
    /// The canonical text (``ParameterType/canonical(_:)``), or `nil` after an error was reported.
    static func text(
        of node: YAMLNode,
        for parameter: TemplateParameter,
        _ field: String,
        _ reader: inout ManifestReader
    ) -> String? {
        let type = ParameterType(parameter.type)
        guard let written = written(node, type), let text = type.canonical(written) else {
            reader.report("expected \(expectation(type, parameter.type)), found \(node.kind)", at: node, field)
            return nil
        }
        if let violation = parameter.rule.violation(of: text) {
            reader.report(violation, at: node, field)
            return nil
        }
        return text
    }

    /// A scalar's own text where the type takes text, else JSON; `nil` when the value has another shape.
    private static func written(_ node: YAMLNode, _ type: ParameterType) -> String? {
        switch (type, node.content) {
        case (.text, .scalar(let text, _)): text
        case (.number, .scalar(let text, isQuoted: _)) where JSON.isNumber(text): text
        case (.bool, .scalar(let text, isQuoted: _)): text
        case (.list, .sequence), (.set, .sequence), (.tuple, .sequence), (.map, .mapping), (.object, .mapping):
            node.json.json
        case (.any, .null), (.unknown, .null): nil
        case (.any, _), (.unknown, _): node.json.json
        default: nil
        }
    }

    private static func expectation(_ type: ParameterType, _ name: String) -> String {
        switch type {
        case .text: "text"
        case .number: "a number"
        case .bool: "true or false"
        case .list, .set, .tuple: "a list (\(Excerpt.of(name)))"
        case .map, .object: "a mapping (\(Excerpt.of(name)))"
        case .any, .unknown: "a value"
        }
    }
}

extension TemplateParameter {
    /// The same as a pass and a claim know it.
    var rule: VersionParameter {
        VersionParameter(
            name: name,
            type: type,
            isRequired: required,
            defaultValue: defaultValue ?? "",
            options: options,
            validation: ParameterValidation(
                regex: rules.regex,
                minimum: rules.minimum,
                maximum: rules.maximum,
                error: rules.error
            ),
            isSensitive: sensitive
        )
    }
}
