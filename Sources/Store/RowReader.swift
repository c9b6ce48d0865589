// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Reads the columns of a row from the first to the last, where there are too many for one `decode`.
struct RowReader {
    private let row: Row
    private var column = 0

    init(_ row: Row) {
        self.row = row
    }

    /// The next column. Throws ``PostgresError`` of kind `.decoding`.
    mutating func next<Value: PostgresDecodable>(_ type: Value.Type = Value.self) throws -> Value {
        defer { column += 1 }
        return try row.decode(column: column, as: type)
    }
}
