// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ManualClockTests {
    @Test func `time stands still until it is moved, and wakes whom it passes`() async throws {
        let clock = ManualClock()
        let woken = TestSignal<Int>()
        let sleepers = [3, 1, 2].map { seconds in
            Task {
                try await clock.sleep(until: clock.now.advanced(by: .seconds(seconds)))
                woken.send(seconds)
            }
        }
        try await clock.advance(by: .seconds(2), awaitingSleepers: 3)
        let first = try await woken.next()
        let second = try await woken.next()
        #expect([first, second].sorted() == [1, 2])
        #expect(clock.sleeperCount == 1)
        #expect(clock.now == ManualClock.Instant(offset: .seconds(2)))
        try await clock.advance(by: .seconds(1))
        #expect(try await woken.next() == 3)
        for sleeper in sleepers { try await sleeper.value }
    }

    @Test func `an advance waits until someone sleeps`() async throws {
        let clock = ManualClock()
        let advancing = Task { try await clock.advance(by: .seconds(5)) }
        try await clock.sleep(for: .seconds(5))
        try await advancing.value
        #expect(clock.now.offset == .seconds(5))
    }

    @Test func `an advance for which nobody sleeps fails loudly`() async throws {
        let error = await #expect(throws: TimedOut.self) {
            try await ManualClock().advance(by: .seconds(1), within: .milliseconds(20))
        }
        #expect(error?.description == "1 sleepers on the clock: not within 0.02 seconds")
    }

    @Test func `durations count forward`() {
        let early = ManualClock.Instant(offset: .seconds(1))
        let late = early.advanced(by: .seconds(4))
        #expect(early.duration(to: late) == .seconds(4))
        #expect(late.duration(to: early) == .seconds(-4))
        #expect(early < late)
    }

    @Test func `a cancelled sleeper wakes with an error and is forgotten`() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
        try await clock.advance(by: .milliseconds(1))
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(clock.sleeperCount == 0)
    }

    @Test func `a task cancelled before it sleeps does not sleep`() async throws {
        let clock = ManualClock()
        let gate = TestSignal<Void>()
        let sleeper = Task {
            // The cancellation reaches the wait first; the sleep then begins cancelled.
            _ = try? await gate.next()
            try await clock.sleep(for: .seconds(1))
        }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
}
