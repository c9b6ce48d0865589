// SPDX-License-Identifier: Apache-2.0

/// One row of a result: a place in the result's storage.
package struct Row: Sendable {
    private let storage: ResultStorage
    private let index: Int

    init(storage: ResultStorage, index: Int) {
        precondition(index >= 0 && index < storage.rowCount, "row \(index) is out of bounds")
        self.storage = storage
        self.index = index
    }

    /// All columns by position: for two or three, beside their statement. More are read by name.
    ///
    /// ```swift
    /// let (id, name, labels) = try row.decode(JobID.self, String?.self, [String].self)
    /// ```
    ///
    /// Throws ``PostgresError`` of kind `.decoding` when the row has another number of columns, or a column another type.
    package func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> (repeat each T) {
        var count = 0
        for _ in repeat each types { count += 1 }
        try requireColumns(count)
        var column = -1
        func next<Value: PostgresDecodable>(_ type: Value.Type) throws -> Value {
            column += 1
            return try decode(column: column, as: type)
        }
        return (repeat try next(each types))
    }

    /// The only column. Throws ``PostgresError`` of kind `.decoding` when there are more, or it has another type.
    package func decode<Value: PostgresDecodable>(_ type: Value.Type) throws -> Value {
        try requireColumns(1)
        return try decode(column: 0, as: type)
    }

    /// The column at the position, counted from 0.
    package func decode<Value: PostgresDecodable>(column: Int, as type: Value.Type = Value.self) throws -> Value {
        guard column >= 0, column < storage.columnCount else { throw missing("\(column)") }
        do {
            return try Value.decode(storage.value(row: index, column: column))
        } catch var error as PostgresError {
            error.locate(statement: storage.statement, column: storage.columnName(column))
            throw error
        }
    }

    /// The column of that name, compared exactly, as the type that is wanted of it.
    ///
    /// ```swift
    /// PresetSummary(id: try row["id"], name: try row["name"], pausedUntil: try row["paused_until"])
    /// ```
    ///
    /// In the order of the columns it costs no more than a position. Throws ``PostgresError`` of kind `.decoding` when there
    /// is no such column, or it has another type.
    package subscript<Value: PostgresDecodable>(column: StaticString) -> Value {
        get throws {
            guard let position = storage.column(named: column) else { throw missing("'\(column)'") }
            return try decode(column: position)
        }
    }

    private func requireColumns(_ count: Int) throws {
        guard count == storage.columnCount else {
            throw PostgresError.decoding(
                "the row has \(storage.columnCount) columns, and \(count) were asked for",
                remedy: "Name as many types as the statement returns columns.",
                statement: storage.statement
            )
        }
    }

    private func missing(_ column: String) -> PostgresError {
        .decoding(
            "the result has no column \(column)",
            remedy: "Select it, or name it with AS.",
            statement: storage.statement
        )
    }
}
