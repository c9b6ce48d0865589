// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Reads the columns of a row in order, when there are too many for one `decode`.
struct RowReader {
    private let row: Row
    private var column: Int

    /// - Parameter column: The first to be read.
    init(_ row: Row, from column: Int = 0) {
        self.row = row
        self.column = column
    }

    /// The next column. Throws ``PostgresError`` of kind `.decoding`.
    mutating func next<Value: PostgresDecodable>(_ type: Value.Type = Value.self) throws -> Value {
        defer { column += 1 }
        return try row.decode(column: column, as: type)
    }
}
