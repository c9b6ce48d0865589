// SPDX-License-Identifier: Apache-2.0

/// A line of Terraform's machine-readable output (its "JSON Output Format", `-json`), as far as it is used.
struct TerraformEvent: Decodable, Equatable {
    let level: String
    let message: String
    /// Absent in lines of Terraform's inner log.
    let type: String?
    let hook: Hook?
    let change: Change?
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

    enum CodingKeys: String, CodingKey {
        case level = "@level"
        case message = "@message"
        case type, hook, change, diagnostic
    }
}

/// What Terraform finds wrong, and where.
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

    /// `main.tf:3:5: terraform_data.disk: summary: detail`.
    var text: String {
        let place = range.map { "\($0.filename):\($0.start.line):\($0.start.column)" }
        return [place, address, summary, detail].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
