// SPDX-License-Identifier: Apache-2.0

import Basics
package import Logging
import Metrics

/// One connection to the database, with a thread of its own that sleeps in `poll` while it waits for the server.
///
/// A session connects with its first statement and runs one call at a time, in order of arrival. When its connection is
/// lost, it cannot be used again: a session stands for the state that the server keeps for it, which is lost too. A
/// ``PostgresPool`` replaces it.
///
/// Every wait ends at the statement's limit or when the task is canceled. Then the session sends a cancel request; if
/// the server does not obey within ``PostgresConfiguration/cancelTimeout``, the connection is dropped.
package actor PostgresSession: PostgresExecutor {
    let thread: SessionThread
    let configuration: PostgresConfiguration
    let logger: Logger
    nonisolated let condition = SessionCondition()
    var connection: Connection?
    var prepared: PreparedStatements
    /// Sends the notifications of the session's statements after their commit; `nil`: they are dropped.
    let notifier: PostgresNotifier?
    /// The notifications of the open transaction.
    var unannounced: [String] = []
    /// How many round trips it has waited for: the cost for a caller that is far from its server.
    var roundTrips = 0
    private var timers: [String: Metrics.Timer] = [:]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Does not connect yet. Throws ``PostgresError`` of kind `.connection` when no thread can be had.
    package init(_ configuration: PostgresConfiguration, notifier: PostgresNotifier? = nil, logger: Logger) throws {
        thread = try SessionThread(name: "postgres")
        self.configuration = configuration
        self.notifier = notifier
        self.logger = logger
        prepared = PreparedStatements(limit: configuration.preparedStatementLimit)
    }

    package nonisolated func execute(_ statement: Statement) async throws -> QueryResult {
        try await interruptible { try await self.run(statement, $0) }
    }

    package nonisolated func executeBatch(_ statements: [Statement]) async throws -> [QueryResult] {
        try await interruptible { try await self.run(statements, $0) }
    }

    /// Runs a script of several statements, which can return no rows: a migration. It may hold its own `BEGIN`.
    ///
    /// Outside a transaction the script is one; when a statement fails, none has had an effect.
    package nonisolated func executeScript(_ statement: Statement) async throws {
        try await interruptible { try await self.runScript(statement, $0) }
    }

    /// Hangs up. Later calls throw `.closed`.
    package func close() {
        connection = nil
        condition.set(.lost)
    }

    /// Registers for cancellation and hops to the session's thread once.
    nonisolated func interruptible<R: Sendable>(_ body: (Ticket) async throws -> R) async throws -> R {
        let ticket = Ticket()
        return try await withTaskCancellationHandler {
            try await body(ticket)
        } onCancel: {
            ticket.cancel()
            thread.mailbox.wakeUp.signal()
        }
    }

    private func run(_ statement: Statement, _ ticket: Ticket) throws -> QueryResult {
        try exchange([statement], within: statement.limit, ticket)[0]
    }

    private func run(_ statements: [Statement], _ ticket: Ticket) throws -> [QueryResult] {
        guard let limit = statements.lazy.map(\.limit).max() else { return [] }
        return try exchange(statements, within: limit, ticket)
    }

    func record(_ duration: Duration, of statement: String) {
        let timer: Metrics.Timer
        if let known = timers[statement] {
            timer = known
        } else {
            timer = Timer(label: "stoker_db_query_duration_seconds", dimensions: [("query", statement)])
            timers[statement] = timer
        }
        timer.recordNanoseconds(duration.nanoseconds)
    }
}
