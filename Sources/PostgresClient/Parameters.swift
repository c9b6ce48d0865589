// SPDX-License-Identifier: Apache-2.0

/// Bound values: their bytes in one buffer, their types and lengths beside it.
struct Parameters: Hashable, Sendable {
    /// The OID of each value's type.
    private(set) var types: [UInt32] = []
    /// The length of each value; -1 for NULL.
    private(set) var lengths: [Int32] = []
    private(set) var buffer = PostgresBuffer()

    var count: Int { types.count }

    mutating func append<Value: PostgresEncodable>(_ value: Value) {
        types.append(Value.postgresType.oid)
        guard !value.isPostgresNull else {
            lengths.append(-1)
            return
        }
        let start = buffer.bytes.count
        value.encode(into: &buffer)
        lengths.append(Int32(buffer.bytes.count - start))
    }

    mutating func append(_ other: Self) {
        types.append(contentsOf: other.types)
        lengths.append(contentsOf: other.lengths)
        buffer.append(other.buffer)
    }
}
