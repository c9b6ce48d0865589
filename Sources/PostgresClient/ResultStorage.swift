// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Glibc
import Synchronization

/// Owns one `PGresult`.
///
/// Sendable because a `PGresult` is never changed here, and "PGresult objects are normally read-only after creation,
/// and so can be passed around freely between threads" (libpq, Behavior in Threaded Programs).
@usableFromInline final class ResultStorage: @unchecked Sendable {
    private let result: OpaquePointer
    let statement: String
    let rowCount: Int
    /// Without the column of ``news``.
    let columnCount: Int
    private let hasNews: Bool
    /// Behind the column that was looked up last by its name.
    private let nextColumn = Atomic(0)

    /// Takes ownership of the result.
    init(_ result: OpaquePointer, statement: String) {
        self.result = result
        self.statement = statement
        rowCount = Int(PQntuples(result))
        let columns = Int(PQnfields(result))
        // Of an error in the midst of rows, libpq has the count and no names.
        hasNews = columns > 0 && PQfname(result, Int32(columns - 1)).map { strcmp($0, "news") == 0 } == true
        columnCount = hasNews ? columns - 1 : columns
    }

    deinit {
        PQclear(result)
    }

    var status: ExecStatusType { PQresultStatus(result) }

    /// The error, of a result of status `PGRES_FATAL_ERROR`.
    var failure: PostgresError { .failure(result, statement: statement) }

    /// The command's tag, such as `COMMIT`.
    var commandTag: String { String(cString: PQcmdStatus(result)) }

    /// The number in the command's tag: rows inserted, updated, deleted or selected; 0 when it has none.
    var affectedRows: Int {
        Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    /// The notifications to send once these rows are committed: the elements of their last column, if it is named
    /// `news` and is a `text[]`. Readers of the rows do not see this column.
    var news: [String] {
        get throws {
            guard hasNews else { return [] }
            return try (0..<rowCount).flatMap { row in
                try cell(row: row, column: columnCount).map { try [String](postgres: $0) } ?? []
            }
        }
    }

    /// The value, or `nil` for NULL. Row and column must exist.
    func value(row: Int, column: Int) -> PostgresValue? {
        precondition(row >= 0 && row < rowCount && column >= 0 && column < columnCount, "no such row or column")
        return cell(row: row, column: column)
    }

    private func cell(row: Int, column: Int) -> PostgresValue? {
        guard PQgetisnull(result, Int32(row), Int32(column)) == 0,
            let start = PQgetvalue(result, Int32(row), Int32(column))
        else { return nil }
        return PostgresValue(
            oid: PQftype(result, Int32(column)),
            start: UnsafeRawPointer(start),
            count: Int(PQgetlength(result, Int32(row), Int32(column))),
            owner: self
        )
    }

    func columnName(_ column: Int) -> String {
        PQfname(result, Int32(column)).map { String(cString: $0) } ?? "?"
    }

    /// The position of the column of that name; of a name that several have, of any of them.
    ///
    /// The search begins behind the column before: whoever reads a row in the order of its columns compares one name for each.
    func column(named name: StaticString) -> Int? {
        var column = nextColumn.load(ordering: .relaxed)
        for _ in 0..<columnCount {
            if column >= columnCount { column = 0 }
            if let candidate = PQfname(result, Int32(column)), strcmp(candidate, name.utf8Start) == 0 {
                nextColumn.store(column + 1, ordering: .relaxed)
                return column
            }
            column += 1
        }
        return nil
    }
}
