// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Wakes one waiting loop. Rings that come while nobody waits are remembered as one.
package final class Doorbell: Sendable {
    private enum State {
        case quiet
        case rung
        case awaited(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.quiet)

    package init() {}

    /// Wakes the waiter, or the next one. May be called from any thread, and never blocks.
    package func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .awaited(let waiter) = state else {
                state = .rung
                return nil
            }
            state = .quiet
            return waiter
        }
        waiter?.resume()
    }

    /// Returns at the next ring, at once when one is remembered, or when the task is canceled. One waiter at a time.
    package func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let returnsAtOnce = state.withLock { state in
                    if case .rung = state {
                        state = .quiet
                        return true
                    }
                    // Canceled before it came here: the handler has run already.
                    if Task.isCancelled { return true }
                    state = .awaited(continuation)
                    return false
                }
                if returnsAtOnce { continuation.resume() }
            }
        } onCancel: {
            release()
        }
    }

    /// Wakes the waiter without remembering a ring: it has been canceled.
    private func release() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard case .awaited(let waiter) = state else { return nil }
            state = .quiet
            return waiter
        }
        waiter?.resume()
    }

    /// As ``wait()``, but no longer than so long. Returns whether it was woken before.
    @discardableResult
    package func wait(atMost limit: Duration, clock: any Clock<Duration> = ContinuousClock()) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.wait()
                return true
            }
            group.addTask {
                try? await clock.sleep(for: limit)
                return false
            }
            let wasWoken = await group.next() ?? false
            group.cancelAll()
            return wasWoken && !Task.isCancelled
        }
    }
}
