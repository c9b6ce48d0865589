// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// A `variable` block of a Terraform module.
package struct TerraformVariable: Hashable, Sendable {
    package var name: String
    package var description = ""
    /// On one line; `nil` when the block gives none. Then Terraform takes an outside value as text.
    package var type: String?
    package var hasDefault = false
    /// The default, when it is a literal other than `null`, in its canonical text (``ParameterType/canonical(_:)``).
    package var defaultValue: String?
    package var sensitive = false
    package var nullable = true
    package var ephemeral = false
    package var conditions: [ParameterRules.Condition] = []
    /// From a condition of the form `contains([...], var.name)`.
    package var options: [String] = []
    package var file: String
    package var line: Int

    /// The text that gives the same value when it is passed from outside, or `nil` when no text does.
    static func outsideText(of value: JSON?, type name: String?) -> String? {
        let type = ParameterType(name ?? "")
        switch value {
        case nil, .null: return nil
        case .string(let text) where type.isTextual: return type.canonical(text) ?? text
        // Without a type, the digits would be passed as text.
        case .bool, .number, .array, .object:
            guard name != nil else { return nil }
            return value.flatMap { type.canonical($0.json) ?? $0.json }
        case .string:
            return value.flatMap { type.canonical($0.json) ?? $0.json }
        }
    }

    /// The parameter that the variable becomes, without what `stoker.yaml` says of it.
    package var parameter: TemplateParameter {
        TemplateParameter(
            name: name,
            description: description,
            type: type ?? "string",
            sensitive: sensitive || ephemeral,
            defaultValue: defaultValue,
            required: !hasDefault,
            options: options,
            rules: ParameterRules(conditions: conditions)
        )
    }
}
