// SPDX-License-Identifier: Apache-2.0

/// A line of Terraform's machine-readable output (its "JSON Output Format", `-json`), as far as Stoker uses it.
struct TerraformEvent: Decodable, Equatable {
    let level: String
    let message: String
    /// Absent in lines of Terraform's inner log.
    let type: String?
    let hook: Hook?
    let change: Change?
    let changes: Changes?
    let diagnostic: TerraformDiagnostic?

    struct Hook: Decodable, Equatable {
        struct Resource: Decodable, Equatable {
            let addr: String
        }

        let resource: Resource?
        let action: String?
    }

    /// Of a `planned_change`.
    struct Change: Decodable, Equatable {
        let action: String?
    }

    /// Of a `change_summary`.
    struct Changes: Decodable, Equatable {
        let add: Int
        let change: Int
        let operation: String
    }

    enum CodingKeys: String, CodingKey {
        case level = "@level"
        case message = "@message"
        case type, hook, change, changes, diagnostic
    }
}

/// A diagnostic of Terraform, with its place.
struct TerraformDiagnostic: Decodable, Equatable, Sendable {
    struct Position: Decodable, Equatable, Sendable {
        let line: Int
        let column: Int
    }

    struct Range: Decodable, Equatable, Sendable {
        let filename: String
        let start: Position
    }

    let severity: String
    let summary: String
    let detail: String?
    let address: String?
    let range: Range?

    /// `main.tf:3:5: terraform_data.disk: summary: detail`; for a value of the build, the variable's name.
    func text(_ values: TerraformValues?) -> String {
        let place = range.map { range in
            let isValue = range.filename == TerraformValues.path
            return (isValue ? values?.name(atLine: range.start.line) : nil).map { "variable '\($0)'" }
                ?? "\(range.filename):\(range.start.line):\(range.start.column)"
        }
        return [place, address, summary, detail].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// Whether the module has refused a value, by its type or by its own rules. The words of its author must not be
    /// used to classify the failure: "The quota is 4" is not a lack of capacity.
    var refusesValue: Bool {
        [
            "Invalid value for variable", "Invalid value for input variable", "No value for required variable",
            "Resource precondition failed", "Module output value precondition failed",
        ].contains(summary)
    }

    /// Whether it warns of a value without a variable in the module.
    var isAboutUndeclaredValue: Bool {
        severity == "warning"
            && (summary == "Value for undeclared variable" || summary == "Values for undeclared variables")
    }
}
