// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport
import Testing

@testable import Server

/// However many ask whether a worker is ready, the database is asked once.
@Suite(.timeLimit(.minutes(1)))
struct SharedCheckTests {
    private func answers(freshness: Duration) async throws -> Int {
        let count = Atomic(0)
        let gate = TestSignal<Void>()
        let check = SharedCheck(limit: .seconds(30), freshness: freshness) {
            count.add(1, ordering: .relaxed)
            _ = try? await gate.next("leave")
            return ["busy"]
        }
        try await withThrowingTaskGroup { group in
            for _ in 0..<16 { group.addTask { await check.reasons() } }
            for _ in 0..<16 { gate.send() }
            for try await reasons in group { #expect(reasons == ["busy"]) }
        }
        return count.load(ordering: .relaxed)
    }

    @Test func `those who ask at once, and a moment after, share one answer`() async throws {
        #expect(try await answers(freshness: .seconds(3600)) == 1)
    }
}
