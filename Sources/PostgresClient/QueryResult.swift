// SPDX-License-Identifier: Apache-2.0

/// The rows a statement returned, in the server's order. Rows share one storage; none is copied.
package struct QueryResult: RandomAccessCollection, Sendable {
    private let storage: ResultStorage

    init(_ storage: ResultStorage) {
        self.storage = storage
    }

    /// How many rows the statement inserted, updated, deleted or selected; 0 for commands that do not count.
    package var affectedRows: Int { storage.affectedRows }

    /// The command's tag, such as `COMMIT` or `INSERT 0 1`.
    var commandTag: String { storage.commandTag }

    package var startIndex: Int { 0 }
    package var endIndex: Int { storage.rowCount }
    package subscript(position: Int) -> Row { Row(storage: storage, index: position) }
}
