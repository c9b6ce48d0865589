// SPDX-License-Identifier: Apache-2.0

extension Bool: PostgresEncodable {
    package static var postgresType: PostgresType { .bool }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: UInt8(self ? 1 : 0)) }
}

extension Int16: PostgresEncodable {
    package static var postgresType: PostgresType { .int2 }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: self) }
}

extension Int32: PostgresEncodable {
    package static var postgresType: PostgresType { .int4 }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: self) }
}

extension Int64: PostgresEncodable {
    package static var postgresType: PostgresType { .int8 }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: self) }
}

extension Int: PostgresEncodable {
    package static var postgresType: PostgresType { .int8 }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: Int64(self)) }
}

extension Double: PostgresEncodable {
    package static var postgresType: PostgresType { .float8 }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: bitPattern) }
}

/// Text must not hold U+0000: the server cannot store it and refuses the statement.
extension String: PostgresEncodable {
    package static var postgresType: PostgresType { .text }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(text: self) }
}

/// A byte of `bytea`: `[UInt8]` is one `bytea` value, and `[[UInt8]]` an array of them.
extension UInt8: PostgresEncodable {
    package static var postgresType: PostgresType { .bytea }
    package static var postgresArrayType: PostgresType { .bytea }
    package func encode(into buffer: inout PostgresBuffer) { buffer.append(integer: self) }
    package static func encode(array: [UInt8], into buffer: inout PostgresBuffer) { buffer.append(bytes: array) }
}

extension Array: PostgresEncodable where Element: PostgresEncodable {
    package static var postgresType: PostgresType { Element.postgresArrayType }
    package func encode(into buffer: inout PostgresBuffer) { Element.encode(array: self, into: &buffer) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package var isPostgresNull: Bool { self?.isPostgresNull ?? true }
    package func encode(into buffer: inout PostgresBuffer) { self?.encode(into: &buffer) }
}

/// A JSON text bound as `jsonb`, and the text of a `json` or `jsonb` column.
package struct PostgresJSON: Hashable, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}

extension PostgresJSON: PostgresEncodable {
    package static var postgresType: PostgresType { .jsonb }

    package func encode(into buffer: inout PostgresBuffer) {
        buffer.append(integer: PostgresJSON.binaryVersion)
        buffer.append(text: text)
    }

    /// The first byte of a binary `jsonb`.
    static let binaryVersion: UInt8 = 1
}
