// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Bench

@Suite(.timeLimit(.minutes(1))) struct BenchSinkTests {
    @Test func `a wait for deliveries ends with its task`() async {
        let waiting = Task { try await BenchSink().wait(for: 1) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
    }
}
