// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TestSignalTests {
    @Test func `values are taken in order, whoever comes first`() async throws {
        let signal = TestSignal<Int>()
        signal.send(1)
        #expect(try await signal.next() == 1)
        let waiting = Task { [try await signal.next(), try await signal.next()] }
        signal.send(2)
        signal.send(3)
        #expect(try await waiting.value == [2, 3])
    }

    @Test func `a chosen value leaves the others`() async throws {
        let signal = TestSignal<Int>()
        for value in 1...3 { signal.send(value) }
        #expect(try await signal.next { $0 == 2 } == 2)
        #expect(signal.untaken == [1, 3])
    }

    @Test func `a signal that does not come fails with what was expected`() async throws {
        let error = await #expect(throws: TimedOut.self) {
            try await TestSignal<Int>().next("a claim", within: .milliseconds(20))
        }
        #expect(error?.description == "a claim: not within 0.02 seconds")
    }

    @Test func `many takers get a value each`() async throws {
        let signal = TestSignal<Int>()
        let takers = (0..<50).map { _ in Task { try await signal.next() } }
        for value in 0..<50 { signal.send(value) }
        var taken: Set<Int> = []
        for taker in takers { taken.insert(try await taker.value) }
        #expect(taken == Set(0..<50))
    }
}
