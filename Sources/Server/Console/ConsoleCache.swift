// SPDX-License-Identifier: Apache-2.0

import Operations
import Synchronization

/// Answers that many open pages need again and again, each kept for a moment.
final class ConsoleCache: Sendable {
    /// The fleet as those see it who may see all of it.
    let status = SharedAnswer<FleetStatus>(lasting: .seconds(1))

    /// After a change, the next page shows it.
    func forget() { status.forget() }
}

/// An answer that is used again for a moment: those who ask while it is worked out wait for the same one.
final class SharedAnswer<Value: Sendable>: Sendable {
    private struct State {
        var task: Task<Value, any Error>?
        var begun = ContinuousClock.now
    }

    private let freshness: Duration
    private let state = Mutex(State())

    init(lasting freshness: Duration) {
        self.freshness = freshness
    }

    func value(_ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let task = state.withLock { state in
            if let task = state.task, state.begun.duration(to: .now) < freshness { return task }
            let task = Task { try await work() }
            state.task = task
            state.begun = .now
            return task
        }
        do {
            return try await task.value
        } catch {
            // A failure is not kept.
            forget(task)
            throw error
        }
    }

    func forget() { state.withLock { $0.task = nil } }

    private func forget(_ task: Task<Value, any Error>) {
        state.withLock { state in
            if state.task == task { state.task = nil }
        }
    }
}
