// SPDX-License-Identifier: Apache-2.0

/// A parameter of a template version, as far as it decides whether a preset is valid.
package struct VersionParameter: Hashable, Sendable {
    package let name: String
    /// As Terraform writes it: `string`, `number`, `bool`, `list(string)`, ...
    package let type: String
    package let isRequired: Bool
    /// Empty: none.
    package let defaultValue: String
    /// The only values allowed; empty: any.
    package let options: [String]
    package let validation: ParameterValidation?
    /// Whether its values must not appear in messages.
    package let isSensitive: Bool

    package init(
        name: String,
        type: String = "string",
        isRequired: Bool = true,
        defaultValue: String = "",
        options: [String] = [],
        validation: ParameterValidation? = nil,
        isSensitive: Bool = false
    ) {
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.options = options
        self.validation = validation
        self.isSensitive = isSensitive
    }
}

/// The rules of a parameter's `validation` column, `{"regex", "min", "max", "error"}`.
package struct ParameterValidation: Hashable, Sendable {
    /// Must be found somewhere in the value; `^` and `$` anchor it.
    package let regex: String?
    /// Inclusive bounds of a number.
    package let minimum: Double?
    package let maximum: Double?
    /// The message; `{value}`, `{min}` and `{max}` are filled in. Empty: a generated message.
    package let error: String

    package init(regex: String? = nil, minimum: Double? = nil, maximum: Double? = nil, error: String = "") {
        self.regex = regex
        self.minimum = minimum
        self.maximum = maximum
        self.error = error
    }
}
