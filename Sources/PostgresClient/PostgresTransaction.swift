// SPDX-License-Identifier: Apache-2.0

/// An open transaction: valid only inside the body of ``PostgresPool/withTransaction(_:isolation:attempts:_:)``.
package struct PostgresTransaction: PostgresExecutor {
    let session: PostgresSession
    let progress: TransactionProgress

    /// Whether further statements can still be run: it has neither been committed nor rolled back.
    package var isOpen: Bool { progress.phase != .ended }

    package func execute(_ statement: Statement) async throws -> QueryResult {
        try await session.interruptible { try await session.run([statement], in: progress, $0)[0] }
    }

    package func executeBatch(_ statements: [Statement]) async throws -> [QueryResult] {
        try await session.interruptible { try await session.run(statements, in: progress, $0) }
    }

    /// Runs the last statements and commits, in one round trip; with nothing before them, the whole transaction is one.
    ///
    /// After that the transaction has ended: another statement for it throws `.misuse`.
    package func executeBatchAndCommit(_ statements: [Statement]) async throws -> [QueryResult] {
        try await session.interruptible { try await session.run(statements, in: progress, committing: true, $0) }
    }

    /// Runs a script of several statements inside the transaction.
    package func executeScript(_ statement: Statement) async throws {
        try await session.interruptible { try await session.runScript(statement, in: progress, $0) }
    }

    /// Runs the body so that, when it throws, what it did is taken back and the rest of the transaction is kept.
    package func savepoint<R>(_ name: String, _ body: () async throws -> R) async throws -> R {
        _ = try await execute("\(progress.name).savepoint", "SAVEPOINT \(identifier: name)")
        do {
            let value = try await body()
            _ = try await execute("\(progress.name).release", "RELEASE SAVEPOINT \(identifier: name)")
            return value
        } catch {
            try await session.rollBack(progress, to: name)
            throw error
        }
    }
}

extension PostgresSession {
    /// As ``PostgresPool/withTransaction(_:isolation:attempts:_:)``, on this session.
    package nonisolated func withTransaction<R>(
        _ name: String,
        isolation: Isolation = .readCommitted,
        attempts: Int = 3,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        var attempt = 1
        while true {
            let progress = TransactionProgress(name: name, isolation: isolation)
            do {
                let value = try await body(PostgresTransaction(session: self, progress: progress))
                if progress.phase != .ended {
                    _ = try await interruptible { try await self.run([], in: progress, committing: true, $0) }
                }
                // The body may have mistaken the end of its transaction for the failure of one statement.
                guard progress.isCommitted else { throw PostgresError.neverCommitted(progress) }
                return value
            } catch {
                // Whether canceled or not, the open transaction must end before the session is used again.
                await rollBack(progress)
                // The body may have wrapped the error; the server's own error decides.
                guard progress.mayBeRepeated, attempt < attempts, !Task.isCancelled else { throw error }
                try await Task.sleep(for: .milliseconds(5 << min(attempt, 6)) * Double.random(in: 0.5...1.5))
                attempt += 1
            }
        }
    }
}
