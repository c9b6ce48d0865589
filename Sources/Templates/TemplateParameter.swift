// SPDX-License-Identifier: Apache-2.0

import Basics

/// Where a parameter is declared, and so how a build is given its value.
package enum ParameterSource: String, Hashable, Sendable {
    /// A variable of the module, or `stoker.yaml`.
    case variable
    /// `data "coder_parameter"`.
    case coder
}

/// A parameter of a template, as it is stored with a version.
package struct TemplateParameter: Hashable, Sendable {
    package var name: String
    package var description: String
    /// As Terraform writes it: `string`, `number`, `bool`, `list(string)`, ...
    package var type: String
    /// Whether a later build of a workspace may change it.
    package var mutable: Bool
    /// Whether its value must not appear in logs, messages and events.
    package var sensitive: Bool
    /// Its canonical text: text as it is, lists and maps as JSON. When it is `nil` and the parameter is not required,
    /// the template has a default that only the template can evaluate, such as `null`, and no value may be given in its
    /// place.
    package var defaultValue: String?
    package var required: Bool
    /// The only values allowed; empty: any.
    package var options: [String]
    package var rules: ParameterRules
    /// Lists show parameters in this order.
    package var displayOrder: Int
    package var source = ParameterSource.variable
    /// A name for people to read; empty: none.
    package var displayName = ""
    package var icon = ""
    /// Whether its value is for one build only.
    package var ephemeral = false
    /// What is shown for the values that may be chosen.
    package var labels: [ParameterOption] = []

    package init(
        name: String,
        description: String = "",
        type: String = "string",
        mutable: Bool = false,
        sensitive: Bool = false,
        defaultValue: String? = nil,
        required: Bool = true,
        options: [String] = [],
        rules: ParameterRules = ParameterRules(),
        displayOrder: Int = 0
    ) {
        self.name = name
        self.description = description
        self.type = type
        self.mutable = mutable
        self.sensitive = sensitive
        self.defaultValue = defaultValue
        self.required = required
        self.options = options
        self.rules = rules
        self.displayOrder = displayOrder
    }

    /// The column `options`: a JSON array of strings.
    package var optionsJSON: String {
        JSON.array(options.map(JSON.string)).json
    }

    /// The column `option_labels`: a JSON array of `{"name", "value", "description", "icon"}`.
    package var labelsJSON: String {
        JSON.array(labels.map(\.json)).json
    }

    /// The column `validation`: `{"regex", "min", "max", "monotonic", "error", "conditions"}`, without the members that are not set.
    package var validation: String {
        rules.json.json
    }
}

/// The rules for a parameter's values, besides type and options.
package struct ParameterRules: Hashable, Sendable {
    /// A rule of a Terraform module, which Terraform itself evaluates; kept to be shown.
    package struct Condition: Hashable, Sendable {
        package let expression: String
        package let errorMessage: String

        package init(_ expression: String, errorMessage: String) {
            self.expression = expression
            self.errorMessage = errorMessage
        }
    }

    /// Must be found in the value; `^` and `$` anchor it.
    package var regex: String?
    /// Inclusive bounds of a number.
    package var minimum: Double?
    package var maximum: Double?
    /// `increasing` or `decreasing`: how a number may change from build to build. The provider checks it.
    package var monotonic: String?
    /// The message for a value that breaks these rules; empty: a generated one.
    package var error: String
    package var conditions: [Condition]

    package init(
        regex: String? = nil,
        minimum: Double? = nil,
        maximum: Double? = nil,
        error: String = "",
        conditions: [Condition] = []
    ) {
        self.regex = regex
        self.minimum = minimum
        self.maximum = maximum
        self.error = error
        self.conditions = conditions
    }

    fileprivate var json: JSON {
        let rows = conditions.map { condition in
            JSON.object([
                .init("condition", .string(condition.expression)),
                .init("error_message", .string(condition.errorMessage)),
            ])
        }
        let members = [
            regex.map { JSON.Member("regex", .string($0)) },
            minimum.map { JSON.Member("min", .number($0)) },
            maximum.map { JSON.Member("max", .number($0)) },
            monotonic.map { JSON.Member("monotonic", .string($0)) },
            error.isEmpty ? nil : JSON.Member("error", .string(error)),
            rows.isEmpty ? nil : JSON.Member("conditions", .array(rows)),
        ]
        return .object(members.compactMap(\.self))
    }
}
