// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An awaited condition did not happen in time.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String

    package init(_ expectation: String, after limit: Duration) {
        description = "\(expectation): not within \(limit)"
    }
}

/// A value behind a lock that a test can wait on, so that no test polls with sleeps.
package final class WatchedState<State: Sendable>: Sendable {
    private struct Storage {
        var state: State
        var watchers: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var lastWatcher: UInt64 = 0
    }

    private let storage: Mutex<Storage>

    package init(_ state: State) {
        storage = Mutex(Storage(state: state))
    }

    /// Changes the value, then lets everyone who waits look at it.
    package func update<Result: Sendable>(_ change: (inout State) -> Result) -> Result {
        let (result, watchers) = storage.withLock { storage in
            (change(&storage.state), Array(storage.watchers.values))
        }
        // Outside of the lock: resuming a waiter may run code that takes it again.
        for watcher in watchers { watcher.yield() }
        return result
    }

    /// The value now.
    package var current: State { storage.withLock { $0.state } }

    /// Waits until `take` returns something. It may change the state, for instance to take an element out of it.
    ///
    /// - Parameter expectation: The awaited condition in words; the error repeats it.
    /// - Throws: ``TimedOut`` after `limit`; `CancellationError`.
    package func first<Value: Sendable>(
        _ expectation: String,
        within limit: Duration,
        _ take: @escaping @Sendable (inout State) -> Value?
    ) async throws -> Value {
        let (ticks, watcher) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = storage.withLock { storage in
            storage.lastWatcher += 1
            storage.watchers[storage.lastWatcher] = watcher
            return storage.lastWatcher
        }
        defer { _ = storage.withLock { $0.watchers.removeValue(forKey: number) } }
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                if let value = self.storage.withLock({ take(&$0.state) }) { return value }
                for await _ in ticks {
                    if let value = self.storage.withLock({ take(&$0.state) }) { return value }
                }
                throw CancellationError()
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let value = try await group.next() ?? nil else { throw TimedOut(expectation, after: limit) }
            return value
        }
    }
}
