// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// A connection pool: up to `size` sessions, made when they are first needed.
///
/// When all are in use, callers wait in order of arrival, each for at most `maximumWait`; one that is canceled leaves the
/// queue. A session whose connection was lost, or that was left inside a transaction, is replaced, not handed on.
package final class PostgresPool: PostgresExecutor {
    /// How many sessions and callers there are at a moment.
    package struct Counts: Hashable, Sendable {
        package var idle: Int
        package var leased: Int
        package var waiting: Int

        package init(idle: Int, leased: Int, waiting: Int) {
            self.idle = idle
            self.leased = leased
            self.waiting = waiting
        }
    }

    private typealias State = PoolStateMachine<PostgresSession, Waiter>
    private struct Waiter {
        let continuation: CheckedContinuation<State.Grant, any Error>
    }

    private let configuration: PostgresConfiguration
    private let maximumWait: Duration
    private let logger: Logger
    /// Sends the notifications of the pool's statements, after their commit.
    package let notifier: PostgresNotifier
    private let sharesNotifier: Bool
    private let state: Mutex<State>
    /// The callers that wait in ``close()`` for the sessions in use.
    private let closers = Mutex<[CheckedContinuation<Void, Never>]>([])
    private let lastWaiter = Atomic<UInt64>(0)

    /// Opens no connection yet.
    ///
    /// - Parameter notifier: The one of another pool of this process; `nil`: one of the pool's own.
    package init(
        _ configuration: PostgresConfiguration,
        size: Int,
        maximumWait: Duration = .seconds(30),
        notifier: PostgresNotifier? = nil,
        logger: Logger
    ) {
        self.configuration = configuration
        self.maximumWait = maximumWait
        self.logger = logger
        self.notifier = notifier ?? PostgresNotifier(configuration, logger: logger)
        sharesNotifier = notifier != nil
        state = Mutex(State(size: size))
    }

    /// How many sessions are idle and leased, and how many callers wait, at this moment.
    package var counts: Counts {
        state.withLock { Counts(idle: $0.idle.count, leased: $0.leased, waiting: $0.waiting.count) }
    }

    package func execute(_ statement: Statement) async throws -> QueryResult {
        try await withSession { try await $0.execute(statement) }
    }

    package func executeBatch(_ statements: [Statement]) async throws -> [QueryResult] {
        try await withSession { try await $0.executeBatch(statements) }
    }

    /// Lends a session to the body, for its exclusive use.
    ///
    /// The body must undo what it sets on the session (`SET`, advisory locks, temporary tables). A transaction that is
    /// left open is rolled back, by closing the connection. Throws `.poolExhausted` when no session becomes free in
    /// time.
    package func withSession<R>(_ body: (PostgresSession) async throws -> R) async throws -> R {
        let session = try await acquire()
        do {
            let value = try await body(session)
            release(session)
            return value
        } catch {
            release(session)
            throw error
        }
    }

    /// Runs the body's statements in one transaction, and commits.
    ///
    /// `BEGIN` travels with the first statement. When the body throws, the transaction is rolled back; when the reason was a
    /// serialization failure (40001) or a deadlock (40P01), the body runs again after a random pause, up to `attempts`
    /// times in all, so it must do nothing that cannot be done twice.
    ///
    /// - Parameter name: What metrics and errors call its `BEGIN`, `COMMIT` and `ROLLBACK`.
    package func withTransaction<R>(
        _ name: String,
        isolation: Isolation = .readCommitted,
        attempts: Int = 3,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        try await withSession { session in
            try await session.withTransaction(name, isolation: isolation, attempts: attempts, body)
        }
    }

    /// Refuses waiting and new callers, waits until the sessions in use are returned, sends the remaining
    /// notifications, and closes all connections.
    package func close() async {
        let (idle, waiting) = state.withLock { $0.close() }
        for waiter in waiting { waiter.continuation.resume(throwing: PostgresError.poolClosed) }
        for session in idle { await session.close() }
        await withCheckedContinuation { continuation in
            closers.withLock { $0.append(continuation) }
            resumeClosersIfDrained()
        }
        if !sharesNotifier { await notifier.close() }
    }

    private func resumeClosersIfDrained() {
        guard state.withLock(\.isDrained) else { return }
        let ready = closers.withLock { closers in
            defer { closers = [] }
            return closers
        }
        for closer in ready { closer.resume() }
    }

    // MARK: Leases

    private func acquire() async throws -> PostgresSession {
        try Task.checkCancellation()
        switch state.withLock({ $0.acquire() }) {
        case .granted(let grant): return try session(for: grant)
        case .closed: throw PostgresError.poolClosed
        case .mustWait: return try session(for: try await waitForGrant())
        }
    }

    /// The granted session, or a new one in its place when its server has hung up meanwhile.
    private func session(for grant: State.Grant) throws -> PostgresSession {
        if case .session(let session) = grant, session.condition.isReusable { return session }
        do {
            return try PostgresSession(configuration, notifier: notifier, logger: logger)
        } catch {
            release(nil)
            throw error
        }
    }

    private func release(_ session: PostgresSession?) {
        let isReusable = session?.condition.isReusable ?? false
        let next = state.withLock { $0.release(isReusable ? session : nil) }
        if let next { next.waiter.continuation.resume(returning: next.grant) }
        resumeClosersIfDrained()
    }

    private func waitForGrant() async throws -> State.Grant {
        let id = lastWaiter.add(1, ordering: .relaxed).newValue
        let alarm = Task {
            do { try await Task.sleep(for: maximumWait) } catch { return }
            refuse(id, with: PostgresError.poolExhausted(size: state.withLock(\.size), after: maximumWait))
        }
        defer { alarm.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(Waiter(continuation: continuation), id: id)
            }
        } onCancel: {
            refuse(id, with: CancellationError())
        }
    }

    private func enqueue(_ waiter: Waiter, id: UInt64) {
        let outcome: Result<State.Grant, any Error>? = state.withLock { state in
            // A cancellation before this point found nobody to refuse.
            if Task.isCancelled { return .failure(CancellationError()) }
            switch state.acquire() {
            case .granted(let grant): return .success(grant)
            case .closed: return .failure(PostgresError.poolClosed)
            case .mustWait:
                state.enqueue(waiter, id: id)
                return nil
            }
        }
        if let outcome { waiter.continuation.resume(with: outcome) }
    }

    private func refuse(_ id: UInt64, with error: any Error) {
        state.withLock { $0.withdraw(id: id) }?.continuation.resume(throwing: error)
    }
}

extension PostgresError {
    fileprivate static var poolClosed: Self {
        Self(.closed, "the pool of database sessions is closed", remedy: "The program is stopping; start it again.")
    }

    fileprivate static func poolExhausted(size: Int, after wait: Duration) -> Self {
        Self(
            .poolExhausted,
            "none of the \(size) database sessions became free within \(wait)",
            remedy: "Raise database.pool_size, or look for slow statements in stoker_db_query_duration_seconds."
        )
    }
}
