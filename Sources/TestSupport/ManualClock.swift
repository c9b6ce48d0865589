// SPDX-License-Identifier: Apache-2.0

/// A clock that only the test moves.
package final class ManualClock: Clock, Sendable {
    /// A point in the clock's time.
    package struct Instant: InstantProtocol {
        /// The time since the clock was made.
        package let offset: Duration

        package init(offset: Duration) {
            self.offset = offset
        }

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }

        package func duration(to other: Instant) -> Duration { other.offset - offset }

        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var sleepers: [UInt64: Sleeper] = [:]
        /// Sleeps that were cancelled before they began.
        var cancelled: Set<UInt64> = []
        var lastSleep: UInt64 = 0
    }

    private let state = WatchedState(State())

    package init() {}

    package var now: Instant { state.current.now }

    package var minimumResolution: Duration { .zero }

    /// How many tasks sleep on this clock.
    package var sleeperCount: Int { state.current.sleepers.count }

    package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let number = state.update { state in
            state.lastSleep += 1
            return state.lastSleep
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<Void, any Error>? = state.update { state in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    if deadline <= state.now { return .success(()) }
                    state.sleepers[number] = Sleeper(deadline: deadline, continuation: continuation)
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let sleeper = state.update { state in
                let sleeper = state.sleepers.removeValue(forKey: number)
                if sleeper == nil { state.cancelled.insert(number) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Waits until that many tasks sleep, then moves the time forward and wakes those whose time has come.
    ///
    /// Without the wait, time could pass before the code under test has gone to sleep, and it would never wake.
    ///
    /// - Throws: ``TimedOut`` when there are fewer sleepers after `limit` of real time.
    package func advance(
        by duration: Duration,
        awaitingSleepers count: Int = 1,
        within limit: Duration = .seconds(30)
    ) async throws {
        let due = try await state.first("\(count) sleepers on the clock", within: limit) { state -> [Sleeper]? in
            guard state.sleepers.count >= count else { return nil }
            state.now = state.now.advanced(by: duration)
            let now = state.now
            let due = state.sleepers.filter { $0.value.deadline <= now }
            for number in due.keys { state.sleepers.removeValue(forKey: number) }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }
}
