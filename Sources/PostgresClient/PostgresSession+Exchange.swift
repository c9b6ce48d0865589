// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import Logging

extension PostgresSession {
    /// The server's answers, in the order of what was sent.
    private enum Expectation {
        case deallocated(String)
        /// The statement at this index was prepared.
        case prepared(Int)
        /// The statement at this index was executed.
        case result(Int)
        /// The end of what belongs together. Outside a transaction it is the commit.
        case sync
    }

    /// Sends all statements, then one Sync, and collects the answers: one round trip.
    ///
    /// Synchronous, so nothing else happens on the session meanwhile. The first error is thrown; the session is at rest
    /// after it, unless the connection is lost.
    func exchange(_ statements: [Statement], within limit: Duration, _ ticket: Ticket?) throws -> [QueryResult] {
        // The statement is part of a transaction, so it must not be repeated without the earlier ones.
        let isWhole = condition.phase != .busy
        do {
            return try attempt(statements, within: limit, ticket)
        } catch let error as PostgresError where error.isStalePlan && isWhole && condition.phase == .idle {
            // It was rolled back as a whole, so a fresh attempt may follow.
            return try attempt(statements, within: limit, ticket)
        } catch var error as PostgresError where statements.allSatisfy(\.isRead) {
            error.isOutcomeUnknown = false
            throw error
        }
    }

    private func attempt(_ statements: [Statement], within limit: Duration, _ ticket: Ticket?) throws -> [QueryResult] {
        var reading = try beginReading(statements[0].name, within: limit, ticket)
        roundTrips += 1
        var expectations: [Expectation] = []
        expectations.reserveCapacity(statements.count + 1)
        var reused = false
        if send(statements, to: reading.connection, &expectations, &reused) {
            let results = try collect(expectations, of: statements, &reading)
            if reading.error?.isAboutPreparedStatement == true, reused { renounce(statements, &reading) }
            try endReading(&reading)
            announce(results)
            return results.map(QueryResult.init)
        }
        reading.fail(.lost(reading.connection.errorMessage, statement: statements[0].name))
        drop()
        try endReading(&reading)
        return []
    }

    /// Queues everything in libpq, which sends as the socket takes it. `false` when the connection is lost.
    private func send(
        _ statements: [Statement],
        to connection: Connection,
        _ expectations: inout [Expectation],
        _ reused: inout Bool
    ) -> Bool {
        // Before the statements and apart from them, so that a failure cannot touch them.
        if connection.transactionStatus == PQTRANS_IDLE, !prepared.discarded.isEmpty {
            for name in prepared.discarded {
                guard connection.sendUnnamed("DEALLOCATE \(identifier: name)"), connection.sendSync() else {
                    return false
                }
                expectations.append(.deallocated(name))
                expectations.append(.sync)
            }
        }
        for (index, statement) in statements.enumerated() {
            if configuration.behindPooler {
                guard connection.sendUnnamed(statement.sql) else { return false }
            } else {
                let key = PreparedStatements.Key(statement.sql)
                let name: String
                switch prepared.lookUp(key) {
                case .known(let known):
                    reused = true
                    name = known
                case .new(let new):
                    name = new
                    guard connection.sendPrepare(name, key) else { return false }
                    expectations.append(.prepared(index))
                }
                guard connection.sendPrepared(name, statement.sql.parameters) else { return false }
            }
            expectations.append(.result(index))
        }
        expectations.append(.sync)
        return connection.sendSync()
    }

    private func collect(
        _ expectations: [Expectation],
        of statements: [Statement],
        _ reading: inout Reading
    ) throws -> [ResultStorage] {
        var results: [ResultStorage] = []
        results.reserveCapacity(statements.count)
        var start = ContinuousClock.now
        for expectation in expectations {
            switch expectation {
            case .deallocated(let name):
                // An error means that the server has no such statement, which is the wanted state.
                while try nextResult(&reading, name) != nil {}
                prepared.deallocated(name)
            case .prepared(let index):
                let isPrepared = try answer(&reading, statements[index].name) != nil
                if !isPrepared { prepared.forget(PreparedStatements.Key(statements[index].sql)) }
            case .result(let index):
                if let result = try answer(&reading, statements[index].name) {
                    results.append(result)
                    let end = ContinuousClock.now
                    record(end - start, of: statements[index].name)
                    start = end
                }
            case .sync: try readToSync(&reading, statements[statements.count - 1].name)
            }
        }
        return results
    }

    /// Reads on to the end of the pipeline.
    ///
    /// An error here is that of the commit: a deferred constraint, a full disk or a cancel request is reported only
    /// now, after every statement has been answered.
    private func readToSync(_ reading: inout Reading, _ statement: String) throws {
        // An error has an end of its own before the Sync; more would be no answer to what was sent.
        var ends = 0
        while connection != nil, ends < 3 {
            guard let result = try nextResult(&reading, statement) else {
                ends += 1
                continue
            }
            switch result.status {
            case PGRES_PIPELINE_SYNC: return
            case PGRES_FATAL_ERROR: reading.fail(result.failure)
            default: break
            }
        }
        guard connection != nil else { return }
        reading.fail(.lost("the server's answers do not fit what was sent", statement: statement))
        drop()
    }

    /// Keeps the notifications of the results until the commit, and then hands them to the notifier.
    private func announce(_ results: [ResultStorage]) {
        guard let notifier else { return }
        for result in results {
            do {
                unannounced += try result.news
            } catch {
                // The work is done, and polling finds it: this is no reason to report a failure.
                logger.error("the notifications of a statement cannot be read", metadata: ["pg.error": "\(error)"])
            }
        }
        guard !unannounced.isEmpty, condition.phase == .idle else { return }
        notifier.tell(unannounced)
        unannounced = []
    }

    /// The server's plans for these statements are out of date, or it has lost them: the next use prepares them anew.
    private func renounce(_ statements: [Statement], _ reading: inout Reading) {
        let isLost = reading.error?.sqlState == .invalidStatementName
        for statement in statements {
            let key = PreparedStatements.Key(statement.sql)
            if isLost { prepared.forget(key) } else { prepared.discard(key) }
        }
        reading.error?.isStalePlan = true
    }
}

extension PostgresError {
    /// `cached plan must not change result type`, or a statement that the server does not know.
    fileprivate var isAboutPreparedStatement: Bool {
        sqlState == .featureNotSupported || sqlState == .invalidStatementName
    }
}
