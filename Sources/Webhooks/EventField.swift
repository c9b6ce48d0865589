// SPDX-License-Identifier: Apache-2.0

import Basics

/// A member of an event's `data`.
package struct EventField: Hashable, Sendable {
    /// The type of the field's value.
    package enum Kind: Hashable, Sendable {
        case string
        case integer
        case time
        case strings
        /// An object with `id` and `name` (of a user: `username`).
        case reference
        /// An object whose members are arrays of strings.
        case stringsByName
        /// An object whose members are strings.
        case stringByName
        /// An object whose members are any values.
        case values
    }

    package let name: String
    package let kind: Kind
    package let summary: String
    /// Whether every event of the type has it; otherwise it may be absent or null.
    package let isRequired: Bool

    init(_ name: String, _ kind: Kind, _ summary: String, required isRequired: Bool = true) {
        self.name = name
        self.kind = kind
        self.summary = summary
        self.isRequired = isRequired
    }
}

extension EventField {
    /// The field's JSON Schema.
    var schema: JSON {
        var members: [String: JSON] = ["description": .string(summary)]
        let type: String
        switch kind {
        case .string: type = "string"
        case .integer: type = "integer"
        case .time:
            type = "string"
            members["format"] = "date-time"
        case .strings:
            type = "array"
            members["items"] = ["type": "string"]
        case .reference:
            type = "object"
            members["properties"] = ["id": ["type": "string"]]
        case .stringsByName:
            type = "object"
            members["additionalProperties"] = ["type": "array", "items": ["type": "string"]]
        case .values: type = "object"
        case .stringByName:
            type = "object"
            members["additionalProperties"] = ["type": "string"]
        }
        members["type"] = isRequired ? .string(type) : [.string(type), "null"]
        return .object(members)
    }
}
