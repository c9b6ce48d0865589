// SPDX-License-Identifier: Apache-2.0

/// A value that can be bound to a statement, in the server's binary format.
///
/// A conformance names its type and appends its bytes; arrays and optionals of it then work by themselves:
///
/// ```swift
/// extension Instant: PostgresEncodable {
///     package static var postgresType: PostgresType { .timestamptz }
///     package func encode(into buffer: inout PostgresBuffer) {
///         buffer.append(integer: microseconds - 946_684_800_000_000)
///     }
/// }
/// ```
package protocol PostgresEncodable: Sendable {
    /// The type the parameter is declared with.
    static var postgresType: PostgresType { get }

    /// The type of an array of these; by default that of ``postgresType``.
    static var postgresArrayType: PostgresType { get }

    /// Whether this is SQL's NULL; then ``encode(into:)`` is not called.
    var isPostgresNull: Bool { get }

    /// Appends the value's bytes, without a length.
    func encode(into buffer: inout PostgresBuffer)

    /// Appends an array's bytes; by default a one-dimensional Postgres array.
    static func encode(array: [Self], into buffer: inout PostgresBuffer)
}

extension PostgresEncodable {
    package static var postgresArrayType: PostgresType { postgresType.array }

    package var isPostgresNull: Bool { false }

    package static func encode(array: [Self], into buffer: inout PostgresBuffer) {
        buffer.append(integer: Int32(array.isEmpty ? 0 : 1))
        buffer.append(integer: Int32(array.contains(where: \.isPostgresNull) ? 1 : 0))
        buffer.append(integer: postgresType.oid)
        guard !array.isEmpty else { return }
        buffer.append(integer: Int32(array.count))
        buffer.append(integer: Int32(1))
        for element in array {
            if element.isPostgresNull {
                buffer.append(integer: Int32(-1))
            } else {
                buffer.appendWithLength { element.encode(into: &$0) }
            }
        }
    }
}

/// The bytes of a statement's parameters, one after the other.
package struct PostgresBuffer: Hashable, Sendable {
    private(set) var bytes: [UInt8] = []

    /// Appends an integer in network byte order.
    package mutating func append(integer: some FixedWidthInteger) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends the string's UTF-8 form.
    package mutating func append(text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends the bytes as they are.
    package mutating func append(bytes more: [UInt8]) {
        bytes.append(contentsOf: more)
    }

    mutating func append(_ other: Self) {
        bytes.append(contentsOf: other.bytes)
    }

    /// Appends what the closure appends, behind its length as a 32-bit integer.
    mutating func appendWithLength(_ body: (inout Self) -> Void) {
        let start = bytes.count
        append(integer: Int32(0))
        body(&self)
        let length = Int32(bytes.count - start - 4)
        withUnsafeBytes(of: length.bigEndian) { source in
            for (offset, byte) in source.enumerated() { bytes[start + offset] = byte }
        }
    }
}
