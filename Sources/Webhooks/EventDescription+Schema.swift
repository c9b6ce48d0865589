// SPDX-License-Identifier: Apache-2.0

package import Basics
import Domain

extension EventDescription {
    /// The JSON Schema (draft 2020-12) of the body of a request in the standard envelope.
    ///
    /// A body that was cut (`truncated`) may lack required members, except for the envelope's own.
    package var schema: JSON {
        var properties = Envelope.commonSchema
        for field in fields { properties[field.name] = field.schema }
        let required = Envelope.commonSchema.keys.filter { $0 != "truncated" } + fields.filter(\.isRequired).map(\.name)
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": .string(type),
            "description": .string(summary),
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": [
                "type": ["const": .string(type)],
                "timestamp": ["type": "string", "format": "date-time"],
                "data": [
                    "type": "object",
                    "properties": .object(properties),
                    "if": ["not": ["required": ["truncated"]]],
                    "then": ["required": .array(required.sorted().map { .string($0) })],
                ],
            ],
        ]
    }
}
