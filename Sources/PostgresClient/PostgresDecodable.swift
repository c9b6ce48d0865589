// SPDX-License-Identifier: Apache-2.0

/// A value that can be read from a column, from the server's binary format.
///
/// A conformance checks the type and reads the bytes; arrays and optionals of it then work by themselves:
///
/// ```swift
/// extension Instant: PostgresDecodable {
///     package init(postgres value: PostgresValue) throws {
///         try value.require(.timestamptz, for: Self.self)
///         self.init(microseconds: try value.integer(Int64.self) + 946_684_800_000_000)
///     }
/// }
/// ```
package protocol PostgresDecodable: Sendable {
    /// Reads a value that is not NULL. Throws ``PostgresError`` of kind `.decoding` when the type or the length is wrong.
    init(postgres value: PostgresValue) throws

    /// What NULL is read as; `nil`, the default, makes reading NULL an error.
    static var postgresNull: Self? { get }

    /// Reads an array of these; by default a one-dimensional Postgres array.
    static func decode(array value: PostgresValue) throws -> [Self]
}

extension PostgresDecodable {
    package static var postgresNull: Self? { nil }

    /// `value`, or NULL when it is `nil`.
    static func decode(_ value: PostgresValue?) throws -> Self {
        guard let value else { return try decodeNull() }
        return try Self(postgres: value)
    }

    /// Apart: whoever may handle a `Self?` asks the runtime for that type first, each time, which costs more than reading.
    @inline(never) private static func decodeNull() throws -> Self {
        if let null = postgresNull { return null }
        throw PostgresError.decoding("NULL cannot be read as \(Self.self)", remedy: "Read it as an optional.")
    }

    package static func decode(array value: PostgresValue) throws -> [Self] {
        let dimensions = try value.integer(Int32.self)
        guard dimensions != 0 else { return [] }
        guard dimensions == 1 else {
            throw PostgresError.decoding(
                "an array of \(dimensions) dimensions cannot be read",
                remedy: "Select an array of one dimension."
            )
        }
        let element = try value.integer(UInt32.self, at: 8)
        let count = try Int(value.integer(Int32.self, at: 12))
        var elements: [Self] = []
        elements.reserveCapacity(min(count, value.count / 4))
        var offset = 20
        for _ in 0..<count {
            let length = try Int(value.integer(Int32.self, at: offset))
            offset += 4
            guard length >= 0 else {
                elements.append(try decode(nil))
                continue
            }
            elements.append(try Self(postgres: value.slice(at: offset, count: length, oid: element)))
            offset += length
        }
        return elements
    }
}
