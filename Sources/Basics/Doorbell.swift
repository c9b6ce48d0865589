// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Wakes one waiting loop. Wake-ups without a waiter are remembered as one.
package final class Doorbell: Sendable {
    private enum State {
        case quiet
        case rung
        case awaited(CheckedContinuation<Bool, Never>)
    }

    private let state = Mutex(State.quiet)

    package init() {}

    /// Wakes the waiter, or the next one. May be called from any thread, and never blocks.
    package func ring() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard case .awaited(let waiter) = state else {
                state = .rung
                return nil
            }
            state = .quiet
            return waiter
        }
        waiter?.resume(returning: true)
    }

    /// Forgets a remembered wake-up: the caller is about to look for the work.
    package func hush() {
        state.withLock { state in
            if case .rung = state { state = .quiet }
        }
    }

    /// Returns at the next wake-up, at once when one is remembered, or when the task is canceled; false in the last
    /// case. Only one waiter at a time.
    @discardableResult
    package func wait() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if case .rung = state {
                        state = .quiet
                        return true
                    }
                    // It was canceled before it came here: the handler has already run.
                    if Task.isCancelled { return false }
                    state = .awaited(continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            release()
        }
    }

    /// Releases a canceled waiter without a wake-up.
    private func release() {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard case .awaited(let waiter) = state else { return nil }
            state = .quiet
            return waiter
        }
        waiter?.resume(returning: false)
    }

    /// As ``wait()``, with a time limit. Returns whether there was a wake-up.
    @discardableResult
    package func wait(atMost limit: Duration, clock: any Clock<Duration> = ContinuousClock()) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                try? await clock.sleep(for: limit)
                return false
            }
            var wasRung = await group.next() ?? false
            group.cancelAll()
            // A wake-up at the very end of the time has been consumed, so it counts.
            for await answer in group where answer { wasRung = true }
            return wasRung
        }
    }
}
