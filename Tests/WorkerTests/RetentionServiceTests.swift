// SPDX-License-Identifier: Apache-2.0

import Store
import TestSupport
import Testing

@testable import Worker

/// How old rows are removed: kind after kind, batch after batch.
@Suite(.timeLimit(.minutes(1))) struct RetentionServiceTests {
    private struct Broken: Error {}

    @Test func `each kind is emptied in batches, and one that fails holds up no other`() async throws {
        let clock = ManualClock()
        let asked = TestSignal<Prunable>()
        let left = WatchedState([Prunable.logs: 25, .jobs: 10])
        let retention = Retention(
            batch: 10,
            interval: .seconds(3_600),
            clock: clock,
            logger: TestPools.logger
        ) { kind, _ in
            asked.send(kind)
            if kind == .decisions { throw Broken() }
            // Another worker is at it.
            if kind == .events { return nil }
            return left.update { left in
                let removed = min(left[kind, default: 0], 10)
                left[kind, default: 0] -= removed
                return removed
            }
        }
        let running = Task { try await retention.run() }
        try await clock.advance(by: .seconds(5_400))
        for expected in [Prunable.logs, .logs, .logs] {
            #expect(try await asked.next("a batch of logs") == expected)
            if left.current[.logs] != 0 { try await clock.advance(by: .seconds(1)) }
        }
        #expect(try await asked.next("workspaces") == .workspaces)
        #expect(try await asked.next("jobs") == .jobs)
        try await clock.advance(by: .seconds(1))
        for expected in [Prunable.jobs, .decisions, .audit, .history, .deliveries, .events, .workers] {
            #expect(try await asked.next("\(expected)") == expected)
        }
        running.cancel()
        _ = await running.result
    }
}
