// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Logging

extension PostgresSession {
    /// Runs statements of a transaction: `BEGIN` before the first, `COMMIT` behind the last when `committing`.
    func run(
        _ statements: [Statement],
        in progress: TransactionProgress,
        committing: Bool = false,
        _ ticket: Ticket?
    ) throws -> [QueryResult] {
        guard progress.phase != .ended else { throw PostgresError.transactionEnded(progress, statements.first) }
        let begins = progress.phase == .notBegun
        guard !statements.isEmpty || (committing && !begins) else {
            if committing {
                progress.move(to: .ended)
                progress.noteCommit()
            }
            return []
        }
        var batch = statements
        if begins { batch.insert(Statement("\(progress.name).begin", progress.isolation.begin), at: 0) }
        if committing { batch.append(Statement("\(progress.name).commit", "COMMIT")) }
        let limit = (statements.isEmpty ? batch : statements).lazy.map(\.limit).max() ?? .zero
        defer { follow(progress, committing: committing) }
        do {
            var results = try exchange(batch, within: limit, ticket)
            if committing {
                let tag = results.removeLast().commandTag
                // The server ends a failed transaction by COMMIT too, but rolls it back.
                guard tag == "COMMIT" else { throw PostgresError.rolledBack(progress) }
                progress.noteCommit()
            }
            if begins { results.removeFirst() }
            return results
        } catch var error as PostgresError {
            // What was not committed has not happened.
            if !committing { error.isOutcomeUnknown = false }
            progress.noteFailure(error)
            throw error
        }
    }

    func runScript(_ statement: Statement, in progress: TransactionProgress, _ ticket: Ticket?) throws {
        guard progress.phase != .ended else { throw PostgresError.transactionEnded(progress, statement) }
        defer { follow(progress) }
        if progress.phase == .notBegun {
            let begin = Statement("\(progress.name).begin", within: statement.limit, progress.isolation.begin)
            _ = try exchange([begin], within: statement.limit, ticket)
        }
        do {
            try runScript(statement, ticket)
        } catch let error as PostgresError {
            progress.noteFailure(error)
            throw error
        }
    }

    /// Ends the transaction if it is open. Not interruptible, but bounded; a session that cannot roll back hangs up.
    func rollBack(_ progress: TransactionProgress) {
        unannounced = []
        guard progress.phase == .open else {
            progress.move(to: .ended)
            return
        }
        progress.move(to: .ended)
        let statement = Statement("\(progress.name).rollback", within: configuration.cancelTimeout, "ROLLBACK")
        do {
            _ = try exchange([statement], within: statement.limit, nil)
        } catch {
            logger.debug("a rollback failed; closing the connection", metadata: ["pg.error": "\(error)"])
            drop()
        }
    }

    /// Takes back what was done since the savepoint. Not interruptible, but bounded.
    func rollBack(_ progress: TransactionProgress, to savepoint: String) throws {
        guard progress.phase == .open else { return }
        let limit = configuration.cancelTimeout
        let name = "\(progress.name).rollback_to"
        defer { follow(progress) }
        _ = try exchange(
            [
                Statement(name, within: limit, "ROLLBACK TO SAVEPOINT \(identifier: savepoint)"),
                Statement(name, within: limit, "RELEASE SAVEPOINT \(identifier: savepoint)"),
            ],
            within: limit,
            nil
        )
        progress.forgetFailure()
    }

    /// Learns from the session in which phase the transaction is.
    private func follow(_ progress: TransactionProgress, committing: Bool = false) {
        switch condition.phase {
        case .busy: progress.move(to: .open)
        case .idle where progress.phase == .notBegun && !committing, .fresh: break
        case .idle, .lost: progress.move(to: .ended)
        }
    }
}

extension PostgresError {
    fileprivate static func transactionEnded(_ progress: TransactionProgress, _ statement: Statement?) -> Self {
        Self(
            .misuse,
            "the transaction '\(progress.name)' has ended",
            remedy: "Run the statement before the commit, or in a transaction of its own.",
            statement: statement?.name
        )
    }

    static func neverCommitted(_ progress: TransactionProgress) -> Self {
        Self(
            .connection,
            "the transaction '\(progress.name)' ended before its commit: the connection was lost, or the server ended it",
            remedy: "Nothing of it took effect; try again."
        )
    }

    fileprivate static func rolledBack(_ progress: TransactionProgress) -> Self {
        Self(
            .server(.inFailedTransaction),
            "the transaction was rolled back, since one of its statements had failed",
            remedy: "Let the failure of a statement end the transaction, or put a savepoint around it.",
            statement: "\(progress.name).commit"
        )
    }
}
