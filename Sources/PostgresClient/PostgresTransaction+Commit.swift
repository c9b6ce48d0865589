// SPDX-License-Identifier: Apache-2.0

extension PostgresTransaction {
    /// Runs the last statements and commits, in one round trip. When one of the statements fails, takes back what they
    /// did and throws its error; the transaction then goes on as it was before.
    package func executeBatchAndCommit(_ statements: [Statement], orBackTo savepoint: String) async throws
        -> [QueryResult]
    {
        let opening = Statement("\(progress.name).savepoint", "SAVEPOINT \(identifier: savepoint)")
        do {
            return Array(try await executeBatchAndCommit([opening] + statements).dropFirst())
        } catch {
            try await session.rollBack(progress, to: savepoint)
            throw error
        }
    }
}
