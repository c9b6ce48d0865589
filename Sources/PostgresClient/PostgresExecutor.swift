// SPDX-License-Identifier: Apache-2.0

/// What statements can be sent to: a pool, a session, or a transaction.
///
/// Canceling the task cancels the statement on the server and throws `CancellationError`, unless the server had
/// finished first; the session stays usable.
package protocol PostgresExecutor: Sendable {
    /// Runs one statement. Throws ``PostgresError``.
    func execute(_ statement: Statement) async throws -> QueryResult

    /// Runs the statements in order in one round trip, and returns their results in the same order.
    ///
    /// Outside a transaction they are one: when a statement fails, none has had an effect, and its error is thrown.
    /// The batch may take as long as the longest of its statements.
    func executeBatch(_ statements: [Statement]) async throws -> [QueryResult]
}

extension PostgresExecutor {
    /// A statement that is written where it is executed; see ``Statement/init(_:within:reading:_:)``.
    package func execute(
        _ name: String,
        within limit: Duration = .seconds(30),
        reading isRead: Bool = false,
        _ sql: SQL
    ) async throws -> QueryResult {
        try await execute(Statement(name, within: limit, reading: isRead, sql))
    }
}
