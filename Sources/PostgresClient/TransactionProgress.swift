// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The state machine of one transaction. Only its session changes it.
final class TransactionProgress: Sendable {
    enum Phase {
        /// Nothing has been sent yet, not even `BEGIN`.
        case notBegun
        case open
        /// Committed, rolled back, or lost with its connection.
        case ended
    }

    let name: String
    let isolation: Isolation
    private let state = Mutex((phase: Phase.notBegun, isCommitted: false, mayBeRepeated: false))

    init(name: String, isolation: Isolation) {
        self.name = name
        self.isolation = isolation
    }

    var phase: Phase { state.withLock(\.phase) }

    /// Whether the server has acknowledged its commit.
    var isCommitted: Bool { state.withLock(\.isCommitted) }

    /// Whether it failed only because of what others did at the same time, and was rolled back.
    var mayBeRepeated: Bool { state.withLock(\.mayBeRepeated) }

    func move(to phase: Phase) {
        state.withLock { $0.phase = phase }
    }

    func noteCommit() {
        state.withLock { $0.isCommitted = true }
    }

    func noteFailure(_ error: PostgresError) {
        let isConflict = error.sqlState == .serializationFailure || error.sqlState == .deadlockDetected
        guard isConflict || error.isStalePlan else { return }
        state.withLock { $0.mayBeRepeated = true }
    }

    /// The failed statements were taken back to a savepoint.
    func forgetFailure() {
        state.withLock { $0.mayBeRepeated = false }
    }
}
