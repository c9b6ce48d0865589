// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Store
@testable import Worker

/// When a reaper acts, and when it spares the others.
@Suite(.timeLimit(.minutes(1))) struct ReaperTests {
    private struct Outage: Error {}

    /// A reaper every 10 s, with leases of 60 s, on a clock of its own.
    private struct Running {
        let clock = ManualClock()
        let isUp = WatchedState(true)
        let uptime = WatchedState(Duration.seconds(100_000))
        let reapings = WatchedState(0)
        let expiries = WatchedState(0)
        private let running: Task<Void, any Error>

        init() {
            let reaper = Reaper(
                work: Reaper.Work(
                    uptime: { [isUp, uptime] in
                        guard isUp.current else { throw Outage() }
                        return uptime.current
                    },
                    reap: { [reapings] _ in
                        reapings.update { $0 += 1 }
                        return ReapedJobs()
                    },
                    expire: { [expiries] in
                        expiries.update { $0 += 1 }
                        return OverdueJobs()
                    }
                ),
                interval: .seconds(10),
                lease: .seconds(60),
                clock: clock,
                logger: TestPools.logger
            )
            running = Task { try await reaper.run() }
        }

        /// One that has run for a lease.
        static func settled() async throws -> Running {
            let reaper = Running()
            _ = try await reaper.rounds(4)
            return reaper
        }

        /// Lets so many rounds pass, each as long as a round may be, and returns how often it reaped.
        func rounds(_ count: Int, each length: Duration = .seconds(12)) async throws -> Int {
            let before = reapings.current
            for _ in 0..<count { try await clock.advance(by: length) }
            // The last round is over when it sleeps again.
            try await clock.advance(by: .zero)
            return reapings.current - before
        }

        func stop() async {
            running.cancel()
            _ = await running.result
        }
    }

    @Test func `it waits one lease before it begins, for what was before it does not know`() async throws {
        let reaper = Running()
        #expect(try await reaper.rounds(4) == 0)
        #expect(reaper.expiries.current == 0)
        #expect(try await reaper.rounds(1) == 1)
        await reaper.stop()
    }

    @Test func `it reaps in every round`() async throws {
        let reaper = try await Running.settled()
        #expect(try await reaper.rounds(4) == 4)
        await reaper.stop()
    }

    @Test func `it looks for jobs that nobody begins once a minute`() async throws {
        let reaper = try await Running.settled()
        #expect(try await reaper.rounds(10) == 10)
        #expect(reaper.expiries.current == 2)
        await reaper.stop()
    }

    @Test func `after an outage it waits one lease from when the database is back`() async throws {
        let reaper = try await Running.settled()
        #expect(try await reaper.rounds(2) == 2)
        reaper.isUp.update { $0 = false }
        #expect(try await reaper.rounds(20) == 0)
        reaper.isUp.update { $0 = true }
        // The first round finds it back; 60 s are five rounds more.
        #expect(try await reaper.rounds(5) == 0)
        #expect(try await reaper.rounds(2) == 2)
        await reaper.stop()
    }

    @Test func `an answer missed now and then is no outage`() async throws {
        let reaper = try await Running.settled()
        reaper.isUp.update { $0 = false }
        #expect(try await reaper.rounds(1) == 0)
        reaper.isUp.update { $0 = true }
        #expect(try await reaper.rounds(1) == 1)
        await reaper.stop()
    }

    @Test func `a process that was frozen waits one lease too`() async throws {
        let reaper = try await Running.settled()
        #expect(try await reaper.rounds(1, each: .seconds(500)) == 0)
        #expect(try await reaper.rounds(4) == 0)
        #expect(try await reaper.rounds(2) == 2)
        await reaper.stop()
    }

    @Test func `nobody is taken for lost before the server has been up for a lease`() async throws {
        let reaper = try await Running.settled()
        reaper.uptime.update { $0 = .seconds(30) }
        #expect(try await reaper.rounds(1) == 0)
        reaper.uptime.update { $0 = .seconds(70) }
        #expect(try await reaper.rounds(2) == 0)
        #expect(try await reaper.rounds(1) == 1)
        await reaper.stop()
    }
}
