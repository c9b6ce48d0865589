// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import HTTPTypes
import Operations
import Store
import Webhooks

/// The description of the API: an OpenAPI 3.1 document in YAML.
///
/// Its paths, tags and enumerations are made from the table of routes. The head, the problems and the schemas of
/// answers are written by hand in `Sources/Server/Description`.
package enum APIDescription {
    package static let yaml = [
        text(PackageResources.head_yaml), tags, paths, text(PackageResources.components_yaml), choices,
        text(PackageResources.schemas_yaml), text(PackageResources.reports_yaml),
        text(PackageResources.deliveries_yaml),
        text(PackageResources.details_yaml),
    ].joined()

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static var tags: String {
        "tags:\n" + APITag.allCases.map { "  - { name: \($0), description: \(quoted($0.description)) }\n" }.joined()
    }

    private static var paths: String {
        // In the order of the table; routes with the same path together.
        var order: [String] = []
        var routes: [String: [(name: String, route: Route)]] = [:]
        for entry in OperationTable.routes {
            if routes[entry.route.path] == nil { order.append(entry.route.path) }
            routes[entry.route.path, default: []].append(entry)
        }
        let lines = order.flatMap { path in
            ["\(path):"] + routes[path, default: []].flatMap { $0.route.described(as: $0.name) }.indented
        }
        return (["paths:"] + lines.indented).map { "\($0)\n" }.joined()
    }

    /// Enumerations that have their own names among the schemas.
    fileprivate static let named: [(name: String, values: [String])] = [
        ("Role", Role.allCases.map(\.rawValue)), ("Scope", ScopeSet.known),
        ("JobStatus", JobStatus.allCases.map(\.rawValue)), ("AgentState", AgentState.allCases.map(\.rawValue)),
        ("EventType", EventType.allCases.map(\.rawValue)), ("Envelope", Envelope.allCases.map(\.rawValue)),
        ("AutoscaleMode", SetPool.modes),
    ]

    private static var choices: String {
        named.map { "    \($0.name): { type: string, enum: [\($0.values.map(quoted).joined(separator: ", "))] }\n" }
            .joined()
    }
}

// MARK: - Routes

extension Route {
    /// The route as an entry below its path.
    fileprivate func described(as name: String) -> [String] {
        let head = ["operationId: \(name)", "tags: [\(tag)]", "summary: \(quoted(summary))"]
        return ["\(method.rawValue.lowercased()):"]
            + (head + description + security + parameters + body + responses).indented
    }

    /// Who may use the route, and the notes.
    private var description: [String] {
        let audience =
            switch access {
            case .users(.member, _): "For every role"
            case .users(let role, _): "For `\(role.rawValue)`"
            case .agents: "For agents, with the token that the build gave them"
            case .everybody: ""
            }
        guard !audience.isEmpty else { return [] }
        let goesOn = notes.first.map { ",;:".contains($0) } ?? false
        let text = goesOn ? audience + notes : "\(audience). \(notes)"
        return ["description: \(quoted(text.last == " " ? String(text.dropLast()) : text))"]
    }

    private var security: [String] {
        switch access {
        // The head's default applies.
        case .users: []
        case .agents: ["security: [{ agent: [] }]"]
        case .everybody: ["security: []"]
        }
    }

    private var parameters: [String] {
        let lines = fields.compactMap { field -> String? in
            switch place(of: field) {
            case .path: "- { name: \(field.name), in: path, \(field.asParameter) }"
            case .query: "- { name: \(field.name), in: query, \(field.asParameter) }"
            case .header(let name): "- { name: \(name.rawName), in: header, \(field.asParameter) }"
            case .body, .content: nil
            }
        }
        return lines.isEmpty ? [] : ["parameters:"] + lines.indented
    }

    private var body: [String] {
        guard method == .post else { return [] }
        let members = fields(in: .body)
        let content =
            if let field = fields(in: .content).first {
                RequestFields.archiveTypes.map { "\($0): { schema: { \(field.schema) } }" }
            } else {
                ["application/json:"] + (objectSchema(members) + objectExample(members)).indented
            }
        let isRequired = fields.contains {
            [.body, .content].contains(place(of: $0)) && ($0.isRequired || $0.example != nil)
        }
        return ["requestBody:"] + ((isRequired ? ["required: true"] : []) + ["content:"] + content.indented).indented
    }

    private func objectSchema(_ members: [Field]) -> [String] {
        let required = members.filter(\.isRequired).map(\.name)
        var lines = ["type: object", "additionalProperties: false"]
        if !required.isEmpty { lines.append("required: [\(required.joined(separator: ", "))]") }
        if !members.isEmpty { lines += ["properties:"] + members.map { "\($0.name): { \($0.asMember) }" }.indented }
        return ["schema:"] + lines.indented
    }

    private func objectExample(_ members: [Field]) -> [String] {
        let examples = members.compactMap { field in field.example.map { "\(field.name): \(json($0))" } }
        return examples.isEmpty ? [] : ["example: { \(examples.joined(separator: ", ")) }"]
    }

    private var responses: [String] {
        var lines = ["description: \(quoted(meaning))"]
        if case .page = content { lines.append("headers: { Link: { $ref: \"#/components/headers/Link\" } }") }
        if let (type, schema) = content.schema { lines += ["content:", "  \(type): { schema: { \(schema) } }"] }
        return ["responses:", "  \"\(status.code)\":"] + lines.indented.indented
            + ["  default: { $ref: \"#/components/responses/Problem\" }"]
    }
}

extension Route.Content {
    /// The media type and the schema of the content; `nil` if there is none.
    fileprivate var schema: (type: String, schema: String)? {
        switch self {
        case .nothing: nil
        case .one(let name): ("application/json", reference(name))
        case .list(let name), .page(let name): ("application/json", "type: array, items: { \(reference(name)) }")
        case .events(let name): ("text/event-stream", reference(name))
        case .description: ("application/yaml", "type: string")
        }
    }
}

// MARK: - Fields

extension Field {
    fileprivate var asParameter: String {
        // An object is sent as JSON; the other ways to write one in a query cannot express every name.
        let value =
            if case .textMap = kind { "content: { application/json: { schema: { \(schema) } } }" } else {
                "schema: { \(schema) }"
            }
        let members = (isRequired ? ["required: true"] : []) + explained + [value] + exemplified
        return members.joined(separator: ", ")
    }

    fileprivate var asMember: String { ([schema] + explained).joined(separator: ", ") }

    private var explained: [String] { description.isEmpty ? [] : ["description: \(quoted(description))"] }

    private var exemplified: [String] { example.map { ["example: \(json($0))"] } ?? [] }

    /// The JSON Schema of its values.
    fileprivate var schema: String {
        let fallback = fallback.map { ", default: \(json($0))" } ?? ""
        let pattern = pattern.map { ", pattern: \(quoted($0))" } ?? ""
        return kind.schema + pattern + fallback
    }
}

extension Field.Kind {
    fileprivate var schema: String {
        switch self {
        case .text(0, let most): "type: string, maxLength: \(most)"
        case .text(let least, let most): "type: string, minLength: \(least), maxLength: \(most)"
        case .identifier: "type: string, format: uuid"
        case .instant: "type: string, format: date-time"
        case .integer(let range): "type: integer, minimum: \(range.lowerBound), maximum: \(range.upperBound)"
        case .number(let range): "type: number, minimum: \(range.lowerBound), maximum: \(range.upperBound)"
        case .flag: "type: boolean"
        case .choice(let values): Self.choice(among: values)
        case .choices(let values): "type: array, items: { \(Self.choice(among: values)) }"
        case .texts(let most): "type: array, items: { type: string, maxLength: \(most) }"
        case .textMap: "type: object, additionalProperties: { type: string }"
        case .bytes: "type: string, format: binary, minLength: 1"
        }
    }

    private static func choice(among values: [String]) -> String {
        if let named = APIDescription.named.first(where: { $0.values == values }) { return reference(named.name) }
        return "type: string, enum: [\(values.map(quoted).joined(separator: ", "))]"
    }
}

// MARK: - YAML

extension [String] {
    fileprivate var indented: [String] { map { "  \($0)" } }
}

private func reference(_ schema: String) -> String { "$ref: \"#/components/schemas/\(schema)\"" }

/// A text in quotation marks, which YAML reads as JSON does.
private func quoted(_ text: String) -> String { json(.text(text)) }

private func json(_ value: FieldValue) -> String {
    // Texts, numbers and Booleans can always be encoded.
    ((try? JSONEncoder.sorted.encode(value)).map { String(decoding: $0, as: UTF8.self) }) ?? "null"
}
