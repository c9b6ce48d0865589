// SPDX-License-Identifier: Apache-2.0

/// A `variable` block of a Terraform module.
package struct TerraformVariable: Hashable, Sendable {
    package var name: String
    package var description = ""
    /// On one line; `nil` when the block gives none. Then Terraform takes a value from outside as text.
    package var type: String?
    package var hasDefault = false
    /// The default, when it is a literal other than `null`, as `TF_VAR_` takes it.
    package var defaultValue: String?
    package var sensitive = false
    package var nullable = true
    package var ephemeral = false
    package var conditions: [ParameterRules.Condition] = []
    /// From a condition of the form `contains([...], var.name)`.
    package var options: [String] = []
    package var file: String
    package var line: Int

    /// Whether `TF_VAR_` holds the value's text itself; of other types it holds an expression.
    static func isTextual(type: String?) -> Bool {
        [nil, "string", "number", "bool"].contains(type)
    }

    /// The default in the form that gives the same value when it comes from outside, or `nil` when none does.
    static func environmentForm(_ value: JSONValue?, type: String?) -> String? {
        switch value {
        case nil, .null: nil
        case .string(let text) where isTextual(type: type): text
        // Without a type the digits would arrive as text.
        case .bool, .number, .array, .object: type == nil ? nil : value?.terraformText
        case .string: value?.terraformText
        }
    }

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
