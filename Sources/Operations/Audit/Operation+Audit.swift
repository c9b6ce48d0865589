// SPDX-License-Identifier: Apache-2.0

import Basics
import FoundationEssentials
import Store

extension Operation {
    /// The name in the API's description and the audit log, in lower camel case.
    package static var name: String {
        let words = "\(Self.self)"
        return words.prefix(1).lowercased() + words.dropFirst()
    }

    /// Performs it, with an entry of the audit log if it changes anything. Every way to ask for an operation comes here.
    package func performed(in context: OperationContext) async throws -> Answer {
        guard !Self.route.isRead, case .users(_, let resource) = Self.route.access else {
            return try await perform(in: context)
        }
        let values = try AuditValues(self, target: auditTarget(for: context.caller))
        let note = AuditNote(
            actor: context.caller.name,
            actorID: context.caller.userID,
            origin: context.origin,
            action: Self.name,
            resource: resource.rawValue,
            target: values.target,
            details: values.details
        )
        var noting = context
        noting.store = context.store.noting(note)
        let answer = try await perform(in: noting)
        // For what changes several rows in several transactions, or none of the store's own.
        try await context.store.write(note)
        return answer
    }
}

/// What the fields of a request tell the audit log.
private struct AuditValues {
    /// The thing that is changed: what the path names; otherwise what the body does.
    let target: String
    /// The other values, without secrets.
    let details: [String: String]

    private static let naming = ["user", "template", "target", "preset", "endpoint", "delivery", "name"]

    init<Asked: Operation>(_ operation: Asked, target known: String?) throws {
        let route = Asked.route
        let text = String(decoding: try JSONEncoder().encode(operation.withoutContent), as: UTF8.self)
        let given = try JSON(parsing: text).members ?? [:]
        let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
            String($0.dropFirst().dropLast())
        }
        let names = known != nil ? [] : inPath.isEmpty ? Self.naming : inPath
        target = known ?? names.compactMap { given[$0]?.text }.joined(separator: "/")
        var details: [String: String] = [:]
        for field in route.fields where !field.isSecret && route.place(of: field) != .content {
            guard !names.contains(field.name), let value = given[field.name], let text = Self.text(value), !text.isEmpty
            else {
                continue
            }
            details[field.name] = Excerpt.of(text)
        }
        self.details = details
    }

    /// Of a map, which may hold sensitive values, only the names.
    private static func text(_ value: JSON) -> String? {
        switch value {
        case .null: nil
        case .array(let elements): elements.compactMap(\.text).joined(separator: ", ")
        case .object(let members): members.map(\.name).sorted().joined(separator: ", ")
        case .bool, .number, .string: value.text
        }
    }
}
