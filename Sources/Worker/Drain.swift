// SPDX-License-Identifier: Apache-2.0

package import Basics
import Synchronization

/// The drain of a worker (jobs.md, "Drain and maintenance"), shared by all services of the process.
package final class Drain: Sendable {
    /// Later phases include the earlier ones.
    package enum Phase: Int, Comparable, Sendable {
        /// Claims jobs, contends for the reconciler's lock.
        case active
        /// Claims nothing; running jobs go on.
        case draining
        /// Running jobs are interrupted, their state saved, and handed back.
        case interrupting
        /// Children are killed.
        case killing

        package static func < (left: Self, right: Self) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    private struct State {
        var phase = Phase.active
        /// The process shall end; a drain by command leaves it running, to be resumed.
        var isFinal = false
        var observers: [Doorbell] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// How far the drain has come.
    package var phase: Phase { state.withLock { $0.phase } }

    /// Whether the process shall end.
    package var isFinal: Bool { state.withLock { $0.isFinal } }

    /// Advances to a phase; never goes back.
    ///
    /// - Parameter final: Whether the process shall end, so that the drain cannot be resumed.
    package func advance(to phase: Phase, final: Bool) {
        change { state in
            state.phase = max(state.phase, phase)
            state.isFinal = state.isFinal || final
        }
    }

    /// Ends a drain by command. Does nothing when the process shall end.
    package func resume() {
        change { state in
            if !state.isFinal { state.phase = .active }
        }
    }

    /// Wakes the loop after every change from now on.
    package func notify(_ bell: Doorbell) {
        state.withLock { $0.observers.append(bell) }
    }

    private func change(_ body: (inout State) -> Void) {
        let bells = state.withLock { state in
            let before = (state.phase, state.isFinal)
            body(&state)
            return before == (state.phase, state.isFinal) ? [] : state.observers
        }
        for bell in bells { bell.ring() }
    }
}
